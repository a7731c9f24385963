//! Processes of this program that are killed on purpose and restarted at once, as a supervisor would.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::Result;
use nix::sys::signal::Signal;
use rand::{RngExt, rngs::StdRng};
use ruche_services::process::{Launch, Process};
use tokio::task::JoinSet;

/// The pause before one that ended by itself is restarted.
const REST: Duration = Duration::from_millis(500);

/// How long a process may take to end on request.
const END: Duration = Duration::from_secs(40);

struct Member {
    launch: Launch,
    process: Mutex<Process>,
    killed: Mutex<bool>,
}

impl Member {
    fn process(&self) -> Process {
        self.process.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn take_killed(&self) -> bool {
        std::mem::take(&mut *self.killed.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// False if it was down already.
    fn kill(&self) -> bool {
        let mut killed = self.killed.lock().unwrap_or_else(PoisonError::into_inner);
        let process = self.process();
        if *killed || process.status().is_some() {
            return false;
        }
        *killed = true;
        process.signal(Signal::SIGKILL);
        true
    }
}

/// The members of a fleet that may be killed.
pub struct Victims(Vec<Arc<Member>>);

impl Victims {
    /// Kills a random running one with SIGKILL. False if none ran.
    pub fn kill_one(&self, chance: &mut StdRng) -> bool {
        let first = chance.random_range(0..self.0.len());
        let (before, from) = self.0.split_at(first);
        from.iter().chain(before).any(|member| member.kill())
    }

    /// Stops a random one with SIGSTOP.
    pub fn stop_one(&self, chance: &mut StdRng) -> Stopped {
        let process = self.0[chance.random_range(0..self.0.len())].process();
        process.signal(Signal::SIGSTOP);
        Stopped(process)
    }
}

/// Stopped until [`Stopped::go_on`].
pub struct Stopped(Process);

impl Stopped {
    pub fn go_on(self) {
        self.0.signal(Signal::SIGCONT);
    }
}

pub struct Fleet {
    members: Vec<Arc<Member>>,
    keepers: JoinSet<()>,
    unasked: Arc<AtomicU64>,
}

impl Fleet {
    pub async fn start(launches: Vec<Launch>) -> Result<Self> {
        let mut fleet = Self { members: Vec::new(), keepers: JoinSet::new(), unasked: Arc::default() };
        for launch in launches {
            let process = Mutex::new(launch.spawn().await?);
            let member = Arc::new(Member { launch, process, killed: Mutex::default() });
            fleet.keepers.spawn(keep(Arc::clone(&member), Arc::clone(&fleet.unasked)));
            fleet.members.push(member);
        }
        Ok(fleet)
    }

    pub fn victims(&self) -> Victims {
        Victims(self.members.clone())
    }

    /// How many ended without being killed.
    pub fn unasked(&self) -> u64 {
        self.unasked.load(Ordering::Relaxed)
    }

    /// How often their logs have this text.
    pub fn logged(&self, what: &str) -> u64 {
        let logs = self.members.iter().map(|member| std::fs::read_to_string(&member.launch.log).unwrap_or_default());
        logs.map(|log| log.matches(what).count() as u64).sum()
    }

    pub async fn end(mut self) {
        self.keepers.shutdown().await;
        let ends = self.members.iter().map(|member| async { member.process().stop(END).await });
        futures::future::join_all(ends).await;
    }
}

/// Restarts it whenever it has ended.
async fn keep(member: Arc<Member>, unasked: Arc<AtomicU64>) {
    loop {
        member.process().exited().await;
        if !member.take_killed() {
            unasked.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(REST).await;
        }
        match member.launch.spawn().await {
            Ok(process) => *member.process.lock().unwrap_or_else(PoisonError::into_inner) = process,
            Err(error) => eprintln!("{} could not be started again: {error}", member.launch.name),
        }
    }
}
