//! `GET /v1/ws`: chats and jobs over one WebSocket, several at once. The messages are described in
//! `gateway/WEBSOCKET.md` and read in [`protocol`]; [`session`] holds the conversation with one client.
//!
//! A socket holds nothing that the bus does not hold: whoever loses one opens another, at any gateway, and resumes its
//! jobs by `n`.

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
    app::parts::App,
    http::{
        auth::bearer,
        error::{ApiError, ErrorBody},
        limits,
        metrics::Open,
    },
};

/// The subprotocol. A browser, which can't set headers, offers it together with `bearer.<key>`.
pub const PROTOCOL: &str = "ruche.v1";

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
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let upgrade = upgrade.map_err(|rejection| ApiError::bad_request("not_a_websocket", rejection.body_text()))?;
    let offered = upgrade.requested_protocols().find_map(|protocol| protocol.to_str().ok()?.strip_prefix("bearer."));
    let caller = match bearer(&headers)?.or(offered) {
        Some(key) => Some(app.authenticate(key).await?),
        None => None,
    };
    if app.lifecycle.draining.is_cancelled() {
        return Err(ApiError::unavailable("shutting_down", "this gateway is shutting down: connect again", 1));
    }
    let permit = Arc::clone(&app.sockets).try_acquire_owned().map_err(|_| {
        let message = format!("all {} WebSockets are taken (gateway.sockets)", app.settings.sockets);
        ApiError::unavailable("too_many_sockets", message, 5)
    })?;
    let (open, token) = (Open::new(&app.metrics.sockets), app.socket_tasks.token());
    let upgrade = upgrade
        .protocols([PROTOCOL])
        .read_buffer_size(limits::SOCKET_READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(limits::SOCKET_WRITE_BUFFER)
        .max_message_size(app.settings.body_bytes)
        .max_frame_size(app.settings.body_bytes);
    Ok(upgrade.on_upgrade(async move |socket| {
        super::super::ws::session::run(app, socket, caller).await;
        drop((permit, open, token));
    }))
}
