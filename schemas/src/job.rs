//! A kind of job is the type of its input, which implements [`Job`].

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    event::{Outcome, Progress},
    failure::Invalid,
    ids::Kind,
    lenient,
    limits::Limits,
    metrics::Metric,
    models::ModelSlot,
    plain,
    settings::Settings,
};

/// The longest name of a model.
const MODEL_BYTES: usize = 256;

/// The input of a kind of job. The kind's configuration, workers, models and documents are derived from it.
pub trait Job: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static {
    const KIND: Kind;
    /// The version of the input's schema. Raise it for a change that an older worker can't read.
    const VERSION: u16;
    /// The bounds of one job.
    const LIMITS: Limits;
    /// What a job reports while it runs.
    type Progress: Progress;
    type Output: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static;
    /// The kind's section of the configuration; `()` if it has none.
    type Settings: Settings;

    /// What the kind does, in one sentence.
    const ABOUT: &'static str = "";
    /// The models that the kind's workers load. A worker needs the first; the others are additional.
    const MODELS: &'static [ModelSlot] = &[];
    /// The metrics of the kind's workers, in addition to those of every kind.
    const METRICS: &'static [&'static Metric] = &[];
    /// `ruche up` starts an optional kind only if its first model is configured.
    const OPTIONAL: bool = false;
    /// Whether the kind's workers fetch URLs that a job names.
    const FETCHES: bool = false;
    /// The cargo feature of `ruche-workers` that builds the kind; `None`: every build has it.
    const FEATURE: Option<&'static str> = None;
    /// A sample request for a shell with `RUCHE_URL` and `RUCHE_KEY`; `{model}` stands for the first model's name.
    const EXAMPLE: Option<&'static str> = None;

    /// Checks what types can't: ranges, sizes, combinations. The gateway and the worker both call it. An error names
    /// the first field that is wrong.
    fn check(&self) -> Result<(), Invalid>;
}

pub type OutcomeOf<J> = Outcome<<J as Job>::Output>;

/// Reads and checks a job's body. Unknown fields are ignored, and their paths appended. An error names the field and says
/// what is allowed.
pub fn read<J: Job>(json: &str, ignored: &mut Vec<String>) -> Result<J, Invalid> {
    let job: J = lenient::from_str(json, ignored)?;
    job.check()?;
    Ok(job)
}

/// As [`within`], without the least value itself: over 0.
pub(crate) fn over_zero(param: &str, value: f32, max: f32) -> Result<(), Invalid> {
    match value > 0.0 && value <= max {
        true => Ok(()),
        false => {
            let [value, max] = [value, max].map(|number| shortest(&number));
            Err(Invalid::new(param, format!("{value} is out of range: over 0 and at most {max} is allowed")))
        }
    }
}

/// NaN is never in the range.
pub(crate) fn within<N: PartialOrd + std::fmt::Display>(param: &str, value: N, min: N, max: N) -> Result<(), Invalid> {
    match value >= min && value <= max {
        true => Ok(()),
        false => {
            let [value, min, max] = [value, min, max].map(|number| shortest(&number));
            Err(Invalid::new(param, format!("{value} is out of range: from {min} to {max} is allowed")))
        }
    }
}

/// A model's name, where one is given.
pub(crate) fn check_model(model: Option<&str>) -> Result<(), Invalid> {
    match model.map(str::len) {
        Some(0) => Err(Invalid::new("model", "is empty: name a model, or leave it out for the worker's own")),
        Some(bytes) => counted("model", bytes, "bytes", 1, MODEL_BYTES),
        None => Ok(()),
    }
}

/// How many things (`texts`, `bytes`) a field may have. One that has none may also be missing, unless it is an item of a
/// list.
pub(crate) fn counted(param: &str, count: usize, things: &str, min: usize, max: usize) -> Result<(), Invalid> {
    let message = match count {
        0 if min > 0 && param.ends_with(']') => format!("is empty: {min} to {max} {things} are allowed"),
        0 if min > 0 => format!("is missing or empty: {min} to {max} {things} are allowed"),
        count if count > max => format!("has {count} {things}: at most {max} are allowed"),
        count if count < min => format!("has {count} {things}: at least {min} are needed"),
        _ => return Ok(()),
    };
    Err(Invalid::new(param, message))
}

/// Single precision has other digits in double precision, so it goes by its text.
fn shortest(number: &impl std::fmt::Display) -> String {
    let text = number.to_string();
    text.parse().map_or(text, plain::number)
}
