//! Operations on jobs, one file each.

pub mod cancel_job;
pub mod cancel_jobs;
pub mod flow;
pub mod get_job;
pub mod job_events;
pub mod job_result;
pub mod list_jobs;
pub mod new_job;
pub mod stream_jobs;
pub mod submit_job;
