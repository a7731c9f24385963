//! A kind as values: for code that passes jobs on, starts workers or writes documents for any kind.

use std::collections::HashMap;

use schemars::{Schema, SchemaGenerator};
use serde_json::value::RawValue;

use crate::{
    envelope::Envelope,
    failure::Invalid,
    ids::Kind,
    job::{self, Job},
    limits::Limits,
    metrics::Metric,
    models::ModelSlot,
    settings::{Check, ConfigError, Settings as _},
};

/// What a kind's type declares in [`Job`], as values.
#[derive(Debug, Clone)]
pub struct Descriptor {
    pub kind: Kind,
    pub version: u16,
    pub limits: Limits,
    pub about: &'static str,
    /// The kind's section of the configuration with comments, in TOML; empty: no section.
    pub defaults: &'static str,
    pub models: &'static [ModelSlot],
    pub metrics: &'static [&'static Metric],
    pub optional: bool,
    pub fetches: bool,
    pub feature: Option<&'static str>,
    pub example: Option<&'static str>,
    parse: fn(&str, &mut Vec<String>) -> Result<Box<RawValue>, Invalid>,
    schema: fn(&mut SchemaGenerator) -> (Schema, Schema),
    envelope: fn(&mut SchemaGenerator) -> Schema,
    settings: fn(config::Value) -> Result<serde_json::Value, ConfigError>,
}

impl Descriptor {
    #[must_use]
    pub fn of<J: Job>() -> Self {
        Self {
            kind: J::KIND,
            version: J::VERSION,
            limits: J::LIMITS,
            about: J::ABOUT,
            defaults: J::Settings::DEFAULTS,
            models: J::MODELS,
            metrics: J::METRICS,
            optional: J::OPTIONAL,
            fetches: J::FETCHES,
            feature: J::FEATURE,
            example: J::EXAMPLE,
            parse: |json, ignored| {
                let job: J = job::read(json, ignored)?;
                serde_json::value::to_raw_value(&job).map_err(|error| Invalid::new("body", error.to_string()))
            },
            schema: |generator| (generator.subschema_for::<J>(), generator.subschema_for::<J::Output>()),
            envelope: |generator| generator.root_schema_for::<Envelope<J>>(),
            settings: |section| {
                // In its own table, so that errors name the section.
                let table = HashMap::from([(J::KIND.to_string(), section)]);
                let table = config::Value::new(None, config::ValueKind::Table(table));
                let mut table: HashMap<String, J::Settings> = table.try_deserialize()?;
                let settings = table.remove(J::KIND.as_str());
                let settings = settings.ok_or_else(|| ConfigError::NoSection(J::KIND.to_string()))?;
                settings.check(Check::new(J::KIND.as_str()))?;
                serde_json::to_value(settings)
                    .map_err(|error| ConfigError::wrong_type(&error.to_string(), J::KIND.as_str()))
            },
        }
    }

    /// Reads and checks a job's body; returns its canonical form. Unknown fields are ignored, and their paths appended.
    /// An error names the field and says what is allowed.
    pub fn parse(&self, json: &str, ignored: &mut Vec<String>) -> Result<Box<RawValue>, Invalid> {
        (self.parse)(json, ignored)
    }

    /// The JSON Schemas (2020-12) of input and output.
    #[must_use]
    pub fn schemas(&self, generator: &mut SchemaGenerator) -> (Schema, Schema) {
        (self.schema)(generator)
    }

    /// The JSON Schema (2020-12) of a job as a message: envelope and body.
    #[must_use]
    pub fn envelope(&self, generator: &mut SchemaGenerator) -> Schema {
        (self.envelope)(generator)
    }

    /// Reads and checks the kind's section of the configuration.
    pub(crate) fn settings(&self, section: config::Value) -> Result<serde_json::Value, ConfigError> {
        (self.settings)(section)
    }
}
