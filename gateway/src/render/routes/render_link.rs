//! `POST /v1/renders/{id}/link`: a link to a document that needs no key until it expires.

use axum::{Json, extract::State};
use chrono::{DateTime, TimeDelta, Utc};
use ruche_schemas::clock;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    http::{
        auth::Caller,
        error::{ApiError, ErrorBody},
        json::{JsonOrNothing, parse},
        limits,
        params::Path,
    },
    render::{
        link::Links,
        stored::{StoredRenders, reference},
    },
};

/// Request for a signed link.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "expires_in": 86400 }))]
pub struct NewLink {
    /// Validity in seconds: 1 to 604800 (7 days). Default: 3600.
    expires_in: Option<u64>,
}

/// A link.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01932c07-a0f4-7c7e-a9a6-8d7c1a4bdc5e", "object": "render.link",
    "url": "/v1/renders/01932c07-a0f4-7c7e-a9a6-8d7c1a4bdc5e/file?tenant=acme&expires=1795780800&signature=5d41...",
    "expires_at": "2026-11-27T12:00:00Z"
}))]
pub struct LinkView {
    /// The document's id.
    pub id: Uuid,
    /// `render.link`.
    pub object: &'static str,
    /// The path and query of the link, to append to the gateway's address.
    pub url: String,
    /// The time of its expiry.
    pub expires_at: DateTime<Utc>,
}

/// Create a signed link to a document
///
/// Anyone with the link can read the document without a key until the link expires. A link can't be revoked, but the
/// document can be deleted.
#[utoipa::path(post, path = "/v1/renders/{id}/link", tag = "render", security(("bearer" = [])), request_body = NewLink,
    params(("id" = Uuid, Path, description = "The document's id")),
    responses(
        (status = 200, description = "The link", body = LinkView),
        (status = 404, description = "Not found in this tenant", body = ErrorBody),
        (status = "4XX", description = "The request is not valid", body = ErrorBody),
        (status = 501, description = "The gateway has no secret to sign links with: `no_link_secret`", body = ErrorBody),
        (status = 503, description = "The database is not available", body = ErrorBody),
    )
)]
pub(crate) async fn link_render(
    State(renders): State<StoredRenders>,
    State(links): State<Links>,
    caller: Caller,
    Path(id): Path<String>,
    JsonOrNothing(text): JsonOrNothing,
) -> Result<Json<LinkView>, ApiError> {
    let NewLink { expires_in } = parse(&text)?;
    let (seconds, max) = (expires_in.unwrap_or(limits::LINK_DEFAULT_SECONDS), limits::LINK_SECONDS);
    if !(1..=max).contains(&seconds) {
        let message = format!("{seconds} is out of range: from 1 to {max} seconds are allowed");
        return Err(ApiError::invalid("expires_in", message));
    }
    let job = reference(&caller.tenant, &id)?;
    renders.find(&job).await?;
    let expires = clock::now() + TimeDelta::seconds(i64::try_from(seconds).unwrap_or(i64::MAX / 1000));
    let expires_at = DateTime::from_timestamp(expires.timestamp(), 0).unwrap_or(expires);
    let url = links.sign(&job, expires_at)?;
    Ok(Json(LinkView { id: job.id.0, object: "render.link", url, expires_at }))
}
