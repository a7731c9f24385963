//! Indexes the project's own documentation and searches it with the real programs and a real model: recall has a
//! floor.
//!
//! `questions.jsonl` has questions in words of a reader, which are seldom those of the text, and the file that
//! answers each. The floors are somewhat below what was measured when they were set, so that a change of the
//! documentation passes and a ranking that became worse fails.

use std::path::Path;

use serde_json::{Value, json};

use crate::{
    operating::ruche,
    system::{Running, System},
};

/// Most of the project's pages.
const PAGES: [&str; 32] = [
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "benches/README.md",
    "docs/adr/0001-job-ids.md",
    "docs/bots.md",
    "docs/chat.md",
    "docs/configuration.md",
    "docs/deployment.md",
    "docs/documents.md",
    "docs/embeddings.md",
    "docs/evaluation.md",
    "docs/events-and-streaming.md",
    "docs/jobs.md",
    "docs/models.md",
    "docs/new-kind.md",
    "docs/operations.md",
    "docs/producers.md",
    "docs/render.md",
    "docs/rerank.md",
    "docs/search.md",
    "gateway/WEBSOCKET.md",
    "migrations/README.md",
    "nats/README.md",
    "workers/models/minilm/README.md",
    "workers/models/tiny/README.md",
    "workers/render/CSS.md",
    "workers/render/MIGRATION.md",
    "workers/render/README.md",
    "workers/render/fonts/README.md",
    "workers/render/templates/README.md",
];

/// The least recall@5 of each mode.
const FLOORS: [(&str, f64); 3] = [("vector", 0.85), ("text", 0.9), ("hybrid", 0.95)];

/// Two parts have the number AX-4410; two texts have the word, one of them as `pass-word`; Snowball cuts музея and музей
/// differently.
const EXCEPTIONS: [&str; 3] = ["AX-4410", "password", "музея"];

#[tokio::test]
async fn the_projects_own_documentation_answers_questions_about_it() {
    let system = System::start().await;
    let (gateway, worker) = (system.gateway().await, system.embed_worker().await);
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for page in PAGES {
        let text = std::fs::read_to_string(project.join(page)).unwrap();
        let body = json!({"collection": "docs", "source": page, "text": text, "language": "english"});
        let (status, answer) = Running::json(gateway.post("/v1/documents?wait=true", &body)).await;
        assert_eq!((status, &answer["superseded"]), (200, &Value::Null), "{page}: {answer}");
    }
    let questions = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e/retrieval/questions.jsonl");
    let arguments = ["eval", "retrieval", questions, "--collection", "docs", "-k", "5", "--misses"];
    let shown = ruche(&gateway, &system.key, &arguments).await;
    let measured = ruche(&gateway, &system.key, &[&arguments[..], &["--json"]].concat()).await;
    let measured: Value = serde_json::from_str(measured.line()).unwrap();
    for (mode, floor) in FLOORS {
        let recall = measured["modes"][mode]["recall"].as_f64().unwrap();
        assert!(recall >= floor, "{mode}: recall@5 is {recall}, less than {floor}\n{}", shown.out);
    }
    let found =
        ruche(&gateway, &system.key, &["search", "refuse an older NATS server", "-c", "docs", "--explain"]).await;
    assert!(
        found.code == 0 && found.out.starts_with("1. 1.0000  docs > nats/README.md") && found.out.contains("cosine"),
        "{} {}",
        found.out,
        found.err
    );
    assert!(shown.out.starts_with("48 questions, the first 5 chunks of each"), "{}", shown.out);

    codes_and_words_are_found(&gateway).await;

    // Text search needs no worker.
    worker.kill().await;
    let body = json!({"query": "close code 3008", "collection": "docs", "mode": "text", "explain": true});
    let (status, words) = Running::json(gateway.post("/v1/search", &body)).await;
    assert_eq!((status, &words["data"][0]["source"]), (200, &json!("gateway/WEBSOCKET.md")), "{words}");
}

/// Part numbers that differ in one place mean the same to a model: the words decide, in the default mode too. The words
/// are those of many languages and spellings, of documents that say no language.
async fn codes_and_words_are_found(gateway: &Running) {
    let sets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/search/sets");
    for (set, exceptions) in [("codes", &[][..]), ("words", &EXCEPTIONS)] {
        let lines = |part: &str| -> Vec<Value> {
            let text = std::fs::read_to_string(sets.join(format!("{set}-{part}.jsonl"))).unwrap();
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
        };
        for mut document in lines("documents") {
            document["collection"] = json!(set);
            let (status, answer) = Running::json(gateway.post("/v1/documents?wait=true", &document)).await;
            assert_eq!(status, 200, "{answer}");
        }
        for (mode, question) in
            ["hybrid", "text"].iter().flat_map(|mode| lines("questions").into_iter().map(move |line| (mode, line)))
        {
            let text = question["question"].as_str().unwrap();
            let body = json!({"query": text, "collection": set, "mode": mode, "top_k": 3});
            let (_, found) = Running::json(gateway.post("/v1/search", &body)).await;
            let is_first = found["data"][0]["source"] == question["expected"];
            assert!(is_first || exceptions.contains(&text), "{mode}: {text}: {found}");
        }
    }
}
