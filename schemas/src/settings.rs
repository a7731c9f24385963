//! A section of the configuration: its documented defaults, and the check of its values at start.

use std::{
    fmt::{Debug, Display},
    ops::RangeInclusive,
};

use serde::{Serialize, de::DeserializeOwned};

use crate::{Invalid, plain};

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
    /// A file that can't be read.
    #[error("the configuration can't be read: {0} (`ruche config` prints every setting with its default)")]
    Unreadable(String),
    /// A value of the wrong type.
    #[error("{key}: {message} ({})", place(key))]
    WrongType { key: String, message: String },
    #[error("{key} = {value} is not allowed: {allowed} ({})", place(key))]
    NotAllowed { key: String, value: String, allowed: String },
    /// A setting that does not exist; the hint names others.
    #[error("there is no setting {key} ({}): {hint} (`ruche config` prints every setting)", variable(key))]
    Unknown { key: String, hint: String },
    #[error("the configuration was read without the kind {0}, so it has no such section")]
    NoSection(String),
}

impl ConfigError {
    /// A deserializer's message about the value of this setting, in plain words.
    pub(crate) fn wrong_type(message: &str, key: &str) -> Self {
        let Invalid { param, message } = plain::named(&with_known_types(message), key, None);
        Self::WrongType { key: param, message }
    }
}

impl From<config::ConfigError> for ConfigError {
    fn from(error: config::ConfigError) -> Self {
        let (message, key) = match error {
            config::ConfigError::Type { unexpected, expected, key, .. } => {
                (format!("invalid type: {unexpected}, expected {expected}"), key)
            }
            config::ConfigError::At { error, key, .. } => (error.to_string(), key),
            config::ConfigError::NotFound(key) => (format!("missing field `{key}`"), Some(key)),
            other => return Self::Unreadable(other.to_string()),
        };
        match key {
            Some(key) => Self::wrong_type(&message, &key),
            None => Self::Unreadable(plain::named(&with_known_types(&message), ".", None).message),
        }
    }
}

/// `invalid type: 64-bit integer `-1`, expected an unsigned 16 bit integer`, as serde has it: the library has words of its
/// own for types, and none for the bounds of a number that is written as a text.
fn with_known_types(message: &str) -> String {
    let Some((found, expected)) =
        message.strip_prefix("invalid type: ").and_then(|mismatch| mismatch.rsplit_once(", expected "))
    else {
        return message.to_owned();
    };
    let found = ["128-bit ", "64-bit ", "unsigned "].iter().fold(found, |found, size| found.trim_start_matches(size));
    let text = found.strip_prefix("string \"").and_then(|text| text.strip_suffix('"')).unwrap_or_default();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let expected = match expected {
        "an integer" if is_number(text) => plain::SMALLER,
        "an integer" if text.strip_prefix('-').is_some_and(is_number) => plain::LARGER,
        "an integer" => "i64",
        "an unsigned 8 bit integer" => "u8",
        "an unsigned 16 bit integer" => "u16",
        "an unsigned 32 bit integer" => "u32",
        other if other.starts_with("an unsigned ") => "u64",
        other if other.starts_with("an signed ") => "i64",
        "a floating point" => "f64",
        "an array" => "a list",
        other => other,
    };
    format!("invalid type: {found}, expected {expected}")
}

/// Where to set it. A whole section has no variable.
fn place(key: &str) -> String {
    match key.contains('.') {
        true => format!("set it in the configuration file or as {}", variable(key)),
        false => format!("it is a section of the configuration file: [{key}]"),
    }
}

fn variable(key: &str) -> String {
    format!("RUCHE_{}", key.to_uppercase().replace('.', "__"))
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
