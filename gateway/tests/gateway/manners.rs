//! What clients that were written for others, and browsers, expect of an API.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::support::{Fixture, MODEL, chat_body, json_of, lines_of, refused, start, without_worker};

const PAGE: &str = "http://localhost:5173";
const CHAT: &str = "/v1/chat/completions";

async fn preflight(gateway: &Fixture, path: &str, origin: &str) -> Response {
    let request = gateway.client.request(Method::OPTIONS, format!("{}{path}", gateway.url)).header("origin", origin);
    let request = request.header("access-control-request-method", "POST");
    request.header("access-control-request-headers", "authorization,content-type").send().await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_page_of_an_allowed_origin_may_call_every_route_and_reads_errors_too() {
    let gateway = start().await;
    for path in [CHAT, "/v1/jobs", "/v1/jobs/x/events", "/v1/collections/a", "/openapi.json", "/v1/nothing"] {
        let response = preflight(&gateway, path, PAGE).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(header(&response, "access-control-allow-origin"), PAGE);
        assert_eq!(header(&response, "access-control-allow-methods"), "POST");
        assert_eq!(header(&response, "access-control-allow-headers"), "authorization,content-type");
        assert!(header(&response, "vary").contains("origin"));
    }
    let response = gateway.chat("say hi", json!({})).header("origin", PAGE).send().await.unwrap();
    assert_eq!((response.status().as_u16(), header(&response, "access-control-allow-origin")), (200, PAGE));
    assert_eq!(header(&response, "access-control-expose-headers"), "*");
    for path in ["/v1/nothing", "/v1/jobs/x"] {
        let response = gateway.get(path).header("origin", PAGE).send().await.unwrap();
        assert_eq!(header(&response, "access-control-allow-origin"), PAGE);
        refused(response, 404).await;
    }
    let unknown = gateway.as_key("rk_wrong", Method::GET, "/v1/models").header("origin", PAGE).send().await.unwrap();
    assert_eq!(header(&unknown, "access-control-allow-origin"), PAGE);
    refused(unknown, 401).await;
}

#[tokio::test]
async fn another_page_is_told_what_to_set_and_reads_nothing() {
    let gateway = without_worker(|app| app.settings.cors_origins = "https://app.example.com".to_owned()).await;
    let response = preflight(&gateway, CHAT, PAGE).await;
    assert_eq!(header(&response, "access-control-allow-origin"), "");
    assert!(response.text().await.unwrap().contains("gateway.cors_origins"));
    let response = preflight(&gateway, CHAT, PAGE).await;
    assert_eq!(refused(response, 403).await, ("origin".into(), "origin_not_allowed".into()));
    let response = gateway.get("/v1/models").header("origin", PAGE).send().await.unwrap();
    assert_eq!((response.status().as_u16(), header(&response, "access-control-allow-origin")), (200, ""));
    let response = preflight(&gateway, CHAT, "https://app.example.com").await;
    assert_eq!(header(&response, "access-control-allow-origin"), "https://app.example.com");
}

#[tokio::test]
async fn options_and_head_are_answered_on_every_route() {
    let gateway = start().await;
    for (path, allowed) in [
        (CHAT, "POST, OPTIONS"),
        ("/v1/models", "GET, HEAD, OPTIONS"),
        ("/v1/jobs", "GET, HEAD, POST, OPTIONS"),
        ("/healthz", "GET, HEAD, OPTIONS"),
    ] {
        let response = gateway.request(Method::OPTIONS, path).send().await.unwrap();
        assert_eq!(response.status(), 204, "{path}");
        let mut methods: Vec<&str> = header(&response, "allow").split(", ").collect();
        let mut expected: Vec<&str> = allowed.split(", ").collect();
        methods.sort_unstable();
        expected.sort_unstable();
        assert_eq!(methods, expected, "{path}");
    }
    let wrong = gateway.request(Method::PUT, CHAT).send().await.unwrap();
    assert_eq!(header(&wrong, "allow"), "POST, OPTIONS");
    assert_eq!(refused(wrong, 405).await.1, "method_not_allowed");
    for path in ["/v1/models", "/healthz", "/", "/openapi.json"] {
        let (get, head) =
            (gateway.get(path).send().await.unwrap(), gateway.request(Method::HEAD, path).send().await.unwrap());
        assert_eq!(head.status(), 200, "{path}");
        assert_eq!(header(&head, "content-type"), header(&get, "content-type"));
        assert_eq!(header(&head, "content-length"), get.text().await.unwrap().len().to_string(), "{path}");
        assert_eq!(head.text().await.unwrap(), "");
    }
    assert_eq!(gateway.request(Method::HEAD, CHAT).send().await.unwrap().status(), 405);
}

#[tokio::test]
async fn a_slash_at_the_end_is_the_same_path() {
    let gateway = start().await;
    assert_eq!(gateway.read("/v1/models/").await, gateway.read("/v1/models").await);
    assert_eq!(gateway.read(&format!("/v1/models/{MODEL}/")).await["id"], MODEL);
    assert_eq!(gateway.read("/v1/jobs/?limit=1").await["object"], "list");
    let answer = gateway.post(&format!("{CHAT}/"), &chat_body("say hi")).await;
    assert_eq!(answer["choices"][0]["message"]["content"], "hi");
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut writer = GzEncoder::new(Vec::new(), Compression::best());
    writer.write_all(text).unwrap();
    writer.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    zstd::encode_all(text, 19).unwrap()
}

async fn encoded(gateway: &Fixture, path: &str, coding: &str, body: Vec<u8>) -> Response {
    let request = gateway.request(Method::POST, path).header("content-type", "application/json");
    request.header("content-encoding", coding).body(body).send().await.unwrap()
}

#[tokio::test]
async fn a_body_may_come_in_gzip_or_zstd() {
    let gateway = start().await;
    let body = chat_body("say hi").to_string();
    for (coding, body) in [
        ("gzip", gzip(body.as_bytes())),
        ("x-gzip", gzip(body.as_bytes())),
        ("GZIP", gzip(body.as_bytes())),
        ("zstd", zstd(body.as_bytes())),
        ("identity", body.clone().into_bytes()),
        ("gzip", [gzip(&body.as_bytes()[..9]), gzip(&body.as_bytes()[9..])].concat()),
    ] {
        let answer = json_of(encoded(&gateway, CHAT, coding, body).await).await;
        assert_eq!(answer["choices"][0]["message"]["content"], "hi", "{coding}");
    }
    let line = json!({ "kind": "chat", "body": chat_body("say hi") }).to_string();
    let request = gateway.request(Method::POST, "/v1/jobs").header("content-type", "application/x-ndjson");
    let body = zstd(format!("{line}\n{line}\n").as_bytes());
    let lines = lines_of(request.header("content-encoding", "zstd").body(body).send().await.unwrap()).await;
    assert_eq!(lines.last().unwrap()["batch"]["accepted"], 2);
}

#[tokio::test]
async fn a_bomb_broken_data_and_other_codings_are_clear_errors() {
    let gateway = without_worker(|_| {}).await;
    let bomb = json!({ "messages": [{ "role": "user", "content": "x".repeat(100 << 20) }] }).to_string();
    for (coding, bomb) in [("gzip", gzip(bomb.as_bytes())), ("zstd", zstd::encode_all(bomb.as_bytes(), 1).unwrap())] {
        assert!(bomb.len() < 1 << 20, "{coding}");
        assert_eq!(refused(encoded(&gateway, CHAT, coding, bomb).await, 413).await.1, "payload_too_large");
    }
    let whole = gzip(chat_body("hi").to_string().as_bytes());
    let cut = whole[..whole.len() - 12].to_vec();
    let plain = chat_body("hi").to_string().into_bytes();
    // A frame whose window has 128 MiB, which a decoder would allocate.
    let wide = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x88, 0x01, 0x00, 0x00].to_vec();
    for (coding, body) in
        [("gzip", cut), ("gzip", plain.clone()), ("zstd", plain.clone()), ("zstd", wide), ("zstd", whole)]
    {
        let expected = ("body".to_owned(), "invalid_encoding".to_owned());
        assert_eq!(refused(encoded(&gateway, CHAT, coding, body).await, 400).await, expected, "{coding}");
    }
    let body = gzip(chat_body("hi").to_string().as_bytes());
    let request = gateway.request(Method::POST, CHAT).header("content-type", "application/json").body(body);
    let told = request.send().await.unwrap().json::<Value>().await.unwrap()["error"]["message"].take();
    assert!(
        told.as_str().unwrap().contains("looks like gzip; send it with the header `Content-Encoding: gzip`"),
        "{told}"
    );
    for coding in ["br", "deflate", "gzip, gzip", "compress"] {
        let expected = ("content-encoding".to_owned(), "unsupported_encoding".to_owned());
        assert_eq!(refused(encoded(&gateway, CHAT, coding, plain.clone()).await, 415).await, expected, "{coding}");
    }
    assert_eq!(gateway.waiting().await, 0);
}

/// The code and the message.
async fn nothing_at(gateway: &Fixture, method: Method, path: &str) -> (String, String) {
    let response = gateway.request(method, path).send().await.unwrap();
    assert_eq!(response.status(), 404, "{path}");
    let error = response.json::<Value>().await.unwrap()["error"].take();
    (error["code"].as_str().unwrap().to_owned(), error["message"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_wrong_base_url_and_what_is_not_offered_are_told_with_what_to_use() {
    let gateway = without_worker(|_| {}).await;
    for (path, right) in [
        (CHAT.strip_prefix("/v1").unwrap(), CHAT),
        ("/models", "/v1/models"),
        ("/embeddings", "/v1/embeddings"),
        ("/v1/v1/models", "/v1/models"),
    ] {
        let (code, message) = nothing_at(&gateway, Method::POST, path).await;
        assert_eq!(code, "unknown_path");
        assert!(message.contains(&format!("there is {right:?}")), "{message}");
    }
    for (path, instead) in [
        ("/v1/responses", CHAT),
        ("/v1/completions", CHAT),
        ("/v1/moderations", "judges"),
        ("/v1/audio/speech", "hears"),
        ("/v1/images/generations", "/v1/render"),
        ("/v1/assistants", "/v1/bots"),
        ("/v1/files", "/v1/documents"),
        ("/v1/batches", "/v1/job-batches"),
        ("/v1/batches/b_1", "/v1/job-batches"),
    ] {
        for method in [Method::GET, Method::POST] {
            let (code, message) = nothing_at(&gateway, method, path).await;
            assert_eq!(code, "not_offered", "{path}");
            assert!(message.contains(instead), "{message}");
        }
    }
    for (path, meant) in [
        ("/v1/chat/completion", "do you mean POST /v1/chat/completions?"),
        ("/v1/embedding", "do you mean POST /v1/embeddings?"),
        ("/v1/model", "do you mean GET /v1/models?"),
        ("/v1/collection/docs", "/v1/collections/docs?"),
    ] {
        let (code, message) = nothing_at(&gateway, Method::POST, path).await;
        assert!(code == "unknown_path" && message.contains(meant), "{message}");
    }
    assert!(nothing_at(&gateway, Method::GET, "/v1/nothing").await.1.contains("/openapi.json"));
    // What `client.conversations` of OpenAI's clients sends.
    for (method, path) in [
        (Method::POST, "/v1/conversations"),
        (Method::POST, "/v1/conversations/conv_1"),
        (Method::GET, "/v1/conversations/conv_1/items"),
        (Method::POST, "/v1/conversations/conv_1/items"),
        (Method::GET, "/v1/conversations/conv_1/items/msg_1"),
        (Method::DELETE, "/v1/conversations/conv_1/items/msg_1"),
    ] {
        let (code, message) = nothing_at(&gateway, method, path).await;
        assert_eq!(code, "not_offered", "{path}");
        assert!(message.contains(CHAT) && message.contains("GET /v1/conversations/{id}"), "{message}");
    }
    for method in [Method::GET, Method::DELETE] {
        let (code, message) = nothing_at(&gateway, method, "/v1/conversations/conv_1").await;
        assert_eq!(code, "conversation_not_found");
        assert!(message.contains("conv_1") && message.contains("OpenAI"), "{message}");
    }
    assert_eq!(gateway.request(Method::PUT, "/v1/conversations").send().await.unwrap().status(), 405);
}

#[tokio::test]
async fn the_root_links_to_the_rest() {
    let gateway = without_worker(|_| {}).await;
    let root = gateway.client.get(&gateway.url).send().await.unwrap();
    assert_eq!(header(&root, "content-type"), "application/json");
    let links = root.json::<Value>().await.unwrap()["links"].take();
    let browser = "text/html,application/xhtml+xml,*/*;q=0.8";
    let page = gateway.client.get(&gateway.url).header("accept", browser).send().await.unwrap();
    assert!(header(&page, "content-type").starts_with("text/html"));
    let page = page.text().await.unwrap();
    for link in links.as_array().unwrap() {
        let path = link["path"].as_str().unwrap();
        assert_eq!(gateway.get(path).send().await.unwrap().status(), 200, "{path}");
        assert!(page.contains(&format!("href=\"{path}\"")), "{path}");
    }
}

async fn with_aliases() -> Fixture {
    let pairs = [("default", ""), ("gpt-4o-mini", MODEL), ("helper", "bot:help"), ("gone", "no-such-model")];
    let aliases = pairs.map(|(name, target)| (name.to_owned(), target.to_owned()));
    let gateway = without_worker(|app| app.aliases = aliases.into()).await;
    gateway.work().await;
    gateway.post("/v1/bots", &json!({ "name": "help", "instructions": "Be brief." })).await;
    gateway
}

#[tokio::test]
async fn an_alias_stands_for_a_model_or_a_bot_wherever_a_chat_comes_in() {
    let gateway = with_aliases().await;
    for (model, answered_by) in [("gpt-4o-mini", MODEL), ("default", MODEL), ("helper", "bot:help")] {
        let answer = json_of(gateway.chat("say hi", json!({ "model": model })).send().await.unwrap()).await;
        assert_eq!(answer["model"], answered_by, "{model}");
        let body = json!({ "model": model, "messages": chat_body("show")["messages"] });
        let job = gateway.post("/v1/jobs/chat", &body).await["id"].as_str().unwrap().to_owned();
        let done = gateway.ended(&job).await;
        let seen: Value = serde_json::from_str(done.data["text"].as_str().unwrap()).unwrap();
        let expected = if model == "gpt-4o-mini" { json!(MODEL) } else { Value::Null };
        assert_eq!(seen["model"], expected, "{model}");
        assert_eq!(seen["grounding"].is_object(), model == "helper");
    }
    let next = json!({ "kind": "chat", "body": { "model": "helper", "messages": chat_body("x")["messages"] } });
    let job = json!({ "kind": "chat", "body": chat_body("say hi"), "on_success": [next] });
    let response = gateway.request(Method::POST, "/v1/jobs").json(&job).send().await.unwrap();
    assert_eq!(refused(response, 400).await.0, "on_success[0].body.model");
}

#[tokio::test]
async fn aliases_are_listed_and_an_unknown_model_lists_what_there_is() {
    let gateway = with_aliases().await;
    let list = gateway.read("/v1/models").await;
    let found: Vec<(&str, Option<&str>)> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| (model["id"].as_str().unwrap(), model["alias_of"].as_str()))
        .collect();
    let expected = [
        (MODEL, None),
        ("bot:help", None),
        ("default", Some(MODEL)),
        ("gpt-4o-mini", Some(MODEL)),
        ("helper", Some("bot:help")),
    ];
    assert_eq!(found, expected);
    assert_eq!(gateway.read("/v1/models/helper").await["alias_of"], "bot:help");
    for response in [
        gateway.chat("hi", json!({ "model": "gpt-4" })).send().await.unwrap(),
        gateway.get("/v1/models/gpt-4").send().await.unwrap(),
    ] {
        assert_eq!(response.status(), 404);
        let error = response.json::<Value>().await.unwrap()["error"].take();
        assert_eq!((error["param"].as_str(), error["code"].as_str()), (Some("model"), Some("model_not_found")));
        for part in ["gpt-4", MODEL, "default", "gpt-4o-mini", "bot:help"] {
            assert!(error["message"].as_str().unwrap().contains(part), "{error}");
        }
    }
}

#[tokio::test]
async fn a_connection_is_closed_after_an_answer_that_did_not_wait_for_the_body() {
    let gateway = start().await;
    let text = "a text of a document ".repeat(5_000);
    for (path, kind, status, closes) in [
        ("/v1/documents", "application/x-unknown", 415, true),
        ("/v1/responses", "application/json", 404, true),
        ("/v1/search?colour=red", "application/json", 400, true),
        (CHAT, "application/json", 400, false),
    ] {
        let request = gateway.client.post(format!("{}{path}", gateway.url)).bearer_auth(&gateway.key);
        let response = request.header("content-type", kind).body(text.clone()).send().await.unwrap();
        assert_eq!(response.status(), status, "{path}");
        assert_eq!(header(&response, "connection") == "close", closes, "{path}");
        drop(response.bytes().await);
        assert_eq!(gateway.get("/v1/models").send().await.unwrap().status(), 200, "{path}");
    }
}
