//! A log as server-sent events, from any `n`, then live.
//!
//! Source: the HTML Standard, "Server-sent events": `Last-Event-ID` on reconnect, 204 to end reconnecting.

use std::{convert::Infallible, sync::Arc};

use axum::{
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response, sse::Event},
};
use futures::{Stream, stream};
use ruche_bus::Bus;
use ruche_schemas::{JobRef, Record};
use ruche_store::{Store, jobs::EndedJob};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    lookup::unknown,
    relay::{Relay, Relays},
};
use crate::http::{
    error::ApiError,
    headers::text_header,
    metrics::{Metrics, Open},
    params::position,
    sse,
    text::shown,
};

#[derive(Clone)]
pub struct Follower {
    pub(super) bus: Arc<dyn Bus>,
    pub(super) store: Arc<dyn Store>,
    pub(super) relays: Relays,
    pub(super) metrics: Arc<Metrics>,
}

/// The events of a job for a client.
pub(crate) enum Follow {
    /// From its log.
    Relay(Relay),
    /// The log is gone: one last event from the row.
    Last(Box<Record>),
    /// The job ended before the first one requested.
    Nothing,
}

/// Where to begin.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsQuery {
    /// The `n` of the first event to return; 1 returns all. `Last-Event-ID` overrides it.
    from: Option<u64>,
}

impl EventsQuery {
    /// The first `n` requested.
    ///
    /// # Errors
    /// 400 for an invalid `Last-Event-ID`.
    pub(crate) fn first(&self, headers: &HeaderMap) -> Result<u64, ApiError> {
        let from = position("from", self.from.unwrap_or(1))?;
        match text_header(headers, "last-event-id")?.filter(|id| !id.is_empty()) {
            None => Ok(from.max(1)),
            Some(last) => {
                let wrong = || {
                    let message = format!("{:?} is not the id of an event: those are numbers from 1", shown(last));
                    ApiError::invalid("last-event-id", message)
                };
                Ok(position("last-event-id", last.parse().map_err(|_| wrong())?)? + 1)
            }
        }
    }
}

impl Follower {
    /// The events of a job with `n >= from`.
    ///
    /// # Errors
    /// 404; 503.
    pub(crate) async fn job(&self, job: JobRef, from: u64) -> Result<Follow, ApiError> {
        if let Some(found) = self.log(job.clone(), from).await? {
            return Ok(found);
        }
        let Some(row) = self.store.job(&job).await? else { return Err(unknown(&job.id.to_string())) };
        // A job that was accepted after the first look may have ended by now: then its log is complete.
        if let Some(found) = self.log(job.clone(), from).await? {
            return Ok(found);
        }
        let EndedJob { state: event, kind, attempt, ended_at: at, data, claim, .. } = row;
        Ok(Follow::Last(Box::new(Record { n: from, event, kind, attempt, at, data, claim })))
    }

    /// From the log alone; `None` without one.
    pub(crate) async fn log(&self, job: JobRef, from: u64) -> Result<Option<Follow>, ApiError> {
        match self.bus.last(&job).await? {
            None => Ok(None),
            Some(last) if last.record.event.is_final() && from > last.record.n => Ok(Some(Follow::Nothing)),
            Some(_) => self.wait(job, from).await.map(Some),
        }
    }

    /// The events of a log that exists, or will.
    pub(crate) async fn wait(&self, job: JobRef, from: u64) -> Result<Follow, ApiError> {
        Ok(Follow::Relay(self.relays.open(job, from).await?))
    }

    pub(crate) fn respond(&self, found: Follow) -> Response {
        let open = Open::new(&self.metrics.streams);
        match found {
            Follow::Nothing => StatusCode::NO_CONTENT.into_response(),
            Follow::Relay(relay) => sse::respond(events(relay, open)),
            Follow::Last(record) => sse::respond(stream::iter([Ok(event(&record))])),
        }
    }
}

fn events(relay: Relay, open: Open) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold((relay, open), |(mut relay, open)| async move {
        let event = match relay.next().await? {
            Ok(record) => event(&record),
            // No id: the client resumes after the last one it has.
            Err(interrupted) => {
                Event::default().event("interrupted").data(interrupted.error(&relay.job).to_json().to_string())
            }
        };
        Some((Ok(event), (relay, open)))
    })
}

fn event(record: &Record) -> Event {
    sse::with_json(Event::default().id(record.n.to_string()).event(record.event.as_str()), record)
}
