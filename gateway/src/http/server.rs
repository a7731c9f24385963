//! Listens and drains: no new connections, then time for running requests, then the rest is ended.

use std::{io, net::SocketAddr, time::Duration};

use axum::Router;
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::task::TaskTracker;

use super::{lifecycle::Lifecycle, limits, write_timeout::WriteTimeout};

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(
        "the gateway can't listen on {address}: {source} (set gateway.port, as in RUCHE_GATEWAY__PORT=9000; 0 takes a free one)"
    )]
    Bind {
        /// Host and port.
        address: String,
        source: io::Error,
    },
    /// Signals or sockets fail.
    #[error("the gateway can't go on: {0}")]
    Io(#[from] io::Error),
}

pub struct Service {
    pub router: Router,
    pub lifecycle: Lifecycle,
    /// How long running requests may take to end.
    pub drain: Duration,
    /// How long a client may read nothing while data waits for it.
    pub write_timeout: Duration,
    /// The WebSockets' tasks: an HTTP server does not wait for them.
    pub sockets: TaskTracker,
    /// Background tasks, aborted after the server has stopped.
    pub background: JoinSet<()>,
}

/// A server with a bound address.
pub struct Server {
    service: Service,
    listener: TcpListener,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("listener", &self.listener).finish_non_exhaustive()
    }
}

impl Server {
    /// # Errors
    /// Names the address and the setting.
    pub async fn bind(host: &str, port: u16, service: Service) -> Result<Self, ServeError> {
        let bound = TcpListener::bind((host, port)).await;
        let listener = bound.map_err(|source| ServeError::Bind { address: format!("{host}:{port}"), source })?;
        Ok(Self { service, listener })
    }

    /// The real address, even if port 0 was requested.
    ///
    /// # Errors
    /// When the operating system does not tell.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    #[must_use]
    pub fn lifecycle(&self) -> Lifecycle {
        self.service.lifecycle.clone()
    }

    /// Serves until [`Lifecycle::draining`] is cancelled, and then at most the drain time.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn run(self) -> Result<(), ServeError> {
        let Self { service, listener } = self;
        let Service { router, lifecycle, drain, write_timeout, sockets, background } = service;
        let stopping = lifecycle.draining.clone().cancelled_owned();
        let listener = WriteTimeout { listener, limit: write_timeout };
        let serving = axum::serve(listener, router).with_graceful_shutdown(stopping);
        let overdue = async {
            lifecycle.draining.cancelled().await;
            tokio::time::sleep(drain).await;
            lifecycle.expired.cancel();
            tokio::time::sleep(limits::AFTER_DRAIN).await;
        };
        let all = async {
            let served = serving.await;
            sockets.close();
            sockets.wait().await;
            served
        };
        let result = tokio::select! {
            served = all => served,
            () = overdue => {
                tracing::warn!("some connections did not end in time: they are closed");
                Ok(())
            }
        };
        lifecycle.expired.cancel();
        drop(background);
        Ok(result?)
    }
}
