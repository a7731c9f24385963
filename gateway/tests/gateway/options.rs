//! The options of a job: later, once, followed by others.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Method, Response};
use ruche_bus::Bus as _;
use ruche_schemas::{EventType, clock, event};
use serde_json::{Value, json};

use crate::support::{Fixture, chat_body, json_of, refused, without_worker};

async fn submit(gateway: &Fixture, rest: Value) -> Response {
    let mut body = json!({ "kind": "chat", "body": chat_body("hi") });
    body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    gateway.request(Method::POST, "/v1/jobs").json(&body).send().await.unwrap()
}

#[tokio::test]
async fn a_job_is_submitted_with_its_kind_in_the_body_and_its_log_says_what_is_known_of_it() {
    let gateway = without_worker(|_| {}).await;
    let on_success = json!([{ "kind": "chat", "with": { "/messages": "/messages" } }]);
    let response = submit(&gateway, json!({ "lane": "bulk", "on_success": on_success })).await;
    assert_eq!(response.status(), 202);
    let job = json_of(response).await;
    let first = gateway.bus.last(&Fixture::reference(job["id"].as_str().unwrap())).await.unwrap().unwrap().record;
    assert_eq!((first.event, first.n), (EventType::Accepted, 1));
    let known: event::Accepted = first.parse().unwrap();
    assert_eq!((known.lane.as_str(), known.on_success.len(), known.run_at), ("bulk", 1, None));
    let view = gateway.read(&format!("/v1/jobs/{}", job["id"].as_str().unwrap())).await;
    assert_eq!((&view["lane"], &view["state"]), (&json!("bulk"), &json!("queued")));
}

#[tokio::test]
async fn a_key_that_comes_again_with_another_job_is_refused() {
    let gateway = without_worker(|_| {}).await;
    let key = json!({ "idempotency_key": "k" });
    let first = json_of(submit(&gateway, key.clone()).await).await;
    let again = json_of(submit(&gateway, key).await).await;
    assert_eq!((&first["id"], &again["duplicate"]), (&again["id"], &json!(true)));
    let other = submit(&gateway, json!({ "idempotency_key": "k", "body": chat_body("something else") })).await;
    assert_eq!(refused(other, 422).await, ("idempotency_key".into(), "idempotency_key_reused".into()));
    // The same at the other entrance.
    for (text, status) in [("hi", 202), ("no", 422)] {
        let request =
            gateway.request(Method::POST, "/v1/jobs/chat").header("idempotency-key", "k").json(&chat_body(text));
        assert_eq!(request.send().await.unwrap().status(), status);
    }
    assert_eq!(gateway.waiting().await, 1);
}

#[tokio::test]
async fn a_flow_that_can_not_be_is_refused_and_nothing_is_published() {
    let gateway = without_worker(|_| {}).await;
    let one = |rest: Value| json!({ "on_success": [rest] });
    let mut deep = json!({ "kind": "chat", "body": chat_body("x") });
    for _ in 0..17 {
        deep = json!({ "kind": "chat", "body": chat_body("x"), "on_success": [deep] });
    }
    for (rest, param) in [
        (one(json!({ "kind": "dance" })), "on_success[0].kind"),
        (one(json!({ "kind": "chat", "body": {} })), "on_success[0].body.messages"),
        (one(json!({ "kind": "chat", "with": { "messages": "" } })), "on_success[0].with"),
        (one(json!({ "kind": "chat", "with": { "/messages": "x" } })), "on_success[0].with"),
        (one(json!({ "all": [] })), "on_success[0].all"),
        (one(json!({ "all": [{ "kind": "chat", "body": chat_body("x") }], "each": "x" })), "on_success[0].each"),
        (one(json!({ "all": [{ "kind": "dance" }] })), "on_success[0].all[0].kind"),
        (
            one(json!({ "all": [{ "kind": "chat", "body": chat_body("x") }], "join": { "kind": "x" } })),
            "on_success[0].join.kind",
        ),
        (json!({ "on_failure": [{ "kind": "chat", "body": 7 }] }), "on_failure[0].body"),
        (json!({ "lane": "fast" }), "lane"),
        (one(json!({ "colour": "red" })), "on_success[0]"),
        (one(json!({ "kind": "chat", "body": chat_body("x"), "all": [] })), "on_success[0]"),
        (one(json!({ "kind": "chat", "body": chat_body("x"), "each": "" })), "on_success[0]"),
        (
            one(json!({ "all": [{ "kind": "chat", "body": chat_body("x") }], "on_success": [{ "kind": "chat" }] })),
            "on_success[0]",
        ),
        (
            one(json!({ "kind": "chat", "body": { "messages": chat_body("x")["messages"], "tools": [{}] } })),
            "on_success[0].body.tools",
        ),
        (json!({ "unique": { "key": "", "window_seconds": 1 } }), "unique.key"),
        (json!({ "unique": { "key": "k", "window_seconds": 0 } }), "unique.window_seconds"),
        (json!({ "delay_seconds": u64::MAX }), "delay_seconds"),
        (json!({ "run_at": "2999-01-01T00:00:00Z" }), "run_at"),
        (json!({ "run_at": "2999-01-01T00:00:00Z", "delay_seconds": 1 }), "run_at"),
    ] {
        let text = rest.to_string();
        assert_eq!(refused(submit(&gateway, rest).await, 400).await.0, param, "{text}");
    }
    assert_eq!(submit(&gateway, one(deep)).await.status(), 400);
    assert_eq!(gateway.waiting().await, 0);
}

#[tokio::test]
async fn a_unique_job_is_one_for_its_window_and_not_another_tenants() {
    let gateway = without_worker(|_| {}).await;
    let unique = json!({ "unique": { "key": "daily", "window_seconds": 3600 } });
    let first = json_of(submit(&gateway, unique.clone()).await).await;
    let again = json_of(submit(&gateway, unique.clone()).await).await;
    assert_eq!((&first["id"], &first["duplicate"], &again["duplicate"]), (&again["id"], &json!(false), &json!(true)));
    let body = json!({ "kind": "chat", "body": chat_body("hi"), "unique": { "key": "daily", "window_seconds": 3600 } });
    let other = gateway.as_key(&gateway.stranger, Method::POST, "/v1/jobs").json(&body).send().await.unwrap();
    assert_eq!(json_of(other).await["duplicate"], false);
    assert_eq!(gateway.waiting().await, 2);
}

#[tokio::test]
async fn a_job_that_is_put_off_waits_and_is_cancelled_at_once() {
    let gateway = without_worker(|_| {}).await;
    let later: DateTime<Utc> = clock::now() + TimeDelta::hours(1);
    let job = json_of(submit(&gateway, json!({ "run_at": later })).await).await;
    let path = format!("/v1/jobs/{}", job["id"].as_str().unwrap());
    let view = gateway.read(&path).await;
    assert_eq!((&view["state"], &view["run_at"]), (&json!("scheduled"), &json!(later)));
    let list = gateway.read("/v1/jobs?state=scheduled").await;
    assert_eq!(list["data"][0]["id"], job["id"]);
    assert_eq!(gateway.read("/v1/jobs?state=queued").await["data"], json!([]));
    let response = gateway.request(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(response.status(), 202);
    assert_eq!(gateway.read(&path).await["state"], "cancelled");
    assert_eq!(gateway.read("/v1/jobs?state=active").await["data"], json!([]));
    assert_eq!(gateway.read("/v1/jobs?state=cancelled").await["data"][0]["id"], job["id"]);
    // Also at the kind's own entrance; a time in the past means now.
    for (query, state) in [
        ("delay_seconds=60", "scheduled"),
        ("run_at=2020-01-01T00:00:00Z", "queued"),
        ("run_at=2020-01-01T00:00:00Z&delay_seconds=60", "scheduled"),
    ] {
        let job = gateway.post(&format!("/v1/jobs/chat?{query}"), &chat_body("hi")).await;
        assert_eq!(gateway.read(&format!("/v1/jobs/{}", job["id"].as_str().unwrap())).await["state"], state);
    }
}
