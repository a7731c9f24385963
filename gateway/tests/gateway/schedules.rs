//! `/v1/schedules`: created, shown, paused, resumed and deleted, per tenant.

use reqwest::Method;
use ruche_bus::Scheduler as _;
use ruche_schemas::Envelope;
use serde_json::{Value, json};

use crate::support::{Fixture, chat_body, json_of, refused, tenant, without_worker};

async fn put(gateway: &Fixture, name: &str, rest: Value) -> reqwest::Response {
    let mut body = json!({ "kind": "chat", "body": chat_body("hi") });
    body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    gateway.request(Method::PUT, &format!("/v1/schedules/{name}")).json(&body).send().await.unwrap()
}

#[tokio::test]
async fn a_schedule_is_kept_shown_paused_resumed_and_deleted() {
    let gateway = without_worker(|_| {}).await;
    let rest = json!({ "cron": "0 30 8 * * MON-FRI", "time_zone": "Europe/Paris", "lane": "bulk" });
    let kept = json_of(put(&gateway, "daily", rest).await).await;
    assert_eq!((&kept["cron"], &kept["time_zone"]), (&json!("0 30 8 * * MON-FRI"), &json!("Europe/Paris")));
    assert_eq!((&kept["lane"], &kept["paused"], &kept["name"]), (&json!("bulk"), &json!(false), &json!("daily")));
    assert!(kept["next"].is_string() && kept["body"]["messages"].is_array(), "{kept}");
    let schedule = gateway.bus.schedules(&tenant("acme")).await.unwrap().remove(0);
    let envelope: Envelope<Value> = serde_json::from_slice(&schedule.payload).unwrap();
    assert_eq!(envelope.schedule.as_deref(), Some("daily"));
    let paused = gateway.post("/v1/schedules/daily/pause", &json!({})).await;
    assert_eq!((&paused["paused"], &paused["next"]), (&json!(true), &Value::Null));
    assert_eq!(gateway.read("/v1/schedules").await["data"].as_array().unwrap().len(), 1);
    assert_eq!(gateway.post("/v1/schedules/daily/resume", &json!({})).await["paused"], false);
    // Another one replaces it.
    json_of(put(&gateway, "daily", json!({ "every_seconds": 3600 })).await).await;
    let shown = gateway.read("/v1/schedules/daily").await;
    assert_eq!((&shown["every_seconds"], shown.get("cron")), (&json!(3600), None));
    let deleted = gateway.request(Method::DELETE, "/v1/schedules/daily").send().await.unwrap();
    assert_eq!(deleted.status(), 204);
    assert_eq!(gateway.read("/v1/schedules").await["data"], json!([]));
    let gone = gateway.request(Method::DELETE, "/v1/schedules/daily").send().await.unwrap();
    assert_eq!(refused(gone, 404).await.1, "schedule_not_found");
}

#[tokio::test]
async fn a_wrong_schedule_is_refused_by_its_field() {
    let gateway = without_worker(|_| {}).await;
    for (name, rest, param) in [
        ("a", json!({}), "cron"),
        ("a", json!({ "cron": "* * *" }), "cron"),
        ("a", json!({ "cron": "0 0 8 * * *", "time_zone": "Mars/Olympus" }), "time_zone"),
        ("a", json!({ "cron": "0 0 8 * * *", "every_seconds": 5 }), "cron"),
        ("a", json!({ "every_seconds": 0 }), "every_seconds"),
        ("a", json!({ "every_seconds": 5, "time_zone": "Europe/Paris" }), "time_zone"),
        ("a", json!({ "every_seconds": 5, "body": {} }), "body.messages"),
        ("a", json!({ "every_seconds": 5, "lane": "fast" }), "lane"),
        ("A.b", json!({ "every_seconds": 5 }), "name"),
    ] {
        let text = rest.to_string();
        assert_eq!(refused(put(&gateway, name, rest).await, 400).await.0, param, "{text}");
    }
    let unknown = put(&gateway, "a", json!({ "every_seconds": 5, "kind": "dance" })).await;
    assert_eq!(refused(unknown, 404).await.1, "unknown_kind");
    assert_eq!(gateway.read("/v1/schedules").await["data"], json!([]));
}

#[tokio::test]
async fn another_tenant_sees_no_schedule() {
    let gateway = without_worker(|_| {}).await;
    json_of(put(&gateway, "mine", json!({ "every_seconds": 3600 })).await).await;
    for (method, path) in [
        (Method::GET, "/v1/schedules/mine"),
        (Method::DELETE, "/v1/schedules/mine"),
        (Method::POST, "/v1/schedules/mine/pause"),
    ] {
        let response = gateway.as_key(&gateway.stranger, method, path).send().await.unwrap();
        assert_eq!(refused(response, 404).await.1, "schedule_not_found");
    }
    let list = gateway.as_key(&gateway.stranger, Method::GET, "/v1/schedules").send().await.unwrap();
    assert_eq!(json_of(list).await["data"], json!([]));
    let list = gateway.as_key(&gateway.admin, Method::GET, "/v1/schedules?tenant=acme").send().await.unwrap();
    assert_eq!(json_of(list).await["data"][0]["name"], "mine");
}
