//! What a bot is, the same in requests, in answers and in the store; and what it may be.

use ruche_schemas::{
    Invalid,
    kinds::chat::{BOT_PREFIX, MAX_INSTRUCTIONS_BYTES, MAX_NOTHING_FOUND_BYTES, MAX_PASSAGE_TOKENS, MAX_PASSAGES},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    http::{error::ApiError, limits},
    ports::search::Mode,
};

/// A bot: it answers in somebody's name, from these collections. `model: "bot:NAME"` in a chat asks it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Bot {
    /// Its name, which stays: 1 to 64 of a-z, 0-9, - and _, a letter or digit first.
    #[schema(max_length = 64, pattern = "^[a-z0-9][a-z0-9_-]{0,63}$")]
    pub name: String,
    /// What the model is told before anything else: at most 16 KiB.
    pub instructions: String,
    /// The chat model that answers; without one, the worker's own.
    pub model: Option<String>,
    /// What is taken where a chat leaves `temperature` at 1, OpenAI's default.
    #[schema(minimum = 0, maximum = 2)]
    pub temperature: Option<f32>,
    /// What its answers are made from: at most 32 collections. Without any, it just chats.
    #[schema(max_items = 32)]
    pub collections: Vec<String>,
    /// How passages are found.
    pub retrieval: Retrieval,
    /// Whether the model first makes a question that follows others stand alone, to search for that. For models that are
    /// good enough: a small one makes questions worse.
    pub rewrite: bool,
    /// `off`: answers are not moderated yet.
    #[schema(value_type = ModerationPolicy)]
    pub moderation: Moderation,
    /// What it may take.
    pub limits: BotLimits,
    /// What it looks like to those who chat with it.
    pub look: Look,
}

/// How passages are found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Retrieval {
    /// The most passages.
    #[schema(minimum = 1, maximum = 32)]
    pub top_k: u32,
    /// The most tokens that they take of the prompt.
    #[schema(minimum = 16, maximum = 32_000)]
    pub max_tokens: u32,
    /// By what.
    pub mode: RetrievalMode,
    /// Passages below it are left out: a cosine (-1 to 1) in the modes `hybrid` and `vector`, BM25 in `text`.
    pub min_score: Option<f64>,
    /// Whether a reranker reads the best 30 hits and orders them, where a worker has one: better passages, and a later answer.
    pub rerank: bool,
    /// The answer where nothing is found: at most 1,000 bytes.
    pub nothing_found: String,
}

impl Default for Retrieval {
    fn default() -> Self {
        Self {
            top_k: 6,
            max_tokens: 1_500,
            mode: RetrievalMode::Hybrid,
            min_score: None,
            rerank: false,
            nothing_found: "I could not find that in the documents.".to_owned(),
        }
    }
}

/// By what passages are found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RetrievalMode {
    /// By vectors and by words.
    #[default]
    Hybrid,
    /// By vectors.
    Vector,
    /// By words.
    Text,
}

impl From<RetrievalMode> for Mode {
    fn from(mode: RetrievalMode) -> Self {
        match mode {
            RetrievalMode::Hybrid => Self::Hybrid,
            RetrievalMode::Vector => Self::Vector,
            RetrievalMode::Text => Self::Text,
        }
    }
}

/// A moderation policy, as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moderation(pub String);

impl Default for Moderation {
    fn default() -> Self {
        Self("off".to_owned())
    }
}

/// A moderation policy.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code, reason = "describes the schema of a field that is read as text, for a better message")]
pub(crate) enum ModerationPolicy {
    /// None.
    Off,
}

/// What a bot may take.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BotLimits {
    /// The most tokens of an answer, whatever a chat asks for.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub max_tokens: Option<u32>,
    /// The most chats a minute, at each gateway.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub requests_per_minute: Option<u32>,
}

/// What a bot looks like to those who chat with it. Kept for pages and widgets; it changes no answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Look {
    /// What it is called: at most 100 characters.
    pub title: Option<String>,
    /// What it says first: at most 1,000 characters.
    pub greeting: Option<String>,
    /// `#rrggbb`.
    #[schema(pattern = "^#[0-9a-fA-F]{6}$")]
    pub colour: Option<String>,
    /// What one might ask: at most 8, of 200 characters each.
    #[schema(max_items = 8)]
    pub suggestions: Vec<String>,
}

impl Bot {
    /// Reads a bot, or a change to one (RFC 7396): what is `null` gets its default, what is left out stays.
    ///
    /// # Errors
    /// 4xx that name the field.
    pub(crate) fn read(before: Option<&Self>, change: Value) -> Result<Self, ApiError> {
        let Value::Object(change) = change else {
            return Err(ApiError::invalid("body", "the body is not a JSON object").code("invalid_json"));
        };
        let mut whole = match before.map(serde_json::to_value).transpose() {
            Ok(Some(Value::Object(fields))) => fields,
            Ok(_) => Map::new(),
            Err(_) => return Err(ApiError::internal()),
        };
        merge(&mut whole, change);
        let bot: Self = serde_path_to_error::deserialize(Value::Object(whole))
            .map_err(|error| ApiError::from(Invalid::unreadable(&error)))?;
        bot.check()?;
        match before.filter(|before| before.name != bot.name) {
            Some(Self { name, .. }) => {
                let message = format!("a bot keeps its name ({name}): make another one with POST /v1/bots");
                Err(ApiError::invalid("name", message))
            }
            None => Ok(bot),
        }
    }

    fn check(&self) -> Result<(), ApiError> {
        check_name("name", &self.name, "a bot")?;
        bytes("instructions", &self.instructions, 0, MAX_INSTRUCTIONS_BYTES)?;
        if let Some(model) = &self.model {
            bytes("model", model, 1, 256)?;
            if model.starts_with(BOT_PREFIX) {
                return Err(Invalid::new("model", format!("{model:?} is a bot: name a chat model")).into());
            }
        }
        within("temperature", self.temperature.map(f64::from), 0.0, 2.0)?;
        self.check_collections()?;
        self.retrieval.check()?;
        self.limits.check()?;
        self.look.check()?;
        match self.moderation.0.as_str() {
            "off" => Ok(()),
            other => {
                let other: String = other.chars().take(40).collect();
                let message = format!(
                    "moderation = {other:?} can't be promised: this release does not moderate answers, so only \"off\" \
                     is accepted"
                );
                Err(ApiError::unprocessable("unsupported_moderation", message).param("moderation"))
            }
        }
    }

    fn check_collections(&self) -> Result<(), ApiError> {
        let (count, max) = (self.collections.len(), limits::SEARCH_COLLECTIONS);
        if count > max {
            return Err(Invalid::new("collections", format!("has {count} names: at most {max} are allowed")).into());
        }
        for (i, name) in self.collections.iter().enumerate() {
            check_name(&format!("collections[{i}]"), name, "a collection")?;
            if self.collections[..i].contains(name) {
                return Err(Invalid::new(format!("collections[{i}]"), format!("{name} is there twice")).into());
            }
        }
        Ok(())
    }
}

impl Retrieval {
    fn check(&self) -> Result<(), ApiError> {
        within("retrieval.top_k", Some(self.top_k.into()), 1.0, MAX_PASSAGES as f64)?;
        within("retrieval.max_tokens", Some(self.max_tokens.into()), 16.0, MAX_PASSAGE_TOKENS.into())?;
        let (least, most) = if self.mode == RetrievalMode::Text { (0.0, 1e6) } else { (-1.0, 1.0) };
        within("retrieval.min_score", self.min_score, least, most)?;
        bytes("retrieval.nothing_found", &self.nothing_found, 1, MAX_NOTHING_FOUND_BYTES)
    }
}

impl BotLimits {
    fn check(&self) -> Result<(), ApiError> {
        within("limits.max_tokens", self.max_tokens.map(f64::from), 1.0, 1e6)?;
        within("limits.requests_per_minute", self.requests_per_minute.map(f64::from), 1.0, 1e6)
    }
}

impl Look {
    fn check(&self) -> Result<(), ApiError> {
        characters("look.title", self.title.as_deref(), limits::BOT_TITLE)?;
        characters("look.greeting", self.greeting.as_deref(), limits::BOT_GREETING)?;
        if let Some(colour) = &self.colour {
            let hex = colour.strip_prefix('#').filter(|hex| hex.len() == 6);
            if !hex.is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit())) {
                let colour: String = colour.chars().take(40).collect();
                return Err(Invalid::new("look.colour", format!("{colour:?} is no colour: write #rrggbb")).into());
            }
        }
        let (count, max) = (self.suggestions.len(), limits::BOT_SUGGESTIONS);
        if count > max {
            let message = format!("has {count} suggestions: at most {max} are allowed");
            return Err(Invalid::new("look.suggestions", message).into());
        }
        for (i, suggestion) in self.suggestions.iter().enumerate() {
            characters(&format!("look.suggestions[{i}]"), Some(suggestion), limits::BOT_SUGGESTION)?;
        }
        Ok(())
    }
}

/// RFC 7396.
fn merge(whole: &mut Map<String, Value>, change: Map<String, Value>) {
    for (name, value) in change {
        match (whole.get_mut(&name), value) {
            (_, Value::Null) => drop(whole.remove(&name)),
            (Some(Value::Object(inner)), Value::Object(change)) => merge(inner, change),
            (_, Value::Object(change)) => {
                let mut inner = Map::new();
                merge(&mut inner, change);
                whole.insert(name, Value::Object(inner));
            }
            (_, value) => drop(whole.insert(name, value)),
        }
    }
}

fn check_name(param: &str, name: &str, of: &str) -> Result<(), ApiError> {
    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let safe = name.bytes().all(|b| letter(b) || b == b'-' || b == b'_');
    match name.len() <= 64 && safe && name.bytes().next().is_some_and(letter) {
        true => Ok(()),
        false => {
            let shown: String = name.chars().take(80).collect();
            let allowed = "1 to 64 of a-z, 0-9, - and _ are, a letter or digit first";
            Err(Invalid::new(param, format!("{shown:?} is no name of {of}: {allowed}")).into())
        }
    }
}

fn bytes(param: &str, text: &str, min: usize, max: usize) -> Result<(), ApiError> {
    if !(min..=max).contains(&text.len()) {
        let message = format!("has {} bytes: {min} to {max} are allowed", text.len());
        return Err(Invalid::new(param, message).into());
    }
    no_nul(param, text)
}

fn characters(param: &str, text: Option<&str>, max: usize) -> Result<(), ApiError> {
    let text = text.unwrap_or_default();
    let count = text.chars().count();
    match count > max {
        true => Err(Invalid::new(param, format!("has {count} characters: at most {max} are allowed")).into()),
        false => no_nul(param, text),
    }
}

fn no_nul(param: &str, text: &str) -> Result<(), ApiError> {
    match text.contains('\0') {
        true => Err(Invalid::new(param, "has a NUL character, which is not allowed").into()),
        false => Ok(()),
    }
}

fn within(param: &str, value: Option<f64>, min: f64, max: f64) -> Result<(), ApiError> {
    match value.filter(|value| !(min..=max).contains(value)) {
        Some(value) => {
            let message = format!("{value} is out of range: from {min} to {max} is allowed");
            Err(Invalid::new(param, message).into())
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(body: Value) -> (u16, String) {
        let error = Bot::read(None, body).expect_err("a refusal");
        (error.status().as_u16(), error.param_name().unwrap_or_default().to_owned())
    }

    #[test]
    fn each_bad_field_is_named() {
        for (body, param) in [
            (json!([]), "body"),
            (json!({}), "name"),
            (json!({"name": "Help"}), "name"),
            (json!({"name": "-help"}), "name"),
            (json!({"name": "h", "instructions": "x".repeat(20_000)}), "instructions"),
            (json!({"name": "h", "instructions": "a\u{0}b"}), "instructions"),
            (json!({"name": "h", "model": "bot:other"}), "model"),
            (json!({"name": "h", "model": ""}), "model"),
            (json!({"name": "h", "temperature": 3}), "temperature"),
            (json!({"name": "h", "collections": ["a", "../b"]}), "collections[1]"),
            (json!({"name": "h", "collections": ["a", "a"]}), "collections[1]"),
            (json!({"name": "h", "collections": vec!["a"; 33]}), "collections"),
            (json!({"name": "h", "retrieval": {"top_k": 0}}), "retrieval.top_k"),
            (json!({"name": "h", "retrieval": {"top_k": 33}}), "retrieval.top_k"),
            (json!({"name": "h", "retrieval": {"max_tokens": 1}}), "retrieval.max_tokens"),
            (json!({"name": "h", "retrieval": {"mode": "magic"}}), "retrieval.mode"),
            (json!({"name": "h", "retrieval": {"min_score": 2}}), "retrieval.min_score"),
            (json!({"name": "h", "retrieval": {"nothing_found": ""}}), "retrieval.nothing_found"),
            (json!({"name": "h", "retrieval": {"depth": 1}}), "retrieval.depth"),
            (json!({"name": "h", "limits": {"max_tokens": 0}}), "limits.max_tokens"),
            (json!({"name": "h", "limits": {"requests_per_minute": 0}}), "limits.requests_per_minute"),
            (json!({"name": "h", "look": {"title": "x".repeat(101)}}), "look.title"),
            (json!({"name": "h", "look": {"greeting": "x".repeat(1_001)}}), "look.greeting"),
            (json!({"name": "h", "look": {"colour": "red"}}), "look.colour"),
            (json!({"name": "h", "look": {"suggestions": vec!["a"; 9]}}), "look.suggestions"),
            (json!({"name": "h", "look": {"suggestions": ["x".repeat(201)]}}), "look.suggestions[0]"),
            (json!({"name": "h", "colour": "red"}), "colour"),
        ] {
            assert_eq!(refused(body.clone()), (400, param.to_owned()), "{body}");
        }
        for policy in ["strict", "fast", "Off"] {
            assert_eq!(refused(json!({"name": "h", "moderation": policy})), (422, "moderation".to_owned()));
        }
    }

    #[test]
    fn a_change_changes_what_it_names_and_null_is_the_default() {
        let body = json!({
            "name": "help", "model": "m", "collections": ["faq"], "retrieval": {"top_k": 3, "mode": "text"},
            "look": {"colour": "#c90000", "title": null}, "moderation": "off",
        });
        let bot = Bot::read(None, body).expect("a bot");
        assert_eq!(
            (bot.retrieval.top_k, bot.retrieval.mode, bot.retrieval.max_tokens),
            (3, RetrievalMode::Text, 1_500)
        );
        let change = json!({"model": null, "retrieval": {"top_k": null, "min_score": 4.5}, "look": {"title": "Help"}});
        let changed = Bot::read(Some(&bot), change).expect("a bot");
        let retrieval = Retrieval { mode: RetrievalMode::Text, min_score: Some(4.5), ..Retrieval::default() };
        assert_eq!(
            (changed.model.as_ref(), &changed.retrieval, &changed.collections),
            (None, &retrieval, &bot.collections)
        );
        assert_eq!((changed.look.title.as_deref(), changed.look.colour.as_deref()), (Some("Help"), Some("#c90000")));
        assert_eq!(Bot::read(Some(&bot), json!({})).expect("the same"), bot);
        assert_eq!(Bot::read(Some(&bot), json!({"name": "help"})).expect("the same"), bot);
        let renamed = Bot::read(Some(&bot), json!({"name": "other"})).expect_err("another name");
        assert_eq!(renamed.param_name(), Some("name"));
    }
}
