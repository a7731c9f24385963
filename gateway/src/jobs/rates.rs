//! The rate limit of a tenant's submissions (GCRA, crate `governor`): `limits.per_second`, per gateway.
//!
//! A bucket per tenant, as deep as a second is long. Idle tenants are forgotten; those with a cap of their own keep a
//! bucket for as long as they have it.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    state::keyed::HashMapStateStore,
};
use ruche_bus::TenantCaps;
use ruche_schemas::TenantId;

use crate::http::{error::ApiError, limits};

#[derive(Debug, Default)]
pub struct Rates {
    limiter: Option<Limiter>,
    per_second: u32,
    own: RwLock<HashMap<TenantId, Own>>,
}

type Limiter = RateLimiter<TenantId, HashMapStateStore<TenantId>, DefaultClock>;

/// A tenant's own cap; without a limiter: none.
#[derive(Debug, Clone)]
struct Own {
    limiter: Option<Arc<DefaultDirectRateLimiter>>,
    per_second: u32,
}

impl Rates {
    /// 0 is no cap.
    #[must_use]
    pub fn new(per_second: u32) -> Self {
        let limiter = NonZeroU32::new(per_second).map(|rate| RateLimiter::hashmap(Quota::per_second(rate)));
        Self { limiter, per_second, own: RwLock::default() }
    }

    /// Replaces the tenants' own caps; all others have the settings'.
    pub fn set(&self, caps: &TenantCaps) {
        let mut own = self.own.write().unwrap_or_else(PoisonError::into_inner);
        let mut before = std::mem::take(&mut *own);
        for (tenant, caps) in caps {
            let Some(per_second) = caps.per_second else { continue };
            let fresh = || Own {
                limiter: NonZeroU32::new(per_second).map(|rate| Arc::new(RateLimiter::direct(Quota::per_second(rate)))),
                per_second,
            };
            // An unchanged cap keeps its bucket.
            let same = before.remove(tenant).filter(|own| own.per_second == per_second);
            own.insert(tenant.clone(), same.unwrap_or_else(fresh));
        }
    }

    /// Counts a job.
    ///
    /// # Errors
    /// The time until the next one, and the cap.
    pub fn count(&self, tenant: &TenantId) -> Result<(), (Duration, u32)> {
        if let Some(own) = self.own.read().unwrap_or_else(PoisonError::into_inner).get(tenant) {
            let Some(limiter) = &own.limiter else { return Ok(()) };
            return limiter.check().map_err(|early| (early.wait_time_from(limiter.clock().now()), own.per_second));
        }
        let Some(limiter) = &self.limiter else { return Ok(()) };
        if limiter.len() > limits::COUNTED_TENANTS {
            limiter.retain_recent();
        }
        limiter.check_key(tenant).map_err(|early| (early.wait_time_from(limiter.clock().now()), self.per_second))
    }

    /// Counts a job, or refuses it.
    ///
    /// # Errors
    /// 429 that names the cap.
    pub fn admit(&self, tenant: &TenantId) -> Result<(), ApiError> {
        self.count(tenant).map_err(|(wait, cap)| {
            let message = format!("tenant {tenant} submits more than {cap} jobs per second: wait and send it again");
            let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
            ApiError::capped("rate_limited", "limits.per_second", message, seconds)
        })
    }

    /// Waits, then counts a job.
    pub async fn wait(&self, tenant: &TenantId) {
        while let Err((wait, _)) = self.count(tenant) {
            tokio::time::sleep(wait).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use ruche_bus::Caps;

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

    #[test]
    fn a_tenants_own_cap_counts_instead_for_as_long_as_it_has_it() {
        let rates = Rates::new(1);
        let (acme, other) = ("acme".parse::<TenantId>().expect("a name"), "other".parse().expect("a name"));
        let own = |per_second| {
            let caps = Caps { per_second: Some(per_second), ..Caps::default() };
            rates.set(&TenantCaps::from([(acme.clone(), caps)]));
        };
        own(0);
        assert!((0..1000).all(|_| rates.admit(&acme).is_ok()), "no cap");
        assert!(rates.admit(&other).is_ok() && rates.admit(&other).is_err(), "another's is that of the settings");
        own(3);
        assert!((0..3).all(|_| rates.admit(&acme).is_ok()));
        let refused = rates.admit(&acme).expect_err("a fourth at once").to_string();
        assert!(refused.contains("more than 3 jobs per second"), "{refused}");
        own(3);
        assert!(rates.admit(&acme).is_err(), "the same cap again is no new bucket");
        rates.set(&TenantCaps::new());
        assert!(rates.admit(&acme).is_ok() && rates.admit(&acme).is_err());
    }
}
