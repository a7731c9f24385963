//! One client's session: reads its messages, follows its jobs, and closes with a reason.
//!
//! One task owns the socket; one task per followed job waits for events, with a short queue between them. A slow
//! client fills the queue, the tasks wait, and nothing is read from the bus.

use std::{collections::HashSet, sync::Arc, time::Instant};

use axum::extract::ws::{Message, WebSocket};
use ruche_schemas::{EventType, JobId, Lane};
use serde_json::Value;
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Interval, MissedTickBehavior, interval, timeout},
};
use tracing::Instrument;

use super::{
    close::{Close, GONE, RESTART, SILENT, SLOW, TOO_BIG, UNAUTHORIZED, close_with},
    protocol::{self, Incoming, Request},
    sockets::Sockets,
};
use crate::{
    chat::{bot::named, openai::request::ChatCompletionRequest},
    http::{auth::Caller, error::ApiError, limits},
    jobs::{
        follow::Follow,
        lookup::reference,
        relay::{CancelOnDrop, Relay},
        submission::{Accepted, Submission},
    },
};

fn already_following() -> ApiError {
    ApiError::conflict("already_following", "this socket follows this job already")
}

/// The outcome of a chat's submission, with the client's reference: the job and its cancel guard, or the error.
struct Asked {
    name: Option<String>,
    guarded: Result<(Accepted, CancelOnDrop), ApiError>,
}

struct Session {
    sockets: Arc<Sockets>,
    socket: WebSocket,
    caller: Caller,
    queue: (mpsc::Sender<Value>, mpsc::Receiver<Value>),
    tasks: JoinSet<JobId>,
    asking: JoinSet<Asked>,
    following: HashSet<JobId>,
    last_heard: Instant,
}

pub async fn run(sockets: Arc<Sockets>, mut socket: WebSocket, caller: Option<Caller>) {
    let known = match caller {
        Some(caller) => Ok(caller),
        None => introduce(&sockets, &mut socket).await,
    };
    let close = match known {
        Err(close) => close,
        Ok(caller) => {
            let (queue, tasks) = (mpsc::channel(limits::SOCKET_QUEUE), JoinSet::new());
            let following = HashSet::new();
            let (asking, last_heard) = (JoinSet::new(), Instant::now());
            let mut session = Session { sockets, socket, caller, queue, tasks, asking, following, last_heard };
            let close = session.serve().await.unwrap_or_else(|close| close);
            // Submissions under way go on without this socket.
            session.asking.detach_all();
            socket = session.socket;
            close
        }
    };
    tracing::debug!(websocket.close_code = close.0, "a WebSocket is closed");
    if close != GONE {
        let _ = timeout(limits::SOCKET_CLOSE, close_with(&mut socket, close)).await;
    }
}

/// Authenticates the client by its first message.
async fn introduce(sockets: &Sockets, socket: &mut WebSocket) -> Result<Caller, Close> {
    let first = async {
        loop {
            match socket.recv().await {
                Some(Ok(Message::Text(text))) => return Ok(text),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Binary(_))) => return Err(UNAUTHORIZED),
                _ => return Err(GONE),
            }
        }
    };
    let text = tokio::select! {
        text = timeout(limits::SOCKET_AUTH, first) => text.map_err(|_| UNAUTHORIZED)??,
        () = sockets.lifecycle.draining.cancelled() => return Err(RESTART),
    };
    let Request { reference, incoming, .. } = protocol::parse(&text);
    let checked = match incoming {
        Ok(Incoming::Auth { key }) => sockets.keys.authenticate(&key).await,
        Ok(_) => Err(ApiError::unauthenticated(r#"the first message must be {"type": "auth", "key": "rk_..."}"#)),
        Err(error) => Err(error),
    };
    match checked {
        Ok(caller) => Ok(caller),
        Err(error) => {
            let answer = protocol::error(reference.as_deref(), None, &error).to_string();
            let _ = timeout(limits::SOCKET_CLOSE, socket.send(Message::Text(answer.into()))).await;
            Err(UNAUTHORIZED)
        }
    }
}

fn heartbeat() -> Interval {
    let mut ticks = interval(limits::HEARTBEAT);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

impl Session {
    /// Serves until there is a reason to close, which is the error.
    async fn serve(&mut self) -> Result<Close, Close> {
        self.send_json(protocol::welcome()).await?;
        let (mut ticks, mut draining) = (heartbeat(), false);
        let lifecycle = self.sockets.lifecycle.clone();
        loop {
            tokio::select! {
                () = lifecycle.expired.cancelled() => return Ok(RESTART),
                () = lifecycle.draining.cancelled(), if !draining => draining = true,
                _ = ticks.tick() => self.check_alive().await?,
                Some(frame) = self.queue.1.recv() => self.send_json(frame).await?,
                Some(ended) = self.tasks.join_next(), if !self.tasks.is_empty() => {
                    if let Ok(job) = ended {
                        self.following.remove(&job);
                    }
                }
                Some(asked) = self.asking.join_next(), if !self.asking.is_empty() => {
                    if let Ok(asked) = asked {
                        self.asked(asked).await?;
                    }
                }
                message = self.socket.recv() => {
                    self.last_heard = Instant::now();
                    match message {
                        Some(Ok(Message::Text(text))) => self.receive(&text, draining).await?,
                        Some(Ok(Message::Binary(_))) => self.refuse_binary().await?,
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                        Some(Err(error)) if error.to_string().contains("too long") => return Ok(TOO_BIG),
                        Some(Ok(Message::Close(_)) | Err(_)) | None => return Ok(GONE),
                    }
                }
            }
            if draining && self.asking.is_empty() && self.following.is_empty() && self.queue.1.is_empty() {
                return Ok(RESTART);
            }
        }
    }

    /// A client that does not take it in time is too slow.
    async fn send_json(&mut self, message: Value) -> Result<(), Close> {
        self.send(Message::Text(message.to_string().into())).await
    }

    async fn send(&mut self, message: Message) -> Result<(), Close> {
        // Half of the connection's own write timeout leaves time to send the reason.
        match timeout(self.sockets.write_timeout / 2, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(GONE),
            Err(_) => Err(SLOW),
        }
    }

    async fn check_alive(&mut self) -> Result<(), Close> {
        match self.last_heard.elapsed() > limits::SOCKET_IDLE {
            true => Err(SILENT),
            false => self.send(Message::Ping(Vec::new().into())).await,
        }
    }

    async fn refuse_binary(&mut self) -> Result<(), Close> {
        let error = ApiError::invalid("body", "the message is binary: JSON text is expected").code("invalid_json");
        self.send_json(protocol::error(None, None, &error)).await
    }

    async fn receive(&mut self, text: &str, draining: bool) -> Result<(), Close> {
        let Request { reference, incoming, ignored } = protocol::parse(text);
        let name = reference.as_deref();
        if !ignored.is_empty() {
            self.send_json(protocol::ignored(name, &ignored)).await?;
        }
        let answered = match incoming {
            Err(error) => Err(error),
            Ok(Incoming::Ping) => Ok(protocol::pong(name)),
            Ok(Incoming::Auth { .. }) => Err(ApiError::invalid("type", "this socket is authenticated already")),
            Ok(Incoming::Cancel { job }) => {
                let view = self.sockets.jobs.canceller.cancel_one(&self.caller.tenant, &job).await;
                view.map(|job| protocol::cancelling(name, job.id))
            }
            Ok(Incoming::Chat { .. } | Incoming::Resume { .. }) if draining => {
                Err(ApiError::unavailable("shutting_down", "this gateway is shutting down: connect again", 1))
            }
            Ok(Incoming::Resume { job, from }) => return self.resume(name, &job, from).await,
            Ok(Incoming::Chat { request, idempotency_key }) => {
                let span =
                    tracing::info_span!("chat", otel.kind = "server", ruche.tenant = self.caller.tenant.as_str());
                return self.chat(name, *request, idempotency_key).instrument(span).await;
            }
        };
        let answer = answered.unwrap_or_else(|error| protocol::error(name, None, &error));
        self.send_json(answer).await
    }

    /// Refuses another followed job over the bound.
    fn check_following(&self, job: Option<JobId>) -> Result<(), ApiError> {
        if job.is_some_and(|job| self.following.contains(&job)) {
            return Err(already_following());
        }
        match self.following.len() + self.asking.len() < limits::SOCKET_JOBS {
            true => Ok(()),
            false => {
                let message = format!("this socket follows {} jobs already: wait for one to end", limits::SOCKET_JOBS);
                Err(ApiError::conflict("too_many_jobs", message))
            }
        }
    }

    /// Submits a chat in a task: the search of a bot may take a while, and the socket goes on meanwhile.
    async fn chat(
        &mut self,
        name: Option<&str>,
        request: ChatCompletionRequest,
        key: Option<String>,
    ) -> Result<(), Close> {
        if let Err(error) = self.check_following(None) {
            return self.send_json(protocol::error(name, None, &error)).await;
        }
        let (sockets, tenant, name) = (Arc::clone(&self.sockets), self.caller.tenant.clone(), name.map(str::to_owned));
        let is_bot = named(request.model.as_deref()).is_some();
        let asking = async move {
            let armed = request.cancel_on_disconnect.unwrap_or(false);
            let mut submission = Submission::new(&tenant, Lane::Interactive, key.as_deref());
            submission.options.follow = true;
            let submitted = Box::pin(sockets.chats.submit(request.into_chat(), submission)).await;
            let guarded = submitted.map(|accepted| {
                let guard = sockets.jobs.relays.guard(&accepted.job, armed && !accepted.duplicate);
                (accepted, guard)
            });
            Asked { name, guarded }
        };
        if is_bot {
            self.asking.spawn(asking.in_current_span());
            return Ok(());
        }
        let asked = asking.await;
        self.asked(asked).await
    }

    /// Reports a submission's outcome, and follows the job.
    async fn asked(&mut self, Asked { name, guarded }: Asked) -> Result<(), Close> {
        let name = name.as_deref();
        let known = |accepted: &Accepted| match self.following.contains(&accepted.job.id) {
            true => Err(already_following()),
            false => Ok(()),
        };
        let (mut accepted, guard) =
            match guarded.and_then(|(accepted, guard)| known(&accepted).map(|()| (accepted, guard))) {
                Ok(accepted) => accepted,
                Err(error) => return self.send_json(protocol::error(name, None, &error)).await,
            };
        self.send_json(protocol::accepted(name, &accepted)).await?;
        match accepted.relay(&self.sockets.jobs.relays).await {
            Ok(relay) => self.follow(relay, guard, true),
            Err(error) => self.send_json(protocol::error(name, Some(&accepted.job), &error)).await?,
        }
        Ok(())
    }

    async fn resume(&mut self, name: Option<&str>, job: &str, from: u64) -> Result<(), Close> {
        let job = reference(&self.caller.tenant, job).and_then(|job| self.check_following(Some(job.id)).map(|()| job));
        let found = match job {
            Ok(job) => self.sockets.jobs.follower.job(job.clone(), from).await.map(|found| (found, job)),
            Err(error) => Err(error),
        };
        match found {
            Err(error) => self.send_json(protocol::error(name, None, &error)).await,
            Ok((Follow::Nothing, job)) => self.send_json(protocol::resumed(name, &job, true)).await,
            Ok((Follow::Last(record), job)) => {
                self.send_json(protocol::resumed(name, &job, false)).await?;
                self.send_json(protocol::event(&job, &record)).await
            }
            Ok((Follow::Relay(relay), job)) => {
                self.send_json(protocol::resumed(name, &job, false)).await?;
                let guard = self.sockets.jobs.relays.guard(&job, false);
                self.follow(relay, guard, false);
                Ok(())
            }
        }
    }

    /// Sends a job's events as they come. A chat was answered with `accepted` before.
    fn follow(&mut self, mut relay: Relay, mut guard: CancelOnDrop, answered: bool) {
        let (job, queue) = (relay.job.clone(), self.queue.0.clone());
        let id = job.id;
        self.tasks.spawn(async move {
            while let Some(item) = relay.next().await {
                let message = match item {
                    Ok(record) if answered && record.event == EventType::Accepted => continue,
                    Ok(record) => {
                        if record.event.is_final() {
                            guard.disarm();
                        }
                        protocol::event(&job, &record)
                    }
                    Err(interrupted) => {
                        guard.disarm();
                        protocol::error(None, Some(&job), &interrupted.error(&job))
                    }
                };
                if queue.send(message).await.is_err() {
                    break;
                }
            }
            job.id
        });
        self.following.insert(id);
    }
}
