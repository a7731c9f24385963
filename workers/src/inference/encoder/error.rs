//! Encoder errors: at startup, per request, and per text. Messages tell the reader what to do.

use crate::inference::model::LoadError;

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error("the model {model} can't read a first text: {reason}; take another file of it, or another model")]
    Useless {
        model: String,
        /// From the first text that was embedded.
        reason: String,
    },
    /// The thread can't be started, or died while the model was loaded.
    #[error("the encoder's thread can't be started: {0}")]
    Thread(String),
}

/// The whole request fails.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    #[error("the text has {tokens} tokens, but the model can read at most {max}: shorten or divide it")]
    TooLong {
        /// Of the text, from 0.
        index: usize,
        /// With prefix and special tokens.
        tokens: usize,
        max: usize,
    },
    /// The query leaves no room for texts.
    #[error("the query has {tokens} tokens, but the model can read at most {max} beside texts: shorten it")]
    LongQuery {
        /// Of the query alone.
        tokens: usize,
        max: usize,
    },
    #[error("the text has no character that the model knows")]
    NoTokens {
        /// Of the text, from 0.
        index: usize,
    },
    /// Also when the thread has died.
    #[error("the encoder has stopped: its worker has to be started again")]
    Stopped,
}

/// One text fails, and the others of the request succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoVector {
    /// The model failed on it, even in a batch of its own.
    #[error("the model can't read this text: {0}")]
    Failed(String),
    /// The vector is zero or not finite.
    #[error(
        "what the model gives holds no usable number: its file may be damaged, its numbers too coarse (try F16 or Q8_0), or \
         the GPU at fault"
    )]
    NoNumbers,
}
