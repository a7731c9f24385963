//! What a runtime is built from, and its options.

use std::{collections::BTreeMap, num::NonZeroUsize, sync::Arc, time::Duration};

use ruche_bus::{Bus, ReconcilerStatus};
use ruche_schemas::{Kind, clock::Clock, kinds::Descriptor};
use ruche_store::{ledger::Ledger, objects::Claims};
use tokio::runtime::Handle;

use super::{claims::AWAY, metrics::Metrics};
use crate::registry::AnyHandler;

#[derive(Clone)]
pub struct Parts {
    pub bus: Arc<dyn Bus>,
    pub ledger: Arc<dyn Ledger>,
    pub claims: Claims,
    pub handler: Arc<dyn AnyHandler>,
    pub metrics: Metrics,
    pub clock: Arc<dyn Clock>,
    /// The runtime that sends heartbeats: a separate one, so that busy handlers can't delay them.
    pub heartbeats: Handle,
    /// The schema version of each kind, for the jobs that flows start.
    pub versions: Arc<BTreeMap<Kind, u16>>,
}

#[must_use]
pub fn versions(kinds: &[Descriptor]) -> Arc<BTreeMap<Kind, u16>> {
    Arc::new(kinds.iter().map(|known| (known.kind.clone(), known.version)).collect())
}

#[derive(Clone)]
pub struct Options {
    /// Host and process; unique among workers.
    pub name: String,
    /// Concurrent jobs.
    pub slots: NonZeroUsize,
    /// Slots that only interactive jobs may take, so that long ones of other lanes never have all.
    pub reserved: usize,
    /// After this silence the bus redelivers a job. Heartbeats come three times as often.
    pub ack_wait: Duration,
    /// How long running jobs may take to end after a shutdown request.
    pub drain: Duration,
    /// The most running jobs of a tenant and this kind, on all workers together, for tenants without a cap of their
    /// own; 0: no cap.
    pub in_flight: u32,
    /// How long an attempt waits for an unavailable object store.
    pub store_timeout: Duration,
    /// The model whose jobs it takes, and no others; `None`: jobs that are for no pool.
    pub pool: Option<String>,
    pub host: String,
    /// From `worker.labels`.
    pub labels: BTreeMap<String, String>,
    /// The status of the background tasks that are listed with this worker.
    pub reconcilers: Arc<dyn Fn() -> Vec<ReconcilerStatus> + Send + Sync>,
    /// A first attempt that ends sooner, and reports nothing, appends no `started`; zero: each does.
    pub quiet: Duration,
}

/// See [`Options::quiet`]: less than a person notices, more than a quick job takes.
const QUIET: Duration = Duration::from_millis(10);

impl Default for Options {
    fn default() -> Self {
        let (slots, half_a_minute) = (NonZeroUsize::MIN, Duration::from_secs(30));
        Self {
            name: "worker".to_owned(),
            slots,
            reserved: 0,
            ack_wait: half_a_minute,
            drain: half_a_minute,
            in_flight: 0,
            store_timeout: AWAY,
            pool: None,
            host: String::new(),
            labels: BTreeMap::new(),
            reconcilers: Arc::new(Vec::new),
            quiet: QUIET,
        }
    }
}
