"""Models, chats, streams, embeddings and errors through openai-python."""

import os

import openai

client = openai.OpenAI(base_url=os.environ["RUCHE_URL"] + "/v1", api_key=os.environ["RUCHE_KEY"], max_retries=0)
messages = [{"role": "system", "content": ""}, {"role": "user", "content": "Who are you?"}]
model = next(iter(client.models.list())).id

answer = client.chat.completions.create(model=model, messages=messages, max_tokens=16, temperature=0)
assert answer.choices[0].message.content and answer.usage.total_tokens > 0, answer
stream = client.chat.completions.create(model=model, messages=messages, max_tokens=16, temperature=0, stream=True)
text = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
assert text == answer.choices[0].message.content, (text, answer)

embedder = os.environ.get("RUCHE_EMBEDDER") or "all-minilm-l6-v2"
vectors = client.embeddings.create(model=embedder, input=["a hive", "a bee"])
assert len(vectors.data) == 2 and len(vectors.data[0].embedding) > 0, vectors

try:
    client.chat.completions.create(model="gpt-9", messages=messages)
except openai.NotFoundError as error:
    assert model in error.body["message"], error
else:
    raise AssertionError("an unknown model was accepted")
