//! The encoder: one embedding model, or one reranker, that many jobs share.
//!
//! [`Encoder`] is a cheap handle. Behind it one thread owns the model and computes batches of whole texts up to a budget
//! of tokens: texts of jobs that wait at the same moment are computed together, and jobs take turns. A caller that drops
//! its future leaves the queue: what it still wanted is not computed.
//!
//! - [`port`]: what a model has to do. - [`handle`]: starts the thread, queues requests. - [`tokens`]: texts to tokens.
//! - [`worker`]: the thread. - [`batch`]: what the next batch holds. - [`vector`]: a model's numbers to vectors.
//! - [`prefix`]: what models want before a text.

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
