//! The sections. What each key means stands in `default.toml`; what is allowed stands in [`Config::check`].

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use super::{Config, ConfigError};

/// A value that is never printed.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The message bus.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nats {
    /// Server URLs, separated by commas.
    pub url: Secret,
    /// User, or empty.
    pub user: String,
    /// Password, or empty.
    pub password: Secret,
    /// First token of every subject.
    pub prefix: String,
    /// Copies of each stream: 1, 3 or 5.
    pub replicas: u8,
    /// How long events are kept, in hours.
    pub events_hours: u32,
    /// The largest backlog of one kind, in jobs.
    pub backlog_jobs: i64,
    /// The largest backlog of one tenant, in jobs of one kind and lane.
    pub tenant_backlog: i64,
}

/// The database.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Postgres {
    /// URL, with its password.
    pub url: Secret,
    /// The schema that holds the tables.
    pub schema: String,
    /// Connections per process.
    pub connections: u32,
}

/// Where bodies and results go that are too large for a message.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objects {
    /// `file:///folder` or `s3://bucket/prefix`; empty: there is none.
    pub url: String,
    /// The address of an S3 service that is not Amazon's, or empty.
    pub endpoint: String,
    /// The S3 region.
    pub region: String,
    /// The S3 access key; empty: the environment's or the machine's role.
    pub access_key: String,
    /// The S3 secret key.
    pub secret_key: Secret,
    /// Whether the endpoint may be `http://`.
    pub allow_http: bool,
    /// The largest body or result, in bytes.
    pub max_bytes: u64,
}

impl Objects {
    /// Whether the URL is one.
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

    fn check(
        &self,
        rule: impl Fn(bool, &'static str, String, &'static str) -> Result<(), ConfigError>,
    ) -> Result<(), ConfigError> {
        let Self { url, endpoint, access_key, secret_key, allow_http, max_bytes, .. } = self;
        let places = "empty, file:///folder (an absolute path) or s3://bucket/prefix";
        rule(self.is_place(), "objects.url", url.clone(), places)?;
        let secure = endpoint.is_empty() || endpoint.starts_with("https://");
        let reachable = secure || (*allow_http && endpoint.starts_with("http://"));
        let allowed = "empty, https://.., or http://.. with objects.allow_http = true";
        rule(reachable, "objects.endpoint", endpoint.clone(), allowed)?;
        let paired = access_key.is_empty() == secret_key.0.is_empty();
        let both = "set together with objects.secret_key, or neither";
        rule(paired, "objects.access_key", access_key.clone(), both)?;
        let range = (crate::CLAIM_BYTES as u64..=LARGEST_OBJECT).contains(max_bytes);
        rule(range, "objects.max_bytes", max_bytes.to_string(), "262144 to 268435456")
    }
}

/// The most that [`Objects::max_bytes`] may be: bodies and results pass through memory whole.
const LARGEST_OBJECT: u64 = 256 << 20;

/// The HTTP and WebSocket entrance.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    /// Address to listen on.
    pub host: String,
    /// Port to listen on; 0 takes a free one.
    pub port: u16,
    /// The largest request body, in bytes.
    pub body_bytes: usize,
    /// WebSockets at once.
    pub sockets: usize,
    /// How long a plain chat request waits, in seconds.
    pub wait_seconds: u64,
    /// How long requests may end after SIGTERM, in seconds.
    pub drain_seconds: u64,
    /// How long a checked key is trusted, in seconds.
    pub key_cache_seconds: u64,
    /// Up to how many bytes a request to render is answered with its document.
    pub render_wait_bytes: usize,
    /// What links to documents are signed with; empty: there are none.
    pub link_secret: Secret,
}

/// What one tenant may take.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Jobs of one kind that run at once; 0 is no cap.
    pub in_flight: u32,
    /// Jobs submitted per second to one gateway; 0 is no cap.
    pub per_second: u32,
}

/// What every worker has.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Worker {
    /// Address of /metrics.
    pub host: String,
    /// Port of /metrics; 0 takes a free one.
    pub port: u16,
    /// How long jobs may end after SIGTERM, in seconds.
    pub drain_seconds: u64,
    /// The server's patience with a silent worker, in seconds.
    pub ack_wait_seconds: u64,
    /// What is said of it in `ruche workers list`: `zone = "eu"`.
    pub labels: BTreeMap<String, String>,
    /// How long ended jobs are kept, in days; 0: for ever.
    pub retention_days: u32,
}

/// The chat worker.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chat {
    /// A GGUF file.
    pub model_path: String,
    /// The model's name in answers.
    pub model_name: String,
    /// Conversations at once.
    pub slots: u32,
    /// Tokens of context per conversation; 0 takes the model's own, at most 8192.
    pub context_tokens: u32,
    /// Prompt tokens per decode.
    pub prompt_chunk: u32,
    /// CPU threads; 0 takes the number of cores.
    pub threads: u32,
    /// Layers on the GPU.
    pub gpu_layers: u32,
}

/// The render worker.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Render {
    /// Processes that set documents; 0 takes the number of cores.
    pub children: u32,
    /// How much memory one may take, in MiB.
    pub memory_mb: u64,
    /// How long a document may take, in seconds.
    pub seconds: u64,
    /// After how many documents a process is replaced.
    pub documents: u32,
    /// From how much memory on it is replaced, in MiB.
    pub resident_mb: u64,
}

impl Render {
    fn check(
        &self,
        rule: impl Fn(bool, &'static str, String, &'static str) -> Result<(), ConfigError>,
    ) -> Result<(), ConfigError> {
        let number = |key, value: u64, min: u64, max: u64, allowed| {
            rule((min..=max).contains(&value), key, value.to_string(), allowed)
        };
        number("render.children", self.children.into(), 0, 1024, "0 to 1024; 0 is the number of cores")?;
        number("render.memory_mb", self.memory_mb, 512, 1 << 20, "512 to 1048576")?;
        number("render.seconds", self.seconds, 1, 170, "1 to 170")?;
        number("render.documents", self.documents.into(), 1, 1_000_000_000, "1 to 1000000000")?;
        number("render.resident_mb", self.resident_mb, 64, 1 << 20, "64 to 1048576")
    }
}

/// Which models to fetch.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Models {
    /// A preset, or `tiny`.
    pub chat: String,
    /// A preset that makes vectors, or `all-minilm-l6-v2`.
    pub embedding: String,
    /// A second one, while collections go from one to the other; empty where there is none.
    pub next_embedding: String,
    /// A preset that ranks; empty where there is none.
    pub rerank: String,
    /// Whether models that need no hub stand in where it can't be reached.
    pub fallback_to_tiny: bool,
}

/// Logs and traces.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    /// A tracing filter.
    pub log: String,
    /// `text` or `json`.
    pub format: String,
}

impl Config {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let rule = |ok: bool, key, value: String, allowed| match ok {
            true => Ok(()),
            false => Err(ConfigError::NotAllowed { key, value, allowed }),
        };
        let name = |s: &str| {
            (1..=32).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        let Self {
            nats,
            postgres,
            objects,
            gateway,
            limits,
            worker,
            egress,
            chat,
            embed,
            search,
            render,
            rerank,
            telemetry,
            ..
        } = self;
        let number = |key, value: u64, min: u64, max: u64, allowed| {
            rule((min..=max).contains(&value), key, value.to_string(), allowed)
        };
        rule(name(&nats.prefix), "nats.prefix", nats.prefix.clone(), "1 to 32 of a-z, 0-9 and _")?;
        rule([1, 3, 5].contains(&nats.replicas), "nats.replicas", nats.replicas.to_string(), "1, 3 or 5")?;
        number("nats.events_hours", nats.events_hours.into(), 1, 8760, "1 to 8760")?;
        rule(nats.backlog_jobs > 0, "nats.backlog_jobs", nats.backlog_jobs.to_string(), "at least 1")?;
        rule(name(&postgres.schema), "postgres.schema", postgres.schema.clone(), "1 to 32 of a-z, 0-9 and _")?;
        number("postgres.connections", postgres.connections.into(), 1, 1000, "1 to 1000")?;
        objects.check(rule)?;
        number("gateway.body_bytes", gateway.body_bytes as u64, 1024, 1 << 30, "1024 to 1073741824")?;
        number("gateway.sockets", gateway.sockets as u64, 1, 1_000_000, "1 to 1000000")?;
        number("gateway.wait_seconds", gateway.wait_seconds, 1, 86_400, "1 to 86400")?;
        number("gateway.drain_seconds", gateway.drain_seconds, 0, 3600, "0 to 3600")?;
        number("gateway.key_cache_seconds", gateway.key_cache_seconds, 0, 3600, "0 to 3600")?;
        number("gateway.render_wait_bytes", gateway.render_wait_bytes as u64, 0, 1 << 30, "0 to 1073741824")?;
        let strong = gateway.link_secret.0.is_empty() || gateway.link_secret.0.len() >= 32;
        rule(strong, "gateway.link_secret", "***".to_owned(), "empty, or 32 characters or more")?;
        rule(nats.tenant_backlog > 0, "nats.tenant_backlog", nats.tenant_backlog.to_string(), "at least 1")?;
        number("limits.per_second", limits.per_second.into(), 0, 1_000_000, "0 to 1000000; 0 is no cap")?;
        number("worker.drain_seconds", worker.drain_seconds, 0, 3600, "0 to 3600")?;
        number("worker.ack_wait_seconds", worker.ack_wait_seconds, 2, 3600, "2 to 3600")?;
        number("worker.retention_days", worker.retention_days.into(), 0, 36_500, "0 to 36500")?;
        egress.check(rule)?;
        number("chat.slots", chat.slots.into(), 1, 256, "1 to 256")?;
        number("chat.prompt_chunk", chat.prompt_chunk.into(), 16, 4096, "16 to 4096")?;
        embed.check(rule)?;
        search.check(rule)?;
        render.check(rule)?;
        rerank.check(rule)?;
        rule(
            ["text", "json"].contains(&&*telemetry.format),
            "telemetry.format",
            telemetry.format.clone(),
            "text or json",
        )
    }
}
