//! `/openapi.json`, made from the handlers' documentation and the kinds' JSON Schemas.
//!
//! - [`common`]: what every operation has. - [`parameters`], [`fields`], [`together`], [`values`]: bounds.

use axum::{
    extract::{FromRef, State},
    http::header,
    response::IntoResponse,
};
use ruche_schemas::{
    Record,
    flow::{Next, Template},
    kinds,
};
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};
use utoipa::openapi::{
    Components, InfoBuilder, LicenseBuilder, OpenApi,
    security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::state::HttpState;

mod common;
mod fields;
mod parameters;
mod together;
mod values;

#[derive(Debug, Clone, Copy)]
pub struct Description(pub &'static str);

pub fn routes<S: HttpState>() -> OpenApiRouter<S>
where
    Description: FromRef<S>,
{
    OpenApiRouter::new().routes(routes!(openapi))
}

/// Describe this API
#[utoipa::path(get, path = "/openapi.json", tag = "operations", responses(
    (status = 200, description = "OpenAPI 3.1", body = Object)))]
async fn openapi(State(Description(text)): State<Description>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], text)
}

/// Completes the description that the routes give.
#[must_use]
pub fn document(mut api: OpenApi) -> Value {
    describe(&mut api);
    let mut document = serde_json::to_value(api).unwrap_or_default();
    if let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        schemas.extend(kinds());
    }
    common::add(&mut document);
    parameters::add(&mut document);
    fields::add(&mut document);
    document
}

fn describe(api: &mut OpenApi) {
    let license = LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build();
    api.info = InfoBuilder::new()
        .title("Ruche")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Chats, documents, searches and jobs for AI chatbots. gateway/WEBSOCKET.md describes the WebSocket.",
        ))
        .license(Some(license))
        .build();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("rk_<id>_<secret>").build();
    let components = api.components.get_or_insert_with(Components::new);
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
}

/// The schemas of events and of each kind's input and output; `JobInput` is any input.
fn kinds() -> serde_json::Map<String, Value> {
    let mut generator =
        SchemaSettings::draft2020_12().with(|s| s.definitions_path = "/components/schemas".into()).into_generator();
    generator.subschema_for::<Record>();
    generator.subschema_for::<Next>();
    generator.subschema_for::<Template>();
    let inputs: Vec<Value> =
        kinds::all().iter().map(|descriptor| descriptor.schemas(&mut generator).0.to_value()).collect();
    let mut schemas = generator.take_definitions(true);
    let description = "The input of a job, by its kind";
    schemas.insert("JobInput".to_owned(), json!({ "description": description, "anyOf": inputs }));
    schemas
}
