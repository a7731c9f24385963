//! A bot as in requests, in answers and in the store, and the bounds of its fields.

use serde::{Deserialize, Serialize};
#[cfg(feature = "openapi")]
use utoipa::ToSchema;

use crate::{
    Invalid,
    ids::is_name,
    job::counted,
    kinds::{
        chat::{MAX_INSTRUCTIONS_BYTES, MAX_NOTHING_FOUND_BYTES, MAX_PASSAGE_TOKENS, MAX_PASSAGES},
        embed::document::check_collection,
    },
    plain,
};

pub use crate::kinds::chat::BOT_PREFIX;

pub const MAX_COLLECTIONS: usize = 32;
/// In characters.
pub const BOT_TITLE: usize = 100;
/// In characters.
pub const BOT_GREETING: usize = 1_000;
pub const BOT_SUGGESTIONS: usize = 8;
/// In characters.
pub const BOT_SUGGESTION: usize = 200;

/// The answer of a bot that finds nothing, where it has no sentence of its own and the question's language is none of these.
const NOTHING_FOUND: &str = "I could not find that in the documents.";
const NOTHING_FOUND_IN: [(&str, &str); 7] = [
    ("dutch", "Dat heb ik niet in de documenten gevonden."),
    ("french", "Je n'ai pas trouvé cela dans les documents."),
    ("german", "Das habe ich in den Dokumenten nicht gefunden."),
    ("italian", "Non l'ho trovato nei documenti."),
    ("polish", "Nie znalazłem tego w dokumentach."),
    ("portuguese", "Não encontrei isso nos documentos."),
    ("spanish", "No he encontrado eso en los documentos."),
];

/// The answer of a bot that finds nothing, to a question in this language.
#[must_use]
pub fn nothing_found(language: &str) -> &'static str {
    let found = NOTHING_FOUND_IN.iter().find(|(name, _)| *name == language);
    found.map_or(NOTHING_FOUND, |(_, sentence)| sentence)
}

/// A bot: instructions, a model and collections. A chat with `"model": "bot:NAME"` uses it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct Bot {
    /// Its name: 1 to 64 of a-z, 0-9, - and _, a letter or digit first. It can't be changed.
    #[cfg_attr(feature = "openapi", schema(max_length = 64, pattern = "^[a-z0-9][a-z0-9_-]{0,63}$"))]
    pub name: String,
    /// System instructions: at most 16 KiB. Default: none.
    pub instructions: String,
    /// The chat model, by its name or an alias. Default: the model for bots (`chat.bots_model_name`), else the worker's
    /// own.
    pub model: Option<String>,
    /// The temperature of its answers, where a request keeps the default of 1. Default: 1.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 2))]
    pub temperature: Option<f32>,
    /// The collections that are searched for answers: at most 32. Without any, the bot answers without passages.
    #[cfg_attr(feature = "openapi", schema(max_items = 32))]
    pub collections: Vec<String>,
    /// How passages are found.
    pub retrieval: Retrieval,
    /// Whether the model rewrites a follow-up question so that it stands alone, before the search. Use it with a large
    /// model: a small model makes questions worse.
    pub rewrite: bool,
    /// `off`: answers are not moderated yet.
    #[cfg_attr(feature = "openapi", schema(value_type = ModerationPolicy))]
    pub moderation: Moderation,
    /// The limits of its chats.
    pub limits: BotLimits,
    /// Its appearance in chat pages and widgets.
    pub look: Look,
}

/// How passages are found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct Retrieval {
    /// The most passages that an answer may use. Default: 6.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 32))]
    pub top_k: u32,
    /// The most tokens of the prompt that passages may take. Default: 1,500.
    #[cfg_attr(feature = "openapi", schema(minimum = 16, maximum = 32_000))]
    pub max_tokens: u32,
    /// Ranking: `hybrid`, `vector` or `text`.
    pub mode: RetrievalMode,
    /// The lowest cosine of a passage's vector and the question's vector, -1 to 1. Passages below it are left out. Not
    /// with mode `text`, which compares no vectors. Default: none, so none is left out.
    #[cfg_attr(feature = "openapi", schema(minimum = -1, maximum = 1))]
    pub min_score: Option<f64>,
    /// Whether a reranker orders the best 30 hits, if a worker has one. The passages are better and the answer takes
    /// longer. Default: false.
    pub rerank: bool,
    /// The answer if nothing is found: at most 1,000 bytes. The default one is in the language of the chat.
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
            nothing_found: NOTHING_FOUND.to_owned(),
        }
    }
}

/// Ranking: `hybrid`, `vector` or `text`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
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

/// Kept as text, so that an unknown policy gets a better error message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moderation(pub String);

impl Default for Moderation {
    fn default() -> Self {
        Self("off".to_owned())
    }
}

/// A moderation policy. Only `off` is supported.
#[cfg(feature = "openapi")]
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ModerationPolicy {
    /// None.
    Off,
}

/// The limits of a bot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct BotLimits {
    /// The most tokens of an answer; a higher value in a chat is lowered to it.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1_000_000))]
    pub max_tokens: Option<u32>,
    /// The most chats a minute, at each gateway.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1_000_000))]
    pub requests_per_minute: Option<u32>,
}

/// The appearance of a bot in pages and widgets. It does not change answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct Look {
    /// The displayed name: at most 100 characters.
    pub title: Option<String>,
    /// A greeting: at most 1,000 characters.
    pub greeting: Option<String>,
    /// `#rrggbb`.
    #[cfg_attr(feature = "openapi", schema(pattern = "^#[0-9a-fA-F]{6}$"))]
    pub colour: Option<String>,
    /// Suggested questions: at most 8, of 200 characters each.
    #[cfg_attr(feature = "openapi", schema(max_items = 8))]
    pub suggestions: Vec<String>,
}

impl Bot {
    /// Names the first field that is wrong. The gateway checks the moderation policy.
    pub fn check(&self) -> Result<(), Invalid> {
        check_name(&self.name)?;
        bytes("instructions", &self.instructions, 0, MAX_INSTRUCTIONS_BYTES)?;
        if let Some(model) = &self.model {
            bytes("model", model, 1, 256)?;
            if model.starts_with(BOT_PREFIX) {
                return Err(Invalid::new("model", format!("{model:?} is a bot: name a chat model")));
            }
        }
        within("temperature", self.temperature.map(f64::from), 0.0, 2.0)?;
        self.check_collections()?;
        self.retrieval.check()?;
        self.limits.check()?;
        self.look.check()
    }

    fn check_collections(&self) -> Result<(), Invalid> {
        counted("collections", self.collections.len(), "names", 0, MAX_COLLECTIONS)?;
        for (i, name) in self.collections.iter().enumerate() {
            check_collection(&format!("collections[{i}]"), name)?;
            if self.collections[..i].contains(name) {
                return Err(Invalid::new(format!("collections[{i}]"), format!("{name} is there twice")));
            }
        }
        Ok(())
    }
}

impl Retrieval {
    fn check(&self) -> Result<(), Invalid> {
        within("retrieval.top_k", Some(self.top_k.into()), 1.0, MAX_PASSAGES as f64)?;
        within("retrieval.max_tokens", Some(self.max_tokens.into()), 16.0, MAX_PASSAGE_TOKENS.into())?;
        if self.min_score.is_some() && self.mode == RetrievalMode::Text {
            let message = "is the cosine of two vectors, which mode text does not compare: take mode hybrid or vector";
            return Err(Invalid::new("retrieval.min_score", message));
        }
        within("retrieval.min_score", self.min_score, -1.0, 1.0)?;
        bytes("retrieval.nothing_found", &self.nothing_found, 1, MAX_NOTHING_FOUND_BYTES)
    }
}

impl BotLimits {
    fn check(&self) -> Result<(), Invalid> {
        within("limits.max_tokens", self.max_tokens.map(f64::from), 1.0, 1e6)?;
        within("limits.requests_per_minute", self.requests_per_minute.map(f64::from), 1.0, 1e6)
    }
}

impl Look {
    fn check(&self) -> Result<(), Invalid> {
        characters("look.title", self.title.as_deref(), BOT_TITLE)?;
        characters("look.greeting", self.greeting.as_deref(), BOT_GREETING)?;
        if let Some(colour) = &self.colour {
            let hex = colour.strip_prefix('#').filter(|hex| hex.len() == 6);
            if !hex.is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit())) {
                let colour: String = colour.chars().take(40).collect();
                return Err(Invalid::new("look.colour", format!("{colour:?} is no colour: write #rrggbb")));
            }
        }
        counted("look.suggestions", self.suggestions.len(), "suggestions", 0, BOT_SUGGESTIONS)?;
        for (i, suggestion) in self.suggestions.iter().enumerate() {
            characters(&format!("look.suggestions[{i}]"), Some(suggestion), BOT_SUGGESTION)?;
        }
        Ok(())
    }
}

fn check_name(name: &str) -> Result<(), Invalid> {
    match is_name(name, 64) {
        true => Ok(()),
        false if name.is_empty() => Err(Invalid::new("name", "is missing: name the bot, such as help")),
        false => {
            let shown: String = name.chars().take(80).collect();
            let allowed = "1 to 64 of a-z, 0-9, - and _ are allowed, a letter or digit first";
            Err(Invalid::new("name", format!("{shown:?} is no name of a bot: {allowed}")))
        }
    }
}

fn bytes(param: &str, text: &str, min: usize, max: usize) -> Result<(), Invalid> {
    counted(param, text.len(), "bytes", min, max)?;
    no_nul(param, text)
}

fn characters(param: &str, text: Option<&str>, max: usize) -> Result<(), Invalid> {
    let text = text.unwrap_or_default();
    counted(param, text.chars().count(), "characters", 0, max)?;
    no_nul(param, text)
}

fn no_nul(param: &str, text: &str) -> Result<(), Invalid> {
    match text.contains('\0') {
        true => Err(Invalid::new(param, "has a NUL character, which is not allowed")),
        false => Ok(()),
    }
}

fn within(param: &str, value: Option<f64>, min: f64, max: f64) -> Result<(), Invalid> {
    match value.filter(|value| !(min..=max).contains(value)) {
        Some(value) => {
            let [value, min, max] = [value, min, max].map(plain::number);
            let message = format!("{value} is out of range: from {min} to {max} is allowed");
            Err(Invalid::new(param, message))
        }
        None => Ok(()),
    }
}
