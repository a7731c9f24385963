// Chats, streams and embeds through openai-node.
import assert from "node:assert/strict";
import OpenAI from "openai";

const client = new OpenAI({ baseURL: `${process.env.RUCHE_URL}/v1`, apiKey: process.env.RUCHE_KEY, maxRetries: 0 });
const model = process.env.RUCHE_MODEL || "default";
const request = { model, messages: [{ role: "user", content: "Who are you?" }], max_tokens: 16, temperature: 0 };

const answer = await client.chat.completions.create(request);
assert.ok(answer.choices[0].message.content);
let text = "";
for await (const chunk of await client.chat.completions.create({ ...request, stream: true })) {
  text += chunk.choices[0]?.delta?.content ?? "";
}
assert.equal(text, answer.choices[0].message.content);

const embedder = process.env.RUCHE_EMBEDDER || "all-minilm-l6-v2";
const vectors = await client.embeddings.create({ model: embedder, input: ["a hive", "a bee"] });
assert.equal(vectors.data.length, 2);
assert.ok(vectors.data[0].embedding.length > 0);
