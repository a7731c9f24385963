//! The events of a job: an append-only log with one writer at a time.
//!
//! `n` counts up from 1 within the job. It is the SSE id, the resume token on every transport and the dedup id.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Claim, Failure, Kind, Lane,
    flow::{Next, Origin},
};

/// The type of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EventType {
    /// The job is stored and waits for a worker.
    Accepted,
    /// A worker began an attempt. Data: `worker`, the name of the worker.
    Started,
    /// An attempt failed; there will be another. Data: `error` and `next_attempt_at`.
    Retrying,
    /// The progress. Data: `done`, `total` and `message`, or the kind's own.
    Progress,
    /// A piece of the answer.
    Delta,
    /// A verdict of moderation.
    Verdict,
    /// The answer was cut by moderation.
    Cut,
    /// The job succeeded. Data: the kind's output.
    Done,
    /// The job failed. Data: `code`, `message` and `param`.
    Failed,
    /// The job was cancelled before it ended.
    Cancelled,
}

impl EventType {
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Started => "started",
            Self::Retrying => "retrying",
            Self::Progress => "progress",
            Self::Delta => "delta",
            Self::Verdict => "verdict",
            Self::Cut => "cut",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// An event of a job, as stored and as sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// Position in the job's log, from 1.
    pub n: u64,
    /// Its type.
    #[serde(rename = "type")]
    pub event: EventType,
    /// The job's kind.
    pub kind: Kind,
    /// The attempt that wrote it, from 1; 0 is the gateway's `accepted`.
    pub attempt: u32,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// The data of the event, by type and kind.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub data: Value,
    /// Where the output is stored, if it is too large for an event. `data` is missing then; `GET /v1/jobs/{job}/result`
    /// returns the output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
}

impl Record {
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        T::deserialize(&self.data)
    }
}

/// The data of `started`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Started {
    /// The worker's name: host and process.
    pub worker: String,
}

/// The data of `accepted`: the properties of a job that is not in Postgres yet.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Accepted {
    /// Its lane.
    #[serde(default)]
    pub lane: Lane,
    /// When it is to begin, if that is later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_at: Option<DateTime<Utc>>,
    /// Where it comes from, in a flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Its batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<Uuid>,
    /// Jobs to start when it succeeds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on_success: Vec<Next>,
    /// Jobs to start when it fails.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on_failure: Vec<Next>,
}

/// The data of `retrying`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Retrying {
    /// The error in words.
    pub error: String,
    /// When the next attempt begins, at the earliest.
    pub next_attempt_at: DateTime<Utc>,
}

/// How far a job is, for any kind: so many steps of so many.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Steps {
    /// Steps done.
    pub done: u64,
    /// The total number of steps, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// The current step, in a few words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

/// Keeps the newest counts.
impl Progress for Steps {
    fn absorb(&mut self, next: Self) -> Option<Self> {
        *self = next;
        None
    }
}

/// A kind's reports while a job runs, and the type of their events.
pub trait Progress: Serialize + DeserializeOwned + Send + Sync + 'static {
    fn event_type(&self) -> EventType {
        EventType::Progress
    }

    /// Merges the next report into this one, so that one event carries both; returns `next` if they can't be merged.
    fn absorb(&mut self, next: Self) -> Option<Self>
    where
        Self: Sized,
    {
        Some(next)
    }
}

impl Progress for () {}

/// How a job ended: what its row keeps and its last event says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", content = "data", rename_all = "lowercase")]
pub enum Outcome<O> {
    /// It ended well.
    Done(O),
    /// It ended well, and the output is in the object store.
    Claimed(Claim),
    /// It ended badly.
    Failed(Failure),
    /// It was cancelled.
    Cancelled,
}

impl<O: Serialize> Outcome<O> {
    #[must_use]
    pub const fn event_type(&self) -> EventType {
        match self {
            Self::Done(_) | Self::Claimed(_) => EventType::Done,
            Self::Failed(_) => EventType::Failed,
            Self::Cancelled => EventType::Cancelled,
        }
    }

    /// The data of the last event. Fails if the output can't be written as JSON (a map with keys that are not
    /// strings).
    pub fn data(&self) -> Result<Value, serde_json::Error> {
        match self {
            Self::Done(output) => serde_json::to_value(output),
            Self::Failed(failure) => serde_json::to_value(failure),
            Self::Claimed(_) | Self::Cancelled => Ok(Value::Null),
        }
    }
}

impl<O> Outcome<O> {
    #[must_use]
    pub const fn claim(&self) -> Option<&Claim> {
        match self {
            Self::Claimed(claim) => Some(claim),
            Self::Done(_) | Self::Failed(_) | Self::Cancelled => None,
        }
    }
}
