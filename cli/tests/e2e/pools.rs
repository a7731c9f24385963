//! Two chat models side by side, each with a worker of its own.

use std::time::{Duration, Instant};

use ruche_schemas::JobId;
use serde_json::{Value, json};
use tokio::time::interval;

use crate::system::{MODEL, Running, System, TIMEOUT, ask};

/// Before the other one by name, so that the order of the alphabet would be wrong.
const QUOTES: &str = "a-model-that-quotes";

/// The names of the models, once there are as many. A worker is ready shortly before it is registered, and the gateway
/// keeps the list for seconds.
async fn models(gateway: &Running, count: usize) -> Vec<Value> {
    let start = Instant::now();
    let mut pause = interval(Duration::from_millis(100));
    loop {
        pause.tick().await;
        let (_, models) = Running::json(gateway.get("/v1/models")).await;
        let names: Vec<_> = models["data"].as_array().unwrap().iter().map(|model| model["id"].clone()).collect();
        if names.len() == count {
            return names;
        }
        assert!(start.elapsed() < TIMEOUT, "{names:?}");
    }
}

/// The model that answers this chat.
async fn answered_by(gateway: &Running, chat: &Value) -> Value {
    let job = gateway.submit(chat).await;
    let last = gateway.events(&job, 1).await.rest().await.pop().unwrap();
    assert_eq!(last["type"], "done", "{last}");
    last["data"]["model"].clone()
}

#[tokio::test]
async fn each_chat_is_answered_by_the_worker_of_its_model() {
    let system = System::start().await;
    let gateway = system.gateway_with_bots_model(QUOTES).await;
    let (_chats, _quotes) = (system.worker().await, system.pooled_worker(QUOTES).await);
    assert_eq!(models(&gateway, 3).await, [MODEL, QUOTES, "default"]);
    let naming = |model: &str| {
        let mut chat = ask("Who are you?");
        chat["model"] = json!(model);
        chat
    };
    assert_eq!(answered_by(&gateway, &ask("Who are you?")).await, MODEL);
    assert_eq!(answered_by(&gateway, &naming(MODEL)).await, MODEL);
    assert_eq!(answered_by(&gateway, &naming(QUOTES)).await, QUOTES);
    for bot in [json!({ "name": "help" }), json!({ "name": "chatty", "model": MODEL })] {
        let (status, answer) = Running::json(gateway.post("/v1/bots", &bot)).await;
        assert_eq!(status, 201, "{answer}");
    }
    assert_eq!(answered_by(&gateway, &naming("bot:help")).await, QUOTES);
    assert_eq!(answered_by(&gateway, &naming("bot:chatty")).await, MODEL);
}

/// The registrations of workers are in the server's memory.
#[tokio::test]
async fn after_a_loss_of_nats_a_bot_is_answered_by_its_model_again_and_by_no_other() {
    let (system, nats, _postgres) = System::start_alone().await;
    let gateway = system.gateway_with_bots_model(QUOTES).await;
    let (_chats, _quotes) = (system.worker().await, system.pooled_worker(QUOTES).await);
    assert_eq!(models(&gateway, 3).await, [MODEL, QUOTES, "default"]);
    let (status, answer) = Running::json(gateway.post("/v1/bots", &json!({ "name": "help" }))).await;
    assert_eq!(status, 201, "{answer}");
    let mut chat = ask("Who are you?");
    chat["model"] = json!("bot:help");
    for _ in 0..2 {
        nats.kill().await;
        nats.start().await;
        let (start, mut answered) = (Instant::now(), 0);
        while answered < 2 {
            assert!(start.elapsed() < TIMEOUT, "it is not answered");
            let (status, job) = Running::json(gateway.post("/v1/jobs/chat", &chat)).await;
            match status {
                202 => {
                    let last = gateway.events(job["id"].as_str().unwrap(), 1).await.rest().await.pop().unwrap();
                    assert_eq!((&last["type"], &last["data"]["model"]), (&json!("done"), &json!(QUOTES)), "{last}");
                    answered += 1;
                }
                // Until the gateway and the workers are back.
                503 => tokio::time::sleep(Duration::from_millis(50)).await,
                _ => panic!("{status}: {job}"),
            }
        }
        assert_eq!(models(&gateway, 4).await, [MODEL, QUOTES, "bot:help", "default"]);
        assert_eq!(gateway.get("/readyz").send().await.unwrap().status(), 200);
    }
}

/// A worker publishes the next job of a flow, and knows no pools.
#[tokio::test]
async fn a_job_of_a_flow_reaches_the_pool_of_its_model() {
    let system = System::start().await;
    let gateway = system.gateway().await;
    let (_chats, _quotes) = (system.worker().await, system.pooled_worker(QUOTES).await);
    // A worker may be ready before it is registered.
    models(&gateway, 3).await;
    let mut next = ask("Thank you!");
    next["model"] = json!(QUOTES);
    let job = json!({
        "kind": "chat", "body": ask("Hello!"), "on_success": [{ "kind": "chat", "body": next }],
    });
    let (status, accepted) = Running::json(gateway.post("/v1/jobs", &job)).await;
    assert_eq!(status, 202, "{accepted}");
    let first: JobId = accepted["id"].as_str().unwrap().parse().unwrap();
    let path = format!("/v1/jobs/{}", first.derived("on_success.0"));
    let done = async {
        loop {
            let (_, job) = Running::json(gateway.get(&path)).await;
            if job["state"] == "done" {
                return job;
            }
            assert_ne!(job["state"], "failed", "{job}");
        }
    };
    let job = tokio::time::timeout(TIMEOUT, done).await.expect("it ends in time");
    assert_eq!(job["output"]["model"], QUOTES, "{job}");
}
