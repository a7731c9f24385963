//! The section `models`: a key for each model that a kind needs; its value is the name of a preset.

use std::collections::BTreeMap;

use config::{Value, ValueKind};

use super::egress::items;
use crate::{bots::BOT_PREFIX, descriptor::Descriptor, settings::ConfigError};

const FALLBACK: &str = "fallback_to_tiny";
const FALLBACK_DEFAULT: &str = "\
# Whether `ruche up` uses models that need no hub (SmolLM2-135M, the tiny demo model, all-minilm-l6-v2) if the model hub
# can't be reached. false: the start fails then.
fallback_to_tiny = true
";
const ALIASES: &str = "aliases";
const KEY: &str = "models.aliases";
const ALIASES_DEFAULT: &str = "\
# Aliases of models and bots, for programs that need a certain name: { \"gpt-4o-mini\" = \"bot:help\" }, or in the environment
# RUCHE_MODELS__ALIASES=\"gpt-4o-mini=bot:help, text-embedding-3-small=all-minilm-l6-v2\". An empty target is the worker's own
# model, as in a request without a model. `default` is such an alias, unless you set it to another target. An alias may name
# another alias. It hides a model of the same name, and can't begin with `bot:`.
aliases = {}
";
/// How many there may be, and how long a name and its target may be, in bytes.
const MOST_ALIASES: usize = 200;
const ALIAS_BYTES: usize = 256;

#[derive(Debug, Clone)]
pub struct Models {
    /// Whether models that need no hub replace others while the hub can't be reached.
    pub fallback_to_tiny: bool,
    /// What other names stand for; an empty target is the worker's own model.
    pub aliases: BTreeMap<String, String>,
    presets: BTreeMap<String, String>,
}

/// The section with its defaults, in TOML.
pub(super) fn defaults(kinds: &[Descriptor]) -> String {
    let slots = kinds.iter().flat_map(|kind| kind.models);
    let keys =
        slots.map(|slot| format!("# {}\n{} = {:?}\n", slot.comment.replace('\n', "\n# "), slot.name, slot.default));
    format!("[models]\n{}{FALLBACK_DEFAULT}{ALIASES_DEFAULT}", keys.collect::<String>())
}

impl Models {
    pub(super) fn of(section: Value, kinds: &[Descriptor]) -> Result<Self, ConfigError> {
        let mut section = section.into_table().map_err(|error| error.extend_with_key("models"))?;
        let named = |key: &str| format!("models.{key}");
        let fallback = section.remove(FALLBACK).map_or(Ok(true), Value::into_bool);
        let fallback_to_tiny = fallback.map_err(|error| error.extend_with_key(&named(FALLBACK)))?;
        let aliases = aliases(section.remove(ALIASES))?;
        let slots: Vec<&str> = kinds.iter().flat_map(|kind| kind.models).map(|slot| slot.name).collect();
        let mut presets = BTreeMap::new();
        for (key, value) in section {
            if !slots.contains(&key.as_str()) {
                let hint = format!("there are {}, {FALLBACK}, {ALIASES}", slots.join(", "));
                return Err(ConfigError::Unknown { key: named(&key), hint });
            }
            let preset = value.into_string().map_err(|error| error.extend_with_key(&named(&key)))?;
            presets.insert(key, preset);
        }
        Ok(Self { fallback_to_tiny, aliases, presets })
    }

    /// Empty if the key names no preset.
    #[must_use]
    pub fn preset(&self, key: &str) -> &str {
        self.presets.get(key).map_or("", String::as_str)
    }
}

/// A table, or pairs as in `a=b, c=d`.
fn aliases(section: Option<Value>) -> Result<BTreeMap<String, String>, ConfigError> {
    let mut aliases = BTreeMap::from([("default".to_owned(), String::new())]);
    match section.map(|value| value.kind) {
        None | Some(ValueKind::Nil) => {}
        Some(ValueKind::Table(pairs)) => {
            for (name, target) in pairs {
                let target = target.into_string().map_err(|error| error.extend_with_key(KEY))?;
                aliases.insert(name, target);
            }
        }
        Some(other) => {
            for pair in items(&other.to_string()) {
                let (name, target) = pair.split_once('=').ok_or_else(|| not_allowed(pair))?;
                aliases.insert(name.trim().to_owned(), target.trim().to_owned());
            }
        }
    }
    let fits =
        |(name, target): (&String, &String)| (1..=ALIAS_BYTES).contains(&name.len()) && target.len() <= ALIAS_BYTES;
    if let Some((name, target)) = aliases.iter().find(|(name, _)| name.starts_with(BOT_PREFIX)) {
        return Err(ConfigError::NotAllowed {
            key: KEY.to_owned(),
            value: format!("{name}={target}").chars().take(80).collect(),
            allowed: format!("an alias can't begin with {BOT_PREFIX}, which bots' names do: give it another name"),
        });
    }
    match aliases.iter().find(|pair| !fits(*pair)) {
        Some((name, target)) => Err(not_allowed(&format!("{name}={target}"))),
        None if aliases.len() > MOST_ALIASES => Err(not_allowed(&format!("{} names", aliases.len()))),
        None => aliases.keys().map(|name| Ok((name.clone(), last(&aliases, name)?))).collect(),
    }
}

/// What an alias stands for in the end: an alias may stand for another.
fn last(aliases: &BTreeMap<String, String>, name: &str) -> Result<String, ConfigError> {
    let mut way = vec![name];
    while let Some(target) = way.last().and_then(|name| aliases.get(*name)) {
        let again = way.contains(&target.as_str());
        way.push(target);
        if again {
            return Err(ConfigError::NotAllowed {
                key: KEY.to_owned(),
                value: way.join(" = ").chars().take(200).collect(),
                allowed:
                    "these names stand for each other; let the last one stand for a model, for a bot (bot:NAME), or \
                          for nothing, which is the worker's own model"
                        .to_owned(),
            });
        }
    }
    Ok(way.pop().unwrap_or_default().to_owned())
}

fn not_allowed(value: &str) -> ConfigError {
    ConfigError::NotAllowed {
        key: KEY.to_owned(),
        value: value.chars().take(80).collect(),
        allowed: format!(
            "up to {MOST_ALIASES} pairs such as gpt-4o-mini=bot:help, each side of at most {ALIAS_BYTES} bytes"
        ),
    }
}
