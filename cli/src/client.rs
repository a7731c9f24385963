//! The client of the gateway's HTTP API: JSON in, JSON out; errors become text.
//!
//! Answers stay JSON values: a newer gateway's fields reach `--json` unchanged, an older one's missing fields show as
//! `-`, and neither ends a command.

use std::{error::Error, fmt, time::Duration};

use anyhow::{Context, Result};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use serde_json::{Value, json};

use crate::{
    output::{self, clean},
    refused::Refused,
};

/// How long an answer may take that is no stream.
const TIMEOUT: Duration = Duration::from_secs(60);

/// How much of a body that is no JSON an error shows, in characters.
const SHOWN: usize = 200;

#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: Url,
    key: String,
}

#[derive(Debug)]
pub(crate) struct ApiError {
    pub status: u16,
    /// For programs.
    pub code: Option<String>,
    /// For people.
    pub message: String,
    /// The field, or the cap.
    pub param: Option<String>,
    /// In seconds.
    pub retry_after: Option<String>,
}

#[derive(Debug, thiserror::Error)]
#[error("{url} can't be reached ({why}). {hint}")]
pub(crate) struct Unreachable {
    url: String,
    why: String,
    hint: &'static str,
}

impl Client {
    pub(crate) fn new(url: &str, key: String) -> Result<Self> {
        let base = Url::parse(url).ok().filter(|url| url.has_host() && matches!(url.scheme(), "http" | "https"));
        let Some(base) = base else {
            return Err(Refused::usage(format!("{url:?} is no address: give one as in http://127.0.0.1:8080")));
        };
        let mut builder = reqwest::Client::builder().connect_timeout(Duration::from_secs(10));
        if matches!(base.host_str(), Some("127.0.0.1" | "localhost" | "[::1]")) {
            builder = builder.no_proxy();
        }
        Ok(Self { http: builder.build().context("no HTTP client can be made")?, base, key })
    }

    /// As people write it.
    pub(crate) fn address(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// A request below `/v1`, without a time-out.
    pub(crate) fn request(&self, method: Method, path: &[&str], query: &[(&str, String)]) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("v1").extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.http.request(method, url).bearer_auth(&self.key)
    }

    /// Whether the gateway is ready, and what it says about it. It needs no key.
    pub(crate) async fn readiness(&self) -> Result<(bool, String)> {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("readyz");
        }
        let response = self.http.get(url).timeout(TIMEOUT).send().await.map_err(|error| self.unreachable(&error))?;
        let is_ready = response.status().is_success();
        Ok((is_ready, response.text().await.map_err(|error| self.unreachable(&error))?))
    }

    /// An error status becomes an error. Unknown fields that were ignored are noted.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Response> {
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        if !response.status().is_success() {
            return Err(refusal(response).await.into());
        }
        if let Some(names) = response.headers().get("ruche-ignored").and_then(|names| names.to_str().ok()) {
            let names: Vec<String> = names.split(", ").map(decoded).collect();
            output::note(&clean(&ignored(&names)));
        }
        Ok(response)
    }

    pub(crate) async fn get(&self, path: &[&str], query: &[(&str, String)]) -> Result<Value> {
        self.call(Method::GET, path, query, None).await
    }

    pub(crate) async fn post(&self, path: &[&str], body: &Value) -> Result<Value> {
        self.call(Method::POST, path, &[], Some(body)).await
    }

    /// For any request with one answer. No content is `null`.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, String)],
        body: Option<&Value>,
    ) -> Result<Value> {
        // They would be another path.
        if let Some(name) = path.iter().find(|name| matches!(**name, "" | "." | "..")) {
            return Err(Refused::usage(format!("{name:?} is no name or id")));
        }
        let mut request = self.request(method, path, query).timeout(TIMEOUT);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = self.send(request).await?;
        if response.status() == StatusCode::NO_CONTENT {
            return Ok(Value::Null);
        }
        let bytes = response.bytes().await.map_err(|error| self.unreachable(&error))?;
        if bytes.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&bytes).with_context(|| format!("{} answers no JSON: is that Ruche?", self.address()))
    }

    pub(crate) fn unreachable(&self, error: &reqwest::Error) -> anyhow::Error {
        let mut why: &dyn Error = error;
        while let Some(inner) = why.source() {
            why = inner;
        }
        let why = why.to_string();
        if let Some(other) = other_scheme(&self.base, &why) {
            let why = format!("it speaks {other}, not {}", self.base.scheme());
            return Unreachable { url: self.address().to_owned(), why, hint: SCHEME_HINT }.into();
        }
        let hint = match (error.is_connect(), error.is_timeout()) {
            (true, _) => "Start Ruche with `ruche up` (or `make run`), or give another address with --url.",
            (false, true) => "It takes too long to answer: `ruche status` says what runs.",
            (false, false) => "The connection broke: `ruche status` says what runs.",
        };
        Unreachable { url: self.address().to_owned(), why, hint }.into()
    }
}

const SCHEME_HINT: &str = "Write the address with that scheme, in --url or RUCHE_URL.";

/// The scheme that the other side speaks instead, by the words of TLS and of HTTP about what it sent.
fn other_scheme(base: &Url, why: &str) -> Option<&'static str> {
    match base.scheme() {
        "https" => why.contains("InvalidContentType").then_some("http"),
        _ => why.contains("invalid HTTP version").then_some("https"),
    }
}

/// A note on fields of a request that are unknown.
pub(crate) fn ignored(names: &[String]) -> String {
    format!("warning: unknown fields were ignored: {}", names.join(", "))
}

/// A name in which other signs than those of paths are percent-encoded.
fn decoded(name: &str) -> String {
    let url = Url::parse(&format!("http://ruche/?{name}")).ok();
    let first = url.and_then(|url| url.query_pairs().next().map(|(name, _)| name.into_owned()));
    first.unwrap_or_else(|| name.to_owned())
}

pub(crate) async fn refusal(response: Response) -> ApiError {
    let status = response.status();
    let header = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
    let retry_after = header.map(str::to_owned);
    let body = tokio::time::timeout(TIMEOUT, response.text()).await;
    let body = body.ok().and_then(Result::ok).unwrap_or_default();
    let parsed: Value = serde_json::from_str(&body).unwrap_or_default();
    let mut error = ApiError::of(status.as_u16(), &parsed["error"]);
    error.retry_after = retry_after;
    if error.message.is_empty() {
        error.message = match body.trim() {
            "" => status.canonical_reason().unwrap_or("no reason given").to_owned(),
            text => clean(&text.chars().take(SHOWN).collect::<String>()),
        };
    }
    error
}

impl ApiError {
    /// From `{message, code, param}`.
    pub(crate) fn of(status: u16, error: &Value) -> Self {
        let text = |name: &str| error[name].as_str().map(clean).filter(|text| !text.is_empty());
        let message = text("message").unwrap_or_default();
        Self { status, code: text("code"), message, param: text("param"), retry_after: None }
    }

    fn hint(&self) -> Option<String> {
        Some(match (self.status, &self.retry_after) {
            (401, _) => "The gateway doesn't know this key: give another with --key or RUCHE_KEY; \
                         `ruche keys create --tenant <name> --name <what for>` makes one."
                .to_owned(),
            (403, _) => "This needs a key with the role admin: that of `ruche up` has it, and so has one made with \
                         `ruche keys create --role admin`."
                .to_owned(),
            (429 | 503, Some(seconds)) => format!("Try again in {seconds} s."),
            (404, _) if self.code.is_none() => "Is the gateway as new as this program?".to_owned(),
            _ => return None,
        })
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        let mut details = vec![format!("HTTP {}", self.status)];
        details.extend(self.code.iter().cloned());
        details.extend(self.param.iter().map(|param| format!("param {param}")));
        if self.status == 0 {
            details.remove(0);
        }
        if !details.is_empty() {
            write!(f, " ({})", details.join(", "))?;
        }
        match self.hint() {
            Some(hint) => write!(f, "\n  {hint}"),
            None => Ok(()),
        }
    }
}

impl Error for ApiError {}

/// An object without the empty fields.
pub(crate) fn fields<const N: usize>(pairs: [(&str, Option<Value>); N]) -> Value {
    let mut body = json!({});
    for (name, value) in pairs {
        if let Some(value) = value {
            body[name] = value;
        }
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_gateway_of_the_other_scheme_is_told() {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.read(&mut [0; 1_024]).await;
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
            }
        });
        let client = Client::new(&format!("https://{address}"), "rk_1".to_owned()).expect("a client");
        let error = client.get(&["models"], &[]).await.expect_err("no TLS").to_string();
        assert!(error.contains("(it speaks http, not https)"), "{error}");
    }

    #[test]
    fn a_name_of_an_unknown_field_is_shown_as_it_was_sent() {
        for (sent, shown) in [
            ("messages[0].mood", "messages[0].mood"),
            ("a%2C%20b", "a, b"),
            ("100%25", "100%"),
            ("a%26b%3D%2B", "a&b=+"),
        ] {
            assert_eq!(decoded(sent), shown);
        }
    }
}
