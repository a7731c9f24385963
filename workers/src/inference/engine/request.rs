//! A chat request, and the steps of its answer.

use chrono::{DateTime, Utc};
use ruche_schemas::kinds::chat::{Delta, FinishReason, Message, Sampling, Usage};

#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Oldest first.
    pub messages: Vec<Message>,
    /// The date that the model's template may print.
    pub now: DateTime<Utc>,
    /// Answer tokens that an earlier attempt generated: read after the prompt, counted, not sent again.
    pub emitted: Vec<i32>,
    /// Bytes of text published for `emitted`; unpublished text is sent now.
    pub emitted_text_bytes: usize,
    pub sampling: Sampling,
    /// The answer ends before any of these strings.
    pub stop: Vec<String>,
    /// Limit of the answer, `emitted` included; by default the rest of the context.
    pub max_tokens: Option<u32>,
    /// An answer that begins like one of these is one of these, and is chosen greedily.
    pub quotes: Vec<Quote>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Quote {
    pub text: String,
    /// Added to the logit of each token that goes on with it.
    pub bonus: f32,
}

/// What [`Generation::next`] yields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Every generated token is in exactly one delta, in order, except the one that ends the answer. Tokens whose
    /// text is withheld come with a later delta; only the last delta may have tokens and no text (they made a stop
    /// string).
    Delta(Delta),
    End {
        finish_reason: FinishReason,
        /// Prompt tokens, and answer tokens with `emitted`.
        usage: Usage,
        /// The whole answer, with the text of `emitted`.
        text: String,
    },
}
