//! OpenAI's chat answers: complete, or as chunks of a stream.

use ruche_schemas::{
    JobId,
    kinds::chat::{Answer, BOT_PREFIX, Citation, Usage},
};
use serde::Serialize;
use utoipa::{
    ToSchema,
    openapi::{ArrayBuilder, Ref},
};
use uuid::Uuid;

/// What the answer and all chunks of one chat have in common.
#[derive(Debug, Clone)]
pub struct Head {
    /// `chatcmpl-<job>`.
    pub id: String,
    /// When it was accepted, in seconds since 1970.
    pub created: i64,
    pub model: String,
    pub conversation: Option<Uuid>,
    /// Whether the stream ends with the token counts.
    pub include_usage: bool,
    /// Of a stream: how many of the oldest messages were left out.
    pub messages_left_out: u32,
}

const fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[must_use]
pub fn completion_id(job: JobId) -> String {
    format!("chatcmpl-{job}")
}

/// A complete answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChatCompletion {
    /// `chatcmpl-` and the job's id.
    pub id: String,
    /// `chat.completion`.
    pub object: &'static str,
    /// The time of the request, in seconds since 1970.
    pub created: i64,
    /// The model that answered, or the bot of the request.
    pub model: String,
    /// The one answer.
    pub choices: Vec<ChatCompletionChoice>,
    /// Token counts.
    pub usage: CompletionUsage,
    /// The conversation that stores the answer. An extension.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation: Option<Uuid>,
}

/// An answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChatCompletionChoice {
    /// Always 0.
    pub index: u32,
    /// The message.
    pub message: ChatCompletionAnswer,
    /// Always `null`.
    #[schema(value_type = Option<Object>)]
    pub logprobs: Option<()>,
    /// `stop` or `length`.
    pub finish_reason: &'static str,
}

/// The message of the model.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChatCompletionAnswer {
    /// `assistant`.
    pub role: &'static str,
    /// The text.
    pub content: String,
    /// Always `null`.
    #[schema(value_type = Option<String>)]
    pub refusal: Option<()>,
    /// The passages that the text cites as `[n]`, by first mention; missing if the chat had no passages. An extension.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = citations)]
    pub citations: Option<Vec<Citation>>,
}

/// With the schema of the kind `chat`.
pub(crate) fn citations() -> ArrayBuilder {
    let about = "The passages that the text cites as `[n]`, by first mention. Missing if the chat had no passages. An extension.";
    ArrayBuilder::new().items(Ref::from_schema_name("Citation")).description(Some(about))
}

/// Token counts.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct CompletionUsage {
    /// Tokens of the prompt, template included.
    pub prompt_tokens: u32,
    /// Tokens generated.
    pub completion_tokens: u32,
    /// The sum of both.
    pub total_tokens: u64,
    /// How many of the oldest messages the model did not read: those that exceed its context. A model of fewer than 50
    /// million weights also skips all earlier turns of a bot's chat, on purpose: they confuse it. Missing if it read all.
    /// An extension.
    #[serde(skip_serializing_if = "is_zero")]
    #[schema(required = false)]
    pub messages_left_out: u32,
}

impl From<Usage> for CompletionUsage {
    fn from(Usage { prompt_tokens, completion_tokens, messages_left_out }: Usage) -> Self {
        let total_tokens = u64::from(prompt_tokens) + u64::from(completion_tokens);
        Self { prompt_tokens, completion_tokens, total_tokens, messages_left_out }
    }
}

/// A chunk of a streamed answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChatCompletionChunk {
    /// `chatcmpl-` and the job's id, the same in each chunk.
    pub id: String,
    /// `chat.completion.chunk`.
    pub object: &'static str,
    /// The time of the request, in seconds since 1970, the same in each chunk.
    pub created: i64,
    /// The model that answers.
    pub model: String,
    /// One, or none in the chunk with the token counts.
    pub choices: Vec<ChunkChoice>,
    /// With `include_usage`: `null`, and the token counts in the last chunk.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<CompletionUsage>)]
    pub usage: Option<Option<CompletionUsage>>,
    /// The conversation that stores the answer. An extension.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation: Option<Uuid>,
    /// As in `usage`, the same in each chunk. An extension.
    #[serde(skip_serializing_if = "is_zero")]
    #[schema(required = false)]
    pub messages_left_out: u32,
}

/// A piece of an answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChunkChoice {
    /// Always 0.
    pub index: u32,
    /// The part to append.
    pub delta: ChunkDelta,
    /// Always `null`.
    #[schema(value_type = Option<Object>)]
    pub logprobs: Option<()>,
    /// `null` until the last piece, which has `stop` or `length`.
    pub finish_reason: Option<&'static str>,
}

/// The part to append.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct ChunkDelta {
    /// `assistant`, in the first piece.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<&'static str>,
    /// Text, in all but the last piece.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// The passages that the whole text cites, in the last piece; missing if the chat had no passages. An extension.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = citations)]
    pub citations: Option<Vec<Citation>>,
}

impl Head {
    #[must_use]
    pub fn completion(self, answer: Answer) -> ChatCompletion {
        let Answer { text, citations, .. } = answer;
        let message = ChatCompletionAnswer { role: "assistant", content: text, refusal: None, citations };
        let finish_reason = answer.finish_reason.as_str();
        let model = if self.model.starts_with(BOT_PREFIX) { self.model } else { answer.model };
        ChatCompletion {
            id: self.id,
            object: "chat.completion",
            created: self.created,
            model,
            choices: vec![ChatCompletionChoice { index: 0, message, logprobs: None, finish_reason }],
            usage: answer.usage.into(),
            conversation: self.conversation,
        }
    }

    #[must_use]
    pub fn opening(&self) -> ChatCompletionChunk {
        let (role, content) = (Some("assistant"), Some(String::new()));
        self.piece(ChunkDelta { role, content, citations: None }, None)
    }

    #[must_use]
    pub fn text(&self, text: String) -> ChatCompletionChunk {
        self.piece(ChunkDelta { content: Some(text), ..ChunkDelta::default() }, None)
    }

    #[must_use]
    pub fn closing(&self, answer: &Answer) -> Vec<ChatCompletionChunk> {
        let delta = ChunkDelta { citations: answer.citations.clone(), ..ChunkDelta::default() };
        let mut last = vec![self.piece(delta, Some(answer.finish_reason.as_str()))];
        if self.include_usage {
            last.push(self.chunk(Vec::new(), Some(answer.usage.into())));
        }
        last
    }

    fn piece(&self, delta: ChunkDelta, finish_reason: Option<&'static str>) -> ChatCompletionChunk {
        self.chunk(vec![ChunkChoice { index: 0, delta, logprobs: None, finish_reason }], None)
    }

    fn chunk(&self, choices: Vec<ChunkChoice>, usage: Option<CompletionUsage>) -> ChatCompletionChunk {
        ChatCompletionChunk {
            id: self.id.clone(),
            object: "chat.completion.chunk",
            created: self.created,
            model: self.model.clone(),
            choices,
            usage: self.include_usage.then_some(usage),
            conversation: self.conversation,
            messages_left_out: self.messages_left_out,
        }
    }
}
