//! Every error has one shape, OpenAI's `{"error":{"message","type","param","code"}}`.
//!
//! The message says what is wrong, with which value, and what to do; programs act on `code`. Inner causes (addresses,
//! SQL, panics) go to the log, never to the client.

use std::borrow::Cow;

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use ruche_schemas::{JobId, failure::codes};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

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
    /// The error.
    pub error: ErrorDetail,
}

/// An error, with OpenAI's fields.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorDetail {
    /// What is wrong and what to do, for people.
    pub message: String,
    /// The family: `invalid_request_error`, `authentication_error`, `permission_error`, `not_found_error`,
    /// `rate_limit_error` or `server_error`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The field that is wrong, as a path: `messages[2].content`.
    pub param: Option<String>,
    /// A stable name, for programs.
    pub code: Option<String>,
}

pub(crate) const INVALID: &str = "invalid_request_error";
pub(crate) const SERVER: &str = "server_error";

impl ApiError {
    pub(crate) fn of(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        let (message, param, code) = (message.into(), None, None);
        Self(Box::new(Inner { status, kind, message, param, code, retry_after: None, no_retry: false, job: None }))
    }

    /// Sets the field.
    #[must_use]
    pub fn param(mut self, param: impl Into<String>) -> Self {
        self.0.param = Some(param.into());
        self
    }

    /// Prefixes the field with its part of the request, also where the message begins with it.
    #[must_use]
    pub(crate) fn within(mut self, part: &str) -> Self {
        let before = self.0.param.take();
        let param = match before.as_deref() {
            // A truncated body has no field. It is a part of the request's body, which is JSON.
            None | Some("body" | "?") => {
                self = self.code(codes::INVALID);
                part.to_owned()
            }
            Some(param) => format!("{part}.{param}"),
        };
        let rest = before.and_then(|before| self.0.message.strip_prefix(&format!("{before}: ")).map(str::to_owned));
        if let Some(rest) = rest {
            self.0.message = format!("{param}: {rest}");
        }
        self.param(param)
    }

    /// The message, with the field's name: a reader of logs sees nothing else.
    fn whole_message(&self) -> Cow<'_, str> {
        let Inner { status, message, param, .. } = &*self.0;
        match param {
            Some(param) if *status == StatusCode::BAD_REQUEST && !names(message, param) => {
                Cow::Owned(format!("{param}: {message}"))
            }
            _ => Cow::Borrowed(message),
        }
    }

    /// Appends to the message.
    #[must_use]
    pub(crate) fn and(mut self, more: &str) -> Self {
        self.0.message.push_str(more);
        self
    }

    #[must_use]
    pub fn code(mut self, code: impl Into<Cow<'static, str>>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    /// Sets the header `ruche-job`.
    #[must_use]
    pub fn job(mut self, job: JobId) -> Self {
        self.0.job = Some(job);
        self
    }

    #[must_use]
    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// Tells OpenAI's clients not to retry, as they do on any 5xx: it would be a second job.
    #[must_use]
    pub(crate) fn once(mut self) -> Self {
        self.0.no_retry = true;
        self
    }

    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    #[must_use]
    pub fn param_name(&self) -> Option<&str> {
        self.0.param.as_deref()
    }

    /// The stable name of the case.
    #[must_use]
    pub fn code_name(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// For transports without a status.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let Inner { kind, param, code, .. } = &*self.0;
        let message = self.whole_message();
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

/// Whether a message has a field's name, or its words: `content type` is `content-type`.
fn names(message: &str, param: &str) -> bool {
    let plain = |text: &str| text.to_ascii_lowercase().replace(['-', '_'], " ");
    let name = param.rsplit('.').next().unwrap_or(param);
    plain(message).contains(&plain(name))
}

/// Why a request was refused, for layers around the handlers.
#[derive(Debug, Clone)]
pub(super) struct Refused(pub ApiError);

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.0.status, self.headers(), self.to_json().to_string()).into_response();
        response.extensions_mut().insert(Refused(self));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_of_a_wrong_field_has_its_name() {
        for (param, message, whole) in [
            ("wait", "\"x\" is no answer", "wait: \"x\" is no answer"),
            ("wait", "wait is true or false", "wait is true or false"),
            ("content-type", "the content type has no boundary", "the content type has no boundary"),
            ("messages[0].role", "tools are not supported", "messages[0].role: tools are not supported"),
            ("options.toc", "toc is too deep", "toc is too deep"),
        ] {
            let error = ApiError::invalid(param, message);
            assert_eq!(error.to_json()["error"]["message"], whole);
        }
        let error = ApiError::not_found("job_not_found", "there is none").param("job");
        assert_eq!(error.to_json()["error"]["message"], "there is none");
    }

    #[test]
    fn a_part_comes_before_the_field_also_in_the_message() {
        for (param, message, within) in [
            ("body", "body: not JSON", ("metadata", "metadata: not JSON")),
            ("size", "size: -1 is not allowed", ("metadata.size", "metadata.size: -1 is not allowed")),
            ("size", "it is too large", ("metadata.size", "it is too large")),
        ] {
            let error = ApiError::invalid(param, message).within("metadata");
            assert_eq!((error.param_name(), error.message()), (Some(within.0), within.1));
        }
    }
}
