//! `GET /v1/renders/{id}/file`: a stored document, by a key or by a link.

use axum::{extract::State, http::HeaderMap, response::Response};
use ruche_schemas::clock;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    http::{
        auth::Caller,
        error::{ApiError, ErrorBody},
        file::FileBytes,
        params::{Path, Query},
    },
    render::{
        link::{Links, Signed},
        stored::{StoredRenders, reference},
    },
};

/// A signed link; all three, or none.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FileQuery {
    /// Of a signed link: the tenant.
    tenant: Option<String>,
    /// Of a signed link: its expiry, in seconds since 1970.
    expires: Option<String>,
    /// Of a signed link: the signature.
    signature: Option<String>,
}

impl FileQuery {
    fn signed(&self) -> Signed<'_> {
        Signed {
            tenant: self.tenant.as_deref().unwrap_or_default(),
            expires: self.expires.as_deref().unwrap_or_default(),
            signature: self.signature.as_deref().unwrap_or_default(),
        }
    }
}

/// Get a document's bytes
///
/// Needs a key, or a signed link from `POST /v1/renders/{id}/link`.
#[utoipa::path(get, path = "/v1/renders/{id}/file", tag = "render", security(("bearer" = []), ()),
    params(
        ("id" = Uuid, Path, description = "The document's id"), FileQuery,
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the copy that the client has"),
    ),
    responses(
        (status = 200, description = "The document", content((FileBytes = "application/pdf"), (FileBytes = "image/png"))),
        (status = 304, description = "The `ETag` is the one in `If-None-Match`"),
        (status = 403, description = "The signature is not valid (`link_invalid`), or the link has expired (`link_expired`)", body = ErrorBody),
        (status = 404, description = "Not found in this tenant", body = ErrorBody),
        (status = 410, description = "The document is no longer stored", body = ErrorBody),
        (status = 500, description = "The stored document is damaged", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
    )
)]
pub(crate) async fn render_file(
    State(renders): State<StoredRenders>,
    State(links): State<Links>,
    Path(id): Path<String>,
    Query(query): Query<FileQuery>,
    caller: Result<Caller, ApiError>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let job = match (&query.expires, &query.signature) {
        (None, None) => reference(&caller?.tenant, &id)?,
        _ => links.check(&id, &query.signed(), clock::now())?,
    };
    let document = renders.find(&job).await?;
    renders.respond(&job, &document, &headers).await
}
