//! From a client to the model and back, on real programs and servers.

#![allow(clippy::unwrap_used, reason = "a test's helpers may panic, as its tests do")]

use futures::{SinkExt, StreamExt, future::join_all};
use nix::sys::signal::Signal;
use ruche_services::tools::Tools;
use serde_json::{Value, json};
use system::{MODEL, Running, System, ask, ask_for_much, text};
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};

mod bots;
mod conversations;
mod documents;
mod embeddings;
mod migrate;
mod operating;
mod pools;
mod producers;
mod renders;
mod rerank;
mod retrieval;
mod system;

#[tokio::test]
async fn a_chat_is_answered_and_kept() {
    let system = System::start().await;
    let (gateway, _worker) = (system.gateway().await, system.worker().await);
    let chat = |content: &str, conversation: Option<&Value>| {
        let mut body = json!({"model": MODEL, "temperature": 0, "messages": [{"role": "user", "content": content}]});
        if let Some(id) = conversation {
            body["conversation"] = id.clone();
        }
        Running::json(gateway.post("/v1/chat/completions", &body))
    };
    let (status, first) = chat("Who are you?", None).await;
    assert_eq!(status, 200, "{first}");
    assert_eq!((&first["model"], &first["choices"][0]["finish_reason"]), (&json!(MODEL), &json!("stop")));
    let text = first["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(text.contains("assistant") || text.contains("model"), "{text}");
    let (status, _) = chat("Thank you!", Some(&first["conversation"])).await;
    assert_eq!(status, 200);
    let id = first["conversation"].as_str().unwrap();
    let (_, kept) = Running::json(gateway.get(&format!("/v1/conversations/{id}"))).await;
    let roles: Vec<_> = kept["messages"].as_array().unwrap().iter().map(|message| &message["role"]).collect();
    assert_eq!(roles, ["user", "assistant", "user", "assistant"], "{kept}");
    assert_eq!(kept["messages"][1]["content"], text);
}

#[tokio::test]
async fn an_answer_quotes_the_passage_it_was_given() {
    let system = System::start().await;
    let (gateway, _worker) = (system.gateway().await, system.worker().await);
    let passages = "\n\nPassages:\n[1] The shop opens at nine.\n[2] Refunds are paid within 5 business days.";
    let body = json!({"temperature": 0, "messages": [
        {"role": "system", "content": passages}, {"role": "user", "content": "When are refunds paid?"}]});
    let (status, answer) = Running::json(gateway.post("/v1/chat/completions", &body)).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["choices"][0]["message"]["content"], "Refunds are paid within 5 business days. [2]");
}

#[tokio::test]
async fn tokens_reach_the_socket_in_order() {
    let system = System::start().await;
    let (gateway, _worker) = (system.gateway().await, system.worker().await);
    let mut request = gateway.url.replace("http", "ws").into_client_request().unwrap();
    *request.uri_mut() = format!("{}/v1/ws", gateway.url.replace("http", "ws")).parse().unwrap();
    request.headers_mut().insert("authorization", format!("Bearer {}", system.key).parse().unwrap());
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    let chat = json!({"type": "chat", "ref": "a", "temperature": 2, "seed": 5, "max_tokens": 300,
        "messages": [{"role": "user", "content": "Hello!"}]});
    socket.send(Message::text(chat.to_string())).await.unwrap();
    let mut events = Vec::new();
    while events.last().is_none_or(|event: &Value| event["type"] != "done") {
        let Message::Text(message) = socket.next().await.unwrap().unwrap() else { continue };
        let message: Value = serde_json::from_str(&message).unwrap();
        assert_ne!(message["type"], "error", "{message}");
        if message.get("n").is_some() {
            events.push(message);
        }
    }
    let numbers: Vec<_> = events.iter().map(|event| event["n"].as_u64().unwrap()).collect();
    let first = numbers[0];
    assert_eq!(numbers, (first..first + numbers.len() as u64).collect::<Vec<_>>());
    assert!(events.len() > 3, "an answer of 300 tokens comes in several pieces");
    assert_eq!(events.last().unwrap()["data"]["text"], text(&events));
}

#[tokio::test]
async fn a_stream_resumes_from_any_event_without_gap_or_repeat() {
    let system = System::start().await;
    let (gateway, other, _worker) = (system.gateway().await, system.gateway().await, system.worker().await);
    let job = gateway.submit(&ask_for_much(300)).await;
    // While it runs, and from another gateway once it has ended.
    let live = gateway.events(&job, 1).await.rest().await;
    let numbers: Vec<_> = live.iter().map(|event| event["n"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=live.len() as u64).collect::<Vec<_>>());
    for from in 1..=live.len() {
        assert_eq!(other.events(&job, from as u64).await.rest().await, live[from - 1..]);
    }
}

#[tokio::test]
async fn a_crashed_worker_hands_its_job_to_another() {
    let system = System::start().await;
    let gateway = system.gateway().await;
    let alone = system.worker().await;
    let undisturbed = gateway.submit(&ask_for_much(600)).await;
    let undisturbed = text(&gateway.events(&undisturbed, 1).await.rest().await);
    let job = gateway.submit(&ask_for_much(600)).await;
    let mut events = gateway.events(&job, 1).await;
    let first = events.until("delta").await;
    // Stopped first, so that it can't end the answer while the other one starts.
    alone.signal(Signal::SIGSTOP);
    let _other = system.worker().await;
    alone.kill().await;
    let rest = events.rest().await;
    let last = rest.last().unwrap();
    assert_eq!((&last["type"], last["attempt"].as_u64() > Some(1)), (&json!("done"), true), "{last}");
    let mut all = vec![first];
    all.extend(rest);
    assert_eq!(text(&all), undisturbed, "the person sees a pause, not a restart");
    assert_eq!(all.last().unwrap()["data"]["text"], undisturbed);
    assert_eq!(all.last().unwrap()["data"]["usage"]["completion_tokens"], 600);
}

#[tokio::test]
async fn a_killed_gateway_does_not_lose_a_running_chat() {
    let system = System::start().await;
    let (doomed, other, worker) = (system.gateway().await, system.gateway().await, system.worker().await);
    let job = doomed.submit(&ask_for_much(600)).await;
    let mut events = doomed.events(&job, 1).await;
    let seen = events.until("delta").await["n"].as_u64().unwrap();
    worker.signal(Signal::SIGSTOP);
    doomed.kill().await;
    assert!(!events.rest().await.iter().any(|event| event["type"] == "done"), "it was killed in the middle");
    worker.signal(Signal::SIGCONT);
    let rest = other.events(&job, seen + 1).await.rest().await;
    assert_eq!(rest[0]["n"], seen + 1);
    assert_eq!(rest.last().unwrap()["type"], "done");
    let (_, state) = Running::json(other.get(&format!("/v1/jobs/{job}"))).await;
    assert_eq!(state["state"], "done", "{state}");
}

#[tokio::test]
async fn another_tenant_sees_nothing() {
    let system = System::start().await;
    let (gateway, _worker) = (system.gateway().await, system.worker().await);
    let job = gateway.submit(&ask("Hello!")).await;
    let last = gateway.events(&job, 1).await.rest().await.pop().unwrap();
    let conversation = last["data"]["conversation"].as_str().unwrap();
    let stranger = system.key_of("globex");
    let paths =
        [format!("/v1/jobs/{job}"), format!("/v1/jobs/{job}/events"), format!("/v1/conversations/{conversation}")];
    for path in &paths {
        assert_eq!(gateway.get(path).send().await.unwrap().status(), 200, "{path}");
        let request = system.client.get(format!("{}{path}", gateway.url)).bearer_auth(&stranger);
        assert_eq!(Running::json(request).await.0, 404, "{path}");
    }
    let cancel = system.client.delete(format!("{}/v1/jobs/{job}", gateway.url)).bearer_auth(&stranger);
    assert_eq!(Running::json(cancel).await.0, 404);
    let list = system.client.get(format!("{}/v1/conversations", gateway.url)).bearer_auth(&stranger);
    assert_eq!(Running::json(list).await.1["data"], json!([]));
    let mut body = ask("Hello again!");
    body["conversation"] = json!(conversation);
    let steal = system.client.post(format!("{}/v1/jobs/chat", gateway.url)).bearer_auth(&stranger).json(&body);
    assert_eq!(Running::json(steal).await.0, 404);
}

#[tokio::test]
async fn five_clients_are_served_at_once_by_one_worker() {
    let system = System::start().await;
    let (gateway, worker) = (system.gateway().await, system.worker().await);
    let jobs = join_all((0..5).map(|_| async { gateway.submit(&ask_for_much(600)).await })).await;
    let mut streams = join_all(jobs.iter().map(|job| gateway.events(job, 1))).await;
    for stream in &mut streams {
        stream.until("delta").await;
    }
    // All five have begun; stopped now, none may have ended: they run concurrently.
    worker.signal(Signal::SIGSTOP);
    let states = join_all(jobs.iter().map(|job| Running::json(gateway.get(&format!("/v1/jobs/{job}"))))).await;
    worker.signal(Signal::SIGCONT);
    assert!(states.iter().all(|(_, state)| state["state"] == "running"), "{states:?}");
    for stream in &mut streams {
        assert_eq!(stream.rest().await.last().unwrap()["type"], "done");
    }
}

#[tokio::test]
async fn a_cancelled_chat_stops() {
    let system = System::start().await;
    let (gateway, _worker) = (system.gateway().await, system.worker().await);
    let job = gateway.submit(&ask_for_much(3000)).await;
    let mut events = gateway.events(&job, 1).await;
    events.until("delta").await;
    assert_eq!(Running::json(gateway.delete(&format!("/v1/jobs/{job}"))).await.0, 202);
    assert_eq!(events.rest().await.last().unwrap()["type"], "cancelled");
    assert_eq!(Running::json(gateway.delete(&format!("/v1/jobs/{job}"))).await.0, 409);
}

#[tokio::test]
async fn a_prompt_longer_than_the_context_is_a_400() {
    let system = System::start().await;
    let (gateway, _worker) = (system.gateway().await, system.worker().await);
    for stream in [false, true] {
        let body = json!({"stream": stream, "messages": [{"role": "user", "content": "word ".repeat(20_000)}]});
        let (status, answer) = Running::json(gateway.post("/v1/chat/completions", &body)).await;
        assert_eq!((status, &answer["error"]["code"]), (400, &json!("context_length_exceeded")), "{answer}");
    }
}

#[tokio::test]
async fn the_bus_and_the_database_may_go_and_come_back() {
    let (system, nats, postgres) = System::start_alone().await;
    let (gateway, _worker) = (system.gateway().await, system.worker().await);
    let chat = json!({"temperature": 0, "messages": [{"role": "user", "content": "Hello!"}]});
    let complete = || gateway.post("/v1/chat/completions", &chat);
    assert_eq!(Running::json(complete()).await.0, 200);
    nats.stop().await;
    let refused = complete().send().await.unwrap();
    assert_eq!((refused.status().as_u16(), refused.headers().contains_key("retry-after")), (503, true));
    nats.start().await;
    while gateway.get("/readyz").send().await.unwrap().status() != 200 {}
    assert_eq!(Running::json(complete()).await.0, 200);
    postgres.stop().await;
    let job = gateway.submit(&ask("Who are you?")).await;
    let mut events = gateway.events(&job, 1).await;
    events.until("delta").await;
    postgres.start().await;
    assert_eq!(events.rest().await.last().unwrap()["type"], "done");
    assert_eq!(Running::json(complete()).await.0, 200);
}

#[tokio::test]
async fn a_drained_worker_ends_what_it_has() {
    let system = System::start().await;
    let (gateway, worker) = (system.gateway().await, system.worker().await);
    let job = gateway.submit(&ask_for_much(600)).await;
    let mut events = gateway.events(&job, 1).await;
    let started = events.until("started").await;
    assert!(started["data"]["worker"].as_str().unwrap().ends_with(&format!("-{}", worker.pid())), "{started}");
    events.until("delta").await;
    worker.end().await;
    let last = events.rest().await.pop().unwrap();
    assert_eq!((&last["type"], &last["attempt"]), (&json!("done"), &json!(1)));
}

#[tokio::test]
async fn openai_python_chats_with_it() {
    let system = System::start().await;
    let (gateway, _worker) = (system.gateway().await, system.worker().await);
    gateway.knows_all_workers("/v1/chat/completions").await;
    let python = Tools::find().unwrap().venv.join("bin/python");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e/openai_client.py");
    let mut command = tokio::process::Command::new(python);
    command.arg(script).env("RUCHE_URL", &gateway.url).env("RUCHE_KEY", &system.key);
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn metrics_tell_what_waits_and_what_was_done() {
    let system = System::start().await;
    let (gateway, worker) = (system.gateway().await, system.worker().await);
    let job = gateway.submit(&ask("Hello!")).await;
    gateway.events(&job, 1).await.rest().await;
    // The last event is out before the job is settled and counted.
    let of_worker = [
        "ruche_jobs_ended_total{kind=\"chat\",outcome=\"done\"} 1",
        "ruche_chat_time_to_first_token_seconds_count 1",
        "ruche_chat_tokens_per_second_count",
    ];
    metrics_with(&worker, &of_worker).await;
    metrics_with(&gateway, &["lane=\"interactive\"", "kind=\"chat\""]).await;
}

/// Waits until a program's metrics have all of these.
async fn metrics_with(program: &Running, names: &[&str]) {
    let start = std::time::Instant::now();
    // Another process's counter sends no signal.
    let mut pause = tokio::time::interval(std::time::Duration::from_millis(20));
    loop {
        pause.tick().await;
        let metrics = program.get("/metrics").send().await.unwrap().text().await.unwrap();
        let missing: Vec<_> = names.iter().filter(|name| !metrics.contains(**name)).collect();
        if missing.is_empty() {
            return;
        }
        assert!(start.elapsed().as_secs() < 60, "{missing:?} are not in\n{metrics}");
    }
}
