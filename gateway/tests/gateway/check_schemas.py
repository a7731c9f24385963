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
empty = [[], [{"type": "text", "text": ""}]]
for content in [{}, {"content": None}, {"content": ""}, *({"content": parts} for parts in empty)]:
    for role in ["system", "developer"]:
        message = {"role": role, **content}
        assert accepts("ChatCompletionRequest", {"messages": [message, *said]}), message
        assert not accepts("ChatCompletionRequest", {"messages": [message, message]}), message
    assert accepts("ChatCompletionRequest", {"messages": [{"role": "assistant", **content}]}), content
    assert not accepts("ChatCompletionRequest", {"messages": [{"role": "user", **content}]}), content
assert not accepts("ChatCompletionRequest", {"messages": [{"role": "system", "content": " \n"}]})
some = [{"type": "text", "text": ""}, {"type": "text", "text": "hi"}]
assert accepts("ChatCompletionRequest", {"messages": [{"role": "user", "content": some}]})
assert accepts("ChatCompletionRequest", {"messages": said, "colour": 1})
