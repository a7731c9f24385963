//! OpenAI's chat request, with our few extensions, as a chat job.

use ruche_schemas::kinds::chat::{Chat, Sampling, folded_seed, stops};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{message::ChatCompletionMessage, parameters::sift};
use crate::http::{
    error::ApiError,
    json::{object, parse_value},
    openai::OneOrMany,
};

/// A chat request in OpenAI's form. `tools`, `response_format` other than text, `logprobs`, `audio` and `n` over 1 are
/// refused by name; `user`, `metadata`, `service_tier` and the like are accepted without effect; other fields are
/// ignored, and the header `ruche-ignored` of the answer lists them.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct ChatCompletionRequest {
    /// The name of a model, a bot (`bot:` and its name), or an alias of one: `GET /v1/models` lists them. Default: the
    /// workers' first model.
    pub model: Option<String>,
    /// The messages, the oldest first; with `conversation`, only the new ones. 1 to 10,000. The model does not read the
    /// oldest ones that exceed its context: `usage.messages_left_out` counts them.
    #[schema(min_items = 1, max_items = 10_000)]
    pub messages: Vec<ChatCompletionMessage>,
    /// Whether the answer is streamed, as server-sent events. Default: false.
    pub stream: Option<bool>,
    /// Options of the stream.
    pub stream_options: Option<StreamOptions>,
    /// How much chance there is in the choice of tokens: 0 always takes the most likely one. Default: 1, or the bot's.
    #[schema(minimum = 0, maximum = 2)]
    pub temperature: Option<f32>,
    /// Nucleus sampling: only the most likely tokens, until their probabilities add up to this. Default: 1, all tokens.
    #[schema(exclusive_minimum = 0, maximum = 1)]
    pub top_p: Option<f32>,
    /// Only the k most likely tokens. Default: 0, all tokens. An extension.
    #[schema(maximum = 1_000_000)]
    pub top_k: Option<u32>,
    /// Only tokens at least this likely, relative to the most likely one. Default: 0, all tokens. An extension.
    #[schema(minimum = 0, maximum = 1)]
    pub min_p: Option<f32>,
    /// Makes tokens less likely the more often they were generated. Default: 0, off.
    #[schema(minimum = -2, maximum = 2)]
    pub frequency_penalty: Option<f32>,
    /// Makes tokens that were already generated less likely. Default: 0, off.
    #[schema(minimum = -2, maximum = 2)]
    pub presence_penalty: Option<f32>,
    /// Makes recent tokens less likely: divides their logits by this. Default: 1, off. An extension.
    #[schema(exclusive_minimum = 0, maximum = 2)]
    pub repeat_penalty: Option<f32>,
    /// The same seed, prompt and model give the same answer. Default: a random seed.
    #[schema(minimum = -9_223_372_036_854_775_808_i64, maximum = 9_223_372_036_854_775_807_i64)]
    pub seed: Option<i64>,
    /// Stop strings: the answer ends before the first of these. One, or up to 16, each of 1 to 256 bytes. Default: none.
    #[serde(default, deserialize_with = "stops")]
    #[schema(value_type = Option<OneOrMany>)]
    pub stop: Vec<String>,
    /// The older name of `max_completion_tokens`. Both together are refused unless they are equal.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub max_tokens: Option<u32>,
    /// The most tokens of the answer; a bot may allow fewer. Default: as many as the model's context holds.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub max_completion_tokens: Option<u32>,
    /// Whether messages and answer are stored in a conversation. Default: true.
    pub store: Option<bool>,
    /// The conversation to continue. Default: a new one, if `store` is true. An extension.
    pub conversation: Option<Uuid>,
    /// Whether the job is cancelled if the client disconnects. An extension. Default over HTTP: true, unless there is
    /// an `Idempotency-Key`; over WebSocket: false.
    pub cancel_on_disconnect: Option<bool>,
}

/// Options of a stream.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
pub struct StreamOptions {
    /// Whether a last chunk with the token counts is sent before `[DONE]`. Default: false.
    pub include_usage: Option<bool>,
    /// Accepted without effect.
    #[schema(ignore)]
    pub include_obfuscation: Option<bool>,
}

impl ChatCompletionRequest {
    /// # Errors
    /// 400 that names the field, and what is allowed.
    pub fn parse(json: &str) -> Result<Self, ApiError> {
        Self::from_value(object(json)?)
    }

    /// # Errors
    /// As [`ChatCompletionRequest::parse`].
    pub fn from_value(mut body: Value) -> Result<Self, ApiError> {
        let Some(fields) = body.as_object_mut() else {
            return Err(ApiError::invalid("body", "the body is not a JSON object").code("invalid_json"));
        };
        sift(fields)?;
        parse_value(&body)
    }

    #[must_use]
    pub fn include_usage(&self) -> bool {
        self.stream_options.and_then(|options| options.include_usage).unwrap_or(false)
    }

    #[must_use]
    pub fn into_chat(self) -> Chat {
        let default = Sampling::default();
        Chat {
            model: self.model,
            messages: self.messages.into_iter().map(ChatCompletionMessage::into_message).collect(),
            conversation: self.conversation,
            sampling: Sampling {
                temperature: self.temperature.unwrap_or(default.temperature),
                top_p: self.top_p.unwrap_or(default.top_p),
                top_k: self.top_k.unwrap_or(default.top_k),
                min_p: self.min_p.unwrap_or(default.min_p),
                frequency_penalty: self.frequency_penalty.unwrap_or(default.frequency_penalty),
                presence_penalty: self.presence_penalty.unwrap_or(default.presence_penalty),
                repeat_penalty: self.repeat_penalty.unwrap_or(default.repeat_penalty),
                seed: self.seed.map(folded_seed),
            },
            stop: self.stop,
            max_tokens: self.max_completion_tokens.or(self.max_tokens),
            store: self.store.unwrap_or(true),
            grounding: None,
            continues: false,
            messages_left_out: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use ruche_schemas::kinds::chat::{Message, Role};

    use super::*;
    use crate::http::ignored;

    fn with(rest: &str) -> Result<ChatCompletionRequest, ApiError> {
        ChatCompletionRequest::parse(&format!(r#"{{"messages":[{{"role":"user","content":"hi"}}]{rest}}}"#))
    }

    fn refused(rest: &str) -> (String, String) {
        let error = with(rest).expect_err(rest).to_json();
        let text = |name: &str| error["error"][name].as_str().unwrap_or("").to_owned();
        (text("param"), text("code"))
    }

    #[test]
    fn what_openai_clients_send_by_default_is_accepted() {
        let rest = r#","model":"m","n":1,"tools":[],"tool_choice":"auto","response_format":{"type":"text"},"logprobs":false,
            "user":"u","metadata":{"a":"b"},"service_tier":"auto","parallel_tool_calls":true,"stop":null,"seed":null,
            "max_completion_tokens":5,"stream_options":{"include_usage":true}"#;
        let chat = with(rest).expect("accepted").into_chat();
        assert_eq!((chat.max_tokens, chat.model.as_deref(), chat.store), (Some(5), Some("m"), true));
    }

    #[test]
    fn a_parameter_that_can_not_be_honoured_is_refused_by_name() {
        for (rest, param) in [
            (r#","tools":[{"type":"function"}]"#, "tools"),
            (r#","response_format":{"type":"json_object"}"#, "response_format"),
            (r#","logprobs":true"#, "logprobs"),
            (r#","audio":{"voice":"x"}"#, "audio"),
            (r#","n":2"#, "n"),
        ] {
            assert_eq!(refused(rest), (param.to_owned(), "unsupported_parameter".to_owned()));
        }
    }

    #[test]
    fn unknown_fields_are_ignored_and_noted_and_harmless_ones_just_accepted() {
        let message = r#"{"role":"assistant","content":[{"type":"text","text":"x","cache":1}],"name":"n","refusal":null,"mood":1}"#;
        let json = format!(r#"{{"colour":1,"user":"u","stream_options":{{"x":1}},"messages":[{message}]}}"#);
        let (request, mut found) = ignored::collect_now(|| ChatCompletionRequest::parse(&json));
        assert_eq!(request.expect("accepted").messages[0].content, "x");
        // Fields that were removed before change the order of the others.
        found.sort();
        assert_eq!(found.join(", "), "colour, messages[0].content[0].cache, messages[0].mood, stream_options.x");
    }

    #[test]
    fn a_wrong_field_is_named_by_its_path() {
        for (rest, param) in [
            (r#","temperature":"hot""#, "temperature"),
            (r#","max_tokens":-1"#, "max_tokens"),
            (r#","max_tokens":1.5"#, "max_tokens"),
            (r#","stop":7"#, "stop"),
            (r#","conversation":"x""#, "conversation"),
            (r#","max_tokens":1,"max_completion_tokens":2"#, "max_tokens"),
        ] {
            assert_eq!(refused(rest).0, param, "{rest}");
        }
        for (json, param) in [
            (r#"{"messages":[{"role":"boss","content":"x"}]}"#, "messages[0].role"),
            (r#"{"messages":[{"content":"x"}]}"#, "messages[0].role"),
            (r#"{"messages":[{"role":"user","content":7}]}"#, "messages[0].content"),
            (r#"{"messages":[{"role":"user","content":[{"type":"image_url"}]}]}"#, "messages[0].content"),
            (r#"{"messages":[{"role":"tool","content":"x"}]}"#, "messages[0].role"),
            (r#"{"messages":[{"role":"user","content":"x","tool_calls":[{}]}]}"#, "messages[0].tool_calls"),
            (r#"{"messages":"hi"}"#, "messages"),
            ("{}", "messages"),
            ("[]", "body"),
            ("{", "body"),
        ] {
            let error = ChatCompletionRequest::parse(json).expect_err(json).to_json();
            assert_eq!(error["error"]["param"], param, "{json}: {error}");
        }
    }

    #[test]
    fn parts_of_text_are_one_text_and_a_developer_is_a_system() {
        let json =
            r#"{"messages":[{"role":"developer","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]}"#;
        let chat = ChatCompletionRequest::parse(json).expect("accepted").into_chat();
        assert_eq!(chat.messages, [Message { role: Role::System, content: "ab".into() }]);
    }
}
