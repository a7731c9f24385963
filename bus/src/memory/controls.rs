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
    state::{Memory, Place, Seats},
};
use crate::port::{Caps, Controls, Pause, Queued, Seat, TenantCaps, Unavailable};

/// From this many keys on, those whose time is over are forgotten.
const MANY_KEYS: usize = 10_000;

#[derive(Debug)]
struct MemorySeat {
    seats: Arc<Mutex<Seats>>,
    place: Place,
    taking: u64,
    ack_wait: Duration,
}

#[async_trait]
impl Seat for MemorySeat {
    async fn keep(&self) -> Result<(), Unavailable> {
        match lock(&self.seats).taken.get_mut(&self.place) {
            Some((until, taking)) if *taking == self.taking => {
                *until = Instant::now() + self.ack_wait;
                Ok(())
            }
            _ => Err(Unavailable(format!("the place of job {} has been given to another", self.place.2))),
        }
    }

    async fn leave(self: Box<Self>) {
        let mut seats = lock(&self.seats);
        if seats.taken.get(&self.place).is_some_and(|(_, taking)| *taking == self.taking) {
            seats.taken.remove(&self.place);
        }
    }
}

/// What is there, and again whenever it changes.
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
impl Controls for Memory {
    async fn set_paused(&self, what: &Pause, paused: bool) -> Result<(), Unavailable> {
        self.shared.controlled.pauses.send_if_modified(|pauses| match paused {
            true => pauses.insert(what.clone()),
            false => pauses.remove(what),
        });
        Ok(())
    }

    async fn pauses(&self) -> Result<BoxStream<'static, Vec<Pause>>, Unavailable> {
        let pauses = now_and_later(&self.shared.controlled.pauses);
        Ok(pauses.map(|pauses| pauses.into_iter().collect()).boxed())
    }

    async fn set_caps(&self, tenant: &TenantId, caps: Option<&Caps>) -> Result<(), Unavailable> {
        self.shared.controlled.caps.send_if_modified(|all| match caps {
            Some(caps) => all.insert(tenant.clone(), *caps).as_ref() != Some(caps),
            None => all.remove(tenant).is_some(),
        });
        Ok(())
    }

    async fn caps(&self) -> Result<BoxStream<'static, TenantCaps>, Unavailable> {
        Ok(now_and_later(&self.shared.controlled.caps).boxed())
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

    async fn seat(
        &self,
        kind: &Kind,
        tenant: &TenantId,
        cap: u32,
        job: JobId,
    ) -> Result<Option<Box<dyn Seat>>, Unavailable> {
        let ack_wait = self.open_queue(kind)?.ack_wait();
        let place = (kind.clone(), tenant.clone(), job);
        let now = Instant::now();
        let seats = &self.shared.controlled.seats;
        let mut held = lock(seats);
        held.taken.retain(|_, (until, _)| *until > now);
        let others = held.taken.keys().filter(|(k, t, j)| (k, t) == (kind, tenant) && *j != job).count();
        if others >= cap as usize {
            return Ok(None);
        }
        held.takings += 1;
        let taking = held.takings;
        held.taken.insert(place.clone(), (now + ack_wait, taking));
        Ok(Some(Box::new(MemorySeat { seats: Arc::clone(seats), place, taking, ack_wait })))
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
        let mut keys = lock(&self.shared.controlled.keys);
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
