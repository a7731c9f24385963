"""Embeds through the official OpenAI client. Exits with an error where an answer isn't right."""

import math
import os

import openai

MODEL = "all-minilm-l6-v2"
client = openai.OpenAI(base_url=os.environ["RUCHE_URL"] + "/v1", api_key=os.environ["RUCHE_KEY"], max_retries=0)


def near(one, other):
    return sum(a * b for a, b in zip(one, other, strict=True))


# Without an encoding_format the client asks for base64 and reads it.
answer = client.embeddings.create(model=MODEL, input="Who are you?")
assert answer.object == "list" and answer.model == MODEL, answer
assert answer.usage.prompt_tokens == answer.usage.total_tokens > 0, answer.usage
vector = answer.data[0].embedding
assert len(vector) == 384 and math.isclose(near(vector, vector), 1, rel_tol=1e-5), len(vector)

numbers = client.embeddings.create(model=MODEL, input=["Who are you?"], encoding_format="float").data[0].embedding
assert near(vector, numbers) > 0.9999

# More than one job holds, in their order.
texts = [f"Text number {number} is about {['bees', 'tax law', 'trains'][number % 3]}." for number in range(100)]
many = client.embeddings.create(model=MODEL, input=texts)
assert [one.index for one in many.data] == list(range(100))
for number in (0, 31, 32, 99):
    alone = client.embeddings.create(model=MODEL, input=texts[number]).data[0].embedding
    assert near(alone, many.data[number].embedding) > 0.999, number

short = client.embeddings.create(model=MODEL, input="Who are you?", dimensions=128).data[0].embedding
assert len(short) == 128 and math.isclose(near(short, short), 1, rel_tol=1e-5), len(short)

extended = client.embeddings.create(model=MODEL, input="Who are you?", extra_body={"purpose": "query"}, user="u")
assert near(extended.data[0].embedding, vector) > 0.999, "this model knows no purposes"

for wrong, expected in [
    ({"model": "gpt-9", "input": "a"}, openai.NotFoundError),
    ({"model": MODEL, "input": ""}, openai.BadRequestError),
    ({"model": MODEL, "input": []}, openai.BadRequestError),
    ({"model": MODEL, "input": [[1, 2, 3]]}, openai.BadRequestError),
    ({"model": MODEL, "input": "bees " * 600}, openai.BadRequestError),
    ({"model": MODEL, "input": "a", "dimensions": 385}, openai.BadRequestError),
]:
    try:
        client.embeddings.create(**wrong)
    except expected as error:
        assert error.body["message"], error
    else:
        raise AssertionError(f"{str(wrong)[:80]} was accepted")
