//! Conversations of any length, with the model's real context.

use serde_json::{Value, json};

use crate::system::{MODEL, Running, System};

fn message(role: &str, content: &str) -> Value {
    json!({"role": role, "content": content})
}

/// More than the worker's context holds.
fn long() -> Vec<Value> {
    let mut messages = vec![message("system", "You help customers of a shop.")];
    for n in 0..40 {
        messages.push(message("user", &format!("Question {n}: is the shop in Lyon open on the next day of the week?")));
        messages.push(message("assistant", "The shop is open from nine to five."));
    }
    messages.push(message("user", "Who are you?"));
    messages
}

fn left_out(answer: &Value) -> u64 {
    answer["usage"]["messages_left_out"].as_u64().unwrap_or(0)
}

#[tokio::test]
async fn a_conversation_goes_on_whatever_its_length() {
    let system = System::start().await;
    let (gateway, _worker) =
        (system.gateway().await, system.worker_with(&[("RUCHE_CHAT__CONTEXT_TOKENS", "512")]).await);
    let chat = |messages: &[Value], conversation: &Value| {
        let body = json!({"model": MODEL, "temperature": 0, "messages": messages, "conversation": conversation});
        Running::json(gateway.post("/v1/chat/completions", &body))
    };
    let (status, first) = chat(&long(), &Value::Null).await;
    assert_eq!(status, 200, "{first}");
    assert!((40..80).contains(&left_out(&first)) && left_out(&first).is_multiple_of(2), "whole turns: {first}");
    assert!(!first["choices"][0]["message"]["content"].as_str().unwrap().is_empty(), "{first}");
    assert!(first["usage"]["prompt_tokens"].as_u64().unwrap() < 512, "{first}");
    // All of it is kept, and goes on.
    let id = first["conversation"].as_str().unwrap();
    let (status, next) = chat(&[message("user", "And who are you?")], &json!(id)).await;
    assert_eq!(status, 200, "{next}");
    assert!(left_out(&next) >= left_out(&first), "{next}");
    let (_, kept) = Running::json(gateway.get(&format!("/v1/conversations/{id}"))).await;
    assert_eq!(kept["messages"].as_array().unwrap().len(), long().len() + 3, "{kept}");
    // Also as a job, whose events say it from the first piece on.
    let job = gateway.submit(&json!({"messages": long(), "temperature": 0})).await;
    let events = gateway.events(&job, 1).await.rest().await;
    let delta = events.iter().find(|event| event["type"] == "delta").unwrap();
    assert_eq!(delta["data"]["messages_left_out"], left_out(&first), "{delta}");
    assert_eq!(left_out(&events.last().unwrap()["data"]), left_out(&first));
    // One message that does not fit alone is still refused.
    let much = message("user", &"shop ".repeat(900));
    let (status, refused) = chat(&[message("user", "Hi"), message("assistant", "Hello!"), much], &Value::Null).await;
    assert_eq!((status, &refused["error"]["code"]), (400, &json!("context_length_exceeded")), "{refused}");
}

#[tokio::test]
async fn a_deleted_conversation_is_not_continued() {
    let system = System::start().await;
    let (gateway, _worker) = (system.gateway().await, system.worker().await);
    let body = json!({"temperature": 0, "messages": [message("system", ""), message("user", "Who are you?")]});
    let (status, first) = Running::json(gateway.post("/v1/chat/completions", &body)).await;
    assert_eq!(status, 200, "an empty message of the system counts as none: {first}");
    let path = format!("/v1/conversations/{}", first["conversation"].as_str().unwrap());
    let (_, kept) = Running::json(gateway.get(&path)).await;
    let roles: Vec<&Value> = kept["messages"].as_array().unwrap().iter().map(|message| &message["role"]).collect();
    assert_eq!(roles, ["user", "assistant"], "{kept}");
    assert_eq!(gateway.delete(&path).send().await.unwrap().status(), 204);
    assert_eq!(Running::json(gateway.get(&path)).await.0, 404);
    let more = json!({"messages": [message("user", "Hi")], "conversation": first["conversation"]});
    let (status, refused) = Running::json(gateway.post("/v1/chat/completions", &more)).await;
    assert_eq!((status, &refused["error"]["code"]), (404, &json!("conversation_not_found")), "{refused}");
}
