//! What a runtime is made of, and how it behaves.

use std::{collections::BTreeMap, num::NonZeroUsize, sync::Arc, time::Duration};

use ruche_bus::{Bus, ReconcilerStatus};
use ruche_schemas::{Kind, clock::Clock, kinds::Descriptor};
use ruche_store::{ledger::Ledger, objects::Claims};
use tokio::runtime::Handle;

use super::{claims::AWAY, metrics::Metrics};
use crate::registry::AnyHandler;

/// What a runtime is made of.
#[derive(Clone)]
pub struct Parts {
    /// Where jobs come from and events go.
    pub bus: Arc<dyn Bus>,
    /// Where outcomes are kept.
    pub ledger: Arc<dyn Ledger>,
    pub claims: Claims,
    pub handler: Arc<dyn AnyHandler>,
    pub metrics: Metrics,
    pub clock: Arc<dyn Clock>,
    /// The runtime that sends heartbeats: one of its own, so that busy handlers can't delay them.
    pub heartbeats: Handle,
    /// The version of each kind's schema, for the jobs that flows start.
    pub versions: Arc<BTreeMap<Kind, u16>>,
}

/// These kinds, each with the version of its schema.
#[must_use]
pub fn versions(kinds: &[Descriptor]) -> Arc<BTreeMap<Kind, u16>> {
    Arc::new(kinds.iter().map(|known| (known.kind.clone(), known.version)).collect())
}

/// How a runtime behaves.
#[derive(Clone)]
pub struct Options {
    /// Its name, unique among workers: host and process.
    pub name: String,
    /// Jobs at once.
    pub slots: NonZeroUsize,
    /// How many of these only interactive jobs may take, so that long ones of other lanes never have all.
    pub reserved: usize,
    /// After how much silence the bus hands a job to another worker. Heartbeats come three times as often.
    pub ack_wait: Duration,
    /// How long running jobs may take to end once it is told to stop.
    pub drain: Duration,
    /// How many of a tenant's jobs of this kind may run at once, on all workers together; 0: as many as there are.
    /// For tenants without a cap of their own.
    pub in_flight: u32,
    /// How long an attempt waits for an object store that is away.
    pub store_patience: Duration,
    /// The machine's name.
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
            store_patience: AWAY,
            host: String::new(),
            labels: BTreeMap::new(),
            reconcilers: Arc::new(Vec::new),
            quiet: QUIET,
        }
    }
}
