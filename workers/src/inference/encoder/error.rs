//! What can go wrong, in words for the person who has to act: at the start, with a request, and with one text.

use crate::inference::model::LoadError;

/// An encoder that can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The model can't be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The model was loaded, and can't read.
    #[error("the model {model} can't read a first text: {reason}; take another file of it, or another model")]
    Useless {
        /// The model's name.
        model: String,
        /// What it gave.
        reason: String,
    },
    /// The thread can't be started, or died while the model was loaded.
    #[error("the encoder's thread can't be started: {0}")]
    Thread(String),
}

/// A request of which nothing is embedded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A text is longer than the model can read.
    #[error("the text has {tokens} tokens, but the model can read at most {max}: shorten or divide it")]
    TooLong {
        /// Which of the texts, from 0.
        index: usize,
        /// Its tokens, with prefix and marks.
        tokens: usize,
        /// The most that are accepted.
        max: usize,
    },
    /// A query leaves no room for texts.
    #[error("the query has {tokens} tokens, but the model can read at most {max} beside texts: shorten it")]
    LongQuery {
        /// Its tokens.
        tokens: usize,
        /// The most that are accepted.
        max: usize,
    },
    /// The model's vocabulary has nothing for a text.
    #[error("the text has no character that the model knows")]
    NoTokens {
        /// Which of the texts, from 0.
        index: usize,
    },
    /// The encoder was stopped or has died.
    #[error("the encoder has stopped: its worker has to be started again")]
    Stopped,
}

/// A text without a vector, or without a score.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoVector {
    /// The model failed on it, also alone.
    #[error("the model can't read this text: {0}")]
    Failed(String),
    /// What came out has no direction.
    #[error(
        "what the model gives holds no usable number: its file may be damaged, its numbers too coarse (try F16 or Q8_0), or \
         the GPU at fault"
    )]
    NoNumbers,
}
