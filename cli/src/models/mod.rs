//! The models: choose, fetch and pin them.
//!
//! A preset is fetched once and pinned to the hub's metadata. If the hub can't be reached, a built-in model of the
//! same family stands in, the best that can be had, and `ruche up` and each answer's `model` say so.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Subcommand;
use ruche_schemas::{Kind, config::Config, kinds::Descriptor, models::ModelSlot};

mod bar;
mod built_in;
mod hub;
mod list;
mod packaged;
mod pins;
mod presets;
mod pull;
mod shipped;
mod wheel;

use crate::{Refused, project::Project};
use built_in::{BuiltIn, Source, source};
use hub::{Hub, HubError};
use presets::slots;

/// `ruche models ...`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Download a model from the hub (or HF_ENDPOINT). Continues an interrupted download.
    Pull {
        /// A name from `ruche models list`. Default: all models in the section `models` of the configuration.
        name: Option<String>,
    },
    /// List the models that RUCHE_MODELS__<USE> accepts, as in RUCHE_MODELS__CHAT, and which are downloaded.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chosen {
    /// In answers.
    pub name: String,
    /// A GGUF file.
    pub path: PathBuf,
    /// What users must know about it.
    pub note: Option<String>,
}

/// A model that workers of a kind are started with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Served {
    pub kind: Kind,
    pub slot: &'static ModelSlot,
    pub chosen: Chosen,
}

impl Served {
    /// The settings that name it to programs.
    pub(crate) fn settings(&self) -> [(String, String); 2] {
        self.named_by(&self.slot.path_key(), &self.slot.name_key())
    }

    /// The settings of a worker whose first model it is.
    pub(crate) fn as_first(&self) -> [(String, String); 2] {
        self.named_by("model_path", "model_name")
    }

    fn named_by(&self, path: &str, name: &str) -> [(String, String); 2] {
        let Self { kind, chosen, .. } = self;
        let (path, name) = (variable(kind, path), variable(kind, name));
        [(path, chosen.path.display().to_string()), (name, chosen.name.clone())]
    }
}

/// The environment variable of a key in the section of a kind.
fn variable(kind: &Kind, key: &str) -> String {
    format!("RUCHE_{kind}__{key}").to_uppercase()
}

pub(crate) async fn run(project: &Project, command: Command) -> Result<()> {
    let config = Config::load()?;
    // A list makes no project of the folder that it is called in.
    if matches!(command, Command::Pull { .. }) {
        project.make()?;
    }
    match command {
        Command::Pull { name: Some(name) } => fetch(project, None, &name).await,
        Command::Pull { name: None } => {
            for slot in slots() {
                let name = config.models.preset(slot.name);
                if !(name.is_empty() && slot.default.is_empty()) {
                    fetch(project, Some(slot), name).await?;
                }
            }
            Ok(())
        }
        Command::List { json } => list::print(project, &config, json),
    }
}

async fn fetch(project: &Project, slot: Option<&ModelSlot>, name: &str) -> Result<()> {
    let path = match source(slot, name)? {
        Source::Hub(preset) => pull::pull(&Hub::from_env(project.models()), preset).await?,
        Source::BuiltIn(model) => model.make(project).await?,
    };
    println!("{name} is at {}", path.display());
    Ok(())
}

/// The models that workers of these kinds need.
pub(crate) async fn served(project: &Project, config: &Config, kinds: &[Descriptor]) -> Result<Vec<Served>> {
    let hub = Hub::from_env(project.models());
    let mut served: Vec<Served> = Vec::new();
    for kind in kinds {
        for slot in kind.models {
            let chosen = match choose(project, config, &kind.kind, slot, &hub).await? {
                Some(chosen) => Some(chosen),
                None => beside(project, &served, &kind.kind, slot).await?,
            };
            let Some(chosen) = chosen else { continue };
            let model = Served { kind: kind.kind.clone(), slot, chosen };
            // One worker does both then.
            if slot.own_workers && has_twin(&served, &model).is_some() {
                continue;
            }
            refuse_twice(&served, &model)?;
            served.push(model);
        }
    }
    Ok(served)
}

/// The model for a slot with workers of its own that nothing is chosen for, if the kind's model needs one beside it.
async fn beside(project: &Project, served: &[Served], kind: &Kind, slot: &ModelSlot) -> Result<Option<Chosen>> {
    let mut names =
        served.iter().filter(|model| model.kind == *kind && slot.own_workers).map(|model| &model.chosen.name);
    let is = |built_in: &BuiltIn, name: &str| built_in.served_as() == name;
    let first = names.find_map(|name| {
        slot.family.built_in.iter().filter_map(|known| BuiltIn::find(known)).find(|built_in| is(built_in, name))
    });
    let Some(model) = first.and_then(BuiltIn::beside) else { return Ok(None) };
    chosen(model, project, model.note(slot).to_owned()).await.map(Some)
}

async fn chosen(model: BuiltIn, project: &Project, note: String) -> Result<Chosen> {
    Ok(Chosen { name: model.served_as().to_owned(), path: model.make(project).await?, note: Some(note) })
}

fn has_twin<'a>(served: &'a [Served], model: &Served) -> Option<&'a Served> {
    served.iter().find(|other| other.kind == model.kind && other.chosen.name == model.chosen.name)
}

/// Jobs name a model, so the models of a kind have different names.
fn refuse_twice(served: &[Served], model: &Served) -> Result<()> {
    let Some(first) = has_twin(served, model) else { return Ok(()) };
    let (name, first, second) = (&model.chosen.name, first.slot.name, model.slot.name);
    Err(Refused::because(format!(
        "{name} is both models.{first} and models.{second}: choose another with RUCHE_MODELS__{}, or unset it. If only \
         this one is needed from now on, RUCHE_MODELS__{}={name} alone is right",
        second.to_uppercase(),
        first.to_uppercase(),
    )))
}

/// The model of a slot: the user's own file, or the configured preset, fetched if it is not here.
async fn choose(
    project: &Project,
    config: &Config,
    kind: &Kind,
    slot: &ModelSlot,
    hub: &Hub,
) -> Result<Option<Chosen>> {
    if let Some(chosen) = own_file(config, kind, slot)? {
        return Ok(Some(chosen));
    }
    let name = config.models.preset(slot.name);
    if name.is_empty() && slot.default.is_empty() {
        return Ok(None);
    }
    match source(Some(slot), name)? {
        Source::BuiltIn(model) => chosen(model, project, model.note(slot).to_owned()).await.map(Some),
        Source::Hub(preset) => match pull::pull(hub, preset).await {
            Ok(path) => Ok(Some(Chosen { name: preset.name.to_owned(), path, note: None })),
            Err(error) => stand_in(error, project, config, kind, slot).await.map(Some),
        },
    }
}

/// The model that stands in for one that the hub does not give: the first of the family's that can be had.
///
/// # Errors
/// If none may stand in, with what to do.
async fn stand_in(
    error: HubError,
    project: &Project,
    config: &Config,
    kind: &Kind,
    slot: &ModelSlot,
) -> Result<Chosen> {
    let (key, name) = (slot.name, config.models.preset(slot.name));
    let setting = format!("RUCHE_MODELS__{}", key.to_uppercase());
    if slot.default.is_empty() {
        // The user has set this very model.
        return Err(error).context(format!("models.{key} = {name} is not here: unset {setting} to go on without it"));
    }
    let known = slot.family.built_in.iter().filter_map(|name| BuiltIn::find(name)).collect::<Vec<_>>();
    let Some((last, others)) = known.split_last().filter(|_| error.is_about_reaching()) else {
        return Err(error.into());
    };
    if !config.models.fallback_to_tiny {
        let (path, names) = (variable(kind, &slot.path_key()), slot.family.built_in.join(" or "));
        return Err(error).context(format!(
            "the model {name} is not here, and models.fallback_to_tiny is false ({setting} = {names} needs no hub, {path} takes \
             a GGUF file of yours)"
        ));
    }
    let note = |model: BuiltIn| {
        format!("{}\nIt stands in for {name}: {error}. `ruche models pull` tries again.", model.note(slot))
    };
    println!("  {error}");
    for model in others {
        println!("  taking {} instead of {name}", model.name());
        match chosen(*model, project, note(*model)).await {
            Ok(chosen) => return Ok(chosen),
            Err(error) => println!("  {error:#}"),
        }
    }
    println!("  taking {} instead of {name}", last.name());
    chosen(*last, project, note(*last)).await
}

/// The user's own GGUF file, in place of a preset.
fn own_file(config: &Config, kind: &Kind, slot: &ModelSlot) -> Result<Option<Chosen>> {
    let path = config.text(kind, &slot.path_key());
    if path.is_empty() {
        return Ok(None);
    }
    let path = std::path::absolute(path)?;
    if !path.is_file() {
        return Err(Refused::because(format!(
            "{kind}.{} = {} is not a file: set {} to a GGUF file, or unset it to take a preset",
            slot.path_key(),
            path.display(),
            variable(kind, &slot.path_key()),
        )));
    }
    let name = match config.text(kind, &slot.name_key()) {
        "" => path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        name => name.to_owned(),
    };
    Ok(Some(Chosen { name, path, note: None }))
}

#[cfg(test)]
mod tests;
