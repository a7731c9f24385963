//! Two chat models side by side: one for chats, one with workers of its own for bots.

use std::{num::NonZeroUsize, time::Duration};

use reqwest::Method;
use ruche_bus::{Bus as _, Deliveries, POOL, WorkerRegistration};
use ruche_schemas::{Job as _, kinds::chat::Chat};
use serde_json::{Value, json};

use crate::{
    bots::{asking, post},
    support::{Fixture, MODEL, chat_body, refused, registration, without_worker},
};

/// Before the other one by name, so that the order of the alphabet would be wrong.
const QUOTES: &str = "a-model-that-quotes";

/// A gateway whose bots get the model that quotes, and a worker that chats.
async fn start() -> Fixture {
    let gateway = without_worker(|app| app.bots_model = QUOTES.to_owned()).await;
    gateway.work().await;
    gateway
}

/// Starts a worker of the pool, which only takes jobs.
async fn pool(gateway: &Fixture) -> Box<dyn Deliveries> {
    let (worker, pool) = ("quotes".to_owned(), Some(QUOTES.to_owned()));
    let models = vec![QUOTES.to_owned()];
    gateway.bus.register(&WorkerRegistration { worker, models, pool, ..registration() }).await.unwrap();
    gateway.bus.consume_pool(&Chat::KIND, QUOTES).await.unwrap()
}

/// The next job of the pool.
async fn next(pool: &mut Box<dyn Deliveries>) -> Value {
    let delivery = pool.next(NonZeroUsize::MIN).await.remove(0);
    assert_eq!(delivery.headers.get(POOL).map(String::as_str), Some(QUOTES));
    let envelope = serde_json::from_slice::<Value>(&delivery.payload).unwrap();
    delivery.done().await.unwrap();
    envelope["body"].clone()
}

#[tokio::test]
async fn a_chat_goes_to_the_workers_of_its_model() {
    let gateway = start().await;
    let mut pool = pool(&gateway).await;
    let mut named = chat_body("show this");
    named["model"] = json!(QUOTES);
    gateway.post("/v1/jobs/chat", &named).await;
    assert_eq!(next(&mut pool).await["model"], QUOTES);
    for model in [json!(null), json!(MODEL)] {
        let mut chat = chat_body("show this");
        chat["model"] = model.clone();
        let answer = gateway.post("/v1/chat/completions", &chat).await;
        let job: Value = serde_json::from_str(answer["choices"][0]["message"]["content"].as_str().unwrap()).unwrap();
        assert_eq!(job["model"], model, "the worker of no pool has it");
    }
}

#[tokio::test]
async fn the_model_that_chats_is_listed_first() {
    let gateway = start().await;
    let _pool = pool(&gateway).await;
    let models = gateway.read("/v1/models").await;
    let names: Vec<&str> =
        models["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect();
    assert_eq!(names, [MODEL, QUOTES], "clients take the first one to chat");
}

#[tokio::test]
async fn a_bot_without_a_model_gets_the_one_for_bots_while_a_worker_has_it() {
    let gateway = start().await;
    assert_eq!(post(&gateway, &json!({ "name": "help" })).await.status(), 201);
    assert_eq!(post(&gateway, &json!({ "name": "chatty", "model": MODEL })).await.status(), 201);
    let of_chat = async |bot: &str| -> Value {
        let mut chat = asking("show this");
        chat["model"] = json!(bot);
        let answer = gateway.post("/v1/chat/completions", &chat).await;
        serde_json::from_str(answer["choices"][0]["message"]["content"].as_str().unwrap()).unwrap()
    };
    assert_eq!(of_chat("bot:help").await["model"], json!(null), "no worker has the other model");
    let mut pool = pool(&gateway).await;
    // The list of models is cached for a moment.
    super::support::until("the pool is known", async || {
        gateway.read("/v1/models").await["data"].as_array().unwrap().iter().any(|model| model["id"] == QUOTES)
    })
    .await;
    gateway.post("/v1/jobs/chat", &asking("show this")).await;
    assert_eq!(next(&mut pool).await["model"], QUOTES);
    assert_eq!(of_chat("bot:chatty").await["model"], MODEL, "a bot may name the other one");
}

#[tokio::test]
async fn while_workers_register_again_a_bot_waits_for_its_model_and_no_other_answers() {
    let gateway = start().await;
    assert_eq!(post(&gateway, &json!({ "name": "help" })).await.status(), 201);
    gateway.bus.lose_workers();
    gateway.bus.register(&registration()).await.unwrap();
    let mut named = chat_body("show this");
    named["model"] = json!(QUOTES);
    for chat in [&asking("show this"), &named] {
        let response = gateway.request(Method::POST, "/v1/chat/completions").json(chat).send().await.unwrap();
        assert!(response.headers().contains_key("retry-after"));
        assert_eq!(refused(response, 503).await.1, "workers_unknown");
    }
    let registering = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        pool(&gateway).await
    };
    let asked = asking("show this");
    let (_, mut pool) = tokio::join!(gateway.post("/v1/jobs/chat", &asked), registering);
    assert_eq!(next(&mut pool).await["model"], QUOTES);
}
