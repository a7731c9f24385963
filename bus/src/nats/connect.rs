//! Connects: waits for the server at a start, and reconnects for ever afterwards.

use std::time::Duration;

use async_nats::{ConnectErrorKind, ConnectOptions, Event, ServerAddr};
use ruche_schemas::{config, topology::roles::inbox};
use tokio::{sync::watch, time};

use super::connection::{ANSWER, Connection, Health};
use crate::retry::RetryPolicy;

/// How long a start waits for the server.
const STARTUP: Duration = Duration::from_secs(30);

/// The delays between connection attempts, at a start and after a lost connection.
const CONNECT: RetryPolicy = RetryPolicy::new(Duration::from_millis(100), Duration::from_secs(2));
const RECONNECT: RetryPolicy = RetryPolicy::new(Duration::from_millis(100), Duration::from_millis(6400));

/// How often a server must refuse a login before we give up, and the delays in between: while it reloads its settings, it
/// refuses clients that have connected and not logged in yet, even with the right password.
const REFUSALS: u32 = 8;
const REFUSED: RetryPolicy = RetryPolicy::new(Duration::from_millis(100), Duration::from_millis(400));

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    #[error("nats.url holds {url:?}, which is not the address of a server: write nats://host:4222 ({reason})")]
    Address {
        /// The part that is wrong.
        url: String,
        reason: String,
    },
    #[error("no NATS server answers at {servers} after {seconds} s: {reason}. Is it running? See nats.url")]
    Unreachable {
        /// Without passwords.
        servers: String,
        seconds: u64,
        reason: String,
    },
    /// The server refuses the login.
    #[error("the NATS server at {servers} refuses user {user:?}: check nats.user and nats.password")]
    Refused {
        /// Without passwords.
        servers: String,
        user: String,
    },
}

/// Waits up to 30 s for the server.
pub(super) async fn connect(config: &config::Nats) -> Result<Connection, ConnectError> {
    let addresses = addresses(config)?;
    let login = login(config, &addresses);
    let servers = addresses.iter().map(|a| format!("{}:{}", a.host(), a.port())).collect::<Vec<_>>().join(", ");
    let (report, health) = watch::channel(Health { losses: 0, up: true });
    let until = time::Instant::now() + STARTUP;
    let (mut delays, mut refused) = (CONNECT.delays(), REFUSED.delays());
    let mut refusals = 0;
    loop {
        let error = match options(config, login.as_ref(), report.clone()).connect(addresses.clone()).await {
            Ok(client) => return Ok(Connection::new(client, health)),
            Err(error) => error,
        };
        let is_refused =
            matches!(error.kind(), ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication);
        refusals += u32::from(is_refused);
        if refusals == REFUSALS {
            let user = login.map(|(user, _)| user).unwrap_or_default();
            return Err(ConnectError::Refused { servers, user });
        }
        let delay = if is_refused { refused.next_delay() } else { delays.next_delay() };
        if time::Instant::now() + delay > until {
            let reason = error.to_string();
            return Err(ConnectError::Unreachable { servers, seconds: STARTUP.as_secs(), reason });
        }
        tracing::info!(server.address = %servers, error = %error, "waiting for the NATS server");
        time::sleep(delay).await;
    }
}

fn addresses(config: &config::Nats) -> Result<Vec<ServerAddr>, ConnectError> {
    let parts = config.url.0.split(',').map(str::trim);
    parts
        .map(|url| {
            // The address follows the @; a secret precedes it.
            let shown = url.rsplit('@').next().unwrap_or_default().to_owned();
            url.parse().map_err(|error: std::io::Error| ConnectError::Address { url: shown, reason: error.to_string() })
        })
        .collect()
}

/// User and password from the settings, else from the first URL that has them. They apply to all servers, also to
/// those that only the cluster names.
fn login(config: &config::Nats, addresses: &[ServerAddr]) -> Option<(String, String)> {
    if !config.user.is_empty() {
        return Some((config.user.clone(), config.password.0.clone()));
    }
    addresses.iter().find_map(|address| Some((address.username()?.to_owned(), address.password()?.to_owned())))
}

fn options(config: &config::Nats, login: Option<&(String, String)>, report: watch::Sender<Health>) -> ConnectOptions {
    let user = login.map_or(&config.prefix, |(user, _)| user);
    let mut options = ConnectOptions::new()
        .name(format!("{} {}", config.prefix, std::process::id()))
        .custom_inbox_prefix(inbox(user))
        .ping_interval(Duration::from_secs(10))
        .connection_timeout(ANSWER)
        .request_timeout(Some(ANSWER))
        .reconnect_delay_callback(|attempts| match attempts {
            0 => Duration::ZERO,
            n => {
                let mut delays = RECONNECT.delays();
                (1..n.min(7)).fold(delays.next_delay(), |_, _| delays.next_delay())
            }
        })
        .event_callback(move |event| {
            note(&event, &report);
            std::future::ready(())
        });
    if let Some((user, password)) = login {
        options = options.user_and_password(user.clone(), password.clone());
    }
    options
}

fn note(event: &Event, report: &watch::Sender<Health>) {
    match event {
        Event::Connected => {
            report.send_modify(|health| health.up = true);
        }
        Event::Disconnected | Event::Closed => {
            report.send_modify(|health| *health = Health { losses: health.losses + 1, up: false });
            tracing::warn!("the connection to NATS was lost: reconnecting");
        }
        Event::SlowConsumer(_) => tracing::warn!("NATS messages were dropped here: they will be read again"),
        Event::ServerError(error) => tracing::error!(error.message = %error, "the NATS server reports an error"),
        other => tracing::info!(event = %other, "NATS"),
    }
}
