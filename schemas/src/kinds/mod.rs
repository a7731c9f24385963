//! The kinds of job: one file each says what may be asked and what comes back.
//!
//! A new kind is a file here, its `mod` line and its row in [`all`].

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};

use crate::{Envelope, Invalid, Kind, Limits, event::Progress};

pub mod chat;
pub mod embed;
pub mod render;
pub mod rerank;

/// The kinds that this build knows, in the order of the documentation.
#[must_use]
pub fn all() -> Vec<Descriptor> {
    vec![
        Descriptor::of::<chat::Chat>(),
        Descriptor::of::<embed::Embed>(),
        Descriptor::of::<render::Render>(),
        Descriptor::of::<rerank::Rerank>(),
    ]
}

/// What a kind of job says: its input is the implementing type.
pub trait Job: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// Its name.
    const KIND: Kind;
    /// The version of its schema; raised by a change that an older worker can't read.
    const VERSION: u16;
    /// What one job may take.
    const LIMITS: Limits;
    /// What it reports while it runs.
    type Progress: Progress;
    /// What it gives.
    type Output: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static;

    /// Checks what types can't: ranges, sizes, combinations. The gateway and the worker both call it.
    ///
    /// # Errors
    /// The first field that is wrong.
    fn check(&self) -> Result<(), Invalid>;
}

/// A kind without its types: for those who pass jobs on without knowing them.
#[derive(Debug, Clone)]
pub struct Descriptor {
    /// Its name.
    pub kind: Kind,
    /// The version of its schema.
    pub version: u16,
    /// What one job may take.
    pub limits: Limits,
    parse: fn(&str) -> Result<Box<RawValue>, Invalid>,
    schema: fn(&mut SchemaGenerator) -> (Schema, Schema),
    envelope: fn(&mut SchemaGenerator) -> Schema,
}

impl Descriptor {
    /// The descriptor of this kind.
    #[must_use]
    pub fn of<J: Job>() -> Self {
        Self {
            kind: J::KIND,
            version: J::VERSION,
            limits: J::LIMITS,
            parse: |json| {
                let job: J = read(json)?;
                serde_json::value::to_raw_value(&job).map_err(|error| Invalid::new("body", error.to_string()))
            },
            schema: |generator| (generator.subschema_for::<J>(), generator.subschema_for::<J::Output>()),
            envelope: |generator| generator.root_schema_for::<Envelope<J>>(),
        }
    }

    /// Reads and checks a job's body; what comes back is its canonical form.
    ///
    /// # Errors
    /// The field that is wrong, and what is allowed.
    pub fn parse(&self, json: &str) -> Result<Box<RawValue>, Invalid> {
        (self.parse)(json)
    }

    /// The JSON Schemas (2020-12) of input and output.
    #[must_use]
    pub fn schemas(&self, generator: &mut SchemaGenerator) -> (Schema, Schema) {
        (self.schema)(generator)
    }

    /// The JSON Schema (2020-12) of a job of this kind as a message: its envelope, with its body.
    #[must_use]
    pub fn envelope(&self, generator: &mut SchemaGenerator) -> Schema {
        (self.envelope)(generator)
    }
}

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

/// The body of a job whose kind is not known here: kept as it is.
pub type Body = Value;
