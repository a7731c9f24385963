//! Finds settings that do not exist, before any section is read: one that is misspelt must not be ignored, nor be a message
//! about types.

use config::{Value, ValueKind};

use crate::settings::ConfigError;

/// How alike two names are, at least, where one is taken for the other: from 0 to 1.
const ALIKE: f64 = 0.7;

type Table = config::Map<String, Value>;

/// Refuses the first setting of `set` that the defaults do not have. A section that holds names of the user's own is
/// empty there, or no table: it may hold any.
pub(super) fn check(set: &Table, defaults: &Table) -> Result<(), ConfigError> {
    for (section, value) in set {
        let Some(known) = defaults.get(section) else {
            return Err(unknown(section, "", defaults.keys()));
        };
        let (ValueKind::Table(keys), ValueKind::Table(known)) = (&value.kind, &known.kind) else { continue };
        if let Some(key) = keys.keys().find(|key| !known.contains_key(*key)) {
            return Err(unknown(key, &format!("{section}."), known.keys()));
        }
    }
    Ok(())
}

fn unknown<'a>(name: &str, within: &str, known: impl Iterator<Item = &'a String>) -> ConfigError {
    let mut known: Vec<&str> = known.map(String::as_str).collect();
    known.sort_unstable();
    let alike = known.iter().map(|other| (strsim::jaro_winkler(name, other), other));
    let nearest = alike.filter(|(score, _)| *score >= ALIKE).max_by(|a, b| a.0.total_cmp(&b.0));
    let hint = match nearest {
        Some((_, other)) => format!("do you mean {within}{other}?"),
        None => format!("there are {}", known.join(", ")),
    };
    ConfigError::Unknown { key: format!("{within}{name}"), hint }
}
