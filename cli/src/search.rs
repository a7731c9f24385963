//! `ruche search`: a question, and the chunks of documents that answer it.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::{
    access::Access,
    client::{Client, fields},
    output::{self, clean, field},
    project::Project,
    values,
};

/// How much of a chunk is shown, in characters.
const SHOWN: usize = 300;

/// The ranking of hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// Vectors and words.
    Hybrid,
    /// Vectors alone.
    Vector,
    /// Words alone.
    Text,
}

impl Mode {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Hybrid => "hybrid",
            Self::Vector => "vector",
            Self::Text => "text",
        }
    }
}

/// Search chunks of documents.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    access: Access,
    /// The query. A phrase "in quotes" must occur and a word after a - must not; a - before a digit is its sign.
    question: String,
    /// The collection to search in. Repeat it for several.
    #[arg(short, long = "collection", required = true, value_name = "NAME")]
    collections: Vec<String>,
    /// The ranking.
    #[arg(long, value_enum, default_value_t = Mode::Hybrid)]
    mode: Mode,
    /// How many hits.
    #[arg(short = 'k', long, default_value_t = 5, value_parser = values::whole::<u32>(1..=100))]
    top_k: u32,
    /// Only documents of this source. Repeat it for several.
    #[arg(long = "source", value_name = "SOURCE")]
    sources: Vec<String>,
    /// Only documents whose metadata has this: '{"lang":"en"}'.
    #[arg(long, value_name = "JSON", value_parser = values::object)]
    metadata: Option<String>,
    /// Show how each hit got its score.
    #[arg(long)]
    explain: bool,
    /// Let a reranker order the best hits: 30, or this many.
    #[arg(long, value_name = "HITS", num_args = 0..=1, default_missing_value = "30", value_parser = values::whole::<u32>(1..=100))]
    rerank: Option<u32>,
}

pub(crate) async fn run(project: &Project, arguments: Arguments) -> Result<ExitCode> {
    let client = arguments.access.client(project)?;
    let Arguments { question, collections, mode, top_k, sources, metadata, explain, rerank, .. } = arguments;
    let metadata = values::document(metadata.as_deref(), None)?;
    let filter = fields([("sources", (!sources.is_empty()).then(|| json!(sources))), ("metadata", metadata)]);
    let mut body = body(&question, &collections, mode, top_k, rerank);
    body["explain"] = json!(explain);
    body["filter"] = filter;
    let found = ask(&client, &body).await?;
    if arguments.access.json {
        output::json(&found)?;
        return Ok(ExitCode::SUCCESS);
    }
    for note in found["notes"].as_array().into_iter().flatten() {
        output::note(&clean(note.as_str().unwrap_or_default()));
    }
    let hits = found["data"].as_array().cloned().unwrap_or_default();
    if hits.is_empty() {
        output::note("nothing was found");
    }
    for (number, hit) in (1..).zip(&hits) {
        output::text(&sheet(number, hit))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The request. `rerank`: how many hits a reranker reads.
pub(crate) fn body(question: &str, collections: &[String], mode: Mode, top_k: u32, rerank: Option<u32>) -> Value {
    let mut body = json!({ "query": question, "collections": collections, "mode": mode.as_str(), "top_k": top_k });
    if let Some(hits) = rerank {
        (body["rerank"], body["rerank_hits"]) = (json!(true), json!(hits));
    }
    body
}

pub(crate) async fn ask(client: &Client, body: &Value) -> Result<Value> {
    client.post(&["search"], body).await
}

fn sheet(number: u32, hit: &Value) -> String {
    let mut place = vec![field(hit, "collection"), field(hit, "source")];
    place.extend(hit["path"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
    let score = hit["score"].as_f64().unwrap_or_default();
    let mut sheet = format!("{number}. {score:.4}  {}\n", clean(&place.join(" > ")));
    if let Some(url) = hit["url"].as_str() {
        sheet += &format!("   {}\n", clean(url));
    }
    if !hit["explanation"].is_null() {
        sheet += &format!("   {}\n", clean(&explained(&hit["explanation"])));
    }
    let text: String = hit["text"].as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    let rest = if text.chars().nth(SHOWN).is_some() { "…" } else { "" };
    sheet + &format!("   {}{rest}\n\n", clean(&text.chars().take(SHOWN).collect::<String>()))
}

fn explained(explanation: &Value) -> String {
    let mut parts = Vec::new();
    if let Some(rank) = explanation["vector_rank"].as_u64() {
        let cosine = explanation["cosine"].as_f64().unwrap_or_default();
        parts.push(format!("vectors: place {rank}, cosine {cosine:.4} ({})", field(explanation, "scan")));
    }
    if let Some(rank) = explanation["text_rank"].as_u64() {
        let score = explanation["text_score"].as_f64().unwrap_or_default();
        parts.push(format!("words: place {rank}, BM25 {score:.2}"));
    }
    if let Some(score) = explanation["rerank_score"].as_f64() {
        parts.push(format!("reranker: {score:.4}"));
    }
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hit_says_where_it_is_and_why_on_few_lines() {
        let hit = json!({
            "collection": "docs", "source": "a.md", "path": ["Refunds", "When"], "score": 0.032_787, "url": null,
            "text": format!("Refunds\n\nare \u{1b}[2Jpaid {}", "x ".repeat(400)),
            "explanation": {"vector_rank": 1, "cosine": 0.8, "scan": "exact", "text_rank": null, "text_score": null, "fused": 0.016},
        });
        let sheet = sheet(1, &hit);
        let lines: Vec<_> = sheet.lines().collect();
        assert_eq!(lines[0], "1. 0.0328  docs > a.md > Refunds > When");
        assert_eq!(lines[1], "   vectors: place 1, cosine 0.8000 (exact)");
        assert!(lines[2].starts_with("   Refunds are  [2Jpaid x") && lines[2].ends_with('…'), "{sheet}");
    }
}
