//! Embed: computes a vector for each text, such that texts of similar meaning have near vectors. Or stores a
//! document's chunks and vectors for searches.
//!
//! Vectors have length 1: their dot product is the cosine of their angle. They are sent as base64 of little-endian
//! floats, a quarter of the size of JSON's digits, because the result of an ephemeral job has to fit an event.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use uuid::Uuid;

use crate::{
    Backoff, Base64, CLAIM_BYTES, Invalid, Kind, Limits,
    job::{Job, check_model, counted, within},
    metrics::{Metric, encoder},
    models::ModelSlot,
};

pub mod content;
pub mod document;
mod format;
mod settings;

pub use document::{Document, Indexed};
pub use format::Format;
pub use settings::Settings;

/// Of one job.
pub const MAX_TEXTS: usize = 256;
/// A model's own bound is in tokens and lower.
pub const MAX_TEXT_BYTES: usize = 128 << 10;
/// For all texts of one job together.
pub const MAX_BYTES: usize = 192 << 10;
pub const MAX_DIMENSIONS: u32 = 16_384;
/// The largest vectors of an ephemeral job's event, all together as base64.
pub const INLINE_BYTES: usize = CLAIM_BYTES - (16 << 10);

/// Of JSON: a document of 10 MiB as base64, or as text of which each byte is escaped, and its other fields.
pub const MAX_BODY_BYTES: usize = 24 << 20;

/// An embed job's input: texts, a document, or the id of a stored one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Embed {
    /// The texts: 1 to 256, each with at least one visible character and at most 128 KiB, together 192 KiB.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub texts: Vec<String>,
    /// In place of texts: a document. It is split into chunks, which are stored with their vectors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<Document>,
    /// In place of texts: the id of a stored document to embed again. Default model: the one that its collection is
    /// searched with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stored: Option<Uuid>,
    /// Whether the texts are queries or passages. Some models were trained with a prefix for each; without a purpose no
    /// prefix is added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// The model's name. Default: for texts the worker's own model, for a document the model that its collection is
    /// searched with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Truncates each vector to this many numbers, at most the model's, and scales it to length 1. Only for models that
    /// were trained for it (Matryoshka representations: Kusupati et al., 2022). Default: the model's own number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 16_384))]
    pub dimensions: Option<u32>,
}

/// The purpose of a vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// The text of a query.
    Query,
    /// A text to be found by queries.
    Passage,
}

/// An embed job's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "EmbedOutput")]
pub enum Output {
    /// The vectors of texts.
    Vectors(Embedded),
    /// The outcome of a document.
    Document(Indexed),
}

/// The vectors of texts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Embedded {
    /// The model that embedded.
    pub model: String,
    /// The version of the model: its file and its settings. Vectors of different versions are never compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// How many numbers each vector has.
    pub dimensions: u32,
    /// A vector per text, in their order: `dimensions` little-endian floats of 4 bytes, scaled to length 1. Empty if
    /// they are too large for the event of a job without a stored result: then nothing was embedded.
    pub vectors: Vec<Base64>,
    /// How many tokens of each text the model read, special tokens included.
    pub tokens: Vec<u32>,
}

impl Embedded {
    /// The job's cost, in tokens.
    #[must_use]
    pub fn prompt_tokens(&self) -> u32 {
        self.tokens.iter().fold(0, |sum, tokens| sum.saturating_add(*tokens))
    }
}

/// The most vectors of this length in the event of an ephemeral job.
#[must_use]
pub fn fit_inline(dimensions: u32) -> usize {
    let numbers = usize::try_from(dimensions).unwrap_or(usize::MAX);
    // In base64, with quotes, a comma and its count of tokens.
    let bytes = numbers.saturating_mul(4).div_ceil(3).saturating_mul(4) + 16;
    INLINE_BYTES / bytes
}

/// Little-endian floats.
#[must_use]
pub fn to_bytes(vector: &[f32]) -> Base64 {
    Base64(vector.iter().flat_map(|number| number.to_le_bytes()).collect())
}

/// Ignores bytes after the last whole number.
#[must_use]
pub fn from_bytes(bytes: &Base64) -> Vec<f32> {
    let (numbers, _) = bytes.0.as_chunks::<4>();
    numbers.iter().map(|number| f32::from_le_bytes(*number)).collect()
}

impl Job for Embed {
    const KIND: Kind = Kind::new("embed");
    const VERSION: u16 = 1;
    const LIMITS: Limits = Limits {
        payload_bytes: MAX_BODY_BYTES,
        // A document of 10 MiB has three million tokens; a CPU reads some thousands a second, shared by several jobs.
        deadline: Duration::from_secs(6 * 3600),
        attempts: 5,
        backoff: Backoff { base: Duration::from_millis(200), factor: 2.0, cap: Duration::from_secs(60) },
    };
    type Progress = ();
    type Output = Output;
    type Settings = Settings;

    const ABOUT: &'static str = "Makes vectors of texts, and of documents the chunks that searches find.";
    const MODELS: &'static [ModelSlot] = settings::MODELS;
    const METRICS: &'static [&'static Metric] = encoder::ALL;
    const FEATURE: Option<&'static str> = Some("embed");

    fn check(&self) -> Result<(), Invalid> {
        check_model(self.model.as_deref())?;
        match (&self.document, self.stored) {
            (None, None) => self.check_texts(),
            (Some(_), Some(_)) => Err(Invalid::new("stored", "and `document` are both there: send one of them")),
            (Some(document), None) => {
                self.check_alone("document")?;
                document
                    .check()
                    .map_err(|Invalid { param, message }| Invalid::new(format!("document.{param}"), message))
            }
            (None, Some(_)) => self.check_alone("stored"),
        }
    }
}

impl Embed {
    /// Refuses fields that go with `texts` only.
    fn check_alone(&self, what: &str) -> Result<(), Invalid> {
        let only = |param: &str| Invalid::new(param, format!("goes with `texts`, and not with `{what}`: leave it out"));
        if !self.texts.is_empty() {
            return Err(Invalid::new(what, "and `texts` are both there: send one of them"));
        }
        match (self.purpose, self.dimensions) {
            (Some(_), _) => Err(only("purpose")),
            (_, Some(_)) => Err(only("dimensions")),
            (None, None) => Ok(()),
        }
    }

    fn check_texts(&self) -> Result<(), Invalid> {
        counted("texts", self.texts.len(), "texts", 1, MAX_TEXTS).map_err(|Invalid { param, message }| {
            let instead =
                if self.texts.is_empty() { "; or send a `document`, or the id of one as `stored`" } else { "" };
            Invalid::new(param, message + instead)
        })?;
        for (i, text) in self.texts.iter().enumerate() {
            check_text(text).map_err(|message| Invalid::new(format!("texts[{i}]"), message))?;
        }
        let bytes: usize = self.texts.iter().map(String::len).sum();
        if bytes > MAX_BYTES {
            let message = format!("have {bytes} bytes together: at most {MAX_BYTES} are allowed; send several jobs");
            return Err(Invalid::new("texts", message));
        }
        match self.dimensions {
            Some(dimensions) => within("dimensions", dimensions, 1, MAX_DIMENSIONS),
            None => Ok(()),
        }
    }
}

/// The error comes after the text's name in a message.
pub fn check_text(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("is empty: at least one character that is no space is needed".to_owned());
    }
    if text.len() > MAX_TEXT_BYTES {
        return Err(format!("has {} bytes: at most {MAX_TEXT_BYTES} are allowed", text.len()));
    }
    match text.contains('\0') {
        true => Err("has a NUL character, which is not allowed".to_owned()),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::descriptor::Descriptor;

    fn refused(json: &str) -> String {
        Descriptor::of::<Embed>()
            .parse(json, &mut Vec::new())
            .map_or_else(|invalid| invalid.to_string(), |_| "accepted".into())
    }

    #[test]
    fn each_bad_field_is_named() {
        let with = |rest: &str| refused(&format!(r#"{{"texts":["hi"]{rest}}}"#));
        assert_eq!(with(""), "accepted");
        assert_eq!(with(r#","purpose":"query","dimensions":1,"model":"m""#), "accepted");
        assert!(refused("{}").starts_with("texts: is missing or empty: 1 to 256 texts"), "{}", refused("{}"));
        assert!(refused(r#"{"texts":["a"," \n\t"]}"#).starts_with("texts[1]: is empty"));
        assert!(refused(r#"{"texts":["a\u0000b"]}"#).starts_with("texts[0]: has a NUL"));
        assert!(refused(r#"{"texts":["a",7]}"#).starts_with("texts[1]: 7 is not allowed: a text"));
        assert!(refused(r#"{"texts":"a"}"#).starts_with("texts: \"a\" is not allowed: a list"));
        assert!(with(r#","purpose":"fun""#).contains("\"fun\" is not allowed"));
        assert!(with(r#","dimensions":0"#).starts_with("dimensions: 0 is out of range"));
        assert!(with(r#","dimensions":16385"#).starts_with("dimensions: 16385 is out of range"));
        assert!(with(r#","model":"""#).starts_with("model: is empty: name a model"));
        assert_eq!(with(r#","colour":1"#), "accepted", "it is unknown, and ignored");
    }

    #[test]
    fn a_job_has_texts_or_a_document_or_a_stored_one() {
        let document = r#""document":{"collection":"c","source":"s","text":"Bees."}"#;
        let stored = r#""stored":"01932c07-a0f4-7c7e-a9a6-8d7c1a4bdc5e""#;
        let of = |fields: &[&str]| refused(&format!("{{{}}}", fields.join(",")));
        for accepted in [&[document][..], &[stored], &[document, r#""model":"m""#]] {
            assert_eq!(of(accepted), "accepted");
        }
        for (fields, expected) in [
            (&[document, r#""texts":["a"]"#][..], "document: and `texts` are both there"),
            (&[document, stored], "stored: and `document` are both there"),
            (&[document, r#""purpose":"query""#], "purpose: goes with `texts`"),
            (&[stored, r#""dimensions":3"#], "dimensions: goes with `texts`"),
            (&[r#""document":{"collection":"c","source":"s"}"#], "document.text: is missing"),
            (&[r#""document":{"colour":1}"#], "document.collection: "),
        ] {
            assert!(of(fields).starts_with(expected), "{}", of(fields));
        }
    }

    #[test]
    fn each_result_is_read_as_what_it_is() {
        let vectors = Embedded { model: "m".into(), dimensions: 1, ..Embedded::default() };
        let document = Indexed { model: "m".into(), chunks: 1, ..Indexed::default() };
        for output in [Output::Vectors(vectors), Output::Document(document)] {
            let json = serde_json::to_string(&output).expect("JSON");
            assert_eq!(serde_json::from_str::<Output>(&json).expect("an output"), output);
        }
    }

    #[test]
    fn texts_are_bounded_each_and_together() {
        let check = |texts: Vec<String>| Embed { texts, ..Embed::default() }.check().map_err(|error| error.to_string());
        assert_eq!(check(vec!["x".repeat(MAX_TEXT_BYTES)]), Ok(()));
        let error = check(vec!["x".repeat(MAX_TEXT_BYTES + 1)]).expect_err("too long");
        assert!(error.starts_with("texts[0]: has 131073 bytes"), "{error}");
        let error = check(vec!["x".repeat(100 << 10); 2]).expect_err("too much");
        assert!(error.starts_with("texts: have 204800 bytes together"), "{error}");
        let error = check(vec!["x".to_owned(); MAX_TEXTS + 1]).expect_err("too many");
        assert!(error.starts_with("texts: has 257 texts"), "{error}");
    }

    #[test]
    fn a_vector_arrives_as_it_left() {
        let vector = [0.0, -1.5, f32::MIN_POSITIVE, 0.1];
        assert_eq!(from_bytes(&to_bytes(&vector)), vector);
        assert_eq!(to_bytes(&[1.0]).0, [0, 0, 128, 63]);
        assert_eq!(from_bytes(&Base64(vec![0, 0, 128, 63, 7])), [1.0]);
    }

    #[test]
    fn what_fits_inline_fits_an_event() {
        for dimensions in [1, 384, 1024, 4096, MAX_DIMENSIONS] {
            let count = fit_inline(dimensions).min(MAX_TEXTS);
            let vectors = vec![to_bytes(&vec![0.1; dimensions as usize]); count];
            let (model, version, tokens) = ("m".repeat(256), Some("v".repeat(64)), vec![8192; count]);
            let embedded = Embedded { model, version, dimensions, vectors, tokens };
            let json = serde_json::to_string(&embedded).expect("JSON");
            assert!(count > 0 && json.len() < CLAIM_BYTES, "{dimensions}: {count} of them are {} bytes", json.len());
        }
    }
}
