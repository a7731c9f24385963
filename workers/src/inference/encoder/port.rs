//! The encoder's port: an embedding model as token ids in, a vector per text out; or a reranker, whose vector is one number.
//!
//! Small and synchronous, as the engine's ([`crate::inference::engine`]): a batch blocks its thread for milliseconds to seconds, so
//! [`crate::inference::encoder`] owns one thread for it. No type of the library behind it passes, so batching is tested with a
//! model of thirty lines.

use std::sync::Arc;

pub use crate::inference::model::LoadError;

/// A model that can be loaded on the thread that will use it.
pub trait Loader: Send + 'static {
    /// Loads the model, hands it to `body` on this same thread, and frees it when `body` returns.
    ///
    /// # Errors
    /// The model can't be loaded, or is none for this; `body` was not called.
    fn run(self: Box<Self>, body: Body<'_>) -> Result<(), LoadError>;
}

/// What [`Loader::run`] calls with the loaded model.
pub type Body<'a> = Box<dyn FnOnce(ModelInfo, Arc<dyn Tokenizer>, &mut dyn Model) + 'a>;

/// What a model says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelInfo {
    /// Name, kind and size, for people: `all-MiniLM-L6-v2 (bert, 46 MB)`.
    pub description: String,
    /// Number of weights.
    pub parameters: u64,
    /// Tokens of the longest text.
    pub context_tokens: u32,
    /// How long the texts were that it was trained with, in tokens, where its file says so: it reads longer ones worse.
    pub trained_tokens: Option<u32>,
    /// Numbers of each vector.
    pub dimensions: u32,
    /// Whether it reads pairs of query and text, and its one number says how well they go together.
    pub ranks: bool,
    /// The GPU that it runs on, if any of it does.
    pub gpu: Option<String>,
}

/// Text to tokens. Immutable, so that texts are tokenized beside the encoder's thread.
pub trait Tokenizer: Send + Sync {
    /// The tokens of a text with the marks that the model wants around each. The text of a mark (`[CLS]`) is plain text.
    fn tokenize(&self, text: &str) -> Vec<i32>;

    /// The tokens of a text without marks.
    fn plain(&self, text: &str) -> Vec<i32>;

    /// Query and text, both without marks, as a model that ranks reads them together.
    fn pair(&self, query: &[i32], text: &[i32]) -> Vec<i32>;
}

/// A loaded model.
pub trait Model {
    /// The vectors of these texts, in their order: [`ModelInfo::dimensions`] numbers each, of any length and possibly none
    /// that are numbers. Each text has 1 to [`ModelInfo::context_tokens`] tokens; how many fit a batch, the loader was told.
    ///
    /// # Errors
    /// The whole batch failed; each text may still go well alone.
    fn encode(&mut self, texts: &[&[i32]]) -> Result<Vec<Vec<f32>>, BatchError>;
}

/// A batch that could not be computed, in the library's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the batch failed: {0}")]
pub struct BatchError(pub String);
