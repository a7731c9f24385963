//! JSON bodies, as unparsed text.

use axum::{
    body::{Body, HttpBody as _},
    extract::{FromRequest, Request},
    http::HeaderMap,
};
use ruche_schemas::{Invalid, duplicates, lenient, plain};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    body::{Bodies, Permit, utf8},
    error::ApiError,
    headers::check_json,
    ignored::noting,
    nul,
    state::HttpState,
};

/// The UTF-8 text of a body with a JSON content type.
#[derive(Debug)]
pub struct JsonText(pub String);

impl<S: HttpState> FromRequest<S> for JsonText {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        check_sent(&parts.headers, &body)?;
        text_of(state.http().bodies.read_small(&parts.headers, body).await?).map(Self)
    }
}

/// As [`JsonText`]; an empty body is an empty object.
#[derive(Debug)]
pub struct JsonOrNothing(pub String);

impl<S: HttpState> FromRequest<S> for JsonOrNothing {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let text = text_of(state.http().bodies.read_small(&parts.headers, body).await?)?;
        if text.is_empty() {
            return Ok(Self("{}".to_owned()));
        }
        check_json(&parts.headers)?;
        Ok(Self(text))
    }
}

/// The text of a request that submits a job. With an object store, it may be larger than others.
#[derive(Debug)]
pub struct JobText {
    pub text: String,
    /// Held while a large request is in memory.
    pub permit: Option<Permit>,
}

impl<S: HttpState> FromRequest<S> for JobText {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        Self::read(request, &state.http().bodies).await
    }
}

impl JobText {
    /// # Errors
    /// 415 for another content type; 4xx as [`Bodies`] refuses the body.
    pub async fn read(request: Request, bodies: &Bodies) -> Result<Self, ApiError> {
        check_sent(request.headers(), request.body())?;
        Self::read_any(request, bodies).await
    }

    /// As [`JobText::read`]; an empty body is an empty object.
    ///
    /// # Errors
    /// As [`JsonOrNothing`].
    pub async fn or_nothing(request: Request, bodies: &Bodies) -> Result<Self, ApiError> {
        let headers = request.headers().clone();
        let mut read = Self::read_any(request, bodies).await?;
        match read.text.is_empty() {
            true => read.text = "{}".to_owned(),
            false => check_json(&headers)?,
        }
        Ok(read)
    }

    async fn read_any(request: Request, bodies: &Bodies) -> Result<Self, ApiError> {
        let (bytes, permit) = bodies.read_job(request).await?;
        Ok(Self { text: text_of(bytes)?, permit })
    }
}

/// # Errors
/// 400 for a request without a body, 415 unless it is declared as JSON.
fn check_sent(headers: &HeaderMap, body: &Body) -> Result<(), ApiError> {
    match body.is_end_stream() {
        true => Err(ApiError::invalid("body", "the body is missing: send a JSON object").code("invalid_json")),
        false => check_json(headers),
    }
}

fn text_of(bytes: Vec<u8>) -> Result<String, ApiError> {
    let text = utf8("body", bytes)?;
    nul::look_in(&text);
    Ok(checked(&text)?.map(str::to_owned).unwrap_or(text))
}

/// Refuses a name that an object has twice. `Some`: the text without its byte order mark, which RFC 8259 lets a reader
/// ignore.
///
/// # Errors
/// 400 that names the field.
pub(crate) fn checked(text: &str) -> Result<Option<&str>, ApiError> {
    let rest = text.strip_prefix('\u{feff}');
    duplicates::check(rest.unwrap_or(text))?;
    Ok(rest)
}

/// Unknown fields are ignored and noted; the error names the field.
pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, ApiError> {
    parse_beside(text, &[])
}

/// As [`parse`], of an object some of whose fields are read elsewhere: those are not noted.
pub(crate) fn parse_beside<T: DeserializeOwned>(text: &str, elsewhere: &[&str]) -> Result<T, ApiError> {
    // A list would be read as the fields of an object, one after the other.
    match text.trim_ascii_start().starts_with('[') {
        true => Err(Invalid::new("body", "a list is not allowed: an object is needed").into()),
        false => Ok(noting("", |ignored| {
            let read = lenient::from_str(text, ignored);
            ignored.retain(|name| !elsewhere.contains(&name.as_str()));
            read
        })?),
    }
}

/// As [`parse`], of a part of the request: its name comes before those of fields.
pub(crate) fn parse_part<T: DeserializeOwned>(part: &str, text: &str) -> Result<T, ApiError> {
    let within = |error: ApiError| error.within(part);
    let text = checked(text).map_err(within)?.unwrap_or(text);
    noting(part, |ignored| lenient::from_str(text, ignored)).map_err(|error| within(error.into()))
}

/// As [`parse`], of a value.
pub(crate) fn parse_value<T: DeserializeOwned>(value: &Value) -> Result<T, ApiError> {
    Ok(noting("", |ignored| lenient::from_value(value, ignored))?)
}

/// # Errors
/// 400 unless the body is a JSON object.
pub(crate) fn object(text: &str) -> Result<Value, ApiError> {
    let wrong = |why: String| ApiError::invalid("body", format!("the body is {why}")).code("invalid_json");
    match serde_json::from_str(text) {
        Ok(body @ Value::Object(_)) => Ok(body),
        Ok(_) => Err(wrong("not a JSON object".to_owned())),
        Err(error) => Err(wrong(plain::not_json(text, &error))),
    }
}
