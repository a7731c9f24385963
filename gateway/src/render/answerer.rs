//! Answers a render request with the document, or with its job.

use std::sync::Arc;

use axum::{http::HeaderValue, response::Response};
use ruche_schemas::TenantId;

use super::{
    answer,
    request::RenderRequest,
    service::{Order, Outcome, Renderer},
};
use crate::{
    http::{body::Bodies, error::ApiError, prefer::Prefer},
    jobs::{accepted, payloads::Payloads},
};

pub struct Answerer {
    renderer: Arc<Renderer>,
    payloads: Payloads,
    bodies: Bodies,
    /// `gateway.render_wait_bytes`: a larger request is answered with its job by default.
    wait_bytes: usize,
}

impl Answerer {
    #[must_use]
    pub fn new(renderer: Arc<Renderer>, payloads: Payloads, bodies: Bodies, wait_bytes: usize) -> Self {
        Self { renderer, payloads, bodies, wait_bytes }
    }

    /// # Errors
    /// As the renderer; as the document cannot be read.
    pub(crate) async fn respond(
        &self,
        tenant: &TenantId,
        request: RenderRequest,
        prefer: Prefer,
        idempotency_key: Option<&str>,
    ) -> Result<Response, ApiError> {
        let RenderRequest { render, store, report, bytes, permit: _permit } = request;
        let seconds = match prefer {
            Prefer::Wait(seconds) => seconds,
            Prefer::Either if bytes <= self.wait_bytes => None,
            Prefer::Either | Prefer::Async => {
                let order = Order { tenant, idempotency_key, store, seconds: None };
                let mut response = accepted::answer(Box::pin(self.renderer.submit(render, order)).await?);
                if prefer == Prefer::Async {
                    response.headers_mut().insert("preference-applied", HeaderValue::from_static("respond-async"));
                }
                return Ok(response);
            }
        };
        let order = Order { tenant, idempotency_key, store, seconds };
        match Box::pin(self.renderer.render(render, order)).await? {
            Outcome::Finished(finished) if report => {
                answer::report(&self.payloads, &self.bodies, tenant, *finished).await
            }
            Outcome::Finished(finished) => answer::document(&self.payloads, tenant, *finished).await,
            Outcome::Running(accepted) => Ok(accepted::answer(*accepted)),
        }
    }
}
