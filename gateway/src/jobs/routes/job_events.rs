//! `GET /v1/jobs/{id}/events`: a job's log as server-sent events, from any `n`, then live.
//!
//! Source: the HTML Standard, "Server-sent events": `Last-Event-ID` on reconnect, 204 to end reconnecting.

use std::{convert::Infallible, sync::Arc};

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures::{Stream, stream};
use ruche_schemas::{JobRef, Record};
use serde::Deserialize;
use utoipa::IntoParams;

use super::get_job::{reference, unknown};
use crate::{
    app::parts::App,
    http::{
        auth::Caller,
        body::{Path, Query, text_header},
        error::{ApiError, ErrorBody},
        limits,
        metrics::Open,
    },
    jobs::relay::Relay,
    ports::EndedJob,
};

/// Where to begin.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsQuery {
    /// The first `n` wanted; 1 is all. `Last-Event-ID` comes before it.
    from: Option<u64>,
}

/// Follow a job
///
/// Its events as server-sent events: `id` is `n`, `event` the type, `data` the whole event. First those stored, then those
/// to come, without gap or repeat; the stream ends after `done`, `failed` or `cancelled`. A result of more than 256 KiB is
/// not in `done`: `claim` says so, and `GET /v1/jobs/{job}/result` has it. `Last-Event-ID` goes on
/// after that event; where none is left, the answer is 204.
#[utoipa::path(get, path = "/v1/jobs/{job}/events", tag = "jobs", security(("bearer" = [])),
    params(
        ("job" = Uuid, Path, description = "The job's id"), EventsQuery,
        ("Last-Event-ID" = Option<u64>, Header, description = "The `n` of the last event that was received"),
    ),
    responses(
        (status = 200, description = "The events", content((ref("#/components/schemas/Record") = "text/event-stream"))),
        (status = 204, description = "The job has ended and all its events were received"),
        (status = 404, description = "There is no such job, or it is somebody else's", body = ErrorBody),
        (status = "4XX", description = "The request is wrong", body = ErrorBody),
        (status = 503, description = "Not now", body = ErrorBody),
    )
)]
pub(crate) async fn job_events(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<EventsQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let job = reference(&caller.tenant, &id)?;
    let from = begin(&query, &headers)?;
    let found = follow(&app, job, from).await?;
    Ok(respond(&app, found))
}

/// The first `n` that is wanted.
pub(crate) fn begin(query: &EventsQuery, headers: &HeaderMap) -> Result<u64, ApiError> {
    match text_header(headers, "last-event-id")?.filter(|id| !id.is_empty()) {
        None => Ok(query.from.unwrap_or(1).max(1)),
        Some(last) => last.parse::<u64>().ok().and_then(|n| n.checked_add(1)).ok_or_else(|| {
            ApiError::invalid("last-event-id", format!("{last:?} is not the id of an event: those are numbers from 1"))
        }),
    }
}

/// The events as an answer.
pub(crate) fn respond(app: &App, found: Option<Follow>) -> Response {
    let open = Open::new(&app.metrics.streams);
    match found {
        None => StatusCode::NO_CONTENT.into_response(),
        Some(Follow::Relay(relay)) => sse(events(relay, open)),
        Some(Follow::Last(record)) => sse(stream::iter([Ok(event(&record))])),
    }
}

/// How a job's events are had.
pub(crate) enum Follow {
    /// From its log.
    Relay(Relay),
    /// The log is gone; the row makes one last event.
    Last(Box<Record>),
}

/// Finds a job's events with `n >= from`; `None` where the job has ended before that.
pub(crate) async fn follow(app: &App, job: JobRef, from: u64) -> Result<Option<Follow>, ApiError> {
    if let Some(found) = follow_log(app, job.clone(), from).await? {
        return Ok(found);
    }
    let Some(row) = app.store.job(&job).await? else { return Err(unknown(&job.id.to_string())) };
    // A job that was accepted after the first look may have run to its end by now: then its log tells all of it.
    if let Some(found) = follow_log(app, job.clone(), from).await? {
        return Ok(found);
    }
    let EndedJob { state: event, kind, attempt, ended_at: at, data, claim, .. } = row;
    let record = Record { n: from, event, kind, attempt, at, data, claim };
    Ok(Some(Follow::Last(Box::new(record))))
}

/// The same, from the log alone; `None` where there is none.
pub(crate) async fn follow_log(app: &App, job: JobRef, from: u64) -> Result<Option<Option<Follow>>, ApiError> {
    match app.bus.last(&job).await? {
        None => Ok(None),
        Some(last) if last.record.event.is_final() && from > last.record.n => Ok(Some(None)),
        Some(_) => Relay::open(app, job, from).await.map(|relay| Some(Some(Follow::Relay(relay)))),
    }
}

fn sse(events: impl Stream<Item = Result<Event, Infallible>> + Send + 'static) -> Response {
    let alive = KeepAlive::new().interval(limits::HEARTBEAT).text("ping");
    let mut response = Sse::new(events).keep_alive(alive).into_response();
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

fn events(relay: Relay, open: Open) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold((relay, open), |(mut relay, open)| async move {
        let event = match relay.next().await? {
            Ok(record) => event(&record),
            // No id: the client comes back with the last one it has.
            Err(interrupted) => {
                Event::default().event("interrupted").data(interrupted.error(&relay.job).to_json().to_string())
            }
        };
        Some((Ok(event), (relay, open)))
    })
}

fn event(record: &Record) -> Event {
    let event = Event::default().id(record.n.to_string()).event(record.event.as_str());
    event.json_data(record).unwrap_or_else(|_| Event::default().comment("unwritable"))
}
