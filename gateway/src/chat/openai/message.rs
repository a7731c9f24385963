//! The messages of OpenAI's chat request.

use ruche_schemas::kinds::chat::{Message, Role};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;
use utoipa::ToSchema;

use crate::http::{error::ApiError, openai::unsupported};

/// A message.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChatCompletionMessage {
    /// Who says it. `developer` is `system`.
    pub role: ChatCompletionRole,
    /// A string, or a list of parts of type `text`.
    #[serde(default, deserialize_with = "text")]
    #[schema(value_type = Option<TextContent>)]
    pub content: String,
    /// Accepted without effect.
    #[schema(ignore)]
    pub name: Option<String>,
    /// Accepted without effect: a client may send back what it got.
    #[schema(ignore)]
    #[serde(default)]
    pub refusal: Value,
    /// Accepted without effect.
    #[schema(ignore)]
    #[serde(default)]
    pub annotations: Value,
    /// Accepted without effect.
    #[schema(ignore)]
    #[serde(default)]
    pub citations: Value,
    #[schema(ignore)]
    #[serde(default)]
    audio: Value,
    #[schema(ignore)]
    #[serde(default)]
    tool_calls: Value,
    #[schema(ignore)]
    #[serde(default)]
    tool_call_id: Value,
    #[schema(ignore)]
    #[serde(default)]
    function_call: Value,
}

/// Who says a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChatCompletionRole {
    /// Instructions.
    System,
    /// Instructions, by their newer name.
    Developer,
    /// The person.
    User,
    /// The model.
    Assistant,
    /// Known, not supported yet.
    Tool,
    /// Known, not supported.
    Function,
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
    /// What is said.
    #[allow(dead_code, reason = "describes the schema")]
    text: String,
}

impl ChatCompletionMessage {
    /// Refuses unsupported content. `i` is the message's index.
    pub(super) fn check(&self, i: usize) -> Result<(), ApiError> {
        if matches!(self.role, ChatCompletionRole::Tool | ChatCompletionRole::Function) {
            return Err(unsupported(&format!("messages[{i}].role"), "tools are not supported".to_owned()));
        }
        let asked = [
            ("audio", &self.audio),
            ("tool_calls", &self.tool_calls),
            ("tool_call_id", &self.tool_call_id),
            ("function_call", &self.function_call),
        ];
        for (name, value) in asked {
            if !(value.is_null() || value.as_array().is_some_and(Vec::is_empty)) {
                let message = format!("`{name}` is not supported: leave it out");
                return Err(unsupported(&format!("messages[{i}].{name}"), message));
            }
        }
        Ok(())
    }

    pub(super) fn into_message(self) -> Message {
        let role = match self.role {
            ChatCompletionRole::Assistant => Role::Assistant,
            ChatCompletionRole::System | ChatCompletionRole::Developer => Role::System,
            // `check` has refused the other two.
            ChatCompletionRole::User | ChatCompletionRole::Tool | ChatCompletionRole::Function => Role::User,
        };
        Message { role, content: self.content }
    }
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let parts = match Value::deserialize(deserializer)? {
        Value::Null => return Ok(String::new()),
        Value::String(text) => return Ok(text),
        Value::Array(parts) => parts,
        _ => return Err(D::Error::custom("a string or a list of text parts is expected")),
    };
    let mut whole = String::new();
    for (i, part) in parts.iter().enumerate() {
        match (part["type"].as_str(), part["text"].as_str()) {
            (Some("text"), Some(text)) => whole.push_str(text),
            (Some(kind), _) if kind != "text" => {
                return Err(D::Error::custom(format!("part {i} is of type {kind:?}: only text is supported")));
            }
            _ => return Err(D::Error::custom(format!("part {i} is not {{\"type\": \"text\", \"text\": \"...\"}}"))),
        }
    }
    Ok(whole)
}
