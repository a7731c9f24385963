//! In-process models: a language model (`engine`) and embedding models or rerankers (`encoder`), each on its own
//! thread ([`thread`], [`waker`]) behind a synchronous port that [`llama`] implements.

#[cfg(any(feature = "embed", feature = "rerank"))]
pub mod encoder;
#[cfg(feature = "chat")]
pub mod engine;
pub mod llama;
pub mod model;
pub(crate) mod thread;
mod waker;
