//! The configuration: one commented file, a struct per section.
//!
//! `default.toml` beside this file, the section of each kind and the models that the kinds need are the defaults and
//! their documentation; `ruche config` prints them. The file that `RUCHE_CONFIG` names overrides them, and
//! `RUCHE_<SECTION>__<KEY>` overrides both. Everything is checked at start. Secrets come from the environment only.

use std::collections::HashMap;

use config::{Config as Layers, Environment, File, FileFormat, Value, ValueKind};
use serde::Deserialize;

mod egress;
mod known;
mod models;
mod origins;
mod search;
mod sections;
#[cfg(test)]
mod tests;

pub use egress::{Allowed, Egress, NotAllowable};
pub use models::Models;
pub use origins::{NotAnOrigin, Origins};
pub use search::Search;
pub use sections::*;

pub use crate::settings::ConfigError;
use crate::{descriptor::Descriptor, ids::Kind, job::Job, kinds, settings::Check};

#[derive(Debug, Clone)]
pub struct Config {
    pub nats: Nats,
    pub postgres: Postgres,
    /// The store for large bodies and results.
    pub objects: Objects,
    pub gateway: Gateway,
    pub limits: Limits,
    pub worker: Worker,
    pub egress: Egress,
    pub search: Search,
    pub telemetry: Telemetry,
    /// The models that `ruche up` and `ruche models` fetch.
    pub models: Models,
    kinds: Sections,
}

/// The sections that belong to no kind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Common {
    nats: Nats,
    postgres: Postgres,
    objects: Objects,
    gateway: Gateway,
    limits: Limits,
    worker: Worker,
    egress: Egress,
    search: Search,
    telemetry: Telemetry,
}

/// The kinds' sections, as their settings serialize.
#[derive(Clone)]
struct Sections(HashMap<Kind, serde_json::Value>);

impl std::fmt::Debug for Sections {
    /// Prints only the names: a kind's settings may contain secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The documented default settings for these kinds, in TOML.
#[must_use]
pub fn defaults(kinds: &[Descriptor]) -> String {
    let sections = kinds.iter().map(|kind| kind.defaults.trim_end()).filter(|section| !section.is_empty());
    let all = std::iter::once(include_str!("default.toml").trim_end()).chain(sections);
    all.map(|section| format!("{section}\n\n")).collect::<String>() + &models::defaults(kinds)
}

impl Config {
    /// Reads the defaults, the file that `RUCHE_CONFIG` names and the process's environment, and checks the result.
    /// An error names the key, the value and what is allowed.
    pub fn load() -> Result<Self, ConfigError> {
        Self::load_for(&kinds::all())
    }

    /// As [`Config::load`], with these kinds.
    pub fn load_for(kinds: &[Descriptor]) -> Result<Self, ConfigError> {
        Self::from_layers_for(kinds, std::env::var("RUCHE_CONFIG").ok().as_deref(), None)
    }

    /// Reads the defaults, this file, and these variables; the environment's if `variables` is `None`.
    pub fn from_layers(file: Option<&str>, variables: Option<HashMap<String, String>>) -> Result<Self, ConfigError> {
        Self::from_layers_for(&kinds::all(), file, variables)
    }

    /// As [`Config::from_layers`], with these kinds.
    pub fn from_layers_for(
        kinds: &[Descriptor],
        file: Option<&str>,
        variables: Option<HashMap<String, String>>,
    ) -> Result<Self, ConfigError> {
        let defaults = File::from_str(&defaults(kinds), FileFormat::Toml);
        let mut layers = Layers::builder();
        if let Some(file) = file {
            layers = layers.add_source(File::new(file, FileFormat::Toml));
        }
        // Only RUCHE_SECTION__KEY: RUCHE_URL and RUCHE_KEY are for clients.
        let is_setting = |name: &str| name.starts_with("RUCHE_") && name.contains("__");
        let variables = variables.unwrap_or_else(|| std::env::vars().collect());
        let variables = variables.into_iter().filter(|(name, _)| is_setting(name)).collect();
        let environment =
            Environment::with_prefix("RUCHE").prefix_separator("_").separator("__").source(Some(variables));
        let (set, defaults) = (layers.add_source(environment).build()?, Layers::builder().add_source(defaults));
        known::check(&set.cache.clone().into_table()?, &defaults.clone().build()?.cache.into_table()?)?;
        Self::of_sections(defaults.add_source(set).build()?.try_deserialize()?, kinds)
    }

    fn of_sections(mut all: HashMap<String, Value>, kinds: &[Descriptor]) -> Result<Self, ConfigError> {
        let mut sections = HashMap::new();
        for kind in kinds.iter().filter(|kind| !kind.defaults.is_empty()) {
            let section = take(&mut all, kind.kind.as_str());
            sections.insert(kind.kind.clone(), kind.settings(section)?);
        }
        let models = Models::of(take(&mut all, "models"), kinds)?;
        let common = Common::deserialize(Value::new(None, ValueKind::Table(all.into_iter().collect())))?;
        common.check()?;
        let Common { nats, postgres, objects, gateway, limits, worker, egress, search, telemetry } = common;
        let kinds = Sections(sections);
        Ok(Self { nats, postgres, objects, gateway, limits, worker, egress, search, telemetry, models, kinds })
    }

    /// Fails if the configuration was read without this kind.
    pub fn of<J: Job>(&self) -> Result<J::Settings, ConfigError> {
        let section = self.kinds.0.get(&J::KIND).ok_or_else(|| ConfigError::NoSection(J::KIND.to_string()))?;
        J::Settings::deserialize(section).map_err(|error| ConfigError::wrong_type(&error.to_string(), J::KIND.as_str()))
    }

    /// A text in the section of a kind; empty if there is none.
    #[must_use]
    pub fn text(&self, kind: &Kind, key: &str) -> &str {
        self.kinds.0.get(kind).and_then(|section| section[key].as_str()).unwrap_or_default()
    }
}

fn take(all: &mut HashMap<String, Value>, section: &str) -> Value {
    all.remove(section).unwrap_or_else(|| Value::new(None, ValueKind::Table(config::Map::new())))
}

impl Common {
    fn check(&self) -> Result<(), ConfigError> {
        self.nats.check(Check::new("nats"))?;
        self.postgres.check(Check::new("postgres"))?;
        self.objects.check(Check::new("objects"))?;
        self.gateway.check(Check::new("gateway"))?;
        self.limits.check(Check::new("limits"))?;
        self.worker.check(Check::new("worker"))?;
        self.egress.check(Check::new("egress"))?;
        self.search.check(Check::new("search"))?;
        self.telemetry.check(Check::new("telemetry"))
    }
}
