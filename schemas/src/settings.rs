//! A section of the configuration: its documented defaults, and the check of its values at start.

use std::{
    fmt::{Debug, Display},
    ops::RangeInclusive,
};

use serde::{Serialize, de::DeserializeOwned};

/// A kind's section of the configuration. The section has the kind's name.
pub trait Settings: Serialize + DeserializeOwned + Clone + Debug + Send + Sync + 'static {
    /// The section with every key, its default and a comment, in TOML; empty: the kind has no section.
    const DEFAULTS: &'static str;

    /// Fails with the first value that is not allowed. The error names the key, the value and what is allowed.
    fn check(&self, check: Check<'_>) -> Result<(), ConfigError>;
}

impl Settings for () {
    const DEFAULTS: &'static str = "";

    fn check(&self, _: Check<'_>) -> Result<(), ConfigError> {
        Ok(())
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A value of the wrong type, an unknown key, or a file that can't be read.
    #[error("the configuration can't be read: {0} (`ruche config` prints every setting with its default)")]
    Unreadable(#[from] config::ConfigError),
    #[error("{key} = {value} is not allowed: {allowed} (set it in the configuration file or as {})", variable(key))]
    NotAllowed { key: String, value: String, allowed: String },
    /// A setting that does not exist; the hint names others.
    #[error("there is no setting {key} ({}): {hint} (`ruche config` prints every setting)", variable(key))]
    Unknown { key: String, hint: String },
    #[error("the configuration was read without the kind {0}, so it has no such section")]
    NoSection(String),
}

fn variable(key: &str) -> String {
    format!("RUCHE_{}", key.to_uppercase().replacen('.', "__", 1))
}

#[derive(Debug, Clone, Copy)]
pub struct Check<'a>(&'a str);

impl<'a> Check<'a> {
    #[must_use]
    pub const fn new(section: &'a str) -> Self {
        Self(section)
    }

    /// Fails if not `ok`; `allowed` completes "is not allowed:".
    pub fn rule(self, ok: bool, key: &str, value: impl Display, allowed: &str) -> Result<(), ConfigError> {
        let error = || ConfigError::NotAllowed {
            key: format!("{}.{key}", self.0),
            value: value.to_string(),
            allowed: allowed.to_owned(),
        };
        if ok { Ok(()) } else { Err(error()) }
    }

    /// Fails if the number is out of range; `note` says what a special value means and may be empty.
    pub fn range<N>(self, key: &str, value: N, range: RangeInclusive<N>, note: &str) -> Result<(), ConfigError>
    where
        N: PartialOrd + Display,
    {
        let separator = if note.is_empty() { "" } else { "; " };
        let allowed = format!("{} to {}{separator}{note}", range.start(), range.end());
        self.rule(range.contains(&value), key, value, &allowed)
    }
}
