//! The models that need no hub, and the source of a model by its name.

use std::path::PathBuf;

use anyhow::Result;
use ruche_schemas::models::{ModelSlot, Preset};

use super::{minilm, pins::Pins, presets::families, shipped::shipped};
use crate::{Refused, project::Project};

/// The demo model, in the project's folder.
const TINY_FILE: &str = "workers/models/tiny/tiny-chat.gguf";
const TINY_NOTE: &str = "The model is the tiny demo model (3 M parameters). It makes small talk and quotes sentences of \
                         given passages, in English and French; it knows nothing.";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BuiltIn {
    /// It comes with Ruche.
    Tiny,
    /// It is made from a Python package.
    MiniLm,
}

impl BuiltIn {
    pub(super) fn find(name: &str) -> Option<Self> {
        [Self::Tiny, Self::MiniLm].into_iter().find(|model| model.name() == name)
    }

    /// In the configuration.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Tiny => "tiny",
            Self::MiniLm => minilm::NAME,
        }
    }

    /// In answers.
    pub(super) const fn served_as(self) -> &'static str {
        match self {
            Self::Tiny => "tiny-chat-demo",
            Self::MiniLm => minilm::NAME,
        }
    }

    /// What users must know about it.
    pub(super) const fn note(self) -> &'static str {
        match self {
            Self::Tiny => TINY_NOTE,
            Self::MiniLm => minilm::NOTE,
        }
    }

    pub(super) const fn purpose(self) -> &'static str {
        match self {
            Self::Tiny => "demo and tests",
            Self::MiniLm => "English, where the hub can't be reached",
        }
    }

    pub(super) fn source(self) -> String {
        match self {
            Self::Tiny => "comes with Ruche".to_owned(),
            Self::MiniLm => format!("PyPI: {}", minilm::WHEEL),
        }
    }

    /// 0 if it is not known.
    pub(super) fn bytes(self, project: &Project) -> u64 {
        match self {
            Self::Tiny => shipped(project, TINY_FILE).ok().and_then(|file| file.metadata().ok()).map_or(0, |m| m.len()),
            Self::MiniLm => minilm::BYTES,
        }
    }

    /// `None` before it is pinned.
    pub(super) fn sha256(self, pins: &Pins) -> Option<&str> {
        pins.get(self.name()).map(|pin| pin.sha256.as_str())
    }

    pub(super) fn here(self, project: &Project) -> Result<Option<PathBuf>> {
        match self {
            Self::Tiny => Ok(shipped(project, TINY_FILE).ok()),
            Self::MiniLm => minilm::here(&project.models()),
        }
    }

    pub(super) async fn make(self, project: &Project) -> Result<PathBuf> {
        match self {
            Self::Tiny => shipped(project, TINY_FILE),
            Self::MiniLm => minilm::make(project).await,
        }
    }
}

pub(super) enum Source {
    Hub(&'static Preset),
    BuiltIn(BuiltIn),
}

/// The source of a model of this name, for this slot or any.
///
/// # Errors
/// The known names, if this is none.
pub(super) fn source(slot: Option<&ModelSlot>, name: &str) -> Result<Source> {
    let families = slot.map_or_else(families, |slot| vec![slot.family]);
    if let Some(preset) = families.iter().flat_map(|family| family.presets).find(|preset| preset.name == name) {
        return Ok(Source::Hub(preset));
    }
    let built_in = families.iter().filter_map(|family| family.built_in).find(|known| *known == name);
    if let Some(built_in) = built_in.and_then(BuiltIn::find) {
        return Ok(Source::BuiltIn(built_in));
    }
    let presets = families.iter().flat_map(|family| family.presets).map(|preset| preset.name);
    let names: Vec<&str> = presets.chain(families.iter().filter_map(|family| family.built_in)).collect();
    let what = slot.map_or("the model".to_owned(), |slot| format!("models.{} =", slot.name));
    Err(Refused::because(format!("{what} {name} is unknown: choose one of {}", names.join(", "))))
}
