//! NATS and Postgres: started on a port that is free *when they start*.
//!
//! Creating a database takes seconds, in which another program may take the free port. Then the server tries another:
//! only the programs that start afterwards need these ports.

use std::time::Duration;

use anyhow::Result;
use ruche_services::{
    ServiceError, nats, ports, postgres,
    process::{Launch, Process},
    tools::Tools,
};

use super::{plan::Plan, supervisor::Supervisor};

/// How long NATS and Postgres may take to end.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How many ports are tried.
const TRIES: usize = 5;

enum Server<'a> {
    Nats(&'a mut nats::Options),
    Postgres(&'a mut postgres::Options),
}

/// Starts both concurrently, unless the user has their own, and fixes their ports in the plan.
pub(super) async fn start(plan: &mut Plan, tools: &Tools, supervisor: &mut Supervisor) -> Result<()> {
    let nats = async {
        match &mut plan.nats {
            Some(options) => Server::Nats(options).start(tools).await.map(Some),
            None => Ok(None),
        }
    };
    let postgres = async {
        match &mut plan.postgres {
            Some(options) => Server::Postgres(options).start(tools).await.map(Some),
            None => Ok(None),
        }
    };
    // Not try_join: a server that did start is handed to the supervisor, which stops it.
    let (nats, postgres) = tokio::join!(nats, postgres);
    let mut failed = None;
    for (started, setting) in [(nats, "NATS__URL"), (postgres, "POSTGRES__URL")] {
        match started {
            Ok(Some((launch, process))) => supervisor.adopt(launch, process, TIMEOUT),
            Ok(None) => println!("  not starting one of our own, because RUCHE_{setting} is set"),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    failed.map_or(Ok(()), |error| Err(error.into()))
}

impl Server<'_> {
    async fn start(mut self, tools: &Tools) -> Result<(Launch, Process), ServiceError> {
        for _ in 1..TRIES {
            match self.attempt(tools).await {
                Err(error) if ports::is_free(self.port()) => return Err(error),
                Err(_) => self.move_to(ports::free()),
                started => return started,
            }
        }
        self.attempt(tools).await
    }

    async fn attempt(&mut self, tools: &Tools) -> Result<(Launch, Process), ServiceError> {
        let mut launch = self.prepare(tools).await?;
        if !ports::is_free(self.port()) {
            self.move_to(ports::free());
            launch = self.prepare(tools).await?;
        }
        let process = launch.spawn().await?;
        match self.ready(&process).await {
            Ok(()) => Ok((launch, process)),
            Err(error) => {
                process.stop(TIMEOUT).await;
                Err(error)
            }
        }
    }

    async fn prepare(&self, tools: &Tools) -> Result<Launch, ServiceError> {
        match self {
            Self::Nats(options) => options.prepare(tools).await,
            Self::Postgres(options) => options.prepare(tools).await,
        }
    }

    async fn ready(&self, process: &Process) -> Result<(), ServiceError> {
        match self {
            Self::Nats(options) => options.ready(process).await,
            Self::Postgres(options) => options.ready(process).await,
        }
    }

    fn port(&self) -> u16 {
        match self {
            Self::Nats(options) => options.port,
            Self::Postgres(options) => options.port,
        }
    }

    fn move_to(&mut self, port: u16) {
        match self {
            Self::Nats(options) => options.port = port,
            Self::Postgres(options) => options.port = port,
        }
    }
}
