//! `/v1/conversations`: stored conversations and their messages.

use axum::{Json, extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use ruche_schemas::kinds::chat::Citation;
use ruche_store::conversations::{Conversation, StoredMessage};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    chat::{conversations::Conversations, openai::response::citations},
    http::{
        auth::Caller,
        error::{ApiError, ErrorBody},
        json::{JsonText, parse},
        params::{Path, Query, cut, page_limit},
    },
};

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// Items per page: 1 to 100. Default: 20.
    limit: Option<u64>,
    /// Start after this conversation: `last_id` of the previous page.
    after: Option<Uuid>,
}

/// A page of conversations, the most recently changed first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConversationList {
    /// `list`.
    pub object: &'static str,
    /// The conversations.
    pub data: Vec<ConversationView>,
    /// The id of the first conversation.
    pub first_id: Option<Uuid>,
    /// The id of the last conversation: `after` of the next page.
    pub last_id: Option<Uuid>,
    /// Whether there is a next page.
    pub has_more: bool,
}

/// A conversation.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConversationView {
    /// Its id.
    pub id: Uuid,
    /// `conversation`.
    pub object: &'static str,
    /// Its title: the beginning of the first message, unless it was renamed.
    pub title: String,
    /// The time of its first message.
    pub created_at: DateTime<Utc>,
    /// The time of the last message.
    pub updated_at: DateTime<Utc>,
    /// The newest messages (up to 1,000), the oldest of them first. Not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages: Option<Vec<MessageView>>,
}

/// A message.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageView {
    /// Its id; later messages have higher ids.
    pub id: i64,
    /// The job that stored it.
    pub job: Uuid,
    /// `system`, `user` or `assistant`.
    pub role: String,
    /// Its text.
    pub content: String,
    /// The model that generated it.
    pub model: Option<String>,
    /// The passages that it cites as `[n]`; missing if the chat had no passages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = citations)]
    pub citations: Option<Vec<Citation>>,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
}

/// List conversations
///
/// Returns a page of conversations, the most recently changed first.
#[utoipa::path(get, path = "/v1/conversations", tag = "conversations", security(("bearer" = [])), params(PageQuery),
    responses(
        (status = 200, description = "A page of the list", body = ConversationList),
        (status = "4XX", description = "The request is not valid", body = ErrorBody),
        (status = 503, description = "The database is not available", body = ErrorBody),
    )
)]
pub(crate) async fn list_conversations(
    State(conversations): State<Conversations>,
    caller: Caller,
    Query(PageQuery { limit, after }): Query<PageQuery>,
) -> Result<Json<ConversationList>, ApiError> {
    let asked = page_limit(limit)?;
    let mut page = conversations.page(&caller.tenant, asked as u64 + 1, after).await?;
    let has_more = cut(&mut page, asked);
    let (first_id, last_id) = (page.first().map(|c| c.id), page.last().map(|c| c.id));
    let data = page.into_iter().map(|conversation| view(conversation, None)).collect();
    Ok(Json(ConversationList { object: "list", data, first_id, last_id, has_more }))
}

/// Get a conversation
///
/// Returns the conversation with its messages.
#[utoipa::path(get, path = "/v1/conversations/{id}", tag = "conversations", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The conversation's id")),
    responses(
        (status = 200, description = "The conversation", body = ConversationView),
        (status = 404, description = "Not found in this tenant", body = ErrorBody),
        (status = 503, description = "The database is not available", body = ErrorBody),
    )
)]
pub(crate) async fn get_conversation(
    State(conversations): State<Conversations>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ConversationView>, ApiError> {
    let (conversation, messages) = conversations.find(&caller.tenant, &id).await?;
    Ok(Json(view(conversation, Some(messages))))
}

/// A change to a conversation.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ConversationChange {
    /// Its new title: 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200, pattern = "[^\\s\\x00-\\x1f\\x7f-\\x9f]")]
    title: String,
}

/// Rename a conversation
#[utoipa::path(patch, path = "/v1/conversations/{id}", tag = "conversations", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The conversation's id")),
    request_body(content = ConversationChange, example = json!({"title": "Opening hours"})),
    responses(
        (status = 200, description = "The updated conversation, without its messages", body = ConversationView),
        (status = 400, description = "The title is not valid", body = ErrorBody),
        (status = 404, description = "Not found in this tenant", body = ErrorBody),
        (status = 503, description = "The database is not available", body = ErrorBody),
    )
)]
pub(crate) async fn rename_conversation(
    State(conversations): State<Conversations>,
    caller: Caller,
    Path(id): Path<String>,
    JsonText(text): JsonText,
) -> Result<Json<ConversationView>, ApiError> {
    let ConversationChange { title } = parse(&text)?;
    let conversation = conversations.rename(&caller.tenant, &id, &title).await?;
    Ok(Json(view(conversation, None)))
}

/// Delete a conversation
///
/// Deletes the conversation and its messages. A running chat is answered, but its answer is not stored; a waiting chat
/// fails. The results of its jobs are kept as long as those of other jobs.
#[utoipa::path(delete, path = "/v1/conversations/{id}", tag = "conversations", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The conversation's id")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, description = "Not found in this tenant", body = ErrorBody),
        (status = 503, description = "The database is not available", body = ErrorBody),
    )
)]
pub(crate) async fn delete_conversation(
    State(conversations): State<Conversations>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    conversations.delete(&caller.tenant, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn view(conversation: Conversation, messages: Option<Vec<StoredMessage>>) -> ConversationView {
    let Conversation { id, title, created_at, updated_at } = conversation;
    let messages = messages.map(|all| all.into_iter().map(message).collect());
    ConversationView { id, object: "conversation", title, created_at, updated_at, messages }
}

fn message(message: StoredMessage) -> MessageView {
    let StoredMessage { id, job, role, content, model, citations, created_at } = message;
    MessageView { id, job, role, content, model, citations, created_at }
}
