//! Follows a job's log: stored events, then new ones, without gap or repeat.
//!
//! It subscribes first and reads afterwards, so it misses nothing in between. Live messages may be lost (an outage, a
//! full buffer): after a gap in `n`, a reconnect, or some time without a message it reads the stream again. It
//! creates no consumer.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use async_nats::Subscriber;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use ruche_schemas::{JobRef, Record};
use tokio::{
    sync::watch::Receiver,
    time::{self, Instant},
};

use super::{connection::Health, headers::number, log, shared::Shared};
use crate::{
    port::{Logged, Unavailable},
    retry::jittered,
};

/// After this time without a message the stream is read, in case the last event was lost; then after twice that.
const REREAD_AFTER: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(30));

/// How long the stream may be unreadable before a watch ends with an error.
const OUTAGE: Duration = Duration::from_secs(120);

struct Watch {
    shared: Arc<Shared>,
    job: JobRef,
    /// The next `n` to emit.
    next: u64,
    sequence: u64,
    ready: VecDeque<Record>,
    live: Subscriber,
    health: Receiver<Health>,
    reread_after: Duration,
    failing_since: Option<Instant>,
    ended: bool,
}

pub(super) async fn watch(
    shared: Arc<Shared>,
    job: JobRef,
    from: u64,
) -> Result<BoxStream<'static, Result<Record, Unavailable>>, Unavailable> {
    let health = shared.connection.health();
    let live = shared.connection.subscribe(shared.names.live(&job)).await?;
    let mut watch = Watch {
        shared,
        job,
        next: from.max(1),
        sequence: 0,
        ready: VecDeque::new(),
        live,
        health,
        reread_after: REREAD_AFTER.0,
        failing_since: None,
        ended: false,
    };
    // On one connection the server sees the subscription before this read.
    watch.read().await?;
    Ok(stream::unfold(watch, |mut watch| async move { watch.step().await.map(|item| (item, watch)) }).boxed())
}

impl Watch {
    async fn step(&mut self) -> Option<Result<Record, Unavailable>> {
        while !self.ended {
            if let Some(record) = self.ready.pop_front() {
                self.ended = record.event.is_final();
                return Some(Ok(record));
            }
            if let Err(error) = self.wait().await {
                self.ended = true;
                return Some(Err(error));
            }
        }
        None
    }

    /// Waits for an event to emit, or for a reason to read.
    async fn wait(&mut self) -> Result<(), Unavailable> {
        let wait = if self.failing_since.is_some() { Duration::from_secs(1) } else { self.reread_after };
        tokio::select! {
            message = self.live.next() => {
                let Some(message) = message else {
                    return Err(Unavailable("the connection to NATS was closed".to_owned()));
                };
                let sequence = message.headers.as_ref().map_or(0, |headers| number(headers, "Nats-Sequence"));
                self.reread_after = REREAD_AFTER.0;
                match log::record(&message.payload, sequence) {
                    Ok(record) if record.n <= self.next && sequence > 0 => {
                        self.take(Logged { sequence, record });
                        return Ok(());
                    }
                    _ => {}
                }
            }
            Ok(()) = self.health.changed() => {
                if !self.health.borrow_and_update().up {
                    return Ok(());
                }
            }
            () = time::sleep(jittered(wait)) => self.reread_after = (self.reread_after * 2).min(REREAD_AFTER.1),
        }
        self.read_through_outage().await
    }

    fn take(&mut self, logged: Logged) {
        self.sequence = self.sequence.max(logged.sequence);
        if logged.record.n >= self.next {
            self.next = logged.record.n + 1;
            self.ready.push_back(logged.record);
        }
    }

    async fn read(&mut self) -> Result<(), Unavailable> {
        for logged in self.shared.logged(&self.job, self.sequence + 1).await? {
            self.take(logged);
        }
        Ok(())
    }

    /// Returns an error only after a long outage.
    async fn read_through_outage(&mut self) -> Result<(), Unavailable> {
        match self.read().await {
            Ok(()) => self.failing_since = None,
            Err(error) => {
                let since = *self.failing_since.get_or_insert_with(Instant::now);
                if since.elapsed() > OUTAGE {
                    return Err(error);
                }
            }
        }
        Ok(())
    }
}
