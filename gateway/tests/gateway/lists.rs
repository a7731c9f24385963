//! `GET /v1/jobs`, cancelling many, and the tree of a flow.

use chrono::TimeDelta;
use reqwest::Method;
use ruche_bus::Bus as _;
use ruche_schemas::{EventType, Job as _, JobId, Record, clock, kinds::chat::Chat};
use ruche_store::jobs::EndedJob;
use serde_json::{Value, json};

use crate::{
    jobs::ended,
    support::{Fixture, chat_body, json_of, lines_of, refused, without_worker},
};

fn ids(page: &Value) -> Vec<String> {
    page["data"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap().to_owned()).collect()
}

async fn say(gateway: &Fixture, job: &str, event: EventType, data: Value) {
    let job = Fixture::reference(job);
    let last = gateway.bus.last(&job).await.unwrap().unwrap();
    let record =
        Record { n: last.record.n + 1, event, kind: Chat::KIND, attempt: 1, at: clock::now(), data, claim: None };
    gateway.bus.append(&job, last.sequence, &record).await.unwrap();
}

async fn all(gateway: &Fixture, query: &str) -> Vec<String> {
    let (mut found, mut path) = (Vec::new(), format!("/v1/jobs?limit=2{query}"));
    loop {
        let page = gateway.read(&path).await;
        found.extend(ids(&page));
        if page["has_more"] == false {
            return found;
        }
        path = format!("/v1/jobs?limit=2{query}&after={}", page["next"].as_str().unwrap());
    }
}

#[tokio::test]
async fn jobs_come_page_by_page_first_those_that_have_not_ended() {
    let gateway = without_worker(|_| {}).await;
    let mut waiting = Vec::new();
    for text in ["a", "b", "c"] {
        waiting.push(gateway.submit(text).await);
    }
    let mut rows = Vec::new();
    for (i, state) in [EventType::Done, EventType::Failed, EventType::Done].into_iter().enumerate() {
        let created_at = clock::now() - TimeDelta::minutes(i64::try_from(i).unwrap());
        let row = EndedJob { state, created_at, ..ended("acme") };
        rows.push(row.job.id.to_string());
        gateway.store.put_job(row);
    }
    gateway.store.put_job(ended("other"));
    assert_eq!(all(&gateway, "").await, [waiting.clone(), rows.clone()].concat());
    assert_eq!(all(&gateway, "&state=active&kind=chat").await, waiting);
    assert_eq!(all(&gateway, "&state=failed").await, rows[1..2]);
    assert_eq!(all(&gateway, "&state=done").await, [rows[0].clone(), rows[2].clone()]);
    let theirs = gateway.as_key(&gateway.stranger, Method::GET, "/v1/jobs?state=active").send().await.unwrap();
    assert_eq!(ids(&json_of(theirs).await), Vec::<String>::new());
    for (query, status, param) in
        [("state=odd", 400, "state"), ("kind=dance", 404, "kind"), ("after=x", 400, "after"), ("limit=0", 400, "limit")]
    {
        let response = gateway.get(&format!("/v1/jobs?{query}")).send().await.unwrap();
        assert_eq!(refused(response, status).await.0, param);
    }
}

#[tokio::test]
async fn a_job_shows_how_far_it_is_and_when_it_is_tried_again() {
    let gateway = without_worker(|_| {}).await;
    let (one, two) = (gateway.submit("a").await, gateway.submit("b").await);
    say(&gateway, &one, EventType::Progress, json!({ "done": 3, "total": 7, "message": "reading" })).await;
    let again = clock::now() + TimeDelta::seconds(30);
    say(&gateway, &two, EventType::Retrying, json!({ "error": "no luck", "next_attempt_at": again })).await;
    let view = gateway.read(&format!("/v1/jobs/{one}")).await;
    assert_eq!(view["progress"], json!({ "done": 3, "total": 7, "message": "reading" }));
    assert_eq!((&view["state"], &view["lane"]), (&json!("running"), &json!("normal")));
    let view = gateway.read(&format!("/v1/jobs/{two}")).await;
    assert_eq!((&view["state"], &view["last_error"]), (&json!("retrying"), &json!("no luck")));
    assert_eq!(view["next_attempt_at"], json!(again));
    assert_eq!(all(&gateway, "&state=retrying").await, [two]);
    assert_eq!(all(&gateway, "&state=running").await, [one]);
    assert_eq!(all(&gateway, "&state=queued").await, Vec::<String>::new());
}

#[tokio::test]
async fn jobs_are_cancelled_by_what_they_are() {
    let gateway = without_worker(|_| {}).await;
    let alone = gateway.submit("alone").await;
    let line = |rest: Value| {
        let mut line = json!({ "kind": "chat", "body": chat_body("x") });
        line.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        line.to_string()
    };
    let body = [line(json!({})), line(json!({ "delay_seconds": 3600 }))].join("\n");
    let answers = lines_of(gateway.lines("", body).await).await;
    let batch = answers[2]["batch"]["id"].as_str().unwrap();
    let response = gateway.request(Method::POST, "/v1/jobs/cancel").json(&json!({ "dry_run": true })).send().await;
    assert_eq!(refused(response.unwrap(), 400).await.0, "state");
    let dry = gateway.post("/v1/jobs/cancel", &json!({ "batch": batch, "dry_run": true })).await;
    assert_eq!(dry, json!({ "matched": 2, "cancelled": 0 }));
    assert!(!gateway.is_cancelled(answers[0]["id"].as_str().unwrap()).await);
    let done = gateway.post("/v1/jobs/cancel", &json!({ "batch": batch })).await;
    assert_eq!(done, json!({ "matched": 2, "cancelled": 2 }));
    assert!(gateway.is_cancelled(answers[0]["id"].as_str().unwrap()).await);
    assert!(!gateway.is_cancelled(&alone).await);
    // The scheduled one has ended, and is counted.
    let view = gateway.read(&format!("/v1/job-batches/{batch}")).await;
    assert_eq!((&view["counts"]["cancelled"], &view["counts"]["pending"]), (&json!(1), &json!(1)));
    let theirs = gateway.as_key(&gateway.stranger, Method::POST, "/v1/jobs/cancel").json(&json!({ "state": "active" }));
    assert_eq!(json_of(theirs.send().await.unwrap()).await, json!({ "matched": 0, "cancelled": 0 }));
}

#[tokio::test]
async fn a_flow_is_one_tree_from_whichever_job_it_is_asked_for() {
    let gateway = without_worker(|_| {}).await;
    let fan = json!([{ "all": [{ "kind": "chat", "body": chat_body("x") }], "join": { "kind": "chat", "body": chat_body("x") } }]);
    let root = gateway.post("/v1/jobs", &json!({ "kind": "chat", "body": chat_body("x"), "on_success": fan })).await;
    let root: JobId = root["id"].as_str().unwrap().parse().unwrap();
    let (child, leaf, join) = (root.derived("on_success.0.0"), JobId::generate(), root.derived("on_success.0.join"));
    let row = |id: JobId, parent: Option<JobId>, children: Vec<JobId>| {
        let mut row = ended("acme");
        (row.job.id, row.parent, row.root, row.children) = (id, parent, parent.map(|_| root), children);
        row
    };
    gateway.store.put_job(row(root, None, vec![child]));
    gateway.store.put_job(row(child, Some(root), vec![leaf]));
    for (id, event) in [(leaf, EventType::Started), (join, EventType::Accepted)] {
        let record =
            Record { n: 1, event, kind: Chat::KIND, attempt: 1, at: clock::now(), data: Value::Null, claim: None };
        gateway.bus.append(&Fixture::reference(&id.to_string()), 0, &record).await.unwrap();
    }
    let node = |id: JobId, state: &str, children: Value| json!({ "id": id, "kind": "chat", "state": state, "children": children });
    let below = node(child, "done", json!([node(leaf, "running", json!([]))]));
    let expected = node(root, "done", json!([below, node(join, "queued", json!([]))]));
    for id in [root, child] {
        assert_eq!(gateway.read(&format!("/v1/jobs/{id}/flow")).await, expected);
    }
    let response = gateway.as_key(&gateway.stranger, Method::GET, &format!("/v1/jobs/{root}/flow")).send().await;
    assert_eq!(refused(response.unwrap(), 404).await.1, "job_not_found");
}
