//! Models in memory, each on a thread of its own behind a small synchronous port.
//!
//! - `engine`: a language model that answers many chats at once. - `encoder`: an embedding model or a reranker.
//! - [`llama`]: llama.cpp behind both ports. - [`model`]: what can be wrong with a model's file.
//! - [`thread`]: the thread that owns a model. - [`waker`]: wakes it.

#[cfg(any(feature = "embed", feature = "rerank"))]
pub mod encoder;
#[cfg(feature = "chat")]
pub mod engine;
pub mod llama;
pub mod model;
pub(crate) mod thread;
mod waker;
