//! Health, metrics, shutdown.

use reqwest::Method;
use ruche_bus::Bus as _;
use ruche_gateway::{
    app::parts::App,
    http::{metrics, server::ServeError},
};
use ruche_schemas::{EventType, kinds};
use serde_json::{Value, json};

use crate::support::{SseReader, refused, registration, settings, start, until, without_worker};

#[tokio::test]
async fn what_is_not_ready_is_named() {
    let gateway = start().await;
    let health: Value = gateway.get("/healthz").send().await.unwrap().json().await.unwrap();
    assert_eq!(health, json!({ "status": "ok" }));
    let ready: Value = gateway.get("/readyz").send().await.unwrap().json().await.unwrap();
    assert_eq!(ready, json!({ "ready": true, "not_ready": [] }));
    gateway.store.fail(true);
    let response = gateway.get("/readyz").send().await.unwrap();
    assert_eq!(response.status(), 503);
    let ready: Value = response.json().await.unwrap();
    assert_eq!((&ready["ready"], &ready["not_ready"][0]["name"]), (&json!(false), &json!("postgres")));
}

#[tokio::test]
async fn while_the_database_is_away_known_keys_chat_and_the_rest_waits() {
    let gateway = start().await;
    assert_eq!(gateway.chat("say hi", json!({})).send().await.unwrap().status(), 200);
    gateway.store.fail(true);
    assert_eq!(gateway.chat("say hi", json!({})).send().await.unwrap().status(), 200);
    let job = gateway.submit("say hi").await;
    gateway.ended(&job).await;
    let view: Value = gateway.get(&format!("/v1/jobs/{job}")).send().await.unwrap().json().await.unwrap();
    assert_eq!(view["state"], "done");
    let response = gateway.get("/v1/conversations").send().await.unwrap();
    assert_eq!(response.headers()["retry-after"], "2");
    assert_eq!(refused(response, 503).await.1, "store_unavailable");
    let request =
        gateway.client.request(Method::GET, format!("{}/v1/models", gateway.url)).bearer_auth(&gateway.stranger);
    assert_eq!(refused(request.send().await.unwrap(), 503).await.1, "store_unavailable");
    gateway.store.fail(false);
    assert_eq!(gateway.get("/v1/conversations").send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_full_queue_is_a_503_that_says_when_to_come_back() {
    let gateway = without_worker(|_| {}).await;
    let body = json!({ "messages": [{ "role": "user", "content": "hi" }] });
    let submit = || gateway.request(Method::POST, "/v1/jobs/chat").json(&body).send();
    for _ in 0..100 {
        assert_eq!(submit().await.unwrap().status(), 202);
    }
    let response = submit().await.unwrap();
    assert_eq!(response.headers()["retry-after"], "5");
    assert_eq!(refused(response, 503).await.1, "queue_full");
}

#[tokio::test]
async fn metrics_count_requests_by_route_and_show_what_waits() {
    let gateway = without_worker(|_| {}).await;
    gateway.bus.register(&registration()).await.unwrap();
    gateway.submit("say hi").await;
    gateway.get("/v1/nothing-of-the-sort").send().await.unwrap();
    // The exporter reads every few seconds.
    let metrics = async || gateway.get("/metrics").send().await.unwrap().text().await.unwrap();
    let waiting = "ruche_queue_waiting{kind=\"chat\",lane=\"normal\"} 1";
    until("the depth is exported", async || metrics().await.contains(waiting)).await;
    let text = metrics().await;
    for line in [
        "http_server_requests_total{http_request_method=\"POST\",http_route=\"/v1/jobs/{job}\",http_response_status_code=\"202\"} 1",
        "http_server_requests_total{http_request_method=\"GET\",http_route=\"unmatched\",http_response_status_code=\"404\"} 1",
        "http_server_request_duration_seconds_count{http_request_method=\"POST\",http_route=\"/v1/jobs/{job}\"} 1",
        "ruche_queue_in_flight{kind=\"chat\",lane=\"normal\"} 0",
        "ruche_queue_oldest_seconds{kind=\"chat\",lane=\"normal\"}",
        "ruche_queue_slots{kind=\"chat\"} 8",
        "ruche_queue_busy_slots{kind=\"chat\"} 3",
        "ruche_gateway_sockets 0",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(!text.contains("nothing-of-the-sort"));
    assert!(text.ends_with("# EOF\n"));
}

#[tokio::test]
async fn a_stream_that_runs_may_end_after_a_shutdown_has_begun() {
    let gateway = start().await;
    let job = gateway.submit("hold").await;
    let mut stream = SseReader::new(gateway.get(&format!("/v1/jobs/{job}/events")).send().await.unwrap());
    while stream.next().await.unwrap().event != "delta" {}
    gateway.lifecycle.draining.cancel();
    gateway.cancel(&job).await;
    assert_eq!(stream.next().await.unwrap().event, "cancelled");
    assert_eq!(stream.next().await, None);
    gateway.stopped().await;
}

#[tokio::test]
async fn when_the_drain_time_is_over_streams_say_so_and_their_jobs_go_on() {
    let gateway = without_worker(|app: &mut App| app.settings.drain_seconds = 0).await;
    gateway.work().await;
    let job = gateway.submit("hold").await;
    let mut events = SseReader::new(gateway.get(&format!("/v1/jobs/{job}/events")).send().await.unwrap());
    let delta = loop {
        let event = events.next().await.unwrap();
        if event.event == "delta" {
            break event;
        }
    };
    let mut chat = SseReader::new(gateway.chat("hold", json!({ "stream": true })).send().await.unwrap());
    let chat_job = crate::support::job_of(&chat.next().await.unwrap().json());
    chat.next().await.unwrap();
    gateway.lifecycle.draining.cancel();
    let last = events.next().await.unwrap();
    // It has no id, so a reader resumes after the delta.
    assert_eq!((last.event.as_str(), last.id), ("interrupted", delta.id));
    assert_eq!(chat.next().await.unwrap().json()["error"]["code"], "shutting_down");
    gateway.stopped().await;
    for job in [job, chat_job] {
        assert!(!gateway.is_cancelled(&job).await);
        gateway.cancel(&job).await;
        assert_eq!(gateway.ended(&job).await.event, EventType::Cancelled);
    }
}

#[tokio::test]
async fn a_taken_port_is_an_error_that_names_the_setting() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let bus = std::sync::Arc::new(ruche_bus::memory::Memory::new(&[], 1, std::time::Duration::from_secs(1)));
    let store = std::sync::Arc::new(ruche_store::memory::Memory::default());
    let app = App::new(ruche_schemas::config::Gateway { port, ..settings() }, bus, store, kinds::all());
    let error = app.bind().await.unwrap_err();
    assert!(matches!(error, ServeError::Bind { .. }));
    for part in [&*port.to_string(), "gateway.port", "RUCHE_GATEWAY__PORT"] {
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[tokio::test]
async fn what_is_open_is_counted_while_it_is_open() {
    let metrics = metrics::Metrics::default();
    let open = metrics::Open::new(&metrics.streams);
    assert_eq!(metrics.streams.get(), 1);
    drop(open);
    assert_eq!(metrics.streams.get(), 0);
}
