//! Which settings are read, and which are refused with which words.

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
fn pages_of_ones_own_machine_may_call_by_default_and_no_others() {
    let origins = with(&[]).expect("the defaults").gateway.origins().expect("origins");
    for scheme in ["http", "https"] {
        for host in ["localhost", "127.0.0.1", "[::1]"] {
            for port in ["", ":3000"] {
                let origin = format!("{scheme}://{host}{port}");
                assert!(origins.allow(&origin), "{origin}");
                assert!(!origins.allow(&format!("{origin}.evil.example")), "{origin}");
            }
        }
    }
    assert!(!origins.allow("https://localhost.evil.example:3000") && !origins.allow("null"));
}

fn refused_file(text: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ruche.toml");
    std::fs::write(&file, text).expect("a file");
    Config::from_layers(file.to_str(), variables(&[])).expect_err(text).to_string()
}

fn refused_variable(name: &str, value: &str) -> String {
    with(&[(name, value)]).expect_err(value).to_string()
}

#[test]
fn a_text_or_number_that_is_not_the_number_needed_is_told_with_what_is() {
    let port = " (set it in the configuration file or as RUCHE_GATEWAY__PORT)";
    for (error, expected) in [
        (
            refused_variable("RUCHE_GATEWAY__PORT", "many"),
            "gateway.port: \"many\" is not allowed: a whole number is needed",
        ),
        (refused_variable("RUCHE_GATEWAY__PORT", "-1"), "gateway.port: \"-1\" is too small"),
        (refused_variable("RUCHE_GATEWAY__PORT", "70000"), "gateway.port: 70000 is too large"),
        (
            refused_variable("RUCHE_GATEWAY__PORT", "99999999999999999999"),
            "gateway.port: \"99999999999999999999\" is too large",
        ),
        (refused_variable("RUCHE_GATEWAY__PORT", ""), "gateway.port: \"\" is not allowed: a whole number is needed"),
        (refused_file("[gateway]\nport = -1\n"), "gateway.port: -1 is too small: the number can't be negative"),
        (refused_file("[gateway]\nport = [1]\n"), "gateway.port: a list is not allowed: a whole number is needed"),
    ] {
        assert_eq!(error, format!("{expected}{port}"));
    }
}

#[test]
fn a_value_of_another_type_is_told_in_plain_words_with_what_is_needed() {
    for (error, expected) in [
        (refused_variable("RUCHE_NATS__REPLICAS", "300"), "nats.replicas: 300 is too large"),
        (
            refused_variable("RUCHE_OBJECTS__ALLOW_HTTP", "maybe"),
            "objects.allow_http: \"maybe\" is not allowed: true or false is needed",
        ),
        (
            refused_variable("RUCHE_MODELS__FALLBACK_TO_TINY", "maybe"),
            "models.fallback_to_tiny: \"maybe\" is not allowed: true or false is needed",
        ),
        (
            refused_variable("RUCHE_CHAT__SLOTS", "x"),
            "chat.slots: \"x\" is not allowed: a whole number is needed (set it in the configuration file or as \
             RUCHE_CHAT__SLOTS)",
        ),
        (refused_file("[nats]\npassword = [\"s3cr3t\"]\n"), "nats.password: a list is not allowed: a text is needed"),
        (refused_file("[worker.labels]\nzone = [1]\n"), "worker.labels.zone: a list is not allowed: a text is needed"),
        (refused_file("[worker]\nlabels = \"eu\"\n"), "worker.labels: \"eu\" is not allowed: an object is needed"),
        (refused_file("gateway = 7\n"), "gateway: 7 is not allowed: an object is needed (it is a section"),
        (refused_file("models = 7\n"), "models: 7 is not allowed: an object is needed (it is a section"),
        (refused_file("[gateway\n"), "the configuration can't be read: "),
    ] {
        assert!(error.starts_with(expected), "{error}");
        for word in ["invalid type", "expected u", "struct", "sequence", "for key", "s3cr3t"] {
            assert!(!error.contains(word), "{error}");
        }
    }
}

#[test]
fn aliases_are_a_table_or_pairs_and_default_is_always_one() {
    let of = |set: &[(&str, &str)]| with(set).map(|config| config.models.aliases).map_err(|error| error.to_string());
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
    let chain = of(&[("RUCHE_MODELS__ALIASES", "a=b, b=c, c=tiny, d=default")]).expect("a chain");
    assert_eq!(["a", "b", "c", "d"].map(|name| chain[name].as_str()), ["tiny", "tiny", "tiny", ""]);
    for (pairs, way) in [("a=b, b=a", "a = b = a"), ("x=a, a=b, b=c, c=b", "a = b = c = b"), ("a=a", "a = a")] {
        let error = of(&[("RUCHE_MODELS__ALIASES", pairs)]).expect_err(pairs);
        assert!(error.starts_with("models.aliases = ") && error.contains(way), "{error}");
        assert!(error.contains("these names stand for each other"), "{error}");
    }
    let error = of(&[("RUCHE_MODELS__ALIASES", "bot:help=tiny")]).expect_err("the name of a bot");
    assert!(error.contains("bot:help=tiny is not allowed: an alias can't begin with bot:"), "{error}");
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
