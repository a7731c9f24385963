//! The data types of a flow.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::Value;
use uuid::Uuid;

use crate::{JobId, Kind, Lane};

pub const MAX_CHILDREN: usize = 1_000;

/// The deepest nesting of a flow, as written in its first job.
pub const MAX_DEPTH: usize = 16;

/// The jobs to start at a job's end: one, or several at once.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Next {
    /// Several jobs at once, and one job when all have ended.
    Fan(Fan),
    /// One job.
    One(Template),
}

/// Several jobs at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Fan {
    /// A JSON pointer (RFC 6901) to an array in the result: `all` is started once for each element, which is then the
    /// result that `with` copies from. Default: `all` is started once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<String>,
    /// The jobs.
    pub all: Vec<Template>,
    /// The job to start when all of them have ended, successful or not. Its `with` copies from `{"results": [{"job",
    /// "state", "output"|"error"}]}`, in the order of the jobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub join: Option<Box<Template>>,
}

/// A job template; `with` copies parts of the result into its body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Template {
    /// Its kind.
    pub kind: Kind,
    /// Its lane. Default: the lane of the job before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane: Option<Lane>,
    /// Its body, by the schema of its kind.
    #[serde(default)]
    pub body: Value,
    /// Copies from the result: JSON pointers into the body, each with a JSON pointer into the result (an empty one is
    /// the whole result). A part that the result lacks becomes `null`; the job fails if its kind does not allow `null`
    /// there.
    #[serde(default, rename = "with", skip_serializing_if = "BTreeMap::is_empty")]
    pub fill: BTreeMap<String, String>,
    /// Jobs to start when it succeeds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on_success: Vec<Next>,
    /// Jobs to start when it fails. Their `with` copies from the failure: `code`, `message`, `param`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on_failure: Vec<Next>,
}

/// The fields of both forms of a step, so that each wrong or unknown one is found by its path.
#[derive(Deserialize)]
struct Step {
    kind: Option<Kind>,
    lane: Option<Lane>,
    #[serde(default)]
    body: Value,
    #[serde(default, rename = "with")]
    fill: BTreeMap<String, String>,
    #[serde(default)]
    on_success: Vec<Next>,
    #[serde(default)]
    on_failure: Vec<Next>,
    each: Option<String>,
    all: Option<Vec<Template>>,
    join: Option<Box<Template>>,
}

impl<'de> Deserialize<'de> for Next {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Step { kind, lane, body, fill, on_success, on_failure, each, all, join } = Step::deserialize(deserializer)?;
        let of_one =
            lane.is_some() || !(body.is_null() && fill.is_empty() && on_success.is_empty() && on_failure.is_empty());
        match (kind, all) {
            (None, Some(_)) if of_one => Err(D::Error::custom(
                "`all` is several jobs: `lane`, `body`, `with`, `on_success` and `on_failure` belong into each of them",
            )),
            (None, Some(all)) => Ok(Self::Fan(Fan { each, all, join })),
            (Some(_), None) if each.is_some() || join.is_some() => {
                Err(D::Error::custom("`each` and `join` belong to several jobs: list these in `all`"))
            }
            (Some(kind), None) => Ok(Self::One(Template { kind, lane, body, fill, on_success, on_failure })),
            _ => {
                Err(D::Error::custom("a step is one job, with `kind`, or several at once, in `all`: give one of them"))
            }
        }
    }
}

/// Where a job of a flow comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Origin {
    /// The first job of the flow.
    pub root: JobId,
    /// The job whose end started this one.
    pub parent: JobId,
}

/// A job's place in a group: jobs that are counted together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Member {
    /// The group: a batch's id, or one derived from the job that fanned out.
    pub group: Uuid,
    /// Its place, from 0.
    pub index: u32,
    /// How many there are, where that is known from the start (not in a batch).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<u32>,
    /// What is started when all have ended (of a batch, its row knows it).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub join: Option<Box<Join>>,
}

/// The job that waits for a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Join {
    /// Its id.
    pub id: JobId,
    /// Where it comes from.
    pub origin: Origin,
    /// What it is.
    pub template: Template,
}
