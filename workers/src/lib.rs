//! Who does the work: a runtime that knows no kind, handlers that know nothing else.
//!
//! A job comes in through [`runtime`], which hands it to its kind's handler in [`kinds`] and settles it only after
//! its outcome is stored through [`ruche_store::ledger`].
//!
//! - [`runtime`]: pull, admit, attempt, settle.
//! - [`registry`]: handlers without their types.
//! - [`kinds`]: one file per kind.
//! - [`kind_metrics`]: the metrics that a kind lists.
//! - [`reconcilers`]: background tasks, one file each.
//! - `inference`: llama.cpp behind two small ports: `engine` generates, `encoder` embeds and ranks.
//! - `text`: documents as Markdown, and Markdown as chunks (feature `embed`).
//! - [`sandbox`]: child processes with bounds.
//! - [`egress`]: the way out to the network, for URLs that somebody else named.
//! - [`http`]: `/metrics`, `/healthz`, `/readyz`.
//! - [`program`]: `ruche-worker`, from its arguments to its end.

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
