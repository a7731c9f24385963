//! What a kind of job is: the type of its input, which implements [`Job`].

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    event::{Outcome, Progress},
    failure::Invalid,
    ids::Kind,
    limits::Limits,
    metrics::Metric,
    models::ModelSlot,
    settings::Settings,
};

/// The input of a kind of job, and all that the system derives from a kind: configuration, workers, models, documents.
pub trait Job: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static {
    const KIND: Kind;
    /// The version of its schema; raised by a change that an older worker can't read.
    const VERSION: u16;
    /// What one job may take.
    const LIMITS: Limits;
    /// What it reports while it runs.
    type Progress: Progress;
    type Output: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static;
    /// Its section of the configuration; `()` where it has none.
    type Settings: Settings;

    /// What it does, in one sentence.
    const ABOUT: &'static str = "";
    /// The models that its workers load. A worker can't run without the first; the others are additional.
    const MODELS: &'static [ModelSlot] = &[];
    /// What its workers count, beside what every kind counts.
    const METRICS: &'static [&'static Metric] = &[];
    /// Whether the system is complete without it: `ruche up` starts an optional kind only if its first model is configured.
    const OPTIONAL: bool = false;
    /// Whether its workers fetch from the network what a job names.
    const FETCHES: bool = false;
    /// The cargo feature of `ruche-workers` that builds it; `None`: every build has it.
    const FEATURE: Option<&'static str> = None;
    /// A first request for a shell with `RUCHE_URL` and `RUCHE_KEY`; `{model}` stands for the first model's name.
    const EXAMPLE: Option<&'static str> = None;

    /// Checks what types can't: ranges, sizes, combinations. The gateway and the worker both call it.
    ///
    /// # Errors
    /// The first field that is wrong.
    fn check(&self) -> Result<(), Invalid>;
}

/// How a job of this kind ended.
pub type OutcomeOf<J> = Outcome<<J as Job>::Output>;

/// Reads and checks a job's body.
///
/// # Errors
/// The field that is wrong, and what is allowed.
pub fn read<J: Job>(json: &str) -> Result<J, Invalid> {
    let mut json = serde_json::Deserializer::from_str(json);
    let job: J = serde_path_to_error::deserialize(&mut json).map_err(|error| Invalid::unreadable(&error))?;
    json.end().map_err(|error| Invalid::new("body", error.to_string()))?;
    job.check()?;
    Ok(job)
}

/// Checks that a number lies in a range; NaN never does.
pub(crate) fn within<N: PartialOrd + std::fmt::Display>(param: &str, value: N, min: N, max: N) -> Result<(), Invalid> {
    match value >= min && value <= max {
        true => Ok(()),
        false => Err(Invalid::new(param, format!("{value} is out of range: from {min} to {max} is allowed"))),
    }
}
