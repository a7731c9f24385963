//! `/v1/job-batches`: counted, closed, and ended with an event and a callback, once.

use reqwest::Method;
use ruche_bus::Bus as _;
use ruche_schemas::{EventType, JobId, JobRef};
use ruche_store::jobs::EndedJob;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    jobs::ended,
    support::{Fixture, SseReader, chat_body, json_of, lines_of, refused, tenant, without_worker},
};

fn line(text: &str) -> String {
    json!({ "kind": "chat", "body": chat_body(text) }).to_string()
}

async fn submit(gateway: &Fixture, batch: &str, lines: usize) -> Vec<String> {
    let body: Vec<String> = (0..lines).map(|i| line(&i.to_string())).collect();
    let answers = lines_of(gateway.lines(&format!("?batch={batch}"), body.join("\n")).await).await;
    answers[..lines].iter().map(|answer| answer["id"].as_str().unwrap().to_owned()).collect()
}

/// Ends a job as its worker would.
fn end(gateway: &Fixture, job: &str, batch: &str, state: EventType) {
    let job = JobRef { tenant: tenant("acme"), id: job.parse().unwrap() };
    gateway.store.put_job(EndedJob { job, state, group: Some(batch.parse().unwrap()), ..ended("acme") });
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_batch_is_counted_and_its_end_starts_its_callback_once() {
    let gateway = without_worker(|_| {}).await;
    let callback = json!({ "kind": "chat", "body": chat_body("?"), "with": { "/messages/0/content": "/done" } });
    let begun =
        gateway.request(Method::POST, "/v1/job-batches").json(&json!({ "callback": callback })).send().await.unwrap();
    assert_eq!(begun.status(), 201);
    let begun = json_of(begun).await;
    let id = text(&begun["id"]);
    assert_eq!(
        (&begun["state"], &begun["object"], &begun["ended_at"]),
        (&json!("open"), &json!("job_batch"), &Value::Null)
    );
    let jobs = submit(&gateway, &id, 3).await;
    end(&gateway, &jobs[0], &id, EventType::Done);
    end(&gateway, &jobs[1], &id, EventType::Failed);
    let view = gateway.read(&format!("/v1/job-batches/{id}")).await;
    let counts = json!({ "total": 3, "done": 1, "failed": 1, "cancelled": 0, "pending": 1 });
    assert_eq!((&view["state"], &view["counts"]), (&json!("open"), &counts));
    end(&gateway, &jobs[2], &id, EventType::Done);
    assert_eq!(gateway.waiting().await, 3);
    let mut events = SseReader::new(gateway.get(&format!("/v1/job-batches/{id}/events")).send().await.unwrap());
    assert_eq!(events.next().await.unwrap().event, "accepted");
    for _ in 0..2 {
        let closed = gateway.post(&format!("/v1/job-batches/{id}/close"), &json!({})).await;
        assert_eq!(closed["state"], "complete");
        assert_eq!(gateway.waiting().await, 4);
    }
    let done = events.next().await.unwrap();
    assert_eq!((done.event.as_str(), &done.json()["data"]["failed"]), ("done", &json!(1)));
    assert_eq!(events.next().await, None);
    let response = gateway.get(&format!("/v1/job-batches/{id}/events?from=3")).send().await.unwrap();
    assert_eq!(response.status(), 204);
    let job = gateway.read(&format!("/v1/jobs/{}", text(&begun["callback_job"]))).await;
    assert_eq!((&job["state"], &job["parent"]), (&json!("queued"), &json!(id)));
    // A batch is no job.
    assert_eq!(refused(gateway.get(&format!("/v1/jobs/{id}")).send().await.unwrap(), 404).await.1, "job_not_found");
}

#[tokio::test]
async fn batches_come_page_by_page_the_newest_first() {
    let gateway = without_worker(|_| {}).await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        let response = gateway.request(Method::POST, "/v1/job-batches").json(&json!({})).send().await.unwrap();
        ids.insert(0, text(&json_of(response).await["id"]));
    }
    let (mut found, mut path) = (Vec::new(), "/v1/job-batches?limit=2".to_owned());
    loop {
        let page = gateway.read(&path).await;
        found.extend(page["data"].as_array().unwrap().iter().map(|batch| text(&batch["id"])));
        if page["has_more"] == false {
            break;
        }
        path = format!("/v1/job-batches?limit=2&after={}", text(&page["next"]));
    }
    assert_eq!(found, ids);
    let response = gateway.get(&format!("/v1/job-batches?after={}", Uuid::now_v7())).send().await.unwrap();
    assert_eq!(refused(response, 404).await.0, "after");
}

#[tokio::test]
async fn a_callback_that_can_not_be_is_refused() {
    let gateway = without_worker(|_| {}).await;
    for (callback, param) in [
        (json!({ "kind": "dance" }), "callback.kind"),
        (json!({ "kind": "chat", "body": {} }), "callback.body.messages"),
        (json!({ "kind": "chat", "with": { "": "x" } }), "callback.with"),
    ] {
        let request = gateway.request(Method::POST, "/v1/job-batches").json(&json!({ "callback": callback }));
        assert_eq!(refused(request.send().await.unwrap(), 400).await.0, param);
    }
    assert_eq!(gateway.read("/v1/job-batches").await["data"], json!([]));
}

#[tokio::test]
async fn another_tenant_sees_no_batch() {
    let gateway = without_worker(|_| {}).await;
    let id = text(&gateway.post("/v1/job-batches", &json!({})).await["id"]);
    for (method, path) in [(Method::GET, ""), (Method::POST, "/close"), (Method::GET, "/events")] {
        let request = gateway.as_key(&gateway.stranger, method, &format!("/v1/job-batches/{id}{path}"));
        assert_eq!(refused(request.send().await.unwrap(), 404).await.1, "batch_not_found");
    }
    let list = json_of(gateway.as_key(&gateway.stranger, Method::GET, "/v1/job-batches").send().await.unwrap()).await;
    assert_eq!(list["data"], json!([]));
    // An operator may act for a tenant; a member may not.
    let path = format!("/v1/job-batches/{id}?tenant=acme");
    json_of(gateway.as_key(&gateway.admin, Method::GET, &path).send().await.unwrap()).await;
    let response = gateway.as_key(&gateway.stranger, Method::GET, &path).send().await.unwrap();
    assert_eq!(refused(response, 403).await, ("tenant".into(), "forbidden".into()));
    assert_eq!(refused(gateway.get("/v1/job-batches/x").send().await.unwrap(), 404).await.0, "batch");
    let log = JobRef { tenant: tenant("acme"), id: JobId(id.parse().unwrap()) };
    assert_eq!(gateway.bus.last(&log).await.unwrap().unwrap().record.event, EventType::Accepted);
}
