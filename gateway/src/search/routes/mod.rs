//! The operations of search, one file each; the request and the answer of a search are in files of their own.

use std::sync::Arc;

use axum::extract::FromRef;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{embed::Embedder, service::Searcher};
use crate::http::state::HttpState;

mod embeddings;
mod search;
mod search_request;
mod search_results;

pub fn routes<S: HttpState>() -> OpenApiRouter<S>
where
    Arc<Embedder>: FromRef<S>,
    Arc<Searcher>: FromRef<S>,
{
    OpenApiRouter::new().routes(routes!(embeddings::embeddings)).routes(routes!(search::search))
}
