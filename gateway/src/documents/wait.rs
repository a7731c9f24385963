//! Submits a document as a job, and waits for it where somebody does.

use ruche_schemas::{
    EventType, Failure, Invalid, Job as _, JobId, TenantId,
    kinds::embed::{Embed, Indexed},
};
use tokio::time::{Instant, timeout_at};

use super::request::Wanted;
use crate::{
    app::parts::App,
    http::error::ApiError,
    jobs::submit::{Accepted, Submission, check_size},
};

/// What became of waiting.
#[derive(Debug)]
pub(crate) enum Waited {
    /// The document is there.
    Finished(JobId, Box<Indexed>),
    /// The time is over; the job goes on.
    Running(Box<Accepted>),
}

impl App {
    /// Submits a document that was read.
    ///
    /// # Errors
    /// As [`App::submit`], with the field by its name in the request.
    pub(crate) async fn submit_document(
        &self,
        tenant: &TenantId,
        wanted: Wanted,
        idempotency_key: Option<&str>,
        follow: bool,
    ) -> Result<Accepted, ApiError> {
        let Wanted { document, model, lane, room: _room, .. } = wanted;
        let embed = Embed { document: Some(document), model, ..Embed::default() };
        embed.check().map_err(|Invalid { param, message }| {
            let param = param.strip_prefix("document.").map(str::to_owned).unwrap_or(param);
            Invalid::new(param, message)
        })?;
        if let Some(model) = &embed.model {
            self.models.check(&*self.bus, &Embed::KIND, model).await?;
        }
        let descriptor = self.descriptor(Embed::KIND.as_str())?;
        let body = serde_json::value::to_raw_value(&embed).map_err(|_| ApiError::internal())?;
        drop(embed);
        check_size(descriptor, body.get().len())?;
        let mut submission = Submission::new(tenant, lane, idempotency_key);
        submission.options.follow = follow;
        self.publish(descriptor, None, &body, submission).await
    }

    /// Waits until the document's job has ended, at most so many seconds.
    ///
    /// # Errors
    /// Why it failed.
    pub(crate) async fn wait_for_document(
        &self,
        mut accepted: Accepted,
        seconds: Option<u64>,
    ) -> Result<Waited, ApiError> {
        let seconds = seconds.unwrap_or(u64::MAX).min(self.settings.wait_seconds);
        let deadline = Instant::now() + std::time::Duration::from_secs(seconds);
        let job = accepted.job.id;
        match timeout_at(deadline, self.end_of_document(&mut accepted)).await {
            Ok(Ok(indexed)) => Ok(Waited::Finished(job, Box::new(indexed))),
            Ok(Err(error)) => Err(error),
            Err(_) => Ok(Waited::Running(Box::new(accepted))),
        }
    }

    async fn end_of_document(&self, accepted: &mut Accepted) -> Result<Indexed, ApiError> {
        let job = accepted.job.clone();
        // Events are kept for a while only: what was asked for before may have ended long ago.
        if accepted.duplicate
            && let Some(row) = self.store.job(&job).await?
        {
            return ended(job.id, row.state, row.data);
        }
        let mut relay = accepted.relay(self).await?;
        while let Some(told) = relay.next().await {
            let record = told.map_err(|interrupted| interrupted.error(&job))?;
            if record.event.is_final() {
                return ended(job.id, record.event, record.data);
            }
        }
        Err(ApiError::internal().job(job.id))
    }
}

fn ended(job: JobId, state: EventType, data: serde_json::Value) -> Result<Indexed, ApiError> {
    let unreadable = |error: serde_json::Error| {
        tracing::error!(job.id = %job, error.message = %error, "an embed job's result can't be read");
        ApiError::internal().job(job)
    };
    match state {
        EventType::Done => serde_json::from_value(data).map_err(unreadable),
        EventType::Failed => {
            let mut failure: Failure = serde_json::from_value(data).map_err(unreadable)?;
            let within = failure.param.as_deref().and_then(|param| param.strip_prefix("document.")).map(str::to_owned);
            failure.param = within.or(failure.param);
            Err(ApiError::failed(job, failure))
        }
        _ => Err(ApiError::cancelled(job)),
    }
}
