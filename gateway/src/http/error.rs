//! Every refusal has one shape: OpenAI's `{"error":{"message","type","param","code"}}`.
//!
//! Whoever reads the message learns what is wrong, with which value, and what to do; whoever reads `code` can act on
//! it without reading. Inner causes (addresses, SQL, panics) go to the log and never to the client.

use std::borrow::Cow;

use axum::{
    extract::rejection::{PathRejection, QueryRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use ruche_bus::{PublishError, Unavailable};
use ruche_schemas::{Failure, Invalid, JobId, failure::codes};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::limits;
use crate::ports::StoreError;

/// A refusal, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} {}", .0.status, .0.message)]
pub struct ApiError(Box<Inner>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Inner {
    status: StatusCode,
    kind: &'static str,
    message: String,
    param: Option<String>,
    code: Option<Cow<'static, str>>,
    retry_after: Option<u32>,
    no_retry: bool,
    job: Option<JobId>,
}

/// The body of every error.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// What went wrong.
    pub error: ErrorDetail,
}

/// What went wrong. OpenAI's fields.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorDetail {
    /// For people: what is wrong, and what to do about it.
    pub message: String,
    /// The family: `invalid_request_error`, `authentication_error`, `permission_error`, `not_found_error`,
    /// `rate_limit_error` or `server_error`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The field that is wrong, as a path: `messages[2].content`.
    pub param: Option<String>,
    /// For programs: a stable name.
    pub code: Option<String>,
}

const INVALID: &str = "invalid_request_error";
const SERVER: &str = "server_error";

impl ApiError {
    fn of(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        let (message, param, code) = (message.into(), None, None);
        Self(Box::new(Inner { status, kind, message, param, code, retry_after: None, no_retry: false, job: None }))
    }

    /// 400: this field is wrong in this way.
    pub fn invalid(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self::of(StatusCode::BAD_REQUEST, INVALID, message).param(param)
    }

    /// 400: the request as a whole is wrong.
    pub fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::of(StatusCode::BAD_REQUEST, INVALID, message).code(code)
    }

    /// 401: who is it?
    pub fn unauthenticated(message: impl Into<String>) -> Self {
        Self::of(StatusCode::UNAUTHORIZED, "authentication_error", message).code("invalid_api_key")
    }

    /// 403: the key may not.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::of(StatusCode::FORBIDDEN, "permission_error", message).code("forbidden")
    }

    /// 403: a signed link that is none, or not any more.
    pub fn refused_link(code: &'static str, message: impl Into<String>) -> Self {
        Self::of(StatusCode::FORBIDDEN, "permission_error", message).code(code)
    }

    /// 501: the gateway is not set up for it.
    pub fn not_set_up(code: &'static str, message: impl Into<String>) -> Self {
        Self::of(StatusCode::NOT_IMPLEMENTED, SERVER, message).code(code)
    }

    /// 422: it is understood, and can't be done.
    pub fn unprocessable(code: &'static str, message: impl Into<String>) -> Self {
        Self::of(StatusCode::UNPROCESSABLE_ENTITY, INVALID, message).code(code)
    }

    /// 422: an idempotency key came again with another job.
    pub fn key_reused(job: JobId) -> Self {
        let message = format!(
            "this idempotency key was used for another job ({job}): take a new key, or send the same kind and body again"
        );
        let error = Self::of(StatusCode::UNPROCESSABLE_ENTITY, INVALID, message).param("idempotency_key");
        error.code("idempotency_key_reused").job(job)
    }

    /// 429: the tenant's cap of this name is reached.
    pub fn capped(code: &'static str, cap: &str, message: impl Into<String>, retry_after: u32) -> Self {
        let mut error = Self::of(StatusCode::TOO_MANY_REQUESTS, "rate_limit_error", message).code(code).param(cap);
        error.0.retry_after = Some(retry_after);
        error
    }

    /// 404: there is no such thing, or it is somebody else's.
    pub fn not_found(code: &'static str, message: impl Into<String>) -> Self {
        Self::of(StatusCode::NOT_FOUND, "not_found_error", message).code(code)
    }

    /// 405.
    pub fn method_not_allowed() -> Self {
        let message = "this path does not answer to this method; GET /openapi.json lists what does";
        Self::of(StatusCode::METHOD_NOT_ALLOWED, INVALID, message).code("method_not_allowed")
    }

    /// 408: the body did not arrive in time.
    pub fn too_slow(message: impl Into<String>) -> Self {
        Self::of(StatusCode::REQUEST_TIMEOUT, INVALID, message).code("request_timeout")
    }

    /// 409: it is too late for that.
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::of(StatusCode::CONFLICT, INVALID, message).code(code)
    }

    /// 410: the job was cancelled, so there is no answer.
    pub fn cancelled(job: JobId) -> Self {
        Self::of(StatusCode::GONE, INVALID, format!("job {job} was cancelled")).code("job_cancelled").job(job)
    }

    /// 410: it was there once.
    pub fn gone(code: &'static str, message: impl Into<String>) -> Self {
        Self::of(StatusCode::GONE, INVALID, message).code(code)
    }

    /// 500: what is kept can't be read.
    pub fn unreadable(code: &'static str, message: impl Into<String>) -> Self {
        Self::of(StatusCode::INTERNAL_SERVER_ERROR, SERVER, message).code(code)
    }

    /// 413: this many bytes are allowed.
    pub fn too_large(param: &str, message: impl Into<String>) -> Self {
        Self::of(StatusCode::PAYLOAD_TOO_LARGE, INVALID, message).param(param).code("payload_too_large")
    }

    /// 415.
    pub fn unsupported_media_type(found: &str) -> Self {
        Self::unsupported(found, "application/json (or application/x-ndjson to POST /v1/jobs)")
    }

    /// 415: these are taken.
    pub fn unsupported(found: &str, allowed: &str) -> Self {
        let found: String = found.chars().take(80).collect();
        let message = format!("the content type is {found:?}: send {allowed}");
        Self::of(StatusCode::UNSUPPORTED_MEDIA_TYPE, INVALID, message).code("unsupported_media_type")
    }

    /// 500: a fault of ours; the cause is in the log.
    pub fn internal() -> Self {
        let message = "something went wrong here; the log of the gateway has the cause";
        Self::of(StatusCode::INTERNAL_SERVER_ERROR, SERVER, message).code("internal_error")
    }

    /// 503: try again after this many seconds.
    pub fn unavailable(code: &'static str, message: impl Into<String>, retry_after: u32) -> Self {
        let mut error = Self::of(StatusCode::SERVICE_UNAVAILABLE, SERVER, message).code(code);
        error.0.retry_after = Some(retry_after);
        error
    }

    /// 503: this gateway is about to stop; the job goes on.
    pub fn closing(job: JobId) -> Self {
        let message =
            format!("this gateway is shutting down; job {job} goes on: GET /v1/jobs/{job} or its events have it");
        Self::unavailable("shutting_down", message, 1).job(job).once()
    }

    /// 504: the job goes on, but nobody waits for it here any longer.
    pub fn waited(job: JobId, seconds: u64) -> Self {
        let message = format!(
            "job {job} was accepted but gave no answer within {seconds} s (gateway.wait_seconds); it goes on: \
             GET /v1/jobs/{job} has its result, DELETE /v1/jobs/{job} cancels it"
        );
        Self::of(StatusCode::GATEWAY_TIMEOUT, SERVER, message).code("wait_exceeded").job(job).once()
    }

    /// 504: there was no answer in time, and what was asked for is cancelled.
    pub fn given_up(seconds: u64) -> Self {
        let message = format!(
            "there was no answer within {seconds} s (gateway.wait_seconds), so it was cancelled: is a worker running \
             (`ruche workers list`)? Send less at once, or try again"
        );
        Self::of(StatusCode::GATEWAY_TIMEOUT, SERVER, message).code("wait_exceeded").once()
    }

    /// The answer to a job that ended badly.
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
        let mut error = Self::of(status, kind, failure.message).job(job).once();
        error.0.param = failure.param;
        error.0.code = Some(failure.code.into());
        error
    }

    /// Names the field.
    #[must_use]
    pub fn param(mut self, param: impl Into<String>) -> Self {
        self.0.param = Some(param.into());
        self
    }

    /// Names the part of the request that the field is in.
    #[must_use]
    pub(crate) fn within(mut self, part: &str) -> Self {
        self.0.param = Some(match self.0.param.as_deref() {
            // What breaks off has no field.
            None | Some("body" | "?") => part.to_owned(),
            Some(param) => format!("{part}.{param}"),
        });
        self
    }

    /// Names the case.
    #[must_use]
    pub fn code(mut self, code: &'static str) -> Self {
        self.0.code = Some(code.into());
        self
    }

    /// Names the job, in the header `ruche-job`.
    #[must_use]
    pub fn job(mut self, job: JobId) -> Self {
        self.0.job = Some(job);
        self
    }

    /// Tells OpenAI's clients, which send a request again on any 5xx, that it would be a second job.
    fn once(mut self) -> Self {
        self.0.no_retry = true;
        self
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The field that is wrong.
    #[must_use]
    pub fn param_name(&self) -> Option<&str> {
        self.0.param.as_deref()
    }

    /// The stable name of the case.
    #[must_use]
    pub fn code_name(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The JSON, for transports without a status.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let Inner { message, kind, param, code, .. } = &*self.0;
        json!({ "error": { "message": message, "type": kind, "param": param, "code": code } })
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if self.0.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"ruche\""));
        }
        if let Some(seconds) = self.0.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.0.no_retry {
            headers.insert("x-should-retry", HeaderValue::from_static("false"));
        }
        if let Some(value) = self.0.job.and_then(|job| HeaderValue::from_str(&job.to_string()).ok()) {
            headers.insert("ruche-job", value);
        }
        headers
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.0.status, self.headers(), self.to_json().to_string()).into_response()
    }
}

impl From<Invalid> for ApiError {
    fn from(invalid: Invalid) -> Self {
        Self::invalid(invalid.param.clone(), invalid.to_string()).code(codes::INVALID)
    }
}

impl From<PublishError> for ApiError {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Full { .. } => Self::unavailable("queue_full", error.to_string(), 5),
            PublishError::TenantFull { .. } => {
                let retry = limits::BACKLOG_RETRY_SECONDS;
                Self::capped("backlog_full", "nats.tenant_backlog", error.to_string(), retry)
            }
            PublishError::UnknownKind { .. } => Self::not_found("unknown_kind", error.to_string()).param("kind"),
            PublishError::TooLarge { .. } => Self::too_large("body", error.to_string()),
            PublishError::Unavailable(cause) => Unavailable(cause).into(),
        }
    }
}

impl From<Unavailable> for ApiError {
    fn from(Unavailable(cause): Unavailable) -> Self {
        tracing::warn!(error.message = %cause, "the message bus is not available");
        Self::unavailable("bus_unavailable", "the message bus can't be reached: try again in a moment", 1)
    }
}

impl From<StoreError> for ApiError {
    fn from(StoreError(cause): StoreError) -> Self {
        tracing::warn!(error.message = %cause, "the database is not available");
        Self::unavailable("store_unavailable", "the database can't be reached: try again in a moment", 2)
    }
}

impl From<PathRejection> for ApiError {
    fn from(rejection: PathRejection) -> Self {
        Self::invalid("path", rejection.body_text())
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        Self::invalid("query", rejection.body_text())
    }
}
