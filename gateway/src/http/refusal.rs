//! The errors of any operation, by status.

use axum::http::{Method, StatusCode};
use ruche_schemas::failure::codes;

use super::{
    error::{ApiError, INVALID, SERVER},
    text::shown,
};

impl ApiError {
    /// 400: a field is wrong.
    pub fn invalid(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self::of(StatusCode::BAD_REQUEST, INVALID, message).param(param).code(codes::INVALID)
    }

    /// 400: the request as a whole is wrong.
    pub fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::of(StatusCode::BAD_REQUEST, INVALID, message).code(code)
    }

    /// 401.
    pub fn unauthenticated(message: impl Into<String>) -> Self {
        Self::of(StatusCode::UNAUTHORIZED, "authentication_error", message).code("invalid_api_key")
    }

    /// 403: the key lacks the right.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::of(StatusCode::FORBIDDEN, "permission_error", message).code("forbidden")
    }

    /// 403: a signed link is forged or expired.
    pub fn refused_link(code: &'static str, message: impl Into<String>) -> Self {
        Self::of(StatusCode::FORBIDDEN, "permission_error", message).code(code)
    }

    /// 501: a setting is missing.
    pub fn not_set_up(code: &'static str, message: impl Into<String>) -> Self {
        Self::of(StatusCode::NOT_IMPLEMENTED, SERVER, message).code(code)
    }

    /// 422: the request is valid and cannot be done.
    pub fn unprocessable(code: &'static str, message: impl Into<String>) -> Self {
        Self::of(StatusCode::UNPROCESSABLE_ENTITY, INVALID, message).code(code)
    }

    /// 429: the tenant's cap of this name is reached.
    pub fn capped(code: &'static str, cap: &str, message: impl Into<String>, retry_after: u32) -> Self {
        let error = Self::of(StatusCode::TOO_MANY_REQUESTS, "rate_limit_error", message);
        error.code(code).param(cap).retry_after(retry_after)
    }

    /// 404. Other tenants' things are unknown too.
    pub fn not_found(code: &'static str, message: impl Into<String>) -> Self {
        Self::of(StatusCode::NOT_FOUND, "not_found_error", message).code(code)
    }

    /// 405. `allowed`: the names of methods.
    pub fn method_not_allowed(method: &Method, path: &str, allowed: &str) -> Self {
        let are = if allowed.contains(',') { "are" } else { "is" };
        let allowed = match allowed.is_empty() {
            true => "GET /openapi.json lists what is allowed".to_owned(),
            false => format!("{allowed} {are} allowed"),
        };
        let message = format!("{} is not allowed at {:?}: {allowed}", shown(method.as_str()), shown(path));
        Self::of(StatusCode::METHOD_NOT_ALLOWED, INVALID, message).code("method_not_allowed")
    }

    /// 408: the body did not arrive in time.
    pub fn too_slow(message: impl Into<String>) -> Self {
        Self::of(StatusCode::REQUEST_TIMEOUT, INVALID, message).code("request_timeout")
    }

    /// 409.
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::of(StatusCode::CONFLICT, INVALID, message).code(code)
    }

    /// 410.
    pub fn gone(code: &'static str, message: impl Into<String>) -> Self {
        Self::of(StatusCode::GONE, INVALID, message).code(code)
    }

    /// 500: a stored thing cannot be read.
    pub fn unreadable(code: &'static str, message: impl Into<String>) -> Self {
        Self::of(StatusCode::INTERNAL_SERVER_ERROR, SERVER, message).code(code)
    }

    /// 413.
    pub fn too_large(param: &str, message: impl Into<String>) -> Self {
        Self::of(StatusCode::PAYLOAD_TOO_LARGE, INVALID, message).param(param).code("payload_too_large")
    }

    /// 415.
    pub fn unsupported_media_type(found: &str) -> Self {
        Self::unsupported(found, "application/json (or application/x-ndjson to POST /v1/jobs)")
    }

    /// 415, with what is allowed.
    pub fn unsupported(found: &str, allowed: &str) -> Self {
        let found = shown(found);
        let message = format!("the content type is {found:?}: send {allowed}");
        Self::of(StatusCode::UNSUPPORTED_MEDIA_TYPE, INVALID, message).code("unsupported_media_type")
    }

    /// 415: the body's coding.
    pub fn unsupported_encoding(message: impl Into<String>) -> Self {
        let error = Self::of(StatusCode::UNSUPPORTED_MEDIA_TYPE, INVALID, message);
        error.param("content-encoding").code("unsupported_encoding")
    }

    /// 500; the cause is in the log.
    pub fn internal() -> Self {
        let message = "something went wrong here; the log of the gateway has the cause";
        Self::of(StatusCode::INTERNAL_SERVER_ERROR, SERVER, message).code("internal_error")
    }

    /// 503: try again after this many seconds.
    pub fn unavailable(code: &'static str, message: impl Into<String>, retry_after: u32) -> Self {
        Self::of(StatusCode::SERVICE_UNAVAILABLE, SERVER, message).code(code).retry_after(retry_after)
    }
}
