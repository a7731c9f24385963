//! Whether a job may run now: not while its tenant is paused or at its cap of running jobs.
//!
//! Such a job is deferred before anything is written about it, so it returns as the same attempt.

use std::time::Duration;

use ruche_bus::{ConcurrencySlot, Delivery};

use super::{caps, shared::Shared};

/// A job without a slot is deferred for a quarter of its age, within these bounds.
const DEFERRAL: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));

pub(super) enum Admission {
    /// With a slot if its tenant's jobs are counted.
    Admitted(Option<Box<dyn ConcurrencySlot>>),
    Deferred(Duration),
    /// The bus did not answer: redeliver the job after this time.
    Unknown(Duration),
}

pub(super) async fn admit(shared: &Shared, delivery: &Delivery) -> Admission {
    let tenant = &delivery.job.tenant;
    if let Some(wait) = shared.paused.borrow().deferral(tenant) {
        return Admission::Deferred(wait);
    }
    let cap = caps::in_flight(&shared.caps.borrow(), tenant).unwrap_or(shared.options.in_flight);
    if cap == 0 {
        return Admission::Admitted(None);
    }
    match shared.parts.bus.acquire_slot(&delivery.kind, tenant, cap, delivery.job.id).await {
        Ok(Some(slot)) => Admission::Admitted(Some(slot)),
        Ok(None) => {
            let age = (shared.parts.clock.now() - delivery.published_at).to_std().unwrap_or_default();
            let wait = (age / 4).clamp(DEFERRAL.0, DEFERRAL.1);
            Admission::Deferred(wait.mul_f64(0.5 + rand::random::<f64>()))
        }
        Err(error) => {
            tracing::warn!(%error, "it is not known how many of the tenant's jobs run: the job comes again");
            Admission::Unknown(DEFERRAL.0)
        }
    }
}
