//! One client's session: reads its messages, follows its jobs, and closes with a reason.
//!
//! One task owns the socket; it takes the events of followed jobs from their queue ([`super::following`]).

use std::{sync::Arc, time::Instant};

use axum::extract::ws::{Message, WebSocket};
use ruche_schemas::Lane;
use serde_json::Value;
use tokio::{
    task::JoinSet,
    time::{Interval, MissedTickBehavior, interval, timeout},
};
use tracing::Instrument;

use super::{
    close::{Close, GONE, RESTART, SILENT, SLOW, TOO_BIG, close_with},
    following::Following,
    introduction::introduce,
    protocol::{self, Incoming, Request},
    sockets::Sockets,
};
use crate::{
    chat::{bot::named, openai::request::ChatCompletionRequest},
    http::{auth::Caller, error::ApiError, limits},
    jobs::{
        follow::Follow,
        lookup::reference,
        relay::CancelOnDrop,
        submission::{Accepted, Submission},
    },
};

/// The outcome of a chat's submission, with the client's reference: the job and its cancel guard, or the error.
struct Asked {
    name: Option<String>,
    guarded: Result<(Accepted, CancelOnDrop), ApiError>,
}

struct Session {
    sockets: Arc<Sockets>,
    socket: WebSocket,
    caller: Caller,
    asking: JoinSet<Asked>,
    following: Following,
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
            let (asking, following, last_heard) = (JoinSet::new(), Following::new(), Instant::now());
            let mut session = Session { sockets, socket, caller, asking, following, last_heard };
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
                message = self.following.next() => {
                    if let Some(message) = message {
                        self.send_json(message).await?;
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
            if draining && self.asking.is_empty() && self.following.is_empty() {
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

    /// Submits a chat in a task: the search of a bot may take a while, and the socket goes on meanwhile.
    async fn chat(
        &mut self,
        name: Option<&str>,
        request: ChatCompletionRequest,
        key: Option<String>,
    ) -> Result<(), Close> {
        if let Err(error) = self.following.check_room(self.asking.len()) {
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
        let new = |(accepted, guard): (Accepted, CancelOnDrop)| {
            self.following.check_new(accepted.job.id).map(|()| (accepted, guard))
        };
        let (mut accepted, guard) = match guarded.and_then(new) {
            Ok(accepted) => accepted,
            Err(error) => return self.send_json(protocol::error(name, None, &error)).await,
        };
        self.send_json(protocol::accepted(name, &accepted)).await?;
        match accepted.relay(&self.sockets.jobs.relays).await {
            Ok(relay) => self.following.add(relay, guard, true),
            Err(error) => self.send_json(protocol::error(name, Some(&accepted.job), &error)).await?,
        }
        Ok(())
    }

    async fn resume(&mut self, name: Option<&str>, job: &str, from: u64) -> Result<(), Close> {
        let job = reference(&self.caller.tenant, job).and_then(|job| {
            self.following.check_new(job.id)?;
            self.following.check_room(self.asking.len())?;
            Ok(job)
        });
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
                self.following.add(relay, guard, false);
                Ok(())
            }
        }
    }
}
