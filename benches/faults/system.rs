//! The system of one scenario: servers, settings, and processes of this program as workers and gateways.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result};
use ruche_bus::{Bus, nats::Nats as NatsBus};
use ruche_schemas::{Job, TenantId, config::Config};
use ruche_services::process::Launch;

use crate::faults::{
    fleet::Fleet,
    servers::{self, Nats, Postgres},
    store::Store,
    task::Task,
};

/// The prefix of all subjects, and the schema of all tables.
const NAME: &str = "faults";

/// Short, so that many kills take minutes.
pub const ACK_WAIT: Duration = Duration::from_secs(2);

pub struct System {
    /// All its data.
    pub folder: PathBuf,
    /// One, or a cluster.
    pub nats: Vec<Nats>,
    pub postgres: Postgres,
    /// For large outputs.
    pub objects: Store,
    pub config: Config,
    pub tenant: TenantId,
    variables: HashMap<String, String>,
}

impl System {
    /// Starts this many NATS servers and a Postgres, with data in this folder, and creates streams and tables.
    pub async fn start(folder: &Path, servers: usize) -> Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("can't make {}", folder.display()))?;
        let objects = Store::make(folder)?;
        let (nats, postgres) = tokio::try_join!(servers::nats(folder, servers), servers::postgres(folder))?;
        let urls: Vec<_> = nats.iter().map(Nats::url).collect();
        let variables = [
            ("RUCHE_NATS__URL", urls.join(",")),
            ("RUCHE_NATS__PREFIX", NAME.to_owned()),
            ("RUCHE_NATS__REPLICAS", if servers >= 3 { "3" } else { "1" }.to_owned()),
            ("RUCHE_POSTGRES__URL", postgres.url()),
            ("RUCHE_POSTGRES__SCHEMA", NAME.to_owned()),
            ("RUCHE_OBJECTS__URL", objects.url()),
            ("RUCHE_WORKER__ACK_WAIT_SECONDS", ACK_WAIT.as_secs().to_string()),
        ];
        let variables: HashMap<_, _> = variables.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let config = Config::from_layers(None, Some(variables.clone()))?;
        ruche_migrations::up(&postgres.url(), NAME).await?;
        NatsBus::connect(&config.nats, ACK_WAIT).await?.ensure(&[Task::KIND]).await?;
        Ok(Self { folder: folder.to_owned(), nats, postgres, objects, config, tenant: "acme".parse()?, variables })
    }

    /// A connection of its own.
    pub async fn connect(&self) -> Result<Arc<dyn Bus>> {
        Ok(Arc::new(NatsBus::connect(&self.config.nats, ACK_WAIT).await?))
    }

    pub async fn workers(&self, count: usize, slots: usize) -> Result<Fleet> {
        let launches = (1..=count)
            .map(|i| self.launch(&format!("worker-{i}"), &["worker", "--slots", &slots.to_string()], Vec::new()));
        Fleet::start(launches.collect::<Result<_>>()?).await
    }

    pub async fn gateways(&self, ports: &[u16]) -> Result<Fleet> {
        let launches = ports.iter().map(|port| {
            let own = vec![("RUCHE_GATEWAY__PORT".to_owned(), port.to_string())];
            self.launch(&format!("gateway-{port}"), &["gateway"], own)
        });
        Fleet::start(launches.collect::<Result<_>>()?).await
    }

    fn launch(&self, name: &str, arguments: &[&str], own: Vec<(String, String)>) -> Result<Launch> {
        let log = self.folder.join(format!("{name}.log"));
        let mut launch = Launch::new(name, std::env::current_exe()?, log);
        launch.args = ["faults"].iter().chain(arguments).map(Into::into).collect();
        launch.env = self.variables.clone().into_iter().chain(own).collect();
        Ok(launch)
    }

    /// Waits until every server has all that the others have.
    pub async fn caught_up(&self) -> Result<()> {
        for server in &self.nats {
            server.caught_up().await?;
        }
        Ok(())
    }
}
