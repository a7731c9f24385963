//! `POST /v1/chat/completions`, as OpenAI's clients see it.

use crate::support::{MODEL, Sse, SseReader, job_of, refused, registration, start, until, without_worker};
use reqwest::Method;
use ruche_bus::{Bus as _, WorkerRegistration};
use ruche_gateway::app::parts::App;
use ruche_schemas::{EventType, Job as _, kinds::embed::Embed};
use serde_json::{Value, json};

#[tokio::test]
async fn a_whole_answer_has_the_shape_that_openai_clients_parse() {
    let gateway = start().await;
    let response = gateway.chat("say Good morning to you", json!({ "model": MODEL })).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let job = response.headers()["ruche-job"].to_str().unwrap().to_owned();
    let answer: Value = response.json().await.unwrap();
    assert_eq!(job_of(&answer), job);
    assert_eq!(answer["object"], "chat.completion");
    assert_eq!(answer["model"], MODEL);
    assert!(answer["created"].is_i64() && answer["conversation"].is_string(), "{answer}");
    let message = json!({ "role": "assistant", "content": "Good morning to you", "refusal": null });
    let choice = json!({ "index": 0, "message": message, "logprobs": null, "finish_reason": "stop" });
    assert_eq!(answer["choices"], json!([choice]));
    assert_eq!(answer["usage"], json!({ "prompt_tokens": 5, "completion_tokens": 4, "total_tokens": 9 }));
}

#[tokio::test]
async fn a_stream_says_the_role_then_the_text_in_order_then_why_it_ended_then_what_it_cost() {
    let gateway = start().await;
    let body = json!({ "stream": true, "stream_options": { "include_usage": true } });
    let events = SseReader::new(gateway.chat("say one two three", body).send().await.unwrap()).all().await;
    assert_eq!(events.last().unwrap().data, "[DONE]");
    let chunks: Vec<Value> = events[..events.len() - 1].iter().map(Sse::json).collect();
    for chunk in &chunks {
        assert_eq!((&chunk["id"], &chunk["object"]), (&chunks[0]["id"], &json!("chat.completion.chunk")));
        assert_eq!((&chunk["model"], &chunk["conversation"]), (&json!(MODEL), &chunks[0]["conversation"]));
    }
    let deltas: Vec<&Value> = chunks.iter().map(|chunk| &chunk["choices"][0]["delta"]).collect();
    assert_eq!(deltas[0], &json!({ "role": "assistant", "content": "" }));
    assert_eq!(
        deltas[1..4],
        [&json!({ "content": "one " }), &json!({ "content": "two " }), &json!({ "content": "three" })]
    );
    assert_eq!(deltas[4], &json!({}));
    let reasons: Vec<&Value> = chunks[..5].iter().map(|chunk| &chunk["choices"][0]["finish_reason"]).collect();
    assert_eq!(reasons, [&Value::Null, &Value::Null, &Value::Null, &Value::Null, &json!("stop")]);
    assert!(chunks[..5].iter().all(|chunk| chunk["usage"].is_null() && chunk.get("usage").is_some()));
    assert_eq!(chunks[5]["choices"], json!([]));
    assert_eq!(chunks[5]["usage"]["total_tokens"], 8);
    assert_eq!(chunks.len(), 6);
}

#[tokio::test]
async fn without_being_asked_for_the_cost_is_not_in_the_stream() {
    let gateway = start().await;
    let events = SseReader::new(gateway.chat("say hi", json!({ "stream": true })).send().await.unwrap()).all().await;
    assert!(events.iter().all(|event| !event.data.contains("usage")), "{events:?}");
}

#[tokio::test]
async fn a_prompt_that_is_too_long_is_a_400_and_not_a_broken_stream() {
    let gateway = start().await;
    for stream in [true, false] {
        let response = gateway.chat("fail context_length_exceeded", json!({ "stream": stream })).send().await.unwrap();
        assert_eq!(response.headers()["x-should-retry"], "false");
        assert_eq!(refused(response, 400).await, ("messages".into(), "context_length_exceeded".into()));
        let response = gateway.chat("fail attempts_exhausted", json!({ "stream": stream })).send().await.unwrap();
        assert_eq!(refused(response, 500).await.1, "attempts_exhausted");
        let response = gateway.chat("fail model_not_found", json!({ "stream": stream })).send().await.unwrap();
        assert_eq!(refused(response, 404).await.1, "model_not_found");
    }
}

#[tokio::test]
async fn a_failure_in_the_middle_of_a_stream_is_an_error_in_the_stream() {
    let gateway = start().await;
    let response = gateway.chat("say-fail half an answer", json!({ "stream": true })).send().await.unwrap();
    let events = SseReader::new(response).all().await;
    let last = events.last().unwrap().json();
    assert_eq!(last["error"]["code"], "attempts_exhausted");
    assert!(events.iter().all(|event| event.data != "[DONE]"));
}

#[tokio::test]
async fn a_client_that_goes_away_cancels_its_chat() {
    let gateway = start().await;
    let mut stream = SseReader::new(gateway.chat("hold", json!({ "stream": true })).send().await.unwrap());
    let job = job_of(&stream.next().await.unwrap().json());
    drop(stream);
    assert_eq!(gateway.ended(&job).await.event, EventType::Cancelled);
}

#[tokio::test]
async fn a_client_that_goes_away_while_it_waits_for_a_whole_answer_cancels_it_too() {
    let gateway = start().await;
    let mut cancellations = gateway.bus.cancellations().await.unwrap();
    // Not with an idempotency key: its sender means to come back.
    let request = gateway.chat("hold", json!({})).send();
    let waiting = tokio::spawn(request);
    until("a job is in the queue", async || gateway.waiting().await > 0).await;
    waiting.abort();
    let cancelled = futures::StreamExt::next(&mut cancellations).await.unwrap();
    assert_eq!(gateway.ended(&cancelled.id.to_string()).await.event, EventType::Cancelled);
}

#[tokio::test]
async fn a_chat_that_may_outlive_its_client_does() {
    let gateway = start().await;
    let body = json!({ "stream": true, "cancel_on_disconnect": false });
    let mut stream = SseReader::new(gateway.chat("hold", body).send().await.unwrap());
    let job = job_of(&stream.next().await.unwrap().json());
    drop(stream);
    // Another cancelled job shows that there was time to cancel this one.
    let mut stream = SseReader::new(gateway.chat("hold", json!({ "stream": true })).send().await.unwrap());
    let other = job_of(&stream.next().await.unwrap().json());
    drop(stream);
    gateway.ended(&other).await;
    let state: Value = gateway.get(&format!("/v1/jobs/{job}")).send().await.unwrap().json().await.unwrap();
    assert_eq!(state["state"], "running");
    let response = gateway.request(Method::DELETE, &format!("/v1/jobs/{job}")).send().await.unwrap();
    assert_eq!(response.status(), 202);
    assert_eq!(gateway.ended(&job).await.event, EventType::Cancelled);
}

#[tokio::test]
async fn a_chat_that_takes_too_long_is_a_504_that_names_its_job() {
    let gateway = without_worker(|app: &mut App| app.settings.wait_seconds = 1).await;
    for stream in [true, false] {
        let response = gateway.chat("say hi", json!({ "stream": stream })).send().await.unwrap();
        assert_eq!(response.headers()["x-should-retry"], "false");
        let job = response.headers()["ruche-job"].to_str().unwrap().to_owned();
        assert_eq!(refused(response, 504).await.1, "wait_exceeded");
        let state: Value = gateway.get(&format!("/v1/jobs/{job}")).send().await.unwrap().json().await.unwrap();
        assert_eq!(state["state"], "queued");
    }
    assert_eq!(gateway.waiting().await, 2);
}

#[tokio::test]
async fn an_idempotency_key_makes_two_requests_one_job() {
    let gateway = start().await;
    let ask = || gateway.chat("say the same", json!({})).header("idempotency-key", "k-1").send();
    let first: Value = ask().await.unwrap().json().await.unwrap();
    let second: Value = ask().await.unwrap().json().await.unwrap();
    assert_eq!((&first["id"], &first["choices"]), (&second["id"], &second["choices"]));
    assert_eq!(first["conversation"], second["conversation"]);
    let other: Value =
        gateway.chat("say it", json!({})).header("idempotency-key", "k-2").send().await.unwrap().json().await.unwrap();
    assert_ne!(first["id"], other["id"]);
}

#[tokio::test]
async fn what_is_not_to_be_stored_has_no_conversation() {
    let gateway = start().await;
    let answer: Value = gateway.chat("say hi", json!({ "store": false })).send().await.unwrap().json().await.unwrap();
    assert!(answer.get("conversation").is_none(), "{answer}");
}

#[tokio::test]
async fn an_unknown_model_is_refused_once_workers_are_known() {
    let gateway = without_worker(|_| {}).await;
    let held =
        tokio::spawn(gateway.chat("say hi", json!({ "model": "unheard-of", "cancel_on_disconnect": false })).send());
    until("a job is in the queue", async || gateway.waiting().await > 0).await;
    held.abort();
    let gateway = start().await;
    let response = gateway.chat("say hi", json!({ "model": "unheard-of" })).send().await.unwrap();
    assert_eq!(refused(response, 404).await, ("model".into(), "model_not_found".into()));
    let models: Value = gateway.get("/v1/models").send().await.unwrap().json().await.unwrap();
    assert_eq!((&models["object"], &models["data"][0]["id"]), (&json!("list"), &json!(MODEL)));
    assert_eq!(models["data"][0]["owned_by"], "ruche");
    let model: Value = gateway.get(&format!("/v1/models/{MODEL}")).send().await.unwrap().json().await.unwrap();
    assert_eq!(model, models["data"][0]);
    assert_eq!(refused(gateway.get("/v1/models/x").send().await.unwrap(), 404).await.1, "model_not_found");
}

#[tokio::test]
async fn models_that_chat_are_listed_before_others() {
    let gateway = start().await;
    let (worker, models) = ("embeds".to_owned(), vec!["a-name-before-all".to_owned()]);
    gateway.bus.register(&WorkerRegistration { kind: Embed::KIND, worker, models, ..registration() }).await.unwrap();
    let models: Value = gateway.get("/v1/models").send().await.unwrap().json().await.unwrap();
    let names: Vec<&str> =
        models["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect();
    assert_eq!(names, [MODEL, "a-name-before-all"], "who takes the first one can chat with it");
    assert_eq!(gateway.get("/v1/models/a-name-before-all").send().await.unwrap().status(), 200);
}
