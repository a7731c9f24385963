//! Which streams and consumers there are, and what each holds: all of it as data, in one place.
//!
//! What this module says is what [`crate::nats::Nats::ensure`] creates, what `nats/topology.json` shows and what
//! the permissions in `nats/` are written for. The structures are the server's own configuration JSON, so that a
//! piece of the snapshot can be pasted into `nats stream add --config`.

use std::time::Duration;

use ruche_schemas::{Kind, config};
use serde::Serialize;

use crate::{PRESENCE, lanes::Source, names::Names, nats::due::CONSUMER as DUE};

/// The largest job as a message, headers included, in bytes. It is less than the server's default of 1 MiB by what
/// a dead letter adds to the job that it keeps.
pub const MAX_JOB_BYTES: usize = (1 << 20) - MAX_LETTER_BYTES;

/// What a dead letter may add to its job, in bytes.
pub const MAX_LETTER_BYTES: usize = 16 << 10;

/// For how long the same job id again is a duplicate. The ledger guards what comes later.
pub const DEDUP_WINDOW: Duration = Duration::from_secs(15 * 60);

/// The oldest server that has all that is used here.
pub const REQUIRED_SERVER: (u32, u32) = (2, 14);

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A stream, as the server's configuration.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stream {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What it stores.
    pub subjects: Vec<String>,
    /// `limits` or `workqueue`.
    pub retention: &'static str,
    /// `file` or `memory`.
    pub storage: &'static str,
    /// What happens to a message that comes when it is full: `new` refuses it, `old` drops the oldest.
    pub discard: &'static str,
    /// Copies.
    pub num_replicas: u8,
    /// The most messages; -1 for no bound.
    pub max_msgs: i64,
    /// The most messages per subject; -1 for no bound.
    pub max_msgs_per_subject: i64,
    /// Whether a message over that is refused, too, instead of the subject's oldest being dropped.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub discard_new_per_subject: bool,
    /// The largest message with its headers, in bytes; -1 for the server's bound.
    pub max_msg_size: i64,
    /// How long messages are kept, in nanoseconds; 0 for ever.
    #[serde(serialize_with = "nanos")]
    pub max_age: Duration,
    /// For how long message ids are remembered, in nanoseconds.
    #[serde(serialize_with = "nanos")]
    pub duplicate_window: Duration,
    /// Whether its messages may say when they are due.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allow_msg_schedules: bool,
    /// Whether any replica answers reads.
    pub allow_direct: bool,
    /// Whether a message may say for how long it is kept.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allow_msg_ttl: bool,
    /// Under which subject stored messages are announced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub republish: Option<Republish>,
    /// Its durable consumers.
    #[serde(skip)]
    pub consumers: Vec<Consumer>,
    /// Consumers that earlier versions made and that are in the way of these.
    #[serde(skip)]
    pub obsolete: &'static [&'static str],
}

/// Announces stored messages on another subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Republish {
    /// Which messages.
    pub src: String,
    /// Where.
    pub dest: String,
}

/// A durable pull consumer, as the server's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Consumer {
    /// Its name.
    pub durable_name: String,
    /// The same.
    pub name: String,
    /// What it hands out.
    pub filter_subject: String,
    /// Always `explicit`.
    pub ack_policy: &'static str,
    /// Always `all`.
    pub deliver_policy: &'static str,
    /// How long a silent worker keeps a job, in nanoseconds.
    #[serde(serialize_with = "nanos")]
    pub ack_wait: Duration,
    /// How often a job is handed out at most. -1: the worker runtime counts, because only it can write a dead
    /// letter with its reason. A bound here would strand a job in the queue where nobody sees it.
    pub max_deliver: i64,
    /// Jobs that may be in workers' hands at once, delayed retries included.
    pub max_ack_pending: i64,
    /// Pulls that may wait at once: at least the number of workers.
    pub max_waiting: i64,
}

fn nanos<S: serde::Serializer>(duration: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u64(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
}

/// The consumer of a lane, or of a shard of one that has several.
pub(crate) fn consumer_name(Source { lane, shard }: Source) -> String {
    match lane.shards() {
        1 => lane.to_string(),
        _ => format!("{lane}-{shard}"),
    }
}

/// The consumer of the whole lane `bulk`, from before it had shards.
const UNSHARDED: &[&str] = &["bulk"];

/// The consumer of the advisories.
pub(crate) const UNDERTAKER: &str = "undertaker";

/// All streams for these kinds, with their consumers.
#[must_use]
pub fn streams(config: &config::Nats, kinds: &[Kind], ack_wait: Duration) -> Vec<Stream> {
    let names = Names::new(&config.prefix);
    let mut streams: Vec<_> = kinds.iter().map(|kind| jobs(&names, config, kind, ack_wait)).collect();
    streams.extend(records(&names, config));
    streams.push(schedules(&names, config));
    streams.extend(signals(&names, config, kinds, ack_wait));
    streams.extend(controls(&names, config));
    streams
}

fn jobs(names: &Names, config: &config::Nats, kind: &Kind, ack_wait: Duration) -> Stream {
    let consumer = |source| Consumer {
        durable_name: consumer_name(source),
        name: consumer_name(source),
        filter_subject: names.source(kind, source),
        ack_policy: "explicit",
        deliver_policy: "all",
        ack_wait,
        max_deliver: -1,
        max_ack_pending: 10_000,
        max_waiting: 10_000,
    };
    Stream {
        name: names.jobs(kind),
        description: format!("Jobs of kind {kind} that wait for a worker or are in its hands"),
        // Shard by shard: a job that no consumer would hand out is refused.
        subjects: Source::all().map(|source| names.source(kind, source)).collect(),
        retention: "workqueue",
        discard: "new",
        max_msgs: config.backlog_jobs,
        max_msgs_per_subject: config.tenant_backlog,
        discard_new_per_subject: true,
        max_msg_size: MAX_JOB_BYTES as i64,
        duplicate_window: DEDUP_WINDOW,
        consumers: Source::all().map(consumer).collect(),
        obsolete: UNSHARDED,
        ..plain(config)
    }
}

/// Jobs that are not due. Not in the queues, because the server has no message schedules in a stream that refuses new
/// messages when it is full.
fn schedules(names: &Names, config: &config::Nats) -> Stream {
    let prefix = &names.prefix;
    let due = Consumer {
        durable_name: DUE.to_owned(),
        name: DUE.to_owned(),
        filter_subject: format!("{prefix}.due.*.*.*"),
        ack_policy: "explicit",
        deliver_policy: "all",
        ack_wait: Duration::from_secs(30),
        max_deliver: -1,
        max_ack_pending: 10_000,
        max_waiting: 10_000,
    };
    Stream {
        name: names.stream("SCHEDULES"),
        description: "Jobs for later and jobs again and again, and those that are due and on their way to their queue"
            .to_owned(),
        subjects: ["schedule", "recurring", "due"].map(|what| format!("{prefix}.{what}.*.*.*")).to_vec(),
        retention: "workqueue",
        duplicate_window: DEDUP_WINDOW,
        allow_msg_schedules: true,
        consumers: vec![due],
        ..plain(config)
    }
}

/// What is kept to be read again.
fn records(names: &Names, config: &config::Nats) -> [Stream; 2] {
    let prefix = &names.prefix;
    let events = Stream {
        name: names.stream("EVENTS"),
        description: "What jobs said: one log per job, one writer at a time".to_owned(),
        subjects: vec![format!("{prefix}.event.*.*")],
        max_age: HOUR * config.events_hours,
        republish: Some(Republish {
            src: format!("{prefix}.event.*.*"),
            dest: format!("{prefix}.live.{{{{wildcard(1)}}}}.{{{{wildcard(2)}}}}"),
        }),
        ..plain(config)
    };
    let dead = Stream {
        name: names.stream("DEAD"),
        description: "Jobs that nobody will try again: the message as it was, its reason in the header ruche-letter"
            .to_owned(),
        subjects: vec![format!("{prefix}.dead.*.*.*")],
        max_msgs_per_subject: 1,
        max_age: DAY * 30,
        ..plain(config)
    };
    [events, dead]
}

/// What is true for a while.
fn signals(names: &Names, config: &config::Nats, kinds: &[Kind], ack_wait: Duration) -> [Stream; 3] {
    let advisory =
        |event: &'static str| move |kind: &Kind| format!("$JS.EVENT.ADVISORY.CONSUMER.{event}.{}.*", names.jobs(kind));
    let advisories = Stream {
        name: names.stream("ADVISORIES"),
        description: "What the server says of jobs that were given up".to_owned(),
        subjects: [kinds.iter().map(advisory("MAX_DELIVERIES")), kinds.iter().map(advisory("MSG_TERMINATED"))]
            .into_iter()
            .flatten()
            .collect(),
        max_age: DAY * 7,
        consumers: vec![undertaker(ack_wait)],
        ..plain(config)
    };
    let cancels = Stream {
        name: names.stream("CANCELS"),
        description: "Which jobs somebody asked to be cancelled".to_owned(),
        subjects: vec![names.cancels()],
        max_msgs_per_subject: 1,
        max_age: DAY,
        ..plain(config)
    };
    let workers = Stream {
        name: names.stream("WORKERS"),
        description: "Which workers are alive".to_owned(),
        subjects: vec![names.workers()],
        storage: "memory",
        max_msgs_per_subject: 1,
        max_age: PRESENCE,
        duplicate_window: PRESENCE,
        ..plain(config)
    };
    [advisories, cancels, workers]
}

/// Hands out what the server says of jobs that were handed out too often. A job that was terminated is gone: our own
/// workers have buried it before.
fn undertaker(ack_wait: Duration) -> Consumer {
    Consumer {
        durable_name: UNDERTAKER.to_owned(),
        name: UNDERTAKER.to_owned(),
        filter_subject: "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>".to_owned(),
        ack_policy: "explicit",
        deliver_policy: "all",
        ack_wait,
        max_deliver: -1,
        max_ack_pending: 1000,
        max_waiting: 512,
    }
}

/// What operators set, and what caps count.
fn controls(names: &Names, config: &config::Nats) -> [Stream; 3] {
    let prefix = &names.prefix;
    let one = |name: &str, description: &str, subject: String| Stream {
        name: names.stream(name),
        description: description.to_owned(),
        subjects: vec![subject],
        max_msgs_per_subject: 1,
        allow_msg_ttl: true,
        ..plain(config)
    };
    let holds = Stream {
        republish: Some(Republish {
            src: names.holds(),
            dest: format!("{prefix}.held.{{{{wildcard(1)}}}}.{{{{wildcard(2)}}}}"),
        }),
        ..one("CONTROLS", "What operators hold up, and the caps of tenants", names.holds())
    };
    let seats = one("SEATS", "Which jobs have a place under their tenant's cap", format!("{prefix}.seat.*.*.*"));
    let unique = one("UNIQUE", "Which jobs have which key, each for its window", format!("{prefix}.unique.*.*.*"));
    [holds, seats, unique]
}

/// What most streams have in common.
fn plain(config: &config::Nats) -> Stream {
    Stream {
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
