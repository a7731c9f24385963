//! Errors about a job: how it ended, and why there is no answer yet.

use axum::http::StatusCode;
use ruche_schemas::{Failure, JobId, failure::codes};

use crate::http::error::{ApiError, INVALID, SERVER};

impl ApiError {
    /// 422: the idempotency key was used for another job.
    pub fn key_reused(job: JobId) -> Self {
        let message = format!(
            "this idempotency key was used for another job ({job}): take a new key, or send the same kind and body again"
        );
        let error = Self::of(StatusCode::UNPROCESSABLE_ENTITY, INVALID, message).param("idempotency_key");
        error.code("idempotency_key_reused").job(job)
    }

    /// 410.
    pub fn cancelled(job: JobId) -> Self {
        Self::of(StatusCode::GONE, INVALID, format!("job {job} was cancelled")).code("job_cancelled").job(job)
    }

    /// 503: this gateway shuts down; the job continues.
    pub fn closing(job: JobId) -> Self {
        let message =
            format!("this gateway is shutting down; job {job} continues: GET /v1/jobs/{job} or its events show it");
        Self::unavailable("shutting_down", message, 1).job(job).once()
    }

    /// 504: the wait has timed out; the job continues.
    pub fn waited(job: JobId, seconds: u64) -> Self {
        let message = format!(
            "job {job} was accepted but gave no answer within {seconds} s (gateway.wait_seconds); it goes on: \
             GET /v1/jobs/{job} has its result, DELETE /v1/jobs/{job} cancels it"
        );
        Self::of(StatusCode::GATEWAY_TIMEOUT, SERVER, message).code("wait_exceeded").job(job).once()
    }

    /// 504: there was no answer in time, and the job is cancelled.
    pub fn unanswered(seconds: u64) -> Self {
        let message = format!(
            "there was no answer within {seconds} s (gateway.wait_seconds), so it was cancelled: is a worker running \
             (`ruche workers list`)? Send less at once, or try again"
        );
        Self::of(StatusCode::GATEWAY_TIMEOUT, SERVER, message).code("wait_exceeded").once()
    }

    /// The answer to a failed job.
    pub fn failed(job: JobId, failure: Failure) -> Self {
        let status = match failure.code.as_str() {
            codes::UNKNOWN_MODEL | codes::UNKNOWN_CONVERSATION | codes::UNKNOWN_TEMPLATE | codes::UNKNOWN_DOCUMENT => {
                StatusCode::NOT_FOUND
            }
            codes::TEMPLATE | codes::STANDARD | codes::TOO_COMPLEX | codes::UNREADABLE_DOCUMENT => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            codes::DEADLINE => StatusCode::GATEWAY_TIMEOUT,
            _ if failure.is_callers() => StatusCode::BAD_REQUEST,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let kind = match status {
            StatusCode::NOT_FOUND => "not_found_error",
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => INVALID,
            _ => SERVER,
        };
        let error = Self::of(status, kind, failure.message).code(failure.code).job(job).once();
        match failure.param {
            Some(param) => error.param(param),
            None => error,
        }
    }
}
