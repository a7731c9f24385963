//! The kinds that this build can do.

use ruche_schemas::{Kind, kinds};

use super::prepared::{Prepared, Setup};
use crate::sandbox::Child;

/// A kind: how its handler is made, and the child processes that it starts.
pub struct Row {
    pub kind: Kind,
    pub prepare: fn(Setup<'_>) -> anyhow::Result<Prepared>,
    pub children: &'static [Child],
}

/// The kinds that this build can do.
#[must_use]
pub fn all() -> Vec<Row> {
    vec![
        #[cfg(feature = "chat")]
        row::<jobs::chat::Chat>(super::chat::prepare, &[]),
        #[cfg(feature = "embed")]
        row::<jobs::embed::Embed>(super::embed::prepare, super::embed::CHILDREN),
        #[cfg(feature = "render")]
        row::<jobs::render::Render>(super::render::prepare, super::render::CHILDREN),
        #[cfg(feature = "rerank")]
        row::<jobs::rerank::Rerank>(super::rerank::prepare, &[]),
    ]
}

#[cfg(any(feature = "chat", feature = "embed", feature = "render", feature = "rerank"))]
fn row<J: ruche_schemas::Job>(prepare: fn(Setup<'_>) -> anyhow::Result<Prepared>, children: &'static [Child]) -> Row {
    Row { kind: J::KIND, prepare, children }
}
