//! The models that need no hub, and the source of a model by its name.

use std::path::PathBuf;

use anyhow::Result;
use ruche_schemas::models::{ModelSlot, Preset};

use super::{
    packaged::{E5_Q4, MINILM, Packaged, SMOLLM2},
    pins::Pins,
    presets::families,
    shipped::shipped,
};
use crate::{Refused, project::Project};

/// The demo model, in the project's folder.
const TINY_FILE: &str = "workers/models/tiny/tiny-chat.gguf";
const TINY_NOTE: &str = "The model is the tiny demo model (3 M parameters). It makes small talk and quotes sentences of \
                         given passages, in English and French; it knows nothing.";
const TINY_BOTS_NOTE: &str = "Bots that name no model get the tiny demo model (3 M parameters): it quotes the sentence of a \
                              passage that answers, in English and French, and knows nothing else. RUCHE_MODELS__BOTS \
                              chooses another.";
const SMOLLM2_NOTE: &str = "Chats get SmolLM2-135M-Instruct (135 M parameters). It talks in English, knows little, is often \
                            wrong, and answers badly from passages.";
const MINILM_NOTE: &str = "The embedding model is all-minilm-l6-v2 (22 M parameters). It was trained on English: in other \
                           languages, search by meaning finds little.";
const E5_Q4_NOTE: &str = "The embedding model is multilingual-e5-small-q4 (118 M parameters in 4 bits). It was trained on 100 \
                          languages.";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BuiltIn {
    /// Shipped with Ruche.
    Tiny,
    /// Taken from a Python package.
    SmolLm2,
    /// Converted from a Python package.
    MiniLm,
    /// Converted from a Python package.
    E5Q4,
}

impl BuiltIn {
    pub(super) fn find(name: &str) -> Option<Self> {
        [Self::Tiny, Self::SmolLm2, Self::MiniLm, Self::E5Q4].into_iter().find(|model| model.name() == name)
    }

    fn packaged(self) -> Option<&'static Packaged> {
        match self {
            Self::Tiny => None,
            Self::SmolLm2 => Some(&SMOLLM2),
            Self::MiniLm => Some(&MINILM),
            Self::E5Q4 => Some(&E5_Q4),
        }
    }

    /// In the configuration.
    pub(super) fn name(self) -> &'static str {
        self.packaged().map_or("tiny", |packaged| packaged.name)
    }

    /// In answers.
    pub(super) fn served_as(self) -> &'static str {
        match self {
            Self::Tiny => "tiny-chat-demo",
            Self::SmolLm2 => "smollm2-135m-instruct",
            Self::MiniLm | Self::E5Q4 => self.name(),
        }
    }

    /// What users must know about it in this slot.
    pub(super) const fn note(self, slot: &ModelSlot) -> &'static str {
        match self {
            Self::Tiny if slot.own_workers => TINY_BOTS_NOTE,
            Self::Tiny => TINY_NOTE,
            Self::SmolLm2 => SMOLLM2_NOTE,
            Self::MiniLm => MINILM_NOTE,
            Self::E5Q4 => E5_Q4_NOTE,
        }
    }

    pub(super) const fn purpose(self) -> &'static str {
        match self {
            Self::Tiny => "demo and tests; quotes passages",
            Self::SmolLm2 => "English small talk, where the hub can't be reached",
            Self::MiniLm => "English, where the hub can't be reached",
            Self::E5Q4 => "100 languages, needs no hub",
        }
    }

    /// The model that serves a slot with workers of its own, if none is chosen for it and this one is the kind's.
    pub(super) const fn beside(self) -> Option<Self> {
        match self {
            Self::SmolLm2 => Some(Self::Tiny),
            Self::Tiny | Self::MiniLm | Self::E5Q4 => None,
        }
    }

    pub(super) fn source(self) -> String {
        self.packaged().map_or_else(|| "comes with Ruche".to_owned(), |from| format!("PyPI: {}", from.wheel.package))
    }

    /// 0 if it is not known.
    pub(super) fn bytes(self, project: &Project) -> u64 {
        let tiny =
            || shipped(project, TINY_FILE).ok().and_then(|file| file.metadata().ok()).map_or(0, |meta| meta.len());
        self.packaged().map_or_else(tiny, |packaged| packaged.bytes)
    }

    /// `None` before it is pinned.
    pub(super) fn sha256(self, pins: &Pins) -> Option<&str> {
        pins.get(self.name()).map(|pin| pin.sha256.as_str())
    }

    pub(super) fn here(self, project: &Project) -> Result<Option<PathBuf>> {
        match self.packaged() {
            None => Ok(shipped(project, TINY_FILE).ok()),
            Some(packaged) => packaged.here(&project.models()),
        }
    }

    pub(super) async fn make(self, project: &Project) -> Result<PathBuf> {
        match self.packaged() {
            None => shipped(project, TINY_FILE),
            Some(packaged) => packaged.make(project).await,
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
    let built_in = families.iter().flat_map(|family| family.built_in).find(|known| **known == name);
    if let Some(built_in) = built_in.and_then(|name| BuiltIn::find(name)) {
        return Ok(Source::BuiltIn(built_in));
    }
    let presets = families.iter().flat_map(|family| family.presets).map(|preset| preset.name);
    let names: Vec<&str> = presets.chain(families.iter().flat_map(|family| family.built_in).copied()).collect();
    let what = slot.map_or("the model".to_owned(), |slot| format!("models.{} =", slot.name));
    Err(Refused::because(format!("{what} {name} is unknown: choose one of {}", names.join(", "))))
}
