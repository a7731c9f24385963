//! The chat kind: answers with the model that this worker has loaded, token by token.

mod about;
#[cfg(test)]
mod answers;
mod candidate;
mod citations;
mod compose;
mod covering;
mod excerpt;
mod fit;
mod handler;
mod line;
mod metrics;
mod passages;
mod prose;
mod question;
mod quotes;
mod refusal;
mod row;
mod sentences;
mod slots;
mod small_talk;
#[cfg(test)]
mod testing;

pub use handler::{ChatHandler, prepare};
