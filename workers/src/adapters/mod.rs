//! What the ports are made of: one folder or file a library.

#[cfg(feature = "chat")]
pub mod llama;
pub mod memory_ledger;
pub mod postgres;
#[cfg(feature = "render")]
pub mod typst;
