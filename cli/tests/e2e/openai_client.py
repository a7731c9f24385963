"""Chats through the official OpenAI client, streaming and not. Exits with an error where an answer isn't right."""

import os

import openai

MODEL = "tiny-chat-demo"
client = openai.OpenAI(base_url=os.environ["RUCHE_URL"] + "/v1", api_key=os.environ["RUCHE_KEY"], max_retries=0)
question = [{"role": "user", "content": "Who are you?"}]

assert [model.id for model in client.models.list()] == [MODEL, "default"]

answer = client.chat.completions.create(model=MODEL, messages=question, temperature=0)
said = answer.choices[0].message.content
assert said, answer
assert answer.model == MODEL and answer.object == "chat.completion", answer
assert answer.choices[0].finish_reason == "stop", answer
assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0, answer

options = {"include_usage": True}
stream = client.chat.completions.create(
    model=MODEL, messages=question, temperature=0, stream=True, stream_options=options
)
chunks = list(stream)
assert chunks[0].choices[0].delta.role == "assistant", chunks[0]
text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
assert text == said, (text, said)
assert chunks[-1].usage == answer.usage and not chunks[-1].choices, chunks[-1]
assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"

short = client.chat.completions.create(model=MODEL, messages=question, temperature=0, max_tokens=2)
assert short.choices[0].finish_reason == "length" and short.usage.completion_tokens == 2, short

stopped = client.chat.completions.create(model=MODEL, messages=question, temperature=0, stop=[said.split()[2]])
assert stopped.choices[0].message.content == said[: said.index(said.split()[2])], stopped

for wrong, expected in [
    ({"model": "gpt-9", "messages": question}, openai.NotFoundError),
    ({"model": MODEL, "messages": []}, openai.BadRequestError),
    ({"model": MODEL, "messages": question, "temperature": -1}, openai.BadRequestError),
]:
    try:
        client.chat.completions.create(**wrong)
    except expected as error:
        assert error.body["message"], error
    else:
        raise AssertionError(f"{wrong} was accepted")

try:
    openai.OpenAI(base_url=client.base_url, api_key="wrong", max_retries=0).models.list()
except openai.AuthenticationError:
    pass
else:
    raise AssertionError("a wrong key was accepted")
