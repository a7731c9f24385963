//! Chat: answers with the model that this worker has loaded, token by token.
//!
//! - [`handler`]: from the job to the answer. - [`compose`], [`passages`], [`sentences`]: the prompt of a bot's chat.
//! - [`citations`]: which passages an answer cites. - [`refusal`]: what the engine refuses. - [`metrics`]: what is counted.

mod citations;
mod compose;
mod handler;
mod metrics;
mod passages;
mod refusal;
mod sentences;

pub use handler::{ChatHandler, prepare};
