//! The engine's port: a language model as rows in, logits out.
//!
//! Small and synchronous: a decode blocks its thread for milliseconds to seconds, so [`crate::inference::engine`] owns one
//! thread for it. No type of the library behind it passes, so the scheduler is tested with a model of thirty lines.

use std::{fmt, sync::Arc};

pub use crate::inference::model::LoadError;

/// A model that can be loaded on the thread that will use it.
pub trait Loader: Send + 'static {
    /// Loads the model, hands it to `body` on this same thread, and frees it when `body` returns.
    ///
    /// # Errors
    /// The model can't be loaded; `body` was not called.
    fn run(self: Box<Self>, body: Body<'_>) -> Result<(), LoadError>;
}

/// What [`Loader::run`] calls with the loaded model.
pub type Body<'a> = Box<dyn FnOnce(ModelInfo, Arc<dyn Vocabulary>, &mut dyn Decoder) + 'a>;

/// What a model says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelInfo {
    /// Kind and quantization, for people: `llama 3B Q4_K - Medium`.
    pub description: String,
    /// Number of weights.
    pub parameters: u64,
    /// Tokens of each sequence's context.
    pub context_tokens: u32,
    /// Number of tokens in the vocabulary; each row of logits has as many numbers.
    pub vocabulary: usize,
    /// The Jinja source of its chat template.
    pub template: Option<String>,
    /// The text of its beginning-of-sequence token, or empty.
    pub bos: String,
    /// The text of its end-of-sequence token, or empty.
    pub eos: String,
    /// The GPU that it runs on, if any of it does.
    pub gpu: Option<String>,
}

/// Text to tokens and back. Immutable, so that requests are tokenized beside the engine's thread.
pub trait Vocabulary: Send + Sync {
    /// The tokens of a text. With `controls`, the texts of control tokens become these tokens; otherwise they are
    /// plain text. Nothing is added in front or behind.
    fn tokenize(&self, text: &str, controls: bool) -> Vec<i32>;

    /// Appends the bytes of a token: possibly half a character, nothing for a control token or an unknown id.
    fn piece(&self, token: i32, into: &mut Vec<u8>);

    /// Whether this token ends an answer.
    fn is_end(&self, token: i32) -> bool;

    /// The token that each prompt begins with, where the model wants one.
    fn begin(&self) -> Option<i32>;

    /// The texts of the control tokens, which no message may smuggle in.
    fn controls(&self) -> &[String];
}

impl fmt::Debug for dyn Vocabulary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vocabulary")
    }
}

/// One token to decode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The token.
    pub token: i32,
    /// Which sequence it belongs to: 0 to slots - 1.
    pub sequence: u32,
    /// Its place in the sequence, counted from 0: the number of tokens that the sequence holds before it.
    pub position: u32,
    /// Whether [`Decoder::logits`] will be asked for this row.
    pub logits: bool,
}

/// The part of a model that has state: the keys and values of each sequence.
pub trait Decoder {
    /// Reads the rows: each sequence's rows are in the order of their positions, sequences ascend.
    ///
    /// # Errors
    /// See [`DecodeError`].
    fn decode(&mut self, rows: &[Row]) -> Result<(), DecodeError>;

    /// The logits of a row of the last decode, by its index there; the row must have asked for them.
    fn logits(&self, row: usize) -> &[f32];

    /// Forgets all but the first `keep` tokens of a sequence. Returns what is left: `keep`, or 0 where the model
    /// can't forget a part.
    fn truncate(&mut self, sequence: u32, keep: u32) -> u32;
}

/// A batch that could not be decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// No row was taken: the sequences are as before.
    #[error("the batch was refused: {0}")]
    Refused(String),
    /// Some rows may have been taken: truncate the sequences before using them again.
    #[error("the batch failed half-way: {0}")]
    HalfDone(String),
}
