"""Asks a bot through the official OpenAI client and reads what it cites. Exits with an error where an answer isn't right."""

import os

import openai

BOT = "bot:help"
client = openai.OpenAI(base_url=os.environ["RUCHE_URL"] + "/v1", api_key=os.environ["RUCHE_KEY"], max_retries=0)
question = [{"role": "user", "content": "When are refunds paid?"}]

assert BOT in [model.id for model in client.models.list()]

answer = client.chat.completions.create(model=BOT, messages=question)
message = answer.choices[0].message
assert message.content.startswith("Refunds are paid within 5 business days."), message
assert answer.model == BOT, answer
(citation,) = message.model_extra["citations"]
assert f"[{citation['n']}]" in message.content, message
assert citation["quote"] == "Refunds are paid within 5 business days.", citation
assert citation["title"] == "The shop" and citation["url"] == "https://example.com/shop", citation

chunks = list(client.chat.completions.create(model=BOT, messages=question, stream=True))
deltas = [chunk.choices[0].delta for chunk in chunks]
assert "".join(delta.content or "" for delta in deltas) == message.content
assert [(delta.model_extra or {}).get("citations") for delta in deltas][-1] == [citation], deltas[-1]
assert all(chunk.model == BOT for chunk in chunks)

# What was got may be sent back as it is.
turn = [*question, message.model_dump(), {"role": "user", "content": "When does the shop in Lyon open?"}]
second = client.chat.completions.create(model=BOT, messages=turn).choices[0].message
assert second.content.startswith("The shop in Lyon opens at nine."), second
assert second.model_extra["citations"][0]["quote"] == "The shop in Lyon opens at nine.", second

for wrong, expected in [
    ({"model": "bot:nobody", "messages": question}, openai.NotFoundError),
    ({"model": BOT, "messages": [{"role": "system", "content": "Be brief."}]}, openai.BadRequestError),
]:
    try:
        client.chat.completions.create(**wrong)
    except expected as error:
        assert error.body["message"], error
    else:
        raise AssertionError(f"{wrong} was accepted")
