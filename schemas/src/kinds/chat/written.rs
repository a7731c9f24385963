//! A chat's input as it may be written: in our own form, or as OpenAI's clients write it.
//!
//! Source: the OpenAI API reference, "Create chat completion".

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, SeqAccess, Visitor},
};
use uuid::Uuid;

use super::{Chat, Grounding, MAX_STOPS, Message, Sampling};

/// A chat job's input. OpenAI's form is accepted too: the fields of `sampling` beside the others,
/// `max_completion_tokens`, a single `stop`, and content in parts of text.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "Chat")]
pub(super) struct Written {
    /// The model's name. Default: the worker's own model.
    model: Option<String>,
    /// The new messages, the oldest first. With `conversation`, its earlier messages come before them. The model
    /// does not read the oldest ones that exceed its context: `usage.messages_left_out` counts them.
    messages: Vec<Message>,
    /// The conversation of this chat. The gateway creates it for a new chat.
    conversation: Option<Uuid>,
    /// How the next token is chosen.
    sampling: Option<Sampling>,
    /// As in `sampling`, which it overrides. 0 to 2.
    #[schemars(range(min = 0.0, max = 2.0))]
    temperature: Option<f32>,
    /// As in `sampling`, which it overrides. Over 0, to 1.
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0))]
    top_p: Option<f32>,
    /// As in `sampling`, which it overrides. 0 to 1,000,000.
    #[schemars(range(max = 1_000_000))]
    top_k: Option<u32>,
    /// As in `sampling`, which it overrides. 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    min_p: Option<f32>,
    /// As in `sampling`, which it overrides. -2 to 2.
    #[schemars(range(min = -2.0, max = 2.0))]
    frequency_penalty: Option<f32>,
    /// As in `sampling`, which it overrides. -2 to 2.
    #[schemars(range(min = -2.0, max = 2.0))]
    presence_penalty: Option<f32>,
    /// As in `sampling`, which it overrides. Over 0, to 2.
    #[schemars(range(max = 2.0), extend("exclusiveMinimum" = 0))]
    repeat_penalty: Option<f32>,
    /// As in `sampling`, which it overrides.
    #[schemars(range(min = i64::MIN, max = i64::MAX))]
    seed: Option<i64>,
    /// Stop strings: the answer ends before the first of these. One, or up to 16, each of 1 to 256 bytes.
    #[serde(default, deserialize_with = "stops")]
    #[schemars(with = "Option<OneOrMany>")]
    stop: Vec<String>,
    /// The most tokens to generate. Default: as many as the context holds.
    #[schemars(range(min = 1, max = 1_000_000))]
    max_tokens: Option<u32>,
    /// The newer name of `max_tokens`, which it overrides.
    #[schemars(range(min = 1, max = 1_000_000))]
    max_completion_tokens: Option<u32>,
    /// Whether messages and answer are stored in the conversation. Default: true.
    store: Option<bool>,
    /// Instructions and passages for the answer. The gateway adds them to a bot's chat.
    grounding: Option<Grounding>,
    /// Set by the gateway: the conversation existed at submission. If it does not exist when the job runs, it was
    /// deleted.
    #[serde(default)]
    continues: bool,
    /// How many older messages the gateway left out, because a job holds no more.
    #[serde(default)]
    messages_left_out: u32,
}

impl From<Written> for Chat {
    fn from(written: Written) -> Self {
        let sampling = written.sampling.unwrap_or_default();
        Self {
            model: written.model,
            messages: written.messages,
            conversation: written.conversation,
            sampling: Sampling {
                temperature: written.temperature.unwrap_or(sampling.temperature),
                top_p: written.top_p.unwrap_or(sampling.top_p),
                top_k: written.top_k.unwrap_or(sampling.top_k),
                min_p: written.min_p.unwrap_or(sampling.min_p),
                frequency_penalty: written.frequency_penalty.unwrap_or(sampling.frequency_penalty),
                presence_penalty: written.presence_penalty.unwrap_or(sampling.presence_penalty),
                repeat_penalty: written.repeat_penalty.unwrap_or(sampling.repeat_penalty),
                seed: written.seed.map(folded_seed).or(sampling.seed),
            },
            stop: written.stop,
            max_tokens: written.max_completion_tokens.or(written.max_tokens),
            store: written.store.unwrap_or(true),
            grounding: written.grounding,
            continues: written.continues,
            messages_left_out: written.messages_left_out,
        }
    }
}

impl<'de> Deserialize<'de> for Chat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Written::deserialize(deserializer).map(Self::from)
    }
}

impl JsonSchema for Chat {
    fn schema_name() -> Cow<'static, str> {
        Written::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        Written::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Written::json_schema(generator)
    }
}

/// A string, or a list of strings.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
#[allow(dead_code, reason = "describes the schema of a field that is read by hand, for better messages")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// Text, or parts of text.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
#[allow(dead_code, reason = "describes the schema of a field that is read by hand, for better messages")]
pub(super) enum Content {
    /// The text.
    Text(String),
    /// Its parts.
    Parts(Vec<TextPart>),
}

/// A part of a text.
#[derive(JsonSchema)]
#[schemars(inline)]
#[allow(dead_code, reason = "describes the schema")]
pub(super) struct TextPart {
    /// `text`.
    #[schemars(rename = "type")]
    kind: TextType,
    /// The text.
    text: String,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase", inline)]
#[allow(dead_code, reason = "describes the schema")]
enum TextType {
    Text,
}

/// A part of any type, as it is read.
#[derive(Deserialize)]
struct Part {
    #[serde(rename = "type", default)]
    kind: String,
    text: Option<String>,
}

/// OpenAI's seeds have 64 bits, ours 32; a seed that fits is unchanged.
#[must_use]
pub fn folded_seed(seed: i64) -> u32 {
    let bytes = seed.to_le_bytes();
    let half = |i: usize| u32::from_le_bytes([bytes[i], bytes[i + 1], bytes[i + 2], bytes[i + 3]]);
    half(0) ^ half(4)
}

/// Reads a string, or a list of strings; `null` is an empty list.
///
/// # Errors
/// Says what is expected.
pub fn stops<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    deserializer.deserialize_any(StopsVisitor)
}

struct StopsVisitor;

impl<'de> Visitor<'de> for StopsVisitor {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a string or a list of up to {MAX_STOPS} strings")
    }

    fn visit_unit<E>(self) -> Result<Vec<String>, E> {
        Ok(Vec::new())
    }

    fn visit_str<E>(self, one: &str) -> Result<Vec<String>, E> {
        Ok(vec![one.to_owned()])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut many: A) -> Result<Vec<String>, A::Error> {
        let mut all = Vec::new();
        while let Some(one) = many.next_element()? {
            all.push(one);
        }
        Ok(all)
    }
}

/// Reads a message's content: a string, or a list of parts of type `text`, which are joined; `null` is empty.
///
/// # Errors
/// Says what is expected, and which part is of another type.
pub fn content<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    deserializer.deserialize_any(ContentVisitor)
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a list of text parts")
    }

    fn visit_unit<E>(self) -> Result<String, E> {
        Ok(String::new())
    }

    fn visit_str<E>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_string<E>(self, text: String) -> Result<String, E> {
        Ok(text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<String, A::Error> {
        let (mut whole, mut i) = (String::new(), 0);
        while let Some(Part { kind, text }) = parts.next_element()? {
            match (kind.as_str(), text) {
                ("text", Some(text)) => whole.push_str(&text),
                ("text" | "", _) => {
                    let message = format!("part {i} is not {{\"type\": \"text\", \"text\": \"...\"}}");
                    return Err(A::Error::custom(message));
                }
                (kind, _) => {
                    return Err(A::Error::custom(format!("part {i} is of type {kind:?}: only text is supported")));
                }
            }
            i += 1;
        }
        Ok(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Role, *};
    use crate::{job::Job as _, lenient};

    fn read(json: &str) -> Result<(Chat, String), String> {
        let mut ignored = Vec::new();
        let chat: Chat = lenient::from_str(json, &mut ignored).map_err(|invalid| invalid.to_string())?;
        chat.check().map_err(|invalid| invalid.to_string())?;
        Ok((chat, ignored.join(", ")))
    }

    #[test]
    fn what_an_openai_client_sends_is_the_same_chat() {
        let ours = r#"{"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi there"}],
            "sampling":{"temperature":0.5,"top_p":0.9,"seed":7},"stop":["x"],"max_tokens":9}"#;
        let theirs = r#"{"messages":[{"role":"developer","content":"Be brief."},
            {"role":"user","content":[{"type":"text","text":"Hi "},{"type":"text","text":"there"}]}],
            "temperature":0.5,"top_p":0.9,"seed":7,"stop":"x","max_completion_tokens":9,"max_tokens":null}"#;
        let (ours, theirs) = (read(ours).expect("a chat"), read(theirs).expect("a chat"));
        assert_eq!(ours, theirs);
        assert_eq!((ours.0.messages[0].role, ours.0.max_tokens, ours.0.store), (Role::System, Some(9), true));
        // What the gateway publishes is read as it was.
        let published = serde_json::to_string(&ours.0).expect("JSON");
        assert_eq!(read(&published).expect("a chat"), ours);
    }

    #[test]
    fn unknown_fields_are_ignored_and_told() {
        let json = r#"{"colour":1,"messages":[{"role":"user","mood":"x","content":[{"type":"text","text":"Hi","cache":{}}]}],
            "sampling":{"typical_p":1}}"#;
        let (chat, ignored) = read(json).expect("a chat");
        assert_eq!(chat.messages[0].content, "Hi");
        assert_eq!(ignored, "colour, messages[0].mood, messages[0].content[0].cache, sampling.typical_p");
    }

    #[test]
    fn what_is_no_stop_is_told_with_what_is_needed() {
        for (stop, why) in [
            ("17", "stop: 17 is not allowed: a string or a list of up to 16 strings is needed"),
            ("{}", "stop: an object is not allowed: a string or a list of up to 16 strings is needed"),
            (r#"["a", 17]"#, "stop[1]: 17 is not allowed: a text is needed"),
        ] {
            let error =
                read(&format!(r#"{{"messages":[{{"role":"user","content":"x"}}],"stop":{stop}}}"#)).expect_err(stop);
            assert_eq!(error, why);
        }
    }

    #[test]
    fn content_that_is_no_text_is_refused() {
        for (content, why) in [
            ("7", "a string or a list of text parts is needed"),
            (r#"[{"type":"image_url","image_url":{}}]"#, "part 0 is of type \"image_url\": only text is supported"),
            (r#"[{"type":"text"}]"#, "part 0 is not"),
            (r#"[{"text":"x"}]"#, "part 0 is not"),
        ] {
            let error = read(&format!(r#"{{"messages":[{{"role":"user","content":{content}}}]}}"#)).expect_err(content);
            assert!(error.starts_with("messages[0].content") && error.contains(why), "{content}: {error}");
        }
        let null = read(r#"{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":null}]}"#);
        assert_eq!(null.expect("a chat").0.messages[1].content, "");
    }

    #[test]
    fn a_seed_that_fits_stays_itself() {
        assert_eq!((folded_seed(42), folded_seed(i64::from(u32::MAX))), (42, u32::MAX));
        assert_ne!(folded_seed(1 << 40), folded_seed(0));
    }
}
