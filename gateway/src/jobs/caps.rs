//! What each tenant may take: what the settings say, and over it what operators gave single tenants.
//!
//! Every gateway hears of a change at once. Two bounds are kept here: jobs per second (`rates`), and the backlog as far
//! as the bus does not bound it by itself. The bus counts what waits and runs per tenant, kind and lane; it does not
//! count jobs for later, which wait elsewhere, and knows one bound for all tenants.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, Instant},
};

use futures::StreamExt;
use ruche_bus::{Caps, TenantCaps};
use ruche_schemas::{Kind, TenantId, config};

use crate::{
    app::parts::App,
    http::{error::ApiError, limits},
};

/// The caps of all tenants.
#[derive(Debug)]
pub struct Limits {
    /// For tenants without their own.
    pub settings: Settings,
    own: RwLock<TenantCaps>,
    rooms: Mutex<HashMap<(TenantId, Kind), Room>>,
}

/// What the settings say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// `limits.in_flight`.
    pub in_flight: u32,
    /// `limits.per_second`.
    pub per_second: u32,
    /// `nats.tenant_backlog`.
    pub backlog: u64,
}

impl Settings {
    /// From the configuration.
    #[must_use]
    pub fn new(limits: &config::Limits, nats: &config::Nats) -> Self {
        let backlog = u64::try_from(nats.tenant_backlog).unwrap_or(u64::MAX);
        Self { in_flight: limits.in_flight, per_second: limits.per_second, backlog }
    }
}

/// How many more jobs may be admitted before they are counted again: counting costs the bus something.
#[derive(Debug)]
struct Room {
    until: Instant,
    left: u64,
}

impl Limits {
    /// The same for all tenants, so far.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, own: RwLock::default(), rooms: Mutex::default() }
    }

    /// What a tenant has of its own.
    #[must_use]
    pub fn own(&self, tenant: &TenantId) -> Caps {
        self.own.read().unwrap_or_else(PoisonError::into_inner).get(tenant).copied().unwrap_or_default()
    }

    fn replace(&self, own: TenantCaps) {
        *self.own.write().unwrap_or_else(PoisonError::into_inner) = own;
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Whether one more is known to be admitted or refused; `None`: they have to be counted.
    fn remembered(&self, of: &(TenantId, Kind), now: Instant) -> Option<bool> {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let room = rooms.get_mut(of).filter(|room| now < room.until)?;
        if room.left == 0 {
            return Some(false);
        }
        room.left -= 1;
        if room.left == 0 {
            rooms.remove(of);
        }
        Some(true)
    }

    /// Whether one more is admitted where there are so many.
    fn counted(&self, of: (TenantId, Kind), count: u64, cap: u64, now: Instant) -> bool {
        let free = cap.saturating_sub(count);
        // Half of what is free, for others admit too.
        let (left, time) = match free {
            0 => (0, limits::FULL_TIME),
            free => ((free - 1) / 2, limits::ROOM_TIME),
        };
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        if rooms.len() >= limits::COUNTED_TENANTS {
            rooms.retain(|_, room| now < room.until);
        }
        match free > 0 && left == 0 {
            true => drop(rooms.remove(&of)),
            false => drop(rooms.insert(of, Room { until: now + time, left })),
        }
        free > 0
    }
}

impl App {
    /// Refuses a job that would be more than its tenant's backlog of the kind may hold, where the bus does not do so by
    /// itself. Jobs that are on their way at the same moment may come on top.
    ///
    /// # Errors
    /// 429 that names the cap.
    pub(crate) async fn admit_backlog(&self, kind: &Kind, tenant: &TenantId, later: bool) -> Result<(), ApiError> {
        let own = self.limits.own(tenant).backlog;
        if own.is_none() && !later {
            return Ok(());
        }
        let (cap, name) = match own {
            Some(cap) => (cap, "limits.backlog"),
            None => (self.limits.settings.backlog, "nats.tenant_backlog"),
        };
        let of = (tenant.clone(), kind.clone());
        let admitted = match self.limits.remembered(&of, Instant::now()) {
            Some(admitted) => admitted,
            None => {
                let count = self.bus.backlog(kind, tenant).await?;
                self.limits.counted(of, count, cap, Instant::now())
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
}

/// Hears of caps until the gateway stops.
pub async fn listen(app: Arc<App>) {
    let mut delay = Duration::from_millis(100);
    loop {
        match app.bus.caps().await {
            Ok(mut caps) => {
                while let Some(all) = caps.next().await {
                    delay = Duration::from_millis(100);
                    tracing::info!(tenants = all.len(), "tenants with caps of their own");
                    app.rates.set(&all);
                    app.limits.replace(all);
                }
            }
            Err(error) => tracing::warn!(error.message = %error, "the caps of tenants can't be heard: trying again"),
        }
        tokio::select! {
            () = app.lifecycle.draining.cancelled() => return,
            () = tokio::time::sleep(delay) => delay = (delay * 2).min(limits::CAPS_PAUSE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_counted_again_before_it_is_used_up_and_a_refusal_soon() {
        let limits = Limits::new(Settings { in_flight: 0, per_second: 0, backlog: 100 });
        let of = ("acme".parse::<TenantId>().expect("a name"), Kind::new("chat"));
        let now = Instant::now();
        let (mut there, mut counts) = (0, 0);
        while there < 100 {
            if limits.remembered(&of, now).is_none() {
                counts += 1;
                assert!(limits.counted(of.clone(), there, 100, now));
            }
            there += 1;
        }
        assert!(counts <= 8, "{counts} counts for 100 jobs");
        assert_eq!(limits.remembered(&of, now), None);
        assert!(!limits.counted(of.clone(), there, 100, now));
        assert_eq!(limits.remembered(&of, now), Some(false), "not counted for every refusal");
        assert_eq!(limits.remembered(&of, now + limits::FULL_TIME), None);
        assert!(limits.counted(of, 99, 100, now), "one more fits");
    }
}
