//! Pauses, caps, unique keys, and what is queued.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use futures::{
    Stream, StreamExt,
    stream::{self, BoxStream},
};
use ruche_schemas::{JobId, Kind, TenantId};
use tokio::{sync::watch, time::Instant};

use super::{
    lock::lock,
    queue::Queue,
    state::{Memory, SlotKey, Slots},
};
use crate::port::{Caps, ConcurrencySlot, FlowControl, Pause, Queued, TenantCaps, Unavailable};

/// From this many keys on, expired ones are removed.
const MANY_KEYS: usize = 10_000;

#[derive(Debug)]
struct MemorySlot {
    slots: Arc<Mutex<Slots>>,
    key: SlotKey,
    acquisition: u64,
    ack_wait: Duration,
}

#[async_trait]
impl ConcurrencySlot for MemorySlot {
    async fn renew(&self) -> Result<(), Unavailable> {
        match lock(&self.slots).taken.get_mut(&self.key) {
            Some((until, acquisition)) if *acquisition == self.acquisition => {
                *until = Instant::now() + self.ack_wait;
                Ok(())
            }
            _ => Err(Unavailable(format!("the slot of job {} has been given to another", self.key.2))),
        }
    }

    async fn release(self: Box<Self>) {
        let mut slots = lock(&self.slots);
        if slots.taken.get(&self.key).is_some_and(|(_, acquisition)| *acquisition == self.acquisition) {
            slots.taken.remove(&self.key);
        }
    }
}

/// The current value, then each change.
fn now_and_later<T: Clone + Send + Sync + 'static>(of: &watch::Sender<T>) -> impl Stream<Item = T> + Send + 'static {
    let mut values = of.subscribe();
    values.mark_changed();
    stream::unfold(values, |mut values| async move {
        values.changed().await.ok()?;
        let now = values.borrow_and_update().clone();
        Some((now, values))
    })
}

impl Memory {
    fn open_queue(&self, kind: &Kind) -> Result<&Arc<Queue>, Unavailable> {
        let queue = self.shared.queues.get(kind);
        queue.ok_or_else(|| Unavailable(format!("there is no queue for jobs of kind {kind}")))
    }
}

#[async_trait]
impl FlowControl for Memory {
    async fn set_paused(&self, what: &Pause, paused: bool) -> Result<(), Unavailable> {
        self.shared.control_state.pauses.send_if_modified(|pauses| match paused {
            true => pauses.insert(what.clone()),
            false => pauses.remove(what),
        });
        Ok(())
    }

    async fn pauses(&self) -> Result<BoxStream<'static, Vec<Pause>>, Unavailable> {
        let pauses = now_and_later(&self.shared.control_state.pauses);
        Ok(pauses.map(|pauses| pauses.into_iter().collect()).boxed())
    }

    async fn set_caps(&self, tenant: &TenantId, caps: Option<&Caps>) -> Result<(), Unavailable> {
        self.shared.control_state.caps.send_if_modified(|all| match caps {
            Some(caps) => all.insert(tenant.clone(), *caps).as_ref() != Some(caps),
            None => all.remove(tenant).is_some(),
        });
        Ok(())
    }

    async fn caps(&self) -> Result<BoxStream<'static, TenantCaps>, Unavailable> {
        Ok(now_and_later(&self.shared.control_state.caps).boxed())
    }

    async fn queued(
        &self,
        kind: &Kind,
        tenant: &TenantId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Queued>, Unavailable> {
        Ok(self.open_queue(kind)?.queued(tenant, after, limit))
    }

    async fn backlog(&self, kind: &Kind, tenant: &TenantId) -> Result<u64, Unavailable> {
        Ok(self.open_queue(kind)?.queued(tenant, 0, usize::MAX).len() as u64)
    }

    async fn acquire_slot(
        &self,
        kind: &Kind,
        tenant: &TenantId,
        cap: u32,
        job: JobId,
    ) -> Result<Option<Box<dyn ConcurrencySlot>>, Unavailable> {
        let ack_wait = self.open_queue(kind)?.ack_wait();
        let key = (kind.clone(), tenant.clone(), job);
        let now = Instant::now();
        let slots = &self.shared.control_state.slots;
        let mut held = lock(slots);
        held.taken.retain(|_, (until, _)| *until > now);
        let others = held.taken.keys().filter(|(k, t, j)| (k, t) == (kind, tenant) && *j != job).count();
        if others >= cap as usize {
            return Ok(None);
        }
        held.acquisitions += 1;
        let acquisition = held.acquisitions;
        held.taken.insert(key.clone(), (now + ack_wait, acquisition));
        Ok(Some(Box::new(MemorySlot { slots: Arc::clone(slots), key, acquisition, ack_wait })))
    }

    async fn reserve(
        &self,
        kind: &Kind,
        tenant: &TenantId,
        key: &str,
        window: Duration,
        job: JobId,
    ) -> Result<Option<JobId>, Unavailable> {
        let now = Instant::now();
        let mut keys = lock(&self.shared.control_state.keys);
        if keys.len() >= MANY_KEYS {
            keys.retain(|_, (_, until)| *until > now);
        }
        let name = (kind.clone(), tenant.clone(), key.to_owned());
        match keys.get(&name) {
            Some((other, until)) if *until > now => Ok((*other != job).then_some(*other)),
            _ => {
                keys.insert(name, (job, now + window.max(Duration::from_secs(1))));
                Ok(None)
            }
        }
    }
}
