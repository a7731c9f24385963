//! A bus and a ledger in memory that fail as a seed says.
//!
//! Whether a call fails depends on the seed, the call, the job and the number of such calls, not on the order of
//! other calls: a seed injects the same faults, whichever worker comes first. After a few calls of each sort nothing
//! fails any more, so every run ends.

use std::{
    collections::{BTreeMap, HashMap, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
    num::NonZeroUsize,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use ruche_bus::{memory::Memory, *};
use ruche_schemas::{JobId, JobRef, Kind, Record, TenantId};
use ruche_store::{
    Health, StoreError,
    groups::Group,
    ledger::{Committed, Ended, Ledger, Stored},
    memory::Memory as MemoryLedger,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often one call about one job may fail.
const FAULTY: u32 = 4;

/// The state that outlives every worker.
pub struct World {
    pub seed: u64,
    pub bus: Memory,
    pub ledger: MemoryLedger,
    pub objects: ruche_store::objects::memory::Memory,
    pub letters: Mutex<BTreeMap<JobId, DeadLetter>>,
    calls: Mutex<HashMap<(&'static str, JobId), u32>>,
    pub injected: Mutex<u64>,
    /// How often one call about one job may fail.
    faulty: u32,
    /// Whether no log can be read, as in a cluster whose stream of events has no leader.
    pub unreadable: AtomicBool,
}

impl World {
    pub fn new(seed: u64, bus: Memory) -> Arc<Self> {
        Self::with(seed, bus, FAULTY)
    }

    /// A world without seeded faults.
    pub fn calm(bus: Memory) -> Arc<Self> {
        Self::with(0, bus, 0)
    }

    fn with(seed: u64, bus: Memory, faulty: u32) -> Arc<Self> {
        let (objects, letters, calls, injected, unreadable) = Default::default();
        let ledger = MemoryLedger::new();
        Arc::new(Self { seed, bus, ledger, objects, letters, calls, injected, faulty, unreadable })
    }

    /// A pseudorandom number: the same for the same seed and value.
    pub fn number(&self, of: impl Hash) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.seed, of).hash(&mut hasher);
        hasher.finish()
    }
}

enum Fault {
    None,
    /// The call has no effect and fails.
    Before,
    /// The call has its effect and fails.
    After,
    /// The worker crashes before the call's effect.
    CrashBefore,
    /// The worker crashes after the call's effect.
    CrashAfter,
}

/// One worker process: after its death, its tasks' calls neither return nor have an effect.
#[derive(Clone)]
pub struct Life {
    pub world: Arc<World>,
    pub dead: CancellationToken,
}

impl Life {
    pub fn begin(world: &Arc<World>) -> Self {
        Self { world: Arc::clone(world), dead: CancellationToken::new() }
    }

    fn fault(&self, call: &'static str, job: JobId) -> Fault {
        let nth = {
            let mut calls = self.world.calls.lock().unwrap();
            let nth = calls.entry((call, job)).or_default();
            *nth += 1;
            *nth
        };
        let fault = match self.world.number((call, job, nth)) % 100 {
            _ if nth > self.world.faulty => Fault::None,
            0..4 => Fault::Before,
            4..9 => Fault::After,
            9..11 => Fault::CrashBefore,
            11..14 => Fault::CrashAfter,
            _ => Fault::None,
        };
        *self.world.injected.lock().unwrap() += u64::from(!matches!(fault, Fault::None));
        fault
    }

    async fn alive(&self) {
        if self.dead.is_cancelled() {
            std::future::pending::<()>().await;
        }
    }

    /// Makes the call, or injects the seed's fault.
    pub(crate) async fn call<T, E>(
        &self,
        call: &'static str,
        job: JobId,
        error: impl FnOnce() -> E,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        self.alive().await;
        // Lets other tasks run in between.
        tokio::task::yield_now().await;
        self.alive().await;
        match self.fault(call, job) {
            Fault::None => {
                let result = work.await;
                self.alive().await;
                result
            }
            Fault::Before => Err(error()),
            Fault::After => {
                let _ = work.await;
                Err(error())
            }
            Fault::CrashBefore => {
                self.dead.cancel();
                std::future::pending().await
            }
            Fault::CrashAfter => {
                let _ = work.await;
                self.dead.cancel();
                std::future::pending().await
            }
        }
    }

    async fn on_bus<T>(
        &self,
        call: &'static str,
        job: JobId,
        work: impl Future<Output = Result<T, Unavailable>>,
    ) -> Result<T, Unavailable> {
        self.call(call, job, injected, work).await
    }

    async fn on_ledger<T>(
        &self,
        call: &'static str,
        job: JobId,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.call(call, job, || StoreError::Unavailable("injected".to_owned()), work).await
    }
}

fn injected() -> Unavailable {
    Unavailable("injected".to_owned())
}

#[async_trait]
impl Bus for Life {
    async fn publish(&self, message: Message) -> Result<Receipt, PublishError> {
        let error = || PublishError::Unavailable("injected".to_owned());
        self.call("publish", message.job.id, error, self.world.bus.publish(message)).await
    }
    async fn consume(&self, kind: &Kind) -> Result<Box<dyn Deliveries>, Unavailable> {
        Ok(Box::new(Faulty { inner: self.world.bus.consume(kind).await?, life: self.clone() }))
    }
    async fn consume_pool(&self, kind: &Kind, pool: &str) -> Result<Box<dyn Deliveries>, Unavailable> {
        Ok(Box::new(Faulty { inner: self.world.bus.consume_pool(kind, pool).await?, life: self.clone() }))
    }
    async fn append(&self, job: &JobRef, after: u64, record: &Record) -> Result<u64, AppendError> {
        self.call("append", job.id, || injected().into(), self.world.bus.append(job, after, record)).await
    }
    async fn retract(&self, job: &JobRef, sequence: u64) -> Result<(), Unavailable> {
        self.world.bus.retract(job, sequence).await
    }
    async fn last(&self, job: &JobRef) -> Result<Option<Logged>, Unavailable> {
        if self.world.unreadable.load(Ordering::Relaxed) {
            return Err(injected());
        }
        self.on_bus("last", job.id, self.world.bus.last(job)).await
    }
    async fn watch(
        &self,
        job: &JobRef,
        from: u64,
    ) -> Result<BoxStream<'static, Result<Record, Unavailable>>, Unavailable> {
        self.world.bus.watch(job, from).await
    }
    async fn replay(&self, job: &JobRef) -> Result<Vec<Record>, Unavailable> {
        self.on_bus("replay", job.id, self.world.bus.replay(job)).await
    }
    async fn cancel(&self, job: &JobRef) -> Result<(), Unavailable> {
        self.world.bus.cancel(job).await
    }
    async fn is_cancelled(&self, job: &JobRef) -> Result<bool, Unavailable> {
        self.on_bus("is_cancelled", job.id, self.world.bus.is_cancelled(job)).await
    }
    async fn cancelled_since(&self, time: DateTime<Utc>, limit: usize) -> Result<Vec<JobRef>, Unavailable> {
        self.world.bus.cancelled_since(time, limit).await
    }
    async fn cancellations(&self) -> Result<BoxStream<'static, JobRef>, Unavailable> {
        self.world.bus.cancellations().await
    }
    async fn depth(&self) -> Result<Vec<Depth>, Unavailable> {
        self.world.bus.depth().await
    }
    async fn register(&self, worker: &WorkerRegistration) -> Result<(), Unavailable> {
        self.alive().await;
        self.world.bus.register(worker).await
    }
    async fn deregister(&self, worker: &WorkerRegistration) -> Result<(), Unavailable> {
        self.world.bus.deregister(worker).await
    }
    async fn workers(&self) -> Result<Vec<WorkerRegistration>, Unavailable> {
        self.world.bus.workers().await
    }
    async fn ready(&self) -> Result<(), Unavailable> {
        Ok(())
    }
    async fn flush(&self) -> Result<(), Unavailable> {
        Ok(())
    }
}

#[async_trait]
impl DeadLetterQueue for Life {
    async fn put_dead_letter(&self, letter: &DeadLetter) -> Result<(), Unavailable> {
        let keep = async {
            self.world.letters.lock().unwrap().insert(letter.job.id, letter.clone());
            Ok(())
        };
        self.on_bus("bury", letter.job.id, keep).await
    }
    async fn list_dead_letters(
        &self,
        filter: &DeadFilter,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StoredDeadLetter>, Unavailable> {
        self.world.bus.list_dead_letters(filter, after, limit).await
    }
    async fn count_dead_letters(&self, filter: &DeadFilter) -> Result<u64, Unavailable> {
        self.world.bus.count_dead_letters(filter).await
    }
    async fn get_dead_letter(&self, job: &JobRef) -> Result<Option<StoredDeadLetter>, Unavailable> {
        self.world.bus.get_dead_letter(job).await
    }
    async fn remove_dead_letter(&self, sequence: u64) -> Result<bool, Unavailable> {
        self.world.bus.remove_dead_letter(sequence).await
    }
    async fn watch_max_deliveries(&self) -> Result<BoxStream<'static, Result<JobRef, Unavailable>>, Unavailable> {
        self.world.bus.watch_max_deliveries().await
    }
}

#[async_trait]
impl Scheduler for Life {
    async fn publish_at(&self, message: Message, at: DateTime<Utc>) -> Result<Receipt, PublishError> {
        self.world.bus.publish_at(message, at).await
    }
    async fn unpublish(&self, kind: &Kind, job: &JobRef) -> Result<bool, Unavailable> {
        self.world.bus.unpublish(kind, job).await
    }
    async fn schedule(&self, schedule: &Schedule) -> Result<(), ScheduleError> {
        self.world.bus.schedule(schedule).await
    }
    async fn schedules(&self, tenant: &TenantId) -> Result<Vec<Schedule>, Unavailable> {
        self.world.bus.schedules(tenant).await
    }
    async fn unschedule(&self, tenant: &TenantId, name: &str) -> Result<bool, Unavailable> {
        self.world.bus.unschedule(tenant, name).await
    }
}

#[async_trait]
impl Controls for Life {
    async fn set_paused(&self, what: &Pause, paused: bool) -> Result<(), Unavailable> {
        self.world.bus.set_paused(what, paused).await
    }
    /// Nothing is ever paused.
    async fn pauses(&self) -> Result<BoxStream<'static, Vec<Pause>>, Unavailable> {
        Ok(stream::iter([Vec::new()]).chain(stream::pending()).boxed())
    }
    async fn set_caps(&self, tenant: &TenantId, caps: Option<&Caps>) -> Result<(), Unavailable> {
        self.world.bus.set_caps(tenant, caps).await
    }
    /// No tenant has its own caps.
    async fn caps(&self) -> Result<BoxStream<'static, TenantCaps>, Unavailable> {
        Ok(stream::iter([TenantCaps::new()]).chain(stream::pending()).boxed())
    }
    async fn queued(
        &self,
        kind: &Kind,
        tenant: &TenantId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Queued>, Unavailable> {
        self.world.bus.queued(kind, tenant, after, limit).await
    }
    async fn backlog(&self, kind: &Kind, tenant: &TenantId) -> Result<u64, Unavailable> {
        self.world.bus.backlog(kind, tenant).await
    }
    async fn acquire_slot(
        &self,
        kind: &Kind,
        tenant: &TenantId,
        cap: u32,
        job: JobId,
    ) -> Result<Option<Box<dyn ConcurrencySlot>>, Unavailable> {
        self.world.bus.acquire_slot(kind, tenant, cap, job).await
    }
    async fn reserve(
        &self,
        kind: &Kind,
        tenant: &TenantId,
        key: &str,
        window: Duration,
        job: JobId,
    ) -> Result<Option<JobId>, Unavailable> {
        self.world.bus.reserve(kind, tenant, key, window, job).await
    }
}

struct Faulty {
    inner: Box<dyn Deliveries>,
    life: Life,
}

#[async_trait]
impl Deliveries for Faulty {
    async fn next(&mut self, free: NonZeroUsize) -> Vec<Delivery> {
        self.life.alive().await;
        let mut batch = self.inner.next(free).await;
        self.life.alive().await;
        // The network does not keep the order.
        batch.sort_by_key(|delivery| self.life.world.number((delivery.job.id, delivery.attempt)));
        let wrap = |delivery: Delivery| {
            let (life, job) = (self.life.clone(), delivery.job.id);
            delivery.wrapped(|inner| Box::new(FaultySettle { inner, life, job }))
        };
        batch.into_iter().map(wrap).collect()
    }

    fn reserve(&mut self, slots: usize) {
        self.inner.reserve(slots);
    }

    async fn close(self: Box<Self>) {
        self.inner.close().await;
    }
}

struct FaultySettle {
    inner: Box<dyn Settle>,
    life: Life,
    job: JobId,
}

#[async_trait]
impl Settle for FaultySettle {
    async fn ack(&self) -> Result<(), Unavailable> {
        self.life.on_bus("ack", self.job, self.inner.ack()).await
    }
    async fn nak(&self, after: Duration) -> Result<(), Unavailable> {
        self.life.on_bus("nak", self.job, self.inner.nak(after)).await
    }
    async fn term(&self) -> Result<(), Unavailable> {
        self.life.on_bus("term", self.job, self.inner.term()).await
    }
    async fn defer(&self, until: DateTime<Utc>, counts: bool) -> Result<(), Unavailable> {
        self.life.on_bus("defer", self.job, self.inner.defer(until, counts)).await
    }
    async fn forward(&self, pool: &str) -> Result<(), Unavailable> {
        self.life.on_bus("forward", self.job, self.inner.forward(pool)).await
    }
    fn extender(&self) -> Box<dyn Extend> {
        let silent = matches!(self.life.fault("extender", self.job), Fault::Before | Fault::After);
        Box::new(FaultyExtend { inner: self.inner.extender(), life: self.life.clone(), silent })
    }
}

struct FaultyExtend {
    inner: Box<dyn Extend>,
    life: Life,
    /// The heartbeats of this worker get lost, so it is presumed dead.
    silent: bool,
}

#[async_trait]
impl Extend for FaultyExtend {
    async fn extend(&self) -> Result<(), Unavailable> {
        self.life.alive().await;
        match self.silent {
            true => Ok(()),
            false => self.inner.extend().await,
        }
    }
}

#[async_trait]
impl Ledger for Life {
    async fn fence(&self, job: &JobRef, attempt: u32) -> Result<Option<Stored>, StoreError> {
        self.on_ledger("fence", job.id, self.world.ledger.fence(job, attempt)).await
    }
    async fn commit(&self, ended: &Ended) -> Result<Committed, StoreError> {
        self.on_ledger("commit", ended.job.id, self.world.ledger.commit(ended)).await
    }
    async fn ended(&self, job: &JobRef) -> Result<Option<Stored>, StoreError> {
        self.on_ledger("ended", job.id, self.world.ledger.ended(job)).await
    }
    async fn group(&self, tenant: &TenantId, group: Uuid) -> Result<Option<Group>, StoreError> {
        self.on_ledger("group", JobId(group), self.world.ledger.group(tenant, group)).await
    }
    async fn members(&self, tenant: &TenantId, group: Uuid, limit: u64) -> Result<Vec<(JobId, Stored)>, StoreError> {
        self.on_ledger("members", JobId(group), self.world.ledger.members(tenant, group, limit)).await
    }
    async fn holding(&self, before: DateTime<Utc>, limit: u64) -> Result<Vec<JobRef>, StoreError> {
        self.world.ledger.holding(before, limit).await
    }
    async fn released(&self, jobs: &[JobRef]) -> Result<(), StoreError> {
        self.world.ledger.released(jobs).await
    }
    async fn purge(&self, before: DateTime<Utc>, limit: u64) -> Result<u64, StoreError> {
        self.world.ledger.purge(before, limit).await
    }
}

#[async_trait]
impl Health for Life {
    async fn ready(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
