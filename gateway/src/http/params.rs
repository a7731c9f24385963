//! Parameters of paths and queries.

use std::collections::BTreeSet;

use axum::{extract::FromRequestParts, http::request::Parts};
use serde::de::DeserializeOwned;

use super::{error::ApiError, limits, text::shown};

#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(ApiError))]
pub struct Path<T>(pub T);

#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self(axum::extract::Query::try_from_uri(&parts.uri)?.0))
    }
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

/// The parameters in order. `tenant` is common to all routes and left out.
///
/// # Errors
/// 400 for an unknown or repeated parameter: to ignore it would give a wrong answer.
pub(crate) fn parameters(query: Option<&str>, allowed: &[&str]) -> Result<Vec<(String, String)>, ApiError> {
    let uri = format!("/?{}", query.unwrap_or_default());
    let uri = uri.parse().map_err(|_| ApiError::invalid("query", "the query is not one of a URL"))?;
    let axum::extract::Query(all) = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&uri)?;
    let (mut seen, mut parameters) = (BTreeSet::new(), Vec::new());
    for (name, value) in all {
        if name == "tenant" {
            continue;
        }
        if !allowed.contains(&name.as_str()) {
            let (shown, allowed) = (shown(&name), allowed.join(", "));
            let message = format!("there is no parameter {shown:?} here: there are {allowed}");
            return Err(ApiError::invalid(shown, message).code("unknown_parameter"));
        }
        if !seen.insert(name.clone()) {
            return Err(ApiError::invalid(name.clone(), format!("{name} is there twice: give it once")));
        }
        parameters.push((name, value));
    }
    Ok(parameters)
}
