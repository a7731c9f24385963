//! A cluster of three nats-servers: any of them may be killed, and what most of them have stays.

use super::{
    folder,
    nats_server::TestNats,
    slot::{Slot, TRIES},
};
use crate::{ServiceError, nats};

/// As many as it takes that one may be missing.
const SERVERS: usize = 3;

/// Streams that must survive a server need three replicas.
#[derive(Debug)]
pub struct TestCluster {
    servers: Vec<TestNats>,
}

/// Starts three nats-servers with JetStream, and waits until they have a leader.
pub async fn nats_cluster() -> TestCluster {
    for _ in 1..TRIES {
        if let Ok(cluster) = TestCluster::try_start().await {
            return cluster;
        }
    }
    TestCluster::try_start().await.unwrap_or_else(|error| panic!("no NATS cluster for this test: {error}"))
}

impl TestCluster {
    async fn try_start() -> Result<Self, ServiceError> {
        let options = nats::cluster(&folder::make("cluster"), SERVERS);
        let servers = options.into_iter().map(|options| TestNats { options, process: Slot::default() }).collect();
        let cluster = Self { servers };
        let mut running = Vec::new();
        // All of them first: one alone has no leader to be ready with.
        for server in &cluster.servers {
            running.push((server, server.launch().await?));
        }
        for (server, process) in running {
            server.options.ready(&process).await?;
        }
        Ok(cluster)
    }

    /// All servers.
    #[must_use]
    pub fn url(&self) -> String {
        self.servers.iter().map(TestNats::url).collect::<Vec<_>>().join(",")
    }

    #[must_use]
    pub fn servers(&self) -> &[TestNats] {
        &self.servers
    }

    /// The server of this name, as a stream names its leader.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn server(&self, name: &str) -> &TestNats {
        let found = self.servers.iter().find(|server| server.name() == name);
        found.unwrap_or_else(|| panic!("there is no server {name:?} in the cluster of this test"))
    }
}
