//! Availability probes: they tell a worker that an empty source has a job, without reserving a slot.
//!
//! A probe is a pull request for at most one byte. The server refuses it (status 409) as soon as it has a job for it,
//! a new one or a redelivered one, and gives that job to the next pull request. A probe at a source with jobs is
//! notified at once, so none is missed in between. The notification comes right after the server has confirmed the
//! job to its publisher.

use std::{
    task::{Context, Poll},
    time::Duration,
};

use async_nats::{Message, StatusCode, Subscriber};
use bytes::Bytes;
use futures::{FutureExt, StreamExt};
use ruche_schemas::topology::sources::SOURCES;
use serde_json::json;
use tokio::task::unconstrained;

use super::connection::{Connection, RequestError};

/// How long a probe waits.
const WAIT: Duration = Duration::from_secs(5);

/// The status of a pull request that the server does not serve, with a reason.
const CONFLICT: u16 = 409;

#[derive(Debug)]
pub(super) enum PullEvent {
    Notified(usize),
    Expired(usize),
    /// The consumer is gone, has lost its leader or can't take more pulls.
    Refused(usize, StatusCode, Option<String>),
    /// All probes are lost.
    Closed,
}

#[derive(Debug, Default)]
pub(super) struct AvailabilityProbes {
    /// Where they are answered.
    inbox: Option<(String, Subscriber)>,
}

impl AvailabilityProbes {
    /// `pulls`: the subject of the source's pull requests.
    pub(super) async fn send(
        &mut self,
        connection: &Connection,
        pulls: String,
        source: usize,
    ) -> Result<(), RequestError> {
        let subject = match &self.inbox {
            Some((subject, _)) => subject.clone(),
            None => {
                let subject = connection.client.new_inbox();
                let subscriber = connection.subscribe(format!("{subject}.*")).await?;
                self.inbox = Some((subject.clone(), subscriber));
                subject
            }
        };
        let wait = u64::try_from(WAIT.as_nanos()).unwrap_or(u64::MAX);
        let body = json!({"batch": 1, "max_bytes": 1, "expires": wait});
        connection.send(pulls, format!("{subject}.{source}"), Bytes::from(body.to_string())).await
    }

    pub(super) fn clear(&mut self) {
        self.inbox = None;
    }

    pub(super) fn try_next(&mut self) -> Option<PullEvent> {
        let (_, subscriber) = self.inbox.as_mut()?;
        unconstrained(subscriber.next()).now_or_never().map(read)
    }

    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<PullEvent> {
        match &mut self.inbox {
            Some((_, subscriber)) => subscriber.poll_next_unpin(context).map(read),
            None => Poll::Pending,
        }
    }
}

fn read(message: Option<Message>) -> PullEvent {
    let Some(Message { subject, status, description, .. }) = message else { return PullEvent::Closed };
    let source = subject.rsplit('.').next().and_then(|source| source.parse().ok());
    let (Some(source), Some(status)) = (source.filter(|source| *source < SOURCES), status) else {
        tracing::warn!(%subject, "a message that answers no probe came to the probes' inbox");
        return PullEvent::Closed;
    };
    match status {
        StatusCode::TIMEOUT => PullEvent::Expired(source),
        status if status == CONFLICT && description.as_deref().is_some_and(|text| text.contains("MaxBytes")) => {
            PullEvent::Notified(source)
        }
        status => PullEvent::Refused(source, status, description),
    }
}
