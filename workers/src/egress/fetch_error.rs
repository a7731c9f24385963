//! Why a URL gave nothing.

use std::time::Duration;

use ruche_schemas::config;

/// The most redirects that are followed.
pub const REDIRECTS: usize = 5;

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
