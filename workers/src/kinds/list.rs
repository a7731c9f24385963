//! The kinds that this build can do.

use ruche_schemas::{Job, Kind, kinds};

use super::prepared::{Prepared, Setup};
use crate::sandbox::Child;

pub struct Row {
    pub kind: Kind,
    pub prepare: fn(Setup<'_>) -> anyhow::Result<Prepared>,
    pub children: &'static [Child],
}

#[must_use]
pub fn all() -> Vec<Row> {
    vec![
        #[cfg(feature = "chat")]
        Row::of::<kinds::chat::Chat>(super::chat::prepare, &[]),
        #[cfg(feature = "embed")]
        Row::of::<kinds::embed::Embed>(super::embed::prepare, super::embed::CHILDREN),
        #[cfg(feature = "render")]
        Row::of::<kinds::render::Render>(super::render::prepare, super::render::CHILDREN),
        #[cfg(feature = "rerank")]
        Row::of::<kinds::rerank::Rerank>(super::rerank::prepare, &[]),
    ]
}

impl Row {
    #[must_use]
    pub fn of<J: Job>(prepare: fn(Setup<'_>) -> anyhow::Result<Prepared>, children: &'static [Child]) -> Self {
        Self { kind: J::KIND, prepare, children }
    }
}
