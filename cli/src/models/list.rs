//! `ruche models list`: which models can be chosen, which are, and which are here.

use anyhow::Result;
use comfy_table::{Table, presets::NOTHING};
use ruche_schemas::config::Config;
use serde_json::{Value, json};

use super::{
    minilm,
    pins::Pins,
    presets::{PRESETS, Use},
    setting, tiny,
};
use crate::project::Project;

/// Prints them.
pub(super) fn print(project: &Project, config: &Config, as_json: bool) -> Result<()> {
    let rows = rows(project, config)?;
    if as_json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
        return Ok(());
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
    println!(
        "{}\n\n* is chosen; RUCHE_MODELS__CHAT=<name>, RUCHE_MODELS__EMBEDDING=<name> and RUCHE_MODELS__RERANK=<name> choose others.",
        table.trim_fmt()
    );
    Ok(())
}

/// One object each.
fn rows(project: &Project, config: &Config) -> Result<Vec<Value>> {
    let pins = Pins::read(&project.models())?;
    let is_next = |used_for, name: &str| used_for == Use::Embedding && config.models.next_embedding == name;
    let chosen = |used_for, name: &str| setting(config, used_for) == name || is_next(used_for, name);
    let mut rows = Vec::new();
    for used_for in [Use::Chat, Use::Embedding, Use::Reranking] {
        for preset in PRESETS.iter().filter(|preset| preset.used_for == used_for) {
            let pin = pins.get(preset.name);
            rows.push(json!({
                "name": preset.name, "use": used_for.name(), "chosen": chosen(used_for, preset.name),
                "for": preset.purpose, "source": format!("{}/{}", preset.repo, preset.file),
                "bytes": pin.map_or(preset.bytes, |pin| pin.bytes), "sha256": pin.map(|pin| &pin.sha256),
                "path": pin.and_then(|pin| pin.intact(&project.models())),
            }));
        }
        rows.push(match used_for {
            Use::Chat => {
                let file = tiny(project).ok();
                let bytes = file.as_ref().and_then(|file| file.metadata().ok()).map_or(0, |meta| meta.len());
                json!({
                    "name": "tiny", "use": "chat", "chosen": chosen(used_for, "tiny"), "for": "demo and tests",
                    "source": "comes with Ruche", "bytes": bytes, "sha256": null, "path": file,
                })
            }
            Use::Embedding => json!({
                "name": minilm::NAME, "use": "embedding", "chosen": chosen(used_for, minilm::NAME),
                "for": "English, where the hub can't be reached", "source": format!("PyPI: {}", minilm::WHEEL),
                "bytes": minilm::BYTES, "sha256": pins.get(minilm::NAME).map(|pin| &pin.sha256),
                "path": minilm::here(&project.models())?,
            }),
            Use::Reranking => continue,
        });
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
        for (name, used_for) in [("tiny", "chat"), ("bge-m3", "embedding"), ("all-minilm-l6-v2", "embedding")] {
            assert!(rows.iter().any(|row| row["name"] == name && row["use"] == used_for), "{name}");
        }
    }
}
