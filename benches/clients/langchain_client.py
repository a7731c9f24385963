"""Invokes, streams and embeds through LangChain's OpenAI integration."""

import os

from langchain_openai import ChatOpenAI, OpenAIEmbeddings

url, key = os.environ["RUCHE_URL"] + "/v1", os.environ["RUCHE_KEY"]
model = os.environ.get("RUCHE_MODEL") or "default"
chat = ChatOpenAI(base_url=url, api_key=key, model=model, max_tokens=16, temperature=0, max_retries=0)
answer = chat.invoke([("system", "You are kind."), ("user", "Who are you?")])
assert answer.content, answer
streamed = "".join(chunk.content for chunk in chat.stream("Who are you?"))
assert streamed, "nothing was streamed"

embedder = os.environ.get("RUCHE_EMBEDDER") or "all-minilm-l6-v2"
embeddings = OpenAIEmbeddings(base_url=url, api_key=key, model=embedder, check_embedding_ctx_length=False)
assert len(embeddings.embed_documents(["a hive", "a bee"])) == 2
# What it sends by default: token ids, of which only OpenAI's own models know the words.
try:
    embeddings.client.create(model=embedder, input=[[1, 2, 3]])
except Exception as error:
    assert "check_embedding_ctx_length" in str(error), error
else:
    raise AssertionError("token ids were embedded")
