//! `/v1/renders`: stored documents: list, get, delete.

use axum::{Json, extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use ruche_schemas::JobId;
use ruche_store::files::{File, StoredFile};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    http::{
        auth::Caller,
        error::{ApiError, ErrorBody},
        params::{Path, Query, cut, page_limit},
    },
    render::stored::{StoredRenders, reference},
};

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RendersQuery {
    /// Items per page: 1 to 100. Default: 20.
    limit: Option<u64>,
    /// Start after this position: `next` of the previous page.
    after: Option<Uuid>,
}

/// A page of documents, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct RenderList {
    /// `list`.
    pub object: &'static str,
    /// The documents.
    pub data: Vec<RenderView>,
    /// Whether there is a next page.
    pub has_more: bool,
    /// `after` of the next page.
    pub next: Option<Uuid>,
}

/// A stored document.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01932c07-a0f4-7c7e-a9a6-8d7c1a4bdc5e", "object": "render", "url": "/v1/renders/01932c07-a0f4-7c7e-a9a6-8d7c1a4bdc5e/file",
    "media_type": "application/pdf", "bytes": 412973, "blake3": "ea8f163db38682925e4491c5e58d4bb3506ef8c14eb78a86e908c5624a67200f",
    "pages": 12, "title": "Annual report", "template": "report", "warnings": 0, "created_at": "2026-11-26T12:00:00Z"
}))]
pub struct RenderView {
    /// Its id: that of its job.
    pub id: Uuid,
    /// `render`.
    pub object: &'static str,
    /// The path of its bytes: `/v1/renders/{id}/file`.
    pub url: String,
    /// `application/pdf` or `image/png`.
    pub media_type: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its BLAKE3 hash, in lower-case hexadecimal.
    pub blake3: String,
    /// How many pages it has.
    pub pages: u32,
    /// Its title, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its template.
    pub template: String,
    /// How many warnings there were; `GET /v1/jobs/{id}/result` has them.
    pub warnings: u32,
    /// The time of its creation.
    pub created_at: DateTime<Utc>,
}

impl From<StoredFile> for RenderView {
    fn from(document: StoredFile) -> Self {
        let StoredFile { job, file, created_at } = document;
        let File { claim, media_type, pages, title, template, warnings } = file;
        let (id, url) = (job.id.0, format!("/v1/renders/{}/file", job.id));
        let (bytes, blake3) = (claim.bytes, claim.blake3);
        let object = "render";
        Self { id, object, url, media_type, bytes, blake3, pages, title, template, warnings, created_at }
    }
}

/// List documents
///
/// Returns a page of stored documents, the newest first.
#[utoipa::path(get, path = "/v1/renders", tag = "render", security(("bearer" = [])), params(RendersQuery),
    responses(
        (status = 200, description = "A page of the list", body = RenderList),
        (status = "4XX", description = "The request is not valid", body = ErrorBody),
        (status = 503, description = "The database is not available", body = ErrorBody),
    )
)]
pub(crate) async fn list_renders(
    State(renders): State<StoredRenders>,
    caller: Caller,
    Query(RendersQuery { limit, after }): Query<RendersQuery>,
) -> Result<Json<RenderList>, ApiError> {
    let asked = page_limit(limit)?;
    let mut page = renders.page(&caller.tenant, asked as u64 + 1, after.map(JobId)).await?;
    let has_more = cut(&mut page, asked);
    let next = page.last().map(|document| document.job.id.0).filter(|_| has_more);
    Ok(Json(RenderList { object: "list", data: page.into_iter().map(RenderView::from).collect(), has_more, next }))
}

/// Get a document
///
/// Returns the document's metadata; its bytes are at `url`.
#[utoipa::path(get, path = "/v1/renders/{id}", tag = "render", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The document's id")),
    responses(
        (status = 200, description = "The document", body = RenderView),
        (status = 404, description = "Not found in this tenant", body = ErrorBody),
        (status = 503, description = "The database is not available", body = ErrorBody),
    )
)]
pub(crate) async fn get_render(
    State(renders): State<StoredRenders>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<RenderView>, ApiError> {
    Ok(Json(renders.find(&reference(&caller.tenant, &id)?).await?.into()))
}

/// Delete a document
///
/// Deletes the stored document. The result of its job stays, without the document.
#[utoipa::path(delete, path = "/v1/renders/{id}", tag = "render", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The document's id")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, description = "Not found in this tenant", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable; the request can be repeated safely", body = ErrorBody),
    )
)]
pub(crate) async fn delete_render(
    State(renders): State<StoredRenders>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    renders.delete(&caller.tenant, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
