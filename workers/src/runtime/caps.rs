//! Caps that operators gave single tenants. They count at once, without a restart.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use ruche_bus::{Bus, TenantCaps};
use ruche_schemas::TenantId;
use tokio::{sync::watch, time::timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::listen;

/// How long a worker waits at its start for the list of caps.
const FIRST: Duration = Duration::from_secs(2);

/// The tenants with caps of their own; `None` until the list has come.
pub(super) type Caps = Option<TenantCaps>;

/// How many of a tenant's jobs of this worker's kind may run at once, if it has a cap of its own; 0: any number.
pub(super) fn in_flight(known: &Caps, tenant: &TenantId) -> Option<u32> {
    known.as_ref()?.get(tenant)?.in_flight
}

/// Waits for the list, but not for long.
pub(super) async fn first(caps: &mut watch::Receiver<Caps>) {
    if timeout(FIRST, caps.wait_for(Option::is_some)).await.is_err() {
        warn!("the caps of single tenants are not known yet: those of the settings count");
    }
}

/// Listens until `stop`.
pub(super) async fn listen(bus: Arc<dyn Bus>, caps: watch::Sender<Caps>, stop: CancellationToken) {
    listen::until(stop, || listen_once(&*bus, &caps)).await;
}

async fn listen_once(bus: &dyn Bus, known: &watch::Sender<Caps>) {
    let mut caps = match bus.caps().await {
        Ok(caps) => caps,
        Err(error) => return warn!(%error, "can't hear the caps of tenants: trying again"),
    };
    while let Some(all) = caps.next().await {
        info!(tenants = all.len(), "tenants with caps of their own");
        known.send_replace(Some(all));
    }
}
