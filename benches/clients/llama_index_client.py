"""Chats, streams and embeds through LlamaIndex's OpenAI-like integration."""

import os

from llama_index.core.llms import ChatMessage
from llama_index.embeddings.openai_like import OpenAILikeEmbedding
from llama_index.llms.openai_like import OpenAILike

url, key = os.environ["RUCHE_URL"] + "/v1", os.environ["RUCHE_KEY"]
model = os.environ.get("RUCHE_MODEL") or "default"
llm = OpenAILike(api_base=url, api_key=key, model=model, is_chat_model=True, max_tokens=16, temperature=0, max_retries=0)
messages = [ChatMessage(role="user", content="Who are you?")]
assert llm.chat(messages).message.content
assert "".join(part.delta or "" for part in llm.stream_chat(messages))

embedder = os.environ.get("RUCHE_EMBEDDER") or "all-minilm-l6-v2"
embedding = OpenAILikeEmbedding(api_base=url, api_key=key, model_name=embedder, max_retries=0)
assert len(embedding.get_text_embedding("a hive")) > 0
