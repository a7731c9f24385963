//! The inboxes where pull requests are answered: each counts the jobs that it still waits for.
//!
//! All pull requests answer to one inbox. The inbox is replaced every few seconds, and the new one counts from zero: a
//! request that the server lost (a leader that crashed) occupies slots no longer than that.

use std::{
    collections::VecDeque,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use async_nats::{Message, Subscriber};
use bytes::Bytes;
use futures::{FutureExt, StreamExt};
use ruche_schemas::topology::sources::SOURCES;
use serde_json::json;
use tokio::{task::unconstrained, time};

use super::{
    connection::{Connection, RequestError},
    fetch_scheduler::PullRequest,
};

/// After this time an inbox that still waits for something is replaced.
const RENEW: Duration = Duration::from_secs(10);

/// How late the answer to a pull request may come.
pub(super) const GRACE: Duration = Duration::from_secs(1);

struct Inbox {
    subject: String,
    subscriber: Subscriber,
    /// Jobs per source that were requested and neither arrived nor were declined.
    in_flight: [usize; SOURCES],
    opened: Instant,
    /// When the last of its requests has surely expired.
    over: Instant,
}

/// Newest last: new requests use that one.
#[derive(Default)]
pub(super) struct Inboxes(VecDeque<Inbox>);

impl Inboxes {
    pub(super) async fn pull(
        &mut self,
        connection: &Connection,
        subject: String,
        request: PullRequest,
    ) -> Result<(), RequestError> {
        let body = match request.wait.as_nanos() {
            0 => json!({"batch": request.jobs, "no_wait": true}),
            wait => json!({"batch": request.jobs, "expires": u64::try_from(wait).unwrap_or(u64::MAX)}),
        };
        let inbox = self.newest(connection).await?;
        // A status has neither source nor count: its subject has them.
        let reply = format!("{}.{}.{}", inbox.subject, request.source, request.jobs);
        connection.send(subject, reply, Bytes::from(body.to_string())).await?;
        inbox.in_flight[request.source] += request.jobs;
        inbox.over = inbox.over.max(Instant::now() + request.wait + GRACE);
        Ok(())
    }

    async fn newest(&mut self, connection: &Connection) -> Result<&mut Inbox, RequestError> {
        let now = Instant::now();
        let fresh = match self.0.back_mut() {
            None => false,
            Some(inbox) if inbox.in_flight == [0; SOURCES] => {
                inbox.opened = now;
                true
            }
            Some(inbox) => now < inbox.opened + RENEW,
        };
        if !fresh {
            let subject = connection.client.new_inbox();
            let subscriber = connection.subscribe(format!("{subject}.*.*")).await?;
            let (in_flight, over) = ([0; SOURCES], now + GRACE);
            self.0.push_back(Inbox { subject, subscriber, in_flight, opened: now, over });
        }
        self.0.back_mut().ok_or(RequestError::Timeout)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn remove(&mut self, index: usize) {
        self.0.remove(index);
    }

    /// The jobs per source that are on their way.
    pub(super) fn in_flight(&self) -> [usize; SOURCES] {
        std::array::from_fn(|source| self.0.iter().map(|inbox| inbox.in_flight[source]).sum())
    }

    /// When the requests of each inbox have surely expired.
    pub(super) fn over(&self) -> impl Iterator<Item = Instant> {
        self.0.iter().map(|inbox| inbox.over)
    }

    /// Drops the inboxes whose requests have expired; returns the sources that did not answer one.
    pub(super) fn drop_over(&mut self, now: Instant) -> Vec<usize> {
        let over = self.0.iter().filter(|inbox| inbox.over <= now);
        let silent = over.flat_map(|inbox| (0..SOURCES).filter(move |&source| inbox.in_flight[source] > 0)).collect();
        self.0.retain(|inbox| inbox.over > now);
        silent
    }

    /// What has arrived.
    pub(super) fn try_next(&mut self, index: usize) -> Option<Message> {
        // Unconstrained, to take everything: a job that stays in a dropped inbox comes again only after the ack wait.
        // There are no more than were requested.
        unconstrained(self.0.get_mut(index)?.subscriber.next()).now_or_never().flatten()
    }

    pub(super) async fn next_until(&mut self, index: usize, until: time::Instant) -> Option<Message> {
        time::timeout_at(until, self.0.get_mut(index)?.subscriber.next()).await.ok().flatten()
    }

    /// The next message, with the index of its inbox; `None`: the client was closed.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<(usize, Option<Message>)> {
        for (index, inbox) in self.0.iter_mut().enumerate() {
            if let Poll::Ready(message) = inbox.subscriber.poll_next_unpin(context) {
                return Poll::Ready((index, message));
            }
        }
        Poll::Pending
    }

    /// Tells the server to stop; each inbox ends after what was on its way.
    pub(super) async fn drain(&mut self) {
        for inbox in &mut self.0 {
            let _ = inbox.subscriber.drain().await;
        }
    }

    pub(super) fn arrived(&mut self, index: usize, source: usize) {
        if let Some(inbox) = self.0.get_mut(index) {
            inbox.in_flight[source] = inbox.in_flight[source].saturating_sub(1);
        }
    }

    /// The source whose request this status ends, and how many of its jobs do not come.
    pub(super) fn declined(&mut self, index: usize, message: &Message) -> Option<(usize, usize)> {
        let mut tokens = message.subject.rsplit('.').map(|token| token.parse::<usize>().unwrap_or(usize::MAX));
        let (jobs, source) = (tokens.next().unwrap_or_default(), tokens.next().unwrap_or(usize::MAX));
        let in_flight = self.0.get_mut(index)?.in_flight.get_mut(source)?;
        let unused = message.headers.as_ref().and_then(|headers| headers.get("Nats-Pending-Messages"));
        // Without that header it ends a request that did not wait, the only one of its source.
        let unused = unused.and_then(|unused| unused.as_str().parse().ok()).unwrap_or(jobs).min(*in_flight);
        *in_flight -= unused;
        Some((source, unused))
    }
}
