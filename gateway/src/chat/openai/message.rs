//! The messages of OpenAI's chat request.

use ruche_schemas::kinds::chat::{Message, Role, content};
use serde::Deserialize;
use utoipa::ToSchema;

/// A message.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct ChatCompletionMessage {
    /// The author. `developer` means `system`.
    pub role: ChatCompletionRole,
    /// A string, or a list of parts of type `text`, without NUL characters. A user message has at least one character;
    /// an empty system message is ignored.
    #[serde(default, deserialize_with = "content")]
    #[schema(value_type = Option<TextContent>)]
    pub content: String,
}

/// The author of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChatCompletionRole {
    /// Instructions.
    System,
    /// Instructions, by their newer name.
    Developer,
    /// The user.
    User,
    /// The model.
    Assistant,
}

/// Text, or parts of text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "describes the schema of a field that is read by hand, for better messages")]
pub(crate) enum TextContent {
    Text(String),
    Parts(Vec<TextPart>),
}

/// A part of a message.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct TextPart {
    /// `text`.
    #[serde(rename = "type")]
    #[allow(dead_code, reason = "describes the schema")]
    kind: String,
    /// The text of the message.
    #[allow(dead_code, reason = "describes the schema")]
    text: String,
}

impl ChatCompletionMessage {
    pub(super) fn into_message(self) -> Message {
        let role = match self.role {
            ChatCompletionRole::Assistant => Role::Assistant,
            ChatCompletionRole::System | ChatCompletionRole::Developer => Role::System,
            ChatCompletionRole::User => Role::User,
        };
        Message { role, content: self.content }
    }
}
