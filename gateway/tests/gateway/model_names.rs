//! An error names a model as the caller asked for it, and says what may be asked for.

use reqwest::Method;
use ruche_bus::{Bus as _, WorkerRegistration};
use ruche_schemas::{Job as _, kinds::embed::Embed};
use serde_json::{Value, json};

use crate::{
    bots::made_before,
    exact::{CHAT, error_of, post, send},
    support::{Fixture, MODEL, chat_body, registration, without_worker},
};

/// As a configuration has them: an alias of an alias stands for its target.
const ALIASES: [(&str, &str); 8] = [
    ("mini", MODEL),
    ("gone", "unheard-of"),
    ("outer-gone", "unheard-of"),
    ("desk", "bot:help"),
    ("vec", "vectors"),
    ("a-vec", "vectors"),
    ("default", ""),
    ("nobody", "bot:nobody"),
];

/// With a worker for chats and one for embeddings.
async fn with_workers() -> Fixture {
    let aliases = ALIASES.map(|(name, target)| (name.to_owned(), target.to_owned()));
    let gateway = without_worker(|app| app.aliases = aliases.into()).await;
    let models = vec!["vectors".to_owned()];
    let embedder = WorkerRegistration { kind: Embed::KIND, worker: "e".into(), models, ..registration() };
    gateway.bus.register(&embedder).await.unwrap();
    gateway.work().await;
    gateway
}

#[tokio::test]
async fn an_alias_without_its_model_is_told_by_its_own_name_wherever_it_is_asked_for() {
    let gateway = with_workers().await;
    for asked in ["gone", "outer-gone"] {
        let told =
            format!("{asked:?} is an alias (models.aliases) of the model \"unheard-of\", which no worker has now");
        let chat = json!({ "model": asked, "messages": chat_body("say hi")["messages"] });
        let document = json!({ "model": asked, "collection": "c", "source": "s", "text": "t" });
        for (path, body) in [
            (CHAT, &chat),
            ("/v1/jobs/chat", &chat),
            ("/v1/jobs", &json!({ "kind": "chat", "body": chat })),
            ("/v1/embeddings", &json!({ "model": asked, "input": "x" })),
            ("/v1/documents", &document),
            ("/v1/bots", &json!({ "name": "help", "model": asked })),
        ] {
            let (param, code, message) = error_of(post(&gateway, path, body).await, 404).await;
            let field = if path == "/v1/jobs" { "body.model" } else { "model" };
            assert_eq!((param.as_str(), code.as_str()), (field, "model_not_found"), "{path}");
            assert!(message.starts_with(&told), "{path}: {message}");
        }
    }
    made_before(&gateway, "old", "gone").await;
    let chat = post(&gateway, CHAT, &json!({ "model": "bot:old", "messages": chat_body("x")["messages"] })).await;
    let message = error_of(chat, 404).await.2;
    assert!(message.starts_with("\"gone\" is an alias") && message.contains("PATCH /v1/bots/old"), "{message}");
}

#[tokio::test]
async fn a_model_or_bot_that_does_other_work_is_told_as_what_it_is() {
    let gateway = with_workers().await;
    let of_chats = format!("which is for embed jobs, not for chat jobs: there are {MODEL}, default, mini");
    let of_texts = "embed jobs need another model: there are vectors, a-vec, default, vec";
    let chat = async |model: &str| {
        error_of(gateway.chat("say hi", json!({ "model": model })).send().await.unwrap(), 404).await.2
    };
    let embed = async |model: &str| {
        let body = json!({ "model": model, "input": "x" });
        error_of(post(&gateway, "/v1/embeddings", &body).await, 404).await.2
    };
    for alias in ["vec", "a-vec"] {
        let told = format!("{alias:?} is an alias (models.aliases) of the model \"vectors\", {of_chats}");
        assert_eq!(chat(alias).await, told);
    }
    assert_eq!(embed("bot:help").await, format!("\"bot:help\" is a bot, which only answers chats: {of_texts}"));
    for (alias, bot) in [("desk", "bot:help"), ("nobody", "bot:nobody")] {
        let told =
            format!("{alias:?} is an alias (models.aliases) of the bot {bot:?}, which only answers chats: {of_texts}");
        assert_eq!(embed(alias).await, told);
    }
    let told =
        format!("the model {MODEL:?} is for chat jobs, not for embed jobs: there are vectors, a-vec, default, vec");
    assert_eq!(embed(MODEL).await, told);
}

#[tokio::test]
async fn a_bots_model_must_be_there_while_any_chat_worker_is() {
    let aliases = [("mini", MODEL), ("gone", "unheard-of"), ("desk", "bot:help"), ("vec", "vectors")];
    let aliases = aliases.map(|(name, target)| (name.to_owned(), target.to_owned()));
    let make = async |gateway: &Fixture, name: &str, model: &str| {
        post(gateway, "/v1/bots", &json!({ "name": name, "model": model })).await
    };
    let gateway = without_worker(|_| {}).await;
    let models = vec!["vectors".to_owned()];
    let embedder = WorkerRegistration { kind: Embed::KIND, worker: "e".into(), models, ..registration() };
    gateway.bus.register(&embedder).await.unwrap();
    assert_eq!(make(&gateway, "early", "to-come").await.status(), 201, "without a chat worker nothing is known");
    let gateway = without_worker(|app| app.aliases = aliases.into()).await;
    made_before(&gateway, "early", "to-come").await;
    gateway.bus.register(&embedder).await.unwrap();
    gateway.work().await;
    let (param, code, message) = error_of(make(&gateway, "help", "unheard-of").await, 404).await;
    assert_eq!((param.as_str(), code.as_str()), ("model", "model_not_found"));
    assert_eq!(message, format!("there is no model \"unheard-of\": there are {MODEL}, mini"));
    let (param, _, message) = error_of(make(&gateway, "help", "vectors").await, 404).await;
    let other = format!("is for embed jobs, not for chat jobs: there are {MODEL}, mini");
    assert_eq!((param, message), ("model".into(), format!("the model \"vectors\" {other}")));
    for model in [MODEL, "mini"] {
        let bot = post(&gateway, "/v1/bots", &json!({ "name": format!("with-{model}"), "model": model })).await;
        assert_eq!(bot.status(), 201, "{model}");
    }
    let answer = gateway.chat("show", json!({ "model": "bot:with-mini" })).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    assert!(answer["choices"][0]["message"]["content"].as_str().unwrap().contains(&format!("\"model\":\"{MODEL}\"")));
    assert!(error_of(make(&gateway, "help", "desk").await, 400).await.2.contains("an alias of the bot"));
    // What was accepted before can be changed otherwise.
    let change = async |body: Value| send(&gateway, Method::PATCH, "/v1/bots/early", body.to_string()).await;
    assert_eq!(change(json!({ "instructions": "Be brief." })).await.status(), 200);
    assert_eq!(error_of(change(json!({ "model": "lost" })).await, 404).await.0, "model");
    assert_eq!(change(json!({ "model": MODEL })).await.status(), 200);
}

#[tokio::test]
async fn an_unknown_model_lists_models_bots_and_aliases_of_both() {
    let aliases = [("mini", MODEL), ("default", ""), ("desk", "bot:help"), ("lost", "bot:nobody")];
    let aliases = aliases.map(|(name, target)| (name.to_owned(), target.to_owned()));
    let gateway = without_worker(|app| app.aliases = aliases.into()).await;
    gateway.work().await;
    let chat = async |model: &str| {
        error_of(gateway.chat("say hi", json!({ "model": model })).send().await.unwrap(), 404).await.2
    };
    assert_eq!(chat("x").await, format!("there is no model \"x\": there are {MODEL}, default, mini"));
    assert!(chat("bot:x").await.contains("there are no bots yet; POST /v1/bots makes one"));
    assert_eq!(post(&gateway, "/v1/bots", &json!({ "name": "help" })).await.status(), 201);
    assert!(chat("bot:x").await.ends_with("there is bot:help"));
    let told = chat("x").await;
    assert_eq!(
        told,
        format!("there is no model \"x\": there are {MODEL}, default, mini; of bots there are bot:help, desk")
    );
}
