//! What the ports are made of: one folder or file a library.

#[cfg(any(feature = "chat", feature = "embed", feature = "rerank"))]
pub mod llama;
#[cfg(feature = "render")]
pub mod typst;
