//! Submits render jobs and waits for their documents.
//!
//! A job whose document need not be stored is ephemeral if its body fits a message: no row, no object. If its
//! document is too large for an event, its worker stores it and commits a row.

use std::sync::Arc;

use ruche_schemas::{
    JobId, Lane, TenantId,
    claim::CLAIM_BYTES,
    failure::codes,
    kinds::render::{Render, Rendered},
};
use tokio::time::{Duration, Instant};

use crate::{
    http::{error::ApiError, limits},
    jobs::{
        kinds::Kinds,
        publisher::Publisher,
        service::Jobs,
        submission::{Accepted, Submission},
        wait::{Ended, Wait, Waited, Waiter},
    },
};

pub struct Renderer {
    kinds: Arc<Kinds>,
    publisher: Arc<Publisher>,
    waiter: Waiter,
    /// Whether there is an object store for documents.
    pub(super) can_store: bool,
}

#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) job: JobId,
    /// The document, or where it is.
    pub(crate) rendered: Rendered,
}

#[derive(Debug)]
pub(crate) enum Outcome {
    Finished(Box<Finished>),
    /// The wait has timed out; the job continues, and its document will be stored.
    Running(Box<Accepted>),
}

/// Who renders, and how the document is returned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order<'a> {
    pub(crate) tenant: &'a TenantId,
    pub(crate) idempotency_key: Option<&'a str>,
    /// Whether the document is to be stored, if the request says so.
    pub(crate) store: Option<bool>,
    /// How long to wait, if the request says so.
    pub(crate) seconds: Option<u64>,
}

enum End {
    Finished(Finished),
    Running(Accepted),
    TooLarge(JobId, String),
}

impl Renderer {
    #[must_use]
    pub fn new(jobs: &Jobs) -> Self {
        Self {
            kinds: Arc::clone(&jobs.kinds),
            publisher: Arc::clone(&jobs.publisher),
            waiter: jobs.waiter.clone(),
            can_store: jobs.payloads.can_store(),
        }
    }

    /// Submits a render job whose document is stored, if there is an object store and the request does not forbid it.
    ///
    /// # Errors
    /// As a submission; 501 when the document must be stored without an object store.
    pub(crate) async fn submit(&self, mut render: Render, order: Order<'_>) -> Result<Accepted, ApiError> {
        render.store = self.stores(order.store)?.unwrap_or(self.can_store);
        let submission = Submission::new(order.tenant, Lane::Normal, order.idempotency_key);
        self.publisher.submit(self.kinds.work(&render)?, submission).await
    }

    /// Renders and waits.
    ///
    /// # Errors
    /// As a submission; why the job failed, or that it timed out.
    pub(crate) async fn render(&self, mut render: Render, order: Order<'_>) -> Result<Outcome, ApiError> {
        let seconds = order.seconds.unwrap_or(u64::MAX).min(self.waiter.seconds);
        let deadline = Instant::now() + Duration::from_secs(seconds);
        let large = || size(&render) > limits::UNSTORED_RENDER_BYTES;
        let keeps = || self.can_store && (order.idempotency_key.is_some() || large());
        let store = self.stores(order.store)?;
        let ephemeral = !store.unwrap_or_else(keeps);
        render.store = store.unwrap_or(self.can_store);
        match self.render_once(&render, order, ephemeral, deadline).await? {
            End::Finished(finished) => Ok(Outcome::Finished(Box::new(finished))),
            End::Running(accepted) if !ephemeral => Ok(Outcome::Running(Box::new(accepted))),
            End::Running(accepted) => Err(ApiError::waited(accepted.job.id, seconds)),
            End::TooLarge(job, reason) => Err(too_large(job, &reason)),
        }
    }

    pub(super) fn wait_seconds(&self) -> u64 {
        self.waiter.seconds
    }

    /// Whether the request asks to store its document.
    ///
    /// # Errors
    /// 501 when it must be stored without an object store.
    fn stores(&self, store: Option<bool>) -> Result<Option<bool>, ApiError> {
        match store {
            Some(true) if !self.can_store => Err(no_objects()),
            store => Ok(store),
        }
    }

    async fn render_once(
        &self,
        render: &Render,
        order: Order<'_>,
        ephemeral: bool,
        deadline: Instant,
    ) -> Result<End, ApiError> {
        let work = self.kinds.work(render)?;
        let mut submission = Submission::new(order.tenant, Lane::Interactive, order.idempotency_key);
        // An offloaded body outlives an ephemeral job, which has no row to find it by; and a job with an idempotency
        // key must be found again.
        let fits = work.body.get().len() <= CLAIM_BYTES && order.idempotency_key.is_none();
        submission.options.ephemeral = ephemeral && fits;
        let wait = Wait { deadline: Some(deadline), cancel: order.idempotency_key.is_none() };
        match Box::pin(self.waiter.submit_and_wait(work, submission, wait)).await? {
            Waited::Running(accepted) => Ok(End::Running(*accepted)),
            Waited::Ended(ended) => end(ended),
        }
    }
}

fn end(ended: Ended) -> Result<End, ApiError> {
    let job = ended.job.id;
    match ended.output::<Rendered>() {
        Ok(rendered) => Ok(End::Finished(Finished { job, rendered })),
        Err(error) if error.code_name() == Some(codes::RESULT_TOO_LARGE) => {
            Ok(End::TooLarge(job, error.message().to_owned()))
        }
        Err(error) => Err(error),
    }
}

fn size(render: &Render) -> usize {
    let files: usize = render.files.iter().map(|file| file.content.0.len()).sum();
    let package = render.template.package.as_ref().map_or(0, |package| package.0.len());
    render.markdown.len() + render.css.len() + files + package
}

/// 501: there is no object store.
pub(crate) fn no_objects() -> ApiError {
    let message = "this gateway has no object store to keep documents in: set objects.url, or render with store=false";
    ApiError::not_set_up("no_object_store", message)
}

/// 422: the document is too large.
fn too_large(job: JobId, reason: &str) -> ApiError {
    ApiError::unprocessable("document_too_large", format!("the document is too large: {reason}")).job(job)
}
