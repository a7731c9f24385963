//! Reads a document as JSON, as a form, or raw. The query wins over the body.

use axum::extract::Request;
use ruche_schemas::{
    Lane,
    kinds::embed::{Document, Format},
};

use super::{
    fields::{self, FIELDS},
    multipart, raw,
};
use crate::http::{
    body::{Bodies, Permit},
    error::ApiError,
    headers::{charset, content_type, media_type},
    json::{JobText, parse},
    params::parameters,
    text::shown,
};

#[derive(Debug)]
pub(crate) struct NewDocument {
    pub(crate) document: Document,
    /// The embedding model; the worker's by default.
    pub(crate) model: Option<String>,
    pub(crate) lane: Lane,
    /// `wait` of the query.
    pub(crate) wait: Option<bool>,
    /// Held while a large request is in memory.
    pub(crate) permit: Option<Permit>,
}

impl NewDocument {
    /// # Errors
    /// 4xx that names what is wrong.
    pub(crate) async fn read(request: Request, bodies: &Bodies) -> Result<Self, ApiError> {
        let asked = parameters(request.uri().query(), &known_parameters())?;
        let content_type = content_type(request.headers()).to_owned();
        let (document, permit) = match media_type(request.headers()).as_str() {
            "application/json" => {
                let JobText { text, permit } = JobText::read(request, bodies).await?;
                (parse(&text)?, permit)
            }
            "multipart/form-data" => {
                let (bytes, permit) = bodies.read_job(request).await?;
                (multipart::read(&content_type, bytes, asked_format(&asked)?).await?, permit)
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
                (document, permit)
            }
        };
        let mut wanted = Self { document, model: None, lane: Lane::default(), wait: None, permit };
        for (name, value) in asked {
            wanted.apply(&name, value)?;
        }
        Ok(wanted)
    }

    fn apply(&mut self, name: &str, value: String) -> Result<(), ApiError> {
        match name {
            "model" => self.model = Some(value),
            "lane" => {
                self.lane = value.parse().map_err(|error| ApiError::invalid(name, format!("{error}")))?;
                // The interactive lane is for jobs with a waiting client; a document takes minutes.
                if self.lane == Lane::Interactive {
                    return Err(ApiError::invalid(
                        name,
                        "lane = \"interactive\" is not allowed: normal or bulk is, for a document",
                    ));
                }
            }
            "wait" => {
                let wrong = || format!("wait = {:?} is not allowed: true or false is", shown(&value));
                self.wait = Some(value.parse().map_err(|_| ApiError::invalid(name, wrong()))?);
            }
            _ => {
                fields::set(&mut self.document, name, value)?;
            }
        }
        Ok(())
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
    ["model", "lane", "wait"].into_iter().chain(FIELDS).collect()
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
