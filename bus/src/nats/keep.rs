//! Keeps the streams that this process has ensured: creates again what has gone while it runs.
//!
//! A server that was killed comes back without the streams that it kept in memory. [`Shared::restore`] is the only
//! repair. Three find the loss: the task that hears the connection come back, a request whose stream is missing, and
//! the question whether the bus is ready. The task also repeats what was in memory: the registrations of this process.

use std::{
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use futures::future::try_join_all;
use serde_json::Value;
use tokio::time;

use super::{
    connection::{ANSWER, RequestError},
    ensure::{Keeper, TopologyError},
    kept::Kinds,
    shared::Shared,
};
use crate::{port::Unavailable, retry::RetryPolicy};

const RETRY: RetryPolicy = RetryPolicy::new(Duration::from_millis(100), Duration::from_secs(5));

/// The pause after a restoration that created nothing: what is missing is not for us to create, or can't be created.
const IN_VAIN: Duration = Duration::from_secs(1);

/// Restores the streams whenever the connection comes back, for as long as the bus exists.
pub(super) async fn run(bus: Weak<Shared>) {
    let Some(mut health) = bus.upgrade().map(|shared| shared.connection.health()) else { return };
    // An error: the client is closed.
    while health.changed().await.is_ok() {
        let mut delays = RETRY.delays();
        while health.borrow_and_update().up {
            let Some(shared) = bus.upgrade() else { return };
            let Err(error) = shared.come_back().await else { break };
            drop(shared);
            tracing::warn!(%error, "the streams may not be complete: trying again");
            delays.wait().await;
        }
    }
}

impl Shared {
    async fn come_back(&self) -> Result<(), Unavailable> {
        self.restore().await.map_err(|error| Unavailable(error.to_string()))?;
        for (subject, text) in self.keeper.registrations() {
            self.connection.store_with_retry(subject, None, text).await?;
        }
        Ok(())
    }

    /// Creates what is missing of the streams that this process has ensured. Many may call it at once.
    async fn restore(&self) -> Result<(), TopologyError> {
        let Some(kinds) = self.keeper.kinds() else { return Ok(()) };
        let mut in_vain = self.keeper.in_vain.lock().await;
        let losses = self.connection.losses();
        if in_vain.is_some_and(|(at, before)| before == losses && at.elapsed() < IN_VAIN) {
            return Ok(());
        }
        let restored = self.ensure(&kinds.all, Keeper::Worker(&kinds.own)).await;
        let created = restored.as_ref().copied().unwrap_or_default();
        *in_vain = (created == 0).then(|| (Instant::now(), losses));
        if created > 0 {
            tracing::warn!(created, "streams or consumers had gone: they are there again");
        }
        restored.map(drop)
    }

    /// Carries a request out; if its stream is missing, restores the streams and asks once more.
    pub(super) async fn with_streams<T, F: Future<Output = Result<T, RequestError>>>(
        &self,
        ask: impl Fn() -> F,
    ) -> Result<T, RequestError> {
        let answer = ask().await;
        if !answer.as_ref().is_err_and(RequestError::is_missing_stream) {
            return answer;
        }
        match time::timeout(ANSWER, self.restore()).await {
            Ok(Ok(())) => ask().await,
            Ok(Err(error)) => Err(RequestError::Unexpected(error.to_string())),
            Err(_) => Err(RequestError::Timeout),
        }
    }

    /// Fails if a stream is missing that this process needs and that can't be restored.
    pub(super) async fn has_streams(&self) -> Result<(), Unavailable> {
        let ours = |kinds: Arc<Kinds>| self.streams_of(&kinds.all, Keeper::Worker(&kinds.own));
        let names: Vec<String> = match self.keeper.kinds().map(ours) {
            Some(streams) => streams.into_iter().map(|stream| stream.name).collect(),
            None => vec![self.events.clone()],
        };
        let asking = names.iter().map(async |name| {
            let asked = format!("STREAM.INFO.{name}");
            let answer = self.with_streams(|| self.connection.api::<Value>(&asked, &Value::Null)).await;
            answer.map(drop).map_err(|error| Unavailable(format!("stream {name}: {error}")))
        });
        try_join_all(asking).await.map(drop)
    }
}
