//! `/v1/jobs`: submit, get, follow, cancel; other tenants see nothing of it.

use std::sync::Arc;

use reqwest::Method;
use ruche_bus::Bus as _;
use ruche_schemas::{EventType, Job as _, JobId, JobRef, Lane, Record, clock, kinds::chat::Chat};
use ruche_store::{
    conversations::{Conversation, StoredMessage},
    jobs::EndedJob,
};
use serde_json::{Value, json};
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::support::{Fixture, Sse, SseReader, json_of, refused, start, tenant, without_worker};

async fn events(gateway: &Fixture, job: &str, query: &str, last: Option<u64>) -> Vec<Sse> {
    let mut request = gateway.get(&format!("/v1/jobs/{job}/events{query}"));
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    SseReader::new(request.send().await.unwrap()).all().await
}

#[tokio::test]
async fn an_accepted_job_is_in_the_queue_and_has_a_place() {
    let gateway = without_worker(|_| {}).await;
    let body = json!({ "messages": [{ "role": "user", "content": "hi" }] });
    let response = gateway.request(Method::POST, "/v1/jobs/chat?lane=bulk").json(&body).send().await.unwrap();
    assert_eq!(response.status(), 202);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let accepted = json_of(response).await;
    assert_eq!((&accepted["state"], &accepted["kind"]), (&json!("accepted"), &json!("chat")));
    assert_eq!(location, format!("/v1/jobs/{}", accepted["id"].as_str().unwrap()));
    let view = json_of(gateway.get(&location).send().await.unwrap()).await;
    assert_eq!((&view["state"], &view["attempt"], &view["n"]), (&json!("queued"), &json!(0), &json!(1)));
    let depth = gateway.bus.depth().await.unwrap();
    let bulk = depth.iter().find(|depth| depth.lane == Lane::Bulk).unwrap();
    assert_eq!(bulk.waiting, 1);
    let request = gateway.request(Method::POST, "/v1/jobs/chat").header("ruche-lane", "interactive");
    json_of(request.json(&body).send().await.unwrap()).await;
    let depth = gateway.bus.depth().await.unwrap();
    assert_eq!(depth.iter().find(|depth| depth.lane == Lane::Interactive).unwrap().waiting, 1);
}

#[tokio::test]
async fn the_same_idempotency_key_is_the_same_job() {
    let gateway = without_worker(|_| {}).await;
    let body = json!({ "messages": [{ "role": "user", "content": "hi" }] });
    let submit = |key: &'static str| {
        gateway.request(Method::POST, "/v1/jobs/chat").header("idempotency-key", key).json(&body).send()
    };
    let first = json_of(submit("a").await.unwrap()).await;
    let again = json_of(submit("a").await.unwrap()).await;
    let other = json_of(submit("b").await.unwrap()).await;
    assert_eq!((&first["id"], &first["conversation"]), (&again["id"], &again["conversation"]));
    assert_eq!((&first["duplicate"], &again["duplicate"]), (&json!(false), &json!(true)));
    assert_ne!(first["id"], other["id"]);
    assert_eq!(gateway.waiting().await, 2);
}

#[tokio::test]
async fn a_job_is_followed_to_its_end() {
    let gateway = start().await;
    let job = gateway.submit("say one two three").await;
    let all = events(&gateway, &job, "", None).await;
    let numbers: Vec<u64> = all.iter().map(|event| event.id.unwrap()).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    let text: String = all
        .iter()
        .filter(|e| e.event == "delta")
        .map(|e| e.json()["data"]["text"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(text, "one two three");
    let last = all.last().unwrap();
    assert_eq!((last.event.as_str(), &last.json()["data"]["text"]), ("done", &json!("one two three")));
    let view = json_of(gateway.get(&format!("/v1/jobs/{job}")).send().await.unwrap()).await;
    assert_eq!((&view["state"], &view["output"]["text"]), (&json!("done"), &json!("one two three")));
}

#[tokio::test]
async fn a_submission_can_be_answered_with_the_jobs_events() {
    let gateway = start().await;
    let body = json!({ "messages": [{ "role": "user", "content": "say one two" }] });
    let whole = json!({ "kind": "chat", "body": &body });
    for (path, body) in [("/v1/jobs/chat", &body), ("/v1/jobs", &whole)] {
        let request = gateway.request(Method::POST, path).header("accept", "application/json;q=0.1, text/event-stream");
        let response = request.json(body).send().await.unwrap();
        assert_eq!(
            (response.status().as_u16(), &response.headers()["content-type"]),
            (200, &"text/event-stream".parse().unwrap())
        );
        let location = response.headers()["location"].to_str().unwrap().to_owned();
        let all = SseReader::new(response).all().await;
        assert_eq!((all[0].event.as_str(), all[0].id), ("accepted", Some(1)));
        assert_eq!(all.last().unwrap().event, "done");
        assert_eq!(gateway.read(&location).await["state"], "done");
        assert_eq!(
            refused(
                gateway
                    .request(Method::POST, path)
                    .header("accept", "text/event-stream")
                    .json(&json!({}))
                    .send()
                    .await
                    .unwrap(),
                400
            )
            .await
            .0,
            if path == "/v1/jobs" { "kind" } else { "messages" }
        );
    }
}

#[tokio::test]
async fn a_job_that_the_bus_refuses_leaves_no_log_behind() {
    let gateway = without_worker(|_| {}).await;
    let body = json!({ "messages": [{ "role": "user", "content": "hi" }] });
    let submit = || gateway.request(Method::POST, "/v1/jobs/chat").json(&body).send();
    let mut accepted = 0;
    let refusal = loop {
        let response = submit().await.unwrap();
        match response.status().as_u16() {
            202 => accepted += 1,
            _ => break response,
        }
    };
    assert_eq!(refusal.status(), 503, "the queue is full");
    assert_eq!((gateway.waiting().await, gateway.bus.logs()), (accepted, accepted as usize));
}

#[tokio::test]
async fn a_stream_resumes_from_any_event_without_gap_or_repeat() {
    let gateway = start().await;
    let job = gateway.submit("say a b c d e f").await;
    let whole = gateway.events(&job).await;
    let count = whole.len() as u64;
    for from in 1..=count {
        let rest = events(&gateway, &job, &format!("?from={from}"), None).await;
        let found: Vec<Value> = rest.iter().map(Sse::json).collect();
        assert_eq!(found, whole[usize::try_from(from - 1).unwrap()..]);
        // A browser repeats the first address: `Last-Event-ID` wins.
        assert_eq!(events(&gateway, &job, "?from=1", Some(from - 1)).await, rest);
    }
    for query in [format!("?from={}", count + 1), format!("?from={}", i64::MAX)] {
        let response = gateway.get(&format!("/v1/jobs/{job}/events{query}")).send().await.unwrap();
        assert_eq!(response.status(), 204);
    }
    for (query, param) in [("?from=x", "from"), ("?from=-1", "from")] {
        let response = gateway.get(&format!("/v1/jobs/{job}/events{query}")).send().await.unwrap();
        assert_eq!(refused(response, 400).await.0, param);
    }
    let response = gateway.get(&format!("/v1/jobs/{job}/events")).header("last-event-id", "x").send().await.unwrap();
    assert_eq!(refused(response, 400).await.0, "last-event-id");
}

#[tokio::test]
async fn a_running_job_is_followed_live_and_cancelled() {
    let gateway = start().await;
    let job = gateway.submit("hold").await;
    let mut stream = SseReader::new(gateway.get(&format!("/v1/jobs/{job}/events")).send().await.unwrap());
    while stream.next().await.unwrap().event != "delta" {}
    let view = json_of(gateway.get(&format!("/v1/jobs/{job}")).send().await.unwrap()).await;
    assert_eq!(view["state"], "running");
    let cancel = || gateway.request(Method::DELETE, &format!("/v1/jobs/{job}")).send();
    assert_eq!(cancel().await.unwrap().status(), 202);
    assert_eq!(stream.next().await.unwrap().event, "cancelled");
    assert_eq!(stream.next().await, None);
    assert_eq!(refused(cancel().await.unwrap(), 409).await, ("state".into(), "job_cancelled".into()));
}

#[tokio::test]
async fn somebody_who_stops_following_does_not_stop_the_job() {
    let gateway = start().await;
    let job = gateway.submit("hold").await;
    let mut stream = SseReader::new(gateway.get(&format!("/v1/jobs/{job}/events")).send().await.unwrap());
    while stream.next().await.unwrap().event != "delta" {}
    drop(stream);
    let view = json_of(gateway.get(&format!("/v1/jobs/{job}")).send().await.unwrap()).await;
    assert_eq!(view["state"], "running");
}

pub(crate) fn ended(owner: &str) -> EndedJob {
    EndedJob {
        job: JobRef { tenant: tenant(owner), id: JobId::generate() },
        kind: Chat::KIND,
        lane: Lane::Normal,
        attempt: 2,
        state: EventType::Done,
        data: json!({ "text": "kept" }),
        claim: None,
        objects: false,
        created_at: clock::now(),
        ended_at: clock::now(),
        trace_id: None,
        root: None,
        parent: None,
        group: None,
        children: Vec::new(),
    }
}

#[tokio::test]
async fn a_job_that_ran_while_it_was_looked_for_is_told_from_its_log() {
    let gateway = without_worker(|_| {}).await;
    let (row, barrier) = (ended("acme"), Arc::new(Barrier::new(2)));
    gateway.store.stop_at(Arc::clone(&barrier));
    let following = gateway.get(&format!("/v1/jobs/{}/events", row.job.id)).send();
    let running = async {
        // There was no log yet; then the whole job runs before its row is read.
        barrier.wait().await;
        let (mut last, kind, data) = (0, Chat::KIND, &row.data);
        for (n, event) in [(1, EventType::Accepted), (2, EventType::Started), (3, EventType::Done)] {
            let record =
                Record { n, event, kind: kind.clone(), attempt: 2, at: clock::now(), data: data.clone(), claim: None };
            last = gateway.bus.append(&row.job, last, &record).await.unwrap();
        }
        gateway.store.put_job(row.clone());
        barrier.wait().await;
    };
    let (response, ()) = tokio::join!(following, running);
    let seen = SseReader::new(response.unwrap()).all().await;
    assert_eq!(seen.iter().map(|event| event.id).collect::<Vec<_>>(), [Some(1), Some(2), Some(3)]);
}

#[tokio::test]
async fn a_job_whose_log_is_gone_is_told_from_its_row() {
    let gateway = without_worker(|_| {}).await;
    let row = ended("acme");
    let id = row.job.id.to_string();
    gateway.store.put_job(row);
    let view = json_of(gateway.get(&format!("/v1/jobs/{id}")).send().await.unwrap()).await;
    assert_eq!((&view["state"], &view["output"]["text"]), (&json!("done"), &json!("kept")));
    let events = events(&gateway, &id, "?from=7", None).await;
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].id, events[0].event.as_str()), (Some(7), "done"));
    let response = gateway.request(Method::DELETE, &format!("/v1/jobs/{id}")).send().await.unwrap();
    assert_eq!(refused(response, 409).await.1, "job_done");
}

fn chat_body(gateway: &Fixture, owner: &str, minutes: i64) -> Uuid {
    let (id, at) = (Uuid::now_v7(), clock::now() + chrono::Duration::minutes(minutes));
    let conversation = Conversation { id, title: "Hello".into(), created_at: at, updated_at: at };
    let message = |id, role: &str| StoredMessage {
        id,
        job: Uuid::now_v7(),
        role: role.into(),
        content: "Hello".into(),
        model: None,
        citations: None,
        created_at: at,
    };
    gateway.store.put_conversation(tenant(owner), conversation, vec![message(1, "user"), message(2, "assistant")]);
    id
}

#[tokio::test]
async fn conversations_come_page_by_page_the_newest_first() {
    let gateway = without_worker(|_| {}).await;
    let ids: Vec<String> = (0..5).map(|i| chat_body(&gateway, "acme", -i).to_string()).collect();
    let mut found = Vec::new();
    let mut path = "/v1/conversations?limit=2".to_owned();
    loop {
        let page = json_of(gateway.get(&path).send().await.unwrap()).await;
        found.extend(page["data"].as_array().unwrap().iter().map(|c| c["id"].as_str().unwrap().to_owned()));
        if page["has_more"] == false {
            break;
        }
        path = format!("/v1/conversations?limit=2&after={}", page["last_id"].as_str().unwrap());
    }
    assert_eq!(found, ids);
    let one = json_of(gateway.get(&format!("/v1/conversations/{}", ids[0])).send().await.unwrap()).await;
    let roles: Vec<&Value> = one["messages"].as_array().unwrap().iter().map(|message| &message["role"]).collect();
    assert_eq!(roles, ["user", "assistant"]);
}

#[tokio::test]
async fn another_tenant_sees_nothing() {
    let gateway = start().await;
    let job = gateway.submit("hold").await;
    let (row, conversation) = (ended("acme"), chat_body(&gateway, "acme", 0));
    let kept = row.job.id;
    gateway.store.put_job(row);
    let ask = |method: Method, path: String| {
        gateway.client.request(method, format!("{}{path}", gateway.url)).bearer_auth(&gateway.stranger)
    };
    for id in [job.clone(), kept.to_string()] {
        for (method, path) in [
            (Method::GET, format!("/v1/jobs/{id}")),
            (Method::GET, format!("/v1/jobs/{id}/events")),
            (Method::DELETE, format!("/v1/jobs/{id}")),
        ] {
            assert_eq!(refused(ask(method, path).send().await.unwrap(), 404).await.1, "job_not_found");
        }
    }
    let response = ask(Method::GET, format!("/v1/conversations/{conversation}")).send().await.unwrap();
    assert_eq!(refused(response, 404).await.1, "conversation_not_found");
    let page = json_of(ask(Method::GET, "/v1/conversations".into()).send().await.unwrap()).await;
    assert_eq!(page["data"], json!([]));
    let response = ask(Method::GET, format!("/v1/conversations?after={conversation}")).send().await.unwrap();
    assert_eq!(refused(response, 404).await.0, "after");
    let body = json!({ "messages": [{ "role": "user", "content": "hi" }], "conversation": conversation });
    for path in ["/v1/chat/completions", "/v1/jobs/chat"] {
        let response = ask(Method::POST, path.into()).json(&body).send().await.unwrap();
        assert_eq!(refused(response, 404).await.1, "conversation_not_found");
    }
    assert!(!gateway.bus.is_cancelled(&JobRef { tenant: tenant("acme"), id: job.parse().unwrap() }).await.unwrap());
}

#[tokio::test]
async fn the_same_idempotency_key_of_two_tenants_is_two_jobs() {
    let gateway = without_worker(|_| {}).await;
    let body = json!({ "messages": [{ "role": "user", "content": "hi" }] });
    let mut ids = Vec::new();
    for key in [&gateway.key, &gateway.stranger] {
        let request = gateway.client.post(format!("{}/v1/jobs/chat", gateway.url)).bearer_auth(key);
        let answer = json_of(request.header("idempotency-key", "k").json(&body).send().await.unwrap()).await;
        ids.push(answer["id"].clone());
    }
    assert_ne!(ids[0], ids[1]);
    assert_eq!(gateway.waiting().await, 2);
}
