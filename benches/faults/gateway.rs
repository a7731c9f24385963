//! `ruche-bench faults gateway`: a gateway like `ruche-gateway`, with the kind of these tests. It is made to be
//! killed.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result};
use ruche_bus::{nats::Nats, telemetry};
use ruche_gateway::app::parts::App;
use ruche_schemas::{Job, TenantId, config::Config, kinds::Descriptor};
use ruche_store::{
    keys::{self, ApiKey, Keys as _, Role},
    postgres::{Application, Postgres},
};

use crate::faults::task::Task;

/// Serves until it is killed.
///
/// # Errors
/// When it can't start.
pub fn run() -> Result<()> {
    let config = Config::load()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let _telemetry = telemetry::init("ruche-bench faults gateway", &config.telemetry)?;
        let bus = Nats::connect(&config.nats, Duration::from_secs(config.worker.ack_wait_seconds)).await?;
        bus.ensure(&[Task::KIND]).await?;
        let store = Arc::new(Postgres::connect(&config.postgres, Application::GATEWAY)?);
        let app = App::new(config.gateway, Arc::new(bus), store, vec![Descriptor::of::<Task>()]);
        Ok(app.bind().await?.run().await?)
    })
}

/// # Errors
/// When the database can't be reached.
pub async fn create_key(config: &Config, tenant: &TenantId) -> Result<String> {
    let key = keys::generate();
    let parsed = ApiKey::parse(&key).context("a generated key can't be read")?;
    Postgres::connect(&config.postgres, Application::GATEWAY)?
        .create_key(tenant, "faults", Role::Member, parsed)
        .await?;
    Ok(key)
}
