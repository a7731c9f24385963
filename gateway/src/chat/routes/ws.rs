//! `GET /v1/ws`: chats and jobs, several at once.

use std::sync::Arc;

use axum::{
    extract::{
        State,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::HeaderMap,
    response::Response,
};

use crate::{
    chat::ws::{protocol::PROTOCOL, session, sockets::Sockets},
    http::{
        auth::sent_key,
        cors,
        error::{ApiError, ErrorBody},
        limits,
    },
};

/// Open a WebSocket
///
/// JSON messages both ways: chat, resume, cancel, ping. The key comes as the `Authorization` header, as the subprotocol
/// `bearer.<key>` beside `ruche.v1`, or as the first message, `{"type": "auth", "key": "rk_..."}`.
#[utoipa::path(get, path = "/v1/ws", tag = "websocket", security((), ("bearer" = [])), responses(
    (status = 101, description = "The socket is open"),
    (status = "4XX", description = "Not a WebSocket, or a wrong key", body = ErrorBody),
    (status = 503, description = "Too many sockets, or shutting down", body = ErrorBody),
))]
pub(crate) async fn ws(
    State(sockets): State<Arc<Sockets>>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    cors::check(&headers, &sockets.origins)?;
    let upgrade = upgrade.map_err(|_| {
        let message = "this is not a WebSocket handshake: connect with a WebSocket client (gateway/WEBSOCKET.md)";
        ApiError::bad_request("not_a_websocket", message)
    })?;
    let offered = upgrade.requested_protocols().find_map(|protocol| protocol.to_str().ok()?.strip_prefix("bearer."));
    let caller = match sent_key(&headers)?.or(offered) {
        Some(key) => Some(sockets.keys.authenticate(key).await?),
        None => None,
    };
    let place = sockets.open()?;
    let upgrade = upgrade
        .protocols([PROTOCOL])
        .read_buffer_size(limits::SOCKET_READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(limits::SOCKET_WRITE_BUFFER)
        .max_message_size(sockets.message_bytes)
        .max_frame_size(sockets.message_bytes);
    Ok(upgrade.on_upgrade(async move |socket| {
        session::run(sockets, socket, caller).await;
        drop(place);
    }))
}
