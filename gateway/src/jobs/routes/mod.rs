//! The operations on jobs, one file each.

use std::sync::Arc;

use axum::extract::FromRef;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{intake::Intake, service::Jobs};
use crate::http::state::HttpState;

mod cancel_job;
mod cancel_jobs;
mod flow;
mod get_job;
mod job_events;
mod job_result;
mod list_jobs;
mod ndjson_jobs;
mod new_job;
mod request;
mod submit_job;

pub fn routes<S: HttpState>() -> OpenApiRouter<S>
where
    Arc<Jobs>: FromRef<S>,
    Arc<Intake>: FromRef<S>,
{
    OpenApiRouter::new()
        // One path has one name for its last part: the kind of a submission, else the job's id.
        .routes(routes!(submit_job::submit_job, get_job::get_job, cancel_job::cancel_job))
        .routes(routes!(job_events::job_events))
        .routes(routes!(job_result::job_result))
        .routes(routes!(new_job::new_job, list_jobs::list_jobs))
        .routes(routes!(cancel_jobs::cancel_jobs))
        .routes(routes!(flow::get_flow))
}
