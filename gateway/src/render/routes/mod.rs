//! The operations on renders and templates, one file per resource.

use std::sync::Arc;

use axum::extract::FromRef;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{answerer::Answerer, link::Links, stored::StoredRenders, templates::Templates};
use crate::http::state::HttpState;

mod render;
mod render_file;
mod render_link;
mod renders;
mod template_package;
mod template_preview;
mod templates;

pub fn routes<S: HttpState>() -> OpenApiRouter<S>
where
    Arc<Answerer>: FromRef<S>,
    StoredRenders: FromRef<S>,
    Templates: FromRef<S>,
    Links: FromRef<S>,
{
    OpenApiRouter::new()
        .routes(routes!(render::render))
        .routes(routes!(renders::list_renders))
        .routes(routes!(renders::get_render, renders::delete_render))
        .routes(routes!(render_file::render_file))
        .routes(routes!(render_link::link_render))
        .routes(routes!(templates::list_templates))
        .routes(routes!(templates::get_template, templates::put_template, templates::delete_template))
        .routes(routes!(template_package::template_package))
        .routes(routes!(template_preview::preview_sample, template_preview::preview_document))
}
