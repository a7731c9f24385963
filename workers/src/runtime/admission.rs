//! Whether a job that was handed out may run now: its tenant may be held up, or have as many running as it may.
//!
//! A job that may not is put aside before anything is written about it, so that it comes back as the same attempt.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use ruche_bus::{ConcurrencySlot, Delivery};

use super::{Shared, caps, settle::settled};

/// A job without a seat is put aside for a quarter of its age, within these bounds.
const SEATLESS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));

/// What becomes of a job.
pub(super) enum Gate {
    /// It runs, in this seat if its tenant's jobs are counted.
    Open(Delivery, Option<Box<dyn ConcurrencySlot>>),
    /// It was put aside.
    Shut(&'static str),
}

/// Lets a job through, or puts it aside.
pub(super) async fn pass(shared: &Shared, delivery: Delivery) -> Gate {
    let aside = shared.held.borrow().aside(&delivery.job.tenant);
    if let Some(aside) = aside {
        return put_aside(delivery, aside).await;
    }
    let cap = caps::in_flight(shared, &delivery.job.tenant);
    if cap == 0 {
        return Gate::Open(delivery, None);
    }
    match shared.parts.bus.acquire_slot(&delivery.kind, &delivery.job.tenant, cap, delivery.job.id).await {
        Ok(Some(seat)) => Gate::Open(delivery, Some(seat)),
        Ok(None) => {
            let age = (Utc::now() - delivery.published_at).to_std().unwrap_or_default();
            let wait = (age / 4).clamp(SEATLESS.0, SEATLESS.1).mul_f64(0.5 + rand::random::<f64>());
            put_aside(delivery, wait).await
        }
        Err(error) => {
            tracing::warn!(%error, "it is not known how many of the tenant's jobs run: the job comes again");
            Gate::Shut(settled(delivery.retry(SEATLESS.0).await, "put_aside"))
        }
    }
}

async fn put_aside(delivery: Delivery, wait: Duration) -> Gate {
    let until = Utc::now() + TimeDelta::from_std(wait).unwrap_or_default();
    Gate::Shut(settled(delivery.defer(until, false).await, "put_aside"))
}
