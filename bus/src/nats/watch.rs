//! Follows a job's log: what is stored, then what comes, without gap or repeat.
//!
//! It listens first and reads then, so nothing falls between. Live messages may be lost (an outage, a full buffer):
//! a gap in `n`, a reconnect, or silence makes it read the store again. No consumer is made on the server.

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

/// After this much silence the store is read, in case the last event was lost on its way; then after twice that.
const SILENCE: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(30));

/// How long the store may be unreadable before a watch ends with an error.
const OUTAGE: Duration = Duration::from_secs(120);

struct Watch {
    shared: Arc<Shared>,
    job: JobRef,
    /// The next event to hand out.
    next: u64,
    /// The last stored event that was seen, as the stream counts.
    sequence: u64,
    ready: VecDeque<Record>,
    live: Subscriber,
    health: Receiver<Health>,
    silence: Duration,
    failing_since: Option<Instant>,
    ended: bool,
}

pub(super) async fn watch(
    shared: Arc<Shared>,
    job: JobRef,
    from: u64,
) -> Result<BoxStream<'static, Result<Record, Unavailable>>, Unavailable> {
    let health = shared.connection.health();
    let live = shared.connection.subscribe(shared.connection.names.live(&job)).await?;
    let mut watch = Watch {
        shared,
        job,
        next: from.max(1),
        sequence: 0,
        ready: VecDeque::new(),
        live,
        health,
        silence: SILENCE.0,
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

    /// Waits for something to hand out, or for a reason to look.
    async fn wait(&mut self) -> Result<(), Unavailable> {
        let patience = if self.failing_since.is_some() { Duration::from_secs(1) } else { self.silence };
        tokio::select! {
            message = self.live.next() => {
                let Some(message) = message else {
                    return Err(Unavailable("the connection to NATS was closed".to_owned()));
                };
                let sequence = message.headers.as_ref().map_or(0, |headers| number(headers, "Nats-Sequence"));
                self.silence = SILENCE.0;
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
            () = time::sleep(jittered(patience)) => self.silence = (self.silence * 2).min(SILENCE.1),
        }
        self.read_patiently().await
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

    /// Reads the store; an outage is waited out.
    async fn read_patiently(&mut self) -> Result<(), Unavailable> {
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
