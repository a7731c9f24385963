//! The render worker's settings. `settings.toml` says what each key means.

use serde::{Deserialize, Serialize};

use crate::settings::{self, Check, ConfigError};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub children: u32,
    /// In MiB.
    pub memory_mb: u64,
    pub seconds: u64,
    pub fetch_seconds: u64,
    pub documents: u32,
    /// In MiB.
    pub resident_mb: u64,
}

impl settings::Settings for Settings {
    const DEFAULTS: &'static str = include_str!("settings.toml");

    fn check(&self, check: Check<'_>) -> Result<(), ConfigError> {
        check.range("children", self.children, 0..=1024, "0 is the number of cores")?;
        check.range("memory_mb", self.memory_mb, 1024..=1 << 20, "less does not load the fonts")?;
        check.range("seconds", self.seconds, 1..=170, "")?;
        check.range("fetch_seconds", self.fetch_seconds, 1..=120, "")?;
        check.range("documents", self.documents, 1..=1_000_000_000, "")?;
        check.range("resident_mb", self.resident_mb, 64..=1 << 20, "")
    }
}
