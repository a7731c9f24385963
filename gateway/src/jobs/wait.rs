//! Submits a job and waits for its end.

use std::{sync::Arc, time::Duration};

use axum::http::StatusCode;
use ruche_schemas::{Claim, EventType, Failure, Job, JobRef, Lane, TenantId};
use ruche_store::Store;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::{
    kinds::Work,
    payloads::Payloads,
    publisher::Publisher,
    relay::Relays,
    submission::{Accepted, Submission},
};
use crate::http::error::ApiError;

#[derive(Clone)]
pub struct Waiter {
    pub(super) publisher: Arc<Publisher>,
    pub(super) store: Arc<dyn Store>,
    pub(super) relays: Relays,
    pub(super) payloads: Payloads,
    /// `gateway.wait_seconds`.
    pub(crate) seconds: u64,
}

/// How a job ended. Its data is complete, even if it is in the object store.
#[derive(Debug)]
pub struct Ended {
    pub job: JobRef,
    event: EventType,
    data: Value,
}

#[derive(Debug)]
pub enum Waited {
    Ended(Ended),
    /// The wait has timed out; the job continues.
    Running(Box<Accepted>),
}

#[derive(Debug, Clone, Copy)]
pub struct Wait {
    /// `None`: the caller bounds the time.
    pub deadline: Option<Instant>,
    /// Whether a new job is cancelled when the future is dropped: its client has disconnected.
    pub cancel: bool,
}

impl Waiter {
    /// How long a request waits for its answer.
    #[must_use]
    pub fn longest(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// Calls a job as a function: ephemeral, interactive, and cancelled when the future is dropped. The caller must
    /// bound the time.
    ///
    /// `patient`: whether to wait over the rate limit, since a request is under way already. `large` names the field
    /// that can make a job too large.
    ///
    /// # Errors
    /// As [`Publisher::submit`]; why the job failed.
    pub(crate) async fn call<J: Job, T: DeserializeOwned>(
        &self,
        tenant: &TenantId,
        job: &J,
        patient: bool,
        large: &str,
    ) -> Result<T, ApiError> {
        job.check()?;
        let work = self.publisher.kinds.work(job).map_err(|error| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => error.param(large),
            _ => error,
        })?;
        let mut submission = Submission::new(tenant, Lane::Interactive, None);
        (submission.options.ephemeral, submission.options.patient) = (true, patient);
        let wait = Wait { deadline: None, cancel: true };
        match Box::pin(self.submit_and_wait(work, submission, wait)).await? {
            Waited::Ended(ended) => ended.output(),
            Waited::Running(accepted) => Err(ApiError::internal().job(accepted.job.id)),
        }
    }

    /// Submits a job and waits for its end.
    ///
    /// # Errors
    /// As [`Publisher::submit`]; 503 when its events cannot be read.
    pub(crate) async fn submit_and_wait(
        &self,
        work: Work<'_>,
        mut submission: Submission<'_>,
        wait: Wait,
    ) -> Result<Waited, ApiError> {
        submission.options.follow = true;
        let accepted = Box::pin(self.publisher.submit(work, submission)).await?;
        self.wait(accepted, wait).await
    }

    /// Waits for the end of an accepted job.
    ///
    /// # Errors
    /// 503 when its events cannot be read.
    pub(crate) async fn wait(&self, mut accepted: Accepted, wait: Wait) -> Result<Waited, ApiError> {
        let Wait { deadline, cancel } = wait;
        let mut guard = self.relays.guard(&accepted.job, cancel && !accepted.duplicate);
        let ended = match deadline {
            Some(deadline) => timeout_at(deadline, self.end(&mut accepted)).await,
            None => Ok(self.end(&mut accepted).await),
        };
        guard.disarm();
        match ended {
            Ok(ended) => ended.map(Waited::Ended),
            Err(_) => Ok(Waited::Running(Box::new(accepted))),
        }
    }

    async fn end(&self, accepted: &mut Accepted) -> Result<Ended, ApiError> {
        let job = accepted.job.clone();
        // Events expire: a duplicate may have ended long ago.
        if accepted.duplicate
            && let Some(row) = self.store.job(&job).await.ok().flatten()
        {
            return self.ended(&job, row.state, row.data, row.claim).await;
        }
        let mut relay = accepted.relay(&self.relays).await?;
        while let Some(record) = relay.next().await {
            let record = record.map_err(|interrupted| interrupted.error(&job))?;
            if record.event.is_final() {
                return self.ended(&job, record.event, record.data, record.claim).await;
            }
        }
        Err(ApiError::internal().job(job.id))
    }

    /// The end of a job, with its data wherever that is.
    ///
    /// # Errors
    /// 410 for a result that is gone, 500 for one that was changed, 503.
    pub(crate) async fn ended(
        &self,
        job: &JobRef,
        event: EventType,
        data: Value,
        claim: Option<Claim>,
    ) -> Result<Ended, ApiError> {
        let data = match claim {
            Some(claim) => self.payloads.json(&job.tenant, &claim).await.map_err(|error| error.job(job.id))?,
            None => data,
        };
        Ok(Ended { job: job.clone(), event, data })
    }
}

impl Ended {
    /// # Errors
    /// Why it failed, with the field of the input; 410 if it was cancelled; 500 if its result cannot be read.
    pub(crate) fn output<T: DeserializeOwned>(self) -> Result<T, ApiError> {
        let Self { job: JobRef { id, .. }, event, data } = self;
        match event {
            EventType::Done => serde_json::from_value(data).map_err(|error| {
                tracing::error!(job.id = %id, error.message = %error, "a result can't be read");
                ApiError::internal().job(id)
            }),
            EventType::Failed => {
                let unreadable = |_| Failure::new("failed", "the job failed; the worker's log has the cause");
                Err(ApiError::failed(id, serde_json::from_value(data).unwrap_or_else(unreadable)))
            }
            _ => Err(ApiError::cancelled(id)),
        }
    }
}
