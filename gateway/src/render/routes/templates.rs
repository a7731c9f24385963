//! `/v1/templates`: the built-in ones and the tenant's own, in immutable versions.

use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
};
use chrono::{DateTime, Utc};
use ruche_schemas::kinds::render::{BUILT_IN, Warning};
use ruche_store::templates::TemplateVersion;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    http::{
        auth::Caller,
        body::Bodies,
        error::{ApiError, ErrorBody},
        file::FileBytes,
        limits,
        params::{Path, Query},
    },
    render::templates::{Templates, Upload, check_own},
};

/// A template, or one of its versions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "name": "acme-report", "object": "template", "built_in": false, "description": "Reports for customers", "version": 3,
    "bytes": 40961, "blake3": "ea8f163db38682925e4491c5e58d4bb3506ef8c14eb78a86e908c5624a67200f",
    "created_at": "2026-11-26T12:00:00Z"
}))]
pub struct TemplateView {
    /// Its name.
    pub name: String,
    /// `template`.
    pub object: &'static str,
    /// Whether it is built in. Built-in templates have no versions.
    pub built_in: bool,
    /// A description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The version, from 1; in lists, the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// The size of its package in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The package's BLAKE3 hash, in lower-case hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blake3: Option<String>,
    /// When the version was uploaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<DateTime<Utc>>,
    /// Warnings from the sample document; only in the response to the upload.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>)]
    pub warnings: Vec<Warning>,
}

impl From<TemplateVersion> for TemplateView {
    fn from(version: TemplateVersion) -> Self {
        Self {
            name: version.name,
            object: "template",
            built_in: false,
            description: version.description,
            version: Some(version.version),
            bytes: Some(version.bytes),
            blake3: Some(version.blake3),
            created_at: Some(version.created_at),
            warnings: Vec::new(),
        }
    }
}

fn built_in((name, description): (&str, &str)) -> TemplateView {
    TemplateView {
        name: name.to_owned(),
        object: "template",
        built_in: true,
        description: Some(description.to_owned()),
        version: None,
        bytes: None,
        blake3: None,
        created_at: None,
        warnings: Vec::new(),
    }
}

/// Templates, or versions of one.
#[derive(Debug, Serialize, ToSchema)]
pub struct TemplateList {
    /// `list`.
    pub object: &'static str,
    /// All templates, at most 200 per tenant, or all versions, at most 100 per template.
    pub data: Vec<TemplateView>,
}

/// How a template is uploaded.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PutQuery {
    /// A description: at most 200 characters.
    description: Option<String>,
}

/// Which version.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct VersionQuery {
    /// The version, from 1.
    pub(crate) version: Option<u32>,
}

/// List templates
///
/// Returns the built-in templates, then the tenant's own by name, each in its last version.
#[utoipa::path(get, path = "/v1/templates", tag = "render", security(("bearer" = [])),
    responses(
        (status = 200, description = "The templates", body = TemplateList),
        (status = 503, description = "The database is not available", body = ErrorBody),
    )
)]
pub(crate) async fn list_templates(
    State(templates): State<Templates>,
    caller: Caller,
) -> Result<Json<TemplateList>, ApiError> {
    let own = templates.all(&caller.tenant).await?;
    let data = BUILT_IN.into_iter().map(built_in).chain(own.into_iter().map(TemplateView::from)).collect();
    Ok(Json(TemplateList { object: "list", data }))
}

/// Get a template
///
/// Returns the versions of the template, the last first.
#[utoipa::path(get, path = "/v1/templates/{name}", tag = "render", security(("bearer" = [])),
    params(("name" = String, Path, description = "The template's name")),
    responses(
        (status = 200, description = "The versions", body = TemplateList),
        (status = 404, description = "Not found in this tenant", body = ErrorBody),
        (status = 503, description = "The database is not available", body = ErrorBody),
    )
)]
pub(crate) async fn get_template(
    State(templates): State<Templates>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<TemplateList>, ApiError> {
    if let Some(found) = BUILT_IN.into_iter().find(|(known, _)| *known == name) {
        return Ok(Json(TemplateList { object: "list", data: vec![built_in(found)] }));
    }
    let versions = templates.versions(&caller.tenant, &name).await?;
    let data = versions.into_iter().map(TemplateView::from).collect();
    Ok(Json(TemplateList { object: "list", data }))
}

/// Upload a template
///
/// The body is a Typst package, as `tar -czf - -C my-template .` makes it: at most 8 MiB. A document with every element
/// is rendered with it first; an error is a 422 with file and line. Then the package becomes the next version. The same
/// package as the last version creates no new version.
#[utoipa::path(put, path = "/v1/templates/{name}", tag = "render", security(("bearer" = [])),
    params(("name" = String, Path, description = "The template's name: 1 to 64 of a-z, 0-9, - and _"), PutQuery),
    request_body(content = FileBytes, content_type = "application/gzip"),
    responses(
        (status = 200, description = "Unchanged: the last version has the same package", body = TemplateView),
        (status = 201, description = "The new version", body = TemplateView),
        (status = 400, description = "The name is not valid, or the body is not gzip (`invalid_package`)", body = ErrorBody),
        (status = 409, description = "The template is built in (`template_built_in`), or the limit of templates or versions is reached \
            (`templates_full`)", body = ErrorBody),
        (status = 413, description = "The package is too large", body = ErrorBody),
        (status = 422, description = "The package has an error: `template_error`", body = ErrorBody),
        (status = "5XX", description = "The request failed on the server or timed out: see `code`", body = ErrorBody),
    )
)]
pub(crate) async fn put_template(
    State(templates): State<Templates>,
    bodies: Bodies,
    caller: Caller,
    Path(name): Path<String>,
    Query(PutQuery { description }): Query<PutQuery>,
    request: Request,
) -> Result<(StatusCode, Json<TemplateView>), ApiError> {
    check_own(&name)?;
    let (length, max) = (description.as_deref().map_or(0, |text| text.chars().count()), limits::TEMPLATE_DESCRIPTION);
    if length > max {
        let message = format!("the description has {length} characters: at most {max} are allowed");
        return Err(ApiError::invalid("description", message));
    }
    let (package, _permit) = bodies.read_job(request).await?;
    let Upload { version, new, warnings } =
        Box::pin(templates.upload(&caller.tenant, name, description, package)).await?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(TemplateView { warnings, ..version.into() })))
}

/// Delete a template
///
/// Deletes all versions, or one. Documents made with it stay.
#[utoipa::path(delete, path = "/v1/templates/{name}", tag = "render", security(("bearer" = [])),
    params(("name" = String, Path, description = "The template's name"), VersionQuery),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, description = "Not found in this tenant", body = ErrorBody),
        (status = 409, description = "The template is built in", body = ErrorBody),
        (status = 503, description = "The database is not available", body = ErrorBody),
    )
)]
pub(crate) async fn delete_template(
    State(templates): State<Templates>,
    caller: Caller,
    Path(name): Path<String>,
    Query(VersionQuery { version }): Query<VersionQuery>,
) -> Result<StatusCode, ApiError> {
    templates.delete(&caller.tenant, &name, version).await?;
    Ok(StatusCode::NO_CONTENT)
}
