//! The encoder's port: token ids in, one vector per text out (a reranker's vector is its score). Synchronous, because
//! a batch blocks its thread for milliseconds to seconds. Exposes no library types, so batching is tested with a fake
//! model.

use std::sync::Arc;

pub use crate::inference::model::LoadError;

/// A model to be loaded on the thread that uses it.
pub trait Loader: Send + 'static {
    /// Loads the model, passes it to `body` on the same thread, and frees it when `body` returns. On an error `body`
    /// was not called.
    fn run(self: Box<Self>, body: Body<'_>) -> Result<(), LoadError>;
}

pub type Body<'a> = Box<dyn FnOnce(ModelInfo, Arc<dyn Tokenizer>, &mut dyn Model) + 'a>;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelInfo {
    /// Name, kind and size, for people: `all-MiniLM-L6-v2 (bert, 46 MB)`.
    pub description: String,
    pub parameters: u64,
    /// Limit of a text.
    pub context_tokens: u32,
    /// Length of the training texts, in tokens, if the file says so: quality drops for longer ones.
    pub trained_tokens: Option<u32>,
    pub dimensions: u32,
    /// Whether it is a reranker: it reads query-text pairs and returns one score.
    pub ranks: bool,
    /// The GPU that it runs on, at least in part.
    pub gpu: Option<String>,
}

/// Immutable, so that texts are tokenized outside the encoder's thread.
pub trait Tokenizer: Send + Sync {
    /// Tokens of a text with the model's special tokens around it. Special tokens written in the text (`[CLS]`) are
    /// plain text.
    fn tokenize(&self, text: &str) -> Vec<i32>;

    /// Tokens of a text without special tokens.
    fn plain(&self, text: &str) -> Vec<i32>;

    /// Joins a query and a text, both without special tokens, for a reranker.
    fn pair(&self, query: &[i32], text: &[i32]) -> Vec<i32>;
}

pub trait Model {
    /// Vectors of texts, in order: [`ModelInfo::dimensions`] numbers each, not normalized, possibly NaN. Each text
    /// has 1 to [`ModelInfo::context_tokens`] tokens; the loader knows the limits of a batch. On an error the whole
    /// batch failed, and each text may still succeed alone.
    fn encode(&mut self, texts: &[&[i32]]) -> Result<Vec<Vec<f32>>, BatchError>;
}

/// A failed batch, in the library's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the batch failed: {0}")]
pub struct BatchError(pub String);
