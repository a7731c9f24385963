//! What subjects and streams are called: the one place where a subject is put together.
//!
//! Kinds, tenants and ids can't hold what would change a subject (`ruche_schemas::ids`); anything else that goes into
//! one is made safe here.

use ruche_schemas::{JobRef, Kind, Lane, TenantId};

use crate::{DeadFilter, Hold, lanes::Source};

/// Names of subjects and streams under one prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    pub(crate) prefix: String,
}

impl Names {
    /// Names under this prefix: `a-z 0-9 _`, as the configuration checks.
    #[must_use]
    pub fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// A stream: `EVENTS` under the prefix `ruche`, `T1_EVENTS` under `t1`.
    #[must_use]
    pub fn stream(&self, name: &str) -> String {
        match self.prefix.as_str() {
            "ruche" => name.to_owned(),
            other => format!("{}_{name}", other.to_uppercase()),
        }
    }

    /// The stream that holds a kind's jobs.
    #[must_use]
    pub fn jobs(&self, kind: &Kind) -> String {
        self.stream(&format!("JOBS_{}", kind.as_str().to_uppercase()))
    }

    /// Where a tenant's jobs of a kind and lane are published.
    #[must_use]
    pub fn job(&self, kind: &Kind, lane: Lane, tenant: &TenantId) -> String {
        format!("{}.job.{kind}.{lane}.{}.{tenant}", self.prefix, lane.shard(tenant))
    }

    /// Where a job waits that is not yet due.
    #[must_use]
    pub fn later(&self, kind: &Kind, job: &JobRef) -> String {
        format!("{}.schedule.{kind}.{}.{}", self.prefix, job.tenant, job.id)
    }

    /// Where a recurring job is kept; of any kind without one. The name may be `*`.
    #[must_use]
    pub fn recurring(&self, kind: Option<&Kind>, tenant: &TenantId, name: &str) -> String {
        format!("{}.recurring.{}.{tenant}.{name}", self.prefix, kind.map_or("*", Kind::as_str))
    }

    /// Where a job lands that is due.
    #[must_use]
    pub fn due(&self, kind: &Kind, lane: Lane, tenant: &TenantId) -> String {
        format!("{}.due.{kind}.{lane}.{tenant}", self.prefix)
    }

    /// All jobs of a lane.
    #[must_use]
    pub fn lane(&self, kind: &Kind, lane: Lane) -> String {
        format!("{}.job.{kind}.{lane}.*.*", self.prefix)
    }

    /// All jobs of a shard; of a lane that has one only, whatever shard they name.
    pub(crate) fn source(&self, kind: &Kind, source: Source) -> String {
        format!("{}.job.{kind}.{}.*", self.prefix, shard(source))
    }

    /// All jobs.
    #[must_use]
    pub fn all_jobs(&self) -> String {
        format!("{}.job.>", self.prefix)
    }

    /// A job's log.
    #[must_use]
    pub fn event(&self, job: &JobRef) -> String {
        format!("{}.event.{}.{}", self.prefix, job.tenant, job.id)
    }

    /// Where a job's events are heard once they are stored. The log's own subject would also carry those that the
    /// stream refuses: the writes of a worker that was only presumed dead.
    #[must_use]
    pub fn live(&self, job: &JobRef) -> String {
        format!("{}.live.{}.{}", self.prefix, job.tenant, job.id)
    }

    /// A job's dead letter.
    #[must_use]
    pub fn letter(&self, kind: &Kind, job: &JobRef) -> String {
        format!("{}.dead.{kind}.{}.{}", self.prefix, job.tenant, job.id)
    }

    /// A job's dead letter, of whatever kind it is.
    #[must_use]
    pub fn letter_of(&self, job: &JobRef) -> String {
        format!("{}.dead.*.{}.{}", self.prefix, job.tenant, job.id)
    }

    /// The dead letters that pass the filter.
    #[must_use]
    pub fn letters(&self, filter: &DeadFilter) -> String {
        let kind = filter.kind.as_ref().map_or("*", Kind::as_str);
        let tenant = filter.tenant.as_ref().map_or("*", TenantId::as_str);
        format!("{}.dead.{kind}.{tenant}.*", self.prefix)
    }

    /// A tenant's jobs of a kind that wait or run.
    #[must_use]
    pub fn queued(&self, kind: &Kind, tenant: &TenantId) -> String {
        format!("{}.job.{kind}.*.*.{tenant}", self.prefix)
    }

    /// A tenant's jobs of a kind that are for later.
    #[must_use]
    pub fn delayed(&self, kind: &Kind, tenant: &TenantId) -> String {
        format!("{}.schedule.{kind}.{tenant}.*", self.prefix)
    }

    /// Where it is said that something is held up, or resumed.
    #[must_use]
    pub fn hold(&self, hold: &Hold) -> String {
        match hold {
            Hold::Kind(kind) => format!("{}.hold.kind.{kind}", self.prefix),
            Hold::Tenant(tenant) => format!("{}.hold.tenant.{tenant}", self.prefix),
            Hold::Worker(worker) => format!("{}.hold.worker.{}", self.prefix, token(worker)),
        }
    }

    /// Where a tenant's own caps are kept; of all without one. Beside what is held up, so that they are heard and kept
    /// in the same way.
    #[must_use]
    pub fn caps(&self, tenant: Option<&TenantId>) -> String {
        format!("{}.hold.caps.{}", self.prefix, tenant.map_or("*", TenantId::as_str))
    }

    /// All that is held up or was resumed, and the caps of tenants.
    #[must_use]
    pub fn holds(&self) -> String {
        format!("{}.hold.*.*", self.prefix)
    }

    /// Where the same is heard once it is stored.
    #[must_use]
    pub fn held(&self) -> String {
        format!("{}.held.*.*", self.prefix)
    }

    /// Where caps are heard once they are stored.
    #[must_use]
    pub fn capped(&self) -> String {
        format!("{}.held.caps.*", self.prefix)
    }

    /// One of a tenant's places for jobs of a kind that run at once.
    #[must_use]
    pub fn seat(&self, kind: &Kind, tenant: &TenantId, place: u32) -> String {
        format!("{}.seat.{kind}.{tenant}.{place}", self.prefix)
    }

    /// All of them.
    #[must_use]
    pub fn seats(&self, kind: &Kind, tenant: &TenantId) -> String {
        format!("{}.seat.{kind}.{tenant}.*", self.prefix)
    }

    /// Where it is said which job has a key. A key is anything, a subject is not: its hash is in it.
    #[must_use]
    pub fn unique(&self, kind: &Kind, tenant: &TenantId, key: &str) -> String {
        format!("{}.unique.{kind}.{tenant}.{}", self.prefix, blake3::hash(key.as_bytes()).to_hex())
    }

    /// Where a job's cancellation is asked for.
    #[must_use]
    pub fn cancel(&self, job: &JobRef) -> String {
        format!("{}.cancel.{}.{}", self.prefix, job.tenant, job.id)
    }

    /// All cancellations.
    #[must_use]
    pub fn cancels(&self) -> String {
        format!("{}.cancel.*.*", self.prefix)
    }

    /// Where a worker announces itself. What can't be in a subject becomes `_`.
    #[must_use]
    pub fn worker(&self, kind: &Kind, worker: &str) -> String {
        format!("{}.worker.{kind}.{}", self.prefix, token(worker))
    }

    /// All announcements.
    #[must_use]
    pub fn workers(&self) -> String {
        format!("{}.worker.*.*", self.prefix)
    }
}

/// The tokens `<lane>.<shard>`.
fn shard(Source { lane, shard }: Source) -> String {
    match lane.shards() {
        1 => format!("{lane}.*"),
        _ => format!("{lane}.{shard}"),
    }
}

/// A name as a part of a subject.
fn token(name: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    name.chars().take(128).map(safe).collect()
}
