//! Resolves a host name once, to allowed addresses that are then dialled, which defeats DNS rebinding.

use std::{
    fmt, io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use ruche_schemas::config::Allowed;

use super::address::is_public;

pub trait Names: Send + Sync + 'static {
    /// All addresses of the host.
    fn addresses(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The system's resolver.
#[derive(Debug, Default)]
pub struct System;

impl Names for System {
    fn addresses(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// The host has no address that may be dialled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no public address")
    }
}

impl std::error::Error for Closed {}

/// Decides which addresses may be dialled.
#[derive(Clone)]
pub(super) struct Guard {
    pub(super) names: Arc<dyn Names>,
    pub(super) allowed: Arc<[Allowed]>,
}

impl Guard {
    pub(super) fn is_open(&self, address: IpAddr) -> bool {
        is_public(address) || self.allowed.iter().any(|allowed| allowed.holds(address.to_canonical()))
    }

    /// The addresses of a host. A single non-public address rejects the host: no honest name has both.
    async fn resolve(self, host: String) -> Result<Vec<IpAddr>, Closed> {
        // Do not reveal whether an internal name exists.
        let found = self.names.addresses(host.clone()).await.map_err(|_| Closed)?;
        let is_allowed = self.allowed.iter().any(|allowed| allowed.is_host(&host));
        match !found.is_empty() && (is_allowed || found.iter().all(|address| self.is_open(*address))) {
            true => Ok(found),
            false => Err(Closed),
        }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let resolving = self.clone().resolve(name.as_str().to_owned());
        Box::pin(async move {
            let found = resolving.await?;
            // Port 0 is replaced by the URL's.
            Ok(Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}
