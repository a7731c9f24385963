//! A document's metadata as texts: parameters of a query, parts of a form. Errors name the field.

use std::num::ParseIntError;

use ruche_schemas::{date, kinds::embed::Document, plain};

use crate::http::{error::ApiError, json::parse_part};

/// All names but those of the text itself.
pub(crate) const FIELDS: [&str; 11] = [
    "collection",
    "source",
    "format",
    "charset",
    "title",
    "url",
    "language",
    "metadata",
    "published_at",
    "chunk_tokens",
    "chunk_overlap",
];

/// Sets a field; false for an unknown name.
///
/// # Errors
/// 400 that names it.
pub(crate) fn set(document: &mut Document, name: &str, value: String) -> Result<bool, ApiError> {
    match name {
        "collection" => document.collection = value,
        "source" => document.source = value,
        "format" => document.format = value.parse().map_err(|message: String| ApiError::invalid(name, message))?,
        "charset" => document.charset = Some(value),
        "title" => document.title = Some(value),
        "url" => document.url = Some(value),
        "language" => document.language = Some(value),
        "metadata" => document.metadata = parse_part(name, &value)?,
        "published_at" => {
            let wrong = |error| ApiError::invalid(name, error);
            document.published_at = Some(date::parse(&value).map_err(wrong)?);
        }
        "chunk_tokens" => document.chunk_tokens = Some(number(name, &value)?),
        "chunk_overlap" => document.chunk_overlap = Some(number(name, &value)?),
        _ => return Ok(false),
    }
    Ok(true)
}

fn number(name: &str, value: &str) -> Result<u32, ApiError> {
    value
        .parse()
        .map_err(|error: ParseIntError| plain::named(&error.to_string(), name, Some(&plain::quoted(value))).into())
}
