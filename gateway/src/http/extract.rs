//! Extractors of handlers: the caller, and the bounds of bodies.

use std::convert::Infallible;

use axum::{extract::FromRequestParts, http::request::Parts};
use serde::Deserialize;

use super::{
    auth::{Caller, sent_key},
    body::Bodies,
    error::ApiError,
    params::query,
    state::HttpState,
};

/// `?tenant=`, on every route: an operator acts for a tenant.
#[derive(Deserialize)]
struct ActingFor {
    tenant: Option<String>,
}

impl<S: HttpState> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let key = sent_key(&parts.headers)?.ok_or_else(|| {
            ApiError::unauthenticated("no API key was given: send the header `Authorization: Bearer rk_...`, or `x-api-key` or `api-key` with the key alone")
        })?;
        let caller = state.http().keys.authenticate(key).await?;
        match query::<ActingFor>(&parts.uri)?.tenant {
            Some(tenant) => caller.acting_for(&tenant),
            None => Ok(caller),
        }
    }
}

impl<S: HttpState> FromRequestParts<S> for Bodies {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Ok(state.http().bodies.clone())
    }
}
