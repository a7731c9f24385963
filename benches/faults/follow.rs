//! Follows running jobs as a client does: from the first event on, across all faults.

use std::time::Duration;

use futures::StreamExt;
use ruche_bus::Bus;
use ruche_schemas::JobRef;

use crate::faults::{client::Followed, entrance::Entrance};

/// The pause of a refused client before the next try.
const PAUSE: Duration = Duration::from_millis(200);

pub async fn follow(entrance: Entrance, job: JobRef) -> Followed {
    let mut followed = Followed { job, records: Vec::new() };
    while !followed.is_over() {
        match &entrance {
            Entrance::Bus(bus) => watch(&**bus, &mut followed).await,
            Entrance::Http(http) => http.follow(&mut followed).await,
        }
        if !followed.is_over() {
            tokio::time::sleep(PAUSE).await;
        }
    }
    followed
}

/// Reads until the last event, or until the watch breaks.
async fn watch(bus: &dyn Bus, followed: &mut Followed) {
    let Ok(mut events) = bus.watch(&followed.job, followed.next()).await else { return };
    while let Some(Ok(record)) = events.next().await {
        followed.records.push(record);
    }
}
