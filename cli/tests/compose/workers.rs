//! The services of the workers in `compose.yaml`, and their variables in `deploy/.env.example`: a block per kind,
//! generated from the kinds' descriptors. `UPDATE_SNAPSHOTS=1` regenerates them.

use std::fs;

use ruche_schemas::kinds::{self, Descriptor};

use super::{read, root};

const BEGIN: &str =
    "# Begin of what is written from the kinds: UPDATE_SNAPSHOTS=1 cargo test -p ruche-cli --test compose";
const END: &str = "# End of what is written from the kinds.";

#[test]
fn every_kind_has_its_worker_and_its_variables() {
    check("compose.yaml", "  ", service);
    check("deploy/.env.example", "", variables);
}

/// Compares the text between the two marks, or writes it.
fn check(file: &str, indent: &str, part: fn(&Descriptor) -> String) {
    let text = read(file);
    let (begin, end) = (format!("{indent}{BEGIN}\n"), format!("{indent}{END}\n"));
    let (before, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("{file} has no line {BEGIN:?}"));
    let (found, after) = rest.split_once(&end).unwrap_or_else(|| panic!("{file} has no line {END:?}"));
    let expected = kinds::all().iter().map(part).collect::<String>();
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(root().join(file), format!("{before}{begin}{expected}{end}{after}")).unwrap();
    } else {
        assert_eq!(found, expected, "{file} is stale: UPDATE_SNAPSHOTS=1 writes it");
    }
}

/// The value of a key in the kind's section.
fn default<'kind>(kind: &'kind Descriptor, key: &str) -> Option<&'kind str> {
    kind.defaults.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "))
}

/// A kind's settings: the key in its section, and the default in a container.
fn settings(kind: &Descriptor) -> Vec<(String, &str)> {
    let models = kind.models.iter().filter_map(|slot| Some((slot, slot.container.as_ref()?)));
    let mut settings: Vec<_> =
        models.flat_map(|(slot, model)| [(slot.path_key(), model.path), (slot.name_key(), model.name)]).collect();
    settings.extend(default(kind, "slots").map(|slots| ("slots".to_owned(), slots)));
    settings.into_iter().map(|(key, value)| (key.to_uppercase(), value)).collect()
}

/// Whether the image lacks the model, so that the worker starts only with its profile.
fn has_profile(kind: &Descriptor) -> bool {
    kind.models.first().and_then(|slot| slot.container.as_ref()).is_some_and(|model| !model.in_image)
}

fn service(kind: &Descriptor) -> String {
    let (name, upper) = (&kind.kind, kind.kind.as_str().to_uppercase());
    let mut lines = vec![format!("# {}", kind.about), format!("worker-{name}:"), "  <<: *worker".to_owned()];
    if has_profile(kind) {
        lines.push("  # The image has no model for it.".to_owned());
        lines.push(format!("  profiles: [{name}]"));
    }
    lines.push(format!("  command: [ruche-worker, {name}]"));
    lines.push("  environment:".to_owned());
    lines.push("    <<: *worker-settings".to_owned());
    for (key, value) in settings(kind) {
        lines.push(format!("    RUCHE_{upper}__{key}: ${{{upper}_{key}:-{value}}}"));
    }
    if !kind.models.is_empty() {
        lines.push("  volumes:".to_owned());
        lines.push("    - ${MODELS_FOLDER:-./workers/models}:/models:ro".to_owned());
    }
    if kind.fetches {
        lines.push("  networks: [data, out]".to_owned());
    }
    lines.iter().map(|line| format!("  {line}\n")).collect::<String>() + "\n"
}

fn variables(kind: &Descriptor) -> String {
    let (name, upper) = (&kind.kind, kind.kind.as_str().to_uppercase());
    let started =
        if has_profile(kind) { format!(", which `docker compose --profile {name} up` starts") } else { String::new() };
    let lines: String = settings(kind).iter().map(|(key, value)| format!("#{upper}_{key}={value}\n")).collect();
    match lines.is_empty() {
        true => lines,
        false => format!("# The {name} worker{started}.\n{lines}"),
    }
}

#[test]
fn every_feature_that_a_kind_names_is_one_of_the_workers_and_on_by_default() {
    let manifest: toml::Table = read("workers/Cargo.toml").parse().unwrap();
    let features = &manifest["features"];
    for kind in kinds::all() {
        let Some(feature) = kind.feature else { continue };
        assert!(features.get(feature).is_some(), "{}: workers/Cargo.toml has no feature {feature}", kind.kind);
        let default = features["default"].as_array().unwrap();
        assert!(default.iter().any(|name| name.as_str() == Some(feature)), "{feature} is not on by default");
    }
}
