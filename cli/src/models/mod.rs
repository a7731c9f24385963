//! The models: which there are, which are taken, and how they get here.
//!
//! A preset is fetched once and pinned to what the hub said it was. Where the hub can't be reached, another model stands in
//! and everybody is told so, by `ruche up` and by each answer's `model`: for chats the tiny demo model that comes with Ruche,
//! for embeddings one that is made of a Python package.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Subcommand;
use ruche_schemas::{Kind, config::Config};

mod bar;
mod hub;
mod list;
mod minilm;
mod pins;
mod presets;
mod pull;

use crate::{Refused, project::Project};
use hub::{Hub, HubError};
use presets::{PRESETS, Preset, Use};

/// What the tiny demo model is called, everywhere.
const TINY: &str = "tiny-chat-demo";
const TINY_NOTE: &str = "The model is the tiny demo model (3 M parameters). It makes small talk and quotes sentences of \
                         given passages, in English and French; it knows nothing.";

/// `ruche models ...`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Fetch a model from the hub (or HF_ENDPOINT), going on where an earlier try stopped.
    Pull {
        /// A name from `ruche models list`; by default those in the configuration (models.chat,
        /// models.embedding, models.next_embedding, models.rerank).
        name: Option<String>,
    },
    /// Show the models that can be chosen with RUCHE_MODELS__CHAT, RUCHE_MODELS__EMBEDDING and RUCHE_MODELS__RERANK, and which
    /// are here.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// A model that is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chosen {
    /// Its name in answers.
    pub name: String,
    /// Its GGUF file.
    pub path: PathBuf,
    /// What a person must know about it.
    pub note: Option<String>,
}

/// The models that workers are started with.
#[derive(Debug, Clone)]
pub(crate) struct Served {
    /// Answers.
    pub chat: Chosen,
    /// Makes vectors, where there is a worker that asks for them.
    pub embedding: Option<Chosen>,
    /// Makes vectors beside it, while collections go from that one to this.
    pub next_embedding: Option<Chosen>,
    /// Reads what was found again, where there is one.
    pub rerank: Option<Chosen>,
}

impl Served {
    /// The settings that tell programs about them.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        let mut settings = vec![
            ("RUCHE_CHAT__MODEL_PATH", self.chat.path.display().to_string()),
            ("RUCHE_CHAT__MODEL_NAME", self.chat.name.clone()),
        ];
        if let Some(embedding) = &self.embedding {
            settings.push(("RUCHE_EMBED__MODEL_PATH", embedding.path.display().to_string()));
            settings.push(("RUCHE_EMBED__MODEL_NAME", embedding.name.clone()));
        }
        if let Some(next) = &self.next_embedding {
            settings.push(("RUCHE_EMBED__NEXT_MODEL_PATH", next.path.display().to_string()));
            settings.push(("RUCHE_EMBED__NEXT_MODEL_NAME", next.name.clone()));
        }
        if let Some(rerank) = &self.rerank {
            settings.push(("RUCHE_RERANK__MODEL_PATH", rerank.path.display().to_string()));
            settings.push(("RUCHE_RERANK__MODEL_NAME", rerank.name.clone()));
        }
        settings
    }

    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Chosen> {
        std::iter::once(&self.chat).chain(&self.embedding).chain(&self.next_embedding).chain(&self.rerank)
    }
}

/// A GGUF file of the person's own, in place of a preset.
struct Own<'config> {
    /// The setting that names it, as in `embed.model_path`.
    setting: &'static str,
    /// The file; empty where there is none.
    path: &'config str,
    /// What it is to be called; empty takes the file's name.
    name: &'config str,
}

/// Runs a subcommand.
pub(crate) async fn run(project: &Project, command: Command) -> Result<()> {
    let config = Config::load()?;
    project.make()?;
    match command {
        Command::Pull { name: Some(name) } => fetch(project, None, &name).await,
        Command::Pull { name: None } => {
            for used_for in [Use::Chat, Use::Embedding] {
                fetch(project, Some(used_for), setting(&config, used_for)).await?;
            }
            let wished = [(Use::Embedding, &config.models.next_embedding), (Use::Reranking, &config.models.rerank)];
            for (used_for, name) in wished.into_iter().filter(|(_, name)| !name.is_empty()) {
                fetch(project, Some(used_for), name).await?;
            }
            Ok(())
        }
        Command::List { json } => list::print(project, &config, json),
    }
}

async fn fetch(project: &Project, used_for: Option<Use>, name: &str) -> Result<()> {
    let path = match source(used_for, name)? {
        Source::Hub(preset) => pull::pull(&Hub::from_env(project.models()), preset).await?,
        Source::Shipped => tiny(project)?,
        Source::Made => minilm::make(project).await?,
    };
    println!("{name} is at {}", path.display());
    Ok(())
}

/// The models that workers of these kinds need.
pub(crate) async fn served(project: &Project, config: &Config, kinds: &[Kind]) -> Result<Served> {
    let hub = Hub::from_env(project.models());
    let chat = chat(project, config, &hub).await?;
    let own = Own { setting: "embed.model_path", path: &config.embed.model_path, name: &config.embed.model_name };
    let (embedding, next_embedding) = match kinds.iter().any(|kind| kind.as_str() == "embed") {
        true => {
            let embedding = embedding(project, config, &own, &hub).await?;
            let next = next_embedding(project, config, &embedding, &hub).await?;
            (Some(embedding), next)
        }
        false => (None, None),
    };
    let rerank = match kinds.iter().any(|kind| kind.as_str() == "rerank") {
        true => rerank(project, config, &hub).await?,
        false => None,
    };
    Ok(Served { chat, embedding, next_embedding, rerank })
}

/// The chat model: the person's own file, or the configured preset, fetched if it is not here, or the tiny one.
async fn chat(project: &Project, config: &Config, hub: &Hub) -> Result<Chosen> {
    let own = Own { setting: "chat.model_path", path: &config.chat.model_path, name: &config.chat.model_name };
    if let Some(chosen) = own_file(&own)? {
        return Ok(chosen);
    }
    let mut note = TINY_NOTE.to_owned();
    if let Source::Hub(preset) = source(Some(Use::Chat), setting(config, Use::Chat))? {
        match pull::pull(hub, preset).await {
            Ok(path) => return Ok(Chosen { name: preset.name.to_owned(), path, note: None }),
            Err(error) => note = stands_in(error, config, preset, &note)?,
        }
    }
    Ok(Chosen { name: TINY.to_owned(), path: tiny(project)?, note: Some(note) })
}

/// The embedding model: the person's own file, or the configured preset, fetched if it is not here, or the one that is made
/// of a Python package.
async fn embedding(project: &Project, config: &Config, own: &Own<'_>, hub: &Hub) -> Result<Chosen> {
    if let Some(chosen) = own_file(own)? {
        return Ok(chosen);
    }
    let mut note = minilm::NOTE.to_owned();
    if let Source::Hub(preset) = source(Some(Use::Embedding), setting(config, Use::Embedding))? {
        match pull::pull(hub, preset).await {
            Ok(path) => return Ok(Chosen { name: preset.name.to_owned(), path, note: None }),
            Err(error) => note = stands_in(error, config, preset, &note)?,
        }
    }
    Ok(Chosen { name: minilm::NAME.to_owned(), path: minilm::make(project).await?, note: Some(note) })
}

/// The embedding model that collections go to, where there is one.
async fn next_embedding(project: &Project, config: &Config, first: &Chosen, hub: &Hub) -> Result<Option<Chosen>> {
    let (path, name) = (&config.embed.next_model_path, &config.embed.next_model_name);
    let own = Own { setting: "embed.next_model_path", path, name };
    let wished = Wished { key: "next_embedding", used_for: Use::Embedding, name: &config.models.next_embedding };
    let Some(chosen) = exactly(project, &own, &wished, hub).await? else { return Ok(None) };
    if chosen.name == first.name {
        return Err(Refused::because(format!(
            "{0} is both the embedding model and the next one: choose another with RUCHE_MODELS__NEXT_EMBEDDING, or unset it. \
             Once collections are switched, RUCHE_MODELS__EMBEDDING={0} alone is right",
            chosen.name
        )));
    }
    Ok(Some(chosen))
}

/// The reranker, where there is one.
async fn rerank(project: &Project, config: &Config, hub: &Hub) -> Result<Option<Chosen>> {
    let (path, name) = (&config.rerank.model_path, &config.rerank.model_name);
    let own = Own { setting: "rerank.model_path", path, name };
    let wished = Wished { key: "rerank", used_for: Use::Reranking, name: &config.models.rerank };
    exactly(project, &own, &wished, hub).await
}

/// A model that nobody needs: the one of a setting of the section `models`, which may be empty.
struct Wished<'config> {
    key: &'static str,
    used_for: Use,
    name: &'config str,
}

/// A model that nobody needs: the person's own file, or the configured preset, or none. No other one stands in for it, for who
/// wants another model than the usual one wants this one.
async fn exactly(project: &Project, own: &Own<'_>, wished: &Wished<'_>, hub: &Hub) -> Result<Option<Chosen>> {
    if let Some(chosen) = own_file(own)? {
        return Ok(Some(chosen));
    }
    let Wished { key, used_for, name } = *wished;
    if name.is_empty() {
        return Ok(None);
    }
    let path = match source(Some(used_for), name)? {
        Source::Hub(preset) => pull::pull(hub, preset).await.map_err(anyhow::Error::from).with_context(|| {
            let variable = key.to_uppercase();
            format!("models.{key} = {name} is not here: unset RUCHE_MODELS__{variable} to go on without it")
        })?,
        Source::Shipped => tiny(project)?,
        Source::Made => minilm::make(project).await?,
    };
    Ok(Some(Chosen { name: name.to_owned(), path, note: None }))
}

/// The note on a model that stands in for one that the hub does not give.
///
/// # Errors
/// If none may stand in, with what the person can do.
fn stands_in(error: HubError, config: &Config, preset: &Preset, note: &str) -> Result<String> {
    let (name, used_for) = (preset.name, preset.used_for);
    let (instead, section) = match used_for {
        Use::Chat => ("tiny", "CHAT"),
        Use::Embedding => (minilm::NAME, "EMBED"),
        // None stands in for it.
        Use::Reranking => return Err(error.into()),
    };
    if !error.is_about_reaching() {
        return Err(error.into());
    }
    if !config.models.fallback_to_tiny {
        let setting = used_for.name().to_uppercase();
        return Err(error).context(format!(
            "the model {name} is not here, and models.fallback_to_tiny is false (RUCHE_MODELS__{setting}={instead} takes the \
             one that needs no hub, RUCHE_{section}__MODEL_PATH a GGUF file of yours)"
        ));
    }
    println!("  {error}; taking {instead}");
    Ok(format!("{note}\nIt stands in for {name}: {error}. `ruche models pull` tries again."))
}

fn own_file(own: &Own<'_>) -> Result<Option<Chosen>> {
    if own.path.is_empty() {
        return Ok(None);
    }
    let (path, setting) = (std::path::absolute(own.path)?, own.setting);
    if !path.is_file() {
        return Err(Refused::because(format!(
            "{setting} = {} is not a file: set RUCHE_{} to a GGUF file, or unset it to take a preset",
            path.display(),
            setting.to_uppercase().replace('.', "__")
        )));
    }
    let stem = || path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let name = if own.name.is_empty() { stem() } else { own.name.to_owned() };
    Ok(Some(Chosen { name, path, note: None }))
}

/// Where a model comes from.
enum Source {
    /// From the hub.
    Hub(&'static Preset),
    /// It came with Ruche.
    Shipped,
    /// It is made of a Python package.
    Made,
}

/// Where the model of this name comes from: one for this use, or for any.
fn source(used_for: Option<Use>, name: &str) -> Result<Source> {
    let fits = |known| used_for.is_none_or(|used_for| used_for == known);
    match name {
        "tiny" if fits(Use::Chat) => return Ok(Source::Shipped),
        minilm::NAME if fits(Use::Embedding) => return Ok(Source::Made),
        _ => {}
    }
    let presets = || PRESETS.iter().filter(|preset| fits(preset.used_for));
    if let Some(preset) = presets().find(|preset| preset.name == name) {
        return Ok(Source::Hub(preset));
    }
    let mut names: Vec<&str> = presets().map(|preset| preset.name).collect();
    names.extend(fits(Use::Chat).then_some("tiny"));
    names.extend(fits(Use::Embedding).then_some(minilm::NAME));
    let what = used_for.map_or("the model".to_owned(), |used_for| format!("models.{} =", used_for.name()));
    Err(Refused::because(format!("{what} {name} is unknown: choose one of {}", names.join(", "))))
}

/// The name that the configuration has for this use.
fn setting(config: &Config, used_for: Use) -> &str {
    match used_for {
        Use::Chat => &config.models.chat,
        Use::Embedding => &config.models.embedding,
        Use::Reranking => &config.models.rerank,
    }
}

/// The tiny chat model that comes with the project.
fn tiny(project: &Project) -> Result<PathBuf> {
    shipped(project, "workers/models/tiny/tiny-chat.gguf")
}

/// A file that comes with the project.
fn shipped(project: &Project, file: &str) -> Result<PathBuf> {
    let program = std::env::current_exe().unwrap_or_default();
    let built_in = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = [project.data.as_path(), &program, built_in];
    let found = places.iter().flat_map(|place| place.ancestors()).map(|folder| folder.join(file));
    let missing = || Refused::because(format!("{file} of the project's folder is missing"));
    found.into_iter().find(|file| file.is_file()).ok_or_else(missing)
}

#[cfg(test)]
mod tests;
