//! `GET /v1/templates/{name}/package`: a template as it was uploaded.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::templates::VersionQuery;
use crate::{
    app::parts::App,
    http::{
        auth::Caller,
        body::{Path, Query},
        error::{ApiError, ErrorBody},
    },
    render::{
        answer::{FileBytes, tag},
        template::{missing, own},
    },
};

/// Get a template's package
///
/// The gzipped tar that was uploaded. Built-in templates have none.
#[utoipa::path(get, path = "/v1/templates/{name}/package", tag = "render", security(("bearer" = [])),
    params(
        ("name" = String, Path, description = "The template's name"), VersionQuery,
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the package that is there already"),
    ),
    responses(
        (status = 200, description = "The package", content((FileBytes = "application/gzip"))),
        (status = 304, description = "It is the one of `If-None-Match`"),
        (status = 404, description = "There is no such template, or it is somebody else's", body = ErrorBody),
        (status = 409, description = "It is built in", body = ErrorBody),
        (status = 503, description = "The database is not available", body = ErrorBody),
    )
)]
pub(crate) async fn template_package(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
    Query(VersionQuery { version }): Query<VersionQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if own(&name).is_err_and(|error| error.status() == StatusCode::CONFLICT) {
        let message = format!("the template {name} is built in: it has no package");
        return Err(ApiError::conflict("template_built_in", message).param("name"));
    }
    let found = app.store.template_package(&caller.tenant, &name, version).await?;
    let (of, package) = found.ok_or_else(|| missing(&name, version))?;
    let tag = tag(&of.blake3);
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known == tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let gzip = (header::CONTENT_TYPE, HeaderValue::from_static("application/gzip"));
    let as_file = format!("attachment; filename=\"{}-{}.tar.gz\"", of.name, of.version);
    let as_file = HeaderValue::from_str(&as_file).unwrap_or(HeaderValue::from_static("attachment"));
    Ok(([gzip, (header::ETAG, tag), (header::CONTENT_DISPOSITION, as_file)], package).into_response())
}
