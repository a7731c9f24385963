//! The answers to a path that is no route, and to a method that a route does not have.
//!
//! They say what the client may have meant.

use std::collections::BTreeMap;

use axum::http::Method;
use utoipa::openapi;

use super::{
    error::ApiError,
    nearest,
    text::{shown, there_are},
};

/// How many paths a message shows.
const SHOWN_BELOW: usize = 5;
/// How many parts of a path may stand in front of a route.
const PARTS: usize = 8;
const NOT_HERE: &str = "Ruche offers of OpenAI's API models, chat completions and embeddings";

/// Paths of other APIs that Ruche does not have, and what to use instead.
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
    ("/v1/chat/completions", "GET /v1/conversations lists the chats that are kept"),
    ("/v1/rerank", "POST /v1/search orders its hits by a reranker, with `\"rerank\": true`"),
    ("/v1/fine-tunes", "models are not trained here: docs/models.md says how to bring one"),
    ("/v1/edits", "POST /v1/chat/completions takes instructions and a text as messages"),
    ("/v1/engines", "GET /v1/models lists the models"),
    ("/v1/chatkit", "POST /v1/bots makes a chatbot, and GET /v1/ws is the WebSocket for chats with it"),
    ("/v1/containers", NOT_HERE),
    ("/v1/skills", NOT_HERE),
    ("/v1/webhooks", NOT_HERE),
    ("/v1/organization", "`ruche keys` makes keys and tenants"),
    ("/v1/projects", "`ruche keys` makes keys and tenants"),
    ("/v1/dashboard", "GET /v1/limits shows the caps of your tenant"),
    ("/v1/usage", "GET /v1/limits shows the caps of your tenant"),
    ("/api/chat", "POST /v1/chat/completions answers chats, in OpenAI's shape"),
    ("/api/generate", "POST /v1/chat/completions answers chats, in OpenAI's shape"),
    ("/api/embed", "POST /v1/embeddings embeds, in OpenAI's shape"),
    ("/api/embeddings", "POST /v1/embeddings embeds, in OpenAI's shape"),
    ("/api/tags", "GET /v1/models lists the models"),
];

/// The routes' paths, to guess what an unknown one means.
#[derive(Debug, Clone)]
pub struct Paths {
    /// What each path answers to.
    methods: BTreeMap<String, Vec<&'static str>>,
}

impl Paths {
    #[must_use]
    pub fn new(paths: &openapi::Paths) -> Self {
        Self { methods: paths.paths.iter().map(|(path, item)| (path.clone(), methods(item))).collect() }
    }

    /// 404.
    #[must_use]
    pub fn nothing_at(&self, path: &str) -> ApiError {
        let single = single_slashes(path);
        let twice = single.strip_prefix("/v1").filter(|rest| rest.starts_with("/v1/"));
        let is_route = self.methods.contains_key(&single);
        let rooted = match twice {
            Some(rest) => rest.to_owned(),
            None if is_route || is_v1(&single) => single.clone(),
            None => format!("/v1{single}"),
        };
        if let Some(instead) = elsewhere(path) {
            return not_offered(path, instead);
        }
        if rooted != path && self.has(&rooted) {
            let message = format!(
                "there is nothing at {:?}, but there is {:?}: the base URL of a client is this address with /v1, once, and \
                 without a slash at its end",
                shown(path),
                shown(&rooted)
            );
            return ApiError::not_found("unknown_path", message);
        }
        if let Some(instead) = elsewhere(&rooted) {
            return not_offered(path, instead);
        }
        if let Some(route) = self.ending(&single) {
            let message = format!(
                "there is nothing at {:?}, but there is {route:?}: the base URL of a client is this address with /v1, and nothing \
                 else",
                shown(path)
            );
            return ApiError::not_found("unknown_path", message);
        }
        let place = shown(path);
        let message = match self.below(&single) {
            _ if single == "/v1" => format!(
                "{place:?} is the base URL for clients and answers nothing itself: GET /v1/models lists the models, and GET \
                 /openapi.json all operations"
            ),
            below if below.is_empty() => {
                match nearest::to(&self.methods, &single).or_else(|| nearest::to(&self.methods, &rooted)) {
                    Some((methods, route)) => format!(
                        "there is nothing at {place:?}: do you mean {methods} {}? GET /openapi.json lists what is there",
                        shown(&route)
                    ),
                    None => format!("there is nothing at {place:?}: GET /openapi.json lists what is there"),
                }
            }
            below => format!(
                "there is nothing at {place:?} itself: below it {}; GET /openapi.json lists all operations",
                there_are(&below)
            ),
        };
        ApiError::not_found("unknown_path", message)
    }

    /// Whether a route answers at this path.
    fn has(&self, path: &str) -> bool {
        self.methods.contains_key(path) || self.methods.keys().any(|route| nearest::is_of(route, path))
    }

    /// The route with which a path ends, as in `/openai/deployments/gpt-4o/chat/completions`.
    fn ending(&self, path: &str) -> Option<String> {
        let lower = path.to_ascii_lowercase();
        let endings = lower.match_indices('/').map(|(at, _)| &lower[at..]);
        let routes = endings.map(|ending| if is_v1(ending) { ending.to_owned() } else { format!("/v1{ending}") });
        routes.take(PARTS).find(|route| self.methods.contains_key(route) && route != path)
    }

    /// The first paths below a path.
    fn below(&self, path: &str) -> Vec<&str> {
        let is_below = |other: &&str| other.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
        let is_whole = path.len() > 1 && path.starts_with('/');
        self.methods.keys().map(String::as_str).filter(is_below).take(if is_whole { SHOWN_BELOW } else { 0 }).collect()
    }

    /// 404 for what others offer at a path of ours, else 405. `route` is the path with the names of its parts.
    #[must_use]
    pub fn no_method(&self, method: &Method, path: &str, route: &str) -> ApiError {
        match elsewhere(path) {
            Some(instead) if method == Method::POST => not_offered(&format!("{method} {path}"), instead),
            _ => {
                let allowed = self.methods.get(route).map(|methods| methods.join(", ")).unwrap_or_default();
                ApiError::method_not_allowed(method, path, &allowed)
            }
        }
    }
}

fn methods(item: &openapi::PathItem) -> Vec<&'static str> {
    let all = [
        ("GET", &item.get),
        ("POST", &item.post),
        ("PUT", &item.put),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
    ];
    all.into_iter().filter_map(|(name, operation)| operation.as_ref().map(|_| name)).collect()
}

/// With one slash where there are several.
fn single_slashes(path: &str) -> String {
    let mut single = String::with_capacity(path.len());
    for character in path.chars() {
        if character != '/' || !single.ends_with('/') {
            single.push(character);
        }
    }
    single
}

fn is_v1(path: &str) -> bool {
    path == "/v1" || path.starts_with("/v1/")
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
    use utoipa::openapi::{HttpMethod, path::Operation};

    use super::*;

    fn paths() -> Paths {
        let mut all = openapi::Paths::new();
        for (path, methods) in [
            ("/v1/chat/completions", vec![HttpMethod::Post]),
            ("/v1/models", vec![HttpMethod::Get]),
            ("/v1/models/{id}", vec![HttpMethod::Get]),
            ("/v1/embeddings", vec![HttpMethod::Post]),
            ("/v1/conversations", vec![HttpMethod::Get]),
            ("/v1/conversations/{id}", vec![HttpMethod::Get, HttpMethod::Patch, HttpMethod::Delete]),
            ("/v1/jobs", vec![HttpMethod::Get, HttpMethod::Post]),
            ("/healthz", vec![HttpMethod::Get]),
        ] {
            all.add_path_operation(path, methods, Operation::new());
        }
        Paths::new(&all)
    }

    fn answered(path: &str) -> (String, String) {
        let error = paths().nothing_at(path);
        (error.code_name().unwrap_or_default().to_owned(), error.message().to_owned())
    }

    #[test]
    fn a_base_url_without_v1_or_with_two_is_told() {
        for (path, right) in [
            ("/chat/completions", "/v1/chat/completions"),
            ("/models", "/v1/models"),
            ("/models/x", "/v1/models/x"),
            ("/v1/v1/models", "/v1/models"),
            ("/v1//models", "/v1/models"),
            ("//v1/models/x", "/v1/models/x"),
            ("//models", "/v1/models"),
            ("//healthz", "/healthz"),
            ("/api/v1/chat/completions", "/v1/chat/completions"),
            ("/openai/v1/chat/completions", "/v1/chat/completions"),
            ("/openai/deployments/gpt-4o/chat/completions", "/v1/chat/completions"),
            ("/V1/chat/completions", "/v1/chat/completions"),
        ] {
            let (code, message) = answered(path);
            assert_eq!(code, "unknown_path", "{path}");
            assert!(message.contains(&format!("there is {right:?}")), "{message}");
        }
    }

    #[test]
    fn a_mistyped_path_is_told_with_the_nearest_route() {
        for (path, meant) in [
            ("/v1/chat/completion", "POST /v1/chat/completions?"),
            ("/v1/chats/completions", "POST /v1/chat/completions?"),
            ("/v1/chat-completions", "POST /v1/chat/completions?"),
            ("/chat/completion", "POST /v1/chat/completions?"),
            ("/v1/embed", "POST /v1/embeddings?"),
            ("/v1/job", "GET or POST /v1/jobs?"),
            ("/v1/model/tiny", "GET /v1/models/tiny?"),
            ("/v1/conversation/0197b2a4", "GET, PATCH or DELETE /v1/conversations/0197b2a4?"),
            ("/helthz", "GET /healthz?"),
        ] {
            let (code, message) = answered(path);
            assert_eq!(code, "unknown_path", "{path}");
            assert!(message.contains(&format!("do you mean {meant}")), "{path}: {message}");
        }
        for path in ["/v1/nothing", "/x", "/v1/models/x/y", "/v1/a", "/v1/xyz/abc", "/v1/completely/else"] {
            assert!(!answered(path).1.contains("do you mean"), "{path}: {}", answered(path).1);
        }
    }

    #[test]
    fn a_path_above_others_is_told_with_these() {
        for (path, told) in [
            ("/v1", "\"/v1\" is the base URL for clients"),
            ("/v1/chat", "there is nothing at \"/v1/chat\" itself: below it there is /v1/chat/completions;"),
        ] {
            let (code, message) = answered(path);
            assert_eq!(code, "unknown_path", "{path}");
            assert!(message.starts_with(told) && message.contains("/openapi.json"), "{message}");
        }
        for path in ["/v", "/v1/chatter", ""] {
            assert!(answered(path).1.starts_with("there is nothing at"), "{path}");
        }
    }

    #[test]
    fn a_method_that_others_offer_at_a_path_of_ours_is_told_with_what_to_use() {
        for path in ["/v1/conversations", "/v1/conversations/conv_1"] {
            let error = paths().no_method(&Method::POST, path, "");
            assert_eq!(error.code_name(), Some("not_offered"), "{path}");
            let message = error.message().to_owned();
            assert!(message.starts_with(&format!("\"POST {path}\" is not offered")), "{message}");
            assert!(message.contains("POST /v1/chat/completions"), "{message}");
        }
        for (method, path, route, allowed) in [
            (Method::PUT, "/v1/conversations", "/v1/conversations", "GET is allowed"),
            (Method::PUT, "/v1/conversations/x", "/v1/conversations/{id}", "GET, PATCH, DELETE are allowed"),
            (Method::POST, "/v1/models/m", "/v1/models/{id}", "GET is allowed"),
        ] {
            let error = paths().no_method(&method, path, route);
            assert_eq!(error.code_name(), Some("method_not_allowed"), "{method} {path}");
            assert!(error.message().contains(&format!("{method} is not allowed at {path:?}: {allowed}")), "{error}");
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
            ("/v1/chat/completions/chatcmpl-1/messages", "GET /v1/conversations"),
            ("/v1/containers", "models, chat completions and embeddings"),
            ("/v1/skills/s_1/versions", "models, chat completions and embeddings"),
            ("/v1/organization/usage/completions", "ruche keys"),
            ("/v1//responses", "POST /v1/chat/completions"),
        ] {
            let (code, message) = answered(path);
            assert_eq!(code, "not_offered", "{path}: {message}");
            assert!(message.contains(instead), "{message}");
        }
        for path in ["/v1/nothing", "/x", "/", "", "/v1", "/v1/responsesX", "//", "/v1/models/x/y"] {
            let (code, message) = answered(path);
            assert_eq!(code, "unknown_path", "{path}");
            assert!(message.contains("/openapi.json"), "{message}");
        }
    }
}
