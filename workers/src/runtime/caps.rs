//! Caps that operators gave single tenants, as this worker knows them: they count at once, without a restart.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use ruche_bus::TenantCaps;
use ruche_schemas::TenantId;
use tokio::{sync::watch, time::timeout};
use tracing::{info, warn};

use super::{Shared, listen};

/// How long a worker waits at its start to hear of them.
const FIRST: Duration = Duration::from_secs(2);

/// The tenants with caps of their own; `None` until they are known.
pub(super) type Known = Option<TenantCaps>;

/// How many of a tenant's jobs of this worker's kind may run at once; 0: any number.
pub(super) fn in_flight(shared: &Shared, tenant: &TenantId) -> u32 {
    let own = shared.caps.borrow().as_ref().and_then(|all| all.get(tenant)?.in_flight);
    own.unwrap_or(shared.options.in_flight)
}

/// Waits until they are known, but not for long.
pub(super) async fn first(caps: &mut watch::Receiver<Known>) {
    if timeout(FIRST, caps.wait_for(Option::is_some)).await.is_err() {
        warn!("the caps of single tenants are not known yet: those of the settings count");
    }
}

/// Listens until the worker stops.
pub(super) async fn listen(shared: Arc<Shared>) {
    listen::until_stopped(shared, heed).await;
}

async fn heed(shared: Arc<Shared>) {
    let mut caps = match shared.parts.bus.caps().await {
        Ok(caps) => caps,
        Err(error) => return warn!(%error, "can't hear the caps of tenants: trying again"),
    };
    while let Some(all) = caps.next().await {
        info!(tenants = all.len(), "tenants with caps of their own");
        shared.caps.send_replace(Some(all));
    }
}
