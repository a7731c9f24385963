//! Runs a configured gateway until it is stopped.

use std::{io, sync::Arc, time::Duration};

use ruche_bus::{
    Bus,
    nats::{ConnectError, Nats, TopologyError},
};
use ruche_schemas::{config::Config, kinds};
use ruche_store::{
    objects::{self, Claims},
    postgres::{self, Application, Postgres},
};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::parts::App;
use crate::{bots::service::default_model, http::server::ServeError, jobs::admission::Settings};

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the gateway can't start: {0} (check nats.url, RUCHE_NATS__URL)")]
    Bus(#[from] ConnectError),
    /// The bus has the wrong topology, and it cannot be corrected.
    #[error("the gateway can't start: {0}")]
    Topology(#[from] TopologyError),
    #[error("the gateway can't start: {0}")]
    Store(#[from] postgres::ConnectError),
    #[error("the gateway can't start: {0}")]
    Objects(#[from] objects::OpenError),
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// Runs until SIGTERM or SIGINT; a second one ends the process at once.
///
/// # Errors
/// When it cannot start: the message names the setting.
pub async fn serve(config: Config) -> Result<(), StartError> {
    let mut signals = Signals::new().map_err(ServeError::Io)?;
    let bus = tokio::select! {
        bus = connect(&config) => bus?,
        () = signals.next() => return Ok(()),
    };
    let store = Arc::new(Postgres::connect(&config.postgres, Application::GATEWAY)?.with_search(config.search));
    let bots_model = default_model(&config);
    let mut app = App::new(config.gateway, Arc::clone(&bus), store, kinds::all());
    app.tenants = Settings::new(&config.limits, &config.nats);
    app.aliases = config.models.aliases;
    app.claims = Claims::open(&config.objects)?;
    app.bots_model = bots_model;
    let server = app.bind().await?;
    let (address, lifecycle) = (server.address().map_err(ServeError::Io)?, server.lifecycle());
    tracing::info!(server.address = %address.ip(), server.port = address.port(), "listening");
    tokio::spawn(async move {
        signals.next().await;
        tracing::info!("stopping: no new connections, what runs may end");
        lifecycle.draining.cancel();
        signals.next().await;
        tracing::warn!("a second signal: leaving at once");
        std::process::exit(130);
    });
    server.run().await?;
    if let Err(error) = bus.flush().await {
        tracing::warn!(error.message = %error, "the bus could not be flushed");
    }
    tracing::info!("stopped");
    Ok(())
}

async fn connect(config: &Config) -> Result<Arc<dyn Bus>, StartError> {
    let nats = Nats::connect(&config.nats, Duration::from_secs(config.worker.ack_wait_seconds)).await?;
    let kinds: Vec<_> = kinds::all().into_iter().map(|descriptor| descriptor.kind).collect();
    nats.ensure(&kinds).await?;
    Ok(Arc::new(nats))
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
