//! Caps of single tenants: set by operators, effective at once.

use reqwest::{Method, Response};
use ruche_gateway::jobs::admission::Settings;
use serde_json::{Value, json};

use crate::support::{Fixture, chat_body, json_of, refused, until, without_worker};

const PATH: &str = "/v1/tenants/acme/limits";

async fn ask(gateway: &Fixture, method: Method, path: &str, body: Option<Value>) -> Response {
    let request = gateway.as_key(&gateway.admin, method, path);
    let request = match body {
        Some(body) => request.json(&body),
        None => request,
    };
    request.send().await.unwrap()
}

async fn put(gateway: &Fixture, body: Value) -> Value {
    json_of(ask(gateway, Method::PUT, PATH, Some(body)).await).await
}

async fn with(backlog: u64) -> Fixture {
    let settings = Settings { in_flight: 7, per_second: 0, backlog };
    without_worker(move |app| app.tenants = settings).await
}

/// `options`: besides the body.
async fn submit(gateway: &Fixture, options: Value) -> Response {
    let mut job = json!({ "kind": "chat", "body": chat_body("x") });
    job.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
    gateway.request(Method::POST, "/v1/jobs").json(&job).send().await.unwrap()
}

#[tokio::test]
async fn limits_are_shown_set_and_reset_by_operators_alone() {
    let gateway = with(500).await;
    let settings = json!({ "tenant": "acme", "in_flight": 7, "per_second": 0, "backlog": 500, "own": [] });
    assert_eq!(json_of(ask(&gateway, Method::GET, PATH, None).await).await, settings);
    let own = put(&gateway, json!({ "in_flight": 2, "backlog": 10, "per_second": null })).await;
    let expected =
        json!({ "tenant": "acme", "in_flight": 2, "per_second": 0, "backlog": 10, "own": ["in_flight", "backlog"] });
    assert_eq!(own, expected);
    assert_eq!(json_of(ask(&gateway, Method::GET, PATH, None).await).await, expected);
    let list = json_of(ask(&gateway, Method::GET, "/v1/limits", None).await).await;
    assert_eq!(list["data"], json!([expected]));
    for (body, field, part) in [
        (json!({ "in_flight": 10_001 }), "in_flight", "0 to 10000"),
        (json!({ "per_second": 1_000_001 }), "per_second", "0 to 1000000"),
        (json!({ "backlog": 501 }), "backlog", "nats.tenant_backlog"),
        (json!({ "backlog": 0 }), "backlog", "1 to 500"),
    ] {
        let response = ask(&gateway, Method::PUT, PATH, Some(body)).await;
        assert_eq!(response.status(), 400);
        let error = response.json::<Value>().await.unwrap()["error"].clone();
        assert!(error.to_string().contains(part) && error.to_string().contains(field), "{error}");
    }
    assert_eq!(json_of(ask(&gateway, Method::DELETE, PATH, None).await).await, settings);
    assert_eq!(json_of(ask(&gateway, Method::GET, "/v1/limits", None).await).await["data"], json!([]));
    for (method, path) in
        [(Method::GET, PATH), (Method::PUT, PATH), (Method::DELETE, PATH), (Method::GET, "/v1/limits")]
    {
        let response = gateway.request(method, path).json(&json!({})).send().await.unwrap();
        assert_eq!(refused(response, 403).await.1, "forbidden");
    }
    assert_eq!(refused(ask(&gateway, Method::GET, "/v1/tenants/NO/limits", None).await, 400).await.0, "tenant");
}

#[tokio::test]
async fn a_tenants_own_rate_counts_at_once() {
    let gateway = with(500).await;
    put(&gateway, json!({ "per_second": 1 })).await;
    until("the rate counts", async || submit(&gateway, json!({})).await.status() == 429).await;
    let response = submit(&gateway, json!({})).await;
    assert_eq!(refused(response, 429).await, ("limits.per_second".to_owned(), "rate_limited".to_owned()));
    put(&gateway, json!({ "per_second": 0 })).await;
    until("no rate counts", async || submit(&gateway, json!({})).await.status() == 202).await;
    for _ in 0..5 {
        assert_eq!(submit(&gateway, json!({})).await.status(), 202);
    }
}

#[tokio::test]
async fn a_tenants_own_backlog_is_lower_and_is_named() {
    let gateway = with(500).await;
    put(&gateway, json!({ "backlog": 3 })).await;
    until("the backlog counts", async || submit(&gateway, json!({})).await.status() == 429).await;
    // Jobs sent before the cap arrived count too.
    assert!(gateway.waiting().await >= 3);
    for lane in ["interactive", "normal", "bulk"] {
        let response = submit(&gateway, json!({ "lane": lane, "delay_seconds": 60 })).await;
        assert_eq!(response.headers()["retry-after"], "5");
        assert_eq!(refused(response, 429).await, ("limits.backlog".to_owned(), "backlog_full".to_owned()));
    }
    let request = gateway.as_key(&gateway.stranger, Method::POST, "/v1/jobs");
    let other = request.json(&json!({ "kind": "chat", "body": chat_body("x") })).send().await.unwrap();
    assert_eq!(other.status(), 202, "another tenant has that of the settings");
    json_of(ask(&gateway, Method::DELETE, PATH, None).await).await;
    until("the settings count", async || submit(&gateway, json!({})).await.status() == 202).await;
}

#[tokio::test]
async fn jobs_for_later_are_no_way_around_the_backlog() {
    let gateway = with(3).await;
    let later = json!({ "delay_seconds": 3600 });
    assert_eq!(submit(&gateway, json!({})).await.status(), 202);
    for _ in 0..2 {
        assert_eq!(submit(&gateway, later.clone()).await.status(), 202);
    }
    let response = submit(&gateway, later.clone()).await;
    assert_eq!(refused(response, 429).await, ("nats.tenant_backlog".to_owned(), "backlog_full".to_owned()));
    let line = json!({ "kind": "chat", "body": chat_body("x"), "delay_seconds": 60 }).to_string();
    let answers = gateway.lines("", line).await.text().await.unwrap();
    assert!(answers.contains("backlog_full"), "{answers}");
    // The bus counts jobs that are due.
    assert_eq!(submit(&gateway, json!({})).await.status(), 202);
}
