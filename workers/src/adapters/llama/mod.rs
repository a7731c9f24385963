//! llama.cpp behind the ports of the engine and the encoder.

#[cfg(feature = "chat")]
mod decoder;
mod devices;
#[cfg(feature = "embed")]
mod encoder;
#[cfg(feature = "chat")]
mod generator;
mod load;
#[cfg(feature = "chat")]
mod vocabulary;

#[cfg(feature = "embed")]
pub use encoder::{DEFAULT_CONTEXT as DEFAULT_TEXT, LlamaEmbedding, Pooling};
#[cfg(feature = "chat")]
pub use generator::{DEFAULT_CONTEXT, Llama};
