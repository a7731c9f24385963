//! Operators' features, and that nobody else may use them.

use std::collections::BTreeMap;

use reqwest::Method;
use ruche_bus::{Bus as _, WorkerRegistration};
use ruche_schemas::{Lane, kinds};
use ruche_store::Health as _;
use serde_json::{Value, json};

use crate::support::{Fixture, json_of, refused, registration, without_worker};

async fn ask(gateway: &Fixture, method: Method, path: &str) -> Value {
    json_of(gateway.as_key(&gateway.admin, method, path).send().await.unwrap()).await
}

#[tokio::test]
async fn a_members_key_is_no_operators() {
    let gateway = without_worker(|_| {}).await;
    for (method, path) in [
        (Method::GET, "/v1/queues"),
        (Method::GET, "/v1/workers"),
        (Method::GET, "/v1/pauses"),
        (Method::POST, "/v1/queues/chat/pause"),
        (Method::POST, "/v1/queues/chat/resume"),
        (Method::POST, "/v1/tenants/acme/pause"),
        (Method::POST, "/v1/tenants/acme/resume"),
        (Method::POST, "/v1/workers/test-1/drain"),
        (Method::POST, "/v1/workers/test-1/resume"),
        (Method::GET, "/v1/jobs?tenant=other"),
        (Method::GET, "/v1/dead?tenant=other"),
        (Method::GET, "/v1/schedules?tenant=other"),
    ] {
        let response = gateway.request(method, path).send().await.unwrap();
        assert_eq!(refused(response, 403).await.1, "forbidden", "{path}");
    }
    assert_eq!(ask(&gateway, Method::GET, "/v1/pauses").await["data"], json!([]));
    // Its name is its own tenant.
    assert_eq!(gateway.read("/v1/jobs?tenant=acme").await["data"], json!([]));
    let response = gateway.get("/v1/jobs?tenant=NO").send().await.unwrap();
    assert_eq!(refused(response, 400).await.0, "tenant");
}

#[tokio::test]
async fn queues_show_what_waits_and_who_works() {
    let gateway = without_worker(|_| {}).await;
    gateway.bus.register(&registration()).await.unwrap();
    gateway.submit("a").await;
    assert_eq!(ask(&gateway, Method::GET, "/v1/queues").await["data"][1]["per_second"], 0.0);
    // The counts include ephemeral jobs.
    let ended = BTreeMap::from([(Lane::Normal, 50)]);
    gateway.bus.register(&WorkerRegistration { ended, ..registration() }).await.unwrap();
    let queues = ask(&gateway, Method::GET, "/v1/queues").await;
    let normal = queues["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|queue| queue["lane"] == "normal" && queue["kind"] == "chat")
        .unwrap();
    let expected = json!({ "kind": "chat", "waiting": 1, "in_flight": 0, "slots": 8, "busy": 3, "paused": false });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&normal[name], value, "{name}");
    }
    assert!(normal["oldest_seconds"].as_f64().is_some_and(|seconds| seconds >= 0.0));
    assert!(normal["per_second"].as_f64().is_some_and(|rate| rate > 0.0));
    // A row per kind and lane.
    let all = 3 * kinds::all().len();
    assert_eq!(queues["data"].as_array().unwrap().len(), all);
    gateway.store.fail(true);
    assert!(gateway.store.ready().await.is_err());
    assert_eq!(ask(&gateway, Method::GET, "/v1/queues").await["data"].as_array().unwrap().len(), all);
}

#[tokio::test]
async fn what_is_paused_is_shown_and_still_takes_jobs() {
    let gateway = without_worker(|_| {}).await;
    let paused = ask(&gateway, Method::POST, "/v1/queues/chat/pause").await;
    assert_eq!(paused, json!({ "what": "kind", "name": "chat", "paused": true }));
    ask(&gateway, Method::POST, "/v1/tenants/acme/pause").await;
    let holds = ask(&gateway, Method::GET, "/v1/pauses").await;
    let expected = [json!({ "what": "kind", "name": "chat" }), json!({ "what": "tenant", "name": "acme" })];
    assert!(expected.iter().all(|hold| holds["data"].as_array().unwrap().contains(hold)), "{holds}");
    let queues = ask(&gateway, Method::GET, "/v1/queues").await;
    let is_right = |queue: &Value| (queue["paused"] == true) == (queue["kind"] == "chat");
    assert!(queues["data"].as_array().unwrap().iter().all(is_right), "{queues}");
    gateway.submit("still").await;
    assert_eq!(gateway.waiting().await, 1);
    ask(&gateway, Method::POST, "/v1/queues/chat/resume").await;
    ask(&gateway, Method::POST, "/v1/tenants/acme/resume").await;
    assert_eq!(ask(&gateway, Method::GET, "/v1/pauses").await["data"], json!([]));
    for (path, status) in [("/v1/queues/dance/pause", 404), ("/v1/tenants/NO/pause", 400)] {
        let response = gateway.as_key(&gateway.admin, Method::POST, path).send().await.unwrap();
        refused(response, status).await;
    }
}

#[tokio::test]
async fn a_worker_is_listed_drained_and_resumed() {
    let gateway = without_worker(|_| {}).await;
    gateway.bus.register(&registration()).await.unwrap();
    let worker = ask(&gateway, Method::GET, "/v1/workers").await["data"][0].clone();
    assert_eq!(
        (&worker["worker"], &worker["state"], &worker["slots"]),
        (&json!("test-1"), &json!("running"), &json!(8))
    );
    assert_eq!(worker["pool"], json!(null), "it takes what no pool is for");
    let pooled = WorkerRegistration { worker: "test-2".into(), pool: Some("large".into()), ..registration() };
    gateway.bus.register(&pooled).await.unwrap();
    assert_eq!(ask(&gateway, Method::GET, "/v1/workers").await["data"][1]["pool"], "large");
    ask(&gateway, Method::POST, "/v1/workers/test-1/drain").await;
    assert_eq!(ask(&gateway, Method::GET, "/v1/workers").await["data"][0]["state"], "draining");
    // A worker that is gone can still be resumed; an unknown one can't.
    gateway.bus.deregister(&registration()).await.unwrap();
    ask(&gateway, Method::POST, "/v1/workers/test-1/resume").await;
    assert_eq!(ask(&gateway, Method::GET, "/v1/pauses").await["data"], json!([]));
    for path in ["/v1/workers/test-1/drain", "/v1/workers/test-1/resume"] {
        let response = gateway.as_key(&gateway.admin, Method::POST, path).send().await.unwrap();
        assert_eq!(refused(response, 404).await.1, "worker_not_found");
    }
}
