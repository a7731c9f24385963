//! Submits documents as jobs of the kind `embed`.

use std::sync::Arc;

use ruche_schemas::{
    Invalid, Job as _, JobId, TenantId,
    kinds::embed::{Embed, Indexed},
};
use tokio::time::{Duration, Instant};

use super::request::NewDocument;
use crate::{
    http::error::ApiError,
    jobs::{
        kinds::Kinds,
        models::Models,
        publisher::Publisher,
        service::Jobs,
        submission::{Accepted, Submission},
        wait::{Wait, Waited, Waiter},
    },
};

pub struct Documents {
    models: Arc<Models>,
    kinds: Arc<Kinds>,
    publisher: Arc<Publisher>,
    waiter: Waiter,
}

pub(crate) enum Added {
    Indexed(JobId, Box<Indexed>),
    Accepted(Box<Accepted>),
}

impl Documents {
    #[must_use]
    pub fn new(jobs: &Jobs) -> Self {
        Self {
            models: Arc::clone(&jobs.models),
            kinds: Arc::clone(&jobs.kinds),
            publisher: Arc::clone(&jobs.publisher),
            waiter: jobs.waiter.clone(),
        }
    }

    /// Submits a document, and waits for its end, at most `seconds`.
    ///
    /// # Errors
    /// As a submission, with the field's name in the request; why the job failed.
    pub(crate) async fn add(
        &self,
        tenant: &TenantId,
        new: NewDocument,
        idempotency_key: Option<&str>,
        seconds: Option<u64>,
    ) -> Result<Added, ApiError> {
        let NewDocument { document, handling, permit } = new;
        let (lane, asked) = (handling.lane()?, handling.model);
        let model = self.models.aliases.resolve(asked.clone());
        let embed = Embed { document: Some(document), model, ..Embed::default() };
        embed.check().map_err(|Invalid { param, message }| {
            let param = param.strip_prefix("document.").map(str::to_owned).unwrap_or(param);
            Invalid::new(param, message)
        })?;
        self.models.find(&Embed::KIND, asked.as_deref()).await?;
        let work = self.kinds.work(&embed)?;
        drop(embed);
        let mut submission = Submission::new(tenant, lane, idempotency_key);
        submission.options.follow = seconds.is_some();
        let accepted = self.publisher.submit(work, submission).await?;
        drop(permit);
        let Some(seconds) = seconds else { return Ok(Added::Accepted(Box::new(accepted))) };
        let deadline = Instant::now() + Duration::from_secs(seconds.min(self.waiter.seconds));
        let wait = Wait { deadline: Some(deadline), cancel: false };
        match Box::pin(self.waiter.wait(accepted, wait)).await? {
            Waited::Ended(ended) => {
                let job = ended.job.id;
                let indexed = ended.output().map_err(outside_of_document)?;
                Ok(Added::Indexed(job, Box::new(indexed)))
            }
            Waited::Running(accepted) => Ok(Added::Accepted(accepted)),
        }
    }
}

/// Renames the field to its name in the request.
fn outside_of_document(error: ApiError) -> ApiError {
    match error.param_name().and_then(|param| param.strip_prefix("document.")).map(str::to_owned) {
        Some(param) => error.param(param),
        None => error,
    }
}
