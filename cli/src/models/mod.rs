//! The language models: which there are, which is taken, and how it gets here.
//!
//! A preset is fetched once and pinned to what the hub said it was. Where the hub can't be reached, the tiny demo model
//! that comes with Ruche stands in, and everybody is told so: by `ruche up`, and by each answer's `model`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Subcommand;
use comfy_table::{Table, presets::NOTHING};
use ruche_schemas::config::Config;
use serde_json::json;

mod bar;
mod hub;
mod pins;
mod presets;
mod pull;

use crate::{Refused, project::Project};
use hub::Hub;
use pins::Pins;
use presets::{PRESETS, Preset};

/// What the tiny demo model is called, everywhere.
const TINY: &str = "tiny-chat-demo";
const TINY_NOTE: &str = "The model is the tiny demo model (3 M parameters). It makes small talk and quotes sentences of \
                         given passages, in English and French; it knows nothing.";

/// `ruche models ...`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Fetch a model from the hub (or HF_ENDPOINT), going on where an earlier try stopped.
    Pull {
        /// A name from `ruche models list`; by default the one in the configuration (models.chat).
        name: Option<String>,
    },
    /// Show the models that can be chosen with RUCHE_MODELS__CHAT, and which are here.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// The model that is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chosen {
    /// Its name in answers.
    pub name: String,
    /// Its GGUF file.
    pub path: PathBuf,
    /// What a person must know about it.
    pub note: Option<String>,
}

/// Runs a subcommand.
pub(crate) async fn run(project: &Project, command: Command) -> Result<()> {
    let config = Config::load()?;
    project.make()?;
    match command {
        Command::Pull { name } => {
            let name = name.unwrap_or_else(|| config.models.chat.clone());
            let path = match preset(&name)? {
                None => tiny(project)?,
                Some(preset) => pull::pull(&Hub::from_env(project.models()), preset).await?,
            };
            println!("{name} is at {}", path.display());
        }
        Command::List { json } => list(project, &config, json)?,
    }
    Ok(())
}

/// The model to serve: the person's own file, or the configured preset, fetched if it is not here, or the tiny one.
pub(crate) async fn choose(project: &Project, config: &Config) -> Result<Chosen> {
    if !config.chat.model_path.is_empty() {
        return own_file(&config.chat.model_path, &config.chat.model_name);
    }
    let name = &config.models.chat;
    let Some(preset) = preset(name)? else {
        return Ok(Chosen { name: TINY.to_owned(), path: tiny(project)?, note: Some(TINY_NOTE.to_owned()) });
    };
    match pull::pull(&Hub::from_env(project.models()), preset).await {
        Ok(path) => Ok(Chosen { name: name.clone(), path, note: None }),
        Err(error) if error.is_about_reaching() && config.models.fallback_to_tiny => {
            println!("  {error}; taking the tiny demo model");
            let note = format!("{TINY_NOTE}\nIt stands in for {name}: {error}. `ruche models pull` tries again.");
            Ok(Chosen { name: TINY.to_owned(), path: tiny(project)?, note: Some(note) })
        }
        Err(error) if error.is_about_reaching() => Err(error).context(format!(
            "the model {name} is not here, and models.fallback_to_tiny is false (RUCHE_MODELS__CHAT=tiny takes the demo \
             model, RUCHE_CHAT__MODEL_PATH a GGUF file of yours)"
        )),
        Err(error) => Err(error.into()),
    }
}

fn own_file(path: &str, name: &str) -> Result<Chosen> {
    let path = std::path::absolute(path)?;
    if !path.is_file() {
        return Err(Refused::because(format!(
            "chat.model_path = {} is not a file: set RUCHE_CHAT__MODEL_PATH to a GGUF file, or unset it to take a preset",
            path.display()
        )));
    }
    let stem = || path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let name = if name.is_empty() { stem() } else { name.to_owned() };
    Ok(Chosen { name, path, note: None })
}

/// The preset of this name; nothing for the tiny model, which needs no fetching.
fn preset(name: &str) -> Result<Option<&'static Preset>> {
    if name == "tiny" {
        return Ok(None);
    }
    let found = PRESETS.iter().find(|preset| preset.name == name);
    let names = PRESETS.iter().map(|preset| preset.name).collect::<Vec<_>>().join(", ");
    let unknown = || Refused::because(format!("models.chat = {name} is unknown: choose {names} or tiny"));
    found.map(Some).ok_or_else(unknown)
}

/// The tiny chat model that comes with the project.
fn tiny(project: &Project) -> Result<PathBuf> {
    const FILE: &str = "workers/models/tiny/tiny-chat.gguf";
    let program = std::env::current_exe().unwrap_or_default();
    let built_in = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = [project.data.as_path(), &program, built_in];
    let found = places.iter().flat_map(|place| place.ancestors()).map(|folder| folder.join(FILE));
    let missing = || Refused::because(format!("the tiny demo model is missing: {FILE} of the project's folder"));
    found.into_iter().find(|file| file.is_file()).ok_or_else(missing)
}

fn list(project: &Project, config: &Config, as_json: bool) -> Result<()> {
    let pins = Pins::read(&project.models())?;
    let mut rows = Vec::new();
    for preset in &PRESETS {
        let pin = pins.get(preset.name);
        let path = pin.and_then(|pin| pin.intact(&project.models()));
        rows.push(json!({
            "name": preset.name, "chosen": config.models.chat == preset.name, "for": preset.purpose,
            "source": format!("{}/{}", preset.repo, preset.file), "bytes": pin.map_or(preset.bytes, |pin| pin.bytes),
            "sha256": pin.map(|pin| &pin.sha256), "path": path,
        }));
    }
    let tiny = tiny(project).ok();
    let bytes = tiny.as_ref().and_then(|file| file.metadata().ok()).map_or(0, |meta| meta.len());
    rows.push(json!({
        "name": "tiny", "chosen": config.models.chat == "tiny", "for": "demo and tests", "source": "comes with Ruche",
        "bytes": bytes, "sha256": null, "path": tiny,
    }));
    if as_json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["", "name", "size", "here", "for", "source"]);
    for row in rows {
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let chosen = if row["chosen"] == true { "*" } else { "" };
        let here = if row["path"].is_null() { "no" } else { "yes" };
        let size = indicatif::DecimalBytes(row["bytes"].as_u64().unwrap_or(0)).to_string();
        table.add_row([chosen.to_owned(), text("name"), size, here.to_owned(), text("for"), text("source")]);
    }
    println!("{}\n\n* is chosen; RUCHE_MODELS__CHAT=<name> chooses another.", table.trim_fmt());
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn project() -> (tempfile::TempDir, Project) {
        let folder = tempfile::tempdir().unwrap();
        let project = Project::find(Some(folder.path().to_owned())).unwrap();
        project.make().unwrap();
        (folder, project)
    }

    fn config(variables: &[(&str, &str)]) -> Config {
        let variables = variables.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Config::from_layers(None, Some(variables.collect::<HashMap<_, _>>())).unwrap()
    }

    #[tokio::test]
    async fn the_tiny_model_says_plainly_what_it_is() {
        let (_folder, project) = project();
        let chosen = choose(&project, &config(&[("RUCHE_MODELS__CHAT", "tiny")])).await.unwrap();
        assert_eq!(chosen.name, "tiny-chat-demo");
        assert!(chosen.path.is_file());
        assert!(chosen.note.unwrap().contains("tiny demo model"));
    }

    #[tokio::test]
    async fn an_unknown_model_lists_the_known_ones() {
        let (_folder, project) = project();
        let error = choose(&project, &config(&[("RUCHE_MODELS__CHAT", "gpt-9")])).await.unwrap_err().to_string();
        assert!(error.contains("gpt-9") && error.contains("llama-3.2-1b") && error.contains("tiny"), "{error}");
    }

    #[tokio::test]
    async fn an_own_file_is_taken_as_it_is_and_must_exist() {
        let (folder, project) = project();
        let file = folder.path().join("mine.gguf");
        let config = config(&[("RUCHE_CHAT__MODEL_PATH", &file.display().to_string())]);
        let error = choose(&project, &config).await.unwrap_err().to_string();
        assert!(error.contains("RUCHE_CHAT__MODEL_PATH"), "{error}");
        std::fs::write(&file, "x").unwrap();
        assert_eq!(choose(&project, &config).await.unwrap().name, "mine");
    }
}
