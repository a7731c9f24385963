//! Authenticates a client by its first message.

use axum::extract::ws::{Message, WebSocket};
use tokio::time::timeout;

use super::{
    close::{Close, GONE, RESTART, UNAUTHORIZED},
    protocol::{self, Incoming, Request},
    sockets::Sockets,
};
use crate::http::{auth::Caller, error::ApiError, limits};

/// Waits for the message; a client that is not authenticated gets the error, and the socket closes.
pub(super) async fn introduce(sockets: &Sockets, socket: &mut WebSocket) -> Result<Caller, Close> {
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
