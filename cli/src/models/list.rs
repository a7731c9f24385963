//! `ruche models list`: which models can be chosen, which are, and which are here.

use anyhow::Result;
use comfy_table::{Table, presets::NOTHING};
use ruche_schemas::{config::Config, models::Family};
use serde_json::{Value, json};

use super::{
    built_in::BuiltIn,
    pins::Pins,
    presets::{families, slots},
};
use crate::{output, project::Project};

pub(super) fn print(project: &Project, config: &Config, as_json: bool) -> Result<()> {
    let rows = rows(project, config)?;
    if as_json {
        if !project.data.is_dir() {
            output::note(&place(project));
        }
        return output::json(&Value::Array(rows));
    }
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["", "name", "use", "size", "here", "for", "source"]);
    for row in rows {
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let mark = match (row["chosen"] == true, row["stands_in_for"].is_string()) {
            (true, _) => "*",
            (false, true) => "+",
            (false, false) => "",
        };
        let here = if row["path"].is_null() { "no" } else { "yes" };
        let size = indicatif::DecimalBytes(row["bytes"].as_u64().unwrap_or(0)).to_string();
        let (name, used_for) = (text("name"), text("use"));
        table.add_row([mark.to_owned(), name, used_for, size, here.to_owned(), text("for"), text("source")]);
    }
    let others: Vec<_> = slots().map(|slot| format!("RUCHE_MODELS__{}=<name>", slot.name.to_uppercase())).collect();
    output::line(&format!(
        "{}\n\n* is chosen. These choose others: {}\n+ stands in for the chosen one of its use while that is neither here nor to \
         be had from the hub.\n{}",
        table.trim_fmt(),
        others.join(", "),
        place(project)
    ))
}

/// Which folder `here` is about.
fn place(project: &Project) -> String {
    let (data, models) = (project.data.display(), project.models());
    match project.data.is_dir() {
        true => format!("here: in {}, or with Ruche itself.", models.display()),
        false => format!(
            "There is no project here, so no model was fetched: {data} does not exist. `ruche up` and `ruche models pull` \
             make it; --dir names another project's folder."
        ),
    }
}

/// The chosen model that others of its family stand in for: one of the hub's that is not here.
fn replaced<'a>(family: &Family, project: &Project, config: &'a Config, pins: &Pins) -> Option<&'a str> {
    let chosen = slots()
        .filter(|slot| slot.family == family && !slot.default.is_empty())
        .map(|slot| config.models.preset(slot.name));
    let is_away = |name: &&str| {
        let is_of_hub = family.presets.iter().any(|preset| preset.name == *name);
        is_of_hub && pins.get(name).and_then(|pin| pin.intact(&project.models())).is_none()
    };
    chosen.filter(|_| config.models.fallback_to_tiny).find(is_away)
}

/// One object each.
fn rows(project: &Project, config: &Config) -> Result<Vec<Value>> {
    let pins = Pins::read(&project.models())?;
    let mut rows = Vec::new();
    for family in families() {
        let wanted: Vec<_> = slots().filter(|slot| slot.family == family).map(|slot| slot.name).collect();
        let chosen = |name: &str| wanted.iter().any(|slot| config.models.preset(slot) == name);
        let replaced = replaced(family, project, config, &pins);
        for preset in family.presets {
            let pin = pins.get(preset.name);
            rows.push(json!({
                "name": preset.name, "use": family.name, "chosen": chosen(preset.name), "stands_in_for": null,
                "for": preset.purpose, "source": format!("{}/{}", preset.repo, preset.file),
                "bytes": pin.map_or(preset.bytes, |pin| pin.bytes), "sha256": pin.map(|pin| &pin.sha256),
                "path": pin.and_then(|pin| pin.intact(&project.models())),
            }));
        }
        for model in family.built_in.iter().filter_map(|name| BuiltIn::find(name)) {
            rows.push(json!({
                "name": model.name(), "use": family.name, "chosen": chosen(model.name()), "stands_in_for": replaced,
                "for": model.purpose(), "source": model.source(), "bytes": model.bytes(project),
                "sha256": model.sha256(&pins), "path": model.here(project)?,
            }));
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::pins::Pin;

    fn config(set: &[(&str, &str)]) -> Config {
        let variables = set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Config::from_layers(None, Some(variables)).unwrap()
    }

    /// Each model that stands in, and for which.
    fn stand_ins(project: &Project, set: &[(&str, &str)]) -> Vec<(String, String)> {
        let text = |row: &Value, key: &str| row[key].as_str().map(str::to_owned);
        let rows = rows(project, &config(set)).unwrap();
        rows.iter().filter_map(|row| Some((text(row, "name")?, text(row, "stands_in_for")?))).collect()
    }

    #[test]
    fn a_model_that_stands_in_is_marked_while_the_chosen_one_is_away() {
        let folder = tempfile::tempdir().unwrap();
        let project = Project::find(Some(folder.path().to_owned())).unwrap();
        let pair = |name: &str, of: &str| (name.to_owned(), of.to_owned());
        let (llama, e5) = ("llama-3.2-1b", "multilingual-e5-small");
        let chats = [pair("smollm2-135m", llama), pair("tiny", llama)];
        let embeds = [pair("all-minilm-l6-v2", e5), pair("multilingual-e5-small-q4", e5)];
        assert_eq!(stand_ins(&project, &[]), [&chats[..], &embeds[..]].concat());
        assert_eq!(stand_ins(&project, &[("RUCHE_MODELS__CHAT", "tiny")]), embeds, "a chosen one stands in for none");
        assert!(stand_ins(&project, &[("RUCHE_MODELS__FALLBACK_TO_TINY", "false")]).is_empty());
        project.make().unwrap();
        let file = project.models().join("llama.gguf");
        std::fs::write(&file, "GGUF").unwrap();
        let (bytes, modified) = crate::models::pins::stat(&file).unwrap();
        let pin = Pin { commit: "c".into(), sha256: "s".into(), bytes, modified, path: "llama.gguf".into() };
        Pins::set(&project.models(), llama, pin).unwrap();
        assert_eq!(stand_ins(&project, &[]), embeds);
    }

    #[test]
    fn outside_of_a_project_the_list_says_so_and_makes_none() {
        let folder = tempfile::tempdir().unwrap();
        let project = Project::find(Some(folder.path().to_owned())).unwrap();
        let said = place(&project);
        let data = project.data.display().to_string();
        assert!(said.contains("no project") && said.contains(&data), "{said}");
        rows(&project, &config(&[])).unwrap();
        assert!(!project.data.exists());
        project.make().unwrap();
        assert!(place(&project).contains(&project.models().display().to_string()));
    }

    #[test]
    fn the_list_says_of_each_use_which_is_chosen() {
        let folder = tempfile::tempdir().unwrap();
        let project = Project::find(Some(folder.path().to_owned())).unwrap();
        let rows = rows(&project, &config(&[])).unwrap();
        let chosen: Vec<_> = rows.iter().filter(|row| row["chosen"] == true).map(|row| &row["name"]).collect();
        assert_eq!(chosen, ["llama-3.2-1b", "multilingual-e5-small"]);
        for (name, used_for) in
            [("tiny", "chat"), ("smollm2-135m", "chat"), ("bge-m3", "embedding"), ("all-minilm-l6-v2", "embedding")]
        {
            assert!(rows.iter().any(|row| row["name"] == name && row["use"] == used_for), "{name}");
        }
    }
}
