//! Listens, and leaves in order: no new connections, then time for what runs, then the rest is ended.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use ruche_bus::{
    Bus,
    nats::{ConnectError, Nats, TopologyError},
    objects::{self, Claims},
};
use ruche_schemas::{
    config::{self, Config},
    kinds,
};
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
};

use super::{limits, metrics, write_timeout::Stalling};
use crate::{
    adapters::postgres::Postgres,
    app::{parts::App, router},
    jobs::caps,
    ports::StoreError,
};

/// The gateway can't start or go on.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address can't be listened on.
    #[error(
        "the gateway can't listen on {address}: {source} (set gateway.port, as in RUCHE_GATEWAY__PORT=9000; 0 takes a free one)"
    )]
    Bind {
        /// Host and port.
        address: String,
        /// Why not.
        source: io::Error,
    },
    /// The bus can't be reached at start.
    #[error("the gateway can't start: {0} (check nats.url, RUCHE_NATS__URL)")]
    Bus(#[from] ConnectError),
    /// The bus is not as it should be and can't be brought to it.
    #[error("the gateway can't start: {0}")]
    Topology(#[from] TopologyError),
    /// The database's settings can't be used.
    #[error("the gateway can't start: {0} (check postgres.url, RUCHE_POSTGRES__URL)")]
    Store(#[from] StoreError),
    /// The object store's settings can't be used.
    #[error("the gateway can't start: {0}")]
    Objects(#[from] objects::OpenError),
    /// Signals or sockets don't work.
    #[error("the gateway can't go on: {0}")]
    Io(#[from] io::Error),
}

/// A gateway that has its address.
#[derive(Debug)]
pub struct Server {
    app: Arc<App>,
    listener: TcpListener,
}

impl Server {
    /// Takes the address of the settings.
    ///
    /// # Errors
    /// Names the address and the setting.
    pub async fn bind(app: App) -> Result<Self, ServeError> {
        let config::Gateway { host, port, .. } = &app.settings;
        let bound = TcpListener::bind((host.as_str(), *port)).await;
        let listener = bound.map_err(|source| ServeError::Bind { address: format!("{host}:{port}"), source })?;
        Ok(Self { app: Arc::new(app), listener })
    }

    /// Where it listens: the real port, also where 0 was asked for.
    ///
    /// # Errors
    /// When the operating system can't tell.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// The gateway's state.
    #[must_use]
    pub fn app(&self) -> Arc<App> {
        Arc::clone(&self.app)
    }

    /// Serves until [`crate::app::parts::Lifecycle::draining`] is cancelled, and then at most the drain time.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn run(self) -> Result<(), ServeError> {
        let Self { app, listener } = self;
        let drain = Duration::from_secs(app.settings.drain_seconds);
        let lifecycle = app.lifecycle.clone();
        let exporter = tokio::spawn(metrics::export_queues(Arc::clone(&app)));
        let listener_of_caps = tokio::spawn(caps::listen(Arc::clone(&app)));
        let stopping = lifecycle.draining.clone().cancelled_owned();
        let listener = Stalling { listener, limit: app.stall };
        let serving = axum::serve(listener, router::router(Arc::clone(&app))).with_graceful_shutdown(stopping);
        let overdue = async {
            lifecycle.draining.cancelled().await;
            tokio::time::sleep(drain).await;
            lifecycle.expired.cancel();
            tokio::time::sleep(limits::AFTER_DRAIN).await;
        };
        let all = async {
            let served = serving.await;
            // WebSockets are no business of the HTTP server: it does not wait for them.
            app.socket_tasks.close();
            app.socket_tasks.wait().await;
            served
        };
        let result = tokio::select! {
            served = all => served,
            () = overdue => {
                tracing::warn!("some connections did not end in time: they are cut");
                Ok(())
            }
        };
        lifecycle.expired.cancel();
        exporter.abort();
        listener_of_caps.abort();
        Ok(result?)
    }
}

/// Runs the gateway with these settings until SIGTERM or SIGINT; a second one ends the process at once.
///
/// # Errors
/// When it can't start: the message names the setting.
pub async fn serve(config: Config) -> Result<(), ServeError> {
    let mut signals = Signals::new()?;
    let bus = tokio::select! {
        bus = connect(&config) => bus?,
        () = signals.next() => return Ok(()),
    };
    let store = Arc::new(Postgres::new(&config.postgres).await?.with_search(config.search));
    let settings = caps::Settings::new(&config.limits, &config.nats);
    let app = App::new(config.gateway, Arc::clone(&bus), store, kinds::all()).with_limits(settings);
    let app = app.with_claims(Claims::open(&config.objects)?);
    let server = Server::bind(app).await?;
    let (address, lifecycle) = (server.address()?, server.app().lifecycle.clone());
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

async fn connect(config: &Config) -> Result<Arc<dyn Bus>, ServeError> {
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
