//! What the handlers ask of models, in their own words.
//!
//! Each file is one port. Nothing here names a library, so that a fake is enough to test what stands on it.

#[cfg(any(feature = "embed", feature = "rerank"))]
pub mod encoder;
#[cfg(feature = "chat")]
pub mod engine;
#[cfg(any(feature = "chat", feature = "embed", feature = "rerank"))]
pub mod model;
