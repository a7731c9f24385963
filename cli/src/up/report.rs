//! What a person needs to know once everything runs.

use crate::{models::Chosen, project::Project};

/// The facts.
pub(super) struct Report {
    /// The gateway's base URL.
    pub url: String,
    /// The development key.
    pub key: String,
    /// The chat model.
    pub model: Chosen,
    /// Where everything lies.
    pub project: Project,
}

impl Report {
    /// Prints them, with a first request to paste.
    pub(super) fn print(&self) {
        println!("{}", self.text());
    }

    fn text(&self) -> String {
        let Self { url, key, model, project } = self;
        let (data, logs) = (project.data.display(), project.logs().display().to_string());
        let dev_env = project.dev_env().display().to_string();
        let name = &model.name;
        let note = match &model.note {
            Some(note) => format!("\n{note}\n"),
            None => String::new(),
        };
        format!(
            "\nRuche is ready. Ctrl-C stops it.\n\n  \
             API      {url}/v1 (OpenAI-compatible)\n  \
             docs     {url}/openapi.json\n  \
             key      {key} (also in {dev_env})\n  \
             model    {name}\n  \
             data     {data}\n  \
             logs     {logs}\n{note}\n\
             Say hello:\n\n  \
             . '{dev_env}'; curl -N \"$RUCHE_URL/v1/chat/completions\" -H \"Authorization: Bearer $RUCHE_KEY\" \
             -H 'Content-Type: application/json' \
             -d '{{\"model\":\"{name}\",\"stream\":true,\"messages\":[{{\"role\":\"user\",\"content\":\"Hello!\"}}]}}'\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_names_the_model_the_key_and_a_request_to_paste() {
        let project = Project { data: "/p/.ruche".into() };
        let note = Some("This is the tiny demo model.".to_owned());
        let model = Chosen { name: "tiny-chat-demo".to_owned(), path: "/m.gguf".into(), note };
        let text = Report { url: "http://127.0.0.1:8080".into(), key: "rk_a_b".into(), model, project }.text();
        for part in
            ["rk_a_b", "model    tiny-chat-demo", "tiny demo model", "curl -N", "/p/.ruche/logs", "openapi.json"]
        {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
    }
}
