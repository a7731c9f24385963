//! The section `models`: a key for each model that a kind needs; its value is the name of a preset.

use std::collections::BTreeMap;

use config::Value;

use crate::{descriptor::Descriptor, settings::ConfigError};

const FALLBACK: &str = "fallback_to_tiny";
const FALLBACK_DEFAULT: &str = "\
# What to do where the hub can't be reached: true takes what needs no hub (SmolLM2-135M, the tiny demo model,
# all-minilm-l6-v2) and says so, false stops.
fallback_to_tiny = true
";

#[derive(Debug, Clone)]
pub struct Models {
    /// Whether models that need no hub replace others while the hub can't be reached.
    pub fallback_to_tiny: bool,
    presets: BTreeMap<String, String>,
}

/// The section with its defaults, in TOML.
pub(super) fn defaults(kinds: &[Descriptor]) -> String {
    let slots = kinds.iter().flat_map(|kind| kind.models);
    let keys =
        slots.map(|slot| format!("# {}\n{} = {:?}\n", slot.comment.replace('\n', "\n# "), slot.name, slot.default));
    format!("[models]\n{}{FALLBACK_DEFAULT}", keys.collect::<String>())
}

impl Models {
    pub(super) fn of(section: Value, kinds: &[Descriptor]) -> Result<Self, ConfigError> {
        let mut section = section.into_table()?;
        let named = |key: &str| format!("models.{key}");
        let fallback = section.remove(FALLBACK).map_or(Ok(true), Value::into_bool);
        let fallback_to_tiny = fallback.map_err(|error| error.extend_with_key(&named(FALLBACK)))?;
        let slots: Vec<&str> = kinds.iter().flat_map(|kind| kind.models).map(|slot| slot.name).collect();
        let mut presets = BTreeMap::new();
        for (key, value) in section {
            if !slots.contains(&key.as_str()) {
                let message =
                    format!("unknown field `{}`, expected one of {}, {FALLBACK}", named(&key), slots.join(", "));
                return Err(config::ConfigError::Message(message).into());
            }
            let preset = value.into_string().map_err(|error| error.extend_with_key(&named(&key)))?;
            presets.insert(key, preset);
        }
        Ok(Self { fallback_to_tiny, presets })
    }

    /// Empty if the key names no preset.
    #[must_use]
    pub fn preset(&self, key: &str) -> &str {
        self.presets.get(key).map_or("", String::as_str)
    }
}
