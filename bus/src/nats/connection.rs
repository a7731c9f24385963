//! The connection: requests fail at once while it is lost.
//!
//! Every wait for an answer is here. It is bounded, and ends when the connection is lost, so that a gateway answers
//! 503 within milliseconds of an outage.

use std::{fmt, time::Duration};

use async_nats::{Client, HeaderMap, Message, Request, RequestErrorKind, Subscriber, connection::State};
use bytes::Bytes;
use futures::StreamExt;
use serde::{Deserialize, de::DeserializeOwned};
use tokio::{sync::watch, time};

use super::codes::NO_STREAM;
use crate::port::Unavailable;

/// The longest wait for an answer.
pub(super) const ANSWER: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RequestError {
    NoResponders,
    /// No answer in time: the request may or may not have been carried out.
    Timeout,
    /// The message is larger than the server takes.
    TooLarge,
    Api(ApiError),
    Disconnected(String),
    Unexpected(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct ApiError {
    #[serde(default, rename = "err_code")]
    pub(super) code: u64,
    #[serde(default)]
    pub(super) description: String,
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoResponders => write!(f, "JetStream does not answer, or the stream does not exist"),
            Self::Timeout => write!(f, "no answer within {} s", ANSWER.as_secs()),
            Self::TooLarge => write!(f, "the message is larger than the server's max_payload"),
            Self::Api(ApiError { code, description }) => write!(f, "{description} (NATS error {code})"),
            Self::Disconnected(reason) | Self::Unexpected(reason) => write!(f, "{reason}"),
        }
    }
}

impl RequestError {
    /// Whether the stream is not there, or JetStream is not.
    pub(super) fn is_missing_stream(&self) -> bool {
        matches!(self, Self::NoResponders | Self::Api(ApiError { code: NO_STREAM, .. }))
    }
}

impl From<RequestError> for Unavailable {
    fn from(error: RequestError) -> Self {
        Self(error.to_string())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Health {
    /// How often the connection was lost.
    pub(super) losses: u64,
    pub(super) up: bool,
}

/// One connection, with names under one prefix.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) client: Client,
    health: watch::Receiver<Health>,
}

impl Connection {
    pub(super) const fn new(client: Client, health: watch::Receiver<Health>) -> Self {
        Self { client, health }
    }

    /// Changes of the connection from now on.
    pub(super) fn health(&self) -> watch::Receiver<Health> {
        let mut health = self.health.clone();
        health.mark_unchanged();
        health
    }

    /// How often the connection was lost so far.
    pub(super) fn losses(&self) -> u64 {
        self.health.borrow().losses
    }

    /// Fails at once if there is no connection.
    pub(super) fn check(&self) -> Result<(), RequestError> {
        match self.client.connection_state() {
            State::Connected => Ok(()),
            _ => Err(RequestError::Disconnected("not connected to NATS".to_owned())),
        }
    }

    /// Waits at most [`ANSWER`].
    pub(super) async fn request(
        &self,
        subject: String,
        headers: Option<HeaderMap>,
        payload: Bytes,
    ) -> Result<Message, RequestError> {
        self.check()?;
        let mut request = Request::new().payload(payload).timeout(Some(ANSWER));
        if let Some(headers) = headers {
            request = request.headers(headers);
        }
        let mut health = self.health();
        let losses = health.borrow().losses;
        let answer = tokio::select! {
            biased;
            answer = self.client.send_request(subject, request) => answer,
            _ = health.wait_for(|now| now.losses != losses) =>
                return Err(RequestError::Disconnected("the connection to NATS was lost".to_owned())),
        };
        answer.map_err(|error| match error.kind() {
            RequestErrorKind::NoResponders => RequestError::NoResponders,
            RequestErrorKind::TimedOut => RequestError::Timeout,
            RequestErrorKind::MaxPayloadExceeded => RequestError::TooLarge,
            _ => RequestError::Disconnected(error.to_string()),
        })
    }

    /// JSON in, JSON out.
    pub(super) async fn api<T: DeserializeOwned>(
        &self,
        subject: &str,
        body: &serde_json::Value,
    ) -> Result<T, RequestError> {
        let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        let answer = self.request(format!("$JS.API.{subject}"), None, body).await?;
        parse(&answer.payload)
    }

    /// Stores a message in the stream that has its subject.
    pub(super) async fn store(
        &self,
        subject: String,
        headers: Option<HeaderMap>,
        payload: Bytes,
    ) -> Result<Stored, RequestError> {
        let answer = self.request(subject, headers, payload).await?;
        parse(&answer.payload)
    }

    /// As [`Connection::store`], repeated once when no answer comes. Only for messages with an id, or that may be
    /// stored twice.
    pub(super) async fn store_with_retry(
        &self,
        subject: String,
        headers: Option<HeaderMap>,
        payload: Bytes,
    ) -> Result<Stored, RequestError> {
        match self.store(subject.clone(), headers.clone(), payload.clone()).await {
            Err(RequestError::Timeout) => self.store(subject, headers, payload).await,
            other => other,
        }
    }

    pub(super) async fn subscribe(&self, subject: String) -> Result<Subscriber, RequestError> {
        self.check()?;
        let subscribing = time::timeout(ANSWER, self.client.subscribe(subject)).await;
        subscribing.map_err(|_| RequestError::Timeout)?.map_err(|error| RequestError::Disconnected(error.to_string()))
    }

    /// Returns once the server has seen everything that was sent before, on this connection.
    pub(super) async fn round_trip(&self) -> Result<(), RequestError> {
        let _: serde_json::Value = self.api("INFO", &serde_json::Value::Null).await?;
        Ok(())
    }

    /// Sends a request that may get several answers.
    pub(super) async fn request_many(
        &self,
        subject: String,
        body: &serde_json::Value,
    ) -> Result<Answers, RequestError> {
        let health = self.health();
        let losses = health.borrow().losses;
        let inbox = self.client.new_inbox();
        let subscriber = self.subscribe(inbox.clone()).await?;
        self.send(subject, inbox, Bytes::from(body.to_string())).await?;
        Ok(Answers { subscriber, health, losses })
    }

    /// Sends a message; `reply` is the subject for answers.
    pub(super) async fn send(&self, subject: String, reply: String, payload: Bytes) -> Result<(), RequestError> {
        self.check()?;
        let sending = time::timeout(ANSWER, self.client.publish_with_reply(subject, reply, payload)).await;
        sending.map_err(|_| RequestError::Timeout)?.map_err(|error| RequestError::Disconnected(error.to_string()))
    }
}

pub(super) struct Answers {
    subscriber: Subscriber,
    health: watch::Receiver<Health>,
    losses: u64,
}

impl Answers {
    /// Fails after this wait, and at once when the connection is lost.
    pub(super) async fn next(&mut self, wait: Duration) -> Result<Message, RequestError> {
        let losses = self.losses;
        let message = tokio::select! {
            message = time::timeout(wait, self.subscriber.next()) => message.map_err(|_| RequestError::Timeout)?,
            _ = self.health.wait_for(|now| now.losses != losses) => None,
        };
        message.ok_or_else(|| RequestError::Disconnected("the connection to NATS was lost".to_owned()))
    }
}

/// The acknowledgement of a stored message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Stored {
    #[serde(rename = "seq")]
    pub(super) sequence: u64,
    #[serde(default)]
    pub(super) duplicate: bool,
}

fn parse<T: DeserializeOwned>(payload: &[u8]) -> Result<T, RequestError> {
    #[derive(Deserialize)]
    struct Failed {
        error: ApiError,
    }
    if let Ok(Failed { error }) = serde_json::from_slice(payload) {
        return Err(RequestError::Api(error));
    }
    serde_json::from_slice(payload)
        .map_err(|error| RequestError::Unexpected(format!("NATS answers what we can't read: {error}")))
}
