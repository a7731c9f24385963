//! A chat to answer, and the steps of its answer.

use chrono::{DateTime, Utc};
use ruche_schemas::kinds::chat::{Delta, FinishReason, Message, Sampling, Usage};

/// A chat to answer.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The conversation, the oldest message first.
    pub messages: Vec<Message>,
    /// What the model's template may print as the date.
    pub now: DateTime<Utc>,
    /// Tokens of the answer that an earlier attempt generated: read after the prompt, counted, not sent again.
    pub emitted: Vec<i32>,
    /// Bytes of text that the earlier attempt published for them; what it held back is sent now.
    pub emitted_text_bytes: usize,
    /// How the next token is chosen.
    pub sampling: Sampling,
    /// The answer ends before any of these strings.
    pub stop: Vec<String>,
    /// The most tokens of the answer, those said included; without it, as many as the context holds.
    pub max_tokens: Option<u32>,
}

/// What [`Generation::next`] yields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A piece of the answer. Every generated token is in exactly one delta, in order. Tokens whose text is held
    /// back come with a later piece; only the last delta may have tokens and no text (they made a stop string).
    /// The token that ends an answer is in none.
    Delta(Delta),
    /// The end; nothing comes after it.
    End {
        /// Why.
        finish_reason: FinishReason,
        /// Tokens of the prompt, and of the answer with those said.
        usage: Usage,
        /// The whole answer, with what was said.
        text: String,
    },
}
