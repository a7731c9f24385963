//! The bus of a worker's life: its calls fail as the seed says, and deliveries come in another order.

use std::{num::NonZeroUsize, sync::atomic::Ordering, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use ruche_bus::*;
use ruche_schemas::{JobId, JobRef, Kind, Record, TenantId};

use super::faults::{Fault, Life};

impl Life {
    async fn on_bus<T>(
        &self,
        call: &'static str,
        job: JobId,
        work: impl Future<Output = Result<T, Unavailable>>,
    ) -> Result<T, Unavailable> {
        self.call(call, job, injected, work).await
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
    async fn knows_all_workers(&self) -> Result<bool, Unavailable> {
        self.world.bus.knows_all_workers().await
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
        self.on_bus("put_dead_letter", letter.job.id, keep).await
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
    async fn watch_max_deliveries(
        &self,
    ) -> Result<BoxStream<'static, Result<Option<JobRef>, Unavailable>>, Unavailable> {
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
impl FlowControl for Life {
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
