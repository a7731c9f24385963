//! Caps of single tenants, set by operators.

use std::sync::Arc;

use futures::StreamExt;
use ruche_bus::{Bus, Caps, TenantCaps, Unavailable};
use ruche_schemas::TenantId;

use crate::{
    http::{error::ApiError, limits},
    jobs::admission::Settings,
};

#[derive(Clone)]
pub struct TenantLimits {
    bus: Arc<dyn Bus>,
    /// For tenants without their own.
    pub settings: Settings,
}

impl TenantLimits {
    #[must_use]
    pub fn new(bus: Arc<dyn Bus>, settings: Settings) -> Self {
        Self { bus, settings }
    }

    /// Returns the tenants with limits of their own.
    ///
    /// # Errors
    /// 503.
    pub(crate) async fn all(&self) -> Result<TenantCaps, ApiError> {
        let mut caps = self.bus.caps().await?;
        let now = tokio::time::timeout(limits::FIRST, caps.next()).await;
        now.ok().flatten().ok_or_else(|| Unavailable("it does not say which caps tenants have".to_owned()).into())
    }

    /// Sets a tenant's own caps; without any, the settings' apply.
    ///
    /// # Errors
    /// 503.
    pub(crate) async fn set(&self, tenant: &TenantId, caps: Caps) -> Result<(), ApiError> {
        self.bus.set_caps(tenant, (caps != Caps::default()).then_some(&caps)).await?;
        tracing::info!(ruche.tenant = %tenant, ?caps, "an operator changed the caps of a tenant");
        Ok(())
    }
}
