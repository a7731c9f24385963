//! `POST /v1/chat/completions`: a chat as OpenAI's clients know it.
//!
//! The status is sent when the first piece of the answer is there, so that a prompt that is too long is a 400 and not a
//! stream that breaks.

use std::{collections::VecDeque, convert::Infallible, sync::Arc};

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue},
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use chrono::Utc;
use futures::{Stream, stream};
use ruche_schemas::{
    EventType, Job as _, Lane, Record,
    kinds::chat::{Answer, Chat, Delta},
};
use serde::Serialize;
use tokio::time::{Instant, timeout_at};

use crate::{
    app::parts::App,
    chat::openai::{
        request::ChatCompletionRequest,
        response::{ChatCompletion, ChatCompletionChunk, Head, completion_id},
    },
    http::{
        auth::Caller,
        body::{JsonText, text_header},
        error::{ApiError, ErrorBody},
        limits,
        metrics::Open,
    },
    jobs::{
        relay::{CancelOnDrop, Relay},
        submit::{Submission, refusal},
    },
};

/// A chat that is under way.
struct Running {
    app: Arc<App>,
    relay: Relay,
    head: Head,
    guard: CancelOnDrop,
    deadline: Instant,
    wait_seconds: u64,
}

/// Create a chat completion
///
/// The answer of a model or a bot, whole or as a stream of server-sent events that ends with `data: [DONE]`. A bot with
/// collections answers from passages of documents: `citations` of the message, or of the last piece of the stream, say
/// which passage each `[n]` of the text is. Response header `ruche-job` names the job behind it. When the client goes away first, the job is cancelled, unless
/// `cancel_on_disconnect` is false or there is an `Idempotency-Key`.
#[utoipa::path(
    post, path = "/v1/chat/completions", tag = "chat", security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key is the same job, whenever it comes again")),
    request_body = ChatCompletionRequest,
    responses(
        (status = 200, description = "The answer", content(
            (ChatCompletion = "application/json"), (ChatCompletionChunk = "text/event-stream"))),
        (status = "4XX", description = "The request is wrong; nothing was published", body = ErrorBody),
        (status = "5XX", description = "Not now, or not any more: see `code`", body = ErrorBody),
    )
)]
pub(crate) async fn chat_completions(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    JsonText(body): JsonText,
) -> Result<Response, ApiError> {
    let request = ChatCompletionRequest::parse(&body)?;
    let idempotency_key = text_header(&headers, "idempotency-key")?;
    let (stream, include_usage) = (request.stream.unwrap_or(false), request.include_usage());
    let cancel_on_disconnect = request.cancel_on_disconnect.unwrap_or(idempotency_key.is_none());
    let chat = request.into_chat();
    let model = chat.model.clone();
    let mut submission = Submission::new(&caller.tenant, Lane::Interactive, idempotency_key);
    submission.options.follow = true;
    let mut accepted = app.submit_chat(chat, submission).await?;
    let guard = CancelOnDrop::new(&app, &accepted.job, cancel_on_disconnect && !accepted.duplicate);
    let id = accepted.job.id;
    let head = Head {
        id: completion_id(id),
        created: Utc::now().timestamp(),
        model: match model {
            Some(model) => model,
            None => app.models.default_name(&*app.bus, &Chat::KIND).await,
        },
        conversation: accepted.conversation,
        include_usage,
    };
    let relay = accepted.relay(&app).await?;
    let (deadline, wait_seconds) = (Instant::now() + app.wait(), app.settings.wait_seconds);
    let running = Running { app: Arc::clone(&app), relay, head, guard, deadline, wait_seconds };
    let mut response = match stream {
        true => running.stream(Open::new(&app.metrics.streams)).await?,
        false => Json(running.whole().await?).into_response(),
    };
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert("ruche-job", value);
    }
    Ok(response)
}

impl Running {
    /// The next event that says something: a delta or the end.
    async fn telling(&mut self) -> Result<Record, ApiError> {
        loop {
            let job = self.relay.job.clone();
            match self.relay.next().await {
                Some(Ok(record)) if record.event == EventType::Delta => return Ok(record),
                Some(Ok(record)) if record.event.is_final() => {
                    self.guard.disarm();
                    return match refusal(job.id, &record) {
                        Some(error) => Err(error),
                        None => self.app.whole(&job, record).await,
                    };
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

    /// The same, within the time that a request waits.
    async fn telling_in_time(&mut self) -> Result<Record, ApiError> {
        match timeout_at(self.deadline, self.telling()).await {
            Ok(told) => told,
            Err(_) => {
                self.guard.disarm();
                Err(ApiError::waited(self.relay.job.id, self.wait_seconds))
            }
        }
    }

    async fn whole(mut self) -> Result<ChatCompletion, ApiError> {
        loop {
            let record = self.telling_in_time().await?;
            if record.event.is_final() {
                return Ok(self.head.completion(answer(&record)?));
            }
        }
    }

    async fn stream(mut self, open: Open) -> Result<Response, ApiError> {
        let first = self.telling_in_time().await?;
        let mut frames = VecDeque::from([frame(&self.head.opening())]);
        let ended = self.frames(Ok(first), &mut frames);
        let stream = Frames { running: self, frames, ended, _open: open };
        let alive = KeepAlive::new().interval(limits::HEARTBEAT).text("ping");
        let mut response = Sse::new(stream.into_stream()).keep_alive(alive).into_response();
        response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
        Ok(response)
    }

    /// Adds what an event becomes in the stream; tells whether the stream is complete.
    fn frames(&self, told: Result<Record, ApiError>, frames: &mut VecDeque<Event>) -> bool {
        let told = told.and_then(|record| match record.event.is_final() {
            true => answer(&record).map(Err),
            false => record.parse::<Delta>().map(Ok).map_err(|_| ApiError::internal().job(self.relay.job.id)),
        });
        match told {
            Ok(Ok(delta)) => {
                if !delta.text.is_empty() {
                    frames.push_back(frame(&self.head.text(delta.text)));
                }
                false
            }
            Ok(Err(answer)) => {
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

/// The body of a stream. Dropped before its end, it cancels the job, if that was asked for.
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
                let told = this.running.telling().await;
                this.ended = this.running.frames(told, &mut this.frames);
            }
        })
    }
}

fn frame<T: Serialize>(chunk: &T) -> Event {
    // Our chunks are plain structs of strings and numbers: they can be written.
    Event::default().json_data(chunk).unwrap_or_else(|_| Event::default().comment("unwritable"))
}

fn answer(record: &Record) -> Result<Answer, ApiError> {
    record.parse().map_err(|error| {
        tracing::error!(error.message = %error, "a chat's answer can't be read");
        ApiError::internal()
    })
}
