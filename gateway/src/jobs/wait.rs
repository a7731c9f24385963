//! A job that the gateway itself waits for: ephemeral, interactive, listened to before it is published. It leaves nothing
//! behind, and is cancelled where whoever asked goes away.

use ruche_schemas::{Job, Lane, TenantId};
use serde::de::DeserializeOwned;

use super::{
    relay::CancelOnDrop,
    submit::{Submission, check_size, refusal},
};
use crate::{app::parts::App, http::error::ApiError};

impl App {
    /// What the job gives. `patient`: whether it waits where the tenant submits too fast, since a request is under way
    /// already. `large` names the field that a job which is too large is too large by.
    ///
    /// # Errors
    /// As [`App::submit`]; why the job failed. There is no bound in time: the caller sets it.
    pub(crate) async fn ask<J: Job, T: DeserializeOwned>(
        &self,
        tenant: &TenantId,
        job: &J,
        patient: bool,
        large: &str,
    ) -> Result<T, ApiError> {
        job.check()?;
        let descriptor = self.descriptor(J::KIND.as_str())?;
        let body = serde_json::value::to_raw_value(job).map_err(|_| ApiError::internal())?;
        check_size(descriptor, body.get().len()).map_err(|error| error.param(large))?;
        let mut submission = Submission::new(tenant, Lane::Interactive, None);
        let options = &mut submission.options;
        (options.follow, options.ephemeral, options.patient) = (true, true, patient);
        let mut accepted = Box::pin(self.publish(descriptor, None, &body, submission)).await?;
        let job = accepted.job.clone();
        let mut guard = CancelOnDrop::new(self, &job, true);
        let mut relay = accepted.relay(self).await?;
        while let Some(told) = relay.next().await {
            let record = told.map_err(|interrupted| interrupted.error(&job))?;
            if record.event.is_final() {
                guard.disarm();
                return match refusal(job.id, &record) {
                    Some(error) => Err(error),
                    None => record.parse().map_err(|error| {
                        tracing::error!(job.id = %job.id, job.kind = %J::KIND, error.message = %error, "a result can't be read");
                        ApiError::internal().job(job.id)
                    }),
                };
            }
        }
        Err(ApiError::internal().job(job.id))
    }
}
