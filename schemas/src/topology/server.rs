//! Streams and consumers as the server's configuration: `nats stream add --config` takes a stream of
//! `nats/topology.json`.

use std::time::Duration;

use serde::Serialize;

use crate::config;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stream {
    pub name: String,
    pub description: String,
    pub subjects: Vec<String>,
    /// `limits` or `workqueue`.
    pub retention: &'static str,
    /// `file` or `memory`.
    pub storage: &'static str,
    /// What a full stream does with a new message: `new` refuses it, `old` drops the oldest message.
    pub discard: &'static str,
    pub num_replicas: u8,
    /// -1: no bound.
    pub max_msgs: i64,
    /// -1: no bound.
    pub max_msgs_per_subject: i64,
    /// Whether a message over that bound is refused, instead of dropping the subject's oldest.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub discard_new_per_subject: bool,
    /// In bytes, headers included; -1: the server's bound.
    pub max_msg_size: i64,
    /// In nanoseconds; 0: forever.
    #[serde(serialize_with = "nanos")]
    pub max_age: Duration,
    /// How long message ids are remembered, in nanoseconds.
    #[serde(serialize_with = "nanos")]
    pub duplicate_window: Duration,
    /// Whether a message may say when it is due.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allow_msg_schedules: bool,
    /// Whether any replica answers reads.
    pub allow_direct: bool,
    /// Whether a message may set its own lifetime.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allow_msg_ttl: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub republish: Option<Republish>,
    #[serde(skip)]
    pub consumers: Vec<Consumer>,
    /// Consumers of earlier versions that overlap with these.
    #[serde(skip)]
    pub obsolete: &'static [&'static str],
}

/// Publishes stored messages on another subject as well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Republish {
    pub src: String,
    pub dest: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Consumer {
    pub durable_name: String,
    pub name: String,
    pub filter_subject: String,
    pub ack_policy: &'static str,
    pub deliver_policy: &'static str,
    /// How long a message stays with a worker that sends no heartbeat, in nanoseconds.
    #[serde(serialize_with = "nanos")]
    pub ack_wait: Duration,
    /// -1: the worker runtime counts attempts, because only it can write a dead letter with its reason. A bound here
    /// would leave a job in the queue unnoticed.
    pub max_deliver: i64,
    /// Unacknowledged messages at once, delayed retries included.
    pub max_ack_pending: i64,
    /// Pulls that may wait at once: at least the number of workers.
    pub max_waiting: i64,
}

fn nanos<S: serde::Serializer>(duration: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u64(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
}

impl Stream {
    /// The settings that most streams share.
    #[must_use]
    pub fn plain(config: &config::Nats) -> Self {
        Self {
            name: String::new(),
            description: String::new(),
            subjects: Vec::new(),
            retention: "limits",
            storage: "file",
            discard: "old",
            num_replicas: config.replicas,
            max_msgs: -1,
            max_msgs_per_subject: -1,
            discard_new_per_subject: false,
            max_msg_size: -1,
            max_age: Duration::ZERO,
            duplicate_window: Duration::from_secs(120),
            allow_msg_schedules: false,
            allow_direct: true,
            allow_msg_ttl: false,
            republish: None,
            consumers: Vec::new(),
            obsolete: &[],
        }
    }
}

impl Consumer {
    #[must_use]
    pub fn new(name: &str, filter_subject: String, ack_wait: Duration) -> Self {
        Self {
            durable_name: name.to_owned(),
            name: name.to_owned(),
            filter_subject,
            ack_policy: "explicit",
            deliver_policy: "all",
            ack_wait,
            max_deliver: -1,
            max_ack_pending: 10_000,
            max_waiting: 10_000,
        }
    }
}
