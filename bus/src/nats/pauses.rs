//! Pauses and the caps of tenants: one message each; the last one of a subject counts.
//!
//! A listener gets each message once it is stored, with its sequence. It reads everything again after an outage, and
//! every 30 seconds in case a message was lost.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_nats::{HeaderMap, Subscriber};
use bytes::Bytes;
use futures::{
    FutureExt, StreamExt,
    stream::{self, BoxStream},
};
use ruche_schemas::TenantId;
use serde::Serialize;
use tokio::{sync::watch::Receiver, time};

use super::{connection::Health, headers::number, shared::Shared};
use crate::{
    port::{Caps, Pause, TenantCaps, Unavailable},
    retry::jittered,
};

/// How long a deleting message stays.
const TAKEN_BACK: &str = "86400s";

/// After this long without a message everything is read again.
const REREAD_AFTER: Duration = Duration::from_secs(30);

impl Shared {
    pub(super) async fn set_paused(&self, pause: &Pause, paused: bool) -> Result<(), Unavailable> {
        let (what, name) = pause.named();
        self.set(self.names.pause(what, name), paused.then_some(pause)).await
    }

    pub(super) async fn set_caps(&self, tenant: &TenantId, caps: Option<&Caps>) -> Result<(), Unavailable> {
        self.set(self.names.caps(Some(tenant)), caps).await
    }

    /// `None` deletes what is set.
    async fn set<T: Serialize>(&self, subject: String, what: Option<&T>) -> Result<(), Unavailable> {
        let mut headers = HeaderMap::new();
        let mut payload = Bytes::new();
        match what {
            Some(what) => {
                let text = serde_json::to_vec(what).map_err(|error| Unavailable(error.to_string()))?;
                payload = Bytes::from(text);
            }
            None => headers.insert("Nats-TTL", TAKEN_BACK),
        }
        self.connection.store_with_retry(subject, Some(headers), payload).await?;
        Ok(())
    }
}

/// What a message under this name sets; `None` for a deletion, or an unknown message.
type Read<T> = fn(&str, &[u8]) -> Option<T>;

struct Listener<T> {
    shared: Arc<Shared>,
    subjects: String,
    read: Read<T>,
    live: Subscriber,
    health: Receiver<Health>,
    /// By the last two tokens of the subject: the sequence, and what is set.
    known: BTreeMap<String, (u64, Option<T>)>,
    emitted: Option<Vec<T>>,
    stale: bool,
    waiting: Option<Vec<T>>,
}

pub(super) async fn pauses(shared: Arc<Shared>) -> Result<BoxStream<'static, Vec<Pause>>, Unavailable> {
    let (heard, kept) = (shared.names.paused(), shared.names.pauses());
    listen(shared, heard, kept, |_, payload| serde_json::from_slice(payload).ok()).await
}

pub(super) async fn caps(shared: Arc<Shared>) -> Result<BoxStream<'static, TenantCaps>, Unavailable> {
    let (heard, kept) = (shared.names.capped(), shared.names.caps(None));
    let read: Read<(TenantId, Caps)> = |name, payload| {
        let tenant = name.rsplit('.').next()?.parse().ok()?;
        Some((tenant, serde_json::from_slice(payload).ok()?))
    };
    Ok(listen(shared, heard, kept, read).await?.map(|all| all.into_iter().collect()).boxed())
}

/// The current values on these subjects, and again whenever they change.
async fn listen<T: Clone + Ord + Send + 'static>(
    shared: Arc<Shared>,
    heard: String,
    subjects: String,
    read: Read<T>,
) -> Result<BoxStream<'static, Vec<T>>, Unavailable> {
    let health = shared.connection.health();
    let live = shared.connection.subscribe(heard).await?;
    let known = BTreeMap::new();
    let mut listener =
        Listener { shared, subjects, read, live, health, known, emitted: None, stale: false, waiting: None };
    // On one connection the server sees the subscription before this read.
    listener.read().await?;
    listener.emit();
    Ok(stream::unfold(listener, |mut listener| async move { listener.next().await.map(|set| (set, listener)) }).boxed())
}

/// The last two tokens.
fn name(subject: &str) -> String {
    let mut tokens = subject.rsplit('.');
    let (last, what) = (tokens.next().unwrap_or_default(), tokens.next().unwrap_or_default());
    format!("{what}.{last}")
}

impl<T: Clone + Ord> Listener<T> {
    async fn next(&mut self) -> Option<Vec<T>> {
        loop {
            if let Some(set) = self.waiting.take() {
                return Some(set);
            }
            let wait = if self.stale { Duration::from_secs(1) } else { REREAD_AFTER };
            tokio::select! {
                message = self.live.next() => {
                    self.hear(message?);
                    while let Some(Some(message)) = self.live.next().now_or_never() {
                        self.hear(message);
                    }
                }
                Ok(()) = self.health.changed() => {
                    let health = *self.health.borrow_and_update();
                    self.stale = true;
                    if health.up {
                        self.stale = self.read().await.is_err();
                    }
                }
                () = time::sleep(jittered(wait)) => self.stale = self.read().await.is_err(),
            }
            self.emit();
        }
    }

    fn hear(&mut self, message: async_nats::Message) {
        let sequence = message.headers.as_ref().map_or(0, |headers| number(headers, "Nats-Sequence"));
        self.learn(name(&message.subject), sequence, &message.payload);
    }

    fn learn(&mut self, name: String, sequence: u64, payload: &[u8]) {
        if self.known.get(&name).is_none_or(|(before, _)| *before < sequence) {
            let set = (self.read)(&name, payload);
            self.known.insert(name, (sequence, set));
        }
    }

    async fn read(&mut self) -> Result<(), Unavailable> {
        let connection = &self.shared.connection;
        let found = connection.all(&self.shared.names.stream("PAUSES"), &self.subjects, 1, usize::MAX).await?;
        // A missing entry was deleted earlier: drop it. A newer one was received, and the replica that answers does
        // not have it yet: keep it.
        let newest = found.last().map_or(0, |entry| entry.sequence);
        self.known.retain(|_, (sequence, _)| *sequence > newest);
        for entry in found {
            self.learn(name(&entry.subject), entry.sequence, &entry.payload);
        }
        Ok(())
    }

    /// Keeps the set for the next poll, unless it equals the one that was emitted last.
    fn emit(&mut self) {
        let mut set: Vec<_> = self.known.values().filter_map(|(_, set)| set.clone()).collect();
        set.sort();
        if self.emitted.as_ref() != Some(&set) {
            self.emitted = Some(set.clone());
            self.waiting = Some(set);
        }
    }
}
