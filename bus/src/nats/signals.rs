//! Cancellations and the registrations of workers. The server keeps the last one per subject.

use std::{sync::Arc, time::Duration};

use async_nats::Subscriber;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use ruche_schemas::{JobRef, TenantId, clock};
use serde::Deserialize;
use serde_json::Value;
use tokio::{sync::watch::Receiver, time::Instant};

use super::{connection::Health, shared::Shared};
use crate::port::{ALL_REGISTERED, Unavailable, WorkerRegistration};

/// How long before an outage reading starts again, because clocks differ.
const MARGIN: Duration = Duration::from_secs(60);

impl Shared {
    pub(super) async fn cancel(&self, job: &JobRef) -> Result<(), Unavailable> {
        // It is stored for a worker that gets the job later; listeners get it at once.
        self.with_streams(|| self.connection.store_with_retry(self.names.cancel(job), None, Bytes::new())).await?;
        Ok(())
    }

    pub(super) async fn is_cancelled(&self, job: &JobRef) -> Result<bool, Unavailable> {
        let subject = self.names.cancel(job);
        Ok(self.with_streams(|| self.connection.last(&self.cancels, &subject)).await?.is_some())
    }

    pub(super) async fn cancelled_since(&self, time: DateTime<Utc>, limit: usize) -> Result<Vec<JobRef>, Unavailable> {
        let subjects = self.names.cancels();
        let found = self.with_streams(|| self.connection.since(&self.cancels, &subjects, time, limit)).await?;
        Ok(found.iter().filter_map(|entry| job_of(&entry.subject)).collect())
    }

    pub(super) async fn register(&self, worker: &WorkerRegistration) -> Result<(), Unavailable> {
        let text = serde_json::to_vec(worker).map_err(|error| Unavailable(error.to_string()))?;
        let subject = self.names.worker(&worker.kind, &worker.worker);
        let text = Bytes::from(text);
        self.keeper.registered(&subject, &text);
        self.with_streams(|| self.connection.store_with_retry(subject.clone(), None, text.clone())).await?;
        Ok(())
    }

    /// Stores an empty registration: a worker may publish, but not delete.
    pub(super) async fn deregister(&self, worker: &WorkerRegistration) -> Result<(), Unavailable> {
        let subject = self.names.worker(&worker.kind, &worker.worker);
        self.keeper.deregistered(&subject);
        self.with_streams(|| self.connection.store_with_retry(subject.clone(), None, Bytes::new())).await?;
        Ok(())
    }

    /// By the age of their stream: they are in memory, so it is created when they are lost. Both times are the server's.
    pub(super) async fn knows_all_workers(&self) -> Result<bool, Unavailable> {
        #[derive(Deserialize)]
        struct Info {
            created: DateTime<Utc>,
            ts: DateTime<Utc>,
        }
        let asked = format!("STREAM.INFO.{}", self.workers);
        let info: Info = self.with_streams(|| self.connection.api(&asked, &Value::Null)).await?;
        Ok((info.ts - info.created).to_std().unwrap_or_default() >= ALL_REGISTERED)
    }

    pub(super) async fn registered(&self) -> Result<Vec<WorkerRegistration>, Unavailable> {
        let subjects = self.names.workers();
        let found = self.with_streams(|| self.connection.all(&self.workers, &subjects, 1, usize::MAX)).await?;
        let mut workers: Vec<WorkerRegistration> =
            found.iter().filter_map(|entry| serde_json::from_slice(&entry.payload).ok()).collect();
        workers.sort_by(|a, b| (a.kind.as_str(), &a.worker).cmp(&(b.kind.as_str(), &b.worker)));
        Ok(workers)
    }
}

/// Those requested during an outage are read afterwards.
struct CancelListener {
    shared: Arc<Shared>,
    subscription: Subscriber,
    health: Receiver<Health>,
    missed: std::vec::IntoIter<JobRef>,
    lost_at: Option<Instant>,
}

pub(super) async fn cancellations(shared: Arc<Shared>) -> Result<BoxStream<'static, JobRef>, Unavailable> {
    let health = shared.connection.health();
    let subscription = shared.connection.subscribe(shared.names.cancels()).await?;
    // Once this returns, the server has the subscription.
    shared.connection.round_trip().await?;
    let listener = CancelListener { shared, subscription, health, missed: Vec::new().into_iter(), lost_at: None };
    Ok(stream::unfold(listener, |mut listener| async move { listener.next().await.map(|job| (job, listener)) }).boxed())
}

impl CancelListener {
    async fn next(&mut self) -> Option<JobRef> {
        loop {
            if let Some(job) = self.missed.next() {
                return Some(job);
            }
            let retry = tokio::time::sleep(Duration::from_secs(1));
            tokio::select! {
                message = self.subscription.next() => match job_of(&message?.subject) {
                    Some(job) => return Some(job),
                    None => continue,
                },
                Ok(()) = self.health.changed() => {
                    let health = *self.health.borrow_and_update();
                    if !health.up {
                        self.lost_at.get_or_insert_with(Instant::now);
                    }
                }
                () = retry, if self.lost_at.is_some() => {}
            }
            self.look_back().await;
        }
    }

    async fn look_back(&mut self) {
        let Some(lost_at) = self.lost_at else { return };
        let since = clock::now() - (lost_at.elapsed() + MARGIN);
        if let Ok(missed) = self.shared.cancelled_since(since, usize::MAX).await {
            self.lost_at = None;
            self.missed = missed.into_iter();
        }
    }
}

/// The job in `<prefix>.<what>.<tenant>.<job>`.
fn job_of(subject: &str) -> Option<JobRef> {
    let mut parts = subject.rsplit('.');
    let id = parts.next()?.parse().ok()?;
    let tenant: TenantId = parts.next()?.parse().ok()?;
    Some(JobRef { tenant, id })
}
