//! The way out: fetches a URL that somebody else named, without becoming their hand within our network (SSRF).
//!
//! There is one rule, "no address that is not public", and it holds for the address that is dialled, not for the URL: a
//! name is resolved once, its addresses are checked, and those are dialled. Redirects are followed here, each checked like
//! the first URL. Operators allow inner hosts by `egress.allow`. Nothing is sent along: no credentials, no cookies, no
//! referrer, and no proxy of the environment is used. Bytes, time and redirects are bounded.
//!
//! Whoever named the URL learns whether it could be had, and nothing of what answered within our network: a name that
//! there is not, one that leads inside, and an inner address are the same error.

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

mod address;
mod names;

pub use names::{Names, System};

use names::{Closed, Guard};

/// The most redirects that are followed.
pub const REDIRECTS: usize = 5;
/// The longest URL, in bytes.
const URL_BYTES: usize = 8 << 10;
/// The longest content type that is told, in characters.
const TYPE_CHARS: usize = 200;
/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);
/// Fetches at once, of one process; others wait.
const AT_ONCE: usize = 32;

/// Fetches URLs. Cheap to clone; the clones share connections.
#[derive(Clone)]
pub struct Egress {
    http: Client,
    guard: Guard,
    ports: Arc<[u16]>,
    max_bytes: u64,
    timeout: Duration,
    places: Arc<Semaphore>,
}

/// What a URL gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The body.
    pub bytes: Bytes,
    /// What the server says it is.
    pub content_type: Option<String>,
    /// The URL that gave it, after redirects.
    pub url: String,
}

/// Why a URL gave nothing. The words are for whoever named it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// It is no URL, or one of another kind.
    #[error("it is no address on the web: only http:// and https:// are fetched")]
    Url,
    /// It holds a user's name or a password.
    #[error("it holds a user's name or a password: leave them out")]
    Credentials,
    /// Its port is none of those that may be fetched.
    #[error("port {port} is not fetched: only {allowed} are (egress.ports)")]
    Port {
        /// The port.
        port: u16,
        /// Those that are.
        allowed: String,
    },
    /// It leads to no public address.
    #[error("the address is not public")]
    NotPublic,
    /// Nobody answers as a web server does.
    #[error("the server can't be reached, or does not speak HTTP")]
    Unreachable,
    /// The server has it not.
    #[error("the server answers with status {0}")]
    Status(u16),
    /// It leads from one place to the next.
    #[error("there are more than {REDIRECTS} redirects")]
    Redirects,
    /// It is too large.
    #[error("it has more than {0} bytes")]
    TooLarge(u64),
    /// It takes too long.
    #[error("it took longer than {} s", .0.as_secs())]
    Late(Duration),
}

impl FetchError {
    /// Whether it may go better another time.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::Unreachable | Self::Late(_) | Self::Status(408 | 425 | 429 | 500..=599))
    }
}

/// The way out can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A setting is wrong.
    #[error("egress.allow can't be used: {0}")]
    Setting(#[from] config::NotAllowable),
    /// There is no TLS, or no certificates.
    #[error("no HTTP client can be made for what documents name: {0}")]
    Client(#[from] reqwest::Error),
}

impl Egress {
    /// As the settings say, with names as this machine looks them up.
    ///
    /// # Errors
    /// When a setting can't be used, or there is no TLS.
    pub fn new(settings: &config::Egress) -> Result<Self, OpenError> {
        Self::with_names(settings, Arc::new(System))
    }

    /// The same, with names looked up there.
    ///
    /// # Errors
    /// As [`Egress::new`].
    pub fn with_names(settings: &config::Egress, names: Arc<dyn Names>) -> Result<Self, OpenError> {
        // Fails only if it was installed before.
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
        let places = Arc::new(Semaphore::new(AT_ONCE));
        Ok(Self { http, guard, ports, max_bytes: settings.max_bytes, timeout, places })
    }

    /// Fetches a URL, of at most so many bytes, and never more than `egress.max_bytes`.
    ///
    /// # Errors
    /// Why it could not be had, in words for whoever named it.
    pub async fn fetch(&self, url: &str, max_bytes: u64) -> Result<Fetched, FetchError> {
        // Closed never: there is no call that does it.
        let _place = self.places.acquire().await.map_err(|_| FetchError::Unreachable)?;
        let max_bytes = max_bytes.min(self.max_bytes);
        let fetched = tokio::time::timeout(self.timeout, self.follow(url, max_bytes)).await;
        fetched.unwrap_or(Err(FetchError::Late(self.timeout)))
    }

    /// Follows redirects to what they lead to.
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

    /// Whether this URL may be asked for, as far as it says itself. The parser has made one of all ways to write an
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
        // An address is dialled as it is: no name is looked up on the way.
        let host = url.host_str().ok_or(FetchError::Url)?;
        match host.trim_matches(['[', ']']).parse() {
            Ok(address) if !self.guard.is_open(address) => Err(FetchError::NotPublic),
            _ => Ok(()),
        }
    }
}

/// Where a redirect leads.
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
    let said = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let content_type = said.map(|kind| kind.trim().chars().take(TYPE_CHARS).collect());
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

/// What a fault means to whoever named the URL; the operator finds more in the log.
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
