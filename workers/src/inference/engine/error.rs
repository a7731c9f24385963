//! What can go wrong, in words for the person who has to act: at the start, with a request, and half-way.

use crate::inference::model::LoadError;

/// An engine that can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An option out of its range.
    #[error("chat.{option} = {value} is not allowed: {allowed}")]
    NotAllowed {
        /// The option.
        option: &'static str,
        /// Its value.
        value: u32,
        /// What would be accepted.
        allowed: &'static str,
    },
    /// The model can't be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The model isn't made for chats.
    #[error(
        "the model {0} has no chat template, so it is no chat model: use an instruction-tuned one (its name often \
         ends in \"Instruct\" or \"Chat\")"
    )]
    NoTemplate(String),
    /// Its template is no Jinja that we can render.
    #[error("the chat template of the model {model} can't be read: {reason}")]
    Template {
        /// The model's name.
        model: String,
        /// Jinja's words.
        reason: String,
    },
    /// The thread can't be started, or died while the model was loaded.
    #[error("the engine's thread can't be started: {0}")]
    Thread(String),
}

/// A request that isn't generated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GenerateError {
    /// The prompt leaves no room for an answer.
    #[error("the messages have {tokens} tokens, but the model can read at most {max}: shorten or leave out some")]
    PromptTooLong {
        /// Tokens of the prompt.
        tokens: usize,
        /// The most that are accepted.
        max: usize,
    },
    /// The model's template refuses these messages.
    #[error("the model's chat template refuses these messages: {0}")]
    Template(String),
    /// The engine was stopped or has died.
    #[error("the engine has stopped: its worker has to be started again")]
    Stopped,
}

/// A generation that broke off.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// The model failed on this sequence.
    #[error("the model can't go on with this answer: {0}")]
    Decode(String),
    /// The model's output holds no usable number.
    #[error("the model's output holds no usable number: its file may be damaged, or the GPU may be at fault")]
    NoLogits,
    /// The engine was stopped or has died.
    #[error("the engine has stopped: its worker has to be started again")]
    Stopped,
}
