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
    /// `*`: of a pattern.
    Any,
    /// `None`: the scheme's own.
    Is(Option<u16>),
}

impl Port {
    /// Of the text after a host; `None` for what is no port.
    fn of(text: &str) -> Option<Self> {
        match text.strip_prefix(':') {
            None => text.is_empty().then_some(Self::Is(None)),
            Some("*") => Some(Self::Any),
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
                let number = digits.parse().ok().filter(|number| *number > 0)?;
                Some(Self::Is(Some(number)))
            }
            Some(_) => None,
        }
    }
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

/// Scheme and host, in lower case, and port; `None` for what is no origin.
fn split(origin: &str) -> Option<(String, String, Port)> {
    let origin = origin.to_ascii_lowercase();
    let (scheme, authority) = origin.split_once("://")?;
    // The colons of an IPv6 address are within its brackets.
    let end = authority.rfind(']').map_or(0, |end| end + 1);
    let (host, port) = authority.split_at(authority[end..].find(':').map_or(authority.len(), |colon| end + colon));
    let is_scheme =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    let is_host = |text: &str| {
        let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:".contains(&b))
    };
    let is_whole = is_scheme(scheme) && is_host(host.strip_prefix("*.").unwrap_or(host));
    Port::of(port).filter(|_| is_whole).map(|port| (scheme.to_owned(), host.to_owned(), port))
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
        // A page's own port is never `*`.
        let same_port = its_port != Port::Any && (*port == Port::Any || its_port == *port);
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
            ("http://localhost:*", "http://localhost:65535"),
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
            ("http://localhost:*", "http://localhost:3000.evil.example"),
            ("http://localhost:*", "http://localhost:3000@evil.example"),
            ("http://localhost:*", "http://localhost:evil.example"),
            ("http://localhost:*", "http://localhost:*"),
            ("http://localhost:*", "http://localhost:"),
            ("http://localhost:*", "http://localhost:0"),
            ("http://localhost:*", "http://localhost:65536"),
            ("http://localhost:*", "http://localhost:+80"),
            ("http://[::1]:*", "http://[::1].evil.example"),
            ("http://[::1]:*", "http://[::1]evil.example:80"),
            ("https://app.example.com", "null"),
            ("null", "https://app.example.com"),
            ("https://app.example.com", "not an origin"),
        ] {
            assert!(!allows(list, origin), "{list}: {origin}");
        }
    }

    #[test]
    fn what_is_no_origin_is_refused_by_name() {
        for wrong in [
            "example.com",
            "https://",
            "https://a b",
            "https://a.example/path",
            "https://a:x",
            "https://a:",
            "https://a:0",
            "https://a:+1",
            "https://a:70000",
            "https://a:1:2",
            "**",
        ] {
            let error = format!("https://fine.example, {wrong}").parse::<Origins>().unwrap_err().to_string();
            assert!(error.contains(wrong), "{error}");
        }
    }
}
