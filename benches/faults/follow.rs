//! Follows jobs while they run, as a client does: from the first event on, across whatever happens.

use std::time::Duration;

use futures::StreamExt;
use ruche_bus::Bus;
use ruche_schemas::{JobRef, Record};

use crate::load::Entrance;

/// The pause before a client that was refused tries again.
const PAUSE: Duration = Duration::from_millis(200);

/// What somebody saw who followed a job.
#[derive(Debug)]
pub struct Followed {
    /// Which job.
    pub job: JobRef,
    /// Its events, as they came.
    pub records: Vec<Record>,
}

impl Followed {
    /// Where to go on.
    pub fn next(&self) -> u64 {
        self.records.last().map_or(1, |last| last.n + 1)
    }

    /// Whether nothing follows.
    pub fn is_over(&self) -> bool {
        self.records.last().is_some_and(|last| last.event.is_final())
    }
}

/// Follows a job to its last event.
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

/// Takes what comes until the last event, or until the watch breaks.
async fn watch(bus: &dyn Bus, followed: &mut Followed) {
    let Ok(mut events) = bus.watch(&followed.job, followed.next()).await else { return };
    while let Some(Ok(record)) = events.next().await {
        followed.records.push(record);
    }
}
