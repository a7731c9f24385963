//! Toy: counts the words of a text. `schemas/src/kinds/toy.rs` would need no more.

use std::time::Duration;

use ruche_schemas::{
    Backoff, Invalid, Job, Kind, Limits,
    event::Steps,
    metrics::{Measure, Metric},
    models::{Family, ModelSlot},
    settings::{self, Check, ConfigError},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub static WORDS: Metric = Metric { name: "words", help: "Words counted", measure: Measure::Counter };

/// A toy job's input.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Toy {
    /// At most 1000 bytes.
    pub text: String,
}

/// A toy job's result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Counted {
    pub words: usize,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub slots: usize,
    pub model_path: String,
    pub model_name: String,
    pub separator: String,
}

impl settings::Settings for Settings {
    const DEFAULTS: &'static str = r#"
[toy]
# Jobs at once, 1 to 8.
slots = 2
# A file of a model that counts; this toy counts without one.
model_path = ""
model_name = ""
# What stands between two words.
separator = " "
"#;

    fn check(&self, check: Check<'_>) -> Result<(), ConfigError> {
        check.range("slots", self.slots, 1..=8, "")?;
        check.rule(!self.separator.is_empty(), "separator", &self.separator, "at least one character")
    }
}

impl Job for Toy {
    const KIND: Kind = Kind::new("toy");
    const VERSION: u16 = 1;
    const LIMITS: Limits = Limits {
        payload_bytes: 4096,
        deadline: Duration::from_secs(10),
        attempts: 3,
        backoff: Backoff { base: Duration::from_millis(10), factor: 2.0, cap: Duration::from_secs(1) },
    };
    type Progress = Steps;
    type Output = Counted;
    type Settings = Settings;

    const ABOUT: &'static str = "Counts words.";
    const MODELS: &'static [ModelSlot] = &[ModelSlot {
        name: "toy",
        prefix: "",
        default: "",
        comment: "What counts words. Without a name there is none.",
        label: "counts",
        family: &Family { name: "toy", presets: &[], built_in: &[] },
        own_workers: false,
        container: None,
    }];
    const METRICS: &'static [&'static Metric] = &[&WORDS];
    const OPTIONAL: bool = true;

    fn check(&self) -> Result<(), Invalid> {
        match self.text.len() {
            0..=1000 => Ok(()),
            bytes => Err(Invalid::new("text", format!("has {bytes} bytes: at most 1000 are allowed"))),
        }
    }
}
