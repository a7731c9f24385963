//! Private Postgres servers.

use std::{path::PathBuf, time::Duration};

use nix::sys::signal::Signal;
use tokio::sync::OnceCell;

use super::{
    folder,
    slot::{Slot, TRIES},
    template,
};
use crate::{ServiceError, ports, postgres, tools::Tools};

#[derive(Debug)]
pub struct TestPostgres {
    pub(super) options: postgres::Options,
    folder: PathBuf,
    pub(super) process: Slot,
}

pub async fn postgres() -> TestPostgres {
    let folder = folder::make("postgres");
    let data = folder.join("data");
    let password = template::copy_to(&data).await.unwrap_or_else(|error| panic!("no Postgres for this test: {error}"));
    let options = postgres::Options { data, log: folder.join("log"), port: 0, password, settings: settings() };
    let mut server = TestPostgres { options, folder, process: Slot::default() };
    for _ in 1..TRIES {
        server.options.port = ports::free();
        if server.try_start().await.is_ok() {
            return server;
        }
        server.stop().await;
    }
    server.options.port = ports::free();
    server.try_start().await.unwrap_or_else(|error| panic!("no Postgres for this test: {error}"));
    server
}

/// Small, and not safe against a power failure: a test's data lives as long as the test.
fn settings() -> Vec<(&'static str, String)> {
    let settings = [
        ("fsync", "off"),
        ("synchronous_commit", "off"),
        ("full_page_writes", "off"),
        ("shared_buffers", "16MB"),
        ("max_connections", "200"),
        ("max_wal_senders", "0"),
        ("wal_level", "minimal"),
    ];
    settings.map(|(key, value)| (key, value.to_owned())).into()
}

impl TestPostgres {
    /// With the password.
    #[must_use]
    pub fn url(&self) -> String {
        self.options.url()
    }

    /// Disconnects its clients; what they committed stays.
    pub async fn stop(&self) {
        self.process.stop().await;
    }

    /// On the same port with the same data.
    pub async fn start(&self) {
        self.try_start().await.unwrap_or_else(|error| panic!("Postgres did not come back: {error}"));
    }

    async fn try_start(&self) -> Result<(), ServiceError> {
        let tools = Tools::find()?;
        let mut launch = self.options.prepare(&tools).await?;
        launch.orphan = Signal::SIGQUIT;
        let process = launch.spawn().await?;
        self.process.set(Some(process.clone()));
        self.options.ready(&process).await
    }
}

impl Drop for TestPostgres {
    fn drop(&mut self) {
        if let Some(process) = self.process.set(None) {
            // Immediate shutdown: it ends its own children, then itself.
            process.stop_blocking(Signal::SIGQUIT, Duration::from_secs(5));
        }
        folder::remove(&self.folder);
    }
}

/// A Postgres server that all tests of this process share. Each uses a schema of its own.
pub async fn shared_postgres() -> String {
    static SHARED: OnceCell<TestPostgres> = OnceCell::const_new();
    SHARED.get_or_init(postgres).await.url()
}
