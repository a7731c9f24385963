//! What a request says beside its document: model, lane and whether to wait, in the query, in JSON or in a form.

use reqwest::{
    RequestBuilder, Response,
    multipart::{Form, Part},
};
use serde_json::{Value, json};

use crate::{
    documents::{Library, MODEL},
    exact::{error_of, ignored},
    support::json_of,
};

fn json_with(rest: &Value) -> Value {
    let mut body = json!({ "collection": "c", "source": "s", "text": "t" });
    body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    body
}

async fn sent(request: RequestBuilder, rest: &Value) -> Response {
    request.json(&json_with(rest)).send().await.unwrap()
}

fn form(parts: &[(&'static str, &'static str)]) -> Form {
    let file = Part::bytes(b"t".to_vec()).file_name("a.md");
    parts
        .iter()
        .fold(Form::new().text("collection", "c").part("file", file), |form, (name, value)| form.text(*name, *value))
}

#[tokio::test]
async fn model_lane_and_wait_count_in_the_query_in_json_and_in_a_form() {
    let library = Library::start().await;
    let query = format!("?model={MODEL}&lane=bulk&wait=true");
    let fields = json!({ "model": MODEL, "lane": "bulk", "wait": true });
    let requests = [
        library.add(&query).json(&json_with(&json!({}))),
        library.add("").json(&json_with(&fields)),
        library.add(&query).json(&json_with(&fields)),
        library.add("").multipart(form(&[("model", MODEL), ("lane", "bulk"), ("wait", "true")])),
    ];
    for (number, request) in requests.into_iter().enumerate() {
        let answer = request.send().await.unwrap();
        assert_eq!((answer.status().as_u16(), ignored(&answer)), (200, ""), "{number}");
        let job = answer.headers()["ruche-job"].to_str().unwrap().to_owned();
        assert_eq!(json_of(answer).await["chunks"], 3, "{number}");
        assert_eq!(library.seen.lock().unwrap().pop().unwrap().model.as_deref(), Some(MODEL), "{number}");
        assert_eq!(library.read(&format!("/v1/jobs/{job}")).await["lane"], "bulk", "{number}");
    }
    let nothing = json!({ "model": null, "lane": null, "wait": null, "colour": "red" });
    let answer = sent(library.add(""), &nothing).await;
    assert_eq!((answer.status().as_u16(), ignored(&answer)), (202, "colour"));
    let job = json_of(answer).await["job"]["id"].as_str().unwrap().to_owned();
    assert_eq!(library.read(&format!("/v1/jobs/{job}")).await["lane"], "normal");
}

#[tokio::test]
async fn what_the_query_and_the_body_say_differently_is_refused() {
    let library = Library::start().await;
    for (query, field, value, told) in [
        ("model=x", "model", json!(MODEL), format!("model is \"x\" in the query and {MODEL:?} in the body")),
        ("lane=bulk", "lane", json!("normal"), "lane is \"bulk\" in the query and \"normal\" in the body".to_owned()),
        ("wait=false", "wait", json!(true), "wait is false in the query and true in the body".to_owned()),
    ] {
        let answer = sent(library.add(&format!("?{query}")), &json!({ (field): value })).await;
        let (param, _, message) = error_of(answer, 400).await;
        assert_eq!((param.as_str(), message), (field, format!("{told}: send it in one of them")));
    }
    let answer = library.add("?lane=bulk").multipart(form(&[("lane", "normal")])).send().await.unwrap();
    assert_eq!(error_of(answer, 400).await.0, "lane");
    assert_eq!(library.waiting().await, 0);
}

#[tokio::test]
async fn a_lane_is_refused_with_those_that_a_document_may_have() {
    let library = Library::start().await;
    for lane in ["fast", "interactive"] {
        let told = format!("lane: {lane:?} is not allowed: use normal or bulk");
        for answer in [
            sent(library.add(&format!("?lane={lane}")), &json!({})).await,
            sent(library.add(""), &json!({ "lane": lane })).await,
        ] {
            let (param, _, message) = error_of(answer, 400).await;
            assert_eq!((param.as_str(), &message), ("lane", &told));
        }
    }
    let (param, _, message) = error_of(sent(library.add(""), &json!({ "wait": "yes" })).await, 400).await;
    assert_eq!((param.as_str(), message.as_str()), ("wait", "wait: \"yes\" is not allowed: true or false is needed"));
}
