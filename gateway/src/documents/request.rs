//! Reads a document as JSON, as a form, or raw. The query wins over the body.

use axum::extract::Request;
use ruche_schemas::{
    Lane,
    kinds::embed::{Document, Format},
};

use super::{
    fields::{self, FIELDS},
    multipart,
};
use crate::http::{
    body::{Bodies, Permit},
    error::ApiError,
    headers::{content_type, media_type},
    json::{JobText, parse},
    params::parameters,
};

const TYPES: &str = "text/markdown, text/html, text/plain, application/pdf, multipart/form-data with a part `file`, or application/json";

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
                (multipart::read(&content_type, bytes).await?, permit)
            }
            other => {
                let Some(format) = multipart::of_media_type(other) else {
                    return Err(ApiError::unsupported(&content_type, TYPES));
                };
                let (bytes, permit) = bodies.read_job(request).await?;
                (as_it_is(format, bytes, &asked)?, permit)
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
                    return Err(ApiError::invalid(name, "lane is normal or bulk for a document"));
                }
            }
            "wait" => {
                let wrong = || ApiError::invalid(name, "wait is true or false");
                self.wait = Some(value.parse().map_err(|_| wrong())?);
            }
            _ => {
                fields::set(&mut self.document, name, value)?;
            }
        }
        Ok(())
    }
}

/// A raw body. The query's format wins over the content type.
fn as_it_is(format: Format, bytes: Vec<u8>, asked: &[(String, String)]) -> Result<Document, ApiError> {
    let mut document = Document { format, ..Document::default() };
    if let Some((name, value)) = asked.iter().find(|(name, _)| name == "format") {
        fields::set(&mut document, name, value.clone())?;
    }
    multipart::put(&mut document, "body", bytes)?;
    Ok(document)
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
