//! The operations on documents and collections, one file per resource.

use std::sync::Arc;

use axum::extract::FromRef;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{collections::Collections, index::Index, migrate::service::Migrator, service::Documents};
use crate::http::state::HttpState;

mod add_document;
mod collections;
mod documents;
mod migrate;

pub fn routes<S: HttpState>() -> OpenApiRouter<S>
where
    Arc<Documents>: FromRef<S>,
    Index: FromRef<S>,
    Collections: FromRef<S>,
    Arc<Migrator>: FromRef<S>,
{
    OpenApiRouter::new()
        .routes(routes!(add_document::add_document, documents::list_documents))
        .routes(routes!(documents::get_document, documents::delete_document))
        .routes(routes!(documents::document_chunks))
        .routes(routes!(collections::create_collection, collections::list_collections))
        .routes(routes!(collections::get_collection, collections::change_collection, collections::delete_collection))
        .routes(routes!(migrate::migrate, migrate::get_migration, migrate::cancel_migration))
}
