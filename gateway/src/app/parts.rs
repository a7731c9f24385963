//! What every request needs: the bus, the store, the kinds, and whether the gateway is about to stop.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::AtomicU32},
    time::{Duration, Instant},
};

use ruche_bus::{Bus, objects::Claims};
use ruche_schemas::{Kind, config, kinds::Descriptor};
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    bots,
    http::{
        auth::{Caller, Keys},
        error::ApiError,
        limits,
        metrics::Metrics,
    },
    jobs::{caps, models::Models, rates::Rates},
    ops::throughput::Throughput,
    ports::Store,
    search::collection_cache::Scopes,
};

/// The gateway's state, shared by all requests.
pub struct App {
    /// Where jobs go and events come from.
    pub bus: Arc<dyn Bus>,
    /// What is too large for a message or a row.
    pub claims: Claims,
    /// Room for requests that are larger than `gateway.body_bytes`.
    pub large: Arc<Semaphore>,
    /// What is kept.
    pub store: Arc<dyn Store>,
    /// The settings.
    pub settings: config::Gateway,
    /// The kinds of job that may be submitted.
    pub kinds: BTreeMap<Kind, Descriptor>,
    /// Which models the workers have.
    pub models: Models,
    /// What `/metrics` tells.
    pub metrics: Metrics,
    /// A permit per WebSocket.
    pub sockets: Arc<Semaphore>,
    /// The WebSockets' tasks, which an HTTP server does not wait for.
    pub socket_tasks: TaskTracker,
    /// The most numbers of a vector that did not fit an event with others, so far; 0: none.
    pub widest_vector: AtomicU32,
    /// The way down.
    pub lifecycle: Lifecycle,
    /// How long a client may take nothing before it is disconnected.
    pub stall: Duration,
    /// What tenants may take.
    pub limits: caps::Limits,
    /// How fast they submit.
    pub rates: Rates,
    /// How collections are searched.
    pub scopes: Scopes,
    /// How often bots are asked.
    pub bot_rates: bots::Rates,
    /// How fast the queues go.
    pub throughput: Throughput,
    keys: Keys,
}

/// The two steps down: first nothing new begins, then what still runs is ended.
#[derive(Debug, Clone, Default)]
pub struct Lifecycle {
    /// No new connections; what runs may end.
    pub draining: CancellationToken,
    /// The time to drain is over.
    pub expired: CancellationToken,
}

impl App {
    /// A gateway on this bus and this store.
    #[must_use]
    pub fn new(settings: config::Gateway, bus: Arc<dyn Bus>, store: Arc<dyn Store>, kinds: Vec<Descriptor>) -> Self {
        Self {
            bus,
            claims: Claims::none(),
            large: Arc::new(Semaphore::new(limits::LARGE_BODIES)),
            store,
            kinds: kinds.into_iter().map(|descriptor| (descriptor.kind.clone(), descriptor)).collect(),
            models: Models::default(),
            metrics: Metrics::default(),
            sockets: Arc::new(Semaphore::new(settings.sockets)),
            socket_tasks: TaskTracker::new(),
            widest_vector: AtomicU32::new(0),
            lifecycle: Lifecycle::default(),
            stall: limits::STALL,
            keys: Keys::new(Duration::from_secs(settings.key_cache_seconds)),
            limits: caps::Limits::new(caps::Settings { in_flight: 0, per_second: 0, backlog: u64::MAX }),
            rates: Rates::new(0),
            scopes: Scopes::default(),
            bot_rates: bots::Rates::default(),
            throughput: Throughput::default(),
            settings,
        }
    }

    /// The same gateway, with these caps per tenant.
    #[must_use]
    pub fn with_limits(mut self, settings: caps::Settings) -> Self {
        self.rates = Rates::new(settings.per_second);
        self.limits = caps::Limits::new(settings);
        self
    }

    /// The same gateway, with an object store.
    #[must_use]
    pub fn with_claims(mut self, claims: Claims) -> Self {
        self.claims = claims;
        self
    }

    /// The caller with this key.
    ///
    /// # Errors
    /// As [`Keys::check`].
    pub async fn authenticate(&self, key: &str) -> Result<Caller, ApiError> {
        let caller = self.keys.check(&*self.store, key, Instant::now()).await?;
        tracing::Span::current().record("ruche.tenant", caller.tenant.as_str());
        Ok(caller)
    }

    /// How long a request that waits for its answer waits.
    #[must_use]
    pub fn wait(&self) -> Duration {
        Duration::from_secs(self.settings.wait_seconds)
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("settings", &self.settings).finish_non_exhaustive()
    }
}
