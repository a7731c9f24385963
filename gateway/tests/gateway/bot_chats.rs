//! Chats with bots that have documents: the job has the passages, the answer the citations.

use reqwest::Method;
use ruche_bus::{Bus as _, WorkerRegistration};
use ruche_schemas::{
    Job as _,
    kinds::{chat::Grounding, embed::Embed},
};
use ruche_store::{
    memory::StoredChunk,
    models::EmbeddingModel,
    search::{Hit, Searchable},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    bots::{asking, patch, post},
    support::{Fixture, SseReader, json_of, refused, registration, start, tenant},
    ws::Socket,
};

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
        also_in: Vec::new(),
        explanation: None,
    };
    gateway.store.put_chunk(StoredChunk { tenant: tenant("acme"), model: 1, vector: vec![1.0, 0.0], hit });
}

/// Creates a bot `help` that searches a collection by words, with these other fields.
async fn with_collection(gateway: &Fixture, rest: Value) {
    let collection = Searchable { name: "faq".to_owned(), model: Some(embedding_model()) };
    gateway.store.put_collection(tenant("acme"), collection);
    let mut body =
        json!({ "name": "help", "instructions": "Be brief.", "collections": ["faq"], "retrieval": { "mode": "text" } });
    body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    let response = post(gateway, &body).await;
    assert_eq!(response.status(), 201, "{:?}", response.text().await);
}

/// The job of a chat with this body, as its worker prints it.
async fn job_of_chat(gateway: &Fixture, body: &Value) -> Value {
    let answer = gateway.post("/v1/chat/completions", body).await;
    serde_json::from_str(answer["choices"][0]["message"]["content"].as_str().unwrap()).unwrap()
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
    // A code alone has no language, and none of the passages is about it.
    put_chunk(&gateway, 9, "The pump ZX-9 costs 49 euros");
    let job = job_of_chat(&gateway, &asking("show ZX-9")).await;
    assert_eq!(job["grounding"]["passages"][0]["chunk"], 9);
    let said = |role: &str, content: &str| json!({ "role": role, "content": content });
    let french = said("user", "Combien coûte la pompe, et quand est-elle livrée ?");
    let messages = [french, said("user", "ZX-7"), said("assistant", "show")];
    for (messages, told) in [(&messages[..], "Je n'ai pas trouvé cela dans les documents."), (&messages[1..], nothing)]
    {
        let job = job_of_chat(&gateway, &json!({ "model": "bot:help", "messages": messages })).await;
        let grounding = &job["grounding"];
        assert_eq!((&grounding["nothing_found"], &grounding["passages"]), (&json!(told), &Value::Null));
    }
    let silent = json!({ "model": "bot:help", "messages": [{ "role": "system", "content": "x" }] });
    let response = gateway.request(Method::POST, "/v1/jobs/chat").json(&silent).send().await.unwrap();
    assert_eq!(refused(response, 400).await.0, "messages");
    // The same over the other entrances.
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
async fn while_a_bots_documents_are_searched_its_socket_goes_on() {
    let gateway = start().await;
    with_collection(&gateway, json!({ "retrieval": { "mode": "vector" } })).await;
    put_chunk(&gateway, 7, "cite me");
    // Registered, but it answers nothing.
    let (worker, models) = ("deaf".to_owned(), vec![embedding_model().name]);
    gateway.bus.register(&WorkerRegistration { kind: Embed::KIND, worker, models, ..registration() }).await.unwrap();
    let mut socket = Socket::welcome(&gateway).await;
    let mut chat = asking("cite 1");
    (chat["type"], chat["ref"]) = (json!("chat"), json!("a"));
    socket.say(chat).await;
    socket.say(json!({ "type": "ping", "ref": "b" })).await;
    let first = socket.hear().await;
    assert_eq!((&first["type"], &first["ref"]), (&json!("pong"), &json!("b")), "before the chat is answered");
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
    let message = |role: &str, content: &str| json!({ "role": role, "content": content });
    // The worker's "rewritten question" is its prompt, which includes the question before.
    let before = [message("user", "say opening hours"), message("assistant", "Nine to six.")];
    let follows =
        json!({ "model": "bot:help", "messages": [before[0], before[1], message("user", "show it on sundays")] });
    let job = job_of_chat(&gateway, &follows).await;
    assert_eq!(job["grounding"]["passages"][0]["chunk"], 7, "{job}");
    assert_eq!(job["messages"], follows["messages"], "the conversation stays as it is");
    let alone = job_of_chat(&gateway, &asking("show it on sundays")).await;
    assert!(alone["grounding"].get("passages").is_none(), "without others it stands alone: {alone}");
    // Too long for a question: the original is searched for.
    let long = message("user", &"long ".repeat(200));
    let wordy = json!({ "model": "bot:help", "messages": [long, message("user", "show opening")] });
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
