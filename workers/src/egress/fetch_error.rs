//! Fetch errors.

use std::time::Duration;

use ruche_schemas::config;

/// Maximal number of redirects.
pub const REDIRECTS: usize = 5;

/// Errors of a fetch, worded for the person who named the URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// Invalid, or not http(s).
    #[error("it is no address on the web: only http:// and https:// are fetched")]
    Url,
    /// User name or password in the URL.
    #[error("it holds a user's name or a password: leave them out")]
    Credentials,
    /// A port that is not allowed.
    #[error("port {port} is not fetched: only {allowed} are (egress.ports)")]
    Port {
        port: u16,
        /// The allowed ports.
        allowed: String,
    },
    /// Whether the name is one of the own network is not told.
    #[error("its host is not known, or has no public address")]
    NotPublic,
    #[error("the server can't be reached, or does not speak HTTP")]
    Unreachable,
    #[error("the server answers with status {0}")]
    Status(u16),
    #[error("there are more than {REDIRECTS} redirects")]
    Redirects,
    #[error("it has more than {0} bytes")]
    TooLarge(u64),
    #[error("it took longer than {} s", .0.as_secs())]
    Late(Duration),
}

impl FetchError {
    /// Whether a retry can succeed.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::Unreachable | Self::Late(_) | Self::Status(408 | 425 | 429 | 500..=599))
    }
}

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("egress.allow can't be used: {0}")]
    Setting(#[from] config::NotAllowable),
    /// TLS or its certificates are missing.
    #[error("no HTTP client can be made for what documents name: {0}")]
    Client(#[from] reqwest::Error),
}
