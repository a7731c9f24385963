//! The close codes of a WebSocket.

use axum::extract::ws::{CloseFrame, Message, WebSocket};

pub(super) type Close = (u16, &'static str);

/// The client has closed or is gone: nothing can be sent.
pub(super) const GONE: Close = (1000, "");
/// RFC 6455's registry: service restart. The client reconnects and resumes.
pub(super) const RESTART: Close = (1012, "this gateway is shutting down: connect again and resume");
/// RFC 6455's registry: the message is too big.
pub(super) const TOO_BIG: Close = (1009, "the message is too big (gateway.body_bytes)");
/// RFC 6455's registry: unauthorized.
pub(super) const UNAUTHORIZED: Close = (3000, "the API key is missing or not valid");
/// Centrifugo's code for a client that is too slow.
pub(super) const SLOW: Close = (3008, "too slow: connect again and resume from the last n");
/// RFC 6455's registry: going away.
pub(super) const SILENT: Close = (1001, "no sign of life");

/// Closes and waits for the client to close: a socket that is just dropped loses the reason.
pub(super) async fn close_with(socket: &mut WebSocket, (code, reason): Close) {
    let frame = CloseFrame { code, reason: reason.into() };
    if socket.send(Message::Close(Some(frame))).await.is_ok() {
        while let Some(Ok(_)) = socket.recv().await {}
    }
}
