//! The handlers of all kinds of job; `ruche_schemas::kinds` declares the kinds.
//!
//! A new kind is a file here, its `mod` line and its row in [`list`].

#[cfg(feature = "chat")]
pub mod chat;
#[cfg(feature = "embed")]
pub mod embed;
mod list;
mod prepared;
#[cfg(feature = "render")]
pub mod render;
#[cfg(feature = "rerank")]
pub mod rerank;
#[cfg(any(feature = "embed", feature = "rerank"))]
mod unknown_model;

pub use list::{Row, all};
pub use prepared::{Prepared, Setup, ShutdownHandle};
