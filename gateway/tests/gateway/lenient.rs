//! What the gateway forgives: unknown fields, which the answer names, chats of any length, and a job's body in OpenAI's form.

use reqwest::{Method, Response};
use ruche_schemas::clock;
use ruche_store::conversations::Conversation;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    support::{Fixture, Sse, SseReader, chat_body, lines_of, refused, start, tenant, without_worker},
    ws::Socket,
};

/// The names in the header, in order of the alphabet.
fn ignored(response: &Response) -> Vec<String> {
    let header = response.headers().get("ruche-ignored").map_or("", |value| value.to_str().unwrap());
    let mut names: Vec<String> = header.split(", ").filter(|name| !name.is_empty()).map(str::to_owned).collect();
    names.sort();
    names
}

fn a_conversation(gateway: &Fixture) -> Uuid {
    let (id, now) = (Uuid::now_v7(), clock::now());
    let conversation = Conversation { id, title: "hi".to_owned(), created_at: now, updated_at: now };
    gateway.store.put_conversation(tenant("acme"), conversation, Vec::new());
    id
}

fn unknown(mut body: Value) -> Value {
    body["colour"] = json!({ "deep": ["red"] });
    body
}

#[tokio::test]
async fn unknown_fields_are_ignored_and_named_wherever_json_is_read() {
    let gateway = without_worker(|_| {}).await;
    let conversation = a_conversation(&gateway);
    let chat = || unknown(chat_body("hi"));
    let step = json!({ "kind": "chat", "mood": 1, "body": unknown(chat_body("hi")) });
    let fan = json!({ "all": [{ "kind": "chat", "mood": 1, "body": chat_body("hi") }] });
    let job = json!({ "kind": "chat", "body": chat(), "boddy": 1, "on_success": [step, fan] });
    let steps =
        ["boddy", "body.colour", "on_success[0].body.colour", "on_success[0].mood", "on_success[1].all[0].mood"];
    let schedule = json!({ "kind": "chat", "body": chat(), "every_seconds": 3600, "colour": 1 });
    let bot = json!({ "name": "help", "colour": 1, "retrieval": { "depth": 2 } });
    let document = json!({ "collection": "c", "source": "s", "text": "Bees.", "colour": 1 });
    let search = json!({ "collection": "c2", "query": "hives", "mode": "text", "min_score": 0.5 });
    for (method, path, body, status, names) in [
        (Method::POST, "/v1/jobs/chat".to_owned(), chat(), 202, vec!["colour"]),
        (Method::POST, "/v1/jobs".to_owned(), job, 202, steps.to_vec()),
        (Method::POST, "/v1/documents?wait=false".to_owned(), document, 202, vec!["colour"]),
        (Method::PUT, "/v1/schedules/a".to_owned(), schedule, 200, vec!["body.colour", "colour"]),
        (
            Method::POST,
            "/v1/job-batches".to_owned(),
            json!({ "callback": { "kind": "chat", "body": chat_body("hi"), "x": 1 } }),
            201,
            vec!["callback.x"],
        ),
        (Method::POST, "/v1/bots".to_owned(), bot, 201, vec!["colour", "retrieval.depth"]),
        (Method::PATCH, "/v1/bots/help".to_owned(), json!({ "look": { "shape": "round" } }), 200, vec!["look.shape"]),
        (Method::POST, "/v1/collections".to_owned(), json!({ "name": "c2", "colour": 1 }), 201, vec!["colour"]),
        // A bot has it, a search has not.
        (Method::POST, "/v1/search".to_owned(), search, 200, vec!["min_score"]),
        (
            Method::PATCH,
            format!("/v1/conversations/{conversation}"),
            json!({ "title": "x", "colour": 1 }),
            200,
            vec!["colour"],
        ),
        // The name of a mistyped field is there too where another one is missed.
        (Method::POST, "/v1/jobs/chat".to_owned(), json!({ "mesages": [] }), 400, vec!["mesages"]),
    ] {
        let response = gateway.request(method, &path).json(&body).send().await.unwrap();
        assert_eq!(
            (response.status().as_u16(), ignored(&response)),
            (status, names.iter().map(|name| (*name).to_owned()).collect()),
            "{path}"
        );
    }
}

#[tokio::test]
async fn unknown_fields_of_a_chat_are_ignored_and_named_also_in_messages() {
    let gateway = start().await;
    let message = json!({ "role": "user", "mood": 1, "name": "n", "content": [{ "type": "text", "text": "say hi", "cache": 1 }] });
    for stream in [true, false] {
        let body = json!({ "colour": 1, "user": "u", "stream": stream, "messages": [message] });
        let response = gateway.request(Method::POST, "/v1/chat/completions").json(&body).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(ignored(&response), ["colour", "messages[0].content[0].cache", "messages[0].mood"]);
    }
    let plain = gateway.chat("say hi", json!({})).send().await.unwrap();
    assert!(ignored(&plain).is_empty());
    // Known ones without support stay an error.
    let tools = gateway.chat("say hi", json!({ "colour": 1, "tools": [{ "type": "function" }] })).send().await.unwrap();
    assert_eq!(refused(tools, 400).await, ("tools".into(), "unsupported_parameter".into()));
}

#[tokio::test]
async fn a_line_and_a_message_name_their_own_unknown_fields() {
    let gateway = start().await;
    let line = |body: Value| json!({ "kind": "chat", "body": body }).to_string();
    let text = [line(unknown(chat_body("say a"))), line(chat_body("say b")), line(json!({ "mesages": 1 }))].join("\n");
    let answers = lines_of(gateway.lines("", text).await).await;
    let names: Vec<&Value> = answers[..3].iter().map(|answer| &answer["ignored"]).collect();
    assert_eq!(names, [&json!(["body.colour"]), &Value::Null, &json!(["body.mesages"])]);
    let mut socket = Socket::welcome(&gateway).await;
    let mut chat = unknown(chat_body("say hi"));
    (chat["type"], chat["ref"]) = (json!("chat"), json!("a"));
    socket.say(chat).await;
    assert_eq!(socket.answer("a").await, json!({ "type": "ignored", "ref": "a", "fields": ["colour"] }));
    assert_eq!(socket.answer("a").await["type"], "accepted");
}

#[tokio::test]
async fn a_missing_field_is_told_with_the_unknown_ones_beside_it_wherever_it_is_checked() {
    let gateway = without_worker(|_| {}).await;
    for (method, path, body, name) in [
        (Method::POST, "/v1/chat/completions", json!({ "prompt": "x" }), "prompt"),
        (Method::POST, "/v1/embeddings", json!({ "text": "x" }), "text"),
        (Method::POST, "/v1/search", json!({ "collection": "c", "q": "x" }), "q"),
        (Method::POST, "/v1/documents", json!({ "collection": "c", "source": "s", "content": "x" }), "content"),
        (Method::POST, "/v1/bots", json!({ "title": "x" }), "title"),
        (Method::POST, "/v1/render", json!({ "html": "x" }), "html"),
        (Method::PUT, "/v1/schedules/a", json!({ "kind": "chat", "body": chat_body("hi"), "every": "5m" }), "every"),
    ] {
        let response = gateway.request(method, path).json(&body).send().await.unwrap();
        assert_eq!((response.status().as_u16(), ignored(&response)), (400, vec![name.to_owned()]), "{path}");
        let told = response.json::<Value>().await.unwrap()["error"]["message"].take();
        let hint = format!("(there is no field \"{name}\" here)");
        assert_eq!(told.as_str().unwrap().matches(&hint).count(), 1, "{path}: {told}");
    }
    let job = json!({ "kind": "chat", "body": "x" });
    let response = gateway.request(Method::POST, "/v1/jobs").json(&job).send().await.unwrap();
    assert_eq!(refused(response, 400).await, ("body".to_owned(), "invalid_request".to_owned()));
}

#[tokio::test]
async fn what_selects_refuses_what_it_does_not_know() {
    let gateway = without_worker(|_| {}).await;
    gateway.submit("say hi").await;
    for (path, body, param) in [
        ("/v1/jobs/cancel", json!({ "state": "active", "dryrun": true }), "dryrun"),
        ("/v1/search", json!({ "query": "x", "collection": "c", "filter": { "lang": "fr" } }), "filter.lang"),
    ] {
        let response = gateway.request(Method::POST, path).json(&body).send().await.unwrap();
        assert_eq!(refused(response, 400).await.0, param);
    }
    assert_eq!(gateway.waiting().await, 1);
}

#[tokio::test]
async fn a_chat_job_takes_what_a_completion_takes() {
    let gateway = start().await;
    let body = json!({
        "messages": [
            { "role": "developer", "content": "" },
            { "role": "user", "name": "n", "content": [{ "type": "text", "text": "sh" }, { "type": "text", "text": "ow" }] },
        ],
        "stream": true, "stream_options": { "include_usage": true }, "user": "u", "tools": [], "n": 1, "stop": "x",
        "temperature": 0.5, "seed": 7, "max_completion_tokens": 9, "max_tokens": null, "cancel_on_disconnect": false,
    });
    let response = gateway.request(Method::POST, "/v1/jobs/chat").json(&body).send().await.unwrap();
    assert_eq!((response.status().as_u16(), ignored(&response)), (202, Vec::new()));
    let job = response.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
    let published: Value = serde_json::from_str(gateway.ended(&job).await.data["text"].as_str().unwrap()).unwrap();
    let completion = gateway.request(Method::POST, "/v1/chat/completions");
    let mut whole = body.clone();
    whole["stream"] = json!(false);
    let answer: Value = completion.json(&whole).send().await.unwrap().json().await.unwrap();
    let mut same: Value = serde_json::from_str(answer["choices"][0]["message"]["content"].as_str().unwrap()).unwrap();
    same["conversation"] = published["conversation"].clone();
    assert_eq!(published, same);
    assert_eq!((&published["sampling"]["temperature"], &published["max_tokens"]), (&json!(0.5), &json!(9)));
    for (field, value, param) in [
        ("tools", json!([{ "type": "function" }]), "tools"),
        ("response_format", json!({ "type": "json_object" }), "response_format"),
        ("n", json!(2), "n"),
        ("max_tokens", json!(8), "max_tokens"),
        ("messages", json!([{ "role": "tool", "content": "x", "tool_call_id": "c" }]), "messages[0].role"),
    ] {
        let mut body = body.clone();
        body[field] = value;
        for path in ["/v1/jobs/chat", "/v1/chat/completions"] {
            let response = gateway.request(Method::POST, path).json(&body).send().await.unwrap();
            assert_eq!(refused(response, 400).await.0, param, "{path}");
        }
    }
}

#[tokio::test]
async fn a_chat_of_any_length_is_answered_and_says_how_much_was_left_out() {
    let gateway = start().await;
    let mut messages = vec![json!({ "role": "system", "content": "Be brief." })];
    for n in 0..60 {
        messages.push(json!({ "role": "user", "content": format!("{n} {}", "x".repeat(10_000)) }));
        messages.push(json!({ "role": "assistant", "content": "So it is." }));
    }
    messages.push(json!({ "role": "user", "content": "say hi" }));
    let body =
        |stream: bool| json!({ "messages": messages, "stream": stream, "stream_options": { "include_usage": true } });
    let post =
        async |stream| gateway.request(Method::POST, "/v1/chat/completions").json(&body(stream)).send().await.unwrap();
    let left_out = |response: &Response| -> u64 {
        response.headers()["ruche-messages-left-out"].to_str().unwrap().parse().unwrap()
    };
    let whole = post(false).await;
    let count = left_out(&whole);
    assert!((60..120).contains(&count) && count.is_multiple_of(2), "{count}");
    assert_eq!(whole.json::<Value>().await.unwrap()["usage"]["messages_left_out"], count);
    let stream = post(true).await;
    assert_eq!(left_out(&stream), count);
    let events = SseReader::new(stream).all().await;
    let chunks: Vec<Value> = events[..events.len() - 1].iter().map(Sse::json).collect();
    assert!(chunks.iter().all(|chunk| chunk["messages_left_out"] == count), "{chunks:?}");
    assert_eq!(chunks.last().unwrap()["usage"]["messages_left_out"], count);
    let short = gateway.chat("say hi", json!({})).send().await.unwrap();
    assert!(!short.headers().contains_key("ruche-messages-left-out"));
}

#[tokio::test]
async fn a_conversation_is_renamed_and_deleted_by_its_tenant() {
    let gateway = without_worker(|_| {}).await;
    let id = a_conversation(&gateway);
    let path = format!("/v1/conversations/{id}");
    let rename = async |key: &str, path: &str, body: Value| {
        gateway.as_key(key, Method::PATCH, path).json(&body).send().await.unwrap()
    };
    let renamed: Value =
        rename(&gateway.key, &path, json!({ "title": " Opening\n hours " })).await.json().await.unwrap();
    assert_eq!((&renamed["title"], &renamed["object"]), (&json!("Opening hours"), &json!("conversation")));
    assert_eq!(gateway.read(&path).await["title"], "Opening hours");
    for body in [
        json!({}),
        json!({ "title": null }),
        json!({ "title": " \n" }),
        json!({ "title": "x".repeat(201) }),
        json!({ "title": "a\0b" }),
    ] {
        assert_eq!(refused(rename(&gateway.key, &path, body).await, 400).await.0, "title");
    }
    let response = rename(&gateway.key, &path, json!({ "name": "x" })).await;
    assert_eq!(ignored(&response), ["name"]);
    let told = response.json::<Value>().await.unwrap()["error"]["message"].take();
    assert_eq!(told, "title: is missing (there is no field \"name\" here)");
    let nothing = [path.clone(), format!("/v1/conversations/{}", Uuid::now_v7()), "/v1/conversations/x".to_owned()];
    for (key, path) in nothing.iter().map(|path| (&gateway.stranger, path)) {
        let expected = ("id".to_owned(), "conversation_not_found".to_owned());
        assert_eq!(refused(rename(key, path, json!({ "title": "Mine" })).await, 404).await, expected);
        let response = gateway.as_key(key, Method::DELETE, path).send().await.unwrap();
        assert_eq!(refused(response, 404).await, expected);
    }
    assert_eq!(gateway.request(Method::DELETE, &path).send().await.unwrap().status(), 204);
    assert_eq!(refused(gateway.get(&path).send().await.unwrap(), 404).await.0, "id");
    assert_eq!(refused(gateway.request(Method::DELETE, &path).send().await.unwrap(), 404).await.0, "id");
    assert_eq!(gateway.read("/v1/conversations").await["data"], json!([]));
}
