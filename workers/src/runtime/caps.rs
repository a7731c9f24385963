//! Caps that operators set per tenant. They apply at once, without a restart.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use ruche_bus::{Bus, TenantCaps};
use ruche_schemas::TenantId;
use tokio::{sync::watch, time::timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::listen;

/// How long a starting worker waits for the list of caps.
const FIRST: Duration = Duration::from_secs(2);

/// `None` until the list has arrived.
pub(super) type Caps = Option<TenantCaps>;

/// A tenant's own cap on running jobs of this worker's kind; 0: no cap.
pub(super) fn in_flight(known: &Caps, tenant: &TenantId) -> Option<u32> {
    known.as_ref()?.get(tenant)?.in_flight
}

/// Waits for the list, but not for long.
pub(super) async fn first(caps: &mut watch::Receiver<Caps>) {
    if timeout(FIRST, caps.wait_for(Option::is_some)).await.is_err() {
        warn!("the caps of single tenants are not known yet: those of the settings count");
    }
}

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
