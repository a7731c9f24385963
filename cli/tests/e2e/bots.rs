//! A bot answers from documents and cites them: the real programs, the tiny chat model and a real embedding model.

use std::path::Path;

use nix::sys::signal::Signal;
use ruche_services::tools::Tools;
use serde_json::{Value, json};

use crate::system::{MODEL, Running, System, text};

const SHOP: &str = "# Shop\n\n## Refunds\n\nRefunds are paid within 5 business days. Parcels are sent on Mondays.\n\n\
                    ## Opening\n\nThe shop in Lyon opens at nine. Dogs are welcome.\n";
const QUESTION: &str = "When are refunds paid?";
const ANSWER: &str = "Refunds are paid within 5 business days. [1]";

/// Adds a document and waits until it is indexed.
async fn add(gateway: &Running, source: &str, content: &str) {
    let document = json!({
        "collection": "faq", "source": source, "format": "markdown", "text": content, "title": "The shop",
        "url": "https://example.com/shop",
    });
    let (status, job) = Running::json(gateway.post("/v1/jobs/embed", &json!({ "document": document }))).await;
    assert_eq!(status, 202, "{job}");
    let last = gateway.events(job["id"].as_str().unwrap(), 1).await.rest().await.pop().unwrap();
    assert_eq!(last["type"], "done", "{last}");
}

async fn make(gateway: &Running, bot: &Value) {
    let (status, answer) = Running::json(gateway.post("/v1/bots", bot)).await;
    assert_eq!(status, 201, "{answer}");
}

fn asking(question: &str) -> Value {
    json!({ "model": "bot:help", "messages": [{ "role": "user", "content": question }] })
}

/// Asserts a citation of the shop's refunds, with a quote from the document.
fn cites_refunds(citations: &Value) {
    let [citation] = citations.as_array().unwrap().as_slice() else { panic!("{citations}") };
    assert_eq!((&citation["n"], &citation["title"]), (&json!(1), &json!("The shop")), "{citation}");
    assert_eq!((&citation["url"], &citation["source"]), (&json!("https://example.com/shop"), &json!("shop.md")));
    assert_eq!(citation["collection"], "faq");
    assert!(citation["chunk"].is_i64() && citation["document"].is_string(), "{citation}");
    let quote = citation["quote"].as_str().unwrap();
    assert!(quote == "Refunds are paid within 5 business days." && SHOP.contains(quote), "{quote}");
}

#[tokio::test]
async fn a_bot_answers_from_a_document_and_cites_it() {
    let system = System::start().await;
    let (gateway, _embed, _chat) = (system.gateway().await, system.embed_worker().await, system.worker().await);
    let (status, refused) =
        Running::json(gateway.post("/v1/bots", &json!({ "name": "help", "collections": ["faq"] }))).await;
    assert_eq!((status, &refused["error"]["code"]), (404, &json!("collection_not_found")), "{refused}");
    add(&gateway, "shop.md", SHOP).await;
    add(&gateway, "bees.md", "# Bees\n\nBees fly from flower to flower. Wasps do not make honey.\n").await;
    make(&gateway, &json!({ "name": "help", "collections": ["faq"], "retrieval": { "top_k": 2 } })).await;
    let (status, answer) = Running::json(gateway.post("/v1/chat/completions", &asking(QUESTION))).await;
    assert_eq!((status, &answer["choices"][0]["message"]["content"]), (200, &json!(ANSWER)), "{answer}");
    assert_eq!(answer["model"], "bot:help");
    cites_refunds(&answer["choices"][0]["message"]["citations"]);
    // Also in the conversation, with the model's own name.
    let conversation = answer["conversation"].as_str().unwrap();
    let (_, kept) = Running::json(gateway.get(&format!("/v1/conversations/{conversation}"))).await;
    cites_refunds(&kept["messages"][1]["citations"]);
    assert_eq!((&kept["messages"][1]["model"], kept["messages"][0].get("citations")), (&json!(MODEL), None));
    // And as a job, in its last event.
    let job = gateway.submit(&asking(QUESTION)).await;
    let last = gateway.events(&job, 1).await.rest().await.pop().unwrap();
    cites_refunds(&last["data"]["citations"]);
}

#[tokio::test]
async fn where_nothing_is_found_the_bot_says_so_and_the_model_is_not_asked() {
    let system = System::start().await;
    let (gateway, embed, _chat) = (system.gateway().await, system.embed_worker().await, system.worker().await);
    add(&gateway, "shop.md", SHOP).await;
    let nothing = "Je n'ai rien trouvé.";
    let retrieval = json!({ "mode": "vector", "min_score": 0.6, "nothing_found": nothing });
    make(&gateway, &json!({ "name": "help", "collections": ["faq"], "retrieval": retrieval })).await;
    let question = asking("How far is the moon from the planet Jupiter?");
    let (status, answer) = Running::json(gateway.post("/v1/chat/completions", &question)).await;
    let choice = &answer["choices"][0];
    assert_eq!((status, &choice["message"]["content"]), (200, &json!(nothing)), "{answer}");
    assert_eq!((&choice["message"]["citations"], &choice["finish_reason"]), (&json!([]), &json!("stop")));
    assert_eq!(answer["usage"]["total_tokens"], 0);
    let job = gateway.submit(&question).await;
    let events = gateway.events(&job, 1).await.rest().await;
    assert_eq!(text(&events), nothing, "it is said as any answer is");
    // Without an embed worker, vectors can't be searched, and no chat is accepted.
    embed.end().await;
    let (status, refused) = loop {
        let (status, answer) = Running::json(gateway.post("/v1/jobs/chat", &question)).await;
        // Until the gateway sees that it has left.
        if status != 202 {
            break (status, answer);
        }
    };
    assert_eq!((status, refused["error"]["type"].as_str()), (503, Some("server_error")), "{refused}");
}

#[tokio::test]
async fn a_chat_that_another_worker_takes_over_keeps_its_prompt() {
    let system = System::start().await;
    let gateway = system.gateway().await;
    let (_embed, alone) = (system.embed_worker().await, system.worker().await);
    add(&gateway, "shop.md", SHOP).await;
    make(&gateway, &json!({ "name": "help", "collections": ["faq"], "retrieval": { "top_k": 1 } })).await;
    // Stopped before the question: it takes the job and does not answer.
    alone.signal(Signal::SIGSTOP);
    let job = gateway.submit(&asking(QUESTION)).await;
    // The document has changed by now; the job has not.
    add(&gateway, "shop.md", "# Shop\n\nRefunds are paid within 99 business days.\n").await;
    let _other = system.worker().await;
    alone.kill().await;
    let last = gateway.events(&job, 1).await.rest().await.pop().unwrap();
    assert_eq!((&last["type"], &last["data"]["text"]), (&json!("done"), &json!(ANSWER)), "{last}");
    cites_refunds(&last["data"]["citations"]);
    let (_, now) = Running::json(gateway.post("/v1/chat/completions", &asking(QUESTION))).await;
    assert!(now["choices"][0]["message"]["content"].as_str().unwrap().contains("99"), "{now}");
}

#[tokio::test]
async fn openai_python_reads_citations() {
    let system = System::start().await;
    let (gateway, _embed, _chat) = (system.gateway().await, system.embed_worker().await, system.worker().await);
    add(&gateway, "shop.md", SHOP).await;
    make(&gateway, &json!({ "name": "help", "collections": ["faq"] })).await;
    let python = Tools::find().unwrap().venv.join("bin/python");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e/openai_bots.py");
    let mut command = tokio::process::Command::new(python);
    command.arg(script).env("RUCHE_URL", &gateway.url).env("RUCHE_KEY", &system.key);
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Parts that differ in one place: a small model quotes the neighbour if it sees it.
#[tokio::test]
async fn a_bot_quotes_the_very_part_that_was_asked_for() {
    let system = System::start().await;
    let (gateway, _embed, _chat) = (system.gateway().await, system.embed_worker().await, system.worker().await);
    let sets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/search/sets");
    let lines = |part: &str| -> Vec<Value> {
        let text = std::fs::read_to_string(sets.join(format!("codes-{part}.jsonl"))).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    for mut document in lines("documents") {
        document["collection"] = json!("codes");
        let (status, answer) = Running::json(gateway.post("/v1/documents?wait=true", &document)).await;
        assert_eq!(status, 200, "{answer}");
    }
    make(&gateway, &json!({ "name": "help", "collections": ["codes"] })).await;
    for question in lines("questions").iter().step_by(4) {
        let asked = asking(question["question"].as_str().unwrap());
        let (_, answer) = Running::json(gateway.post("/v1/chat/completions", &asked)).await;
        let citations = &answer["choices"][0]["message"]["citations"];
        assert_eq!(citations[0]["source"], question["expected"], "{question}: {answer}");
    }
}
