//! Bots: kept by both stores as one contract says, made and changed over HTTP, and what chats with them become.

use chrono::TimeDelta;
use reqwest::{Method, Response};
use ruche_gateway::{
    adapters::memory::{Memory, StoredChunk},
    bots::{Bot, Retrieval},
    ports::{
        Bots as _, Made, Store, StoredBot,
        search::{EmbeddingModel, Hit, Searchable},
    },
};
use ruche_schemas::jobs::chat::Grounding;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    store::{now, on_postgres},
    support::{Fixture, MODEL, Sse, SseReader, json_of, refused, start, tenant, without_worker},
    ws::Socket,
};

fn bot(name: &str) -> StoredBot {
    let retrieval = Retrieval { min_score: Some(0.25), ..Retrieval::default() };
    let bot = Bot {
        name: name.to_owned(),
        instructions: "Sois bref.".to_owned(),
        model: Some("m".to_owned()),
        temperature: Some(0.5),
        collections: vec!["faq".to_owned(), "shop".to_owned()],
        retrieval,
        rewrite: true,
        ..Bot::default()
    };
    StoredBot { bot, created_at: now(), updated_at: now() }
}

async fn keeps_bots(store: &dyn Store) {
    let (acme, other) = (tenant("acme"), tenant("other"));
    let (a, b) = (bot("a-help"), bot("a_help"));
    assert_eq!(store.make_bot(&acme, &b, 2).await.unwrap(), Made::New);
    assert_eq!(store.make_bot(&acme, &a, 2).await.unwrap(), Made::New);
    assert_eq!(store.make_bot(&acme, &a, 2).await.unwrap(), Made::Taken);
    assert_eq!(store.make_bot(&acme, &bot("c"), 2).await.unwrap(), Made::Full);
    // Another tenant's bound and names are its own.
    let theirs = StoredBot { bot: Bot { instructions: "Theirs.".to_owned(), ..a.bot.clone() }, ..a.clone() };
    assert_eq!(store.make_bot(&other, &theirs, 1).await.unwrap(), Made::New);
    assert_eq!(store.bots(&acme).await.unwrap(), [a.clone(), b.clone()]);
    assert_eq!(store.bot(&acme, "a-help").await.unwrap().as_ref(), Some(&a));
    assert_eq!(store.bot(&other, "a_help").await.unwrap(), None);
    let changed = StoredBot {
        bot: Bot { model: None, collections: Vec::new(), ..a.bot.clone() },
        created_at: a.created_at,
        updated_at: a.updated_at + TimeDelta::microseconds(1),
    };
    assert!(store.change_bot(&acme, &changed, a.updated_at).await.unwrap());
    assert!(!store.change_bot(&acme, &a, a.updated_at).await.unwrap(), "it was changed since");
    assert!(!store.change_bot(&acme, &bot("c"), a.updated_at).await.unwrap(), "there is none");
    assert_eq!(store.bot(&acme, "a-help").await.unwrap(), Some(changed));
    assert_eq!(store.bots(&other).await.unwrap(), [theirs]);
    assert!(!store.delete_bot(&other, "a_help").await.unwrap());
    assert!(store.delete_bot(&acme, "a_help").await.unwrap());
    assert!(!store.delete_bot(&acme, "a_help").await.unwrap());
    assert_eq!(store.bots(&acme).await.unwrap().len(), 1);
}

#[tokio::test]
async fn bots_in_memory_hold_the_contract() {
    keeps_bots(&Memory::default()).await;
}

#[tokio::test]
async fn bots_on_postgres_hold_the_contract() {
    keeps_bots(&*on_postgres().await.0).await;
}

#[tokio::test]
async fn bots_that_are_made_at_the_same_moment_are_no_more_than_there_may_be() {
    let (store, _) = on_postgres().await;
    let making = (0..10).map(|i| {
        let store = store.clone();
        async move { store.make_bot(&tenant("acme"), &bot(&i.to_string()), 4).await.unwrap() }
    });
    let made = futures::future::join_all(making).await;
    assert_eq!(made.iter().filter(|made| **made == Made::New).count(), 4, "{made:?}");
}

async fn post(gateway: &Fixture, body: &Value) -> Response {
    gateway.request(Method::POST, "/v1/bots").json(body).send().await.unwrap()
}

async fn patch(gateway: &Fixture, name: &str, body: &Value) -> Response {
    gateway.request(Method::PATCH, &format!("/v1/bots/{name}")).json(body).send().await.unwrap()
}

#[tokio::test]
async fn a_bot_is_made_read_changed_and_deleted() {
    let gateway = without_worker(|_| {}).await;
    let body = json!({ "name": "help", "instructions": "Be brief.", "look": { "title": "Help" } });
    let response = post(&gateway, &body).await;
    assert_eq!(response.status(), 201);
    let made = json_of(response).await;
    assert_eq!(
        (&made["id"], &made["object"], &made["look"]["title"]),
        (&json!("bot:help"), &json!("bot"), &json!("Help"))
    );
    assert_eq!(
        (&made["moderation"], &made["retrieval"]["top_k"], &made["model"]),
        (&json!("off"), &json!(6), &json!(null))
    );
    assert_eq!(refused(post(&gateway, &body).await, 409).await, ("name".into(), "bot_exists".into()));
    assert_eq!(gateway.read("/v1/bots/help").await, made);
    let list = gateway.read("/v1/bots").await;
    assert_eq!((&list["data"], &list["has_more"]), (&json!([made]), &json!(false)));
    let changed = json_of(patch(&gateway, "help", &json!({ "instructions": "Be kind.", "look": null })).await).await;
    assert_eq!((&changed["instructions"], &changed["look"]["title"]), (&json!("Be kind."), &json!(null)));
    assert_eq!(changed["created_at"], made["created_at"]);
    assert!(changed["updated_at"].as_str() > made["updated_at"].as_str(), "{changed}");
    assert_eq!(refused(patch(&gateway, "help", &json!({ "name": "x" })).await, 400).await.0, "name");
    let delete = || gateway.request(Method::DELETE, "/v1/bots/help").send();
    assert_eq!(delete().await.unwrap().status(), 204);
    for response in [delete().await.unwrap(), gateway.get("/v1/bots/help").send().await.unwrap()] {
        assert_eq!(refused(response, 404).await, ("name".into(), "bot_not_found".into()));
    }
    assert_eq!(refused(patch(&gateway, "help", &json!({})).await, 404).await.1, "bot_not_found");
}

#[tokio::test]
async fn what_can_not_be_promised_is_refused_by_name() {
    let gateway = without_worker(|_| {}).await;
    for (body, status, param, code) in [
        (json!({ "name": "Help" }), 400, "name", "invalid_request"),
        (json!({ "name": "h", "moderation": "strict" }), 422, "moderation", "unsupported_moderation"),
        (json!({ "name": "h", "collections": ["nowhere"] }), 422, "collections[0]", "collection_not_found"),
        (json!({ "name": "h", "retrieval": { "top_k": 100 } }), 400, "retrieval.top_k", "invalid_request"),
        (json!({ "name": "h", "color": "red" }), 400, "color", "invalid_request"),
        (json!("help"), 400, "body", "invalid_json"),
    ] {
        assert_eq!(refused(post(&gateway, &body).await, status).await, (param.into(), code.into()), "{body}");
    }
    assert_eq!(gateway.read("/v1/bots").await["data"], json!([]));
    gateway.store.fail(true);
    assert_eq!(refused(post(&gateway, &json!({ "name": "h" })).await, 503).await.1, "store_unavailable");
}

#[tokio::test]
async fn another_tenants_bot_is_a_404_everywhere() {
    let gateway = start().await;
    assert_eq!(post(&gateway, &json!({ "name": "help" })).await.status(), 201);
    let stranger = |method: Method, path: &str| gateway.as_key(&gateway.stranger, method, path);
    assert_eq!(json_of(stranger(Method::GET, "/v1/bots").send().await.unwrap()).await["data"], json!([]));
    for request in [
        stranger(Method::GET, "/v1/bots/help"),
        stranger(Method::PATCH, "/v1/bots/help").json(&json!({})),
        stranger(Method::DELETE, "/v1/bots/help"),
    ] {
        assert_eq!(refused(request.send().await.unwrap(), 404).await.1, "bot_not_found");
    }
    let chat = json!({ "model": "bot:help", "messages": [{ "role": "user", "content": "say hi" }] });
    for path in ["/v1/chat/completions", "/v1/jobs/chat"] {
        let response = stranger(Method::POST, path).json(&chat).send().await.unwrap();
        let told = response.text().await.unwrap();
        assert!(told.contains("model_not_found") && told.contains("there is none"), "{told}");
    }
    let models = json_of(stranger(Method::GET, "/v1/models").send().await.unwrap()).await;
    assert!(!models.to_string().contains("bot:"), "{models}");
    let model = stranger(Method::GET, "/v1/models/bot:help").send().await.unwrap();
    assert_eq!(refused(model, 404).await, ("model".into(), "model_not_found".into()));
}

#[tokio::test]
async fn a_chat_with_a_bot_is_one_with_its_model_and_its_instructions() {
    let gateway = start().await;
    let body = json!({
        "name": "help", "instructions": "Be brief.", "model": MODEL, "temperature": 0.25, "limits": { "max_tokens": 50 }
    });
    assert_eq!(post(&gateway, &body).await.status(), 201);
    let ask = async |rest: Value| -> (Value, Value) {
        let answer = json_of(gateway.chat("show", rest).send().await.unwrap()).await;
        let job = serde_json::from_str(answer["choices"][0]["message"]["content"].as_str().unwrap()).unwrap();
        (answer, job)
    };
    let (answer, job) = ask(json!({ "model": "bot:help" })).await;
    assert_eq!((&answer["model"], &job["model"]), (&json!("bot:help"), &json!(MODEL)));
    assert_eq!(job["grounding"], json!({ "instructions": "Be brief.", "max_tokens": 1500 }));
    assert_eq!((&job["max_tokens"], &job["sampling"]["temperature"]), (&json!(50), &json!(0.25)));
    assert_eq!(job["messages"], json!([{ "role": "user", "content": "show" }]), "the conversation stays as it is");
    assert!(answer["choices"][0]["message"].get("citations").is_none(), "there was nothing to cite: {answer}");
    let (_, job) = ask(json!({ "model": "bot:help", "max_tokens": 7, "temperature": 0.5 })).await;
    assert_eq!((&job["max_tokens"], &job["sampling"]["temperature"]), (&json!(7), &json!(0.5)));
    let stream = gateway.chat("show", json!({ "model": "bot:help", "stream": true })).send().await.unwrap();
    let chunks: Vec<Sse> = SseReader::new(stream).all().await;
    assert!(chunks[..chunks.len() - 1].iter().all(|chunk| chunk.json()["model"] == "bot:help"));
    let models = gateway.read("/v1/models").await;
    let ids: Vec<&Value> = models["data"].as_array().unwrap().iter().map(|model| &model["id"]).collect();
    assert_eq!(ids, [&json!(MODEL), &json!("bot:help")]);
    assert_eq!(gateway.read("/v1/models/bot:help").await, models["data"][1]);
}

#[tokio::test]
async fn a_bot_that_there_is_not_is_refused_with_those_that_there_are() {
    let gateway = start().await;
    let unknown =
        async || gateway.chat("say hi", json!({ "model": "bot:x" })).send().await.unwrap().text().await.unwrap();
    assert!(unknown().await.contains("POST /v1/bots makes one"));
    assert_eq!(post(&gateway, &json!({ "name": "help" })).await.status(), 201);
    let told = unknown().await;
    assert!(told.contains("model_not_found") && told.contains("there are bot:help"), "{told}");
    assert_eq!(post(&gateway, &json!({ "name": "lost", "model": "unheard-of" })).await.status(), 201);
    let response = gateway.chat("say hi", json!({ "model": "bot:lost" })).send().await.unwrap();
    assert_eq!(refused(response, 404).await, ("model".into(), "model_not_found".into()));
    assert_eq!(gateway.waiting().await, 0);
    let own = json!({ "model": "bot:help", "messages": [{ "role": "user", "content": "hi" }], "grounding": {} });
    let response = gateway.request(Method::POST, "/v1/jobs/chat").json(&own).send().await.unwrap();
    assert_eq!(refused(response, 400).await.0, "grounding");
    gateway.store.fail(true);
    let response = gateway.chat("say hi", json!({ "model": "bot:help" })).send().await.unwrap();
    assert_eq!(refused(response, 503).await.1, "store_unavailable");
    let models = gateway.read("/v1/models").await;
    assert_eq!(models["data"].as_array().unwrap().len(), 1, "only bots are missing: {models}");
}

#[tokio::test]
async fn a_job_that_no_gateway_sees_begin_can_not_name_a_bot() {
    let gateway = start().await;
    assert_eq!(post(&gateway, &json!({ "name": "help" })).await.status(), 201);
    let chat = asking("say hi");
    let flow =
        json!({ "kind": "chat", "body": { "messages": chat["messages"] }, "then": [{ "kind": "chat", "body": chat }] });
    let response = gateway.request(Method::POST, "/v1/jobs").json(&flow).send().await.unwrap();
    assert_eq!(refused(response, 400).await.0, "then[0].body.model");
    let nightly = json!({ "kind": "chat", "body": chat, "every_seconds": 60 });
    let response = gateway.request(Method::PUT, "/v1/schedules/nightly").json(&nightly).send().await.unwrap();
    assert_eq!(refused(response, 400).await.0, "body.model");
}

#[tokio::test]
async fn a_bot_takes_so_many_chats_a_minute_and_the_same_one_again_counts_once() {
    let gateway = start().await;
    let body = json!({ "name": "help", "limits": { "requests_per_minute": 1 } });
    assert_eq!(post(&gateway, &body).await.status(), 201);
    let ask = |key: &str| {
        gateway.chat("say hi", json!({ "model": "bot:help" })).header("idempotency-key", key.to_owned()).send()
    };
    let first = json_of(ask("a").await.unwrap()).await;
    let response = ask("b").await.unwrap();
    assert!(response.headers().contains_key("retry-after"));
    assert_eq!(refused(response, 429).await, ("limits.requests_per_minute".into(), "rate_limited".into()));
    assert_eq!(json_of(ask("a").await.unwrap()).await["id"], first["id"]);
}

#[tokio::test]
async fn a_chat_that_is_sent_again_is_the_same_job_whatever_its_bot_is_by_then() {
    let gateway = start().await;
    assert_eq!(post(&gateway, &json!({ "name": "help", "instructions": "One." })).await.status(), 201);
    let ask = |text: &str| gateway.chat(text, json!({ "model": "bot:help" })).header("idempotency-key", "k").send();
    let first = json_of(ask("show").await.unwrap()).await;
    json_of(patch(&gateway, "help", &json!({ "instructions": "Two." })).await).await;
    let second = json_of(ask("show").await.unwrap()).await;
    assert_eq!((&first["id"], &first["choices"]), (&second["id"], &second["choices"]));
    assert_eq!(first["conversation"], second["conversation"]);
    assert_eq!(gateway.request(Method::DELETE, "/v1/bots/help").send().await.unwrap().status(), 204);
    assert_eq!(json_of(ask("show").await.unwrap()).await["id"], first["id"]);
    let other = ask("show me").await.unwrap();
    assert_eq!(refused(other, 422).await, ("idempotency_key".into(), "idempotency_key_reused".into()));
}

fn embedding_model() -> EmbeddingModel {
    EmbeddingModel { id: 1, name: "m-embed".to_owned(), version: "1".to_owned(), dimensions: 2 }
}

fn put_chunk(gateway: &Fixture, chunk: i64, text: &str) {
    let hit = Hit {
        chunk,
        document: Uuid::from_u128(9),
        collection: "faq".to_owned(),
        source: "shop.md".to_owned(),
        title: Some("Shop".to_owned()),
        url: Some("https://example.com/shop".to_owned()),
        path: vec!["Shop".to_owned()],
        text: text.to_owned(),
        metadata: serde_json::Map::new(),
        published_at: None,
        score: 0.0,
        highlights: Vec::new(),
        explanation: None,
    };
    gateway.store.put_chunk(StoredChunk { tenant: tenant("acme"), model: 1, vector: vec![1.0, 0.0], hit });
}

/// With a bot `help` that searches a collection by words, and is this besides.
async fn with_collection(gateway: &Fixture, rest: Value) {
    let collection = Searchable { name: "faq".to_owned(), model: Some(embedding_model()) };
    gateway.store.put_collection(tenant("acme"), collection);
    let mut body =
        json!({ "name": "help", "instructions": "Be brief.", "collections": ["faq"], "retrieval": { "mode": "text" } });
    body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    let response = post(gateway, &body).await;
    assert_eq!(response.status(), 201, "{:?}", response.text().await);
}

/// The job that a chat of this body becomes: its worker says it.
async fn job_of_chat(gateway: &Fixture, body: &Value) -> Value {
    let answer = gateway.post("/v1/chat/completions", body).await;
    serde_json::from_str(answer["choices"][0]["message"]["content"].as_str().unwrap()).unwrap()
}

fn asking(text: &str) -> Value {
    json!({ "model": "bot:help", "messages": [{ "role": "user", "content": text }] })
}

#[tokio::test]
async fn a_bot_with_a_collection_brings_what_is_found_there() {
    let gateway = start().await;
    with_collection(&gateway, json!({})).await;
    put_chunk(&gateway, 7, "refunds are paid within 5 days");
    put_chunk(&gateway, 8, "the shop opens at nine");
    let job = job_of_chat(&gateway, &asking("show refunds")).await;
    let passage = json!({
        "text": "refunds are paid within 5 days", "title": "Shop", "url": "https://example.com/shop", "source": "shop.md",
        "collection": "faq", "document": Uuid::from_u128(9), "chunk": 7,
    });
    let nothing = "I could not find that in the documents.";
    let grounding =
        json!({ "instructions": "Be brief.", "passages": [passage], "max_tokens": 1500, "nothing_found": nothing });
    assert_eq!(job["grounding"], grounding);
    let job = job_of_chat(&gateway, &asking("show bees")).await;
    let grounding = json!({ "instructions": "Be brief.", "max_tokens": 1500, "nothing_found": nothing });
    assert_eq!(job["grounding"], grounding, "nothing is found, and that is what its worker says");
    let silent = json!({ "model": "bot:help", "messages": [{ "role": "system", "content": "x" }] });
    let response = gateway.request(Method::POST, "/v1/jobs/chat").json(&silent).send().await.unwrap();
    assert_eq!(refused(response, 400).await.0, "messages");
    // The same over the other ways in.
    let job = gateway.post("/v1/jobs/chat", &asking("show refunds")).await;
    let told = gateway.ended(job["id"].as_str().unwrap()).await.data["text"].as_str().unwrap().to_owned();
    assert!(told.contains("within 5 days"), "{told}");
}

#[tokio::test]
async fn citations_come_with_the_message_and_with_the_last_piece_of_a_stream() {
    let gateway = start().await;
    with_collection(&gateway, json!({})).await;
    put_chunk(&gateway, 7, "cite me");
    let citation = json!({
        "n": 1, "quote": "So it is.", "title": "Shop", "url": "https://example.com/shop", "source": "shop.md",
        "collection": "faq", "document": Uuid::from_u128(9), "chunk": 7,
    });
    let answer = gateway.post("/v1/chat/completions", &asking("cite 1")).await;
    assert_eq!(answer["choices"][0]["message"]["citations"], json!([citation]));
    let none = gateway.post("/v1/chat/completions", &asking("say cite")).await;
    assert_eq!(none["choices"][0]["message"]["citations"], json!([]), "there was something to cite");
    let mut streaming = asking("cite 1");
    streaming["stream"] = json!(true);
    let stream = gateway.request(Method::POST, "/v1/chat/completions").json(&streaming).send().await.unwrap();
    let events = SseReader::new(stream).all().await;
    let deltas: Vec<Value> =
        events[..events.len() - 1].iter().map(|event| event.json()["choices"][0]["delta"].clone()).collect();
    assert_eq!(deltas.last().unwrap(), &json!({ "citations": [citation] }));
    assert!(deltas[..deltas.len() - 1].iter().all(|delta| delta.get("citations").is_none()), "{deltas:?}");
}

#[tokio::test]
async fn a_bot_is_asked_over_a_websocket_too() {
    let gateway = start().await;
    with_collection(&gateway, json!({})).await;
    put_chunk(&gateway, 7, "cite me");
    let mut socket = Socket::welcome(&gateway).await;
    let mut chat = asking("cite 1");
    (chat["type"], chat["ref"]) = (json!("chat"), json!("a"));
    socket.say(chat.clone()).await;
    let accepted = socket.answer("a").await;
    assert_eq!(accepted["type"], "accepted", "{accepted}");
    let events = socket.events(&accepted["job"]).await;
    assert_eq!(events.last().unwrap()["data"]["citations"][0]["chunk"], 7);
    (chat["model"], chat["ref"]) = (json!("bot:nobody"), json!("b"));
    socket.say(chat).await;
    let refused = socket.answer("b").await;
    assert_eq!((&refused["type"], &refused["error"]["code"]), (&json!("error"), &json!("model_not_found")));
}

#[tokio::test]
async fn a_chat_is_not_accepted_while_its_documents_can_not_be_searched() {
    let gateway = start().await;
    with_collection(&gateway, json!({ "retrieval": { "mode": "vector" } })).await;
    for path in ["/v1/chat/completions", "/v1/jobs/chat"] {
        let response = gateway.request(Method::POST, path).json(&asking("say hi")).send().await.unwrap();
        assert!(response.headers().contains_key("retry-after") && !response.headers().contains_key("ruche-job"));
        assert_eq!(refused(response, 503).await.1, "model_unavailable");
    }
    assert_eq!(gateway.waiting().await, 0);
    let events = gateway.read("/v1/jobs").await;
    assert_eq!(events["data"], json!([]), "nothing was begun");
}

#[tokio::test]
async fn a_chat_that_is_sent_again_is_the_same_job_whatever_is_found_by_then() {
    let gateway = start().await;
    with_collection(&gateway, json!({})).await;
    put_chunk(&gateway, 7, "refunds take 5 days");
    let ask = || {
        let request = gateway.request(Method::POST, "/v1/chat/completions").json(&asking("show refunds"));
        request.header("idempotency-key", "k").send()
    };
    let first = json_of(ask().await.unwrap()).await;
    put_chunk(&gateway, 6, "refunds take 9 days");
    let second = json_of(ask().await.unwrap()).await;
    assert_eq!((&first["id"], &first["choices"]), (&second["id"], &second["choices"]));
    let now = job_of_chat(&gateway, &asking("show refunds")).await;
    assert_eq!(now["grounding"]["passages"].as_array().unwrap().len(), 2, "another one finds more");
}

#[tokio::test]
async fn a_question_that_follows_others_is_searched_for_as_it_stands_alone() {
    let gateway = start().await;
    with_collection(&gateway, json!({ "rewrite": true })).await;
    put_chunk(&gateway, 7, "opening hours are nine to five");
    let said = |role: &str, content: &str| json!({ "role": role, "content": content });
    // The worker's "rewritten question" is what it is given, the question before among it.
    let before = [said("user", "say opening hours"), said("assistant", "Nine to six.")];
    let follows =
        json!({ "model": "bot:help", "messages": [before[0], before[1], said("user", "show it on sundays")] });
    let job = job_of_chat(&gateway, &follows).await;
    assert_eq!(job["grounding"]["passages"][0]["chunk"], 7, "{job}");
    assert_eq!(job["messages"], follows["messages"], "the conversation stays as it is");
    let alone = job_of_chat(&gateway, &asking("show it on sundays")).await;
    assert!(alone["grounding"].get("passages").is_none(), "without others it stands alone: {alone}");
    // What is too long for a question is none, and then the question itself is searched for.
    let long = said("user", &"long ".repeat(200));
    let wordy = json!({ "model": "bot:help", "messages": [long, said("user", "show opening")] });
    let job = job_of_chat(&gateway, &wordy).await;
    assert_eq!(job["grounding"]["passages"][0]["chunk"], 7, "{job}");
    json_of(patch(&gateway, "help", &json!({ "rewrite": false })).await).await;
    let job = job_of_chat(&gateway, &follows).await;
    assert!(job["grounding"].get("passages").is_none(), "{job}");
}

#[tokio::test]
async fn passages_that_a_client_brings_are_cited_whole_and_in_the_last_piece() {
    let gateway = start().await;
    let passage = json!({ "text": "So it is.", "title": "Truth", "url": "https://example.com/truth", "chunk": 7 });
    let body = json!({
        "messages": [{ "role": "user", "content": "cite 1" }],
        "grounding": { "passages": [passage], "nothing_found": "Nothing." },
    });
    let job = gateway.post("/v1/jobs/chat", &body).await;
    let ended = gateway.ended(job["id"].as_str().unwrap()).await;
    let citation = json!({
        "n": 1, "quote": "So it is.", "title": "Truth", "url": "https://example.com/truth", "chunk": 7
    });
    assert_eq!(ended.data["citations"], json!([citation]));
    let read: Grounding = serde_json::from_value(body["grounding"].clone()).unwrap();
    assert_eq!(read.passages.len(), 1);
    let too_many = json!({ "messages": body["messages"], "grounding": { "passages": vec![passage; 33] } });
    let response = gateway.request(Method::POST, "/v1/jobs/chat").json(&too_many).send().await.unwrap();
    assert_eq!(refused(response, 400).await.0, "grounding.passages");
}
