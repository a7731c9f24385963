//! Makes a server from a gateway's parts.

use std::{sync::Arc, time::Duration};

use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;

use super::{
    parts::App,
    router::{description, router},
    services::Services,
};
use crate::http::{
    lifecycle::Lifecycle,
    server::{ServeError, Server, Service},
};

impl App {
    /// Listens on the address of its settings.
    ///
    /// # Errors
    /// Names the address and the setting.
    pub async fn bind(self) -> Result<Server, ServeError> {
        let (host, port) = (self.settings.host.clone(), self.settings.port);
        let (drain, write_timeout) = (Duration::from_secs(self.settings.drain_seconds), self.write_timeout);
        let (lifecycle, sockets) = (Lifecycle::default(), TaskTracker::new());
        let services = Services::new(self, &lifecycle, &sockets, description());
        let mut background = JoinSet::new();
        background.spawn(services.queue_export().run(lifecycle.draining.clone()));
        background.spawn(Arc::clone(&services.jobs.admission).listen(lifecycle.draining.clone()));
        let router = router(services);
        Server::bind(&host, port, Service { router, lifecycle, drain, write_timeout, sockets, background }).await
    }
}
