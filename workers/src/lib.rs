//! Who does the work: a runtime that knows no kind, handlers that know nothing else.
//!
//! A job comes in through [`runtime`], which hands it to its kind's handler in [`jobs`] and settles it only after
//! its outcome is stored through [`ports::ledger`]. What handlers need of the world is a port; what a port is
//! made of is in [`adapters`].
//!
//! - [`runtime`]: pull, run, commit, say, ack.
//! - [`registry`]: handlers without their types.
//! - [`jobs`]: one file per kind.
//! - [`ports`], [`adapters`]: the database, the language model.
//! - [`egress`]: the way out, for URLs that somebody else named.
//! - `engine`: continuous batching over one language model (feature `chat`).
//! - `chunking`: documents as chunks that fit an embedding model (feature `embed`).
//! - `extract`: Markdown of HTML and PDF, in child processes (feature `embed`).
//! - `encoder`: batches of texts over one embedding model or reranker (features `embed`, `rerank`).
//! - [`http`]: `/metrics`, `/healthz`, `/readyz`.
//! - [`program`]: `ruche-worker`, from its arguments to its end.

pub mod adapters;
#[cfg(feature = "embed")]
pub mod chunking;
pub mod egress;
#[cfg(any(feature = "embed", feature = "rerank"))]
pub mod encoder;
#[cfg(feature = "chat")]
pub mod engine;
#[cfg(feature = "embed")]
pub mod extract;
pub mod http;
pub mod jobs;
pub mod ports;
pub mod program;
pub mod registry;
pub mod runtime;
#[cfg(any(feature = "chat", feature = "embed", feature = "rerank"))]
mod switch;
