//! The answer of a chat as a stream of chunks for an OpenAI client.
//!
//! The status is sent with the first piece, so that a prompt that is too long is a 400 and not a broken stream.

use std::{collections::VecDeque, convert::Infallible};

use axum::response::{Response, sse::Event};
use futures::{Stream, stream};
use ruche_schemas::{
    EventType,
    kinds::chat::{Answer, Delta},
};
use serde::Serialize;
use tokio::time::{Instant, timeout_at};

use super::openai::response::Head;
use crate::{
    http::{error::ApiError, metrics::Open, sse},
    jobs::{
        relay::{CancelOnDrop, Relay},
        wait::Waiter,
    },
};

pub(super) struct Running {
    pub(super) waiter: Waiter,
    pub(super) relay: Relay,
    pub(super) head: Head,
    pub(super) guard: CancelOnDrop,
    pub(super) deadline: Instant,
}

enum Piece {
    Text(Delta),
    End(Answer),
}

impl Piece {
    /// Known with the first piece.
    fn messages_left_out(&self) -> u32 {
        match self {
            Self::Text(delta) => delta.messages_left_out,
            Self::End(answer) => answer.usage.messages_left_out,
        }
    }
}

/// Says in a header how many of the oldest messages were left out, if any.
pub(super) fn tell_left_out(response: &mut Response, messages: u32) {
    if messages > 0 {
        response.headers_mut().insert("ruche-messages-left-out", messages.into());
    }
}

impl Running {
    async fn next(&mut self) -> Result<Piece, ApiError> {
        loop {
            let job = self.relay.job.clone();
            match self.relay.next().await {
                Some(Ok(record)) if record.event == EventType::Delta => {
                    return record.parse().map(Piece::Text).map_err(|_| ApiError::internal().job(job.id));
                }
                Some(Ok(record)) if record.event.is_final() => {
                    self.guard.disarm();
                    let ended = self.waiter.ended(&job, record.event, record.data, record.claim).await?;
                    return ended.output().map(Piece::End);
                }
                Some(Ok(_)) => {}
                Some(Err(interrupted)) => {
                    self.guard.disarm();
                    return Err(interrupted.error(&job));
                }
                None => return Err(ApiError::internal().job(job.id)),
            }
        }
    }

    /// Bounded by the time that a request waits.
    async fn next_in_time(&mut self) -> Result<Piece, ApiError> {
        match timeout_at(self.deadline, self.next()).await {
            Ok(piece) => piece,
            Err(_) => {
                self.guard.disarm();
                Err(ApiError::waited(self.relay.job.id, self.waiter.seconds))
            }
        }
    }

    pub(super) async fn stream(mut self, open: Open) -> Result<Response, ApiError> {
        let first = self.next_in_time().await?;
        self.head.messages_left_out = first.messages_left_out();
        let mut frames = VecDeque::from([frame(&self.head.opening())]);
        let ended = self.frames(Ok(first), &mut frames);
        let left_out = self.head.messages_left_out;
        let frames = Frames { running: self, frames, ended, _open: open };
        let mut response = sse::respond(frames.into_stream());
        tell_left_out(&mut response, left_out);
        Ok(response)
    }

    /// Adds the frames of a piece; true when the stream is complete.
    fn frames(&self, piece: Result<Piece, ApiError>, frames: &mut VecDeque<Event>) -> bool {
        match piece {
            Ok(Piece::Text(delta)) => {
                if !delta.text.is_empty() {
                    frames.push_back(frame(&self.head.text(delta.text)));
                }
                false
            }
            Ok(Piece::End(answer)) => {
                frames.extend(self.head.closing(&answer).iter().map(frame));
                frames.push_back(Event::default().data("[DONE]"));
                true
            }
            Err(error) => {
                frames.push_back(Event::default().data(error.to_json().to_string()));
                true
            }
        }
    }
}

/// The body of a stream. If dropped before its end, it cancels the job, when that was requested.
struct Frames {
    running: Running,
    frames: VecDeque<Event>,
    ended: bool,
    _open: Open,
}

impl Frames {
    fn into_stream(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, |mut this| async move {
            loop {
                if let Some(frame) = this.frames.pop_front() {
                    return Some((Ok(frame), this));
                }
                if this.ended {
                    return None;
                }
                let piece = this.running.next().await;
                this.ended = this.running.frames(piece, &mut this.frames);
            }
        })
    }
}

fn frame<T: Serialize>(chunk: &T) -> Event {
    sse::with_json(Event::default(), chunk)
}
