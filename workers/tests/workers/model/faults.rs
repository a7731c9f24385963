//! A bus, a ledger and an object store in memory that fail as a seed says: the faults. [`super::bus`], [`super::ledger`]
//! and [`super::store`] put them into calls.
//!
//! Whether a call fails depends on the seed, the call, the job and the number of such calls, not on the order of
//! other calls: a seed injects the same faults, whichever worker comes first. After a few calls of each sort nothing
//! fails any more, so every run ends.

use std::{
    collections::{BTreeMap, HashMap, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
    sync::{Arc, Mutex, atomic::AtomicBool},
};

use ruche_bus::{DeadLetter, memory::Memory};
use ruche_schemas::JobId;
use ruche_store::memory::Memory as MemoryLedger;
use tokio_util::sync::CancellationToken;

/// How often one call about one job may fail.
const FAULTY: u32 = 4;

/// The state that outlives every worker.
pub struct World {
    pub seed: u64,
    pub bus: Memory,
    pub ledger: MemoryLedger,
    pub objects: ruche_store::objects::memory::Memory,
    pub letters: Mutex<BTreeMap<JobId, DeadLetter>>,
    calls: Mutex<HashMap<(&'static str, JobId), u32>>,
    pub injected: Mutex<u64>,
    /// How often one call about one job may fail.
    faulty: u32,
    /// Whether no log can be read, as in a cluster whose stream of events has no leader.
    pub unreadable: AtomicBool,
}

impl World {
    pub fn new(seed: u64, bus: Memory) -> Arc<Self> {
        Self::with(seed, bus, FAULTY)
    }

    /// A world without seeded faults.
    pub fn calm(bus: Memory) -> Arc<Self> {
        Self::with(0, bus, 0)
    }

    fn with(seed: u64, bus: Memory, faulty: u32) -> Arc<Self> {
        let (objects, letters, calls, injected, unreadable) = Default::default();
        let ledger = MemoryLedger::new();
        Arc::new(Self { seed, bus, ledger, objects, letters, calls, injected, faulty, unreadable })
    }

    /// A pseudorandom number: the same for the same seed and value.
    pub fn number(&self, of: impl Hash) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.seed, of).hash(&mut hasher);
        hasher.finish()
    }
}

pub(super) enum Fault {
    None,
    /// The call has no effect and fails.
    Before,
    /// The call has its effect and fails.
    After,
    /// The worker crashes before the call's effect.
    CrashBefore,
    /// The worker crashes after the call's effect.
    CrashAfter,
}

/// One worker process: after its death, its tasks' calls neither return nor have an effect.
#[derive(Clone)]
pub struct Life {
    pub world: Arc<World>,
    pub dead: CancellationToken,
}

impl Life {
    pub fn begin(world: &Arc<World>) -> Self {
        Self { world: Arc::clone(world), dead: CancellationToken::new() }
    }

    pub(super) fn fault(&self, call: &'static str, job: JobId) -> Fault {
        let nth = {
            let mut calls = self.world.calls.lock().unwrap();
            let nth = calls.entry((call, job)).or_default();
            *nth += 1;
            *nth
        };
        let fault = match self.world.number((call, job, nth)) % 100 {
            _ if nth > self.world.faulty => Fault::None,
            0..4 => Fault::Before,
            4..9 => Fault::After,
            9..11 => Fault::CrashBefore,
            11..14 => Fault::CrashAfter,
            _ => Fault::None,
        };
        *self.world.injected.lock().unwrap() += u64::from(!matches!(fault, Fault::None));
        fault
    }

    pub(super) async fn alive(&self) {
        if self.dead.is_cancelled() {
            std::future::pending::<()>().await;
        }
    }

    /// Makes the call, or injects the seed's fault.
    pub(crate) async fn call<T, E>(
        &self,
        call: &'static str,
        job: JobId,
        error: impl FnOnce() -> E,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        self.alive().await;
        // Lets other tasks run in between.
        tokio::task::yield_now().await;
        self.alive().await;
        match self.fault(call, job) {
            Fault::None => {
                let result = work.await;
                self.alive().await;
                result
            }
            Fault::Before => Err(error()),
            Fault::After => {
                let _ = work.await;
                Err(error())
            }
            Fault::CrashBefore => {
                self.dead.cancel();
                std::future::pending().await
            }
            Fault::CrashAfter => {
                let _ = work.await;
                self.dead.cancel();
                std::future::pending().await
            }
        }
    }
}
