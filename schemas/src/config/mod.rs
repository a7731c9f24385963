//! The configuration: one commented file, a struct per section.
//!
//! `default.toml` beside this file, the section of each kind and the models that the kinds need are the defaults and
//! their documentation; `ruche config` prints them. The file that `RUCHE_CONFIG` names overrides them, and
//! `RUCHE_<SECTION>__<KEY>` overrides both. Everything is checked at start. Secrets come from the environment only.

use std::collections::HashMap;

use config::{Config as Layers, Environment, File, FileFormat, Value, ValueKind};
use serde::Deserialize;

mod egress;
mod known;
mod models;
mod origins;
mod search;
mod sections;

pub use egress::{Allowed, Egress, NotAllowable};
pub use models::Models;
pub use origins::{NotAnOrigin, Origins};
pub use search::Search;
pub use sections::*;

pub use crate::settings::ConfigError;
use crate::{descriptor::Descriptor, ids::Kind, job::Job, kinds, settings::Check};

#[derive(Debug, Clone)]
pub struct Config {
    pub nats: Nats,
    pub postgres: Postgres,
    /// The store for large bodies and results.
    pub objects: Objects,
    pub gateway: Gateway,
    pub limits: Limits,
    pub worker: Worker,
    pub egress: Egress,
    pub search: Search,
    pub telemetry: Telemetry,
    /// The models that `ruche up` and `ruche models` fetch.
    pub models: Models,
    kinds: Sections,
}

/// The sections that belong to no kind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Common {
    nats: Nats,
    postgres: Postgres,
    objects: Objects,
    gateway: Gateway,
    limits: Limits,
    worker: Worker,
    egress: Egress,
    search: Search,
    telemetry: Telemetry,
}

/// The kinds' sections, as their settings serialize.
#[derive(Clone)]
struct Sections(HashMap<Kind, serde_json::Value>);

impl std::fmt::Debug for Sections {
    /// Prints only the names: a kind's settings may contain secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The documented default settings for these kinds, in TOML.
#[must_use]
pub fn defaults(kinds: &[Descriptor]) -> String {
    let sections = kinds.iter().map(|kind| kind.defaults.trim_end()).filter(|section| !section.is_empty());
    let all = std::iter::once(include_str!("default.toml").trim_end()).chain(sections);
    all.map(|section| format!("{section}\n\n")).collect::<String>() + &models::defaults(kinds)
}

impl Config {
    /// Reads the defaults, the file that `RUCHE_CONFIG` names and the process's environment, and checks the result.
    /// An error names the key, the value and what is allowed.
    pub fn load() -> Result<Self, ConfigError> {
        Self::load_for(&kinds::all())
    }

    /// As [`Config::load`], with these kinds.
    pub fn load_for(kinds: &[Descriptor]) -> Result<Self, ConfigError> {
        Self::from_layers_for(kinds, std::env::var("RUCHE_CONFIG").ok().as_deref(), None)
    }

    /// Reads the defaults, this file, and these variables; the environment's if `variables` is `None`.
    pub fn from_layers(file: Option<&str>, variables: Option<HashMap<String, String>>) -> Result<Self, ConfigError> {
        Self::from_layers_for(&kinds::all(), file, variables)
    }

    /// As [`Config::from_layers`], with these kinds.
    pub fn from_layers_for(
        kinds: &[Descriptor],
        file: Option<&str>,
        variables: Option<HashMap<String, String>>,
    ) -> Result<Self, ConfigError> {
        let defaults = File::from_str(&defaults(kinds), FileFormat::Toml);
        let mut layers = Layers::builder();
        if let Some(file) = file {
            layers = layers.add_source(File::new(file, FileFormat::Toml));
        }
        // Only RUCHE_SECTION__KEY: RUCHE_URL and RUCHE_KEY are for clients.
        let is_setting = |name: &str| name.starts_with("RUCHE_") && name.contains("__");
        let variables = variables.unwrap_or_else(|| std::env::vars().collect());
        let variables = variables.into_iter().filter(|(name, _)| is_setting(name)).collect();
        let environment =
            Environment::with_prefix("RUCHE").prefix_separator("_").separator("__").source(Some(variables));
        let (set, defaults) = (layers.add_source(environment).build()?, Layers::builder().add_source(defaults));
        known::check(&set.cache.clone().into_table()?, &defaults.clone().build()?.cache.into_table()?)?;
        Self::of_sections(defaults.add_source(set).build()?.try_deserialize()?, kinds)
    }

    fn of_sections(mut all: HashMap<String, Value>, kinds: &[Descriptor]) -> Result<Self, ConfigError> {
        let mut sections = HashMap::new();
        for kind in kinds.iter().filter(|kind| !kind.defaults.is_empty()) {
            let section = take(&mut all, kind.kind.as_str());
            sections.insert(kind.kind.clone(), kind.settings(section)?);
        }
        let models = Models::of(take(&mut all, "models"), kinds)?;
        let common = Common::deserialize(Value::new(None, ValueKind::Table(all.into_iter().collect())))?;
        common.check()?;
        let Common { nats, postgres, objects, gateway, limits, worker, egress, search, telemetry } = common;
        let kinds = Sections(sections);
        Ok(Self { nats, postgres, objects, gateway, limits, worker, egress, search, telemetry, models, kinds })
    }

    /// Fails if the configuration was read without this kind.
    pub fn of<J: Job>(&self) -> Result<J::Settings, ConfigError> {
        let section = self.kinds.0.get(&J::KIND).ok_or_else(|| ConfigError::NoSection(J::KIND.to_string()))?;
        J::Settings::deserialize(section).map_err(|error| config::ConfigError::Foreign(Box::new(error)).into())
    }

    /// A text in the section of a kind; empty if there is none.
    #[must_use]
    pub fn text(&self, kind: &Kind, key: &str) -> &str {
        self.kinds.0.get(kind).and_then(|section| section[key].as_str()).unwrap_or_default()
    }
}

fn take(all: &mut HashMap<String, Value>, section: &str) -> Value {
    all.remove(section).unwrap_or_else(|| Value::new(None, ValueKind::Table(config::Map::new())))
}

impl Common {
    fn check(&self) -> Result<(), ConfigError> {
        self.nats.check(Check::new("nats"))?;
        self.postgres.check(Check::new("postgres"))?;
        self.objects.check(Check::new("objects"))?;
        self.gateway.check(Check::new("gateway"))?;
        self.limits.check(Check::new("limits"))?;
        self.worker.check(Check::new("worker"))?;
        self.egress.check(Check::new("egress"))?;
        self.search.check(Check::new("search"))?;
        self.telemetry.check(Check::new("telemetry"))
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;
    use crate::{
        models::{Family, ModelSlot},
        settings::Settings,
    };

    fn variables(variables: &[(&str, &str)]) -> Option<HashMap<String, String>> {
        Some(variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
    }

    fn with(set: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::from_layers(None, variables(set))
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
        for part in ["chat.slots = 300", "0 to 256", "RUCHE_CHAT__SLOTS"] {
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
        let error = with(&[("RUCHE_GATEWAY__PROT", "1")]).expect_err("unknown").to_string();
        assert!(
            error.starts_with("there is no setting gateway.prot (RUCHE_GATEWAY__PROT): do you mean gateway.port?"),
            "{error}"
        );
        let error = with(&[("RUCHE_GATEWY__PORT", "1")]).expect_err("unknown").to_string();
        assert!(error.contains("do you mean gateway?"), "{error}");
        let error = with(&[("RUCHE_GATEWAY__CORS_ORIGINS", "https://fine.example, example.com")])
            .expect_err("no origin")
            .to_string();
        for part in ["gateway.cors_origins", "https://app.example.com", "RUCHE_GATEWAY__CORS_ORIGINS"] {
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn aliases_are_a_table_or_pairs_and_default_is_always_one() {
        let of =
            |set: &[(&str, &str)]| with(set).map(|config| config.models.aliases).map_err(|error| error.to_string());
        let pair = |name: &str, target: &str| (name.to_owned(), target.to_owned());
        assert_eq!(of(&[]).expect("none").into_iter().collect::<Vec<_>>(), [pair("default", "")]);
        let pairs = of(&[("RUCHE_MODELS__ALIASES", "gpt-4o-mini = bot:help, gpt-3.5-turbo=")]).expect("pairs");
        assert_eq!(
            pairs.into_iter().collect::<Vec<_>>(),
            [pair("default", ""), pair("gpt-3.5-turbo", ""), pair("gpt-4o-mini", "bot:help")]
        );
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("ruche.toml");
        std::fs::write(&file, "[models.aliases]\n\"gpt-3.5-turbo\" = \"tiny\"\nDefault = \"x\"\n").expect("a file");
        let config = Config::from_layers(file.to_str(), variables(&[])).expect("a table");
        assert_eq!(config.models.aliases["gpt-3.5-turbo"], "tiny");
        for wrong in ["gpt-4o-mini", "=x", &format!("{}=x", "a".repeat(300))] {
            assert!(
                of(&[("RUCHE_MODELS__ALIASES", wrong)]).is_err_and(|error| error.contains("models.aliases")),
                "{wrong}"
            );
        }
    }

    /// A kind that no list knows.
    #[derive(Serialize, Deserialize, schemars::JsonSchema)]
    struct Toy {}

    #[derive(Debug, Clone, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct ToySettings {
        slots: u32,
        secret: Secret,
    }

    impl Settings for ToySettings {
        const DEFAULTS: &'static str = "[toy]\n# Jobs at once.\nslots = 2\nsecret = \"\"\n";

        fn check(&self, check: Check<'_>) -> Result<(), ConfigError> {
            check.range("slots", self.slots, 1..=8, "")
        }
    }

    const FAMILY: Family = Family { name: "toy", presets: &[], built_in: &[] };

    impl Job for Toy {
        const KIND: Kind = Kind::new("toy");
        const VERSION: u16 = 1;
        const LIMITS: crate::Limits = crate::kinds::rerank::Rerank::LIMITS;
        type Progress = ();
        type Output = ();
        type Settings = ToySettings;
        const MODELS: &'static [ModelSlot] = &[ModelSlot {
            name: "toy",
            prefix: "",
            default: "",
            comment: "What plays.\nNone by default.",
            label: "plays",
            family: &FAMILY,
            own_workers: false,
            container: None,
        }];

        fn check(&self) -> Result<(), crate::Invalid> {
            Ok(())
        }
    }

    #[test]
    fn a_kinds_section_and_models_are_settings_like_all_others() {
        let kinds = [Descriptor::of::<Toy>()];
        let with = |set: &[(&str, &str)]| Config::from_layers_for(&kinds, None, variables(set));
        let text = defaults(&kinds);
        for part in ["[nats]", "[toy]\n# Jobs at once.", "[models]\n# What plays.\n# None by default.\ntoy = \"\"\n"] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
        assert!(!text.contains("[chat]"), "{text}");
        let config = with(&[("RUCHE_TOY__SLOTS", "3"), ("RUCHE_TOY__SECRET", "007"), ("RUCHE_MODELS__TOY", "big")]);
        let config = config.expect("allowed");
        let toy = config.of::<Toy>().expect("its section");
        assert_eq!((toy.slots, &*toy.secret.0), (3, "007"));
        assert_eq!((config.models.preset("toy"), config.text(&Toy::KIND, "secret")), ("big", "007"));
        assert!(!format!("{config:?}").contains("007"), "a secret is never printed");
        for (set, part) in [
            (("RUCHE_TOY__SLOTS", "9"), "toy.slots = 9 is not allowed: 1 to 8"),
            (("RUCHE_TOY__SLOTS", "many"), "toy.slots"),
            (("RUCHE_TOY__COLOUR", "red"), "colour"),
            (("RUCHE_MODELS__CHAT", "tiny"), "models.chat"),
            (("RUCHE_CHAT__SLOTS", "1"), "chat"),
        ] {
            let error = with(&[set]).expect_err(part).to_string();
            assert!(error.contains(part), "{error}");
        }
        let error = Config::from_layers(None, variables(&[])).expect("the defaults").of::<Toy>();
        assert!(error.is_err_and(|error| error.to_string().contains("without the kind toy")));
    }

    #[test]
    fn a_kinds_section_is_the_only_one_in_its_defaults_and_no_key_of_the_models_is_there_twice() {
        let mut keys = std::collections::BTreeSet::new();
        for kind in kinds::all() {
            let sections = kind.defaults.lines().filter(|line| line.starts_with('['));
            assert!(sections.eq((!kind.defaults.is_empty()).then(|| format!("[{}]", kind.kind)).as_deref()));
            assert!(kind.models.iter().all(|slot| keys.insert(slot.name)), "{}", kind.kind);
        }
    }
}
