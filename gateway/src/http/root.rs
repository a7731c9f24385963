//! `/`: where to go from here, as a page for people and as JSON for programs.

use axum::{
    Json,
    http::{HeaderMap, header},
    response::{Html, IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{headers::accepts, state::HttpState};

/// Links to the API's entry points.
#[derive(Debug, Serialize, ToSchema)]
pub struct Links {
    /// `ruche`.
    pub name: &'static str,
    /// This gateway's version.
    pub version: &'static str,
    /// The path to append to this address as the base URL of OpenAI's clients.
    pub base_url: &'static str,
    /// The links.
    pub links: Vec<Link>,
}

/// A link to an entry point of the API.
#[derive(Debug, Serialize, ToSchema)]
pub struct Link {
    /// Its path.
    pub path: &'static str,
    /// What the path offers.
    pub about: &'static str,
}

const LINKS: [(&str, &str); 5] = [
    ("/openapi.json", "the description of this API (OpenAPI 3.1)"),
    ("/healthz", "whether the gateway runs"),
    ("/readyz", "whether it can take work, and what is missing"),
    ("/metrics", "metrics for Prometheus"),
    ("/v1/models", "the models and bots; needs a key"),
];

const HINT: &str = "README.md of the project begins with a tour; docs/ has a page for each feature.";

pub fn routes<S: HttpState>() -> OpenApiRouter<S> {
    OpenApiRouter::new().routes(routes!(root))
}

/// Links
///
/// Returns an HTML page if the client accepts HTML, else JSON.
#[utoipa::path(get, path = "/", tag = "operations", responses(
    (status = 200, description = "Links to the API's entry points", content((Links = "application/json"), (String = "text/html")))))]
async fn root(headers: HeaderMap) -> Response {
    let vary = [(header::VARY, "accept")];
    if accepts(&headers, "text/html") {
        return (vary, Html(page())).into_response();
    }
    let links = LINKS.into_iter().map(|(path, about)| Link { path, about }).collect();
    let json = Links { name: "ruche", version: env!("CARGO_PKG_VERSION"), base_url: "/v1", links };
    (vary, Json(json)).into_response()
}

fn page() -> String {
    let items: String =
        LINKS.iter().map(|(path, about)| format!("<li><a href=\"{path}\">{path}</a>: {about}</li>\n")).collect();
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>Ruche</title>\n\
         <style>body{{font-family:sans-serif;max-width:40em;margin:3em auto;padding:0 1em;color-scheme:light dark}}</style>\n\
         <h1>Ruche {version}</h1>\n<p>This is the gateway of a backend for AI chatbots. OpenAI's clients take this address \
         and <code>/v1</code> as their base URL.</p>\n<ul>\n{items}</ul>\n<p>{HINT}</p>\n</html>\n"
    )
}
