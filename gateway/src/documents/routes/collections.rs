//! `/v1/collections`: documents that are searched together.

use axum::{Json, extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use ruche_schemas::{clock, kinds::embed::document::check_collection, language};
use ruche_store::collections::{Collection, NewCollection};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    documents::collections::Collections,
    http::{
        auth::Caller,
        error::{ApiError, ErrorBody},
        json::{JsonText, parse},
        limits,
        params::{Path, Query, cut, page_limit},
    },
};

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CollectionsQuery {
    /// Items per page: 1 to 100. Default: 20.
    limit: Option<u64>,
    /// Start after this position: `next` of the previous page.
    after: Option<String>,
}

/// Request to create a collection.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CollectionRequest {
    /// Its name: 1 to 64 of `a-z 0-9 _ -`, beginning with a letter or digit.
    name: String,
    /// A description: at most 1,000 characters.
    description: Option<String>,
    /// The default language of documents, by name or code: `french`, `fr`; or `simple` (no stemming). Default: `auto`,
    /// detected from each document's text.
    language: Option<String>,
}

/// The fields to change.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CollectionChange {
    /// A description: at most 1,000 characters. An empty string removes it.
    description: Option<String>,
    /// The default language of documents that are added later, by name or code: `french`, `fr`; `simple` (no stemming) or
    /// `auto` (detected from each document's text).
    language: Option<String>,
}

/// A page of collections, by name.
#[derive(Debug, Serialize, ToSchema)]
pub struct CollectionList {
    /// `list`.
    pub object: &'static str,
    /// The collections.
    pub data: Vec<CollectionView>,
    /// Whether there is a next page.
    pub has_more: bool,
    /// `after` of the next page.
    pub next: Option<String>,
}

/// A collection: documents that are searched together.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "name": "handbook", "object": "collection", "description": "For everybody", "language": "auto",
    "model": "multilingual-e5-small", "documents": 120, "created_at": "2026-11-27T12:00:00Z"
}))]
pub struct CollectionView {
    /// Its name.
    pub name: String,
    /// `collection`.
    pub object: &'static str,
    /// A description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The default language of documents; `auto` if it is detected from each text.
    pub language: String,
    /// The embedding model of its searches; missing before its first document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The target model of a running migration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_model: Option<String>,
    /// How many documents it has.
    pub documents: u64,
    /// The time of its creation.
    pub created_at: DateTime<Utc>,
}

impl From<Collection> for CollectionView {
    fn from(collection: Collection) -> Self {
        let Collection { name, description, language, model, next_model, documents, created_at } = collection;
        Self { name, object: "collection", description, language, model, next_model, documents, created_at }
    }
}

/// List collections
///
/// Returns a page of collections, sorted by name.
#[utoipa::path(get, path = "/v1/collections", tag = "search", security(("bearer" = [])), params(CollectionsQuery),
    responses(
        (status = 200, description = "A page of the list", body = CollectionList),
        (status = "4XX", description = "The request is not valid", body = ErrorBody),
        (status = 503, description = "The database is not available", body = ErrorBody),
    )
)]
pub(crate) async fn list_collections(
    State(collections): State<Collections>,
    caller: Caller,
    Query(CollectionsQuery { limit, after }): Query<CollectionsQuery>,
) -> Result<Json<CollectionList>, ApiError> {
    let asked = page_limit(limit)?;
    if let Some(after) = &after {
        check_collection("after", after)?;
    }
    let mut page = collections.page(&caller.tenant, asked as u64 + 1, after.as_deref()).await?;
    let has_more = cut(&mut page, asked);
    let next = page.last().map(|collection| collection.name.clone()).filter(|_| has_more);
    let data = page.into_iter().map(CollectionView::from).collect();
    Ok(Json(CollectionList { object: "list", data, has_more, next }))
}

/// Create a collection
///
/// Creates a collection with a description and a language. Adding a document to an unknown collection creates it too,
/// with the defaults.
#[utoipa::path(post, path = "/v1/collections", tag = "search", security(("bearer" = [])),
    request_body = CollectionRequest,
    responses(
        (status = 201, description = "Created", body = CollectionView),
        (status = 400, description = "The request is not valid: `param` names the field", body = ErrorBody),
        (status = 409, description = "The name is taken: `collection_exists`", body = ErrorBody),
        (status = 503, description = "The database is not available", body = ErrorBody),
    )
)]
pub(crate) async fn create_collection(
    State(collections): State<Collections>,
    caller: Caller,
    JsonText(text): JsonText,
) -> Result<(StatusCode, Json<CollectionView>), ApiError> {
    let CollectionRequest { name, description, language } = parse(&text)?;
    check_collection("name", &name)?;
    check_description(description.as_deref())?;
    let language = language_of(language.as_deref())?.unwrap_or(language::AUTO).to_owned();
    let description = description.filter(|text| !text.is_empty());
    let new = NewCollection { name, description, language, at: clock::now() };
    let made = collections.create(&caller.tenant, &new).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Get a collection
///
/// Returns the collection with the number of its documents.
#[utoipa::path(get, path = "/v1/collections/{name}", tag = "search", security(("bearer" = [])),
    params(("name" = String, Path, description = "The collection's name")),
    responses(
        (status = 200, description = "The collection", body = CollectionView),
        (status = 404, description = "Not found in this tenant", body = ErrorBody),
        (status = 503, description = "The database is not available", body = ErrorBody),
    )
)]
pub(crate) async fn get_collection(
    State(collections): State<Collections>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<CollectionView>, ApiError> {
    Ok(Json(collections.find(&caller.tenant, &name).await?.into()))
}

/// Change a collection
///
/// Changes the description or the language. A new language applies to documents that are added later.
#[utoipa::path(patch, path = "/v1/collections/{name}", tag = "search", security(("bearer" = [])),
    params(("name" = String, Path, description = "The collection's name")),
    request_body = CollectionChange,
    responses(
        (status = 200, description = "Updated", body = CollectionView),
        (status = 400, description = "The request is not valid: `param` names the field", body = ErrorBody),
        (status = 404, description = "Not found in this tenant", body = ErrorBody),
        (status = 503, description = "The database is not available", body = ErrorBody),
    )
)]
pub(crate) async fn change_collection(
    State(collections): State<Collections>,
    caller: Caller,
    Path(name): Path<String>,
    JsonText(text): JsonText,
) -> Result<Json<CollectionView>, ApiError> {
    collections.find(&caller.tenant, &name).await?;
    let CollectionChange { description, language } = parse(&text)?;
    check_description(description.as_deref())?;
    let language = language_of(language.as_deref())?;
    let changed = collections.change(&caller.tenant, &name, description.as_deref(), language).await?;
    Ok(Json(changed.into()))
}

/// Delete a collection
///
/// Deletes the collection and all its documents. Jobs accepted earlier do not recreate it. Documents sent during the
/// deletion stay.
#[utoipa::path(delete, path = "/v1/collections/{name}", tag = "search", security(("bearer" = [])),
    params(("name" = String, Path, description = "The collection's name")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, description = "Not found in this tenant", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable; the request can be repeated safely", body = ErrorBody),
    )
)]
pub(crate) async fn delete_collection(
    State(collections): State<Collections>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    collections.delete(&caller.tenant, &name, clock::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn language_of(language: Option<&str>) -> Result<Option<&'static str>, ApiError> {
    language.map(language::language).transpose().map_err(|message| ApiError::invalid("language", message))
}

fn check_description(description: Option<&str>) -> Result<(), ApiError> {
    let text = description.unwrap_or_default();
    let (length, max) = (text.chars().count(), limits::COLLECTION_DESCRIPTION);
    if length > max {
        let message = format!("the description has {length} characters: at most {max} are allowed");
        return Err(ApiError::invalid("description", message));
    }
    match text.contains('\0') {
        true => Err(ApiError::invalid("description", "the description has a NUL character, which is not allowed")),
        false => Ok(()),
    }
}
