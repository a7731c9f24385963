//! The kinds of job: one file each does what its namesake in `schemas::kinds` says.
//!
//! A new kind is a file here, its `mod` line and its row in [`all`].

use std::{num::NonZeroUsize, sync::Arc};

use futures::future::BoxFuture;
use prometheus_client::registry::Registry;
use ruche_schemas::{Kind, config::Config};

use crate::{adapters::postgres::Postgres, registry::AnyHandler};

#[cfg(feature = "chat")]
pub mod chat;
#[cfg(feature = "embed")]
pub mod embed;
#[cfg(any(feature = "embed", feature = "rerank"))]
mod models;
#[cfg(feature = "render")]
pub mod render;
#[cfg(feature = "rerank")]
pub mod rerank;

/// What handlers are made from.
pub struct Setup<'a> {
    /// The settings.
    pub config: &'a Config,
    /// The database.
    pub postgres: Arc<Postgres>,
    /// Where handlers enter their counters.
    pub registry: &'a mut Registry,
}

/// A handler, and how many jobs it takes at once.
pub struct Prepared {
    /// What does the work.
    pub handler: Arc<dyn AnyHandler>,
    /// Jobs at once.
    pub slots: NonZeroUsize,
    /// How many of these only interactive jobs may take.
    pub reserved: usize,
    /// What the handler stands on.
    pub lifeline: Lifeline,
}

/// A native engine beside the process's own tasks.
pub struct Lifeline {
    /// Resolves when it has ended. Where nobody stopped it, it has died, and the process must end.
    pub ended: BoxFuture<'static, ()>,
    /// Asks it to end.
    pub stop: Box<dyn FnOnce() + Send>,
}

type Prepare = fn(Setup<'_>) -> anyhow::Result<Prepared>;

/// The kinds that this build can do.
#[must_use]
pub fn all() -> Vec<(Kind, Prepare)> {
    vec![
        #[cfg(feature = "chat")]
        (<ruche_schemas::kinds::chat::Chat as ruche_schemas::Job>::KIND, chat::prepare),
        #[cfg(feature = "embed")]
        (<ruche_schemas::kinds::embed::Embed as ruche_schemas::Job>::KIND, embed::prepare),
        #[cfg(feature = "render")]
        (<ruche_schemas::kinds::render::Render as ruche_schemas::Job>::KIND, render::prepare),
        #[cfg(feature = "rerank")]
        (<ruche_schemas::kinds::rerank::Rerank as ruche_schemas::Job>::KIND, rerank::prepare),
    ]
}
