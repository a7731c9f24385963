// Generates, streams and embeds through the AI SDK.
import assert from "node:assert/strict";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { embed, generateText, streamText } from "ai";

const ruche = createOpenAICompatible({
  name: "ruche",
  baseURL: `${process.env.RUCHE_URL}/v1`,
  apiKey: process.env.RUCHE_KEY,
  includeUsage: true,
});
const model = ruche(process.env.RUCHE_MODEL || "default");
const request = { model, prompt: "Who are you?", maxOutputTokens: 16, temperature: 0, maxRetries: 0 };

const answer = await generateText(request);
assert.ok(answer.text);
assert.ok(answer.usage.totalTokens > 0);
let text = "";
for await (const part of streamText(request).textStream) text += part;
assert.equal(text, answer.text);

const embedder = ruche.embeddingModel
  ? ruche.embeddingModel(process.env.RUCHE_EMBEDDER || "all-minilm-l6-v2")
  : ruche.textEmbeddingModel(process.env.RUCHE_EMBEDDER || "all-minilm-l6-v2");
assert.ok((await embed({ model: embedder, value: "a hive", maxRetries: 0 })).embedding.length > 0);
