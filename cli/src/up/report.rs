//! What a person needs to know once everything runs.

use crate::{models::Served, project::Project};

/// The facts.
pub(super) struct Report {
    /// The gateway's base URL.
    pub url: String,
    /// The development key.
    pub key: String,
    /// The models.
    pub models: Served,
    /// Where everything lies.
    pub project: Project,
}

impl Report {
    /// Prints them, with a first request to paste.
    pub(super) fn print(&self) {
        println!("{}", self.text());
    }

    fn text(&self) -> String {
        let Self { url, key, models, project } = self;
        let (data, logs) = (project.data.display(), project.logs().display().to_string());
        let dev_env = project.dev_env().display().to_string();
        let name = &models.chat.name;
        let embeds = models.embedding.iter().map(|model| format!("embeds   {}\n  ", model.name)).collect::<String>();
        let next = models.next_embedding.iter().map(|model| format!("and      {} (next)\n  ", model.name));
        let reranks = models.rerank.iter().map(|model| format!("reranks  {}\n  ", model.name));
        let embeds = embeds + &next.chain(reranks).collect::<String>();
        let note = models.all().filter_map(|model| model.note.as_ref()).map(|note| format!("\n{note}\n"));
        let note = note.collect::<String>();
        format!(
            "\nRuche is ready. Ctrl-C stops it.\n\n  \
             API      {url}/v1 (OpenAI-compatible)\n  \
             docs     {url}/openapi.json\n  \
             key      {key} (also in {dev_env})\n  \
             model    {name}\n  \
             {embeds}data     {data}\n  \
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
    use crate::models::Chosen;

    #[test]
    fn the_report_names_the_model_the_key_and_a_request_to_paste() {
        let project = Project { data: "/p/.ruche".into() };
        let note = Some("This is the tiny demo model.".to_owned());
        let chat = Chosen { name: "tiny-chat-demo".to_owned(), path: "/m.gguf".into(), note };
        let embedding =
            Some(Chosen { name: "minilm".to_owned(), path: "/e.gguf".into(), note: Some("English only.".into()) });
        let next_embedding = Some(Chosen { name: "e5".to_owned(), path: "/n.gguf".into(), note: None });
        let rerank = Some(Chosen { name: "bge".to_owned(), path: "/r.gguf".into(), note: None });
        let models = Served { chat, embedding, next_embedding, rerank };
        let text = Report { url: "http://127.0.0.1:8080".into(), key: "rk_a_b".into(), models, project }.text();
        for part in [
            "rk_a_b",
            "\n  model    tiny-chat-demo\n  embeds   minilm\n  and      e5 (next)\n  reranks  bge\n  data     ",
            "tiny demo model",
            "English only.",
            "curl -N",
            "/p/.ruche/logs",
            "openapi.json",
        ] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
    }
}
