//! Pauses, caps, unique keys, and what is queued.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::DateTime;
use futures::stream::BoxStream;
use ruche_schemas::{JobId, Kind, TenantId, clock};

use super::{
    codes::WRONG_LAST_OR_BUSY,
    connection::RequestError,
    delivery,
    headers::{from_nats, guarded},
    pauses,
    shared::{Nats, Shared},
    slots,
    store::Entry,
};
use crate::port::{Caps, ConcurrencySlot, FlowControl, Pause, Queued, TenantCaps, Unavailable};

/// Jobs for later are in a separate stream; their positions come after all others.
const LATER: u64 = 1 << 62;

/// How often a key whose holder has just expired is requested again.
const TRIES: u32 = 5;

#[async_trait]
impl FlowControl for Nats {
    async fn set_paused(&self, what: &Pause, paused: bool) -> Result<(), Unavailable> {
        self.shared.set_paused(what, paused).await
    }

    async fn pauses(&self) -> Result<BoxStream<'static, Vec<Pause>>, Unavailable> {
        pauses::pauses(Arc::clone(&self.shared)).await
    }

    async fn set_caps(&self, tenant: &TenantId, caps: Option<&Caps>) -> Result<(), Unavailable> {
        self.shared.set_caps(tenant, caps).await
    }

    async fn caps(&self) -> Result<BoxStream<'static, TenantCaps>, Unavailable> {
        pauses::caps(Arc::clone(&self.shared)).await
    }

    async fn queued(
        &self,
        kind: &Kind,
        tenant: &TenantId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Queued>, Unavailable> {
        let (connection, names) = (&self.shared.connection, &self.shared.names);
        let mut found = Vec::new();
        if after < LATER {
            let stream = names.jobs(kind);
            for subject in names.queued(kind, tenant) {
                let entries = connection.all(&stream, &subject, after.saturating_add(1), limit).await?;
                found.extend(entries.into_iter().filter_map(|entry| queued(&stream, kind, entry)));
            }
            found.sort_by_key(|job| job.sequence);
            found.truncate(limit);
        }
        if found.len() < limit {
            let (stream, left) = (names.stream("SCHEDULES"), limit - found.len());
            let from = after.saturating_sub(LATER).saturating_add(1);
            let entries = connection.all(&stream, &names.delayed(kind, tenant), from, left).await?;
            let jobs = entries.into_iter().filter_map(|entry| queued(&stream, kind, entry));
            found.extend(jobs.map(|job| Queued { sequence: job.sequence.saturating_add(LATER), ..job }));
        }
        Ok(found)
    }

    async fn backlog(&self, kind: &Kind, tenant: &TenantId) -> Result<u64, Unavailable> {
        let (connection, names) = (&self.shared.connection, &self.shared.names);
        let (stream, [plain, pooled]) = (names.jobs(kind), names.queued(kind, tenant));
        let ready = connection.count(&stream, &plain).await? + connection.count(&stream, &pooled).await?;
        Ok(ready + connection.count(&names.stream("SCHEDULES"), &names.delayed(kind, tenant)).await?)
    }

    async fn acquire_slot(
        &self,
        kind: &Kind,
        tenant: &TenantId,
        cap: u32,
        job: JobId,
    ) -> Result<Option<Box<dyn ConcurrencySlot>>, Unavailable> {
        slots::acquire(&self.shared, kind, tenant, cap, job).await
    }

    async fn reserve(
        &self,
        kind: &Kind,
        tenant: &TenantId,
        key: &str,
        window: Duration,
        job: JobId,
    ) -> Result<Option<JobId>, Unavailable> {
        self.shared.reserve(self.shared.names.unique(kind, tenant, key), window, job).await
    }
}

impl Shared {
    /// The server lets one message onto the subject, and drops it after the window.
    async fn reserve(&self, subject: String, window: Duration, job: JobId) -> Result<Option<JobId>, Unavailable> {
        let stream = self.names.stream("UNIQUE");
        let headers = guarded(0, window);
        let payload = Bytes::from(job.to_string());
        for _ in 0..TRIES {
            match self.connection.store(subject.clone(), Some(headers.clone()), payload.clone()).await {
                Ok(_) => return Ok(None),
                Err(RequestError::Timeout) => {}
                Err(RequestError::Api(error)) if WRONG_LAST_OR_BUSY.contains(&error.code) => {}
                Err(error) => return Err(error.into()),
            }
            // Another job has it, or this one, whose acknowledgement was lost.
            let holder = self.connection.last_from_leader(&stream, &subject).await?;
            if let Some(holder) = holder.and_then(|entry| std::str::from_utf8(&entry.payload).ok()?.parse().ok()) {
                return Ok((holder != job).then_some(holder));
            }
        }
        Err(Unavailable(format!("NATS does not confirm who has the key at {subject}")))
    }
}

fn queued(stream: &str, kind: &Kind, entry: Entry) -> Option<Queued> {
    let header = |name: &str| entry.headers.get(name).map(|value| value.as_str().to_owned());
    // A scheduled message names its target subject, `....<lane>.<tenant>`: without a shard.
    let target = header("Nats-Schedule-Target");
    let target = target.as_deref().and_then(|target| target.rsplit_once('.'));
    let subject = target.map_or_else(|| entry.subject.clone(), |(lane, tenant)| format!("{lane}.0.{tenant}"));
    let run_at = header("Nats-Schedule").and_then(|when| {
        let at = DateTime::parse_from_rfc3339(when.strip_prefix("@at ")?.trim()).ok()?;
        Some(at.to_utc())
    });
    let (job, lane) = delivery::job_of_message(stream, &subject, Some(&entry.headers), &entry.payload, entry.sequence)?;
    Some(Queued {
        sequence: entry.sequence,
        job,
        kind: kind.clone(),
        lane,
        published_at: entry.at,
        run_at: run_at.filter(|at| *at > clock::now()),
        payload: entry.payload,
        headers: from_nats(&entry.headers),
    })
}
