//! `GET /v1/models`: what the workers that are alive have loaded.

use std::sync::Arc;

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use ruche_schemas::failure::codes;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    App,
    auth::Caller,
    body::Path,
    error::{ApiError, ErrorBody},
};

/// Models.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelList {
    /// `list`.
    pub object: &'static str,
    /// By name.
    pub data: Vec<Model>,
}

/// A model.
#[derive(Debug, Serialize, ToSchema)]
pub struct Model {
    /// Its name.
    pub id: String,
    /// `model`.
    pub object: &'static str,
    /// Since when a worker has it, in seconds since 1970.
    pub created: i64,
    /// `ruche`.
    pub owned_by: &'static str,
}

fn model((id, since): (String, DateTime<Utc>)) -> Model {
    Model { id, object: "model", created: since.timestamp(), owned_by: "ruche" }
}

/// List models
///
/// The models of the workers that are alive: empty while none is.
#[utoipa::path(get, path = "/v1/models", tag = "models", security(("bearer" = [])), responses(
    (status = 200, description = "The models", body = ModelList),
    (status = "4XX", description = "Refused", body = ErrorBody),
    (status = 503, description = "The bus is not available", body = ErrorBody),
))]
pub(crate) async fn list_models(State(app): State<Arc<App>>, _: Caller) -> Result<Json<ModelList>, ApiError> {
    let announced = app.models.announced(&*app.bus).await?;
    Ok(Json(ModelList { object: "list", data: announced.all().into_iter().map(model).collect() }))
}

/// Get a model
#[utoipa::path(get, path = "/v1/models/{id}", tag = "models", security(("bearer" = [])),
    params(("id" = String, Path, description = "The model's name")),
    responses(
        (status = 200, description = "The model", body = Model),
        (status = 404, description = "No worker has it", body = ErrorBody),
        (status = 503, description = "The bus is not available", body = ErrorBody),
    )
)]
pub(crate) async fn get_model(
    State(app): State<Arc<App>>,
    _: Caller,
    Path(id): Path<String>,
) -> Result<Json<Model>, ApiError> {
    let found = app.models.announced(&*app.bus).await?.all().remove_entry(&id);
    let missing = || ApiError::not_found(codes::UNKNOWN_MODEL, format!("there is no model {id:?}")).param("model");
    found.map(|found| Json(model(found))).ok_or_else(missing)
}
