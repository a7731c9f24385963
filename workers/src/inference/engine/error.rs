//! Engine errors: at startup, per request, and during generation. Messages tell the reader what to do.

use crate::inference::model::LoadError;

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("chat.{option} = {value} is not allowed: {allowed}")]
    NotAllowed {
        option: &'static str,
        value: u32,
        /// The allowed range.
        allowed: &'static str,
    },
    #[error(transparent)]
    Load(#[from] LoadError),
    /// It was not trained for chats.
    #[error(
        "the model {0} has no chat template, so it is no chat model: use an instruction-tuned one (its name often \
         ends in \"Instruct\" or \"Chat\")"
    )]
    NoTemplate(String),
    /// Not valid for our Jinja engine.
    #[error("the chat template of the model {model} can't be read: {reason}")]
    Template {
        model: String,
        /// As Jinja reports it.
        reason: String,
    },
    /// The thread can't be started, or died while the model was loaded.
    #[error("the engine's thread can't be started: {0}")]
    Thread(String),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GenerateError {
    /// The prompt leaves no room for an answer.
    #[error("the messages have {tokens} tokens, but the model can read at most {max}: shorten or leave out some")]
    PromptTooLong {
        /// Of the prompt.
        tokens: usize,
        max: usize,
    },
    #[error("the model's chat template refuses these messages: {0}")]
    Template(String),
    /// Also when the thread has died.
    #[error("the engine has stopped: its worker has to be started again")]
    Stopped,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    #[error("the model can't go on with this answer: {0}")]
    Decode(String),
    #[error("the model's output holds no usable number: its file may be damaged, or the GPU may be at fault")]
    NoLogits,
    /// Also when the thread has died.
    #[error("the engine has stopped: its worker has to be started again")]
    Stopped,
}
