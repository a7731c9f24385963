//! Submits a render job and waits for its document.
//!
//! A job whose document need not be stored is ephemeral where its body fits a message: no row, no object. Its document
//! may still turn out too large for an event. Then the job is submitted once more as one that is kept: nothing is lost but
//! the time of the first.

use ruche_schemas::{
    Claim, EventType, Failure, JobId, JobRef, Lane, TenantId,
    claim::CLAIM_BYTES,
    failure::codes,
    kinds::{
        Job as _,
        render::{INLINE_BYTES, Render, Rendered},
    },
};
use tokio::time::{Instant, timeout_at};

use crate::{
    app::parts::App,
    http::{error::ApiError, limits},
    jobs::{
        relay::CancelOnDrop,
        submit::{Accepted, Submission, check_size},
    },
};

/// A document that is there.
#[derive(Debug)]
pub(crate) struct Finished {
    /// Its job.
    pub(crate) job: JobId,
    /// The document, or where it is.
    pub(crate) rendered: Rendered,
}

/// What became of waiting.
#[derive(Debug)]
pub(crate) enum Waited {
    /// The document is there.
    Finished(Box<Finished>),
    /// The time is over; the job goes on, and its document will be stored.
    Running(Box<Accepted>),
}

/// Who waits, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waiting<'a> {
    /// On whose behalf.
    pub(crate) tenant: &'a TenantId,
    /// What makes the same submission the same job.
    pub(crate) idempotency_key: Option<&'a str>,
    /// Whether the document is to be stored, where that is said.
    pub(crate) store: Option<bool>,
    /// For so many seconds, where that is said.
    pub(crate) seconds: Option<u64>,
}

/// How one job ended.
enum End {
    Finished(Finished),
    Running(Accepted),
    /// It fits no event.
    TooLarge(JobId, Option<u64>),
}

impl App {
    /// Submits a render job that somebody follows later.
    ///
    /// # Errors
    /// As [`App::submit`].
    pub(crate) async fn submit_render(
        &self,
        render: &Render,
        mut submission: Submission<'_>,
    ) -> Result<Accepted, ApiError> {
        let descriptor = self.descriptor(Render::KIND.as_str())?;
        let body = serde_json::value::to_raw_value(render).map_err(|_| ApiError::internal())?;
        check_size(descriptor, body.get().len())?;
        // A claim's body outlives an ephemeral job, which has no row to find it by; and a job that is asked for again must
        // be found.
        let fits = body.get().len() <= CLAIM_BYTES && submission.idempotency_key.is_none();
        submission.options.ephemeral &= fits;
        self.publish(descriptor, None, &body, submission).await
    }

    /// Renders and waits.
    ///
    /// # Errors
    /// As [`App::submit`]; and why the job failed, or gave nothing in time.
    pub(crate) async fn render(&self, mut render: Render, waiting: Waiting<'_>) -> Result<Waited, ApiError> {
        let seconds = waiting.seconds.unwrap_or(u64::MAX).min(self.settings.wait_seconds);
        let deadline = Instant::now() + std::time::Duration::from_secs(seconds);
        let can_store = self.claims.objects().is_some();
        if waiting.store == Some(true) && !can_store {
            return Err(no_objects());
        }
        let large = || size(&render) > limits::UNSTORED_RENDER_BYTES;
        render.store = waiting.store.unwrap_or_else(|| can_store && (waiting.idempotency_key.is_some() || large()));
        let (job, bytes) = match self.render_once(&render, waiting, !render.store, deadline).await? {
            End::Finished(finished) => return Ok(Waited::Finished(Box::new(finished))),
            End::Running(accepted) if render.store => return Ok(Waited::Running(Box::new(accepted))),
            End::Running(accepted) => return Err(ApiError::waited(accepted.job.id, seconds)),
            End::TooLarge(job, bytes) => (job, bytes),
        };
        if render.store || !can_store || waiting.idempotency_key.is_some() {
            return Err(too_large(job, bytes));
        }
        render.store = waiting.store.unwrap_or(true);
        match self.render_once(&render, waiting, false, deadline).await? {
            End::Finished(finished) => Ok(Waited::Finished(Box::new(finished))),
            End::Running(accepted) => Ok(Waited::Running(Box::new(accepted))),
            End::TooLarge(job, bytes) => Err(too_large(job, bytes)),
        }
    }

    async fn render_once(
        &self,
        render: &Render,
        waiting: Waiting<'_>,
        ephemeral: bool,
        deadline: Instant,
    ) -> Result<End, ApiError> {
        let mut submission = Submission::new(waiting.tenant, Lane::Interactive, waiting.idempotency_key);
        (submission.options.follow, submission.options.ephemeral) = (true, ephemeral);
        let mut accepted = Box::pin(self.submit_render(render, submission)).await?;
        let is_mine = waiting.idempotency_key.is_none() && !accepted.duplicate;
        let mut guard = CancelOnDrop::new(self, &accepted.job, is_mine);
        let told = timeout_at(deadline, self.end_of(&mut accepted)).await;
        guard.disarm();
        told.unwrap_or(Ok(End::Running(accepted)))
    }

    /// How a job ends.
    async fn end_of(&self, accepted: &mut Accepted) -> Result<End, ApiError> {
        let job = accepted.job.clone();
        // Events are kept for a while only: what was asked for before may have ended long ago.
        if accepted.duplicate
            && let Some(row) = self.store.job(&job).await.ok().flatten()
        {
            return self.end_of_row(&job, row.state, row.data, row.claim).await;
        }
        let mut relay = accepted.relay(self).await?;
        while let Some(told) = relay.next().await {
            let record = told.map_err(|interrupted| interrupted.error(&job))?;
            if record.event.is_final() {
                return self.end_of_row(&job, record.event, record.data, record.claim).await;
            }
        }
        Err(ApiError::internal().job(job.id))
    }

    async fn end_of_row(
        &self,
        job: &JobRef,
        state: EventType,
        data: serde_json::Value,
        claim: Option<Claim>,
    ) -> Result<End, ApiError> {
        let unreadable = |error: serde_json::Error| {
            tracing::error!(job.id = %job.id, error.message = %error, "a render job's result can't be read");
            ApiError::internal().job(job.id)
        };
        match state {
            EventType::Done => {
                let data = match claim {
                    Some(claim) => self.claimed(&job.tenant, &claim).await.map_err(|error| error.job(job.id))?,
                    None => data,
                };
                let rendered: Rendered = serde_json::from_value(data).map_err(unreadable)?;
                match rendered.content.is_none() && rendered.claim.is_none() {
                    true => Ok(End::TooLarge(job.id, Some(rendered.bytes))),
                    false => Ok(End::Finished(Finished { job: job.id, rendered })),
                }
            }
            EventType::Failed => {
                let failure: Failure = serde_json::from_value(data).map_err(unreadable)?;
                match failure.code == codes::RESULT_TOO_LARGE {
                    true => Ok(End::TooLarge(job.id, None)),
                    false => Err(ApiError::failed(job.id, failure)),
                }
            }
            _ => Err(ApiError::cancelled(job.id)),
        }
    }
}

/// About how large a job's body is.
fn size(render: &Render) -> usize {
    let files: usize = render.files.iter().map(|file| file.content.0.len()).sum();
    let package = render.template.package.as_ref().map_or(0, |package| package.0.len());
    render.markdown.len() + render.css.len() + files + package
}

/// 501: there is nowhere to store a document.
pub(crate) fn no_objects() -> ApiError {
    let message = "this gateway has no object store to keep documents in: set objects.url, or render with store=false";
    ApiError::not_set_up("no_object_store", message)
}

/// 422: the document can't be had.
fn too_large(job: JobId, bytes: Option<u64>) -> ApiError {
    let has = bytes.map_or("more".to_owned(), |bytes| format!("{bytes} bytes"));
    let message = format!(
        "the document has {has}: without an object store at most {INLINE_BYTES} can be sent, with one at most \
         objects.max_bytes; set objects.url, or use smaller pictures"
    );
    ApiError::unprocessable("document_too_large", message).job(job)
}
