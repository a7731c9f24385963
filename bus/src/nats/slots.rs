//! Concurrency slots of tenants: one subject per slot, and the server lets one message onto it.
//!
//! A slot expires with its message. A writer names the sequence of the expected last message, so that a worker that
//! was silent for too long can't overwrite its successor.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use ruche_schemas::{JobId, Kind, TenantId};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::{codes::WRONG_LAST_OR_BUSY, connection::RequestError, headers::guarded, shared::Shared};
use crate::port::{ConcurrencySlot, Unavailable};

/// How many free slots are tried when others are faster.
const TRIES: usize = 16;

/// The highest cap of a tenant and kind; higher ones are truncated to it.
const MAX_CAP: u32 = 10_000;

struct NatsSlot {
    shared: Arc<Shared>,
    subject: String,
    payload: Bytes,
    /// The sequence of its last message.
    last: Mutex<u64>,
}

pub(super) async fn acquire(
    shared: &Arc<Shared>,
    kind: &Kind,
    tenant: &TenantId,
    cap: u32,
    job: JobId,
) -> Result<Option<Box<dyn ConcurrencySlot>>, Unavailable> {
    let cap = cap.min(MAX_CAP);
    let names = &shared.names;
    let taken = shared.connection.all(&names.stream("SLOTS"), &names.slots(kind, tenant), 1, MAX_CAP as usize).await?;
    // An earlier attempt whose worker died may have left the job's own slot: take it over.
    let mine = |payload: &[u8]| payload.starts_with(job.to_string().as_bytes());
    let own = taken.iter().find(|entry| mine(&entry.payload)).map(|entry| (entry.subject.clone(), entry.sequence));
    let others = taken.iter().filter(|entry| !mine(&entry.payload)).count();
    if others >= cap as usize {
        return Ok(None);
    }
    let start = rand::random_range(0..cap.max(1));
    let free = (0..cap).map(|n| names.slot(kind, tenant, (start + n) % cap));
    let free = free.filter(|subject| !taken.iter().any(|entry| entry.subject == *subject)).map(|subject| (subject, 0));
    for (subject, last) in own.into_iter().chain(free).take(TRIES) {
        // The same job may take the same slot again: that is another holder.
        let payload = Bytes::from(format!("{job} {}", Uuid::now_v7()));
        if let Some(last) = shared.write_slot(&subject, last, &payload).await? {
            let shared = Arc::clone(shared);
            return Ok(Some(Box::new(NatsSlot { shared, subject, payload, last: Mutex::new(last) })));
        }
    }
    Ok(None)
}

impl Shared {
    /// Writes a slot's message after the one with the sequence `last`. Returns its sequence, or `None` if another
    /// writer was first.
    async fn write_slot(&self, subject: &str, mut last: u64, payload: &Bytes) -> Result<Option<u64>, Unavailable> {
        for _ in 0..3 {
            let headers = guarded(last, self.ack_wait.max(Duration::from_secs(1)));
            match self.connection.store(subject.to_owned(), Some(headers), payload.clone()).await {
                Ok(stored) => return Ok(Some(stored.sequence)),
                Err(RequestError::Timeout) => {}
                Err(RequestError::Api(error)) if WRONG_LAST_OR_BUSY.contains(&error.code) => {}
                Err(error) => return Err(error.into()),
            }
            let found = self.connection.last_from_leader(&self.names.stream("SLOTS"), subject).await?;
            last = match found {
                // Stored, and the acknowledgement was lost; or as before, while the leader was busy.
                Some(entry) if entry.payload == *payload && entry.sequence > last => return Ok(Some(entry.sequence)),
                Some(entry) if entry.sequence == last => last,
                Some(_) => return Ok(None),
                None => 0,
            };
        }
        Ok(None)
    }
}

#[async_trait]
impl ConcurrencySlot for NatsSlot {
    async fn renew(&self) -> Result<(), Unavailable> {
        let mut last = self.last.lock().await;
        match self.shared.write_slot(&self.subject, *last, &self.payload).await? {
            Some(sequence) => *last = sequence,
            None => return Err(Unavailable(format!("the slot {} has been given to another", self.subject))),
        }
        Ok(())
    }

    async fn release(self: Box<Self>) {
        let last = *self.last.lock().await;
        if let Err(error) = self.shared.connection.delete(&self.shared.names.stream("SLOTS"), last).await {
            tracing::debug!(slot = %self.subject, %error, "a slot was not released: it expires by itself");
        }
    }
}
