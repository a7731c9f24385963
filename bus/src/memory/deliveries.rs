//! A queue as one worker sees it: jobs to take, and to settle.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::{
    sync::watch,
    time::{self, Instant},
};

use super::{
    jobs::Jobs,
    queue::{Pool, Queue, Taken},
};
use crate::port::{Deliveries, Delivery, Extend, Message, POOL, Settle, Unavailable};

/// A queue as one worker sees it.
#[derive(Debug)]
pub(super) struct MemoryDeliveries {
    queue: Arc<Queue>,
    pool: Pool,
    reserved: usize,
    changed: watch::Receiver<()>,
}

impl MemoryDeliveries {
    pub(super) fn new(queue: Arc<Queue>, pool: Pool) -> Self {
        let changed = queue.changes();
        Self { queue, pool, reserved: 0, changed }
    }

    fn delivery(&self, Taken { message, published_at, attempt, source, sequence }: Taken) -> Delivery {
        let Message { job, kind, lane, payload, headers, first_seq } = message;
        let ticket = Ticket { queue: Arc::clone(&self.queue), pool: self.pool.clone(), source, sequence };
        let settle = Box::new(ticket);
        Delivery { job, kind, lane, attempt, payload, headers, published_at, first_seq, settle }
    }
}

#[async_trait]
impl Deliveries for MemoryDeliveries {
    async fn next(&mut self, free: NonZeroUsize) -> Vec<Delivery> {
        loop {
            self.changed.mark_unchanged();
            let (taken, next) = self.queue.take(&self.pool, free.get(), self.reserved);
            if !taken.is_empty() {
                return taken.into_iter().map(|taken| self.delivery(taken)).collect();
            }
            let next = next.unwrap_or_else(|| Instant::now() + Duration::from_secs(60));
            tokio::select! {
                _ = self.changed.changed() => {}
                () = time::sleep_until(next) => {}
            }
        }
    }

    fn reserve(&mut self, slots: usize) {
        self.reserved = slots;
    }

    async fn close(self: Box<Self>) {}
}

/// Settles one delivery. A late acknowledgement counts, as on NATS.
#[derive(Debug, Clone)]
struct Ticket {
    queue: Arc<Queue>,
    pool: Pool,
    source: usize,
    sequence: u64,
}

impl Ticket {
    fn with<T>(&self, change: impl FnOnce(&mut Jobs) -> T) -> T {
        self.queue.change(|state| change(state.source(self.pool.clone(), self.source)))
    }

    /// Removes the job, unless it is settled; returns it with the attempts that were used.
    fn take_out(&self, counts: bool) -> Option<(Message, u32)> {
        self.with(|jobs| {
            let entry = jobs.entries.get(&self.sequence)?;
            let taken = (entry.message.clone(), entry.attempt.saturating_sub(u32::from(!counts)));
            jobs.remove(self.sequence);
            Some(taken)
        })
    }
}

#[async_trait]
impl Settle for Ticket {
    async fn ack(&self) -> Result<(), Unavailable> {
        self.with(|jobs| jobs.remove(self.sequence));
        Ok(())
    }

    async fn nak(&self, after: Duration) -> Result<(), Unavailable> {
        let until = (!after.is_zero()).then(|| Instant::now() + after);
        self.with(|jobs| jobs.set(self.sequence, until));
        Ok(())
    }

    async fn term(&self) -> Result<(), Unavailable> {
        self.ack().await
    }

    async fn defer(&self, until: DateTime<Utc>, counts: bool) -> Result<(), Unavailable> {
        if let Some((message, used)) = self.take_out(counts) {
            self.queue.change(|state| state.later.put(message, used, until));
        }
        Ok(())
    }

    async fn forward(&self, pool: &str) -> Result<(), Unavailable> {
        if let Some((mut message, used)) = self.take_out(false) {
            message.headers.insert(POOL.to_owned(), pool.to_owned());
            self.queue.change(|state| state.add(message, used));
        }
        Ok(())
    }

    fn extender(&self) -> Box<dyn Extend> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl Extend for Ticket {
    async fn extend(&self) -> Result<(), Unavailable> {
        let until = Instant::now() + self.queue.ack_wait();
        self.with(|jobs| jobs.set(self.sequence, Some(until)));
        Ok(())
    }
}
