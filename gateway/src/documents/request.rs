//! Reads a document to be searched in: as JSON, as a form, or as it is; what the query says counts more.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    extract::{FromRequest as _, Request},
    http::header,
};
use ruche_schemas::{
    Lane,
    kinds::embed::{Document, Format},
};

use super::{
    fields::{self, FIELDS},
    multipart,
};
use crate::{
    app::parts::App,
    http::{
        body::{self, JobText, Room, parse},
        error::ApiError,
    },
};

const TYPES: &str = "text/markdown, text/html, text/plain, application/pdf, multipart/form-data with a part `file`, or application/json";

/// A document, and how it is wanted.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// The document.
    pub(crate) document: Document,
    /// The model that is to embed it, where one is named.
    pub(crate) model: Option<String>,
    /// How urgent it is.
    pub(crate) lane: Lane,
    /// Whether the answer is waited for, where the query says so.
    pub(crate) wait: Option<bool>,
    /// What a large request holds while it is in memory.
    pub(crate) room: Option<Room>,
}

impl Wanted {
    /// Reads a request with a body.
    ///
    /// # Errors
    /// 4xx that names what is wrong.
    pub(crate) async fn read(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        let asked = parameters(request.uri().query())?;
        let content_type =
            request.headers().get(header::CONTENT_TYPE).map_or("", |value| value.to_str().unwrap_or("?")).to_owned();
        let essence = body::essence(request.headers());
        let (document, room) = match essence.as_str() {
            "application/json" => {
                let JobText { text, room } = JobText::from_request(request, app).await?;
                (parse(&text)?, room)
            }
            "multipart/form-data" => {
                let (bytes, room) = body::job_bytes(request, app).await?;
                (multipart::read(&content_type, bytes).await?, room)
            }
            other => {
                let Some(format) = multipart::of_media_type(other) else {
                    return Err(ApiError::unsupported(&content_type, TYPES));
                };
                let (bytes, room) = body::job_bytes(request, app).await?;
                (as_it_is(format, bytes, &asked)?, room)
            }
        };
        let mut wanted = Self { document, model: None, lane: Lane::default(), wait: None, room };
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
                // What is kept for those who wait for an answer is not for what takes minutes.
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

/// A body that is the document itself. A format in the query says more than the content type.
fn as_it_is(format: Format, bytes: Vec<u8>, asked: &[(String, String)]) -> Result<Document, ApiError> {
    let mut document = Document { format, ..Document::default() };
    if let Some((name, said)) = asked.iter().find(|(name, _)| name == "format") {
        fields::set(&mut document, name, said.clone())?;
    }
    multipart::put(&mut document, "body", bytes)?;
    Ok(document)
}

/// The query's parameters, each known and there once.
fn parameters(query: Option<&str>) -> Result<Vec<(String, String)>, ApiError> {
    let uri = format!("/?{}", query.unwrap_or_default());
    let uri = uri.parse().map_err(|_| ApiError::invalid("query", "the query is not one of a URL"))?;
    let axum::extract::Query(all) = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&uri)?;
    let (mut seen, mut asked) = (BTreeSet::new(), Vec::new());
    for (name, value) in all {
        // Every route has it.
        if name == "tenant" {
            continue;
        }
        let known = ["model", "lane", "wait"].into_iter().chain(FIELDS);
        let shown: String = name.chars().take(80).collect();
        if !known.clone().any(|known| known == name) {
            let known: Vec<&str> = known.collect();
            let message = format!("there is no parameter {shown:?} here: there are {}", known.join(", "));
            return Err(ApiError::invalid(shown, message).code("unknown_parameter"));
        }
        if !seen.insert(name.clone()) {
            return Err(ApiError::invalid(shown.clone(), format!("{shown} is there twice: give it once")));
        }
        asked.push((name, value));
    }
    Ok(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_known_and_there_once() {
        let read = |query| parameters(Some(query)).map_err(|error| error.param_name().map(str::to_owned));
        assert_eq!(read("collection=a&tenant=t").expect("parameters"), [("collection".to_owned(), "a".to_owned())]);
        assert_eq!(read("colour=red"), Err(Some("colour".to_owned())));
        assert_eq!(read("wait=true&wait=false"), Err(Some("wait".to_owned())));
    }
}
