//! Works on jobs: a runtime that is independent of kinds, and a handler for each kind.
//!
//! [`runtime`] takes a job, passes it to its kind's handler in [`kinds`], and settles it only after its outcome is
//! stored through [`ruche_store::ledger`].
//!
//! - [`runtime`]: pulls, admits, attempts and settles jobs.
//! - [`registry`]: erases the types of handlers.
//! - [`kinds`]: one file per kind.
//! - [`kind_metrics`]: the metrics that a kind lists.
//! - [`reconcilers`]: background tasks, one file each.
//! - `inference`: llama.cpp behind two small ports: `engine` generates, `encoder` embeds and ranks.
//! - `text`: converts documents to Markdown, and Markdown to chunks (feature `embed`).
//! - [`sandbox`]: bounded child processes.
//! - [`egress`]: fetches URLs that users name.
//! - [`http`]: `/metrics`, `/healthz`, `/readyz`.
//! - [`program`]: `ruche-worker`, from its arguments to its exit.

pub mod egress;
pub mod http;
#[cfg(any(feature = "chat", feature = "embed", feature = "rerank"))]
pub mod inference;
pub mod kind_metrics;
pub mod kinds;
pub mod program;
pub mod reconcilers;
pub mod registry;
pub mod runtime;
pub mod sandbox;
#[cfg(feature = "embed")]
pub mod text;

/// Of every program that links this crate. Setting documents allocates and frees a lot: docs/adr/0118.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
