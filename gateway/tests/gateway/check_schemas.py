"""Checks that the schemas of an OpenAPI description are JSON Schemas (2020-12), and what they accept and refuse."""

import json
import sys

from jsonschema import Draft202012Validator

with open(sys.argv[1], encoding="utf-8") as file:
    document = json.load(file)

for name, schema in document["components"]["schemas"].items():
    Draft202012Validator.check_schema(schema)


def accepts(name, value):
    # The schemas refer to each other by their place in the document.
    return Draft202012Validator({**document, "$ref": f"#/components/schemas/{name}"}).is_valid(value)


said = [{"role": "user", "content": "hi"}]
for name in ["Chat", "JobInput", "ChatCompletionRequest"]:
    assert accepts(name, {"messages": said}), name
    assert not accepts(name, 7), name
for name in ["Chat", "ChatCompletionRequest"]:
    assert not accepts(name, {"messages": 7}), name
parts = [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]
for name in ["Chat", "ChatCompletionRequest"]:
    assert accepts(name, {"messages": parts, "stop": "x", "temperature": 0.5}), name
assert not accepts("ChatCompletionRequest", {"messages": [], "temperature": 3})
assert accepts("ChatCompletionRequest", {"messages": said, "colour": 1})
