//! Parameters of paths and queries.

use std::collections::BTreeSet;

use axum::{
    extract::{FromRequestParts, rejection::PathRejection},
    http::{Uri, request::Parts},
};
use ruche_schemas::plain;
use serde::de::DeserializeOwned;

use super::{
    error::ApiError,
    limits,
    text::{shown, there_are},
};

#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(ApiError))]
pub struct Path<T>(pub T);

impl From<PathRejection> for ApiError {
    /// Paths are texts, so only their bytes can be wrong.
    fn from(_: PathRejection) -> Self {
        Self::invalid("path", "a part of the path is not UTF-8: percent-encode the bytes of its UTF-8")
    }
}

#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        query(&parts.uri).map(Self)
    }
}

/// # Errors
/// 400 that names the parameter, its value and what is allowed.
pub(super) fn query<T: DeserializeOwned>(uri: &Uri) -> Result<T, ApiError> {
    let text = uri.query().unwrap_or_default();
    let read = serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs(text)));
    read.map_err(|error| {
        let path = error.path().to_string();
        let value = pairs(text).find(|(name, _)| *name == path).map(|(_, value)| plain::quoted(&value));
        plain::named(&error.inner().to_string(), &path, value.as_deref()).into()
    })
}

fn pairs(query: &str) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(query.as_bytes())
}

/// 1 to [`limits::PAGE`]; [`limits::PAGE_DEFAULT`] by default.
pub(crate) fn page_limit(limit: Option<u64>) -> Result<usize, ApiError> {
    let limit = limit.unwrap_or(limits::PAGE_DEFAULT);
    match (1..=limits::PAGE).contains(&limit) {
        true => Ok(usize::try_from(limit).unwrap_or(usize::MAX)),
        false => {
            let message = format!("limit = {limit} is out of range: from 1 to {} is allowed", limits::PAGE);
            Err(ApiError::invalid("limit", message))
        }
    }
}

/// Cuts a page to the length that was asked for. It was read with one item more: whether that is there says whether
/// there is a next page.
pub(crate) fn cut<T>(page: &mut Vec<T>, asked: usize) -> bool {
    let has_more = page.len() > asked;
    page.truncate(asked);
    has_more
}

/// A place in a log: those of the bus and of the database have 63 bits.
pub(crate) fn position(name: &str, value: u64) -> Result<u64, ApiError> {
    match i64::try_from(value) {
        Ok(_) => Ok(value),
        Err(_) => {
            let message = format!("{name} = {value} is too large: at most {} is allowed", i64::MAX);
            Err(ApiError::invalid(name, message))
        }
    }
}

/// The parameters in order. `tenant` is common to all routes and left out.
///
/// # Errors
/// 400 for an unknown or repeated parameter.
pub(crate) fn parameters(query: Option<&str>, allowed: &[&str]) -> Result<Vec<(String, String)>, ApiError> {
    check_names(query, allowed)?;
    let (mut seen, mut parameters) = (BTreeSet::new(), Vec::new());
    for (name, value) in pairs(query.unwrap_or_default()).filter(|(name, _)| name != TENANT) {
        if !seen.insert(name.clone()) {
            return Err(ApiError::invalid(name.clone(), format!("{name} is there twice: give it once")));
        }
        parameters.push((name.into_owned(), value.into_owned()));
    }
    Ok(parameters)
}

/// Every operation takes it: an operator acts for a tenant.
const TENANT: &str = "tenant";

/// # Errors
/// 400 for an unknown parameter, with those that there are.
pub(crate) fn check_names(query: Option<&str>, allowed: &[impl AsRef<str>]) -> Result<(), ApiError> {
    let is_known = |name: &str| name == TENANT || allowed.iter().any(|known| known.as_ref() == name);
    let Some((name, _)) = pairs(query.unwrap_or_default()).find(|(name, _)| !is_known(name)) else { return Ok(()) };
    let name = shown(&name);
    let names: Vec<&str> = allowed.iter().map(AsRef::as_ref).filter(|name| *name != TENANT).collect();
    let there = match names.as_slice() {
        [] => "this operation takes none".to_owned(),
        names => there_are(names),
    };
    let message = format!("there is no parameter {name:?} in this operation's query: {there}");
    Err(ApiError::invalid(name, message).code("unknown_parameter"))
}
