//! Metadata of each fetched model at its first pull: `.ruche/models/pins.json`.
//!
//! A model is hashed once, when it was fetched. Every start compares its size and time with the pinned ones, which
//! takes no time, and detects a truncated or replaced file.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pin {
    /// The repository's commit.
    pub commit: String,
    pub sha256: String,
    pub bytes: u64,
    /// Its modification time when it was hashed, in nanoseconds since 1970.
    pub modified: u64,
    /// Relative to the models' folder.
    pub path: PathBuf,
}

impl Pin {
    /// The file, if it is still the one that was hashed.
    pub(super) fn intact(&self, models: &Path) -> Option<PathBuf> {
        let path = models.join(&self.path);
        (stat(&path)? == (self.bytes, self.modified)).then_some(path)
    }
}

pub(super) fn stat(path: &Path) -> Option<(u64, u64)> {
    let meta = fs::metadata(path).ok()?;
    let modified = meta.modified().ok()?.duration_since(UNIX_EPOCH).ok()?.as_nanos();
    Some((meta.len(), u64::try_from(modified).ok()?))
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Pins(BTreeMap<String, Pin>);

impl Pins {
    pub(super) fn read(models: &Path) -> Result<Self> {
        let file = models.join("pins.json");
        let Ok(text) = fs::read_to_string(&file) else { return Ok(Self::default()) };
        let unusable = || format!("{} can't be read: remove it, and pull the models again", file.display());
        serde_json::from_str(&text).with_context(unusable)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Pin> {
        self.0.get(name)
    }

    pub(super) fn set(models: &Path, name: &str, pin: Pin) -> Result<()> {
        let mut pins = Self::read(models)?;
        pins.0.insert(name.to_owned(), pin);
        let (file, half) = (models.join("pins.json"), models.join("pins.json.half"));
        let text = serde_json::to_string_pretty(&pins)?;
        let written = fs::write(&half, text).and_then(|()| fs::rename(&half, &file));
        written.with_context(|| format!("{} can't be written", file.display()))
    }
}
