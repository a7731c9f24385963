//! One rule for each kind of mistake, wherever it is made, and a message that says what to do.

use reqwest::{Method, Response, header::CONTENT_TYPE};
use serde_json::{Value, json};

use crate::{
    support::{Fixture, chat_body, lines_of, refused, start, without_worker},
    ws::Socket,
};

pub(crate) const CHAT: &str = "/v1/chat/completions";

pub(crate) async fn send(gateway: &Fixture, method: Method, path: &str, body: impl Into<reqwest::Body>) -> Response {
    gateway.request(method, path).header(CONTENT_TYPE, "application/json").body(body).send().await.unwrap()
}

pub(crate) async fn post(gateway: &Fixture, path: &str, body: &Value) -> Response {
    send(gateway, Method::POST, path, body.to_string()).await
}

/// The field, the code and the message of an error with this status.
pub(crate) async fn error_of(response: Response, status: u16) -> (String, String, String) {
    let (found, text) = (response.status(), response.text().await.unwrap());
    assert_eq!(found.as_u16(), status, "{text}");
    let body: Value = serde_json::from_str(&text).unwrap();
    let text = |name: &str| body["error"][name].as_str().unwrap_or_default().to_owned();
    (text("param"), text("code"), text("message"))
}

pub(crate) fn ignored(response: &Response) -> &str {
    response.headers().get("ruche-ignored").map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn one_request_has_a_bounded_number_of_messages() {
    let gateway = start().await;
    let messages = |count: usize| {
        let mut all = vec![json!({ "role": "assistant" }); count - 1];
        all.push(json!({ "role": "user", "content": "say hi" }));
        json!({ "messages": all })
    };
    for path in [CHAT, "/v1/jobs/chat"] {
        let (param, _, message) = error_of(post(&gateway, path, &messages(10_001)).await, 400).await;
        assert_eq!((param.as_str(), message.contains("10001"), message.contains("10000")), ("messages", true, true));
    }
    assert_eq!(post(&gateway, CHAT, &messages(10_000)).await.status(), 200);
}

#[tokio::test]
async fn a_whole_number_may_have_a_fraction_of_zero_and_no_message_has_the_machines_bounds() {
    let gateway = start().await;
    let body =
        r#"{"messages":[{"role":"user","content":"show"}],"max_tokens":9.0,"top_k":1e1,"seed":7.0,"n":1.0,"top_p":1}"#;
    let answer: Value = send(&gateway, Method::POST, CHAT, body).await.json().await.unwrap();
    let job: Value = serde_json::from_str(answer["choices"][0]["message"]["content"].as_str().unwrap()).unwrap();
    assert_eq!((&job["max_tokens"], &job["sampling"]["top_k"]), (&json!(9), &json!(10)));
    for (field, value, told) in [
        ("max_tokens", "1.5", "1.5 is not allowed: a whole number is needed"),
        ("max_tokens", "-1.0", "is too small: the number can't be negative"),
        ("max_tokens", "-1", "can't be negative; from 1 to 1000000 is allowed"),
        ("top_k", "4294967296", "4294967296 is too large: from 0 to 1000000 is allowed"),
        ("max_completion_tokens", "1e12", "1000000000000 is too large: from 1 to 1000000 is allowed"),
        ("seed", "1e30", "1e30 is too large: from -9223372036854775808 to 9223372036854775807 is allowed"),
        ("top_p", "0", "0 is out of range: over 0 and at most 1 is allowed"),
        ("repeat_penalty", "3", "3 is out of range: over 0 and at most 2 is allowed"),
        ("stop", "17", "17 is not allowed: a string or a list of up to 16 strings is needed"),
        ("temperature", "\u{2212}1", "\"\u{2212}\" (U+2212) is not allowed there: JSON's minus is -"),
    ] {
        let body = format!(r#"{{"messages":[{{"role":"user","content":"x"}}],"{field}":{value}}}"#);
        for path in [CHAT, "/v1/jobs/chat"] {
            let (_, _, message) = error_of(send(&gateway, Method::POST, path, body.clone()).await, 400).await;
            assert!(message.contains(told), "{path}: {message}");
            assert!(!message.contains("4294967295") && !message.contains("e-38"), "{message}");
        }
    }
}

#[tokio::test]
async fn a_name_that_is_there_twice_is_refused_wherever_json_is_read() {
    let gateway = start().await;
    let chat = r#""messages":[{"role":"user","content":"say hi"}]"#;
    for (method, path, body, param) in [
        (Method::POST, CHAT, format!(r#"{{{chat},"temperature":1,"temperature":2}}"#), "temperature"),
        (
            Method::POST,
            CHAT,
            r#"{"messages":[{"role":"user","role":"user","content":"x"}]}"#.to_owned(),
            "messages[0].role",
        ),
        (Method::POST, "/v1/jobs/chat", format!(r#"{{{chat},"colour":1,"colour":1}}"#), "colour"),
        (Method::POST, "/v1/jobs", format!(r#"{{"kind":"chat","body":{{{chat},{chat}}}}}"#), "body.messages"),
        (Method::POST, "/v1/bots", r#"{"name":"a","look":{"title":"x","title":"y"}}"#.to_owned(), "look.title"),
        (Method::POST, "/v1/embeddings", r#"{"input":"a","input":"b"}"#.to_owned(), "input"),
        (
            Method::POST,
            "/v1/documents",
            r#"{"collection":"c","source":"s","text":"t","metadata":{"a":1,"a":2}}"#.to_owned(),
            "metadata.a",
        ),
        (Method::PUT, "/v1/schedules/a", r#"{"kind":"chat","kind":"chat"}"#.to_owned(), "kind"),
    ] {
        let (named, _, message) = error_of(send(&gateway, method, path, body).await, 400).await;
        assert_eq!((named.as_str(), message), (param, format!("{param}: is there twice: send it once")), "{path}");
    }
    let line = format!(r#"{{"kind":"chat","body":{{{chat},"seed":1,"seed":2}}}}"#);
    let answers = lines_of(gateway.lines("", line).await).await;
    assert_eq!(answers[0]["error"]["param"], "body.seed");
    let mut socket = Socket::welcome(&gateway).await;
    socket.say_text(&format!(r#"{{"type":"chat","ref":"a",{chat},"seed":1,"seed":2}}"#)).await;
    assert_eq!(socket.answer("a").await["error"]["param"], "seed");
}

#[tokio::test]
async fn a_byte_order_mark_before_json_is_ignored() {
    let gateway = start().await;
    let chat = format!("\u{feff}{}", chat_body("say hi"));
    assert_eq!(send(&gateway, Method::POST, CHAT, chat.clone()).await.status(), 200);
    assert_eq!(send(&gateway, Method::POST, "/v1/jobs/chat", chat).await.status(), 202);
    let bot = format!("\u{feff}{}", json!({ "name": "help" }));
    assert_eq!(send(&gateway, Method::POST, "/v1/bots", bot).await.status(), 201);
    let line = format!("\u{feff}{}", json!({ "kind": "chat", "body": chat_body("say hi") }));
    assert_eq!(lines_of(gateway.lines("", line).await).await[0]["kind"], "chat");
}

#[tokio::test]
async fn a_request_without_a_body_is_told_so() {
    let gateway = without_worker(|_| {}).await;
    for path in ["/v1/job-batches", CHAT, "/v1/jobs/chat", "/v1/bots", "/v1/search"] {
        let response = gateway.request(Method::POST, path).send().await.unwrap();
        let (param, code, message) = error_of(response, 400).await;
        assert_eq!((param.as_str(), code.as_str()), ("body", "invalid_json"), "{path}");
        assert_eq!(message, "the body is missing: send a JSON object");
    }
    assert_eq!(gateway.read("/v1/job-batches").await["data"], json!([]));
    assert_eq!(post(&gateway, "/v1/job-batches", &json!({})).await.status(), 201);
    let (param, _, message) = error_of(post(&gateway, "/v1/bots", &json!({})).await, 400).await;
    assert_eq!((param.as_str(), message.as_str()), ("name", "name: is missing: name the bot, such as help"));
}

#[tokio::test]
async fn the_header_of_ignored_names_is_exact() {
    let gateway = without_worker(|_| {}).await;
    let mut chat = chat_body("hi");
    (chat["a, b"], chat["f\u{fc}r \u{2192}"], chat["quote\""]) = (json!(1), json!(1), json!(1));
    let response = post(&gateway, "/v1/jobs/chat", &chat).await;
    let mut names: Vec<&str> = ignored(&response).split(", ").collect();
    names.sort_unstable();
    assert_eq!(names, ["a%2C%20b", "f%C3%BCr%20%E2%86%92", "quote%22"]);
    let mut chat = chat_body("hi");
    for n in 0..32 {
        chat[format!("x{n:02}")] = json!(n);
    }
    let response = post(&gateway, "/v1/jobs/chat", &chat).await;
    assert!(ignored(&response).starts_with("x00, x01") && ignored(&response).ends_with("x19, and-12-more"));
    let answers = lines_of(gateway.lines("", json!({ "kind": "chat", "body": chat }).to_string()).await).await;
    let told = answers[0]["ignored"].as_array().unwrap();
    assert_eq!((told.len(), &told[20]), (21, &json!("and-12-more")));
    // A part that is refused is not ignored.
    let picture = json!({ "colour": 1, "messages": [{ "role": "user", "content": [
        { "type": "image_url", "image_url": { "url": "https://example.org/a.png" } }
    ] }] });
    let response = post(&gateway, CHAT, &picture).await;
    assert_eq!(ignored(&response), "colour");
    assert_eq!(refused(response, 400).await.0, "messages[0].content");
}

#[tokio::test]
async fn an_unknown_parameter_is_refused_by_every_operation_with_those_there_are() {
    let gateway = start().await;
    for (method, path, told) in [
        (Method::GET, "/v1/models?colour=red", "this operation takes none"),
        (Method::GET, "/v1/jobs?colour=red", "there are kind, state, batch, limit, after"),
        (Method::GET, "/v1/conversations?limit=1&colour=red", "there are limit, after"),
        (Method::POST, "/v1/chat/completions?colour=red", "this operation takes none"),
        (Method::POST, "/v1/jobs/chat?colour=red", "there are lane, run_at, delay_seconds"),
        (Method::POST, "/v1/documents?colour=red", "there are collection, source,"),
        (Method::POST, "/v1/render?colour=red", "there are template, version,"),
        (Method::DELETE, "/v1/templates/x?colour=red", "there is version"),
    ] {
        let response = post_to(&gateway, method, path).await;
        let (param, code, message) = error_of(response, 400).await;
        assert_eq!((param.as_str(), code.as_str()), ("colour", "unknown_parameter"), "{path}");
        assert!(message.starts_with("there is no parameter \"colour\" in this") && message.contains(told), "{message}");
    }
    for path in ["/v1/models?tenant=acme", "/v1/models?", "/healthz?probe=1", "/openapi.json?x", "/metrics?x=1"] {
        assert_eq!(gateway.get(path).send().await.unwrap().status(), 200, "{path}");
    }
}

async fn post_to(gateway: &Fixture, method: Method, path: &str) -> Response {
    send(gateway, method, path, chat_body("hi").to_string()).await
}

#[tokio::test]
async fn a_filter_that_looks_for_nothing_is_refused_with_what_is_allowed() {
    let gateway = without_worker(|_| {}).await;
    let collection = post(&gateway, "/v1/collections", &json!({ "name": "c" })).await;
    assert_eq!(collection.status(), 201);
    let search = async |filter: Value| {
        post(&gateway, "/v1/search", &json!({ "query": "x", "collection": "c", "mode": "text", "filter": filter }))
            .await
    };
    for (filter, param, told) in [
        (json!({ "sources": [] }), "filter.sources", "name 1 to 100 sources, or leave it out"),
        (json!({ "metadata": { "tags": [] } }), "filter.metadata.tags", "an empty list"),
        (json!({ "metadata": { "tags": { "$in": [] } } }), "filter.metadata.tags.$in", "list one at least"),
        (json!({ "metadata": { "$or": [{ "a": 1 }] } }), "filter.metadata.$or", "$eq, $ne, $in, $nin, $gt,"),
        (json!({ "metadata": { "a": { "$like": "x" } } }), "filter.metadata.a.$like", "$eq, $ne, $in, $nin, $gt,"),
    ] {
        let (named, _, message) = error_of(search(filter).await, 400).await;
        assert!(named == param && message.contains(told), "{named}: {message}");
    }
    let found: Value = search(json!({ "metadata": { "author.name": "Ana" } })).await.json().await.unwrap();
    assert!(found["notes"][0].as_str().unwrap().contains(r#"{"author": {"name": ...}}"#), "{found}");
    assert_eq!(search(json!({ "sources": null, "metadata": { "a": 1 } })).await.status(), 200);
}

#[tokio::test]
async fn a_wrong_path_or_method_is_told_with_the_right_one() {
    let gateway = without_worker(|_| {}).await;
    let get = async |path: &str| gateway.get(path).send().await.unwrap();
    for path in ["/v1//models", "//v1/models", "///v1//models", "//models"] {
        assert!(error_of(get(path).await, 404).await.2.contains("there is \"/v1/models\""), "{path}");
    }
    assert!(error_of(get("//healthz").await, 404).await.2.contains("there is \"/healthz\""));
    for path in ["/v1", "/v1/"] {
        let (_, code, message) = error_of(get(path).await, 404).await;
        assert_eq!(code, "unknown_path", "{path}");
        assert!(message.contains("the base URL for clients") && message.contains("GET /v1/models"), "{message}");
    }
    assert!(error_of(get("/v1/chat").await, 404).await.2.contains("below it there is /v1/chat/completions"));
    for path in ["/v1/containers", "/v1/skills/x", "/v1/organization/users", "/v1/chatkit/sessions", "/v1/webhooks"] {
        assert_eq!(error_of(get(path).await, 404).await.1, "not_offered", "{path}");
    }
    let response = gateway.request(Method::PUT, "/v1/bots/x").send().await.unwrap();
    let allow = response.headers()["allow"].to_str().unwrap().to_owned();
    let (_, code, message) = error_of(response, 405).await;
    assert_eq!(code, "method_not_allowed");
    assert!(message.ends_with("PUT is not allowed at \"/v1/bots/x\": GET, PATCH, DELETE are allowed"), "{message}");
    assert!(["GET", "PATCH", "DELETE"].iter().all(|method| allow.contains(method)), "{allow}");
    assert!(error_of(get(CHAT).await, 405).await.2.ends_with("POST is allowed"));
}

#[tokio::test]
async fn the_message_of_a_wrong_field_has_its_name() {
    let gateway = without_worker(|_| {}).await;
    let document = async |query: &str| {
        let path = format!("/v1/documents?collection=c&source=s{query}");
        gateway.request(Method::POST, &path).header(CONTENT_TYPE, "text/plain").body("t").send().await.unwrap()
    };
    for (query, param) in
        [("&wait=maybe", "wait"), ("&published_at=soon", "published_at"), ("&metadata=[1", "metadata")]
    {
        let (named, _, message) = error_of(document(query).await, 400).await;
        assert!(named == param && message.starts_with(param), "{named}: {message}");
        assert!(!message.contains("body"), "{message}");
    }
    let form = reqwest::multipart::Form::new().text("collection", "c").text("source", "s").text("metadata", "[1");
    let response = gateway.request(Method::POST, "/v1/documents").multipart(form).send().await.unwrap();
    let (named, _, message) = error_of(response, 400).await;
    assert!(named == "metadata" && message.starts_with("metadata: not JSON"), "{named}: {message}");
}
