//! Reads a document as JSON, as a form, or raw. The query wins over the body.

use axum::extract::Request;
use ruche_schemas::kinds::embed::{Document, Format};

use super::{
    fields::{self, FIELDS},
    handling::{HANDLING, Handling},
    multipart, raw,
};
use crate::http::{
    body::{Bodies, Permit},
    error::ApiError,
    headers::{charset, content_type, media_type},
    json::{JobText, parse_beside},
    params::parameters,
};

#[derive(Debug)]
pub(crate) struct NewDocument {
    pub(crate) document: Document,
    pub(crate) handling: Handling,
    /// Held while a large request is in memory.
    pub(crate) permit: Option<Permit>,
}

impl NewDocument {
    /// # Errors
    /// 4xx that names what is wrong.
    pub(crate) async fn read(request: Request, bodies: &Bodies) -> Result<Self, ApiError> {
        let asked = parameters(request.uri().query(), &known_parameters())?;
        let content_type = content_type(request.headers()).to_owned();
        let (mut document, in_body, permit) = match media_type(request.headers()).as_str() {
            "application/json" => {
                let JobText { text, permit } = JobText::read(request, bodies).await?;
                (parse_beside(&text, &HANDLING)?, Handling::of_json(&text)?, permit)
            }
            "multipart/form-data" => {
                let (bytes, permit) = bodies.read_job(request).await?;
                let (document, handling) = multipart::read(&content_type, bytes, asked_format(&asked)?).await?;
                (document, handling, permit)
            }
            other => {
                // The query's format wins over the content type, whatever that is.
                let format = asked_format(&asked)?.or_else(|| Format::of_media_type(other));
                let Some(format) = format else { return Err(ApiError::unsupported(&content_type, &types())) };
                let told = asked.iter().find(|(name, _)| name == "charset").map(|(_, value)| value.clone());
                let charset = told.or_else(|| charset(&content_type));
                let mut document = Document { format, charset, ..Document::default() };
                let (bytes, permit) = bodies.read_job(request).await?;
                raw::put(&mut document, bytes);
                (document, Handling::default(), permit)
            }
        };
        let mut in_query = Handling::default();
        for (name, value) in asked {
            if !in_query.set(&name, &value)? {
                fields::set(&mut document, &name, value)?;
            }
        }
        Ok(Self { document, handling: in_query.with(in_body)?, permit })
    }
}

fn asked_format(asked: &[(String, String)]) -> Result<Option<Format>, ApiError> {
    let asked = asked.iter().find(|(name, _)| name == "format");
    asked.map(|(name, value)| value.parse().map_err(|message: String| ApiError::invalid(name, message))).transpose()
}

/// For a message: the content types of a document.
fn types() -> String {
    let own: Vec<&str> = Format::ALL.iter().filter_map(|format| format.media_types().first().copied()).collect();
    format!(
        "{}, multipart/form-data with a part `file`, or application/json; or say what it is with ?format=",
        own.join(", ")
    )
}

fn known_parameters() -> Vec<&'static str> {
    HANDLING.into_iter().chain(FIELDS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_known_and_there_once() {
        let read =
            |query| parameters(Some(query), &known_parameters()).map_err(|error| error.param_name().map(str::to_owned));
        assert_eq!(read("collection=a&tenant=t").expect("parameters"), [("collection".to_owned(), "a".to_owned())]);
        assert_eq!(read("colour=red"), Err(Some("colour".to_owned())));
        assert_eq!(read("wait=true&wait=false"), Err(Some("wait".to_owned())));
    }
}
