//! The WebSocket's protocol, over a real socket.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use reqwest::Method;
use ruche_gateway::app::parts::App;
use ruche_schemas::EventType;
use ruche_store::keys;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest, http::HeaderValue},
};

use crate::support::{Fixture, start, until, without_worker};

pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    async fn open(gateway: &Fixture, header: Option<(&'static str, String)>) -> Result<Self, Error> {
        let mut request = format!("{}/v1/ws", gateway.url.replace("http", "ws")).into_client_request()?;
        if let Some((name, value)) = header {
            request.headers_mut().insert(name, HeaderValue::from_str(&value).unwrap());
        }
        Ok(Self(connect_async(request).await?.0))
    }

    /// Authenticated.
    pub(crate) async fn welcome(gateway: &Fixture) -> Self {
        let mut socket = Self::open(gateway, Some(("authorization", format!("Bearer {}", gateway.key)))).await.unwrap();
        assert_eq!(socket.hear().await["type"], "welcome");
        socket
    }

    pub(crate) async fn say(&mut self, message: Value) {
        self.say_text(&message.to_string()).await;
    }

    pub(crate) async fn say_text(&mut self, message: &str) {
        self.0.send(Message::text(message)).await.unwrap();
    }

    pub(crate) async fn hear(&mut self) -> Value {
        loop {
            match self.0.next().await.unwrap().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The answer to the message with this ref; skips events in between.
    pub(crate) async fn answer(&mut self, reference: &str) -> Value {
        loop {
            let message = self.hear().await;
            if message["ref"] == reference {
                return message;
            }
        }
    }

    /// The events of a job up to its last.
    pub(crate) async fn events(&mut self, job: &Value) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            let message = self.hear().await;
            if message["job"] == *job && message["n"].is_u64() {
                let last = ["done", "failed", "cancelled"].contains(&message["type"].as_str().unwrap());
                events.push(message);
                if last {
                    return events;
                }
            }
        }
    }

    async fn closed(mut self) -> Option<u16> {
        while let Some(message) = self.0.next().await {
            match message {
                Ok(Message::Close(frame)) => return frame.map(|frame| frame.code.into()),
                Ok(_) => {}
                Err(_) => return None,
            }
        }
        None
    }
}

fn chat(reference: &str, text: &str) -> Value {
    json!({ "type": "chat", "ref": reference, "messages": [{ "role": "user", "content": text }] })
}

#[tokio::test]
async fn a_key_comes_by_header_by_subprotocol_or_by_the_first_message() {
    let gateway = start().await;
    Socket::welcome(&gateway).await;
    let offer = ("sec-websocket-protocol", format!("ruche.v1, bearer.{}", gateway.key));
    let mut socket = Socket::open(&gateway, Some(offer)).await.unwrap();
    assert_eq!(socket.hear().await["type"], "welcome");
    let mut socket = Socket::open(&gateway, None).await.unwrap();
    socket.say(json!({ "type": "auth", "key": gateway.key })).await;
    assert_eq!(socket.hear().await["type"], "welcome");
}

#[tokio::test]
async fn a_wrong_key_is_refused_before_anything_else_is_heard() {
    let gateway = start().await;
    let wrong = ("authorization", format!("Bearer {}", keys::generate()));
    let Err(Error::Http(response)) = Socket::open(&gateway, Some(wrong)).await else { panic!("it was let in") };
    assert_eq!(response.status(), 401);
    for first in [json!({ "type": "auth", "key": "rk_x" }), chat("a", "say hi")] {
        let mut socket = Socket::open(&gateway, None).await.unwrap();
        socket.say(first).await;
        assert_eq!(socket.hear().await["error"]["code"], "invalid_api_key");
        assert_eq!(socket.closed().await, Some(3000));
    }
}

#[tokio::test]
async fn tokens_reach_the_socket_in_order() {
    let gateway = start().await;
    let mut socket = Socket::welcome(&gateway).await;
    socket.say(chat("a", "say one two three")).await;
    let accepted = socket.hear().await;
    assert_eq!((&accepted["type"], &accepted["ref"]), (&json!("accepted"), &json!("a")));
    let events = socket.events(&accepted["job"]).await;
    let types: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["started", "delta", "delta", "delta", "done"]);
    let numbers: Vec<u64> = events.iter().map(|event| event["n"].as_u64().unwrap()).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
    let text: String = events[1..4].iter().map(|event| event["data"]["text"].as_str().unwrap()).collect();
    assert_eq!((text.as_str(), &events[4]["data"]["text"]), ("one two three", &json!("one two three")));
}

#[tokio::test]
async fn several_chats_share_a_socket_up_to_a_bound() {
    let gateway = start().await;
    let mut socket = Socket::welcome(&gateway).await;
    let mut jobs = Vec::new();
    for i in 0..32 {
        socket.say(chat(&format!("{i}"), "hold")).await;
        jobs.push(socket.answer(&format!("{i}")).await["job"].clone());
    }
    socket.say(chat("one more", "hold")).await;
    assert_eq!(socket.answer("one more").await["error"]["code"], "too_many_jobs");
    socket.say(json!({ "type": "cancel", "ref": "c", "job": jobs[7] })).await;
    let events = socket.events(&jobs[7]).await;
    assert_eq!(events.last().unwrap()["type"], "cancelled");
    socket.say(json!({ "type": "ping", "ref": "p" })).await;
    assert_eq!(socket.answer("p").await["type"], "pong");
}

#[tokio::test]
async fn a_job_goes_on_without_its_socket_and_is_resumed_on_another() {
    let gateway = start().await;
    let mut socket = Socket::welcome(&gateway).await;
    socket.say(chat("a", "hold")).await;
    let job = socket.hear().await["job"].clone();
    while socket.hear().await["type"] != "delta" {}
    drop(socket);
    let mut socket = Socket::welcome(&gateway).await;
    socket.say(json!({ "type": "resume", "ref": "r", "job": job, "from": 2 })).await;
    assert_eq!(socket.hear().await, json!({ "type": "resumed", "ref": "r", "job": job, "ended": false }));
    assert_eq!(socket.hear().await["n"], 2);
    socket.say(json!({ "type": "resume", "ref": "again", "job": job })).await;
    assert_eq!(socket.answer("again").await["error"]["code"], "already_following");
    socket.say(json!({ "type": "cancel", "ref": "c", "job": job })).await;
    let last = socket.events(&job).await.pop().unwrap();
    assert_eq!(last["type"], "cancelled");
    // A job that was followed to its end can be followed again: nothing is left.
    let mut socket = Socket::welcome(&gateway).await;
    let from = last["n"].as_u64().unwrap() + 1;
    socket.say(json!({ "type": "resume", "ref": "z", "job": job, "from": from })).await;
    assert_eq!(socket.hear().await["ended"], true);
}

#[tokio::test]
async fn a_chat_that_asked_for_it_is_cancelled_with_its_socket() {
    let gateway = start().await;
    let mut socket = Socket::welcome(&gateway).await;
    let mut message = chat("a", "hold");
    message["cancel_on_disconnect"] = json!(true);
    socket.say(message).await;
    let job = socket.hear().await["job"].as_str().unwrap().to_owned();
    while socket.hear().await["type"] != "delta" {}
    drop(socket);
    assert_eq!(gateway.ended(&job).await.event, EventType::Cancelled);
}

#[tokio::test]
async fn a_message_that_is_wrong_is_answered_and_the_socket_stays() {
    let gateway = start().await;
    let mut socket = Socket::welcome(&gateway).await;
    for (message, code) in [
        (json!({ "type": "dance", "ref": "a" }), "invalid_request"),
        (json!({ "type": "chat", "ref": "a", "messages": [] }), "invalid_request"),
        (
            json!({ "type": "chat", "ref": "a", "messages": [{ "role": "user", "content": "x" }], "model": "no" }),
            "model_not_found",
        ),
        (json!({ "type": "resume", "ref": "a", "job": "x" }), "job_not_found"),
        (json!({ "type": "cancel", "ref": "a", "job": "019abcde-0000-7000-8000-000000000000" }), "job_not_found"),
        (json!({ "type": "auth", "ref": "a", "key": gateway.key }), "invalid_request"),
    ] {
        socket.say(message).await;
        let answer = socket.answer("a").await;
        assert_eq!(
            (answer["type"].as_str(), answer["error"]["code"].as_str().unwrap_or("")),
            (Some("error"), code),
            "{answer}"
        );
    }
    socket.0.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    assert_eq!(socket.hear().await["error"]["param"], "body");
    socket.0.send(Message::text("{")).await.unwrap();
    assert_eq!(socket.hear().await["error"]["code"], "invalid_json");
    socket.say(json!({ "type": "ping" })).await;
    assert_eq!(socket.hear().await["type"], "pong");
}

#[tokio::test]
async fn another_tenant_can_neither_resume_nor_cancel() {
    let gateway = start().await;
    let job = gateway.submit("hold").await;
    let header = ("authorization", format!("Bearer {}", gateway.stranger));
    let mut socket = Socket::open(&gateway, Some(header)).await.unwrap();
    for kind in ["resume", "cancel"] {
        socket.say(json!({ "type": kind, "ref": kind, "job": job })).await;
        assert_eq!(socket.answer(kind).await["error"]["code"], "job_not_found");
    }
}

#[tokio::test]
async fn a_message_that_is_too_big_closes_the_socket_with_a_reason() {
    let gateway = start().await;
    let mut socket = Socket::welcome(&gateway).await;
    let _ = socket.0.send(Message::text("x".repeat(2_000_000))).await;
    assert!(matches!(socket.closed().await, Some(1009) | None));
}

#[tokio::test]
async fn more_sockets_than_allowed_are_refused() {
    let gateway = without_worker(|app: &mut App| app.settings.sockets = 1).await;
    let first = Socket::welcome(&gateway).await;
    let Err(Error::Http(response)) = Socket::open(&gateway, None).await else { panic!("it was let in") };
    assert_eq!(response.status(), 503);
    assert!(response.headers().contains_key("retry-after"));
    drop(first);
}

#[tokio::test]
async fn a_slow_client_is_disconnected_and_resumes_without_a_gap() {
    let gateway = without_worker(|app: &mut App| app.write_timeout = Duration::from_millis(400)).await;
    gateway.work().await;
    // 26 MB: more than all buffers between the two.
    let (pieces, mut next) = (400, 2);
    let last = pieces + 3;
    let mut socket = Socket::welcome(&gateway).await;
    socket.say(chat("a", &format!("flood {pieces}"))).await;
    let job = socket.hear().await["job"].clone();
    gateway.ended(job.as_str().unwrap()).await;
    until("the socket is closed", async || gateway.open_sockets().await == 0).await;
    while let Some(Ok(message)) = socket.0.next().await {
        let Message::Text(text) = message else { continue };
        let event: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(event["n"], next);
        next += 1;
    }
    assert!(next < last, "{next}");
    let mut socket = Socket::welcome(&gateway).await;
    socket.say(json!({ "type": "resume", "job": job, "from": next })).await;
    let rest = socket.events(&job).await;
    assert_eq!(rest.first().unwrap()["n"], next);
    assert_eq!(rest.len() as u64, last - next + 1);
}

#[tokio::test]
async fn on_shutdown_idle_sockets_close_at_once_and_busy_ones_when_their_chat_has_ended() {
    let gateway = start().await;
    let idle = Socket::welcome(&gateway).await;
    let mut busy = Socket::welcome(&gateway).await;
    busy.say(chat("a", "hold")).await;
    let job = busy.hear().await["job"].clone();
    while busy.hear().await["type"] != "delta" {}
    gateway.lifecycle.draining.cancel();
    assert_eq!(idle.closed().await, Some(1012));
    busy.say(chat("b", "say hi")).await;
    assert_eq!(busy.answer("b").await["error"]["code"], "shutting_down");
    busy.say(json!({ "type": "cancel", "ref": "c", "job": job })).await;
    assert_eq!(busy.events(&job).await.last().unwrap()["type"], "cancelled");
    assert_eq!(busy.closed().await, Some(1012));
    gateway.stopped().await;
}

#[tokio::test]
async fn when_the_drain_time_is_over_sockets_close_and_their_jobs_go_on() {
    let gateway = without_worker(|app: &mut App| app.settings.drain_seconds = 0).await;
    gateway.work().await;
    let mut socket = Socket::welcome(&gateway).await;
    let mut message = chat("a", "hold");
    message["cancel_on_disconnect"] = json!(true);
    socket.say(message).await;
    let job = socket.hear().await["job"].as_str().unwrap().to_owned();
    while socket.hear().await["type"] != "delta" {}
    gateway.lifecycle.draining.cancel();
    assert_eq!(socket.closed().await, Some(1012));
    gateway.stopped().await;
    assert!(!gateway.is_cancelled(&job).await);
    let refused = gateway.client.request(Method::GET, format!("{}/healthz", gateway.url)).send().await;
    assert!(refused.is_err());
}

#[tokio::test]
async fn a_page_of_another_origin_can_not_open_a_socket() {
    let gateway = without_worker(|app| app.settings.cors_origins = "https://app.example.com".to_owned()).await;
    for origin in [&gateway.url, "https://app.example.com"] {
        assert!(Socket::open(&gateway, Some(("origin", origin.to_owned()))).await.is_ok(), "{origin}");
    }
    for origin in ["https://evil.example", "null", "https://app.example.com.evil.example"] {
        match Socket::open(&gateway, Some(("origin", origin.to_owned()))).await {
            Err(Error::Http(response)) => {
                let body = String::from_utf8(response.body().clone().unwrap_or_default()).unwrap();
                assert_eq!(response.status(), 403, "{body}");
                assert!(body.contains("gateway.cors_origins"), "{body}");
            }
            other => panic!("{origin}: {:?}", other.map(|_| "open")),
        }
    }
}
