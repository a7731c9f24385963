//! `GET /v1/renders/{id}/file`: a stored document, for who has a key or a link.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts as _, State},
    http::{header, request::Parts},
    response::Response,
};
use chrono::Utc;
use ruche_schemas::JobRef;
use serde::Deserialize;
use utoipa::IntoParams;

use super::renders::{find, reference};
use crate::{
    app::parts::App,
    http::{
        auth::Caller,
        body::{Path, Query},
        error::{ApiError, ErrorBody},
    },
    render::{
        answer::FileBytes,
        link::{self, Signed},
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
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    mut parts: Parts,
) -> Result<Response, ApiError> {
    let job = who(&app, &id, &mut parts).await?;
    let document = find(&app, &job).await?;
    app.send_stored(&job, &document, parts.headers.get(header::IF_NONE_MATCH)).await
}

/// Which document may be read: by the link, where there is one, else by the key.
async fn who(app: &Arc<App>, id: &str, parts: &mut Parts) -> Result<JobRef, ApiError> {
    let Query(query) = Query::<FileQuery>::from_request_parts(parts, app).await?;
    if query.signature.is_none() && query.expires.is_none() {
        let caller = Caller::from_request_parts(parts, app).await?;
        return reference(&caller.tenant, id);
    }
    let text = |value: &'_ Option<String>| value.clone().unwrap_or_default();
    let (tenant, expires, signature) = (text(&query.tenant), text(&query.expires), text(&query.signature));
    let signed = Signed { tenant: &tenant, expires: &expires, signature: &signature };
    link::check(&app.settings.link_secret, id, &signed, Utc::now())
}
