//! llama.cpp behind the ports of the engine and the encoder.

#[cfg(feature = "chat")]
mod decoder;
mod devices;
#[cfg(any(feature = "embed", feature = "rerank"))]
mod encoder;
#[cfg(feature = "chat")]
mod footprint;
#[cfg(feature = "chat")]
mod generator;
mod load;
mod start;
#[cfg(feature = "chat")]
mod vocabulary;

#[cfg(any(feature = "embed", feature = "rerank"))]
pub use encoder::{LlamaEmbedding, Pooling};
#[cfg(feature = "chat")]
pub use footprint::{Footprint, footprint, gpu_memory};
#[cfg(feature = "chat")]
pub use generator::Llama;
pub use load::backend;
#[cfg(any(feature = "embed", feature = "rerank"))]
pub use start::{EncoderOptions, start_encoder};
#[cfg(feature = "chat")]
pub use start::{EngineOptions, start_engine};
