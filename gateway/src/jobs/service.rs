//! The services of jobs, made from the bus and the store.

use std::sync::Arc;

use ruche_bus::Bus;
use ruche_store::{Store, objects::Claims};

use super::{
    admission::{Admission, Settings},
    aliases::Aliases,
    batch::Batches,
    cancel::Canceller,
    event_log::EventLog,
    follow::Follower,
    kinds::Kinds,
    lookup::Lookup,
    models::Models,
    payloads::Payloads,
    publisher::Publisher,
    relay::Relays,
    unended::Unended,
    wait::Waiter,
};
use crate::http::{lifecycle::Lifecycle, metrics::Metrics};

pub struct Jobs {
    pub kinds: Arc<Kinds>,
    pub admission: Arc<Admission>,
    pub publisher: Arc<Publisher>,
    pub waiter: Waiter,
    pub relays: Relays,
    pub payloads: Payloads,
    pub models: Arc<Models>,
    pub log: EventLog,
    pub lookup: Lookup,
    pub unended: Unended,
    pub follower: Follower,
    pub canceller: Canceller,
    pub batches: Batches,
}

pub struct Parts {
    pub bus: Arc<dyn Bus>,
    pub store: Arc<dyn Store>,
    pub kinds: Kinds,
    pub aliases: Aliases,
    pub claims: Claims,
    pub tenants: Settings,
    /// `gateway.wait_seconds`.
    pub wait_seconds: u64,
    pub lifecycle: Lifecycle,
    pub metrics: Arc<Metrics>,
}

impl Jobs {
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let Parts { bus, store, kinds, aliases, claims, tenants, wait_seconds, lifecycle, metrics } = parts;
        let (kinds, admission) =
            (Arc::new(kinds.with_aliases(aliases.clone())), Arc::new(Admission::new(bus.clone(), tenants)));
        let (log, relays) = (EventLog::new(bus.clone()), Relays::new(bus.clone(), lifecycle));
        let (payloads, models) = (Payloads::new(claims), Arc::new(Models::new(bus.clone(), aliases)));
        let publisher = Arc::new(Publisher {
            bus: bus.clone(),
            store: store.clone(),
            kinds: kinds.clone(),
            admission: admission.clone(),
            models: models.clone(),
            payloads: payloads.clone(),
            log: log.clone(),
            relays: relays.clone(),
        });
        let waiter = Waiter {
            publisher: publisher.clone(),
            store: store.clone(),
            relays: relays.clone(),
            payloads: payloads.clone(),
            seconds: wait_seconds,
        };
        let lookup = Lookup { bus: bus.clone(), store: store.clone(), log: log.clone() };
        let batches =
            Batches { store: store.clone(), kinds: kinds.clone(), publisher: publisher.clone(), log: log.clone() };
        let canceller = Canceller {
            bus: bus.clone(),
            store: store.clone(),
            kinds: kinds.clone(),
            log: log.clone(),
            batches: batches.clone(),
            lookup: lookup.clone(),
            has_objects: payloads.can_store(),
        };
        let follower = Follower { bus: bus.clone(), store, relays: relays.clone(), metrics };
        let unended = Unended(bus);
        Self {
            kinds,
            admission,
            publisher,
            waiter,
            relays,
            payloads,
            models,
            log,
            lookup,
            unended,
            follower,
            canceller,
            batches,
        }
    }
}
