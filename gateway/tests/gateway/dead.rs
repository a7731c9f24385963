//! `/v1/dead`: listed, shown, edited, replayed and dropped, one or many, per tenant.

use reqwest::Method;
use ruche_bus::{Bus as _, DeadLetter, DeadLetterQueue as _, Headers};
use ruche_schemas::{Envelope, EventType, Failure, Job as _, JobId, JobRef, Lane, clock, kinds::chat::Chat};
use ruche_store::jobs::EndedJob;
use serde_json::{Value, json};

use crate::{
    jobs::ended,
    support::{Fixture, MODEL, chat_body, json_of, refused, tenant, without_worker},
};

/// Puts a job of this tenant into the dead-letter queue; returns its id.
async fn dead_letter(gateway: &Fixture, owner: &str, code: &str, payload: Option<&str>) -> String {
    let job = JobRef { tenant: tenant(owner), id: JobId::generate() };
    let envelope = Envelope::of(Chat::KIND, 1, job.id, job.tenant.clone(), Lane::Bulk, clock::now(), chat_body("hi"));
    let payload = payload.map_or_else(|| serde_json::to_string(&envelope).unwrap(), str::to_owned);
    let id = job.id.to_string();
    let letter = DeadLetter {
        job,
        kind: Chat::KIND,
        lane: Lane::Bulk,
        failure: Failure::new(code, "it went wrong").with_param("messages"),
        attempts: 5,
        at: clock::now(),
        trace_id: Some("0af7651916cd43dd8448eb211c80319c".into()),
        payload,
        headers: Headers::new(),
    };
    gateway.bus.put_dead_letter(&letter).await.unwrap();
    id
}

fn ids(page: &Value) -> Vec<String> {
    page["data"].as_array().unwrap().iter().map(|letter| letter["job"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn dead_letters_are_listed_page_by_page_and_shown_whole() {
    let gateway = without_worker(|_| {}).await;
    let mut all = Vec::new();
    for code in ["a", "b", "a", "b", "a"] {
        all.push(dead_letter(&gateway, "acme", code, None).await);
    }
    let (mut found, mut path) = (Vec::new(), "/v1/dead?limit=2".to_owned());
    loop {
        let page = gateway.read(&path).await;
        found.extend(ids(&page));
        if page["has_more"] == false {
            break;
        }
        path = format!("/v1/dead?limit=2&after={}", page["next"].as_str().unwrap());
    }
    assert_eq!(found, all);
    let page = gateway.read("/v1/dead?code=b&kind=chat").await;
    assert_eq!(ids(&page), [all[1].clone(), all[3].clone()]);
    assert!(page["data"][0].get("body").is_none());
    let letter = gateway.read(&format!("/v1/dead/{}", all[0])).await;
    assert_eq!((&letter["error"]["code"], &letter["error"]["param"]), (&json!("a"), &json!("messages")));
    assert_eq!((&letter["attempts"], &letter["lane"], &letter["body"]), (&json!(5), &json!("bulk"), &chat_body("hi")));
    assert_eq!(letter["trace_id"], "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(refused(gateway.get("/v1/dead?kind=dance").send().await.unwrap(), 404).await.1, "unknown_kind");
}

#[tokio::test]
async fn a_replayed_letter_is_a_new_job_and_gone() {
    let gateway = without_worker(|_| {}).await;
    let id = dead_letter(&gateway, "acme", "a", None).await;
    let sequence = gateway.bus.get_dead_letter(&Fixture::reference(&id)).await.unwrap().unwrap().sequence;
    let response = gateway.request(Method::POST, &format!("/v1/dead/{id}/replay")).send().await.unwrap();
    assert_eq!(response.status(), 202);
    let job = json_of(response).await;
    let expected = id.parse::<JobId>().unwrap().derived(&format!("replay.{sequence}"));
    assert_eq!(job["id"], expected.to_string());
    let view = gateway.read(&format!("/v1/jobs/{expected}")).await;
    assert_eq!((&view["state"], &view["lane"]), (&json!("queued"), &json!("bulk")));
    let again = gateway.request(Method::POST, &format!("/v1/jobs/{id}/retry")).send().await.unwrap();
    assert_eq!(refused(again, 404).await.1, "job_not_found", "nothing but its letter knew it");
    let other = dead_letter(&gateway, "acme", "a", None).await;
    let retried = gateway.request(Method::POST, &format!("/v1/jobs/{other}/retry")).send().await.unwrap();
    assert_eq!((retried.status().as_u16(), gateway.waiting().await), (202, 2));
}

#[tokio::test]
async fn a_job_that_can_not_be_retried_is_refused_with_its_state() {
    let gateway = without_worker(|_| {}).await;
    let mut cases = vec![(gateway.submit("a").await, "job_not_failed", "is queued")];
    for (state, code, message) in [
        (EventType::Done, "job_not_failed", "is done"),
        (EventType::Cancelled, "job_not_failed", "is cancelled"),
        (EventType::Failed, "dead_letter_gone", "is failed, but its dead letter is gone"),
    ] {
        let row = EndedJob { state, ..ended("acme") };
        cases.push((row.job.id.to_string(), code, message));
        gateway.store.put_job(row);
    }
    for (id, code, message) in cases {
        let response = gateway.request(Method::POST, &format!("/v1/jobs/{id}/retry")).send().await.unwrap();
        assert_eq!(response.status(), 409);
        let error = response.json::<Value>().await.unwrap()["error"].clone();
        assert_eq!(error["code"], code, "{error}");
        assert!(error["message"].as_str().unwrap().contains(message), "{error}");
    }
    let unknown = format!("/v1/jobs/{}/retry", JobId::generate());
    let response = gateway.request(Method::POST, &unknown).send().await.unwrap();
    assert_eq!(refused(response, 404).await.1, "job_not_found");
}

#[tokio::test]
async fn a_letter_is_edited_with_another_body_that_is_checked() {
    let gateway = without_worker(|_| {}).await;
    let (good, bad) =
        (dead_letter(&gateway, "acme", "a", None).await, dead_letter(&gateway, "acme", "a", Some("no job")).await);
    let replay =
        |id: &str, body: Value| gateway.request(Method::POST, &format!("/v1/dead/{id}/replay")).json(&body).send();
    for (wrong, param) in [
        (json!({ "body": { "messages": [] } }), "body.messages"),
        (json!({ "body": { "messages": [{ "role": "user" }] } }), "body.messages[0].content"),
        (json!({ "body": [] }), "body"),
        (json!({ "body": "x" }), "body"),
        (chat_body("without `body` around it"), "messages"),
        (json!({ "bodi": chat_body("better") }), "bodi"),
    ] {
        assert_eq!(refused(replay(&good, wrong).await.unwrap(), 400).await.0, param);
    }
    assert_eq!(gateway.read(&format!("/v1/dead/{good}")).await["body"], chat_body("hi"), "it stays");
    assert_eq!(refused(replay(&bad, json!({})).await.unwrap(), 409).await.1, "not_a_job");
    let shown = gateway.read(&format!("/v1/dead/{bad}")).await;
    assert_eq!((&shown["body"], &shown["payload"]), (&Value::Null, &json!("no job")));
    for id in [good, bad] {
        assert_eq!(replay(&id, json!({ "body": chat_body("better") })).await.unwrap().status(), 202);
        let again = replay(&id, json!({})).await.unwrap().json::<Value>().await.unwrap()["error"].take();
        assert_eq!(again["code"], "dead_letter_not_found");
        assert!(again["message"].as_str().unwrap().ends_with("it was replayed or dropped"), "{again}");
    }
    let queued = gateway.read("/v1/jobs?state=queued").await;
    assert_eq!(queued["data"].as_array().unwrap().len(), 2);
    assert_eq!(gateway.read("/v1/dead").await["data"], json!([]));
}

#[tokio::test]
async fn a_letter_whose_new_body_names_an_alias_gets_the_model_that_it_stands_for() {
    let gateway = without_worker(|app| app.aliases = [("gpt-4o-mini".to_owned(), MODEL.to_owned())].into()).await;
    let id = dead_letter(&gateway, "acme", "a", None).await;
    let body = json!({ "model": "gpt-4o-mini", "messages": chat_body("show")["messages"], "max_completion_tokens": 7 });
    let job = gateway.post(&format!("/v1/dead/{id}/replay"), &json!({ "body": body })).await;
    gateway.work().await;
    let done = gateway.ended(job["id"].as_str().unwrap()).await;
    let seen: Value = serde_json::from_str(done.data["text"].as_str().unwrap()).unwrap();
    assert_eq!((&seen["model"], &seen["max_tokens"]), (&json!(MODEL), &json!(7)));
}

#[tokio::test]
async fn many_letters_are_counted_first_and_then_replayed_or_dropped() {
    let gateway = without_worker(|_| {}).await;
    for code in ["a", "b", "a", "b", "a"] {
        dead_letter(&gateway, "acme", code, None).await;
    }
    let broken = dead_letter(&gateway, "acme", "b", Some("no job")).await;
    let kept = dead_letter(&gateway, "other", "a", None).await;
    for wrong in [json!({}), json!({ "dry_run": true }), json!({ "all": true, "kind": "chat" }), json!({ "all": 1 })] {
        for path in ["/v1/dead/replay", "/v1/dead/drop"] {
            let response = gateway.request(Method::POST, path).json(&wrong).send().await.unwrap();
            assert_eq!(refused(response, 400).await.0, "all");
        }
    }
    let dry = gateway.post("/v1/dead/replay", &json!({ "code": "a", "dry_run": true })).await;
    assert_eq!((dry, gateway.waiting().await), (json!({ "matched": 3, "replayed": 0 }), 0));
    let replayed = gateway.post("/v1/dead/replay", &json!({ "code": "a", "kind": "chat" })).await;
    assert_eq!((replayed, gateway.waiting().await), (json!({ "matched": 3, "replayed": 3 }), 3));
    let replayed = gateway.post("/v1/dead/replay", &json!({ "all": true })).await;
    assert_eq!(replayed, json!({ "matched": 3, "replayed": 2 }));
    assert_eq!(ids(&gateway.read("/v1/dead").await), std::slice::from_ref(&broken));
    let dropped = gateway.post("/v1/dead/drop", &json!({ "all": true })).await;
    assert_eq!(dropped, json!({ "matched": 1, "dropped": 1 }));
    let one = dead_letter(&gateway, "acme", "a", None).await;
    let response = gateway.request(Method::DELETE, &format!("/v1/dead/{one}")).send().await.unwrap();
    assert_eq!(json_of(response).await["job"], json!(one));
    assert_eq!(gateway.read("/v1/dead").await["data"], json!([]));
    let theirs = gateway.as_key(&gateway.stranger, Method::GET, "/v1/dead").send().await.unwrap();
    assert_eq!(ids(&json_of(theirs).await), [kept]);
}

#[tokio::test]
async fn another_tenants_dead_letter_is_unknown() {
    let gateway = without_worker(|_| {}).await;
    let id = dead_letter(&gateway, "acme", "a", None).await;
    for (method, path, code) in [
        (Method::GET, format!("/v1/dead/{id}"), "dead_letter_not_found"),
        (Method::DELETE, format!("/v1/dead/{id}"), "dead_letter_not_found"),
        (Method::POST, format!("/v1/dead/{id}/replay"), "dead_letter_not_found"),
        (Method::POST, format!("/v1/jobs/{id}/retry"), "job_not_found"),
    ] {
        let response = gateway.as_key(&gateway.stranger, method, &path).send().await.unwrap();
        assert_eq!(refused(response, 404).await.1, code);
    }
    assert_eq!(refused(gateway.get("/v1/dead/not-an-id").send().await.unwrap(), 404).await.0, "job");
    assert_eq!(ids(&gateway.read("/v1/dead").await), [id]);
    assert!(!gateway.bus.is_cancelled(&JobRef { tenant: tenant("acme"), id: JobId::generate() }).await.unwrap());
}
