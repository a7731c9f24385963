//! Sources of an answer besides the conversation: a bot's instructions, and the passages that the answer may cite.
//!
//! The job contains the passages themselves. So every attempt has the same prompt, even if the documents have
//! changed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Invalid,
    job::{counted, within},
    links,
};

/// Comes before a bot's name where a model is asked for.
pub const BOT_PREFIX: &str = "bot:";
pub const MAX_INSTRUCTIONS_BYTES: usize = 16 << 10;
/// For one chat.
pub const MAX_PASSAGES: usize = 32;
pub const MAX_PASSAGE_BYTES: usize = 16 << 10;
/// For all passages of one chat together.
pub const MAX_PASSAGES_BYTES: usize = 96 << 10;
/// The longest title, URL, source or name of a passage.
pub const MAX_LABEL_BYTES: usize = 2 << 10;
/// The longest answer for a search that finds nothing.
pub const MAX_NOTHING_FOUND_BYTES: usize = 1_000;
/// The most tokens that passages may take of a prompt.
pub const MAX_PASSAGE_TOKENS: u32 = 32_000;

/// Instructions and passages for an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Grounding {
    /// The instructions, before everything else in the prompt: at most 16 KiB.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub instructions: String,
    /// The passages, the best first: at most 32, together 96 KiB of text. The prompt has as many as `max_tokens` and the context allow.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passages: Vec<Passage>,
    /// The most tokens that the passages may take, by the tokenizer of the model that answers.
    #[serde(default = "passage_tokens")]
    #[schemars(range(min = 1, max = 32_000))]
    pub max_tokens: u32,
    /// The answer if there are no passages: 1 to 1,000 bytes. Default: the model answers without passages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nothing_found: Option<String>,
}

const fn passage_tokens() -> u32 {
    1_500
}

impl Default for Grounding {
    fn default() -> Self {
        Self { instructions: String::new(), passages: Vec::new(), max_tokens: passage_tokens(), nothing_found: None }
    }
}

/// A part of a document that an answer may cite.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Passage {
    /// Its text: 1 byte to 16 KiB.
    pub text: String,
    /// The title of its document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The headings above it in its document that are not in its text, each in a line, the outermost first. No model reads them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headings: Option<String>,
    /// The URL of its document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The source of its document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The collection that its document is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection: Option<String>,
    /// Its document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<Uuid>,
    /// The chunk's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chunk: Option<i64>,
}

/// A passage that an answer cites as `[n]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Citation {
    /// The number between the brackets, from 1.
    pub n: u32,
    /// One sentence of the passage that supports the statement, word for word.
    pub quote: String,
    /// The title of its document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The URL of its document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The source of its document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The collection that its document is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collection: Option<String>,
    /// Its document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Uuid>,
    /// The chunk's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chunk: Option<i64>,
}

impl Citation {
    #[must_use]
    pub fn of(n: u32, passage: &Passage, quote: String) -> Self {
        Self {
            n,
            quote,
            title: passage.title.clone(),
            url: passage.url.clone(),
            source: passage.source.clone(),
            collection: passage.collection.clone(),
            document: passage.document,
            chunk: passage.chunk,
        }
    }
}

impl Grounding {
    /// The bot's fixed answer, if there are no passages.
    #[must_use]
    pub fn found_nothing(&self) -> Option<&str> {
        self.nothing_found.as_deref().filter(|_| self.passages.is_empty())
    }

    /// Whether the answer has a list of citations, possibly empty.
    #[must_use]
    pub fn cites(&self) -> bool {
        !self.passages.is_empty() || self.nothing_found.is_some()
    }

    pub(super) fn check(&self) -> Result<(), Invalid> {
        text("grounding.instructions", &self.instructions, 0, MAX_INSTRUCTIONS_BYTES)?;
        within("grounding.max_tokens", self.max_tokens, 1, MAX_PASSAGE_TOKENS)?;
        if let Some(sentence) = &self.nothing_found {
            text("grounding.nothing_found", sentence, 1, MAX_NOTHING_FOUND_BYTES)?;
        }
        counted("grounding.passages", self.passages.len(), "passages", 0, MAX_PASSAGES)?;
        let bytes: usize = self.passages.iter().map(|passage| passage.text.len()).sum();
        for (i, passage) in self.passages.iter().enumerate() {
            passage.check(&format!("grounding.passages[{i}]"))?;
        }
        if bytes > MAX_PASSAGES_BYTES {
            let message = format!("have {bytes} bytes together: at most {MAX_PASSAGES_BYTES} are allowed");
            return Err(Invalid::new("grounding.passages", message));
        }
        Ok(())
    }
}

impl Passage {
    fn check(&self, at: &str) -> Result<(), Invalid> {
        text(&format!("{at}.text"), &self.text, 1, MAX_PASSAGE_BYTES)?;
        let labels = [
            ("title", &self.title),
            ("headings", &self.headings),
            ("url", &self.url),
            ("source", &self.source),
            ("collection", &self.collection),
        ];
        for (name, label) in labels {
            text(&format!("{at}.{name}"), label.as_deref().unwrap_or_default(), 0, MAX_LABEL_BYTES)?;
        }
        links::check(&format!("{at}.url"), self.url.as_deref().unwrap_or_default())
    }
}

/// Checks the length of a text, and refuses NUL, which Postgres can't store.
fn text(param: &str, text: &str, min: usize, max: usize) -> Result<(), Invalid> {
    counted(param, text.len(), "bytes", min, max)?;
    match text.contains('\0') {
        true => Err(Invalid::new(param, "has a NUL character, which is not allowed")),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(grounding: &Grounding) -> String {
        grounding.check().map_or_else(|invalid| invalid.to_string(), |()| "accepted".to_owned())
    }

    fn of(passages: Vec<Passage>) -> Grounding {
        Grounding { passages, ..Grounding::default() }
    }

    #[test]
    fn whatever_is_too_much_is_named() {
        let passage = |bytes| Passage { text: "x".repeat(bytes), ..Passage::default() };
        assert_eq!(refused(&of(vec![passage(MAX_PASSAGE_BYTES); 6])), "accepted");
        assert!(refused(&of(vec![passage(MAX_PASSAGE_BYTES); 7])).contains("have 114688 bytes together"));
        assert!(refused(&of(vec![passage(0)])).starts_with("grounding.passages[0].text: is missing or empty"));
        assert!(
            refused(&of(vec![passage(1), passage(MAX_PASSAGE_BYTES + 1)])).starts_with("grounding.passages[1].text")
        );
        assert!(refused(&of(vec![passage(1); MAX_PASSAGES + 1])).starts_with("grounding.passages: has 33 passages"));
        let url = Some("javascript:alert(1)".to_owned());
        assert!(
            refused(&of(vec![Passage { url, ..passage(1) }])).starts_with("grounding.passages[0].url: begins with")
        );
        let url = Some("u".repeat(MAX_LABEL_BYTES + 1));
        assert!(refused(&of(vec![Passage { url, ..passage(1) }])).starts_with("grounding.passages[0].url"));
        assert!(refused(&Grounding { max_tokens: 0, ..of(Vec::new()) }).starts_with("grounding.max_tokens: 0 is out"));
        let nul = Grounding { instructions: "a\0b".to_owned(), ..of(Vec::new()) };
        assert!(refused(&nul).starts_with("grounding.instructions: has a NUL"));
        let silent = Grounding { nothing_found: Some(String::new()), ..of(Vec::new()) };
        assert!(refused(&silent).starts_with("grounding.nothing_found: is missing or empty"));
    }

    #[test]
    fn nothing_was_found_only_where_somebody_searched() {
        let sentence = Some("I found nothing.".to_owned());
        let searched = Grounding { nothing_found: sentence.clone(), ..Grounding::default() };
        assert_eq!((searched.found_nothing(), searched.cites()), (sentence.as_deref(), true));
        assert_eq!((Grounding::default().found_nothing(), Grounding::default().cites()), (None, false));
        let found = Grounding { nothing_found: sentence, ..of(vec![Passage::default()]) };
        assert_eq!((found.found_nothing(), found.cites()), (None, true));
    }
}
