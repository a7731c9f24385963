//! The engine's port: a language model as rows in, logits out. Synchronous, because a decode blocks its thread for
//! milliseconds to seconds. Exposes no library types, so the scheduler is tested with a fake model.

use std::{fmt, sync::Arc};

pub use crate::inference::model::LoadError;

/// A model to be loaded on the thread that uses it.
pub trait Loader: Send + 'static {
    /// Loads the model, passes it to `body` on the same thread, and frees it when `body` returns. On an error `body`
    /// was not called.
    fn run(self: Box<Self>, body: Body<'_>) -> Result<(), LoadError>;
}

pub type Body<'a> = Box<dyn FnOnce(ModelInfo, Arc<dyn Vocabulary>, &mut dyn Decoder) + 'a>;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelInfo {
    /// Kind and quantization, for people: `llama 3B Q4_K - Medium`.
    pub description: String,
    pub parameters: u64,
    /// Per sequence.
    pub context_tokens: u32,
    /// Number of tokens in the vocabulary, and of logits per row.
    pub vocabulary: usize,
    pub template: Option<String>,
    /// Text of the beginning-of-sequence token, or empty.
    pub bos: String,
    /// Text of the end-of-sequence token, or empty.
    pub eos: String,
    /// The GPU that it runs on, at least in part.
    pub gpu: Option<String>,
}

/// Immutable, so that requests are tokenized outside the engine's thread.
pub trait Vocabulary: Send + Sync {
    /// Tokens of a text, with nothing added around it. With `controls`, texts of control tokens become these tokens;
    /// otherwise they are plain text.
    fn tokenize(&self, text: &str, controls: bool) -> Vec<i32>;

    /// Appends the bytes of a token: possibly part of a character; nothing for a control token or an unknown id.
    fn piece(&self, token: i32, into: &mut Vec<u8>);

    fn is_end(&self, token: i32) -> bool;

    /// The token that starts each prompt, if the model wants one.
    fn begin(&self) -> Option<i32>;

    /// Texts of the control tokens, which no message may inject.
    fn controls(&self) -> &[String];
}

impl fmt::Debug for dyn Vocabulary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vocabulary")
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    pub token: i32,
    /// From 0 to slots - 1.
    pub sequence: u32,
    /// From 0: the number of tokens in the sequence before this one.
    pub position: u32,
    /// Whether [`Decoder::logits`] will be called for this row.
    pub logits: bool,
}

/// The stateful part of a model: the KV cache of each sequence.
pub trait Decoder {
    /// Decodes rows, grouped by ascending sequence and ordered by position.
    fn decode(&mut self, rows: &[Row]) -> Result<(), DecodeError>;

    /// Logits of a row of the last decode, by its index there; the row must have requested them.
    fn logits(&self, row: usize) -> &[f32];

    /// Drops all but the first `keep` tokens of a sequence. Returns the number left: `keep`, or 0 if the model can't
    /// drop a part.
    fn truncate(&mut self, sequence: u32, keep: u32) -> u32;
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// No row was decoded; the sequences are unchanged.
    #[error("the batch was refused: {0}")]
    Refused(String),
    /// Some rows may have been decoded: truncate the sequences before using them again.
    #[error("the batch failed half-way: {0}")]
    HalfDone(String),
}
