//! Rerank: takes a query and texts, and gives each text a number that says how well it answers the query.
//!
//! A cross-encoder reads both together, so it sees more than separate vectors do. It costs a pass of the model for
//! each text, so it is for the few texts that a search has found (Nogueira & Cho, "Passage Re-ranking with BERT",
//! 2019).

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::embed;
use crate::{
    Backoff, CLAIM_BYTES, Invalid, Kind, Limits,
    job::{Job, check_model, counted},
    metrics::{Metric, encoder},
    models::ModelSlot,
};

mod settings;

pub use settings::Settings;

/// Of one job.
pub const MAX_TEXTS: usize = 256;
/// A model's own bound is in tokens and lower.
pub const MAX_QUERY_BYTES: usize = 16 << 10;
/// For all texts of one job together.
pub const MAX_BYTES: usize = 192 << 10;

/// A rerank job's input.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Rerank {
    /// The query: at least one visible character and at most 16 KiB. It may take half of the model's context.
    pub query: String,
    /// The texts: 1 to 256, each with at least one visible character, together at most 192 KiB. If a text and the query
    /// exceed the model's context, only the beginning of the text counts.
    pub texts: Vec<String>,
    /// The model's name. Default: the worker's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// A rerank job's result.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RerankOutput")]
pub struct Reranked {
    /// The model that read them.
    pub model: String,
    /// A score per text, in order; higher is better. The scale is the model's own, so compare only scores of one model
    /// and one query.
    pub scores: Vec<f32>,
    /// How many tokens the model read for each text, query and special tokens included.
    pub tokens: Vec<u32>,
}

impl Reranked {
    /// The job's cost, in tokens.
    #[must_use]
    pub fn prompt_tokens(&self) -> u32 {
        self.tokens.iter().fold(0, |sum, tokens| sum.saturating_add(*tokens))
    }
}

impl Job for Rerank {
    const KIND: Kind = Kind::new("rerank");
    const VERSION: u16 = 1;
    const LIMITS: Limits = Limits {
        payload_bytes: CLAIM_BYTES,
        // 256 texts of 512 tokens; a CPU reads a thousand tokens a second.
        deadline: Duration::from_secs(600),
        attempts: 5,
        backoff: Backoff { base: Duration::from_millis(200), factor: 2.0, cap: Duration::from_secs(60) },
    };
    type Progress = ();
    type Output = Reranked;
    type Settings = Settings;

    const ABOUT: &'static str = "Scores how well texts answer a query.";
    const MODELS: &'static [ModelSlot] = settings::MODELS;
    const METRICS: &'static [&'static Metric] = encoder::ALL;
    const OPTIONAL: bool = true;
    const FEATURE: Option<&'static str> = Some("rerank");

    fn check(&self) -> Result<(), Invalid> {
        check_model(self.model.as_deref())?;
        if self.query.is_empty() {
            return Err(Invalid::new(
                "query",
                "is missing or empty: at least one character that is no space is needed",
            ));
        }
        embed::check_text(&self.query).map_err(|message| Invalid::new("query", message))?;
        counted("query", self.query.len(), "bytes", 1, MAX_QUERY_BYTES)?;
        counted("texts", self.texts.len(), "texts", 1, MAX_TEXTS)?;
        for (i, text) in self.texts.iter().enumerate() {
            embed::check_text(text).map_err(|message| Invalid::new(format!("texts[{i}]"), message))?;
        }
        let bytes: usize = self.texts.iter().map(String::len).sum();
        if bytes > MAX_BYTES {
            let message = format!("have {bytes} bytes together: at most {MAX_BYTES} are allowed; send several jobs");
            return Err(Invalid::new("texts", message));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::descriptor::Descriptor;

    fn refused(json: &str) -> String {
        Descriptor::of::<Rerank>()
            .parse(json, &mut Vec::new())
            .map_or_else(|invalid| invalid.to_string(), |_| "accepted".into())
    }

    #[test]
    fn each_bad_field_is_named() {
        let with = |rest: &str| refused(&format!(r#"{{"query":"why?","texts":["hi"]{rest}}}"#));
        assert_eq!(with(""), "accepted");
        assert_eq!(with(r#","model":"m""#), "accepted");
        assert!(refused("{}").starts_with("query: is missing or empty"), "{}", refused("{}"));
        assert!(refused(r#"{"query":"why?"}"#).starts_with("texts: is missing or empty: 1 to 256 texts"));
        assert!(refused(r#"{"query":"a\u0000b","texts":["a"]}"#).starts_with("query: has a NUL"));
        assert!(refused(r#"{"query":"why?","texts":["a"," \n\t"]}"#).starts_with("texts[1]: is empty"));
        assert!(with(r#","model":"""#).starts_with("model: is empty: name a model"));
        assert_eq!(with(r#","colour":1"#), "accepted", "it is unknown, and ignored");
        let many = Rerank { query: "why?".to_owned(), texts: vec!["x".to_owned(); 257], model: None };
        assert!(many.check().is_err_and(|invalid| invalid.to_string().starts_with("texts: has 257 texts")));
        let long = Rerank { query: "x".repeat(17 << 10), texts: vec!["x".to_owned()], model: None };
        assert!(long.check().is_err_and(|invalid| invalid.to_string().starts_with("query: has 17408 bytes")));
        let large = Rerank { query: "why?".to_owned(), texts: vec!["x".repeat(100 << 10); 2], model: None };
        assert!(large.check().is_err_and(|invalid| invalid.to_string().contains("204800 bytes together")));
    }
}
