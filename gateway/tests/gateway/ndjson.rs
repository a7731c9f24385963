//! `POST /v1/jobs` with a line per job: answered in order, a wrong one refused alone, memory bounded.

use std::time::Duration;

use reqwest::{Body, Method};
use ruche_schemas::config::Limits;
use serde_json::{Value, json};

use crate::support::{Fixture, chat_body, json_of, lines_of, refused, until, without_worker};

fn line(text: &str) -> String {
    json!({ "kind": "chat", "body": chat_body(text) }).to_string()
}

fn summary(gateway: &Fixture, answers: &[Value]) -> (u64, u64, String) {
    let batch = &answers.last().unwrap()["batch"];
    assert!(!gateway.url.is_empty());
    let number = |name: &str| batch[name].as_u64().unwrap();
    (number("accepted"), number("rejected"), batch["id"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn each_line_is_answered_in_order_and_a_wrong_one_is_refused_alone() {
    let gateway = without_worker(|_| {}).await;
    let two_megabytes = line(&"x".repeat(2 << 20));
    let unknown = json!({ "kind": "dance", "body": {} }).to_string();
    let pointer =
        json!({ "kind": "chat", "body": chat_body("x"), "on_success": [{ "kind": "chat", "with": { "x": "" } }] });
    let not_utf8 = [0xff, 0xfe, b'\n'];
    let mut body = Vec::new();
    for part in [
        &line("one"),
        "{broken",
        "",
        &two_megabytes,
        &unknown,
        &pointer.to_string(),
        r#"{"kind":"chat"}"#,
        &line("two"),
    ] {
        body.extend_from_slice(part.as_bytes());
        body.push(b'\n');
    }
    body.extend_from_slice(&not_utf8);
    body.extend_from_slice(line("three").as_bytes());
    let answers = lines_of(gateway.lines("", body).await).await;
    let told: Vec<(u64, &str)> = answers[..answers.len() - 1]
        .iter()
        .map(|answer| (answer["line"].as_u64().unwrap(), answer["error"]["code"].as_str().unwrap_or("accepted")))
        .collect();
    let expected = [
        (1, "accepted"),
        (2, "invalid_request"),
        (4, "payload_too_large"),
        (5, "unknown_kind"),
        (6, "invalid_request"),
        (7, "invalid_request"),
        (8, "accepted"),
        (9, "accepted"),
        (10, "accepted"),
    ];
    assert_eq!(told[..7], expected[..7]);
    assert_eq!(told[7..], [(9, "invalid_utf8"), (10, "accepted")]);
    assert_eq!((&answers[0]["state"], &answers[0]["duplicate"]), (&json!("accepted"), &json!(false)));
    assert_eq!(answers[4]["error"]["param"], "on_success[0].with");
    for (at, param, message) in [
        (1, Value::Null, "the line is not JSON: a name must be in double quotes (column 2)"),
        (5, json!("body"), "body: is missing"),
        (7, Value::Null, "the line is not UTF-8"),
    ] {
        let error = &answers[at]["error"];
        assert_eq!((&error["param"], error["message"].as_str()), (&param, Some(message)));
    }
    let listed = lines_of(gateway.lines("", "[1]".to_owned()).await).await;
    assert!(listed[0]["error"]["message"].as_str().unwrap().starts_with("the line is no JSON object"), "{listed:?}");
    let (accepted, rejected, batch) = summary(&gateway, &answers);
    assert_eq!((accepted, rejected, gateway.waiting().await), (3, 6, 3));
    let batch = gateway.read(&format!("/v1/job-batches/{batch}")).await;
    assert_eq!((&batch["state"], &batch["counts"]["total"]), (&json!("running"), &json!(3)));
}

#[tokio::test]
async fn answers_come_while_lines_are_still_sent() {
    let gateway = without_worker(|_| {}).await;
    let (send, receive) = tokio::sync::mpsc::channel::<Result<String, std::io::Error>>(1);
    let receive = futures::stream::unfold(receive, |mut receive| async move { Some((receive.recv().await?, receive)) });
    send.send(Ok(format!("{}\n", line("one")))).await.unwrap();
    let mut response = gateway.lines("", Body::wrap_stream(receive)).await;
    for expected in 1..=5 {
        let chunk = tokio::time::timeout(Duration::from_secs(60), response.chunk()).await.unwrap().unwrap().unwrap();
        let answer: Value = serde_json::from_slice(&chunk).unwrap();
        assert_eq!(answer["line"], expected);
        send.send(Ok(format!("{}\n", line("more")))).await.unwrap();
    }
    drop(send);
    let rest = response.text().await.unwrap();
    assert!(rest.lines().last().unwrap().contains(r#""accepted":6"#), "{rest}");
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_its_batch_open_and_comes_back_to_it() {
    let gateway = without_worker(|_| {}).await;
    let keyed =
        |i: u64| json!({ "kind": "chat", "body": chat_body("x"), "idempotency_key": format!("k{i}") }).to_string();
    let (send, receive) = tokio::sync::mpsc::channel::<Result<String, std::io::Error>>(4);
    let receive = futures::stream::unfold(receive, |mut receive| async move { Some((receive.recv().await?, receive)) });
    send.send(Ok(format!("{}\n", keyed(1)))).await.unwrap();
    let mut response = gateway.lines("", Body::wrap_stream(receive)).await;
    let batch = response.headers()["ruche-batch"].to_str().unwrap().to_owned();
    response.chunk().await.unwrap().unwrap();
    drop(response);
    drop(send);
    // The first line is sent again, as if its answer was lost.
    let again = format!("{}\n{}\n", keyed(1), keyed(2));
    let answers = lines_of(gateway.lines(&format!("?batch={batch}"), again).await).await;
    assert_eq!((&answers[0]["duplicate"], &answers[1]["duplicate"]), (&json!(true), &json!(false)));
    assert_eq!(answers[2]["batch"]["closed"], false);
    let view = gateway.read(&format!("/v1/job-batches/{batch}")).await;
    assert_eq!((&view["state"], &view["counts"]["total"]), (&json!("open"), &json!(2)));
    let answers = lines_of(gateway.lines(&format!("?batch={batch}&close=true"), String::new()).await).await;
    assert_eq!(answers[0]["batch"]["closed"], true);
    let response = gateway.lines(&format!("?batch={batch}"), line("late")).await;
    assert_eq!(refused(response, 409).await.1, "batch_closed");
    assert_eq!(gateway.waiting().await, 2);
}

#[tokio::test]
async fn nothing_is_read_into_a_batch_that_is_somebody_elses_or_while_the_database_is_away() {
    let gateway = without_worker(|_| {}).await;
    let answers = lines_of(gateway.lines("?close=false", line("one")).await).await;
    let (_, _, batch) = summary(&gateway, &answers);
    let request = gateway.as_key(&gateway.stranger, Method::POST, &format!("/v1/jobs?batch={batch}"));
    let response = request.header("content-type", "application/x-ndjson").body(line("mine")).send().await.unwrap();
    assert_eq!(refused(response, 404).await.1, "batch_not_found");
    assert_eq!(refused(gateway.lines("?batch=x", line("one")).await, 400).await.0, "batch");
    gateway.store.fail(true);
    assert_eq!(refused(gateway.lines("", line("one")).await, 503).await.1, "store_unavailable");
    assert_eq!(gateway.waiting().await, 1);
}

#[tokio::test]
async fn a_tenant_over_its_rate_is_told_so_and_a_stream_is_slowed_down_instead() {
    let limits = Limits { in_flight: 0, per_second: 2 };
    let gateway = without_worker(|app| app.tenants.per_second = limits.per_second).await;
    let body = json!({ "kind": "chat", "body": chat_body("x") });
    let mut refusals = 0;
    for _ in 0..20 {
        let response = gateway.request(Method::POST, "/v1/jobs").json(&body).send().await.unwrap();
        if response.status() == 429 {
            assert!(response.headers()["retry-after"].to_str().unwrap().parse::<u32>().unwrap() >= 1);
            let expected = ("limits.per_second".to_owned(), "rate_limited".to_owned());
            assert_eq!(refused(response, 429).await, expected);
            refusals += 1;
        }
    }
    assert!(refusals > 0);
    // Keys are per tenant.
    let request = gateway.as_key(&gateway.stranger, Method::POST, "/v1/jobs").json(&body);
    json_of(request.send().await.unwrap()).await;
    let answers = lines_of(gateway.lines("", [line("a"), line("b"), line("c"), line("d")].join("\n")).await).await;
    assert_eq!(summary(&gateway, &answers).0, 4);
}

#[tokio::test]
async fn a_full_queue_refuses_lines_and_the_rest_goes_on() {
    let gateway = without_worker(|_| {}).await;
    let body: Vec<String> = (0..120).map(|i| line(&i.to_string())).collect();
    let answers = lines_of(gateway.lines("", body.join("\n")).await).await;
    let (accepted, rejected, batch) = summary(&gateway, &answers);
    assert_eq!((accepted, rejected), (100, 20));
    let view = gateway.read(&format!("/v1/job-batches/{batch}")).await;
    assert_eq!(view["counts"]["total"], 100);
    let numbers: Vec<u64> = answers[..120].iter().map(|answer| answer["line"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=120).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_line_that_could_not_be_counted_is_refused_and_sent_again_is_counted_once() {
    let gateway = without_worker(|_| {}).await;
    let batch = gateway.post("/v1/job-batches", &json!({})).await["id"].as_str().unwrap().to_owned();
    let (send, receive) = tokio::sync::mpsc::channel::<Result<String, std::io::Error>>(1);
    let receive = futures::stream::unfold(receive, |mut receive| async move { Some((receive.recv().await?, receive)) });
    let keyed = json!({ "kind": "chat", "body": chat_body("x"), "idempotency_key": "k" }).to_string();
    send.send(Ok("\n".to_owned())).await.unwrap();
    let response = gateway.lines(&format!("?batch={batch}"), Body::wrap_stream(receive)).await;
    let store: &ruche_store::memory::Memory = &gateway.store;
    store.fail(true);
    send.send(Ok(keyed.clone())).await.unwrap();
    drop(send);
    let answers = lines_of(response).await;
    assert_eq!(answers[0]["error"]["code"], "store_unavailable");
    store.fail(false);
    until("the job is published", async || gateway.waiting().await == 1).await;
    let answers = lines_of(gateway.lines(&format!("?batch={batch}"), keyed).await).await;
    assert_eq!(answers[0]["duplicate"], true);
    let view = gateway.read(&format!("/v1/job-batches/{batch}")).await;
    assert_eq!(view["counts"]["total"], 1);
}
