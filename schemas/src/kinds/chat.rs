//! Chat: takes a conversation and generates the next message, token by token.
//!
//! Deltas contain the ids of their tokens. So a worker that takes over a crashed worker's chat continues where it
//! stopped.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Backoff, Invalid, Kind, Limits, event,
    job::{Job, check_model, counted, over_zero, within},
    metrics::Metric,
    models::ModelSlot,
};

mod grounding;
pub mod metrics;
mod settings;
pub mod turns;
mod written;

pub use grounding::*;
pub use settings::Settings;
pub use written::{content, folded_seed, stops};

/// Of one request.
pub const MAX_MESSAGES: usize = 10_000;
pub const MAX_STOPS: usize = 16;
pub const MAX_STOP_BYTES: usize = 256;

/// A chat job's input.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Chat {
    /// The model's name. Default: the worker's own model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The new messages, the oldest first. With `conversation`, its earlier messages come before them.
    pub messages: Vec<Message>,
    /// The conversation of this chat. The gateway creates it for a new chat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation: Option<Uuid>,
    /// How the next token is chosen.
    pub sampling: Sampling,
    /// The answer ends before any of these strings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stop: Vec<String>,
    /// The most tokens to generate. Default: as many as the context holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// Whether messages and answer are stored in the conversation.
    pub store: bool,
    /// Instructions and passages for the answer. The gateway adds them to a bot's chat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grounding: Option<Grounding>,
    /// Set by the gateway: the conversation existed at submission. If it does not exist when the job runs, it was
    /// deleted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub continues: bool,
    /// How many older messages the gateway left out, because a job holds no more.
    #[serde(skip_serializing_if = "is_zero")]
    pub messages_left_out: u32,
}

const fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Message {
    /// The author.
    pub role: Role,
    /// The text: a string, or a list of parts of type `text`. An empty system message is ignored.
    #[serde(default, deserialize_with = "content")]
    #[schemars(with = "Option<written::Content>")]
    pub content: String,
}

impl Message {
    /// Whether it is of the system and says nothing: it counts as none.
    #[must_use]
    pub fn is_no_instruction(&self) -> bool {
        self.role == Role::System && self.content.trim().is_empty()
    }
}

/// The author of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Instructions. Also by their newer name, `developer`.
    #[serde(alias = "developer")]
    System,
    /// The user.
    User,
    /// The model.
    Assistant,
}

impl Role {
    /// The name that chat templates expect.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

/// How the next token is chosen. The defaults are OpenAI's, or llama.cpp's for parameters that OpenAI does not have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Sampling {
    /// How much chance there is in the choice of tokens: 0 always takes the most likely one. 0 to 2.
    #[schemars(range(min = 0.0, max = 2.0))]
    pub temperature: f32,
    /// Nucleus sampling (Holtzman et al., 2020): the smallest set of tokens with this probability. Over 0, to 1.
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0))]
    pub top_p: f32,
    /// Only the k most likely tokens; 0 is all.
    #[schemars(range(max = 1_000_000))]
    pub top_k: u32,
    /// Only tokens at least this likely, relative to the most likely one. 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub min_p: f32,
    /// Makes tokens less likely the more often they were generated. -2 to 2.
    #[schemars(range(min = -2.0, max = 2.0))]
    pub frequency_penalty: f32,
    /// Makes tokens that were already generated less likely. -2 to 2.
    #[schemars(range(min = -2.0, max = 2.0))]
    pub presence_penalty: f32,
    /// Divides the logits of recent tokens (Keskar et al., 2019); 1 is off. Over 0, to 2.
    #[schemars(range(max = 2.0), extend("exclusiveMinimum" = 0))]
    pub repeat_penalty: f32,
    /// The same seed, prompt and model give the same answer. Default: a random seed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u32>,
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            temperature: 1.0,
            top_p: 1.0,
            top_k: 0,
            min_p: 0.0,
            frequency_penalty: 0.0,
            presence_penalty: 0.0,
            repeat_penalty: 1.0,
            seed: None,
        }
    }
}

/// A piece of the answer. Text is always whole UTF-8 characters; tokens whose text is still held back (half a
/// character, the beginning of a stop string) come with a later piece.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Delta {
    /// The text to append.
    pub text: String,
    /// The ids of its tokens, in the model's vocabulary.
    pub tokens: Vec<i32>,
    /// In the first piece: how many of the oldest messages the model does not read, as in `usage`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub messages_left_out: u32,
}

impl event::Progress for Delta {
    fn event_type(&self) -> event::EventType {
        event::EventType::Delta
    }

    fn absorb(&mut self, next: Self) -> Option<Self> {
        self.text.push_str(&next.text);
        self.tokens.extend(next.tokens);
        self.messages_left_out = self.messages_left_out.max(next.messages_left_out);
        None
    }
}

/// A chat job's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Answer {
    /// The whole answer.
    pub text: String,
    /// Why it ended.
    pub finish_reason: FinishReason,
    /// The model that answered.
    pub model: String,
    /// Token counts.
    pub usage: Usage,
    /// The conversation that it is stored in, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<Uuid>,
    /// The passages that it cites, in the order of their first mention; missing if the chat had no passages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub citations: Option<Vec<Citation>>,
}

/// Why an answer ended, in OpenAI's terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// The model ended it, or a stop string did.
    Stop,
    /// `max_tokens` or the context was reached.
    Length,
}

impl FinishReason {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
        }
    }
}

/// Tokens read and written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Usage {
    /// Tokens of the prompt, template included.
    pub prompt_tokens: u32,
    /// Tokens generated.
    pub completion_tokens: u32,
    /// How many of the oldest messages the model did not read: those that exceed its context. A model of fewer than 50
    /// million weights also skips all earlier turns of a bot's chat, on purpose: they confuse it. 0 if it is missing.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub messages_left_out: u32,
}

impl Job for Chat {
    const KIND: Kind = Kind::new("chat");
    const VERSION: u16 = 1;
    const LIMITS: Limits = Limits {
        payload_bytes: 256 * 1024,
        deadline: Duration::from_secs(600),
        attempts: 5,
        backoff: Backoff { base: Duration::from_millis(500), factor: 2.0, cap: Duration::from_secs(60) },
    };
    type Progress = Delta;
    type Output = Answer;
    type Settings = Settings;

    const ABOUT: &'static str = "Answers a conversation, token by token.";
    const MODELS: &'static [ModelSlot] = settings::MODELS;
    const METRICS: &'static [&'static Metric] = metrics::METRICS;
    const EXAMPLE: Option<&'static str> = Some(settings::EXAMPLE);
    const FEATURE: Option<&'static str> = Some("chat");

    fn check(&self) -> Result<(), Invalid> {
        check_messages(&self.messages)?;
        self.sampling.check()?;
        check_model(self.model.as_deref())?;
        if let Some(max) = self.max_tokens {
            within("max_tokens", max, 1, 1_000_000)?;
        }
        counted("stop", self.stop.len(), "stop strings", 0, MAX_STOPS)?;
        for (i, stop) in self.stop.iter().enumerate() {
            counted(&format!("stop[{i}]"), stop.len(), "bytes", 1, MAX_STOP_BYTES)?;
        }
        self.grounding.as_ref().map_or(Ok(()), Grounding::check)
    }
}

fn check_messages(messages: &[Message]) -> Result<(), Invalid> {
    counted("messages", messages.len(), "messages", 1, MAX_MESSAGES)?;
    if messages.iter().all(Message::is_no_instruction) {
        let message = "has only empty system messages, which count as none: add a message of the role user";
        return Err(Invalid::new("messages", message));
    }
    for (i, message) in messages.iter().enumerate() {
        if message.content.is_empty() && message.role == Role::User {
            return Err(Invalid::new(
                format!("messages[{i}].content"),
                "is missing or empty: at least one character is needed",
            ));
        }
        if message.content.contains('\0') {
            return Err(Invalid::new(format!("messages[{i}].content"), "has a NUL character, which is not allowed"));
        }
    }
    Ok(())
}

impl Sampling {
    fn check(&self) -> Result<(), Invalid> {
        within("temperature", self.temperature, 0.0, 2.0)?;
        over_zero("top_p", self.top_p, 1.0)?;
        within("top_k", self.top_k, 0, 1_000_000)?;
        within("min_p", self.min_p, 0.0, 1.0)?;
        within("frequency_penalty", self.frequency_penalty, -2.0, 2.0)?;
        within("presence_penalty", self.presence_penalty, -2.0, 2.0)?;
        over_zero("repeat_penalty", self.repeat_penalty, 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::descriptor::Descriptor;

    fn refused(json: &str) -> String {
        Descriptor::of::<Chat>()
            .parse(json, &mut Vec::new())
            .map_or_else(|invalid| invalid.to_string(), |_| "accepted".into())
    }

    #[test]
    fn each_bad_field_is_named() {
        let with = |rest: &str| refused(&format!(r#"{{"messages":[{{"role":"user","content":"hi"}}]{rest}}}"#));
        assert_eq!(with(""), "accepted");
        assert!(refused("{}").starts_with("messages: is missing"), "{}", refused("{}"));
        assert!(refused(r#"{"messages":[]}"#).starts_with("messages: is missing or empty: 1 to 10000"));
        for content in ["", r#","content":null"#, r#","content":"""#, r#","content":[]"#] {
            let told = refused(&format!(r#"{{"messages":[{{"role":"user"{content}}}]}}"#));
            assert!(told.starts_with("messages[0].content: is missing or empty"), "{content}: {told}");
        }
        assert!(refused(r#"{"messages":[{"role":"boss","content":"x"}]}"#).contains("\"boss\" is not allowed: "));
        assert!(with(r#","sampling":{"temperature":-1}"#).starts_with("temperature: -1 is out of range"));
        assert!(with(r#","temperature":1e300"#).starts_with("temperature: 1e300 is too large"));
        let json = serde_json::json!({"messages": [{"role": "user", "content": "hi"}], "temperature": 1e300});
        let chat: Chat = serde_json::from_value(json).expect("a chat");
        assert!(
            chat.check().expect_err("a bound").to_string().starts_with("temperature: more than 3e38 is out of range")
        );
        assert_eq!(with(r#","top_p":0"#), "top_p: 0 is out of range: over 0 and at most 1 is allowed");
        assert!(
            with(r#","repeat_penalty":2.5"#).starts_with("repeat_penalty: 2.5 is out of range: over 0 and at most 2")
        );
        assert!(with(r#","max_tokens":0"#).starts_with("max_tokens: 0 is out of range"));
        assert!(with(r#","stop":[""]"#).starts_with("stop[0]: is empty: 1 to 256 bytes"));
        let stops = serde_json::to_string(&["x"; 20]).expect("a list");
        assert_eq!(with(&format!(r#","stop":{stops}"#)), "stop: has 20 stop strings: at most 16 are allowed");
        assert!(with(r#","max_completion_tokens":0"#).starts_with("max_tokens: 0 is out of range"));
    }

    #[test]
    fn an_empty_message_of_the_system_counts_as_none() {
        let of = |messages: &str| refused(&format!(r#"{{"messages":[{messages}]}}"#));
        assert_eq!(of(r#"{"role":"system","content":""},{"role":"user","content":"hi"}"#), "accepted");
        assert_eq!(
            of(r#"{"role":"system"},{"role":"system","content":null},{"role":"assistant","content":""}"#),
            "accepted"
        );
        let only = of(r#"{"role":"system","content":" \n"}"#);
        assert!(only.starts_with("messages: has only empty system messages"), "{only}");
    }
}
