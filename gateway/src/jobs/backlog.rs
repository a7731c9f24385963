//! Headroom in a tenant's backlog of a kind, where the bus does not bound it.
//!
//! The bus counts waiting and running jobs per tenant, kind and lane. It does not count scheduled jobs, and has one
//! bound for all tenants.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use ruche_schemas::{Kind, TenantId};

use crate::http::limits;

/// Cached counts: each count costs the bus something.
#[derive(Debug, Default)]
pub struct Backlog(Mutex<HashMap<(TenantId, Kind), Headroom>>);

/// How many more jobs may be admitted before the next count.
#[derive(Debug)]
struct Headroom {
    until: Instant,
    left: u64,
}

impl Backlog {
    pub(super) fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Whether one more is admitted by the cache; `None`: count them.
    pub(super) fn remembered(&self, of: &(TenantId, Kind), now: Instant) -> Option<bool> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let headroom = all.get_mut(of).filter(|headroom| now < headroom.until)?;
        if headroom.left == 0 {
            return Some(false);
        }
        headroom.left -= 1;
        if headroom.left == 0 {
            all.remove(of);
        }
        Some(true)
    }

    /// Caches a count; whether one more is admitted.
    pub(super) fn counted(&self, of: (TenantId, Kind), count: u64, cap: u64, now: Instant) -> bool {
        let free = cap.saturating_sub(count);
        // Half of what is free: other gateways admit too.
        let (left, time) = match free {
            0 => (0, limits::FULL_TIME),
            free => ((free - 1) / 2, limits::HEADROOM_TIME),
        };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= limits::COUNTED_TENANTS {
            all.retain(|_, headroom| now < headroom.until);
        }
        match free > 0 && left == 0 {
            true => drop(all.remove(&of)),
            false => drop(all.insert(of, Headroom { until: now + time, left })),
        }
        free > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headroom_is_counted_again_before_it_is_used_up_and_a_refusal_soon() {
        let backlog = Backlog::default();
        let of = ("acme".parse::<TenantId>().expect("a name"), Kind::new("chat"));
        let now = Instant::now();
        let (mut there, mut counts) = (0, 0);
        while there < 100 {
            if backlog.remembered(&of, now).is_none() {
                counts += 1;
                assert!(backlog.counted(of.clone(), there, 100, now));
            }
            there += 1;
        }
        assert!(counts <= 8, "{counts} counts for 100 jobs");
        assert_eq!(backlog.remembered(&of, now), None);
        assert!(!backlog.counted(of.clone(), there, 100, now));
        assert_eq!(backlog.remembered(&of, now), Some(false), "not counted for every refusal");
        assert_eq!(backlog.remembered(&of, now + limits::FULL_TIME), None);
        assert!(backlog.counted(of, 99, 100, now), "one more fits");
    }
}
