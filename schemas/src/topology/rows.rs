//! The streams, one row each: its messages, how long it keeps them, and who may use it.

use std::time::Duration;

use super::{
    bounds::{DEDUP_WINDOW, MAX_JOB_BYTES, REGISTRATION_TTL},
    names::Names,
    server::{Consumer, Stream},
    sources::Source,
    subjects::{self, Subject},
};
use crate::{Kind, config};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Gateway,
    /// A worker, for jobs of any kind.
    Worker,
    /// A worker, for jobs of the kinds that it works on.
    OwnWorker,
    /// A producer, for jobs of its tenant.
    Producer,
}

#[derive(Debug, Clone, Copy)]
pub struct Stored {
    pub subject: Subject,
    pub publishers: &'static [Who],
    /// The subject on which the server republishes what it has stored, and who may subscribe.
    pub heard: Option<(Subject, &'static [Who])>,
}

impl Stored {
    #[must_use]
    pub const fn by(subject: Subject, publishers: &'static [Who]) -> Self {
        Self { subject, publishers, heard: None }
    }

    #[must_use]
    pub const fn heard(self, on: Subject, by: &'static [Who]) -> Self {
        Self { heard: Some((on, by)), ..self }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Consumers {
    /// The only consumer's name, or `*` for one per source of jobs.
    pub name: &'static str,
    /// Who takes their messages and settles them.
    pub takers: &'static [Who],
}

/// A stream, or one stream per kind.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// `EVENTS`. With `<KIND>` there is one stream per kind: `JOBS_<KIND>`.
    pub name: &'static str,
    /// What a message is, for the page. `<kind>` stands for the kind.
    pub holds: &'static str,
    /// How long it keeps a message, in words.
    pub keeps: &'static str,
    pub subjects: &'static [Stored],
    /// The server's advisories about the streams of jobs that it stores: `MAX_DELIVERIES`.
    pub advisories: &'static [&'static str],
    pub consumers: Option<Consumers>,
    /// Who creates it and its consumers if they are missing.
    pub creators: &'static [Who],
    /// Who changes it to the current settings.
    pub updaters: &'static [Who],
    /// Who reads single messages and batches, without a consumer. A producer reads the last message of a subject.
    pub readers: &'static [Who],
    /// Who deletes single messages.
    pub deleters: &'static [Who],
    /// Who deletes all messages of a subject.
    pub purgers: &'static [Who],
    /// Consumers of earlier versions that overlap with these.
    pub obsolete: &'static [&'static str],
    /// The settings in which it differs from [`Stream::plain`].
    pub settings: fn(Stream, &Setting<'_>) -> Stream,
}

#[derive(Debug)]
pub struct Setting<'a> {
    pub names: &'a Names,
    pub config: &'a config::Nats,
    /// How long a job stays with a worker that sends no heartbeat.
    pub ack_wait: Duration,
    /// The stream's kind, if there is one stream per kind.
    pub kind: Option<&'a Kind>,
}

impl Row {
    /// A stream that gateways and workers create and gateways update.
    #[must_use]
    pub const fn new(name: &'static str, holds: &'static str, keeps: &'static str) -> Self {
        Self {
            name,
            holds,
            keeps,
            subjects: &[],
            advisories: &[],
            consumers: None,
            creators: &[Who::Gateway, Who::OwnWorker],
            updaters: &[Who::Gateway],
            readers: &[],
            deleters: &[],
            purgers: &[],
            obsolete: &[],
            settings: |stream, _| stream,
        }
    }

    #[must_use]
    pub fn is_per_kind(&self) -> bool {
        self.name.contains("<KIND>")
    }

    #[must_use]
    pub fn stream(&self, names: &Names, kind: Option<&Kind>) -> String {
        let kind = kind.map_or_else(String::new, |kind| kind.as_str().to_uppercase());
        names.stream(&self.name.replace("<KIND>", &kind))
    }

    #[must_use]
    pub fn streams(&self, names: &Names, kinds: &[Kind]) -> Vec<String> {
        match self.is_per_kind() {
            true => kinds.iter().map(|kind| self.stream(names, Some(kind))).collect(),
            false => vec![self.stream(names, None)],
        }
    }
}

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// The consumer for jobs that are due.
pub const DUE_CONSUMER: &str = "due";

/// The consumer for advisories about jobs that were delivered too often.
pub const ADVISORY_CONSUMER: &str = "max-deliveries";

use Who::{Gateway, OwnWorker, Producer, Worker};

pub const ROWS: [Row; 10] = [
    Row {
        subjects: &[
            Stored::by(subjects::JOB, &[Gateway, Worker, Producer]),
            // A worker moves a job there that names the pool's model.
            Stored::by(subjects::POOLED_JOB, &[Gateway, Worker]),
        ],
        consumers: Some(Consumers { name: "*", takers: &[OwnWorker] }),
        readers: &[Gateway, Worker],
        // Any worker may move a job of any kind to the dead letters.
        deleters: &[Worker],
        // The consumer from before the lane `bulk` had shards.
        obsolete: &["bulk"],
        settings: jobs,
        ..Row::new("JOBS_<KIND>", "Jobs of kind <kind> that wait for a worker or are in flight", "until settled")
    },
    Row {
        subjects: &[Stored::by(subjects::EVENT, &[Gateway, Worker]).heard(subjects::LIVE, &[Gateway, Producer])],
        readers: &[Gateway, Worker, Producer],
        // To delete the first event of a job that was refused.
        deleters: &[Gateway],
        settings: |stream, setting| Stream { max_age: HOUR * setting.config.events_hours, ..stream },
        ..Row::new("EVENTS", "Events: one log per job, one writer at a time", "`nats.events_hours`")
    },
    Row {
        subjects: &[Stored::by(subjects::DEAD, &[Worker])],
        readers: &[Gateway, Worker],
        deleters: &[Gateway],
        settings: |stream, _| Stream { max_msgs_per_subject: 1, max_age: DAY * 30, ..stream },
        ..Row::new(
            "DEAD",
            "Dead letters: the job as it was published, the reason in the header ruche-dead-letter",
            "30 days, the last one per job",
        )
    },
    Row {
        subjects: &[
            Stored::by(subjects::SCHEDULE, &[Gateway, OwnWorker]),
            Stored::by(subjects::RECURRING, &[Gateway]),
            // Only the server publishes it.
            Stored::by(subjects::DUE, &[]),
        ],
        consumers: Some(Consumers { name: DUE_CONSUMER, takers: &[Gateway, Worker] }),
        readers: &[Gateway],
        purgers: &[Gateway],
        settings: schedules,
        ..Row::new(
            "SCHEDULES",
            "Jobs for later, recurring jobs, and due jobs on their way to their queue",
            "until due, or until ended",
        )
    },
    Row {
        advisories: &["MAX_DELIVERIES", "MSG_TERMINATED"],
        consumers: Some(Consumers { name: ADVISORY_CONSUMER, takers: &[Worker] }),
        settings: advisories,
        ..Row::new("ADVISORIES", "Advisories of the server about jobs that no worker settled", "7 days")
    },
    Row {
        subjects: &[Stored::by(subjects::CANCEL, &[Gateway]).heard(subjects::CANCEL, &[Worker])],
        readers: &[Worker],
        settings: |stream, _| Stream { max_msgs_per_subject: 1, max_age: DAY, ..stream },
        ..Row::new("CANCELS", "Requests to cancel a job", "24 hours")
    },
    Row {
        subjects: &[Stored::by(subjects::WORKER, &[OwnWorker])],
        // A worker reads which pools there are.
        readers: &[Gateway, Worker],
        settings: |stream, _| Stream {
            storage: "memory",
            max_msgs_per_subject: 1,
            max_age: REGISTRATION_TTL,
            duplicate_window: REGISTRATION_TTL,
            ..stream
        },
        ..Row::new("WORKERS", "Registrations of workers", "30 seconds, in memory")
    },
    Row {
        subjects: &[Stored::by(subjects::PAUSE, &[Gateway]).heard(subjects::PAUSED, &[Gateway, Worker])],
        readers: &[Gateway, Worker],
        settings: |stream, _| one_per_subject(stream),
        ..Row::new("PAUSES", "Pauses of kinds, tenants and workers, and the caps of tenants", "until deleted")
    },
    Row {
        subjects: &[Stored::by(subjects::SLOT, &[OwnWorker])],
        readers: &[Worker],
        deleters: &[Worker],
        settings: |stream, _| one_per_subject(stream),
        ..Row::new("SLOTS", "Concurrency slots under the caps of tenants", "for the TTL in the message")
    },
    Row {
        subjects: &[Stored::by(subjects::UNIQUE, &[Gateway])],
        readers: &[Gateway],
        settings: |stream, _| one_per_subject(stream),
        ..Row::new(
            "UNIQUE",
            "Unique keys and the jobs that have them, each for its window",
            "for the TTL in the message",
        )
    },
];

fn jobs(stream: Stream, setting: &Setting<'_>) -> Stream {
    let Some(kind) = setting.kind else { return stream };
    let filter = |source| setting.names.source(kind, source);
    let pooled = |source| setting.names.pooled(kind, source, None);
    let consumer = |source: Source| Consumer::new(&source.consumer(), filter(source), setting.ack_wait);
    Stream {
        // One subject per shard: the stream refuses a job that no consumer would take. The workers of a pool create its
        // consumers.
        subjects: Source::all().map(filter).chain(Source::all().map(pooled)).collect(),
        retention: "workqueue",
        discard: "new",
        max_msgs: setting.config.backlog_jobs,
        max_msgs_per_subject: setting.config.tenant_backlog,
        discard_new_per_subject: true,
        max_msg_size: MAX_JOB_BYTES as i64,
        duplicate_window: DEDUP_WINDOW,
        consumers: Source::all().map(consumer).collect(),
        ..stream
    }
}

/// Jobs that are not due have their own stream, because the server supports no message schedules in a stream that
/// refuses new messages when it is full.
fn schedules(stream: Stream, setting: &Setting<'_>) -> Stream {
    let due = subjects::DUE.with(setting.names.prefix(), &[]);
    Stream {
        retention: "workqueue",
        duplicate_window: DEDUP_WINDOW,
        allow_msg_schedules: true,
        consumers: vec![Consumer::new(DUE_CONSUMER, due, Duration::from_secs(30))],
        ..stream
    }
}

/// The consumer skips terminated jobs: a worker stores a job's dead letter before it terminates the job.
fn advisories(stream: Stream, setting: &Setting<'_>) -> Stream {
    let filter = "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>".to_owned();
    let consumer = Consumer::new(ADVISORY_CONSUMER, filter, setting.ack_wait);
    let consumer = Consumer { max_ack_pending: 1000, max_waiting: 512, ..consumer };
    Stream { max_age: DAY * 7, consumers: vec![consumer], ..stream }
}

/// Keeps only the last message of a subject; the message may set its own lifetime.
fn one_per_subject(stream: Stream) -> Stream {
    Stream { max_msgs_per_subject: 1, allow_msg_ttl: true, ..stream }
}
