//! Server-sent events, followed over lost connections: each event once, in order, from where the last one was.
//!
//! The gateway's ids are the events' numbers, so the last id is enough to resume (`Last-Event-ID`).

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Result;
use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use bytes::Bytes;
use eventsource_stream::{EventStreamError, Eventsource};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use reqwest::{Method, Response, StatusCode};
use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::{
    client::{Client, refusal},
    output,
    refused::Refused,
};

/// How long a connection may be silent: the gateway pings several times as often.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// Connections in a row without an event before giving up.
const TRIES: usize = 20;

/// The longest wait between two of them.
const LONGEST: Duration = Duration::from_secs(10);

/// The largest event, in bytes: above the bus's bound.
const LARGEST: usize = 16 << 20;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub name: String,
    pub data: Value,
    id: String,
}

#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("it ended, broke or was silent")]
    Connection,
    #[error("an event has more than {LARGEST} bytes")]
    TooLarge,
}

type Open = Pin<Box<dyn Stream<Item = Result<Event, Broken>> + Send>>;

/// The events of one job or batch.
pub(crate) struct Events<'a> {
    client: &'a Client,
    path: Vec<&'a str>,
    last: Option<String>,
    open: Option<Open>,
    /// The waits before the next connections; `None` before the first one and after an event.
    waits: Option<ExponentialBackoff>,
}

impl<'a> Events<'a> {
    /// From the first event on.
    pub(crate) fn new(client: &'a Client, path: &[&'a str]) -> Self {
        Self { client, path: path.to_vec(), last: None, open: None, waits: None }
    }

    /// `None` when the gateway says that none will come.
    pub(crate) async fn next(&mut self) -> Result<Option<Event>> {
        loop {
            let Some(open) = &mut self.open else {
                match self.connect().await? {
                    Some(response) => self.open = Some(Box::pin(events(bytes(response)))),
                    None => return Ok(None),
                }
                continue;
            };
            match open.next().await {
                Some(Ok(event)) if event.name == "interrupted" => self.open = None,
                Some(Ok(event)) => {
                    self.waits = None;
                    if !event.id.is_empty() {
                        self.last = Some(event.id.clone());
                    }
                    return Ok(Some(event));
                }
                Some(Err(error @ Broken::TooLarge)) => return Err(error.into()),
                // Another connection resumes.
                Some(Err(Broken::Connection)) | None => self.open = None,
            }
        }
    }

    /// `None` when there is nothing more to come.
    async fn connect(&mut self) -> Result<Option<Response>> {
        let (mut failed, mut is_told) = (None, false);
        loop {
            let is_first = self.last.is_none() && self.waits.is_none();
            if let Some(waits) = &mut self.waits {
                let silent = || Refused::because(format!("{TRIES} connections in a row brought no event: giving up"));
                let wait = waits.next().ok_or_else(|| failed.take().unwrap_or_else(silent))?;
                sleep(wait).await;
            }
            let backoff = ExponentialBuilder::new().with_min_delay(Duration::from_millis(200)).with_max_delay(LONGEST);
            let is_again = self.waits.is_some();
            self.waits.get_or_insert_with(|| backoff.with_max_times(TRIES - 1).build());
            let why = match self.ask().await? {
                Ok(response) if response.status() == StatusCode::NO_CONTENT => return Ok(None),
                Ok(response) => return Ok(Some(response)),
                Err(why) => why,
            };
            // The first connection fails at once: most likely nothing runs, or the address is wrong.
            if is_first {
                return Err(why);
            }
            if is_again && !std::mem::replace(&mut is_told, true) {
                output::note(&format!("the connection is lost, trying again: {why}"));
            }
            failed = Some(why);
        }
    }

    /// Sends one request. The inner error may pass, the outer one won't.
    async fn ask(&self) -> Result<Result<Response>> {
        let mut request = self.client.request(Method::GET, &self.path, &[]).header("accept", "text/event-stream");
        if let Some(last) = &self.last {
            request = request.header("last-event-id", last);
        }
        let response = match timeout(READ_TIMEOUT, request.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Ok(Err(self.client.unreachable(&error))),
            Err(_) => return Ok(Err(Refused::because("the gateway does not answer".to_owned()))),
        };
        if response.status().is_success() {
            return Ok(Ok(response));
        }
        let passing = response.status().is_server_error() || response.status().as_u16() == 429;
        let error = refusal(response).await.into();
        if passing { Ok(Err(error)) } else { Err(error) }
    }
}

/// The bytes of a response, until it ends, breaks or is silent for too long.
fn bytes(response: Response) -> impl Stream<Item = Result<Bytes, Broken>> {
    stream::try_unfold(response, |mut response| async move {
        match timeout(READ_TIMEOUT, response.chunk()).await {
            Ok(Ok(chunk)) => Ok(chunk.map(|bytes| (bytes, response))),
            _ => Err(Broken::Connection),
        }
    })
}

fn events(bytes: impl Stream<Item = Result<Bytes, Broken>>) -> impl Stream<Item = Result<Event, Broken>> {
    // The bytes since the last event.
    let waiting = Arc::new(AtomicUsize::new(0));
    let bounded = bytes.and_then({
        let waiting = waiting.clone();
        move |bytes| {
            let is_bounded = waiting.fetch_add(bytes.len(), Ordering::Relaxed) + bytes.len() <= LARGEST;
            std::future::ready(if is_bounded { Ok(bytes) } else { Err(Broken::TooLarge) })
        }
    });
    bounded.eventsource().map(move |event| {
        waiting.store(0, Ordering::Relaxed);
        let event = event.map_err(|error| match error {
            EventStreamError::Transport(broken) => broken,
            EventStreamError::Utf8(_) | EventStreamError::Parser(_) => Broken::Connection,
        })?;
        let data = serde_json::from_str(&event.data).unwrap_or(Value::String(event.data));
        Ok(Event { name: event.event, data, id: event.id })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn events_come_whole_however_the_bytes_are_cut() {
        let text = ": ping\n\nid: 1\nevent: delta\ndata: {\"text\":\ndata: \"é\"}\n\nid:2\r\nevent:done\r\ndata:{}\r\n\r\nid: 3\nevent: x\n";
        for size in 1..text.len() {
            let chunks = text.as_bytes().chunks(size).map(|bytes| Ok(Bytes::copy_from_slice(bytes)));
            let events: Vec<_> = events(stream::iter(chunks)).map(|event| event.unwrap()).collect().await;
            let event = |id: &str, name: &str, data| Event { name: name.to_owned(), data, id: id.to_owned() };
            assert_eq!(events, [event("1", "delta", json!({"text": "é"})), event("2", "done", json!({}))]);
        }
    }

    #[tokio::test]
    async fn an_event_has_a_bound_and_a_stream_has_none() {
        let chunks = |text: String, times| {
            let bytes = Bytes::from(text);
            stream::iter((0..times).map(move |_| Ok(bytes.clone())))
        };
        let event = format!("data: {}\n\n", "x".repeat(1 << 20));
        let many: Vec<_> = events(chunks(event, 20)).collect().await;
        assert!(many.len() == 20 && many.iter().all(Result::is_ok));
        let endless = chunks(format!("data: {}\n", "x".repeat(1 << 20)), 20);
        let last = events(endless).collect::<Vec<_>>().await.pop();
        assert!(matches!(last, Some(Err(Broken::TooLarge))), "{last:?}");
    }
}
