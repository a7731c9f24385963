//! `POST /v1/jobs` with a line per job: answers stream back while the jobs stream in.
//!
//! The number of lines on their way to the bus is bounded, and no line is read while the client takes no answers, so
//! memory is constant. A client that disconnects stops all; its batch stays open.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use ruche_schemas::{JobId, failure::codes, lenient, plain};
use serde_json::{Value, json};
use uuid::Uuid;

use super::request::{NewJob, StreamQuery};
use crate::{
    http::{
        auth::Caller,
        body::{Bodies, Permit},
        error::ApiError,
        ignored,
        json::checked,
        limits,
        ndjson::{Line, Ndjson},
    },
    jobs::{intake::Intake, service::Jobs, submission::Accepted},
};

pub(super) struct JobStream {
    pub(super) jobs: Arc<Jobs>,
    pub(super) intake: Arc<Intake>,
    pub(super) caller: Caller,
}

struct Reading {
    stream: JobStream,
    batch: Uuid,
    /// How many jobs the batch had before.
    base: u64,
    close: bool,
    accepted: AtomicU64,
    rejected: AtomicU64,
}

struct Answer {
    line: u64,
    result: Result<Accepted, ApiError>,
    /// The paths of unknown fields.
    ignored: Vec<String>,
}

impl JobStream {
    pub(super) async fn respond(
        self,
        bodies: Bodies,
        query: StreamQuery,
        request: Request,
    ) -> Result<Response, ApiError> {
        let (parts, body) = request.into_parts();
        let mut lines = Ndjson::new(body, bodies.largest, limits::NDJSON_IDLE).share(bodies);
        let (batches, tenant) = (&self.jobs.batches, &self.caller.tenant);
        let batch = match query.batch {
            None => batches.begin(tenant, None).await?,
            Some(id) => batches.find(tenant, &id.to_string()).await?,
        };
        if batch.closed {
            let message = format!("batch {} is closed: leave `batch` out for a new one", batch.id);
            return Err(ApiError::conflict("batch_closed", message).param("batch"));
        }
        if parts.headers.contains_key(header::EXPECT) {
            // A client that expects `100 Continue` gets it before the answer begins.
            lines.begin().await?;
        }
        let reading = Reading {
            stream: self,
            close: query.close.unwrap_or(query.batch.is_none()),
            batch: batch.id,
            base: batch.total,
            accepted: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
        };
        let mut response = Body::from_stream(answers(Arc::new(reading), lines)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
        headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
        if let Ok(id) = HeaderValue::from_str(&batch.id.to_string()) {
            headers.insert("ruche-batch", id);
        }
        Ok(response)
    }
}

fn answers(reading: Arc<Reading>, lines: Ndjson) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static {
    let whole = Arc::new(AtomicU64::new(1));
    let end = (Arc::clone(&reading), Arc::clone(&whole));
    let read = stream::unfold((lines, whole), |(mut lines, whole)| async move {
        match lines.next().await {
            Ok(line) => Some(((line?, lines.take_permit()), (lines, whole))),
            // The client may reconnect: the batch stays open.
            Err(error) => {
                tracing::info!(error.message = %error, "a stream of jobs broke off");
                whole.store(0, Ordering::Relaxed);
                None
            }
        }
    });
    let submitting = Arc::clone(&reading);
    let submit = move |(line, permit)| Arc::clone(&submitting).submit(line, permit);
    let submitted = read.map(submit).buffered(limits::NDJSON_AT_ONCE);
    let counted =
        submitted.ready_chunks(limits::NDJSON_AT_ONCE).then(move |answers| Arc::clone(&reading).count(answers));
    let last = stream::once(async move {
        let (reading, whole) = end;
        reading.end(whole.load(Ordering::Relaxed) == 1).await
    });
    counted.chain(last).map(Ok)
}

impl Reading {
    /// A large line keeps its permit until it is submitted.
    async fn submit(self: Arc<Self>, (line, text): Line, _permit: Option<Permit>) -> Answer {
        let index = u32::try_from(self.base + line - 1).unwrap_or(u32::MAX >> 1).min(u32::MAX >> 1);
        let JobStream { intake, caller, .. } = &self.stream;
        let submitting = Box::pin(async {
            let text = text?;
            let text = checked(&text)?.unwrap_or(&text);
            let job = NewJob::read(text).map_err(|error| of_line(text, error))?;
            job.submit(intake, &caller.tenant, Some((self.batch, index))).await
        });
        let (result, ignored) = ignored::collect(submitting).await;
        let ignored = ignored::beside(result.as_ref().err(), ignored);
        Answer { line, result, ignored: lenient::shown(&ignored) }
    }

    /// Adds accepted jobs to the batch before they are answered: each answered job is counted.
    async fn count(self: Arc<Self>, answers: Vec<Answer>) -> Bytes {
        let mine = |accepted: &&Accepted| accepted.batch == Some(self.batch);
        let jobs: Vec<JobId> =
            answers.iter().filter_map(|answer| answer.result.as_ref().ok().filter(mine)).map(|a| a.job.id).collect();
        let added = self.stream.jobs.batches.add(self.batch, &jobs).await;
        let mut text = String::new();
        for Answer { line, result, ignored } in answers {
            let result = match (&added, result) {
                (Err(error), Ok(accepted)) if accepted.batch == Some(self.batch) => Err(error.clone()),
                (_, result) => result,
            };
            let counter = if result.is_ok() { &self.accepted } else { &self.rejected };
            counter.fetch_add(1, Ordering::Relaxed);
            let mut answer = answer(line, result);
            if !ignored.is_empty() {
                answer["ignored"] = json!(ignored);
            }
            text.push_str(&answer.to_string());
            text.push('\n');
        }
        text.into()
    }

    async fn end(&self, whole: bool) -> Bytes {
        let mut closed = false;
        let mut text = String::new();
        if whole && self.close {
            match self.stream.jobs.batches.close(&self.stream.caller.tenant, self.batch).await {
                Ok(_) => closed = true,
                Err(error) => text = format!("{}\n", error.to_json()),
            }
        }
        let (accepted, rejected) = (self.accepted.load(Ordering::Relaxed), self.rejected.load(Ordering::Relaxed));
        tracing::info!(ruche.batch = %self.batch, accepted, rejected, closed, "a stream of jobs ended");
        let batch = json!({ "id": self.batch, "accepted": accepted, "rejected": rejected, "closed": closed });
        text.push_str(&json!({ "batch": batch }).to_string());
        text.push('\n');
        text.into()
    }
}

/// The answer's `line` has the number, and a line as a whole is not the field `body` of its job.
fn of_line(text: &str, error: ApiError) -> ApiError {
    match serde_json::from_str(text) {
        Ok(Value::Object(_)) => error,
        Ok(_) => {
            let message = "the line is no JSON object: write one with `kind` and `body`";
            ApiError::bad_request(codes::INVALID, message)
        }
        Err(wrong) => {
            let why = plain::not_json(text, &wrong).replace("(line 1, ", "(");
            ApiError::bad_request(codes::INVALID, format!("the line is {why}"))
        }
    }
}

fn answer(line: u64, result: Result<Accepted, ApiError>) -> Value {
    match result {
        Ok(Accepted { job, kind, duplicate, .. }) => {
            json!({ "line": line, "id": job.id, "kind": kind, "state": "accepted", "duplicate": duplicate })
        }
        Err(error) => {
            let mut answer = error.to_json();
            answer["line"] = line.into();
            answer
        }
    }
}
