//! Each wrong request is a 4xx that names the field, and nothing is published.

use crate::support::{Fixture, chat_body, lines_of, refused, without_worker};
use reqwest::{Method, Response, header::CONTENT_TYPE};
use ruche_store::keys;
use serde_json::{Value, json};
use uuid::Uuid;

const CHAT: &str = "/v1/chat/completions";
const DIGITS: &str = "9999999999";

async fn post(gateway: &Fixture, path: &str, body: impl Into<reqwest::Body>) -> Response {
    gateway.request(Method::POST, path).header(CONTENT_TYPE, "application/json").body(body).send().await.unwrap()
}

fn with(field: &str, value: Value) -> String {
    json!({ "messages": [{ "role": "user", "content": "hi" }], field: value }).to_string()
}

#[tokio::test]
async fn a_wrong_field_of_a_chat_is_named_and_nothing_is_published() {
    let gateway = without_worker(|_| {}).await;
    let nan = r#"{"messages":[{"role":"user","content":"hi"}],"temperature":NaN}"#;
    let huge = r#"{"messages":[{"role":"user","content":"hi"}],"temperature":1e999}"#;
    let deep = "[".repeat(100_000);
    for (body, param) in [
        (r#"{"messages":[]}"#.to_owned(), "messages"),
        ("{}".to_owned(), "messages"),
        (r#"{"messages":[{"role":"user","content":""}]}"#.to_owned(), "messages[0].content"),
        (r#"{"messages":[{"role":"boss","content":"x"}]}"#.to_owned(), "messages[0].role"),
        (r#"{"messages":[{"role":"user","content":"a\u0000b"}]}"#.to_owned(), "messages[0].content"),
        (r#"{"messages":[{"role":"user"}]}"#.to_owned(), "messages[0].content"),
        ("not json".to_owned(), "body"),
        ("\"text\"".to_owned(), "body"),
        (String::new(), "body"),
        (nan.to_owned(), "body"),
        (huge.to_owned(), "body"),
        (deep, "body"),
        (with("temperature", json!(-0.1)), "temperature"),
        (with("temperature", json!(1e300)), "temperature"),
        (with("temperature", json!("hot")), "temperature"),
        (with("top_p", json!(0)), "top_p"),
        (with("top_k", json!(-1)), "top_k"),
        (with("max_tokens", json!(-1)), "max_tokens"),
        (with("max_tokens", json!(0)), "max_tokens"),
        (with("max_completion_tokens", json!(99_999_999_999_u64)), "max_completion_tokens"),
        (with("presence_penalty", json!(3)), "presence_penalty"),
        (with("repeat_penalty", json!(-1)), "repeat_penalty"),
        (with("seed", json!(1e30)), "seed"),
        (with("stop", json!([""])), "stop[0]"),
        (with("stop", json!(vec!["x"; 17])), "stop"),
        (with("model", json!("")), "model"),
        (with("stream", json!("yes")), "stream"),
        (with("n", json!(2)), "n"),
        (with("tools", json!([{ "type": "function" }])), "tools"),
        (with("conversation", json!("mine")), "conversation"),
    ] {
        let (found, _) = refused(post(&gateway, CHAT, body.clone()).await, 400).await;
        assert_eq!(found, param, "{}", &body[..body.len().min(200)]);
    }
    assert_eq!(gateway.waiting().await, 0);
}

#[tokio::test]
async fn a_wrong_job_is_refused_and_nothing_is_published() {
    let gateway = without_worker(|_| {}).await;
    for (body, param) in [
        ("{}", "messages"),
        (r#"{"messages":[{"role":"boss","content":"x"}]}"#, "messages[0].role"),
        (r#"{"messages":[{"role":"user","content":"x"}],"sampling":{"temperature":"hot"}}"#, "sampling.temperature"),
        (r#"{"messages":[{"role":"user","content":"x"}],"sampling":{"top_k":-5}}"#, "sampling.top_k"),
        (r#"{"messages":[{"role":"user","content":"x"}]} trailing"#, "body"),
        ("nope", "body"),
    ] {
        assert_eq!(refused(post(&gateway, "/v1/jobs/chat", body).await, 400).await.0, param, "{body}");
    }
    let good = r#"{"messages":[{"role":"user","content":"x"}]}"#;
    for kind in ["dance", "chat.x", "CHAT", "%2F"] {
        assert_eq!(refused(post(&gateway, &format!("/v1/jobs/{kind}"), good).await, 404).await.1, "unknown_kind");
    }
    for query in ["delay_seconds=x", "run_at=tomorrow", "delay_seconds=1&run_at=2999-01-01T00:00:00Z"] {
        let (param, _) = refused(post(&gateway, &format!("/v1/jobs/chat?{query}"), good).await, 400).await;
        assert!(["run_at", "delay_seconds"].contains(&param.as_str()), "{query}: {param}");
    }
    assert_eq!(refused(post(&gateway, "/v1/jobs/chat?lane=fast", good).await, 400).await.0, "lane");
    assert_eq!(refused(post(&gateway, "/v1/jobs/%ff", good).await, 400).await.0, "path");
    let request = gateway.request(Method::POST, "/v1/jobs/chat").header(CONTENT_TYPE, "application/json").body(good);
    let response = request.header("idempotency-key", "k".repeat(256)).send().await.unwrap();
    assert_eq!(refused(response, 400).await.0, "idempotency-key");
    assert_eq!(gateway.waiting().await, 0);
}

#[tokio::test]
async fn what_is_too_large_is_a_413_that_is_read() {
    let gateway = without_worker(|_| {}).await;
    let ten_megabytes = json!({ "messages": [{ "role": "user", "content": "x".repeat(10_000_000) }] }).to_string();
    let half_a_megabyte = json!({ "messages": [{ "role": "user", "content": "x".repeat(500_000) }] }).to_string();
    for path in [CHAT, "/v1/jobs/chat"] {
        for body in [&ten_megabytes, &half_a_megabyte] {
            assert_eq!(refused(post(&gateway, path, body.clone()).await, 413).await.1, "payload_too_large");
        }
    }
    assert_eq!(gateway.waiting().await, 0);
}

#[tokio::test]
async fn what_is_not_json_text_is_refused() {
    let gateway = without_worker(|_| {}).await;
    let invalid = [br#"{"messages":[{"role":"user","content":""#.as_slice(), &[0xff, 0xfe], br#""}]}"#].concat();
    assert_eq!(refused(post(&gateway, CHAT, invalid).await, 400).await, ("body".into(), "invalid_utf8".into()));
    for kind in ["text/plain", "multipart/form-data", "application/x-www-form-urlencoded"] {
        let request = gateway.request(Method::POST, CHAT).header(CONTENT_TYPE, kind).body("{}");
        assert_eq!(refused(request.send().await.unwrap(), 415).await.1, "unsupported_media_type");
    }
    let request = gateway.request(Method::POST, CHAT).body("{}");
    assert_eq!(refused(request.send().await.unwrap(), 415).await.1, "unsupported_media_type");
}

#[tokio::test]
async fn a_bad_key_is_a_401_that_says_how() {
    let gateway = without_worker(|_| {}).await;
    let wrong_secret = format!("{}{}", &gateway.key[..16], &keys::generate()[16..]);
    for value in [None, Some("Bearer "), Some("Bearer x"), Some("Basic YTpi"), Some(wrong_secret.as_str())] {
        for path in ["/v1/models", "/v1/conversations", "/v1/jobs/x"] {
            let mut request = gateway.client.get(format!("{}{path}", gateway.url));
            if let Some(value) = value {
                request = request.header("authorization", value.replace("rk_", "Bearer rk_"));
            }
            let response = request.send().await.unwrap();
            assert!(response.headers()["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
            assert_eq!(refused(response, 401).await.1, "invalid_api_key");
        }
    }
}

#[tokio::test]
async fn a_key_may_come_in_the_headers_of_other_clients() {
    let gateway = without_worker(|_| {}).await;
    for name in ["x-api-key", "api-key"] {
        let request = gateway.client.get(format!("{}/v1/models", gateway.url)).header(name, &gateway.key);
        assert_eq!(request.send().await.unwrap().status(), 200, "{name}");
    }
}

#[tokio::test]
async fn a_field_of_a_jobs_body_is_named_by_its_path_in_the_request() {
    let gateway = without_worker(|_| {}).await;
    let message = json!({ "role": "user", "content": "hi" });
    for (body, param) in [
        (json!({ "messages": [{ "role": "boss", "content": "x" }] }), "body.messages[0].role"),
        (json!({ "messages": [message], "max_tokens": 1e12 }), "body.max_tokens"),
        (json!({ "messages": [message], "n": 2 }), "body.n"),
        (json!({}), "body.messages"),
    ] {
        let job = json!({ "kind": "chat", "body": body });
        let (status, told) = json_answer(post(&gateway, "/v1/jobs", job.to_string()).await).await;
        assert_eq!((status, &told["param"]), (400, &json!(param)), "{told}");
        let message = told["message"].as_str().unwrap();
        assert!(message.contains(param.rsplit('.').next().unwrap()), "{message}");
        let lines = lines_of(gateway.lines("", job.to_string()).await).await;
        assert_eq!(lines[0]["error"]["param"], param, "{lines:?}");
    }
    for (job, param) in [
        (json!({ "kind": "chat", "body": { "messages": [message] }, "lane": "x" }), "lane"),
        (
            json!({ "kind": "chat", "body": { "messages": [message] }, "on_success": [{ "kind": "nope", "body": {} }] }),
            "on_success[0].kind",
        ),
    ] {
        assert_eq!(refused(post(&gateway, "/v1/jobs", job.to_string()).await, 400).await.0, param);
    }
}

async fn json_answer(response: Response) -> (u16, Value) {
    (response.status().as_u16(), response.json::<Value>().await.unwrap()["error"].take())
}

#[tokio::test]
async fn a_conversation_that_is_not_mine_is_a_404_and_nothing_is_published() {
    let gateway = without_worker(|_| {}).await;
    let body = with("conversation", json!(Uuid::now_v7()));
    for path in [CHAT, "/v1/jobs/chat"] {
        let expected = ("conversation".to_owned(), "conversation_not_found".to_owned());
        assert_eq!(refused(post(&gateway, path, body.clone()).await, 404).await, expected);
    }
    assert_eq!(gateway.waiting().await, 0);
}

#[tokio::test]
async fn what_is_not_there_and_what_is_not_allowed_have_the_same_shape() {
    let gateway = without_worker(|_| {}).await;
    assert_eq!(refused(gateway.get("/v1/nothing").send().await.unwrap(), 404).await.1, "unknown_path");
    assert_eq!(refused(gateway.get(CHAT).send().await.unwrap(), 405).await.1, "method_not_allowed");
    assert_eq!(refused(gateway.get("/v1/jobs/not-an-id").send().await.unwrap(), 404).await.1, "job_not_found");
    assert_eq!(refused(gateway.get("/v1/conversations/not-an-id").send().await.unwrap(), 404).await.0, "id");
    for query in ["limit=0", "limit=101", "limit=-1", "limit=x", "after=x"] {
        let response = gateway.get(&format!("/v1/conversations?{query}")).send().await.unwrap();
        assert_eq!(Some(refused(response, 400).await.0.as_str()), query.split('=').next());
    }
    let response = gateway.get(&format!("/v1/conversations?after={}", Uuid::now_v7())).send().await.unwrap();
    assert_eq!(refused(response, 404).await.0, "after");
    assert_eq!(refused(gateway.get("/v1/ws").send().await.unwrap(), 400).await.1, "not_a_websocket");
}

/// The field and the message, which is in plain words.
async fn said_of(response: Response) -> (String, String) {
    let status = response.status();
    let error = response.json::<Value>().await.unwrap()["error"].take();
    assert_eq!(status, 400, "{error}");
    let message = error["message"].as_str().unwrap().to_owned();
    for word in
        ["expected", "u32", "u64", "usize", "f32", "struct", "variant", "UUID", "Failed", "deserialize", "premature"]
    {
        assert!(!message.contains(word), "{message}");
    }
    assert!(!message.contains(&DIGITS.repeat(5)), "{message}");
    (error["param"].as_str().unwrap_or_default().to_owned(), message)
}

#[tokio::test]
async fn a_wrong_parameter_is_told_in_plain_words_with_its_value_and_what_is_allowed() {
    let gateway = without_worker(|_| {}).await;
    for (query, param, words) in [
        ("conversations?limit=x".to_owned(), "limit", "\"x\" is not allowed: a whole number is needed"),
        (format!("conversations?limit={}", DIGITS.repeat(5)), "limit", "is too large"),
        ("conversations?limit=-1".to_owned(), "limit", "\"-1\" is too small: the number can't be negative"),
        ("conversations?after=x".to_owned(), "after", "an id such as"),
        ("conversations?limit=1&limit=2".to_owned(), "limit", "is there twice"),
        ("jobs?batch=nope".to_owned(), "batch", "\"nope\" is not allowed: an id such as"),
        ("dead?after=9223372036854775808".to_owned(), "after", "at most 9223372036854775807 is allowed"),
    ] {
        let (named, message) = said_of(gateway.get(&format!("/v1/{query}")).send().await.unwrap()).await;
        assert!(named == param && message.contains(words), "{query}: {named}: {message}");
    }
}

async fn assert_said(gateway: &Fixture, cases: &[(&str, &str, Value, &str, &str)]) {
    for (method, path, body, param, words) in cases {
        // A text is sent as it is.
        let body = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
        let request = gateway.request(method.parse().unwrap(), path).header(CONTENT_TYPE, "application/json");
        let (named, message) = said_of(request.body(body).send().await.unwrap()).await;
        assert!(named == *param && message.contains(words), "{path}: {named}: {message}");
    }
    assert_eq!(gateway.waiting().await, 0);
}

#[tokio::test]
async fn a_wrong_field_is_told_in_plain_words_with_its_value_and_what_is_allowed() {
    let gateway = without_worker(|_| {}).await;
    let chat = |field: &str, value: Value| json!(with(field, value));
    let huge = format!(r#"{{"messages":[],"top_k":{}}}"#, DIGITS.repeat(5));
    let document = json!({ "collection": "c", "source": "s", "text": "t", "published_at": "x" });
    let base64 = json!({ "collection": "c", "source": "s", "data": "%%" });
    let cases = [
        ("POST", "/v1/jobs/cancel", json!({ "batch": "nope" }), "batch", "\"nope\" is not allowed: an id"),
        ("POST", "/v1/jobs", json!({ "kind": "chat", "body": {}, "run_at": "31/01/2026" }), "run_at", "RFC 3339"),
        ("POST", CHAT, chat("max_tokens", json!("many")), "max_tokens", "\"many\" is not allowed: a whole number"),
        ("POST", CHAT, json!(huge), "top_k", "is too large"),
        ("POST", CHAT, chat("temperature", json!(1e30)), "temperature", "1e30 is out of range"),
        ("POST", CHAT, chat("conversation", json!("mine")), "conversation", "an id such as"),
        ("POST", CHAT, json!("{\"messages\":"), "body", "not JSON: it ends too early"),
        ("POST", "/v1/search", json!({ "query": "x", "collection": "" }), "collection", "name a collection"),
        ("POST", "/v1/documents", json!({ "source": "s", "text": "t" }), "collection", "name a collection"),
        ("POST", "/v1/documents", document, "published_at", "2026-01-31T09:30:00Z"),
        ("POST", "/v1/documents", base64, "data", "is no base64: '%' (byte 0)"),
        ("POST", "/v1/jobs/cancel", json!({ "state": "done" }), "state", "use active, queued, scheduled, running or"),
        (
            "POST",
            CHAT,
            json!({ "messages": [{ "role": "robot" }] }),
            "messages[0].role",
            "developer, user or assistant",
        ),
        ("POST", "/v1/search", json!({ "query": "x", "collections": ["c", "C"] }), "collections[1]", "is no name"),
        ("POST", "/v1/search", json!({ "query": "x", "collections": [] }), "collections", "is an empty list"),
        ("POST", "/v1/embeddings", json!({ "input": [[1, 2], [3]] }), "input", "check_embedding_ctx_length=False"),
    ];
    assert_said(&gateway, &cases).await;
}

#[tokio::test]
async fn a_wrong_time_is_told_with_an_example_and_a_wrong_zone_is_not_the_expressions_fault() {
    let gateway = without_worker(|_| {}).await;
    let schedule = |rest: Value| {
        let mut body = json!({ "kind": "chat", "body": chat_body("hi") });
        body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        body
    };
    let zone = schedule(json!({ "cron": "0 0 8 * * *", "time_zone": "Mars/Olympus" }));
    let cases = [
        ("POST", "/v1/jobs/chat?run_at=tomorrow", chat_body("hi"), "run_at", "2026-01-31T09:30:00Z"),
        ("POST", "/v1/jobs/chat?delay_seconds=soon", chat_body("hi"), "delay_seconds", "a whole number"),
        ("PUT", "/v1/schedules/daily", zone, "time_zone", "Europe/Paris"),
        ("PUT", "/v1/schedules/daily", schedule(json!({ "cron": "whenever" })), "cron", "six fields"),
        (
            "PUT",
            "/v1/schedules/daily",
            schedule(json!({ "every_seconds": "60" })),
            "every_seconds",
            "\"60\" is not allowed: a whole number is needed",
        ),
    ];
    assert_said(&gateway, &cases).await;
}

#[tokio::test]
async fn a_list_is_no_object() {
    let gateway = without_worker(|_| {}).await;
    let messages = json!([{ "role": "user", "content": "hi" }]);
    for (path, body, param) in [
        (CHAT, json!({ "messages": [["user", "hi"]] }), "messages[0]"),
        (CHAT, json!({ "messages": messages, "stream": true, "stream_options": [true] }), "stream_options"),
        ("/v1/jobs/chat", json!({ "messages": messages, "grounding": ["Answer", []] }), "grounding"),
        ("/v1/jobs/chat", json!({ "messages": messages, "grounding": [] }), "grounding"),
        ("/v1/render", json!({ "markdown": "x", "template": ["report"] }), "template"),
        ("/v1/search", json!({ "collections": ["a"], "query": "x", "filter": [["b"]] }), "filter"),
        ("/v1/search", json!({ "collections": ["a"], "query": "x", "filter": [] }), "filter"),
    ] {
        let (found, _) = refused(post(&gateway, path, body.to_string()).await, 400).await;
        assert_eq!(found, param, "{path}: {body}");
    }
}
