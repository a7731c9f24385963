//! Models in memory, each on a thread of its own.

#[cfg(any(feature = "embed", feature = "rerank"))]
pub mod encoder;
#[cfg(feature = "chat")]
pub mod engine;
pub mod llama;
pub mod model;
mod waker;
