//! One commented file, a struct per section: environment over file over default.
//!
//! The defaults are `default.toml` beside this file, which is also the documentation: `ruche config` prints it. A
//! file named by `RUCHE_CONFIG` comes over it, and `RUCHE_<SECTION>__<KEY>` over both. Everything is checked at
//! start; an error names the key, the value and what is allowed. Secrets come from the environment only.

use config::{Config as Layers, Environment, File, FileFormat};
use serde::{Deserialize, Serialize};

mod egress;
mod embed;
mod rerank;
mod search;
mod sections;

pub use egress::{Allowed, Egress, NotAllowable};
pub use embed::Embed;
pub use rerank::Rerank;
pub use search::Search;
pub use sections::*;

/// The defaults, with their documentation.
pub const DEFAULTS: &str = include_str!("default.toml");

/// Everything that can be set.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The message bus.
    pub nats: Nats,
    /// The database.
    pub postgres: Postgres,
    /// Where large bodies and results are kept.
    pub objects: Objects,
    /// The HTTP and WebSocket entrance.
    pub gateway: Gateway,
    /// What a tenant may take.
    pub limits: Limits,
    /// What every worker has, whatever its kind.
    pub worker: Worker,
    /// What workers may fetch for somebody who named a URL.
    pub egress: Egress,
    /// The chat worker.
    pub chat: Chat,
    /// The embed worker.
    pub embed: Embed,
    /// How documents are searched.
    pub search: Search,
    /// The render worker.
    pub render: Render,
    /// The rerank worker.
    pub rerank: Rerank,
    /// Which models `ruche up` and `ruche models` fetch.
    pub models: Models,
    /// Logs and traces.
    pub telemetry: Telemetry,
}

/// A setting that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A value of the wrong type, an unknown key, or a file that can't be read.
    #[error("the configuration can't be read: {0} (`ruche config` prints every setting with its default)")]
    Unreadable(#[from] config::ConfigError),
    /// A value that is not allowed.
    #[error("{key} = {value} is not allowed: {allowed} (set it in the configuration file or as {})", variable(key))]
    NotAllowed {
        /// The key: `gateway.port`.
        key: &'static str,
        /// What it was set to.
        value: String,
        /// What would be accepted.
        allowed: &'static str,
    },
}

/// The environment variable of a key.
fn variable(key: &str) -> String {
    format!("RUCHE_{}", key.to_uppercase().replacen('.', "__", 1))
}

impl Config {
    /// Reads the defaults, the file named by `RUCHE_CONFIG` and the process's environment, and checks the result.
    ///
    /// # Errors
    /// Names the key, the value and what is allowed.
    pub fn load() -> Result<Self, ConfigError> {
        Self::from_layers(std::env::var("RUCHE_CONFIG").ok().as_deref(), None)
    }

    /// Reads the defaults, this file, and these variables instead of the environment's when given.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn from_layers(
        file: Option<&str>,
        variables: Option<std::collections::HashMap<String, String>>,
    ) -> Result<Self, ConfigError> {
        let mut layers = Layers::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
        if let Some(file) = file {
            layers = layers.add_source(File::new(file, FileFormat::Toml));
        }
        // Only RUCHE_SECTION__KEY: plain RUCHE_URL and RUCHE_KEY are for clients.
        let is_setting = |name: &str| name.starts_with("RUCHE_") && name.contains("__");
        let variables = variables.unwrap_or_else(|| std::env::vars().collect());
        let variables = variables.into_iter().filter(|(name, _)| is_setting(name)).collect();
        let environment =
            Environment::with_prefix("RUCHE").prefix_separator("_").separator("__").source(Some(variables));
        let config: Self = layers.add_source(environment).build()?.try_deserialize()?;
        config.check()?;
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let variables = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Config::from_layers(None, Some(variables))
    }

    #[test]
    fn the_defaults_are_complete_and_allowed() {
        let config = with(&[]).expect("the shipped defaults");
        assert_eq!(config.gateway.port, 8080);
        assert_eq!(config.search, Search::default());
    }

    #[test]
    fn the_environment_comes_over_the_defaults() {
        let config = with(&[("RUCHE_GATEWAY__PORT", "9000"), ("RUCHE_URL", "x")]).expect("a port");
        assert_eq!(config.gateway.port, 9000);
    }

    #[test]
    fn a_secret_that_looks_like_a_number_stays_as_it_is() {
        let config = with(&[("RUCHE_NATS__PASSWORD", "0123"), ("RUCHE_NATS__USER", "1e3")]).expect("texts");
        assert_eq!((config.nats.password.0.as_str(), config.nats.user.as_str()), ("0123", "1e3"));
    }

    #[test]
    fn an_object_store_is_a_folder_or_a_bucket_and_its_keys_come_in_pairs() {
        for url in ["", "file:///var/lib/ruche/objects", "s3://bucket", "s3://bucket/some/prefix"] {
            assert!(with(&[("RUCHE_OBJECTS__URL", url)]).is_ok(), "{url}");
        }
        for url in ["file://folder", "file:///", "s3://", "s3:///prefix", "s3://b/../x", "s3://b//x", "/var/lib"] {
            assert!(with(&[("RUCHE_OBJECTS__URL", url)]).is_err(), "{url}");
        }
        let endpoint = ("RUCHE_OBJECTS__ENDPOINT", "http://s3:8333");
        let error = with(&[endpoint]).expect_err("in the clear").to_string();
        assert!(error.contains("objects.allow_http"), "{error}");
        assert!(with(&[endpoint, ("RUCHE_OBJECTS__ALLOW_HTTP", "true")]).expect("allowed").objects.allow_http);
        assert!(with(&[("RUCHE_OBJECTS__ACCESS_KEY", "ruche")]).is_err());
        let keys = [("RUCHE_OBJECTS__ACCESS_KEY", "ruche"), ("RUCHE_OBJECTS__SECRET_KEY", "s3cr3t")];
        assert!(!format!("{:?}", with(&keys).expect("both").objects).contains("s3cr3t"));
    }

    #[test]
    fn an_error_names_the_key_the_value_and_what_is_allowed() {
        let error = with(&[("RUCHE_CHAT__SLOTS", "300")]).expect_err("too many").to_string();
        for part in ["chat.slots = 300", "1 to 256", "RUCHE_CHAT__SLOTS"] {
            assert!(error.contains(part), "{error}");
        }
        let error = with(&[("RUCHE_OBJECTS__URL", "ftp://x")]).expect_err("no store").to_string();
        for part in ["objects.url = ftp://x", "file:///", "s3://", "RUCHE_OBJECTS__URL"] {
            assert!(error.contains(part), "{error}");
        }
        let error = with(&[("RUCHE_EGRESS__ALLOW", "intern,10.0.0.0/40")]).expect_err("no network").to_string();
        for part in ["egress.allow = intern,10.0.0.0/40", "10.1.0.0/16"] {
            assert!(error.contains(part), "{error}");
        }
        for (key, value) in [("PORTS", "80,0"), ("PORTS", ""), ("MAX_BYTES", "1"), ("TIMEOUT_SECONDS", "0")] {
            let error = with(&[(&format!("RUCHE_EGRESS__{key}"), value)]).expect_err(value).to_string();
            assert!(error.contains(&format!("egress.{} = {value} is", key.to_lowercase())), "{error}");
        }
        let error = with(&[("RUCHE_GATEWAY__PORT", "many")]).expect_err("no number").to_string();
        assert!(error.contains("port") && error.contains("many"), "{error}");
        let error = with(&[("RUCHE_GATEWAY__COLOUR", "red")]).expect_err("unknown").to_string();
        assert!(error.contains("colour"), "{error}");
    }
}
