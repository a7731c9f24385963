//! Subjects and streams under one prefix.
//!
//! Kinds, tenants and ids contain no character that changes a subject ([`crate::ids`]). Other text is escaped here.

use super::{
    sources::Source,
    subjects::{self, Subject},
};
use crate::{JobRef, Kind, Lane, TenantId};

/// The prefix is the first token of every subject, and the beginning of every stream's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    prefix: String,
}

impl Names {
    /// The configuration checks the prefix: `a-z 0-9 _`.
    #[must_use]
    pub fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// `EVENTS` under the prefix `ruche`, `T1_EVENTS` under `t1`.
    #[must_use]
    pub fn stream(&self, name: &str) -> String {
        match self.prefix.as_str() {
            "ruche" => name.to_owned(),
            other => format!("{}_{name}", other.to_uppercase()),
        }
    }

    #[must_use]
    pub fn jobs(&self, kind: &Kind) -> String {
        self.stream(&format!("JOBS_{}", kind.as_str().to_uppercase()))
    }

    /// The kind of the jobs in this stream.
    #[must_use]
    pub fn kind_of(&self, stream: &str) -> Option<Kind> {
        stream.strip_prefix(&self.stream("JOBS_"))?.to_lowercase().parse().ok()
    }

    fn with(&self, subject: Subject, values: &[(&str, &str)]) -> String {
        subject.with(&self.prefix, values)
    }

    fn of_job(&self, subject: Subject, kind: Option<&Kind>, job: &JobRef) -> String {
        let kind = kind.map_or("*", Kind::as_str);
        self.with(subject, &[("kind", kind), ("tenant", job.tenant.as_str()), ("job", &job.id.to_string())])
    }

    /// A job; with a pool, one for its workers only.
    #[must_use]
    pub fn job(&self, kind: &Kind, lane: Lane, tenant: &TenantId, pool: Option<&str>) -> String {
        let (shard, pool) = (lane.shard(tenant).to_string(), pool.map(token));
        let mut values = vec![("kind", kind.as_str()), ("lane", lane.as_str()), ("shard", &shard)];
        values.push(("tenant", tenant.as_str()));
        values.extend(pool.as_ref().map(|pool| ("pool", pool.as_str())));
        self.with(if pool.is_some() { subjects::POOLED_JOB } else { subjects::JOB }, &values)
    }

    #[must_use]
    pub fn lane(&self, kind: &Kind, lane: Lane) -> String {
        self.with(subjects::JOB, &[("kind", kind.as_str()), ("lane", lane.as_str())])
    }

    /// All jobs of a kind in a source that are for no pool. If the lane has one shard, the subject has a wildcard for it.
    #[must_use]
    pub fn source(&self, kind: &Kind, Source { lane, shard }: Source) -> String {
        let shard = if lane.shards() == 1 { "*".to_owned() } else { shard.to_string() };
        self.with(subjects::JOB, &[("kind", kind.as_str()), ("lane", lane.as_str()), ("shard", &shard)])
    }

    /// All jobs of a kind in a source that are for a pool; without one, for any.
    #[must_use]
    pub fn pooled(&self, kind: &Kind, source: Source, pool: Option<&str>) -> String {
        format!("{}.{}", self.source(kind, source), pool.map_or_else(|| "*".to_owned(), token))
    }

    /// The durable consumer of a pool's jobs in a source: `bulk-3_<pool>`.
    #[must_use]
    pub fn pool_consumer(source: Source, pool: &str) -> String {
        format!("{}_{}", source.consumer(), token(pool))
    }

    /// The source and the pool of a consumer with this name.
    #[must_use]
    pub fn source_of(consumer: &str) -> Option<(Source, Option<&str>)> {
        let (source, pool) = consumer.split_once('_').map_or((consumer, None), |(source, pool)| (source, Some(pool)));
        Source::all().find(|known| known.consumer() == source).map(|source| (source, pool))
    }

    #[must_use]
    pub fn all_jobs(&self) -> String {
        format!("{}.job.>", self.prefix)
    }

    /// A tenant's jobs of a kind that wait or run: those for no pool, and those for any.
    #[must_use]
    pub fn queued(&self, kind: &Kind, tenant: &TenantId) -> [String; 2] {
        let values = [("kind", kind.as_str()), ("tenant", tenant.as_str())];
        [subjects::JOB, subjects::POOLED_JOB].map(|subject| self.with(subject, &values))
    }

    /// A job that is not due yet.
    #[must_use]
    pub fn later(&self, kind: &Kind, job: &JobRef) -> String {
        self.of_job(subjects::SCHEDULE, Some(kind), job)
    }

    /// A tenant's jobs of a kind that are not due yet.
    #[must_use]
    pub fn delayed(&self, kind: &Kind, tenant: &TenantId) -> String {
        self.with(subjects::SCHEDULE, &[("kind", kind.as_str()), ("tenant", tenant.as_str())])
    }

    /// A recurring job; without a kind, of any. The name may be `*`.
    #[must_use]
    pub fn recurring(&self, kind: Option<&Kind>, tenant: &TenantId, name: &str) -> String {
        let kind = kind.map_or("*", Kind::as_str);
        self.with(subjects::RECURRING, &[("kind", kind), ("tenant", tenant.as_str()), ("name", name)])
    }

    /// The server publishes here a job that is due.
    #[must_use]
    pub fn due(&self, kind: &Kind, lane: Lane, tenant: &TenantId) -> String {
        let values = [("kind", kind.as_str()), ("lane", lane.as_str()), ("tenant", tenant.as_str())];
        self.with(subjects::DUE, &values)
    }

    #[must_use]
    pub fn event(&self, job: &JobRef) -> String {
        self.of_job(subjects::EVENT, None, job)
    }

    #[must_use]
    pub fn live(&self, job: &JobRef) -> String {
        self.of_job(subjects::LIVE, None, job)
    }

    /// A job's dead letter; without a kind, of any.
    #[must_use]
    pub fn dead_letter(&self, kind: Option<&Kind>, job: &JobRef) -> String {
        self.of_job(subjects::DEAD, kind, job)
    }

    /// The dead letters of a kind and a tenant; of all without them.
    #[must_use]
    pub fn dead_letters(&self, kind: Option<&Kind>, tenant: Option<&TenantId>) -> String {
        let (kind, tenant) = (kind.map_or("*", Kind::as_str), tenant.map_or("*", TenantId::as_str));
        self.with(subjects::DEAD, &[("kind", kind), ("tenant", tenant)])
    }

    /// `what` is `kind`, `tenant` or `worker`; a character of `name` that a subject can't contain becomes `_`.
    #[must_use]
    pub fn pause(&self, what: &str, name: &str) -> String {
        self.with(subjects::PAUSE, &[("what", what), ("name", &token(name))])
    }

    /// A tenant's own caps; without a tenant, those of all.
    #[must_use]
    pub fn caps(&self, tenant: Option<&TenantId>) -> String {
        self.with(subjects::PAUSE, &[("what", "caps"), ("name", tenant.map_or("*", TenantId::as_str))])
    }

    #[must_use]
    pub fn pauses(&self) -> String {
        self.with(subjects::PAUSE, &[])
    }

    /// All pauses and caps once they are stored.
    #[must_use]
    pub fn paused(&self) -> String {
        self.with(subjects::PAUSED, &[])
    }

    /// The caps of all tenants once they are stored.
    #[must_use]
    pub fn capped(&self) -> String {
        self.with(subjects::PAUSED, &[("what", "caps")])
    }

    /// One of a tenant's concurrency slots for a kind.
    #[must_use]
    pub fn slot(&self, kind: &Kind, tenant: &TenantId, number: u32) -> String {
        let values = [("kind", kind.as_str()), ("tenant", tenant.as_str()), ("slot", &number.to_string())];
        self.with(subjects::SLOT, &values)
    }

    #[must_use]
    pub fn slots(&self, kind: &Kind, tenant: &TenantId) -> String {
        self.with(subjects::SLOT, &[("kind", kind.as_str()), ("tenant", tenant.as_str())])
    }

    /// The job that has a key. The subject contains the key's hash, because a key may contain any character.
    #[must_use]
    pub fn unique(&self, kind: &Kind, tenant: &TenantId, key: &str) -> String {
        let hash = blake3::hash(key.as_bytes()).to_hex();
        self.with(subjects::UNIQUE, &[("kind", kind.as_str()), ("tenant", tenant.as_str()), ("key", &hash)])
    }

    #[must_use]
    pub fn cancel(&self, job: &JobRef) -> String {
        self.of_job(subjects::CANCEL, None, job)
    }

    #[must_use]
    pub fn cancels(&self) -> String {
        self.with(subjects::CANCEL, &[])
    }

    /// A worker's registration. A character of `worker` that a subject can't contain becomes `_`.
    #[must_use]
    pub fn worker(&self, kind: &Kind, worker: &str) -> String {
        self.with(subjects::WORKER, &[("kind", kind.as_str()), ("worker", &token(worker))])
    }

    #[must_use]
    pub fn workers(&self) -> String {
        self.with(subjects::WORKER, &[])
    }
}

/// A name as a token of a subject, at most 128 characters.
fn token(name: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    name.chars().take(128).map(safe).collect()
}
