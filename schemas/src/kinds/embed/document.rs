//! A document for searches: split into chunks with a vector each, and stored in a collection.
//!
//! Tenant, collection and source identify a document: sending the same source again replaces it. Only changed chunks
//! are embedded again, and a reader sees either all old chunks or all new ones.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{content, format::Format};
use crate::{Base64, Invalid, TenantId, ids, job::within};
use crate::{date, language, links};

pub const MAX_SOURCE_BYTES: usize = 2048;
pub const MAX_TITLE_BYTES: usize = 1024;
/// The longest name of a character encoding.
const MAX_CHARSET_BYTES: usize = 64;
/// Serialized as JSON.
pub const MAX_METADATA_BYTES: usize = 16 << 10;
/// The deepest metadata: objects and lists within each other.
const METADATA_DEPTH: usize = 16;
/// The smallest and the largest chunk size, in tokens.
pub const CHUNK_TOKENS: (u32, u32) = (16, 8192);

/// A document to add to a collection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Document {
    /// Its collection: 1 to 64 of `a-z 0-9 _ -`, beginning with a letter or digit. It is created if it does not exist.
    pub collection: String,
    /// The document's name at its origin, such as a path or a URL: 1 to 2048 bytes. The same source again replaces the
    /// document.
    pub source: String,
    /// Its format.
    pub format: Format,
    /// Its text, of every format but PDF and DOCX: at most 10 MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// In place of `text`: its file, in base64, at most 10 MiB. Required for PDF and DOCX. A text may be in any
    /// character encoding of the WHATWG's list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Base64>,
    /// The character encoding of the text in `data`, such as `iso-8859-1`. A byte order mark overrides it. Default: the
    /// one that an HTML page declares, else detected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charset: Option<String>,
    /// Its title. Default: the title in its front matter, HTML or PDF, else its first heading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The URL where people read the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its language, by name or code: `french`, `fr`. Default: the collection's; `auto` detects it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Metadata to filter by: at most 16 KiB of JSON.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
    /// When it was published, to filter by: a date (`2026-11-30`, its first moment in UTC) or an RFC 3339 time. Default:
    /// none.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "date::optional")]
    #[schemars(with = "date::OptionalTime")]
    pub published_at: Option<DateTime<Utc>>,
    /// The most tokens of a chunk, at most the model's context. Default: the worker's setting.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 16, max = 8192))]
    pub chunk_tokens: Option<u32>,
    /// The overlap: how many tokens of a chunk repeat the end of the previous chunk, at most half of a chunk. Default:
    /// the worker's setting.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 4096))]
    pub chunk_overlap: Option<u32>,
}

/// The outcome of adding a document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Indexed {
    /// Its id.
    pub document: Uuid,
    /// Its collection.
    pub collection: String,
    /// Its source.
    pub source: String,
    /// The model that embedded it.
    pub model: String,
    /// The version of the model: its file and its settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The target model of a migration, if one is running: it has embedded the document too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_model: Option<String>,
    /// Its language, used for stemming; `simple` (no stemming) if it can't be detected.
    pub language: String,
    /// Its title, if one was given or found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// How many chunks it has now.
    pub chunks: u32,
    /// How many of them were embedded.
    pub embedded: u32,
    /// How many of them are unchanged.
    pub kept: u32,
    /// How many of its earlier chunks were deleted.
    pub removed: u32,
    /// How many tokens were embedded.
    pub tokens: u32,
    /// Whether nothing was written, because the document was replaced or deleted by a later request.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub superseded: bool,
    /// Warnings for the sender.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl Document {
    /// The same source in the same collection of a tenant always has the same id.
    #[must_use]
    pub fn id(&self, tenant: &TenantId) -> Uuid {
        ids::document_id(tenant, &self.collection, &self.source)
    }

    /// The name of the language that it says, or `auto`.
    #[must_use]
    pub fn language(&self) -> Option<&'static str> {
        self.language.as_deref().and_then(|name| language::language(name).ok())
    }

    /// Checks what types can't. An error names the first field that is wrong.
    pub fn check(&self) -> Result<(), Invalid> {
        check_collection("collection", &self.collection)?;
        check_source(&self.source)?;
        let data = self.data.as_ref().map(|data| data.0.as_slice());
        content::check(self.text.as_deref(), data, self.format)?;
        check_line("charset", self.charset.as_deref(), MAX_CHARSET_BYTES)?;
        check_line("title", self.title.as_deref(), MAX_TITLE_BYTES)?;
        check_line("url", self.url.as_deref(), MAX_SOURCE_BYTES)?;
        links::check("url", self.url.as_deref().unwrap_or_default())?;
        if let Some(language) = &self.language {
            language::language(language).map_err(|message| Invalid::new("language", message))?;
        }
        check_metadata(&self.metadata)?;
        let (min, max) = CHUNK_TOKENS;
        let size = self.chunk_tokens.unwrap_or(max);
        within("chunk_tokens", size, min, max)?;
        within("chunk_overlap", self.chunk_overlap.unwrap_or(0), 0, size / 2)
    }
}

/// An error says what is allowed.
pub fn check_collection(param: &str, name: &str) -> Result<(), Invalid> {
    if name.is_empty() {
        return Err(Invalid::new(param, "is empty or missing: name a collection, as in handbook"));
    }
    match ids::is_collection(name) {
        true => Ok(()),
        false => {
            let shown: String = name.chars().take(80).collect();
            let message = format!(
                "{shown:?} is no name of a collection: 1 to 64 of a-z, 0-9, _ and -, beginning with a letter or digit"
            );
            Err(Invalid::new(param, message))
        }
    }
}

fn check_source(source: &str) -> Result<(), Invalid> {
    if source.trim().is_empty() {
        return Err(Invalid::new("source", "is missing or empty: name the document, such as by its path or its URL"));
    }
    check_line("source", Some(source), MAX_SOURCE_BYTES)
}

fn check_line(param: &str, text: Option<&str>, max: usize) -> Result<(), Invalid> {
    let Some(text) = text else { return Ok(()) };
    if text.len() > max {
        return Err(Invalid::new(param, format!("has {} bytes: at most {max} are allowed", text.len())));
    }
    match text.contains('\0') {
        true => Err(Invalid::new(param, "has a NUL character, which is not allowed")),
        false => Ok(()),
    }
}

fn check_metadata(metadata: &Map<String, Value>) -> Result<(), Invalid> {
    let wrong = |message: String| Err(Invalid::new("metadata", message));
    let bytes = serde_json::to_string(metadata).map_or(usize::MAX, |json| json.len());
    if bytes > MAX_METADATA_BYTES {
        return wrong(format!("has {bytes} bytes of JSON: at most {MAX_METADATA_BYTES} are allowed"));
    }
    for (key, value) in metadata {
        if key.contains('\0') || has_nul(value) {
            return wrong("has a NUL character, which is not allowed".to_owned());
        }
        if depth(value) > METADATA_DEPTH {
            return wrong(format!("is nested more than {METADATA_DEPTH} deep"));
        }
    }
    Ok(())
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(all) => all.iter().any(has_nul),
        Value::Object(all) => all.iter().any(|(key, value)| key.contains('\0') || has_nul(value)),
        _ => false,
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(all) => 1 + all.iter().map(depth).max().unwrap_or(0),
        Value::Object(all) => 1 + all.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::content::MAX_DOCUMENT_BYTES, *};

    fn checked(change: impl FnOnce(&mut Document)) -> String {
        let mut document = Document {
            collection: "handbook".to_owned(),
            source: "bees.md".to_owned(),
            text: Some("# Bees\n\nThey fly.".to_owned()),
            ..Document::default()
        };
        change(&mut document);
        document.check().map_or_else(|invalid| invalid.to_string(), |()| "accepted".to_owned())
    }

    #[test]
    fn each_bad_field_is_named() {
        let text = |text: &str| checked(|document| document.text = Some(text.to_owned()));
        let data = |data: &[u8], format| {
            checked(|document| {
                (document.text, document.data, document.format) = (None, Some(Base64(data.to_vec())), format);
            })
        };
        assert_eq!(checked(|_| {}), "accepted");
        for (found, expected) in [
            (checked(|document| document.collection = "A b".to_owned()), "collection: \"A b\" is no name"),
            (checked(|document| document.source = " ".to_owned()), "source: is missing or empty"),
            (checked(|document| document.source = "x".repeat(2049)), "source: has 2049 bytes"),
            (
                checked(|document| document.url = Some("javascript:alert(1)".to_owned())),
                "url: begins with \"javascript\"",
            ),
            (checked(|document| document.url = Some(" DATA:text/html,x".to_owned())), "url: begins with \"DATA\""),
            (checked(|document| document.url = Some("HTTPS://a.b/c:d".to_owned())), "accepted"),
            (checked(|document| document.url = Some("/help/a:b?c=d:e".to_owned())), "accepted"),
            (text(" \n"), "text: is empty"),
            (text("a\0b"), "text: has a NUL"),
            (text(&"a\u{1}\u{2}\u{3}".repeat(20)), "text: has 60 control characters"),
            (text("%PDF-1.7 ..."), "text: is a PDF"),
            (text(&"x".repeat(MAX_DOCUMENT_BYTES + 1)), "text: has 10485761 bytes: at most 10485760"),
            (checked(|document| document.text = None), "text: is missing"),
            (checked(|document| document.data = Some(Base64(vec![1]))), "data: and `text` are both"),
            (checked(|document| document.format = Format::Pdf), "data: is missing: a PDF is sent"),
            (checked(|document| document.format = Format::Docx), "data: is missing: a DOCX is sent"),
            (checked(|document| document.charset = Some("x".repeat(65))), "charset: has 65 bytes"),
            (data(b"\x7fELF\x02", Format::Pdf), "data: is no PDF"),
            (data(b"\xff\xfe", Format::Markdown), "data: is empty"),
            (data(b"%PDF-1.7", Format::Pdf), "accepted"),
            (data(b"# Hi", Format::Markdown), "accepted"),
            (checked(|document| document.language = Some("klingon".to_owned())), "language: \"klingon\" is no"),
            (checked(|document| document.chunk_tokens = Some(8)), "chunk_tokens: 8 is out of range"),
            (
                checked(|document| (document.chunk_tokens, document.chunk_overlap) = (Some(64), Some(33))),
                "chunk_overlap: 33 is out of range: from 0 to 32",
            ),
        ] {
            assert!(found.starts_with(expected), "{found} for {expected}");
        }
    }

    #[test]
    fn metadata_is_bounded() {
        let with = |value: Value| checked(|document| drop(document.metadata.insert("k".to_owned(), value)));
        assert_eq!(with(json!({"a": [1, "b", null]})), "accepted");
        assert!(with(json!("x".repeat(MAX_METADATA_BYTES))).starts_with("metadata: has 163"));
        assert!(with(json!(["a\0"])).starts_with("metadata: has a NUL"));
        let deep = (0..40).fold(json!(1), |inner, _| json!([inner]));
        assert!(with(deep).starts_with("metadata: is nested"));
    }

    #[test]
    fn the_same_source_is_the_same_document() -> Result<(), crate::ids::InvalidName> {
        let (a, b): (TenantId, TenantId) = ("a".parse()?, "b".parse()?);
        let of = |collection: &str, source: &str, tenant: &TenantId| {
            let (collection, source) = (collection.to_owned(), source.to_owned());
            Document { collection, source, ..Document::default() }.id(tenant)
        };
        assert_eq!(of("c", "s", &a), of("c", "s", &a));
        for other in [of("c", "s", &b), of("d", "s", &a), of("c", "t", &a), of("cs", "", &a)] {
            assert_ne!(other, of("c", "s", &a));
        }
        Ok(())
    }
}
