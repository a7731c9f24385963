//! How many jobs a tenant submits per second (GCRA, crate `governor`): `limits.per_second`, per gateway.
//!
//! A bucket per tenant, as deep as a second is long. Tenants at rest are forgotten, so many of them cost nothing.

use std::{num::NonZeroU32, time::Duration};

use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    state::keyed::HashMapStateStore,
};
use ruche_schemas::TenantId;

use crate::{error::ApiError, limits};

/// What tenants have submitted lately.
#[derive(Debug, Default)]
pub struct Rates {
    limiter: Option<Limiter>,
    per_second: u32,
}

type Limiter = RateLimiter<TenantId, HashMapStateStore<TenantId>, DefaultClock>;

impl Rates {
    /// At most so many per second and tenant; 0 is no cap.
    #[must_use]
    pub fn new(per_second: u32) -> Self {
        let limiter = NonZeroU32::new(per_second).map(|rate| RateLimiter::hashmap(Quota::per_second(rate)));
        Self { limiter, per_second }
    }

    /// Counts one more job, or tells how long to wait for its turn.
    ///
    /// # Errors
    /// The time until the next one.
    pub fn count(&self, tenant: &TenantId) -> Result<(), Duration> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        if limiter.len() > limits::COUNTED_TENANTS {
            limiter.retain_recent();
        }
        limiter.check_key(tenant).map_err(|early| early.wait_time_from(limiter.clock().now()))
    }

    /// Counts one more job, or refuses it.
    ///
    /// # Errors
    /// 429 that names the cap.
    pub fn admit(&self, tenant: &TenantId) -> Result<(), ApiError> {
        self.count(tenant).map_err(|wait| {
            let message = format!(
                "tenant {tenant} submits more than {} jobs per second: wait and send it again",
                self.per_second
            );
            let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
            ApiError::capped("rate_limited", "limits.per_second", message, seconds)
        })
    }

    /// Counts one more job, once its turn has come.
    pub async fn wait(&self, tenant: &TenantId) {
        while let Err(wait) = self.count(tenant) {
            tokio::time::sleep(wait).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_tenant_at_its_cap_does_not_stop_another() {
        let rates = Rates::new(1);
        let (acme, other) = ("acme".parse().expect("a name"), "other".parse().expect("a name"));
        assert!(rates.admit(&acme).is_ok());
        let refused = rates.admit(&acme).expect_err("a second one at once");
        assert_eq!((refused.status().as_u16(), refused.code_name()), (429, Some("rate_limited")));
        assert!(rates.admit(&other).is_ok());
        assert!((0..1000).all(|_| Rates::new(0).admit(&acme).is_ok()));
    }
}
