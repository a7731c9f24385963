//! What the ports are made of: one folder or file a library.

#[cfg(any(feature = "chat", feature = "embed", feature = "rerank"))]
pub mod llama;
pub mod memory_ledger;
pub mod memory_templates;
pub mod postgres;
#[cfg(feature = "render")]
pub mod typst;
