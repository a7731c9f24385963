//! Server-sent events, followed over lost connections: each event once, in order, from where the last one was.
//!
//! Source: the HTML Standard, "Server-sent events". The gateway's ids are the events' numbers, so the last id that was
//! seen is all that it takes to go on (`Last-Event-ID`).

use std::{collections::VecDeque, time::Duration};

use anyhow::Result;
use reqwest::{Method, Response, StatusCode};
use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::{
    client::{Client, refusal},
    output,
    refused::Refused,
};

/// How long a connection may say nothing: the gateway pings several times as often.
const SILENCE: Duration = Duration::from_secs(60);

/// Connections in a row that bring no event before giving up.
const TRIES: u32 = 20;

/// The longest wait between two of them.
const LONGEST: Duration = Duration::from_secs(10);

/// The largest event, in bytes: above what the bus carries.
const LARGEST: usize = 16 << 20;

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    /// Its type.
    pub name: String,
    /// Its data.
    pub data: Value,
}

/// The events of one thing.
pub(crate) struct Events<'a> {
    client: &'a Client,
    path: Vec<&'a str>,
    last: Option<String>,
    open: Option<Response>,
    parser: Parser,
    tries: u32,
}

impl<'a> Events<'a> {
    /// From the first event on.
    pub(crate) fn new(client: &'a Client, path: &[&'a str]) -> Self {
        let path = path.to_vec();
        Self { client, path, last: None, open: None, parser: Parser::default(), tries: 0 }
    }

    /// The next event; `None` when the gateway says that none will come.
    pub(crate) async fn next(&mut self) -> Result<Option<Event>> {
        loop {
            if let Some((id, event)) = self.parser.ready.pop_front() {
                if event.name == "interrupted" {
                    self.open = None;
                    self.parser = Parser::default();
                    continue;
                }
                self.tries = 0;
                self.last = id.or(self.last.take());
                return Ok(Some(event));
            }
            let Some(response) = &mut self.open else {
                if !self.connect().await? {
                    return Ok(None);
                }
                continue;
            };
            match timeout(SILENCE, response.chunk()).await {
                Ok(Ok(Some(bytes))) => self.parser.feed(&bytes)?,
                // Ended, broken or silent: another connection goes on.
                _ => self.open = None,
            }
        }
    }

    /// Connects; `false` when there is nothing more to come.
    async fn connect(&mut self) -> Result<bool> {
        self.parser = Parser::default();
        loop {
            if self.tries > 0 {
                let wait = Duration::from_millis(100).saturating_mul(1 << self.tries.min(10)).min(LONGEST);
                sleep(wait).await;
            }
            self.tries += 1;
            let mut request = self.client.request(Method::GET, &self.path, &[]).header("accept", "text/event-stream");
            if let Some(last) = &self.last {
                request = request.header("last-event-id", last);
            }
            let why = match timeout(SILENCE, request.send()).await {
                Ok(Ok(response)) if response.status() == StatusCode::NO_CONTENT => return Ok(false),
                Ok(Ok(response)) if response.status().is_success() => {
                    self.open = Some(response);
                    return self.bounded().map(|()| true);
                }
                Ok(Ok(response)) => {
                    let passing = response.status().is_server_error() || response.status().as_u16() == 429;
                    let error: anyhow::Error = refusal(response).await.into();
                    if !passing {
                        return Err(error);
                    }
                    error
                }
                Ok(Err(error)) => self.client.unreachable(&error),
                Err(_) => Refused::because("the gateway does not answer".to_owned()),
            };
            // The first connection fails at once: most likely nothing runs, or the address is wrong.
            if self.tries >= TRIES || (self.last.is_none() && self.tries == 1) {
                return Err(why);
            }
            if self.tries == 2 {
                output::note(&format!("the connection is lost, trying again: {why}"));
            }
        }
    }

    /// Connections that open and say nothing are tries, too.
    fn bounded(&self) -> Result<()> {
        match self.tries >= TRIES {
            true => Err(Refused::because(format!("{TRIES} connections in a row brought no event: giving up"))),
            false => Ok(()),
        }
    }
}

/// Bytes in, events out.
#[derive(Default)]
struct Parser {
    line: Vec<u8>,
    name: String,
    data: String,
    id: Option<String>,
    ready: VecDeque<(Option<String>, Event)>,
}

impl Parser {
    fn feed(&mut self, bytes: &[u8]) -> Result<()> {
        for &byte in bytes {
            if byte != b'\n' {
                self.line.push(byte);
                continue;
            }
            let line = std::mem::take(&mut self.line);
            let line = String::from_utf8_lossy(&line);
            self.take(line.trim_end_matches('\r'));
        }
        anyhow::ensure!(self.line.len() + self.data.len() <= LARGEST, "an event has more than {LARGEST} bytes");
        Ok(())
    }

    fn take(&mut self, line: &str) {
        if line.is_empty() {
            let (name, data) = (std::mem::take(&mut self.name), std::mem::take(&mut self.data));
            if !data.is_empty() {
                let data = serde_json::from_str(&data).unwrap_or(Value::String(data));
                self.ready.push_back((self.id.take(), Event { name, data }));
            }
            return;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.name),
            "id" => self.id = Some(value.to_owned()),
            "data" => {
                if !self.data.is_empty() {
                    self.data.push('\n');
                }
                self.data.push_str(value);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn events_come_whole_however_the_bytes_are_cut() {
        let text = ": ping\n\nid: 1\nevent: delta\ndata: {\"text\":\ndata: \"é\"}\n\nid:2\r\nevent:done\r\ndata:{}\r\n\r\nid: 3\nevent: x\n";
        for size in 1..text.len() {
            let mut parser = Parser::default();
            text.as_bytes().chunks(size).for_each(|bytes| parser.feed(bytes).unwrap());
            let events: Vec<_> = parser.ready.into_iter().collect();
            let first = Event { name: "delta".to_owned(), data: json!({"text": "é"}) };
            let second = Event { name: "done".to_owned(), data: json!({}) };
            assert_eq!(events, [(Some("1".to_owned()), first), (Some("2".to_owned()), second)]);
        }
    }
}
