//! What each tenant may submit: the settings, and over them the caps that operators set per tenant.
//!
//! Every gateway gets a change at once. Two bounds are enforced here: jobs per second, and the backlog where the bus
//! does not bound it.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use futures::StreamExt;
use ruche_bus::{Bus, Caps, TenantCaps, retry::RetryPolicy};
use ruche_schemas::{Kind, TenantId, config};
use tokio_util::sync::CancellationToken;

use super::{backlog::Backlog, rates::Rates};
use crate::http::{error::ApiError, limits};

/// Caps of tenants without their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// `limits.in_flight`.
    pub in_flight: u32,
    /// `limits.per_second`.
    pub per_second: u32,
    /// `nats.tenant_backlog`.
    pub backlog: u64,
}

impl Default for Settings {
    /// No caps.
    fn default() -> Self {
        Self { in_flight: 0, per_second: 0, backlog: u64::MAX }
    }
}

impl Settings {
    #[must_use]
    pub fn new(limits: &config::Limits, nats: &config::Nats) -> Self {
        let backlog = u64::try_from(nats.tenant_backlog).unwrap_or(u64::MAX);
        Self { in_flight: limits.in_flight, per_second: limits.per_second, backlog }
    }
}

pub struct Admission {
    bus: Arc<dyn Bus>,
    settings: Settings,
    own: RwLock<TenantCaps>,
    rates: Rates,
    backlog: Backlog,
}

impl Admission {
    /// With the settings' caps for all tenants at first.
    #[must_use]
    pub fn new(bus: Arc<dyn Bus>, settings: Settings) -> Self {
        let rates = Rates::new(settings.per_second);
        Self { bus, settings, own: RwLock::default(), rates, backlog: Backlog::default() }
    }

    /// Counts a job, or refuses it. A `patient` submission waits instead.
    ///
    /// # Errors
    /// 429 that names the cap.
    pub(crate) async fn rate(&self, tenant: &TenantId, patient: bool) -> Result<(), ApiError> {
        match patient {
            true => self.rates.wait(tenant).await,
            false => self.rates.admit(tenant)?,
        }
        Ok(())
    }

    /// Refuses a job over its tenant's backlog of the kind, where the bus does not. Concurrent submissions may exceed
    /// it.
    ///
    /// # Errors
    /// 429 that names the cap.
    pub(crate) async fn backlog(&self, kind: &Kind, tenant: &TenantId, later: bool) -> Result<(), ApiError> {
        let own = self.own(tenant).backlog;
        if own.is_none() && !later {
            return Ok(());
        }
        let (cap, name) = match own {
            Some(cap) => (cap, "limits.backlog"),
            None => (self.settings.backlog, "nats.tenant_backlog"),
        };
        let of = (tenant.clone(), kind.clone());
        let admitted = match self.backlog.remembered(&of, Instant::now()) {
            Some(admitted) => admitted,
            None => {
                let count = self.bus.backlog(kind, tenant).await?;
                self.backlog.counted(of, count, cap, Instant::now())
            }
        };
        if admitted {
            return Ok(());
        }
        let message = format!(
            "tenant {tenant} may have {cap} {kind} jobs that have not ended, those for later among them, and has them: \
             wait until some have ended, and send it again"
        );
        Err(ApiError::capped("backlog_full", name, message, limits::BACKLOG_RETRY_SECONDS))
    }

    /// Listens for caps of tenants until the gateway stops.
    pub async fn listen(self: Arc<Self>, stopping: CancellationToken) {
        let mut retry = RetryPolicy::new(Duration::from_millis(200), limits::CAPS_PAUSE).delays();
        loop {
            match self.bus.caps().await {
                Ok(mut caps) => {
                    while let Some(all) = caps.next().await {
                        retry.reset();
                        tracing::info!(tenants = all.len(), "tenants with caps of their own");
                        self.replace(all);
                    }
                }
                Err(error) => {
                    tracing::warn!(error.message = %error, "the caps of tenants can't be listened for: trying again");
                }
            }
            tokio::select! {
                () = stopping.cancelled() => return,
                _ = retry.wait() => {}
            }
        }
    }

    fn own(&self, tenant: &TenantId) -> Caps {
        self.own.read().unwrap_or_else(PoisonError::into_inner).get(tenant).copied().unwrap_or_default()
    }

    fn replace(&self, all: TenantCaps) {
        self.rates.set(&all);
        *self.own.write().unwrap_or_else(PoisonError::into_inner) = all;
        self.backlog.forget();
    }
}
