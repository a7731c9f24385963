//! The sections that belong to no kind. `default.toml` says what each key means.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use super::origins::{NotAnOrigin, Origins};
use crate::settings::{Check, ConfigError};

/// A value that is never printed.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nats {
    /// Server URLs, separated by commas.
    pub url: Secret,
    pub user: String,
    pub password: Secret,
    /// First token of every subject.
    pub prefix: String,
    /// Copies of each stream: 1, 3 or 5.
    pub replicas: u8,
    pub events_hours: u32,
    pub backlog_jobs: i64,
    /// The largest backlog of one tenant, in jobs of one kind and lane.
    pub tenant_backlog: i64,
}

impl Nats {
    pub(super) fn check(&self, check: Check<'_>) -> Result<(), ConfigError> {
        check.rule(is_token(&self.prefix), "prefix", &self.prefix, TOKEN)?;
        check.rule([1, 3, 5].contains(&self.replicas), "replicas", self.replicas, "1, 3 or 5")?;
        check.range("events_hours", self.events_hours, 1..=8760, "")?;
        check.rule(self.backlog_jobs > 0, "backlog_jobs", self.backlog_jobs, "at least 1")?;
        check.rule(self.tenant_backlog > 0, "tenant_backlog", self.tenant_backlog, "at least 1")
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Postgres {
    pub url: Secret,
    pub schema: String,
    pub connections: u32,
}

impl Postgres {
    pub(super) fn check(&self, check: Check<'_>) -> Result<(), ConfigError> {
        check.rule(is_token(&self.schema), "schema", &self.schema, TOKEN)?;
        check.range("connections", self.connections, 1..=1000, "")
    }
}

/// The object store, for bodies and results that are too large for a message.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objects {
    /// `file:///folder` or `s3://bucket/prefix`; empty: no store.
    pub url: String,
    /// The address of an S3 service other than Amazon's, or empty.
    pub endpoint: String,
    pub region: String,
    /// The S3 access key; empty: the environment's or the machine's role.
    pub access_key: String,
    pub secret_key: Secret,
    pub allow_http: bool,
    pub max_bytes: u64,
}

impl Objects {
    fn is_place(&self) -> bool {
        match (self.url.strip_prefix("file://"), self.url.strip_prefix("s3://")) {
            (Some(folder), _) => folder.starts_with('/') && !folder.trim_matches('/').is_empty(),
            (_, Some(place)) => {
                let mut parts = place.trim_end_matches('/').split('/');
                parts.all(|part| !matches!(part, "" | "." | ".."))
            }
            _ => self.url.is_empty(),
        }
    }

    pub(super) fn check(&self, check: Check<'_>) -> Result<(), ConfigError> {
        let places = "empty, file:///folder (an absolute path) or s3://bucket/prefix";
        check.rule(self.is_place(), "url", &self.url, places)?;
        let secure = self.endpoint.is_empty() || self.endpoint.starts_with("https://");
        let reachable = secure || (self.allow_http && self.endpoint.starts_with("http://"));
        let allowed = "empty, https://.., or http://.. with objects.allow_http = true";
        check.rule(reachable, "endpoint", &self.endpoint, allowed)?;
        let paired = self.access_key.is_empty() == self.secret_key.0.is_empty();
        check.rule(paired, "access_key", &self.access_key, "set together with objects.secret_key, or neither")?;
        check.range("max_bytes", self.max_bytes, crate::CLAIM_BYTES as u64..=LARGEST_OBJECT, "")
    }
}

/// The upper bound of [`Objects::max_bytes`]: bodies and results are held in memory whole.
const LARGEST_OBJECT: u64 = 256 << 20;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    pub host: String,
    /// 0 takes a free port.
    pub port: u16,
    pub body_bytes: usize,
    pub sockets: usize,
    pub wait_seconds: u64,
    /// How long open requests may run after SIGTERM, in seconds.
    pub drain_seconds: u64,
    pub key_cache_seconds: u64,
    /// The largest request to render that is answered with its document, in bytes.
    pub render_wait_bytes: usize,
    /// Which pages may call from a browser: [`Origins`], separated by commas.
    pub cors_origins: String,
    /// The secret that signs links to documents; empty: no links.
    pub link_secret: Secret,
}

impl Gateway {
    /// Fails with the first item that is no origin.
    pub fn origins(&self) -> Result<Origins, NotAnOrigin> {
        self.cors_origins.parse()
    }

    pub(super) fn check(&self, check: Check<'_>) -> Result<(), ConfigError> {
        check.range("body_bytes", self.body_bytes, 1024..=1 << 30, "")?;
        check.range("sockets", self.sockets, 1..=1_000_000, "")?;
        check.range("wait_seconds", self.wait_seconds, 1..=86_400, "")?;
        check.range("drain_seconds", self.drain_seconds, 0..=3600, "")?;
        check.range("key_cache_seconds", self.key_cache_seconds, 0..=3600, "")?;
        check.range("render_wait_bytes", self.render_wait_bytes, 0..=1 << 30, "")?;
        let origins = "origins such as https://app.example.com, https://*.example.com or http://localhost:*, separated by \
                       commas; * is any";
        check.rule(self.origins().is_ok(), "cors_origins", &self.cors_origins, origins)?;
        let strong = self.link_secret.0.is_empty() || self.link_secret.0.len() >= 32;
        check.rule(strong, "link_secret", "***", "empty, or 32 characters or more")
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Jobs of one kind that run at once; 0 is no cap.
    pub in_flight: u32,
    /// Jobs submitted per second to one gateway; 0 is no cap.
    pub per_second: u32,
}

impl Limits {
    pub(super) fn check(&self, check: Check<'_>) -> Result<(), ConfigError> {
        check.range("per_second", self.per_second, 0..=1_000_000, "0 is no cap")
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Worker {
    pub host: String,
    /// Port of /metrics; 0 takes a free one.
    pub port: u16,
    /// How long running jobs may take after SIGTERM, in seconds.
    pub drain_seconds: u64,
    /// How long the server waits for a heartbeat before it redelivers a job, in seconds.
    pub ack_wait_seconds: u64,
    /// Shown in `ruche workers list`: `zone = "eu"`.
    pub labels: BTreeMap<String, String>,
    /// How long ended jobs are kept, in days; 0: forever.
    pub retention_days: u32,
    /// The model whose jobs this worker takes, and no others; empty: all jobs that no pool is for.
    pub pool: String,
}

impl Worker {
    pub(super) fn check(&self, check: Check<'_>) -> Result<(), ConfigError> {
        check.range("drain_seconds", self.drain_seconds, 0..=3600, "")?;
        check.range("ack_wait_seconds", self.ack_wait_seconds, 2..=3600, "")?;
        check.range("retention_days", self.retention_days, 0..=36_500, "")?;
        let fits = self.pool.len() <= 256;
        check.rule(fits, "pool", &self.pool, "a model's name of at most 256 bytes, or empty")
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    pub log: String,
    pub format: String,
}

impl Telemetry {
    pub(super) fn check(&self, check: Check<'_>) -> Result<(), ConfigError> {
        check.rule(["text", "json"].contains(&&*self.format), "format", &self.format, "text or json")
    }
}

const TOKEN: &str = "1 to 32 of a-z, 0-9 and _";

fn is_token(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}
