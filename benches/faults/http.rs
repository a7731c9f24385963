//! The gateways' client: a request that one of them did not answer goes to another one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use eventsource_stream::{Event, Eventsource};
use futures::StreamExt;
use reqwest::{Client, StatusCode};
use ruche_schemas::{Job, JobRef, Record};
use serde_json::Value;

use crate::faults::{
    client::{Followed, SubmitError},
    task::{self, Task},
};

/// How long an answer may take to begin.
const ANSWER: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub struct Http {
    urls: Arc<Vec<String>>,
    turn: Arc<AtomicUsize>,
    key: String,
    client: Client,
}

impl Http {
    pub fn new(ports: &[u16], key: String) -> Self {
        let urls = ports.iter().map(|port| format!("http://127.0.0.1:{port}")).collect();
        Self { urls: Arc::new(urls), turn: Arc::default(), key, client: Client::new() }
    }

    /// The gateways in turn.
    fn url(&self) -> &str {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        &self.urls[turn % self.urls.len()]
    }

    /// Whether all of them take jobs.
    pub async fn are_ready(&self) -> bool {
        for url in self.urls.iter() {
            let answer = self.client.get(format!("{url}/readyz")).timeout(ANSWER).send().await;
            if !answer.is_ok_and(|answer| answer.status().is_success()) {
                return false;
            }
        }
        true
    }

    /// With an idempotency key.
    pub async fn submit(&self, seed: u64, job: &JobRef, task: &Task) -> Result<(), SubmitError> {
        let later = |error: reqwest::Error| SubmitError::Later(error.to_string());
        let request = self.client.post(format!("{}/v1/jobs/{}", self.url(), Task::KIND)).bearer_auth(&self.key);
        let request = request.header("idempotency-key", task::key(seed, task.number)).json(task);
        let answer = request.timeout(ANSWER).send().await.map_err(later)?;
        let status = answer.status();
        let body: Value = answer.json().await.map_err(later)?;
        match status {
            StatusCode::ACCEPTED if body["id"] == job.id.to_string() => Ok(()),
            StatusCode::TOO_MANY_REQUESTS => Err(SubmitError::Later(body.to_string())),
            status if status.is_server_error() => Err(SubmitError::Later(body.to_string())),
            status => Err(SubmitError::Never(format!("{status} {body}"))),
        }
    }

    /// Reads events until the last one, or until the connection breaks.
    pub async fn follow(&self, followed: &mut Followed) {
        let mut request = self.client.get(format!("{}/v1/jobs/{}/events", self.url(), followed.job.id));
        if let Some(last) = followed.records.last() {
            request = request.header("last-event-id", last.n.to_string());
        }
        let Ok(Ok(answer)) = tokio::time::timeout(ANSWER, request.bearer_auth(&self.key).send()).await else { return };
        if answer.status() != StatusCode::OK {
            return;
        }
        let mut events = answer.bytes_stream().eventsource();
        while let Some(Ok(event)) = events.next().await {
            followed.records.extend(record(&event));
        }
    }
}

/// The record in an event, if it is one of the job's log.
fn record(event: &Event) -> Option<Record> {
    let n: u64 = event.id.parse().ok()?;
    let record: Record = serde_json::from_str(&event.data).ok()?;
    (record.n == n).then_some(record)
}
