//! Answers with server-sent events: the HTML Standard, "Server-sent events".

use std::convert::Infallible;

use axum::{
    http::HeaderValue,
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures::Stream;
use serde::Serialize;

use super::limits;

/// With a heartbeat while no event is sent. A header asks proxies not to buffer it.
pub(crate) fn respond(events: impl Stream<Item = Result<Event, Infallible>> + Send + 'static) -> Response {
    let alive = KeepAlive::new().interval(limits::HEARTBEAT).text("ping");
    let mut response = Sse::new(events).keep_alive(alive).into_response();
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// Serialization of plain structs of strings and numbers does not fail.
pub(crate) fn with_json<T: Serialize>(event: Event, data: &T) -> Event {
    event.json_data(data).unwrap_or_else(|_| Event::default().comment("unwritable"))
}
