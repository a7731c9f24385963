//! Pauses of kinds, tenants and workers.

use std::sync::Arc;

use futures::StreamExt;
use ruche_bus::{Bus, Pause, Unavailable};

use crate::http::{error::ApiError, limits};

#[derive(Clone)]
pub struct Pauses(Arc<dyn Bus>);

impl Pauses {
    #[must_use]
    pub fn new(bus: Arc<dyn Bus>) -> Self {
        Self(bus)
    }

    /// # Errors
    /// 503.
    pub(crate) async fn all(&self) -> Result<Vec<Pause>, ApiError> {
        let mut pauses = self.0.pauses().await?;
        let now = tokio::time::timeout(limits::FIRST, pauses.next()).await;
        now.ok().flatten().ok_or_else(|| Unavailable("it does not say what is paused".to_owned()).into())
    }

    /// Pauses or resumes.
    ///
    /// # Errors
    /// 503.
    pub(crate) async fn set(&self, pause: &Pause, on: bool) -> Result<(), ApiError> {
        self.0.set_paused(pause, on).await?;
        let (what, name) = named(pause);
        tracing::info!(ruche.pause.what = what, ruche.pause.name = %name, paused = on, "an operator changed a pause");
        Ok(())
    }
}

/// `kind`, `tenant` or `worker`, and its name.
pub(crate) fn named(pause: &Pause) -> (&'static str, String) {
    match pause {
        Pause::Kind(kind) => ("kind", kind.to_string()),
        Pause::Tenant(tenant) => ("tenant", tenant.to_string()),
        Pause::Worker(worker) => ("worker", worker.clone()),
    }
}
