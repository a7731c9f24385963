//! llama.cpp behind the ports of the engine and the encoder.

#[cfg(feature = "chat")]
mod decoder;
mod devices;
#[cfg(any(feature = "embed", feature = "rerank"))]
mod encoder;
#[cfg(feature = "chat")]
mod generator;
mod load;
#[cfg(feature = "chat")]
mod vocabulary;

#[cfg(any(feature = "embed", feature = "rerank"))]
pub use encoder::{DEFAULT_CONTEXT as DEFAULT_TEXT, LlamaEmbedding, Pooling};
#[cfg(feature = "chat")]
pub use generator::{DEFAULT_CONTEXT, Llama};
