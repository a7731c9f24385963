//! The operations of chats, one file per resource.

use std::sync::Arc;

use axum::extract::FromRef;
use utoipa_axum::{router::OpenApiRouter, routes};

use self::models::Catalogue;
use super::{conversations::Conversations, service::Chats, ws::sockets::Sockets};
use crate::{
    http::{metrics::Metrics, state::HttpState},
    jobs::service::Jobs,
};

mod completions;
mod conversations;
pub mod models;
mod ws;

pub fn routes<S: HttpState>() -> OpenApiRouter<S>
where
    Arc<Chats>: FromRef<S>,
    Arc<Jobs>: FromRef<S>,
    Arc<Metrics>: FromRef<S>,
    Arc<Sockets>: FromRef<S>,
    Conversations: FromRef<S>,
    Catalogue: FromRef<S>,
{
    OpenApiRouter::new()
        .routes(routes!(completions::chat_completions))
        .routes(routes!(models::list_models))
        .routes(routes!(models::get_model))
        .routes(routes!(ws::ws))
        .routes(routes!(conversations::list_conversations))
        .routes(routes!(
            conversations::get_conversation,
            conversations::rename_conversation,
            conversations::delete_conversation
        ))
}
