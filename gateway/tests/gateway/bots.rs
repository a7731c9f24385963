//! Bots over HTTP, and their chats.

use chrono::SubsecRound as _;
use reqwest::{Method, Response};
use ruche_schemas::{bots::Bot, clock};
use ruche_store::bots::{Bots as _, StoredBot};
use serde_json::{Value, json};

use crate::support::{Fixture, MODEL, Sse, SseReader, json_of, refused, start, tenant, without_worker};

pub(crate) async fn post(gateway: &Fixture, body: &Value) -> Response {
    gateway.request(Method::POST, "/v1/bots").json(body).send().await.unwrap()
}

pub(crate) async fn patch(gateway: &Fixture, name: &str, body: &Value) -> Response {
    gateway.request(Method::PATCH, &format!("/v1/bots/{name}")).json(body).send().await.unwrap()
}

pub(crate) fn asking(text: &str) -> Value {
    json!({ "model": "bot:help", "messages": [{ "role": "user", "content": text }] })
}

/// A bot that was made before any worker was alive.
pub(crate) async fn made_before(gateway: &Fixture, name: &str, model: &str) {
    let now = clock::now().trunc_subsecs(6);
    let bot = Bot { name: name.to_owned(), model: Some(model.to_owned()), ..Bot::default() };
    let stored = StoredBot { bot, created_at: now, updated_at: now };
    gateway.store.make_bot(&tenant("acme"), &stored, 100).await.unwrap();
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
    assert_eq!(refused(patch(&gateway, "help", &json!({ "name": "x" })).await, 409).await.0, "name");
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
        (json!({ "name": "h", "collections": ["nowhere"] }), 404, "collections[0]", "collection_not_found"),
        (json!({ "name": "h", "retrieval": { "top_k": 100 } }), 400, "retrieval.top_k", "invalid_request"),
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
        assert!(told.contains("model_not_found") && told.contains("there are no bots yet"), "{told}");
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
    assert!(told.contains("model_not_found") && told.contains("there is bot:help"), "{told}");
    made_before(&gateway, "lost", "unheard-of").await;
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
    let flow = json!({ "kind": "chat", "body": { "messages": chat["messages"] }, "on_success": [{ "kind": "chat", "body": chat }] });
    let response = gateway.request(Method::POST, "/v1/jobs").json(&flow).send().await.unwrap();
    assert_eq!(refused(response, 400).await.0, "on_success[0].body.model");
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
