//! Tells a worker that a source which was empty has a job, without promising it a slot.
//!
//! A bell is a pull of at most one byte. The server refuses it (status 409) as soon as it has a job for it, a new one or
//! one that comes back, and hands that job to the next one who asks. A bell that is left where there are jobs rings at
//! once, so nothing is missed in between. It rings right after the server has confirmed the job to its publisher.

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

/// For how long a bell waits.
const WAIT: Duration = Duration::from_secs(5);

/// A pull that the server does not serve, for the reason that it gives.
const CONFLICT: u16 = 409;

/// What the server says of a bell.
#[derive(Debug)]
pub(super) enum Word {
    /// There is a job.
    Rang(usize),
    /// It has waited long enough.
    Lapsed(usize),
    /// The consumer is gone, has lost its leader or can't take more pulls.
    Refused(usize, StatusCode, Option<String>),
    /// All bells are lost.
    Closed,
}

/// The bells of one worker.
#[derive(Debug, Default)]
pub(super) struct Bells {
    /// Where they ring, by subject.
    inbox: Option<(String, Subscriber)>,
}

impl Bells {
    /// Leaves one at a source, whose pulls go to this subject.
    pub(super) async fn leave(
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

    /// Takes all of them away.
    pub(super) fn remove(&mut self) {
        self.inbox = None;
    }

    /// What was said, without waiting.
    pub(super) fn heard(&mut self) -> Option<Word> {
        let (_, subscriber) = self.inbox.as_mut()?;
        unconstrained(subscriber.next()).now_or_never().map(read)
    }

    /// What is said next.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Word> {
        match &mut self.inbox {
            Some((_, subscriber)) => subscriber.poll_next_unpin(context).map(read),
            None => Poll::Pending,
        }
    }
}

fn read(message: Option<Message>) -> Word {
    let Some(Message { subject, status, description, .. }) = message else { return Word::Closed };
    let source = subject.rsplit('.').next().and_then(|source| source.parse().ok());
    let (Some(source), Some(status)) = (source.filter(|source| *source < SOURCES), status) else {
        tracing::warn!(%subject, "a message that is no bell came to where bells ring");
        return Word::Closed;
    };
    match status {
        StatusCode::TIMEOUT => Word::Lapsed(source),
        status if status == CONFLICT && description.as_deref().is_some_and(|said| said.contains("MaxBytes")) => {
            Word::Rang(source)
        }
        status => Word::Refused(source, status, description),
    }
}
