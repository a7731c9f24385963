//! `ruche models list`: which models can be chosen, which are, and which are here.

use anyhow::Result;
use comfy_table::{Table, presets::NOTHING};
use ruche_schemas::config::Config;
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
        return output::json(&Value::Array(rows));
    }
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["", "name", "use", "size", "here", "for", "source"]);
    for row in rows {
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let chosen = if row["chosen"] == true { "*" } else { "" };
        let here = if row["path"].is_null() { "no" } else { "yes" };
        let size = indicatif::DecimalBytes(row["bytes"].as_u64().unwrap_or(0)).to_string();
        let (name, used_for) = (text("name"), text("use"));
        table.add_row([chosen.to_owned(), name, used_for, size, here.to_owned(), text("for"), text("source")]);
    }
    let others: Vec<_> = slots().map(|slot| format!("RUCHE_MODELS__{}=<name>", slot.name.to_uppercase())).collect();
    output::line(&format!("{}\n\n* is chosen. These choose others: {}", table.trim_fmt(), others.join(", ")))
}

/// One object each.
fn rows(project: &Project, config: &Config) -> Result<Vec<Value>> {
    let pins = Pins::read(&project.models())?;
    let mut rows = Vec::new();
    for family in families() {
        let wanted: Vec<_> = slots().filter(|slot| slot.family == family).map(|slot| slot.name).collect();
        let chosen = |name: &str| wanted.iter().any(|slot| config.models.preset(slot) == name);
        for preset in family.presets {
            let pin = pins.get(preset.name);
            rows.push(json!({
                "name": preset.name, "use": family.name, "chosen": chosen(preset.name),
                "for": preset.purpose, "source": format!("{}/{}", preset.repo, preset.file),
                "bytes": pin.map_or(preset.bytes, |pin| pin.bytes), "sha256": pin.map(|pin| &pin.sha256),
                "path": pin.and_then(|pin| pin.intact(&project.models())),
            }));
        }
        for model in family.built_in.iter().filter_map(|name| BuiltIn::find(name)) {
            rows.push(json!({
                "name": model.name(), "use": family.name, "chosen": chosen(model.name()), "for": model.purpose(),
                "source": model.source(), "bytes": model.bytes(project), "sha256": model.sha256(&pins),
                "path": model.here(project)?,
            }));
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_says_of_each_use_which_is_chosen() {
        let folder = tempfile::tempdir().unwrap();
        let project = Project::find(Some(folder.path().to_owned())).unwrap();
        let config = Config::from_layers(None, Some(std::collections::HashMap::new())).unwrap();
        let rows = rows(&project, &config).unwrap();
        let chosen: Vec<_> = rows.iter().filter(|row| row["chosen"] == true).map(|row| &row["name"]).collect();
        assert_eq!(chosen, ["llama-3.2-1b", "multilingual-e5-small"]);
        for (name, used_for) in
            [("tiny", "chat"), ("smollm2-135m", "chat"), ("bge-m3", "embedding"), ("all-minilm-l6-v2", "embedding")]
        {
            assert!(rows.iter().any(|row| row["name"] == name && row["use"] == used_for), "{name}");
        }
    }
}
