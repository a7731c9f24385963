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
    /// Whose document it is.
    tenant: Option<String>,
    /// Until when the link is good, in seconds since 1970.
    expires: Option<String>,
    /// Its signature.
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
/// With a key, or by a link of `POST /v1/renders/{id}/link`, which needs none.
#[utoipa::path(get, path = "/v1/renders/{id}/file", tag = "render", security(("bearer" = []), ()),
    params(
        ("id" = Uuid, Path, description = "The document's id"), FileQuery,
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the document that is there already"),
    ),
    responses(
        (status = 200, description = "The document", content((FileBytes = "application/pdf"), (FileBytes = "image/png"))),
        (status = 304, description = "It is the one of `If-None-Match`"),
        (status = 403, description = "The link is not one (`link_invalid`), or is over (`link_expired`)", body = ErrorBody),
        (status = 404, description = "There is no such document, or it is somebody else's", body = ErrorBody),
        (status = 410, description = "The document is not kept any more", body = ErrorBody),
        (status = 500, description = "The document was changed where it is kept", body = ErrorBody),
        (status = 503, description = "Not now", body = ErrorBody),
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
