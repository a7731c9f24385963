//! `GET /v1/templates/{name}/package`: a template as uploaded.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};

use super::templates::VersionQuery;
use crate::{
    http::{
        auth::Caller,
        error::{ApiError, ErrorBody},
        file::{FileBytes, FileResponse, etag, is_known, not_modified},
        params::{Path, Query},
    },
    render::templates::{Templates, check_own},
};

/// Get a template's package
///
/// The gzipped tar that was uploaded. Built-in templates have none.
#[utoipa::path(get, path = "/v1/templates/{name}/package", tag = "render", security(("bearer" = [])),
    params(
        ("name" = String, Path, description = "The template's name"), VersionQuery,
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the copy that the client has"),
    ),
    responses(
        (status = 200, description = "The package", content((FileBytes = "application/gzip"))),
        (status = 304, description = "The `ETag` is the one in `If-None-Match`"),
        (status = 404, description = "Not found in this tenant", body = ErrorBody),
        (status = 409, description = "The template is built in", body = ErrorBody),
        (status = 503, description = "The database is not available", body = ErrorBody),
    )
)]
pub(crate) async fn template_package(
    State(templates): State<Templates>,
    caller: Caller,
    Path(name): Path<String>,
    Query(VersionQuery { version }): Query<VersionQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if check_own(&name).is_err_and(|error| error.status() == StatusCode::CONFLICT) {
        let message = format!("the template {name} is built in: it has no package");
        return Err(ApiError::conflict("template_built_in", message).param("name"));
    }
    let (of, package) = templates.package(&caller.tenant, &name, version).await?;
    let tag = etag(&of.blake3);
    if is_known(&headers, &tag) {
        return Ok(not_modified(tag));
    }
    let name = format!("{}-{}.tar.gz", of.name, of.version);
    Ok(FileResponse::new("application/gzip", package.into()).etag(tag).attachment(&name).into_response())
}
