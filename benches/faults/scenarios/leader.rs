//! Finds the server of a cluster that leads a stream.

use std::time::Duration;

use anyhow::{Context, Result};
use async_nats::jetstream;
use ruche_schemas::{Job, topology::names::Names};

use crate::faults::{servers::Nats, system::System, task::Task};

/// How long a stream may be without a leader.
const ELECTION: Duration = Duration::from_secs(60);

/// A connection for requests about leaders.
pub(super) struct Leaders {
    jetstream: jetstream::Context,
    streams: [String; 2],
}

impl Leaders {
    pub(super) async fn connect(system: &System) -> Result<Self> {
        let urls: Vec<_> = system.nats.iter().map(Nats::url).collect();
        let jetstream = jetstream::new(async_nats::connect(urls).await?);
        let names = Names::new(&system.config.nats.prefix);
        Ok(Self { jetstream, streams: [names.jobs(&Task::KIND), names.stream("EVENTS")] })
    }

    /// The leader of the jobs' stream if `turn` is even, of the events' if it is odd. Waits for one.
    pub(super) async fn of<'a>(&self, turn: u64, system: &'a System) -> Result<&'a Nats> {
        let stream = &self.streams[usize::from(turn % 2 == 1)];
        let asking = async {
            loop {
                if let Some(leader) = self.ask(stream).await {
                    return leader;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        let leader = tokio::time::timeout(ELECTION, asking).await;
        let leader = leader.with_context(|| format!("{stream} had no leader for {} s", ELECTION.as_secs()))?;
        let found = system.nats.iter().find(|server| server.name() == leader);
        found.with_context(|| format!("{leader} leads {stream}, and is no server of ours"))
    }

    async fn ask(&self, stream: &str) -> Option<String> {
        let stream = self.jetstream.get_stream(stream).await.ok()?;
        stream.cached_info().cluster.as_ref()?.leader.clone()
    }
}
