//! The origins of pages that may call the gateway from a browser (Fetch Standard, "CORS protocol").

use std::str::FromStr;

use super::egress::items;

/// Patterns of origins: what `gateway.cors_origins` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins(Vec<Pattern>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    /// `*`.
    Any,
    /// `null`: pages without an origin, such as files.
    Null,
    Of {
        scheme: String,
        host: Host,
        port: Port,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    Is(String),
    /// `*.example.com`: any name below.
    Below(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Port {
    Any,
    /// `None`: the scheme's own.
    Is(Option<u16>),
}

#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no origin, such as https://app.example.com")]
pub struct NotAnOrigin(String);

impl FromStr for Origins {
    type Err = NotAnOrigin;

    fn from_str(list: &str) -> Result<Self, NotAnOrigin> {
        items(list).map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl Origins {
    /// `origin`: the request header of this name.
    #[must_use]
    pub fn allow(&self, origin: &str) -> bool {
        self.0.iter().any(|pattern| pattern.allows(origin))
    }
}

/// Scheme, host and port, in lower case; the port is empty where there is none.
fn split(origin: &str) -> Option<(String, String, String)> {
    let origin = origin.to_ascii_lowercase();
    let (scheme, authority) = origin.split_once("://")?;
    // The colons of an IPv6 address are within its brackets.
    let end = authority.rfind(']').map_or(0, |end| end + 1);
    let (host, port) = match authority[end..].find(':') {
        Some(colon) => (&authority[..end + colon], &authority[end + colon + 1..]),
        None => (authority, ""),
    };
    let is_scheme =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    let is_host = |text: &str| {
        let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:".contains(&b))
    };
    let is_whole = is_scheme(scheme) && is_host(host.strip_prefix("*.").unwrap_or(host));
    is_whole.then(|| (scheme.to_owned(), host.to_owned(), port.to_owned()))
}

impl FromStr for Pattern {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        match text {
            "*" => return Ok(Self::Any),
            "null" => return Ok(Self::Null),
            _ => {}
        }
        let wrong = || NotAnOrigin(text.to_owned());
        let (scheme, host, port) = split(text).ok_or_else(wrong)?;
        let port = match port.as_str() {
            "*" => Port::Any,
            "" if text.ends_with(':') => return Err(wrong()),
            "" => Port::Is(None),
            port => Port::Is(Some(port.parse().map_err(|_| wrong())?)),
        };
        let host = match host.strip_prefix("*.") {
            Some(parent) => Host::Below(format!(".{parent}")),
            None => Host::Is(host),
        };
        Ok(Self::Of { scheme, host, port })
    }
}

impl Pattern {
    fn allows(&self, origin: &str) -> bool {
        let Self::Of { scheme, host, port } = self else {
            return *self == Self::Any || origin == "null";
        };
        let Some((its_scheme, its_host, its_port)) = split(origin) else { return false };
        let same_host = match host {
            Host::Is(name) => its_host == *name,
            Host::Below(parent) => its_host.len() > parent.len() && its_host.ends_with(parent),
        };
        let same_port = match port {
            Port::Any => true,
            Port::Is(port) => port.map(|port| port.to_string()).unwrap_or_default() == its_port,
        };
        its_scheme == *scheme && same_host && same_port
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(list: &str, origin: &str) -> bool {
        list.parse::<Origins>().unwrap().allow(origin)
    }

    #[test]
    fn an_origin_is_allowed_by_its_scheme_host_and_port() {
        for (list, origin) in [
            ("https://app.example.com", "https://app.example.com"),
            ("https://App.Example.com", "https://app.example.com"),
            ("http://localhost:*", "http://localhost:5173"),
            ("http://localhost:*", "http://localhost"),
            ("http://[::1]:*", "http://[::1]:3000"),
            ("https://*.example.com", "https://a.b.example.com"),
            ("https://a.example, http://b.example:8080", "http://b.example:8080"),
            ("*", "https://anything.example"),
            ("null", "null"),
            ("*", "null"),
            ("app://ruche", "app://ruche"),
        ] {
            assert!(allows(list, origin), "{list}: {origin}");
        }
        for (list, origin) in [
            ("", "https://app.example.com"),
            ("https://app.example.com", "http://app.example.com"),
            ("https://app.example.com", "https://app.example.com:8443"),
            ("https://app.example.com", "https://app.example.com.evil.example"),
            ("https://*.example.com", "https://example.com"),
            ("https://*.example.com", "https://evilexample.com"),
            ("http://localhost:*", "http://localhost.evil.example:80"),
            ("http://localhost:*", "https://localhost:5173"),
            ("https://app.example.com", "null"),
            ("null", "https://app.example.com"),
            ("https://app.example.com", "not an origin"),
        ] {
            assert!(!allows(list, origin), "{list}: {origin}");
        }
    }

    #[test]
    fn what_is_no_origin_is_refused_by_name() {
        for wrong in
            ["example.com", "https://", "https://a b", "https://a.example/path", "https://a:x", "https://a:", "**"]
        {
            let error = format!("https://fine.example, {wrong}").parse::<Origins>().unwrap_err().to_string();
            assert!(error.contains(wrong), "{error}");
        }
    }
}
