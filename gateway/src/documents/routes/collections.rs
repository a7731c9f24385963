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
    /// How many: 1 to 100. Default: 20.
    limit: Option<u64>,
    /// The `next` of the page before.
    after: Option<String>,
}

/// A collection to be.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CollectionRequest {
    /// Its name: 1 to 64 of `a-z 0-9 _ -`, beginning with a letter or digit.
    name: String,
    /// What it is for: at most 1,000 characters.
    description: Option<String>,
    /// The language of documents that say none, by name or code: `french`, `fr`; or `simple`, for any. Default: `auto`,
    /// each document's own, detected from its text.
    language: Option<String>,
}

/// What is to change.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CollectionChange {
    /// What it is for; an empty one takes it away.
    description: Option<String>,
    /// The language of documents to come that say none.
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

/// Documents that are searched in together.
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
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The language of documents that say none; `auto` if it is detected from each text.
    pub language: String,
    /// The model that it is searched with; none before its first document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The model that its documents are being embedded with anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_model: Option<String>,
    /// How many documents it has.
    pub documents: u64,
    /// When it was made.
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
/// A page of them, by name.
#[utoipa::path(get, path = "/v1/collections", tag = "search", security(("bearer" = [])), params(CollectionsQuery),
    responses(
        (status = 200, description = "A page", body = CollectionList),
        (status = "4XX", description = "The request is wrong", body = ErrorBody),
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

/// Make a collection
///
/// Adding a document makes one too; so this is for what is to be said of it.
#[utoipa::path(post, path = "/v1/collections", tag = "search", security(("bearer" = [])),
    request_body = CollectionRequest,
    responses(
        (status = 201, description = "It is made", body = CollectionView),
        (status = 400, description = "The request is wrong: `param` names what", body = ErrorBody),
        (status = 409, description = "There is one of this name: `collection_exists`", body = ErrorBody),
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
/// With the number of its documents.
#[utoipa::path(get, path = "/v1/collections/{name}", tag = "search", security(("bearer" = [])),
    params(("name" = String, Path, description = "The collection's name")),
    responses(
        (status = 200, description = "The collection", body = CollectionView),
        (status = 404, description = "There is no such collection, or it is somebody else's", body = ErrorBody),
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
/// What is said of it. The language counts for documents to come.
#[utoipa::path(patch, path = "/v1/collections/{name}", tag = "search", security(("bearer" = [])),
    params(("name" = String, Path, description = "The collection's name")),
    request_body = CollectionChange,
    responses(
        (status = 200, description = "It is changed", body = CollectionView),
        (status = 400, description = "The request is wrong: `param` names what", body = ErrorBody),
        (status = 404, description = "There is no such collection, or it is somebody else's", body = ErrorBody),
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
/// With all its documents. Documents that were accepted before do not bring it back; those that are sent meanwhile stay.
#[utoipa::path(delete, path = "/v1/collections/{name}", tag = "search", security(("bearer" = [])),
    params(("name" = String, Path, description = "The collection's name")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "There is no such collection (any more), or it is somebody else's", body = ErrorBody),
        (status = 503, description = "Not now: again is always safe", body = ErrorBody),
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
