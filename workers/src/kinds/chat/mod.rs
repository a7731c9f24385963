//! The chat kind: answers with the model that this worker has loaded, token by token.

mod citations;
mod compose;
mod handler;
mod metrics;
mod passages;
mod refusal;
mod sentences;
mod slots;

pub use handler::{ChatHandler, prepare};
