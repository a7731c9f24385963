//! The encoder: an embedding model or a reranker shared by many jobs. [`Encoder`] is its handle; one thread owns the
//! model and computes batches across jobs, fairly and up to a limit of tokens. Dropping a caller's future cancels its
//! request.

mod batch;
mod error;
mod handle;
mod metrics;
pub mod port;
mod prefix;
mod tokens;
mod vector;
mod worker;

pub use error::{EncodeError, NoVector, StartError};
pub use handle::{Encoded, Encoder};
pub use metrics::Metrics;
pub use prefix::Prefixes;
pub use vector::truncate;
