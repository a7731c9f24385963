//! What can be asked: one file per operation, each with its documentation, which becomes `/openapi.json`.

use std::sync::Arc;

use axum::{Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::{openapi, parts::App},
    batches::routes as batches,
    bots::routes as bots,
    chat::routes::{chat_completions, conversations, models, ws},
    documents::routes::{add_document, collections, documents, migrate},
    http::{error::ApiError, health, metrics_route as metrics, observe},
    jobs::routes::{cancel_job, cancel_jobs, flow, get_job, job_events, job_result, list_jobs, new_job, submit_job},
    ops::routes::{dead, queues, retry_job, tenant_limits, workers},
    render::routes::{render, render_file, render_link, renders, template_package, template_preview, templates},
    schedules::routes as schedules,
    search::routes::{embeddings, search},
};

/// The routes with their documentation.
pub(crate) fn documented() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(chat_completions::chat_completions))
        .routes(routes!(embeddings::embeddings))
        .routes(routes!(search::search))
        .routes(routes!(models::list_models))
        .routes(routes!(models::get_model))
        // One path, and so one name for its last part: the kind where a job is submitted, else the job's id.
        .routes(routes!(submit_job::submit_job, get_job::get_job, cancel_job::cancel_job))
        .routes(routes!(job_events::job_events))
        .routes(routes!(job_result::job_result))
        .merge(jobs())
        .merge(documents())
        .routes(routes!(bots::list_bots, bots::make_bot))
        .routes(routes!(bots::get_bot, bots::change_bot, bots::delete_bot))
        .merge(corpus())
        .merge(operators())
        .routes(routes!(ws::ws))
        .routes(routes!(conversations::list_conversations))
        .routes(routes!(conversations::get_conversation))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(metrics::metrics))
        .routes(routes!(openapi::openapi))
}

/// Many jobs: in, listed, cancelled, counted, dead and again and again.
fn jobs() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(new_job::new_job, list_jobs::list_jobs))
        .routes(routes!(cancel_jobs::cancel_jobs))
        .routes(routes!(flow::get_flow))
        .routes(routes!(retry_job::retry_job))
        .routes(routes!(batches::create_batch, batches::list_batches))
        .routes(routes!(batches::get_batch))
        .routes(routes!(batches::close_batch))
        .routes(routes!(batches::batch_events))
        .routes(routes!(dead::list_dead))
        .routes(routes!(dead::replay_many))
        .routes(routes!(dead::drop_many))
        .routes(routes!(dead::get_dead, dead::drop_dead))
        .routes(routes!(dead::replay_dead))
        .routes(routes!(schedules::list_schedules))
        .routes(routes!(schedules::get_schedule, schedules::put_schedule, schedules::delete_schedule))
        .routes(routes!(schedules::pause_schedule))
        .routes(routes!(schedules::resume_schedule))
}

/// Markdown in, documents out; and what they look like.
fn documents() -> OpenApiRouter<Arc<App>> {
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

/// What is searched in.
fn corpus() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(add_document::add_document, documents::list_documents))
        .routes(routes!(documents::get_document, documents::delete_document))
        .routes(routes!(documents::document_chunks))
        .routes(routes!(collections::create_collection, collections::list_collections))
        .routes(routes!(collections::get_collection, collections::change_collection, collections::delete_collection))
        .routes(routes!(migrate::migrate, migrate::get_migration, migrate::cancel_migration))
}

/// What operators see and steer.
fn operators() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(queues::list_queues))
        .routes(routes!(queues::pause_kind))
        .routes(routes!(queues::resume_kind))
        .routes(routes!(queues::pause_tenant))
        .routes(routes!(queues::resume_tenant))
        .routes(routes!(queues::list_pauses))
        .routes(routes!(tenant_limits::list_limits))
        .routes(routes!(tenant_limits::get_limits, tenant_limits::put_limits, tenant_limits::reset_limits))
        .routes(routes!(workers::list_workers))
        .routes(routes!(workers::drain_worker))
        .routes(routes!(workers::resume_worker))
}

/// The whole service.
pub fn router(app: Arc<App>) -> Router {
    let (router, _) = documented().split_for_parts();
    router
        .fallback(|| async {
            ApiError::not_found("unknown_path", "there is nothing here; GET /openapi.json lists what is")
        })
        .method_not_allowed_fallback(|| async { ApiError::method_not_allowed() })
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), observe::request))
        .with_state(app)
}

fn panicked(panic: Box<dyn std::any::Any + Send + 'static>) -> axum::response::Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    tracing::error!(exception.message = text.unwrap_or("?"), "a request panicked");
    axum::response::IntoResponse::into_response(ApiError::internal())
}
