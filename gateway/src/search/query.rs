//! A search, and its result.

use ruche_schemas::{Invalid, failure::codes, kinds::embed::document::check_collection};
use ruche_store::search::{Filter, Hit, Mode};

use crate::http::{error::ApiError, limits};

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct SearchQuery {
    /// At least one of text and vector is given.
    pub(crate) text: Option<String>,
    /// Used instead of the text's vector.
    pub(crate) vector: Option<Vec<f32>>,
    /// 1 to 32 names.
    pub(crate) collections: Vec<String>,
    pub(crate) mode: Mode,
    /// 1 to 100.
    pub(crate) top_k: u32,
    pub(crate) filter: Filter,
    /// Whether hits mark the words of the text.
    pub(crate) highlight: bool,
    pub(crate) explain: bool,
    /// How many of the best hits a reranker reads: 1 to 100, at least `top_k`.
    pub(crate) rerank: Option<u32>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Found {
    /// The model of the vectors; the first if the collections have several; `None` if no vector was compared.
    pub(crate) model: Option<String>,
    /// The mode that was used in the end.
    pub(crate) mode: Mode,
    /// Best first.
    pub(crate) hits: Vec<Hit>,
    /// The model that reordered the hits, if one did.
    pub(crate) reranker: Option<String>,
    /// Notes for the caller: only words were searched, since no worker has the model; nothing was reranked.
    pub(crate) notes: Vec<String>,
}

impl SearchQuery {
    /// Checks what does not depend on the collections.
    pub(super) fn check(&self) -> Result<(), ApiError> {
        let wrong = |param: &str, message: String| Err(invalid(param, message));
        match (&self.text, &self.vector, self.mode) {
            (None, None, _) => {
                return wrong("query", "is missing: say in words what to find, or send a vector".to_owned());
            }
            (None, Some(_), Mode::Text) => return wrong("query", "is missing: mode text finds by words".to_owned()),
            _ => {}
        }
        if let Some(text) = &self.text {
            check_text(text).or_else(|message| wrong("query", message))?;
        }
        if let Some(vector) = &self.vector {
            check_vector(vector).or_else(|message| wrong("vector", message))?;
        }
        let names = self.collections.len();
        let most = limits::SEARCH_COLLECTIONS;
        if names == 0 {
            return wrong("collections", format!("is an empty list: name 1 to {most} collections"));
        }
        if names > most {
            return wrong("collections", format!("has {names} names: at most {most} are allowed"));
        }
        for (at, name) in self.collections.iter().enumerate() {
            check_collection(&format!("collections[{at}]"), name)?;
        }
        if self.top_k == 0 || self.top_k > limits::SEARCH_HITS {
            return wrong("top_k", format!("{} is out of range: 1 to {} are allowed", self.top_k, limits::SEARCH_HITS));
        }
        match self.rerank {
            Some(_) if self.text.is_none() => wrong("rerank", "needs a `query`: a reranker reads words".to_owned()),
            Some(hits) if hits == 0 || hits > limits::SEARCH_HITS => {
                let most = limits::SEARCH_HITS;
                wrong("rerank_hits", format!("{hits} is out of range: 1 to {most} are allowed"))
            }
            _ => check_filter(&self.filter),
        }
    }
}

pub(crate) fn invalid(param: impl Into<String>, message: impl Into<String>) -> ApiError {
    Invalid::new(param, message).into()
}

/// The second half of a text that is longer than a model reads: pasted text usually precedes the question. Empty if
/// nothing is left.
pub(super) fn shorter(text: &str) -> &str {
    text[text.ceil_char_boundary(text.len().div_ceil(2))..].trim_start()
}

/// Whether a model could not read the whole query.
pub(super) fn is_too_long(error: &ApiError) -> bool {
    error.code_name() == Some(codes::CONTEXT_LENGTH)
}

fn check_text(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("is empty: at least one character that is no space is needed".to_owned());
    }
    if text.len() > limits::SEARCH_TEXT_BYTES {
        return Err(format!("has {} bytes: at most {} are allowed", text.len(), limits::SEARCH_TEXT_BYTES));
    }
    match text.contains('\0') {
        true => Err("has a NUL character, which is not allowed".to_owned()),
        false => Ok(()),
    }
}

fn check_vector(vector: &[f32]) -> Result<(), String> {
    if let Some(at) = vector.iter().position(|number| !number.is_finite()) {
        return Err(format!("its number {at} is {}: only finite numbers of single precision are allowed", vector[at]));
    }
    match vector.iter().any(|number| *number != 0.0) {
        true => Ok(()),
        false => Err("has no direction: all of its numbers are 0".to_owned()),
    }
}

fn check_filter(filter: &Filter) -> Result<(), ApiError> {
    let (most, bytes) = (limits::SEARCH_SOURCES, limits::SEARCH_SOURCE_BYTES);
    if filter.sources.len() > most {
        let message = format!("has {} sources: at most {most} are allowed", filter.sources.len());
        return Err(invalid("filter.sources", message));
    }
    for (at, source) in filter.sources.iter().enumerate() {
        if source.is_empty() || source.len() > bytes || source.contains('\0') {
            let message = format!("is no source: those have 1 to {bytes} bytes and no NUL character");
            return Err(invalid(format!("filter.sources[{at}]"), message));
        }
    }
    match (filter.published_after, filter.published_before) {
        (Some(after), Some(before)) if after >= before => Err(invalid(
            "filter.published_before",
            format!("{before} is not after filter.published_after, {after}: no document is within"),
        )),
        _ => Ok(()),
    }
}
