//! Fetches a URL: follows redirects, and reads a bounded body.

use std::{sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use reqwest::{
    Client, Response, Url,
    header::{CONTENT_TYPE, LOCATION},
    redirect,
};
use ruche_schemas::config;
use tokio::sync::Semaphore;
use tracing::debug;

use super::{
    fetch_error::{FetchError, OpenError, REDIRECTS},
    names::{Closed, Guard, Names, System},
};

/// Longest URL, in bytes.
const URL_BYTES: usize = 8 << 10;
/// Longest reported content type, in characters.
const TYPE_CHARS: usize = 200;
const CONNECT: Duration = Duration::from_secs(5);
/// Concurrent fetches per process.
const AT_ONCE: usize = 32;

/// Fetches URLs. Cheap to clone; the clones share connections.
#[derive(Clone)]
pub struct Egress {
    http: Client,
    guard: Guard,
    ports: Arc<[u16]>,
    max_bytes: u64,
    timeout: Duration,
    permits: Arc<Semaphore>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    pub bytes: Bytes,
    /// As the server declares.
    pub content_type: Option<String>,
    /// The final URL, after redirects.
    pub url: String,
}

impl Egress {
    /// Uses the system's resolver. Fails if a setting is invalid, or TLS is unavailable.
    pub fn new(settings: &config::Egress) -> Result<Self, OpenError> {
        Self::with_names(settings, Arc::new(System))
    }

    /// Like [`Egress::new`], with another resolver.
    pub fn with_names(settings: &config::Egress, names: Arc<dyn Names>) -> Result<Self, OpenError> {
        // Fails only if a provider is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let guard = Guard { names, allowed: settings.allowed()?.into() };
        let http = Client::builder()
            .dns_resolver(guard.clone())
            .redirect(redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .connect_timeout(CONNECT)
            .pool_max_idle_per_host(2)
            .pool_idle_timeout(Duration::from_secs(30))
            .user_agent(concat!("ruche/", env!("CARGO_PKG_VERSION")))
            .build()?;
        let ports = settings.ports().unwrap_or_default().into();
        let timeout = Duration::from_secs(settings.timeout_seconds);
        let permits = Arc::new(Semaphore::new(AT_ONCE));
        Ok(Self { http, guard, ports, max_bytes: settings.max_bytes, timeout, permits })
    }

    /// Fetches a URL of at most `max_bytes`, and never more than `egress.max_bytes`. Errors are worded for the person
    /// who named the URL, and reveal nothing about the internal network: an unknown name, a name with an internal
    /// address and an internal address give the same error.
    pub async fn fetch(&self, url: &str, max_bytes: u64) -> Result<Fetched, FetchError> {
        // Never closed.
        let _permit = self.permits.acquire().await.map_err(|_| FetchError::Unreachable)?;
        let max_bytes = max_bytes.min(self.max_bytes);
        let fetched = tokio::time::timeout(self.timeout, self.follow(url, max_bytes)).await;
        fetched.unwrap_or(Err(FetchError::Late(self.timeout)))
    }

    async fn follow(&self, url: &str, max_bytes: u64) -> Result<Fetched, FetchError> {
        if url.len() > URL_BYTES {
            return Err(FetchError::Url);
        }
        let mut url = Url::parse(url).map_err(|_| FetchError::Url)?;
        for _ in 0..=REDIRECTS {
            self.check(&url)?;
            let response = self.http.get(url.clone()).send().await.map_err(|error| explain(&error))?;
            match next(&url, &response)? {
                Some(next) => url = next,
                None => return read(response, url, max_bytes).await,
            }
        }
        Err(FetchError::Redirects)
    }

    /// Checks scheme, length, credentials, port and literal address. The parser has normalized all notations of an
    /// address (`0x7f.1`, `2130706433`, `[::ffff:7f00:1]`).
    fn check(&self, url: &Url) -> Result<(), FetchError> {
        if !matches!(url.scheme(), "http" | "https") || url.as_str().len() > URL_BYTES {
            return Err(FetchError::Url);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(FetchError::Credentials);
        }
        let port = url.port_or_known_default().ok_or(FetchError::Url)?;
        if !self.ports.contains(&port) {
            let ports: Vec<_> = self.ports.iter().map(u16::to_string).collect();
            return Err(FetchError::Port { port, allowed: ports.join(", ") });
        }
        // A literal address is dialled without a lookup.
        let host = url.host_str().ok_or(FetchError::Url)?;
        match host.trim_matches(['[', ']']).parse() {
            Ok(address) if !self.guard.is_open(address) => Err(FetchError::NotPublic),
            _ => Ok(()),
        }
    }
}

fn next(url: &Url, response: &Response) -> Result<Option<Url>, FetchError> {
    match response.status().as_u16() {
        301 | 302 | 303 | 307 | 308 => {
            let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
            let location = location.ok_or(FetchError::Status(response.status().as_u16()))?;
            url.join(location).map(Some).map_err(|_| FetchError::Url)
        }
        200..=299 => Ok(None),
        status => Err(FetchError::Status(status)),
    }
}

async fn read(mut response: Response, url: Url, max_bytes: u64) -> Result<Fetched, FetchError> {
    let header = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let content_type = header.map(|kind| kind.trim().chars().take(TYPE_CHARS).collect());
    if response.content_length().is_some_and(|length| length > max_bytes) {
        return Err(FetchError::TooLarge(max_bytes));
    }
    let mut bytes = BytesMut::new();
    while let Some(piece) = response.chunk().await.map_err(|error| explain(&error))? {
        if (bytes.len() + piece.len()) as u64 > max_bytes {
            return Err(FetchError::TooLarge(max_bytes));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(Fetched { bytes: bytes.freeze(), content_type, url: url.into() })
}

/// Maps an error for the person who named the URL; the log has details for the operator.
fn explain(error: &reqwest::Error) -> FetchError {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(cause) = source {
        if cause.is::<Closed>() {
            return FetchError::NotPublic;
        }
        source = cause.source();
    }
    debug!(error = format!("{error:?}"), "a URL that somebody named can't be fetched");
    FetchError::Unreachable
}
