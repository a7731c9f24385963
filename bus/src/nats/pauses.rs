//! What operators set, what is held up and the caps of tenants: a message per thing, the last one counts.
//!
//! Listeners hear what is stored, with its sequence, and read everything again after an outage and now and then, in
//! case a message was lost on its way.

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

use super::{
    connection::{Health, jittered},
    headers::number,
    shared::Shared,
};
use crate::port::{Caps, Hold, TenantCaps, Unavailable};

/// For how long it is remembered that something was taken back.
const TAKEN_BACK: &str = "86400s";

/// After this much silence everything is read again.
const SILENCE: Duration = Duration::from_secs(30);

impl Shared {
    pub(super) async fn hold(&self, hold: &Hold, on: bool) -> Result<(), Unavailable> {
        let (what, name) = hold.named();
        self.set(self.link.names.hold(what, name), on.then_some(hold)).await
    }

    pub(super) async fn set_caps(&self, tenant: &TenantId, caps: Option<&Caps>) -> Result<(), Unavailable> {
        self.set(self.link.names.caps(Some(tenant)), caps).await
    }

    /// Keeps what is set on a subject, or takes it back.
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
        self.link.store_surely(subject, Some(headers), payload).await?;
        Ok(())
    }
}

/// What a message under this name sets; `None` for one that takes it back, or that means something else.
type Read<T> = fn(&str, &[u8]) -> Option<T>;

struct Listener<T> {
    shared: Arc<Shared>,
    /// Where it is kept.
    subjects: String,
    read: Read<T>,
    heard: Subscriber,
    health: Receiver<Health>,
    /// By the last two tokens of its subject: the sequence, and what is set.
    known: BTreeMap<String, (u64, Option<T>)>,
    told: Option<Vec<T>>,
    stale: bool,
    waiting: Option<Vec<T>>,
}

pub(super) async fn holds(shared: Arc<Shared>) -> Result<BoxStream<'static, Vec<Hold>>, Unavailable> {
    let (heard, kept) = (shared.link.names.held(), shared.link.names.holds());
    listen(shared, heard, kept, |_, payload| serde_json::from_slice(payload).ok()).await
}

pub(super) async fn caps(shared: Arc<Shared>) -> Result<BoxStream<'static, TenantCaps>, Unavailable> {
    let (heard, kept) = (shared.link.names.capped(), shared.link.names.caps(None));
    let read: Read<(TenantId, Caps)> = |name, payload| {
        let tenant = name.rsplit('.').next()?.parse().ok()?;
        Some((tenant, serde_json::from_slice(payload).ok()?))
    };
    Ok(listen(shared, heard, kept, read).await?.map(|all| all.into_iter().collect()).boxed())
}

/// All that is set on some subjects: now, and again whenever it changes.
async fn listen<T: Clone + Ord + Send + 'static>(
    shared: Arc<Shared>,
    heard: String,
    subjects: String,
    read: Read<T>,
) -> Result<BoxStream<'static, Vec<T>>, Unavailable> {
    let health = shared.link.health();
    let heard = shared.link.subscribe(heard).await?;
    let known = BTreeMap::new();
    let mut listener =
        Listener { shared, subjects, read, heard, health, known, told: None, stale: false, waiting: None };
    // On one connection the server sees the subscription before this read.
    listener.read().await?;
    listener.tell();
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
            let patience = if self.stale { Duration::from_secs(1) } else { SILENCE };
            tokio::select! {
                message = self.heard.next() => {
                    self.hear(message?);
                    while let Some(Some(message)) = self.heard.next().now_or_never() {
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
                () = time::sleep(jittered(patience)) => self.stale = self.read().await.is_err(),
            }
            self.tell();
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
        let link = &self.shared.link;
        let found = link.all(&link.names.stream("CONTROLS"), &self.subjects, 1, usize::MAX).await?;
        // What is not there any more was taken back long ago; what is newer was heard, and the replica that answers
        // does not have it yet.
        let newest = found.last().map_or(0, |entry| entry.sequence);
        self.known.retain(|_, (sequence, _)| *sequence > newest);
        for entry in found {
            self.learn(name(&entry.subject), entry.sequence, &entry.payload);
        }
        Ok(())
    }

    /// Keeps the set for whoever polls, if it is not the one that was told last.
    fn tell(&mut self) {
        let mut set: Vec<_> = self.known.values().filter_map(|(_, set)| set.clone()).collect();
        set.sort();
        if self.told.as_ref() != Some(&set) {
            self.told = Some(set.clone());
            self.waiting = Some(set);
        }
    }
}
