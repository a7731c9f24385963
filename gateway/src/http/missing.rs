//! The answers to a path that is no route, and to a method that a route does not have.
//!
//! They say what the client may have meant.

use std::collections::BTreeSet;

use axum::http::Method;

use super::{error::ApiError, text::shown};

/// What others offer under these paths, and what to use here.
const ELSEWHERE: &[(&str, &str)] = &[
    ("/v1/responses", "POST /v1/chat/completions answers chats, and `conversation` continues them"),
    ("/v1/completions", "POST /v1/chat/completions takes the prompt as a message of the role user"),
    ("/v1/messages", "POST /v1/chat/completions answers chats, in OpenAI's shape"),
    ("/v1/realtime", "GET /v1/ws is the WebSocket for chats"),
    ("/v1/assistants", "POST /v1/bots makes a chatbot with instructions and documents of its own"),
    ("/v1/threads", "/v1/conversations keeps chats; POST /v1/chat/completions with `conversation` continues them"),
    (
        "/v1/conversations",
        "a chat begins one: POST /v1/chat/completions, whose answer has its id as `conversation`; GET \
         /v1/conversations/{id} has its messages, and PATCH renames it",
    ),
    ("/v1/vector_stores", "POST /v1/documents adds documents to a collection, and POST /v1/search finds in them"),
    ("/v1/files", "POST /v1/documents takes documents to search in, and POST /v1/jobs takes many jobs as NDJSON"),
    ("/v1/uploads", "POST /v1/documents takes documents to search in"),
    ("/v1/batches", "POST /v1/jobs takes many jobs as NDJSON, and /v1/job-batches counts them"),
    ("/v1/moderations", "no model here judges texts yet"),
    ("/v1/audio", "no model here hears or speaks"),
    ("/v1/images", "no model here draws; POST /v1/render makes PDFs and pictures of Markdown"),
    ("/v1/videos", "no model here makes videos"),
    ("/v1/fine_tuning", "models are not trained here: docs/models.md says how to bring one"),
    ("/v1/evals", "`ruche eval retrieval` measures searches"),
    ("/api/chat", "POST /v1/chat/completions answers chats, in OpenAI's shape"),
    ("/api/generate", "POST /v1/chat/completions answers chats, in OpenAI's shape"),
    ("/api/embed", "POST /v1/embeddings embeds, in OpenAI's shape"),
    ("/api/embeddings", "POST /v1/embeddings embeds, in OpenAI's shape"),
    ("/api/tags", "GET /v1/models lists the models"),
];

/// The routes' paths, to guess what an unknown one means.
#[derive(Debug, Clone)]
pub struct Paths {
    /// The first parts after `/v1/`.
    under_v1: BTreeSet<String>,
}

impl Paths {
    pub fn new<'a>(paths: impl IntoIterator<Item = &'a str>) -> Self {
        let under_v1 = paths.into_iter().filter_map(|path| first(path.strip_prefix("/v1")?));
        Self { under_v1: under_v1.map(str::to_owned).collect() }
    }

    /// 404.
    #[must_use]
    pub fn nothing_at(&self, path: &str) -> ApiError {
        let rooted = path
            .strip_prefix("/v1")
            .filter(|rest| rest.starts_with("/v1/"))
            .map_or_else(|| format!("/v1{path}"), str::to_owned);
        if let Some(instead) = elsewhere(path) {
            return not_offered(path, instead);
        }
        if first(rooted.strip_prefix("/v1").unwrap_or_default()).is_some_and(|first| self.under_v1.contains(first)) {
            let message = format!(
                "there is nothing at {:?}, but there is {:?}: the base URL of a client is this address with /v1, once",
                shown(path),
                shown(&rooted)
            );
            return ApiError::not_found("unknown_path", message);
        }
        if let Some(instead) = elsewhere(&rooted) {
            return not_offered(path, instead);
        }
        let message = format!("there is nothing at {:?}: GET /openapi.json lists what is there", shown(path));
        ApiError::not_found("unknown_path", message)
    }
}

/// 404 for what others offer at a path of ours, else 405.
#[must_use]
pub fn no_method(method: &Method, path: &str) -> ApiError {
    match elsewhere(path) {
        Some(instead) if method == Method::POST => not_offered(&format!("{method} {path}"), instead),
        _ => ApiError::method_not_allowed(),
    }
}

/// The first part of a path.
fn first(path: &str) -> Option<&str> {
    path.strip_prefix('/')?.split('/').next().filter(|part| !part.is_empty())
}

fn elsewhere(path: &str) -> Option<&'static str> {
    let is_under = |place: &str| path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    ELSEWHERE.iter().find(|(place, _)| is_under(place)).map(|(_, instead)| *instead)
}

fn not_offered(path: &str, instead: &str) -> ApiError {
    ApiError::not_found("not_offered", format!("{:?} is not offered here: {instead}", shown(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(path: &str) -> (String, String) {
        let paths = Paths::new(["/v1/chat/completions", "/v1/models/{id}", "/v1/jobs", "/healthz"]);
        let error = paths.nothing_at(path);
        (error.code_name().unwrap_or_default().to_owned(), error.message().to_owned())
    }

    #[test]
    fn a_base_url_without_v1_or_with_two_is_told() {
        for (path, right) in [
            ("/chat/completions", "/v1/chat/completions"),
            ("/models", "/v1/models"),
            ("/models/x", "/v1/models/x"),
            ("/v1/v1/models", "/v1/models"),
        ] {
            let (code, message) = said(path);
            assert_eq!(code, "unknown_path", "{path}");
            assert!(message.contains(&format!("there is {right:?}")), "{message}");
        }
    }

    #[test]
    fn a_method_that_others_offer_at_a_path_of_ours_is_told_with_what_to_use() {
        for path in ["/v1/conversations", "/v1/conversations/conv_1"] {
            let error = no_method(&Method::POST, path);
            assert_eq!(error.code_name(), Some("not_offered"), "{path}");
            let message = error.message().to_owned();
            assert!(message.starts_with(&format!("\"POST {path}\" is not offered")), "{message}");
            assert!(message.contains("POST /v1/chat/completions"), "{message}");
        }
        for (method, path) in [(Method::PUT, "/v1/conversations"), (Method::POST, "/v1/models")] {
            assert_eq!(no_method(&method, path).code_name(), Some("method_not_allowed"), "{method} {path}");
        }
    }

    #[test]
    fn what_is_not_offered_is_told_with_what_to_use() {
        for (path, instead) in [
            ("/v1/responses", "POST /v1/chat/completions"),
            ("/responses", "POST /v1/chat/completions"),
            ("/v1/completions", "POST /v1/chat/completions"),
            ("/v1/audio/speech", "hears or speaks"),
            ("/v1/batches/b_1/cancel", "/v1/job-batches"),
            ("/v1/files", "POST /v1/documents"),
            ("/v1/conversations/conv_1/items", "GET /v1/conversations/{id}"),
            ("/api/chat", "POST /v1/chat/completions"),
        ] {
            let (code, message) = said(path);
            assert_eq!(code, "not_offered", "{path}: {message}");
            assert!(message.contains(instead), "{message}");
        }
        for path in ["/v1/nothing", "/x", "/", "", "/v1", "/v1/responsesX", "/V1/models", "//models"] {
            let (code, message) = said(path);
            assert_eq!(code, "unknown_path", "{path}");
            assert!(message.contains("/openapi.json"), "{message}");
        }
    }
}
