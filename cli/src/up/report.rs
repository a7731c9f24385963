//! What a person needs to know once everything runs.

use std::path::PathBuf;

use ruche_schemas::kinds;

use crate::{models::Served, project::Project};

pub(super) struct Report {
    pub url: String,
    pub key: String,
    pub models: Vec<Served>,
    pub project: Project,
    /// The folder of the programs.
    pub programs: PathBuf,
}

impl Report {
    /// With a first request to paste.
    pub(super) fn print(&self) {
        println!("{}", self.text());
    }

    fn text(&self) -> String {
        let Self { url, key, models, project, programs } = self;
        let (data, logs) = (project.data.display(), project.logs().display().to_string());
        let dev_env = project.dev_env().display().to_string();
        let names = models.iter().map(|model| format!("{:<9}{}\n  ", model.slot.label, model.chosen.name));
        let names = names.collect::<String>();
        let notes = models.iter().filter_map(|model| model.chosen.note.as_ref()).map(|note| format!("\n{note}\n"));
        let notes = notes.collect::<String>();
        format!(
            "\nRuche is ready. Ctrl-C stops it.\n\n  \
             API      {url}/v1 (OpenAI-compatible)\n  \
             docs     {url}/openapi.json\n  \
             key      {key} (also in {dev_env})\n  \
             {names}data     {data}\n  \
             logs     {logs}\n  \
             ruche    export PATH='{}':\"$PATH\" (in another terminal, to have the command)\n{notes}{}",
            programs.display(),
            hello(models, &dev_env)
        )
    }
}

/// A first request to paste, of the first kind that has one.
fn hello(models: &[Served], dev_env: &str) -> String {
    let Some((kind, example)) = kinds::all().into_iter().find_map(|kind| Some((kind.kind, kind.example?))) else {
        return String::new();
    };
    let name = models.iter().find(|model| model.kind == kind).map_or("", |model| &model.chosen.name);
    format!("\nSay hello:\n\n  . '{dev_env}'; {}\n", example.replace("{model}", name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::Chosen;

    #[test]
    fn the_report_names_the_models_the_key_and_a_request_to_paste() {
        let project = Project { data: "/p/.ruche".into() };
        let mut named = [
            ("smollm2", Some("It talks.")),
            ("tiny-chat-demo", Some("This is the tiny demo model.")),
            ("minilm", Some("English only.")),
            ("e5", None),
            ("bge", None),
        ]
        .into_iter();
        let mut models = Vec::new();
        for kind in kinds::all() {
            for slot in kind.models {
                let (name, note) = named.next().unwrap();
                let chosen = Chosen { name: name.to_owned(), path: "/m.gguf".into(), note: note.map(str::to_owned) };
                models.push(Served { kind: kind.kind.clone(), slot, chosen });
            }
        }
        let text = Report {
            url: "http://127.0.0.1:8080".into(),
            key: "rk_a_b".into(),
            models,
            project,
            programs: "/p/t".into(),
        }
        .text();
        for part in [
            "rk_a_b",
            "\n  chats    smollm2\n  bots     tiny-chat-demo\n  embeds   minilm\n  next     e5\n  reranks  bge\n  data     ",
            "tiny demo model",
            "English only.",
            "curl -N",
            "/p/.ruche/logs",
            "openapi.json",
            "  export PATH='/p/t':\"$PATH\"",
        ] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
    }
}
