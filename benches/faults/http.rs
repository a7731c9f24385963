//! The gateways' client: a request that one of them did not answer goes to another one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::StreamExt;
use reqwest::{Client, StatusCode};
use ruche_schemas::{Job, JobRef};
use serde_json::Value;

use crate::{
    errand::{self, Errand},
    follow::Followed,
    load::Refusal,
};

/// How long an answer may take to begin.
const ANSWER: Duration = Duration::from_secs(10);

/// Several gateways, and a key for them.
#[derive(Clone)]
pub struct Http {
    urls: Arc<Vec<String>>,
    turn: Arc<AtomicUsize>,
    key: String,
    client: Client,
}

impl Http {
    /// A client of the gateways on these ports.
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

    /// Submits a job under its idempotency key.
    pub async fn submit(&self, seed: u64, job: &JobRef, errand: &Errand) -> Result<(), Refusal> {
        let later = |error: reqwest::Error| Refusal::Later(error.to_string());
        let request = self.client.post(format!("{}/v1/jobs/{}", self.url(), Errand::KIND)).bearer_auth(&self.key);
        let request = request.header("idempotency-key", errand::key(seed, errand.number)).json(errand);
        let answer = request.timeout(ANSWER).send().await.map_err(later)?;
        let status = answer.status();
        let body: Value = answer.json().await.map_err(later)?;
        match status {
            StatusCode::ACCEPTED if body["id"] == job.id.to_string() => Ok(()),
            StatusCode::TOO_MANY_REQUESTS => Err(Refusal::Later(body.to_string())),
            status if status.is_server_error() => Err(Refusal::Later(body.to_string())),
            status => Err(Refusal::Never(format!("{status} {body}"))),
        }
    }

    /// Takes events until the last one, or until the connection breaks.
    pub async fn follow(&self, followed: &mut Followed) {
        let mut request = self.client.get(format!("{}/v1/jobs/{}/events", self.url(), followed.job.id));
        if let Some(last) = followed.records.last() {
            request = request.header("last-event-id", last.n.to_string());
        }
        let Ok(Ok(answer)) = tokio::time::timeout(ANSWER, request.bearer_auth(&self.key).send()).await else { return };
        if answer.status() != StatusCode::OK {
            return;
        }
        let (mut body, mut text) = (answer.bytes_stream(), Vec::new());
        while let Some(Ok(piece)) = body.next().await {
            text.extend_from_slice(&piece);
            while let Some(end) = text.windows(2).position(|pair| pair == b"\n\n") {
                let event: Vec<u8> = text.drain(..end + 2).collect();
                // What has no id is no event of the job.
                if let Some(record) = record(&String::from_utf8_lossy(&event)) {
                    followed.records.push(record);
                }
            }
        }
    }
}

/// The event in a block of lines, if it is one of the job's log.
fn record(block: &str) -> Option<ruche_schemas::Record> {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim_start);
    let n: u64 = field("id:")?.parse().ok()?;
    let record: ruche_schemas::Record = serde_json::from_str(field("data:")?).ok()?;
    (record.n == n).then_some(record)
}
