//! Checks `compose.yaml` and the container file without a container engine: what they name exists, and every setting
//! is one.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use ruche_schemas::config::Config;
use serde_yaml_ng::{Mapping, Value};

mod workers;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn compose() -> Value {
    let mut compose: Value = serde_yaml_ng::from_str(&read("compose.yaml")).unwrap();
    // Once for each level: merged values may merge in turn.
    for _ in 0..3 {
        compose.apply_merge().unwrap();
    }
    compose
}

fn services(compose: &Value) -> impl Iterator<Item = (&str, &Mapping)> {
    let services = compose["services"].as_mapping().unwrap();
    services.iter().map(|(name, service)| (name.as_str().unwrap(), service.as_mapping().unwrap()))
}

fn names(of: Option<&Value>) -> BTreeSet<&str> {
    match of {
        Some(Value::Sequence(list)) => list.iter().map(|name| name.as_str().unwrap()).collect(),
        Some(Value::Mapping(map)) => map.keys().map(|name| name.as_str().unwrap()).collect(),
        _ => BTreeSet::new(),
    }
}

fn strings(of: Option<&Value>) -> Vec<&str> {
    of.and_then(Value::as_sequence).map_or(Vec::new(), |list| list.iter().filter_map(Value::as_str).collect())
}

/// Replaces `${NAME:?message}`, `${NAME:-default}` and `${NAME}`; calls `required` with each required name.
fn interpolate(text: &str, mut required: impl FnMut(&str)) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (variable, after) = after.split_once('}').unwrap_or_else(|| panic!("no closing brace in {text:?}"));
        out.push_str(before);
        match (variable.split_once(":?"), variable.split_once(":-")) {
            (Some((name, message)), _) => {
                assert!(!message.is_empty(), "{name}: say what to do");
                required(name);
                out.push_str("s3cr3t-of-thirty-two-characters-or-more");
            }
            (None, Some((_, default))) => out.push_str(default),
            (None, None) => panic!("{variable} has neither a default nor a message in {text:?}"),
        }
        rest = after;
    }
    out + rest
}

/// From `cargo metadata`.
fn programs() -> BTreeSet<String> {
    let mut cargo = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()));
    let cargo = cargo.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(root());
    let metadata: serde_json::Value = serde_json::from_slice(&cargo.output().unwrap().stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let targets = packages.iter().flat_map(|package| package["targets"].as_array().unwrap());
    let programs = targets.filter(|target| target["kind"].as_array().unwrap().iter().any(|kind| kind == "bin"));
    programs.map(|target| target["name"].as_str().unwrap().to_owned()).collect()
}

/// The sources of the container file's COPY lines: from the build's context, or from an earlier stage.
fn copied(from_a_stage: bool) -> Vec<String> {
    let file = read("deploy/Containerfile");
    let lines = file.lines().filter_map(|line| line.strip_prefix("COPY "));
    let lines = lines.filter(|line| line.contains("--from=") == from_a_stage);
    let sources = lines.flat_map(|line| {
        let mut words: Vec<_> = line.split_whitespace().filter(|word| !word.starts_with("--")).collect();
        words.pop();
        words
    });
    sources.map(str::to_owned).collect()
}

#[test]
fn every_service_has_an_image_of_a_version_or_a_file_to_build_it() {
    let compose = compose();
    for (name, service) in services(&compose) {
        let image = service.get("image").and_then(Value::as_str).unwrap_or_else(|| panic!("{name} has no image"));
        let image = interpolate(image, |_| {});
        let tag = image.rsplit_once(':').unwrap_or_else(|| panic!("{name}: {image} has no tag")).1;
        assert!(!tag.is_empty() && tag != "latest", "{name}: {image}");
        let Some(build) = service.get("build") else { continue };
        let context = root().join(build["context"].as_str().unwrap());
        assert!(context.join(build["dockerfile"].as_str().unwrap()).is_file(), "{name}: {build:?}");
    }
    for base in read("deploy/Containerfile").lines().filter_map(|line| line.strip_prefix("FROM ")) {
        assert!(base.contains(':') && !base.contains(":latest"), "FROM {base}");
    }
}

#[test]
fn every_name_that_a_service_uses_is_there() {
    let compose = compose();
    let (volumes, networks) = (names(compose.get("volumes")), names(compose.get("networks")));
    for (name, service) in services(&compose) {
        let joined = names(service.get("networks"));
        assert!(!joined.is_empty() && joined.is_subset(&networks), "{name}: {joined:?}");
        for volume in strings(service.get("volumes")) {
            let volume = interpolate(volume, |_| {});
            let source = volume.split(':').next().unwrap();
            match source.strip_prefix("./") {
                Some(path) => assert!(root().join(path).exists() || path == "workers/models", "{name}: {source}"),
                None => assert!(volumes.contains(source), "{name}: {source}"),
            }
        }
    }
}

#[test]
fn what_is_waited_for_can_be_waited_for() {
    let compose = compose();
    for (name, service) in services(&compose) {
        let Some(others) = service.get("depends_on").and_then(Value::as_mapping) else { continue };
        for (other, how) in others {
            let other = other.as_str().unwrap();
            let target = &compose["services"][other];
            assert!(target.is_mapping(), "{name} waits for {other}, which is not there");
            match how["condition"].as_str().unwrap() {
                "service_healthy" => assert!(target["healthcheck"]["test"].is_sequence(), "{name} -> {other}"),
                "service_completed_successfully" => {
                    assert_ne!(target["restart"].as_str(), Some("unless-stopped"), "{name} -> {other} never ends");
                }
                other => panic!("{name}: condition {other:?}"),
            }
        }
    }
}

#[test]
fn every_setting_is_one_and_every_secret_must_be_given() {
    let compose = compose();
    let mut secrets = BTreeSet::new();
    for (name, service) in services(&compose) {
        let mut settings = HashMap::new();
        for (variable, value) in service.get("environment").and_then(Value::as_mapping).into_iter().flatten() {
            let (variable, value) = (variable.as_str().unwrap(), value.as_str().unwrap());
            let secret = ["PASSWORD", "SECRET", "POSTGRES__URL"].iter().any(|word| variable.contains(word));
            assert!(!secret || value.contains(":?"), "{name}: {variable} is not asked for");
            let value = interpolate(value, |required| secrets.extend([required.to_owned()]));
            settings.insert(variable.to_owned(), value);
        }
        let config = Config::from_layers(None, Some(settings.clone())).unwrap_or_else(|e| panic!("{name}: {e}"));
        // The grace period is longer than the program's end takes.
        let grace = service.get("stop_grace_period").and_then(Value::as_str).unwrap_or("10s");
        let grace: u64 = grace.trim_end_matches('s').parse().unwrap();
        let drain = match name {
            "gateway" => config.gateway.drain_seconds,
            worker if worker.starts_with("worker-") => config.worker.drain_seconds,
            _ => 0,
        };
        assert!(grace > drain, "{name}: stopped after {grace} s, drains for {drain} s");
    }
    let example = read("deploy/.env.example");
    for secret in &secrets {
        assert!(example.contains(&format!("\n{secret}=\n")), "deploy/.env.example does not name {secret}");
    }
    assert!(!secrets.is_empty());
}

#[test]
fn gateways_and_workers_share_the_bucket_that_the_object_store_makes() {
    let compose = compose();
    let variable = |service: &str, name: &str| {
        let value = compose["services"][service]["environment"][name].as_str();
        interpolate(value.unwrap_or_else(|| panic!("{service} has no {name}")), |_| {})
    };
    let users = services(&compose).map(|(name, _)| name);
    for service in users.filter(|name| *name == "gateway" || name.starts_with("worker-")) {
        let bucket = format!("s3://{}/", variable("s3", "S3_BUCKET"));
        assert!(variable(service, "RUCHE_OBJECTS__URL").starts_with(&bucket), "{service}");
        assert_eq!(variable(service, "RUCHE_OBJECTS__ENDPOINT"), "http://s3:8333");
        assert_eq!(variable(service, "RUCHE_OBJECTS__ACCESS_KEY"), variable("s3", "AWS_ACCESS_KEY_ID"));
        assert_eq!(variable(service, "RUCHE_OBJECTS__SECRET_KEY"), variable("s3", "AWS_SECRET_ACCESS_KEY"));
        assert!(compose["services"][service]["depends_on"]["s3"].is_mapping(), "{service} does not wait for it");
    }
}

#[test]
fn each_program_logs_into_nats_in_its_role_with_the_password_that_nats_has_for_it() {
    let compose = compose();
    let environment = |service: &str, name: &str| {
        compose["services"][service]["environment"][name].as_str().unwrap_or_default().trim_matches('"').to_owned()
    };
    let roles = read("nats/roles.conf");
    for (name, _) in services(&compose) {
        let role = match name {
            "gateway" => "gateway",
            worker if worker.starts_with("worker-") => "worker",
            _ => continue,
        };
        let password = format!("NATS_{}_PASSWORD", role.to_uppercase());
        assert_eq!(environment(name, "RUCHE_NATS__USER"), role, "{name}");
        assert_eq!(environment(name, "RUCHE_NATS__PASSWORD"), environment("nats", &password).replace('\'', ""));
        assert!(roles.contains(&format!("user: \"{role}\", password: ${password}")), "{password} is not in roles.conf");
    }
    let mounted = strings(compose["services"]["nats"].get("volumes"));
    for line in read("nats/server.conf").lines().filter_map(|line| line.trim().strip_prefix("include ")) {
        let file = line.trim_matches('"');
        let expected = format!("./nats/{file}:/etc/nats/{file}:ro");
        assert!(mounted.contains(&expected.as_str()), "{file} is not mounted");
    }
}

#[test]
fn only_the_gateway_is_published_and_on_this_machine_only() {
    let compose = compose();
    for (name, service) in services(&compose) {
        assert!(!service.contains_key("<<"), "{name}: merged too deep");
        let ports = strings(service.get("ports"));
        assert_eq!(!ports.is_empty(), name == "gateway", "{name}: {ports:?}");
        assert!(ports.iter().all(|port| port.starts_with("127.0.0.1:")), "{name}: {ports:?}");
        assert_eq!(strings(service.get("cap_drop")), ["ALL"], "{name}");
        if service.contains_key("build") {
            assert_eq!(service.get("read_only"), Some(&Value::Bool(true)), "{name}");
            assert!(service.get("user").and_then(Value::as_str).is_some_and(|user| !user.starts_with('0')), "{name}");
        }
    }
}

#[test]
fn each_kind_of_job_has_a_worker() {
    let compose = compose();
    for known in ruche_schemas::kinds::all() {
        let worker = &compose["services"][format!("worker-{}", known.kind)];
        assert_eq!(strings(worker.get("command")), ["ruche-worker", known.kind.as_str()]);
    }
}

#[test]
fn every_program_of_the_image_is_built_by_the_workspace() {
    let (programs, image) = (programs(), copied(true));
    let image: BTreeSet<_> = image.iter().map(|path| path.rsplit('/').next().unwrap()).collect();
    for program in &image {
        assert!(programs.contains(*program), "{program} is none of {programs:?}");
    }
    let compose = compose();
    for (name, service) in services(&compose).filter(|(_, service)| service.contains_key("build")) {
        let command = strings(service.get("command"));
        assert!(command.first().is_some_and(|program| image.contains(program)), "{name}: {command:?}");
    }
}

#[test]
fn every_file_that_the_image_takes_is_there() {
    let ignored: Vec<_> = read(".dockerignore").lines().map(str::to_owned).collect();
    let copied = copied(false);
    assert!(copied.len() > 1, "{copied:?}");
    for source in copied {
        assert!(root().join(&source).exists(), "COPY {source}");
        assert!(!ignored.contains(&source), "{source} is ignored");
    }
}
