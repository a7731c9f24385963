//! Operating jobs with `ruche` on the real programs: one by one, as a batch with a callback, and very many.

use std::{convert::Infallible, process::Stdio};

use bytes::Bytes;
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::system::{Running, System, TIMEOUT, ask, ask_for_much};

/// Lines of the very long stream.
const LINES: usize = 100_000;
/// The most growth of a gateway's memory meanwhile, in KiB: what a few hundred lines on their way take.
const GROWTH: u64 = 16 << 10;

pub(crate) struct Output {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Output {
    /// The one line that it printed.
    pub(crate) fn line(&self) -> &str {
        assert_eq!(self.code, 0, "{}", self.err);
        self.out.trim()
    }
}

fn command(gateway: &Running, key: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ruche"));
    command.args(arguments).env("RUCHE_URL", &gateway.url).env("RUCHE_KEY", key).env_remove("RUCHE_DIR");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

pub(crate) async fn ruche(gateway: &Running, key: &str, arguments: &[&str]) -> Output {
    let output = tokio::time::timeout(TIMEOUT, command(gateway, key, arguments).output()).await.expect("it ends");
    let output = output.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Output { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

#[tokio::test]
async fn a_person_submits_follows_cancels_and_retries_jobs() {
    let system = System::start().await;
    let (gateway, _worker) = (system.gateway().await, system.worker().await);
    let run = async |arguments: &[&str]| ruche(&gateway, &system.key, arguments).await;
    let body = ask("Who are you?").to_string();

    let watched = run(&["jobs", "submit", "chat", &body, "--watch"]).await;
    assert!(watched.code == 0 && watched.out.contains("model"), "{} {}", watched.out, watched.err);
    let id = watched.err.lines().next().unwrap().to_owned();
    assert!(run(&["jobs", "show", &id, "--json"]).await.line().contains("\"done\""));
    let again = run(&["jobs", "watch", &id]).await;
    assert_eq!((again.code, again.out.trim()), (0, watched.out.trim()), "{}", again.err);
    let refused = run(&["jobs", "retry", &id]).await;
    assert!(refused.code == 1 && refused.err.contains("only a failed job can be retried"), "{}", refused.err);

    let long = ask_for_much(3000).to_string();
    let running = run(&["jobs", "submit", "chat", &long]).await.line().to_owned();
    gateway.events(&running, 1).await.until("delta").await;
    let refused = run(&["jobs", "retry", &running]).await;
    assert!(refused.code == 1 && refused.err.contains("is running"), "{}", refused.err);
    let watching = command(&gateway, &system.key, &["jobs", "watch", &running]).spawn().unwrap();
    run(&["jobs", "cancel", &running]).await.line();
    let watched = tokio::time::timeout(TIMEOUT, watching.wait_with_output()).await.expect("it ends").unwrap();
    assert_eq!(watched.status.code(), Some(2), "{}", String::from_utf8_lossy(&watched.stderr));
    let refused = run(&["jobs", "retry", &running]).await;
    assert!(refused.code == 1 && refused.err.contains("is cancelled"), "{}", refused.err);

    // It can never succeed: its prompt is longer than the model's context.
    let impossible = json!({"messages": [{"role": "user", "content": "word ".repeat(20_000)}]}).to_string();
    let failed = run(&["jobs", "submit", "chat", &impossible, "--watch"]).await;
    assert_eq!(failed.code, 1, "{} {}", failed.out, failed.err);
    let failed = failed.err.lines().next().unwrap().to_owned();
    let retried = loop {
        // The last event is out a moment before the dead letter is found under the job's name.
        let retried = run(&["jobs", "retry", &failed, "--json"]).await;
        if retried.code == 0 {
            break serde_json::from_str::<Value>(&retried.out).unwrap()["id"].as_str().unwrap().to_owned();
        }
    };
    assert_ne!(retried, failed);
    assert_eq!(run(&["jobs", "watch", &retried]).await.code, 1, "the new one fails as the old one did");
    let refused = run(&["jobs", "retry", &failed]).await;
    assert!(refused.code == 1 && refused.err.contains("dead letter is gone"), "{}", refused.err);
    let refused = run(&["jobs", "retry", "0198c0de-0000-7000-8000-000000000000"]).await;
    assert!(refused.code == 1 && refused.err.contains("there is no job"), "{}", refused.err);
}

#[tokio::test]
async fn what_follows_a_batch_starts_when_the_last_of_its_jobs_has_ended() {
    let system = System::start().await;
    let (gateway, _worker) = (system.gateway().await, system.worker().await);
    let folder = tempfile::tempdir().unwrap();
    let (jobs, callback) = (folder.path().join("jobs.ndjson"), folder.path().join("callback.json"));
    let line = |body: Value| json!({"kind": "chat", "body": body}).to_string();
    let lines = [line(ask("Hello!")), line(ask("Who are you?")), line(ask_for_much(50))];
    std::fs::write(&jobs, lines.join("\n")).unwrap();
    std::fs::write(&callback, line(ask("Thank you!"))).unwrap();
    let (jobs, callback) = (jobs.to_str().unwrap(), callback.to_str().unwrap());
    let submit = ["jobs", "submit", "--ndjson", jobs, "--callback", callback, "--json"];
    let submitted = ruche(&gateway, &system.key, &submit).await;
    let summary: Value = serde_json::from_str(submitted.line().lines().last().unwrap()).unwrap();
    let batch = summary["batch"]["id"].as_str().unwrap_or_else(|| panic!("no batch in {summary}")).to_owned();
    let ended = ruche(&gateway, &system.key, &["batches", "watch", &batch]).await;
    assert_eq!(ended.code, 0, "{} {}", ended.out, ended.err);
    let (_, view) = Running::json(gateway.get(&format!("/v1/job-batches/{batch}"))).await;
    assert_eq!((&view["state"], &view["counts"]["done"]), (&json!("complete"), &json!(3)), "{view}");
    let job = view["callback_job"].as_str().unwrap();
    let events = gateway.events(job, 1).await.rest().await;
    assert_eq!(events.last().unwrap()["type"], "done", "{events:?}");
}

#[tokio::test]
async fn a_stream_of_100_000_jobs_leaves_a_gateways_memory_as_it_was() {
    let system = System::start().await;
    let gateway = system.gateway().await;
    // A gateway's base memory is not counted.
    assert_eq!(submitted(&gateway, "normal", 3_000).await["accepted"], 3_000);
    let before = peak(&gateway);
    let summary = submitted(&gateway, "bulk", LINES).await;
    let grown = peak(&gateway) - before;
    assert_eq!((&summary["accepted"], &summary["rejected"]), (&json!(LINES), &json!(0)), "{summary}");
    println!("the gateway's peak memory was {before} KiB and grew by {grown} KiB over {LINES} jobs");
    assert!(grown < GROWTH, "it grew by {grown} KiB, and may by {GROWTH}");
}

fn peak(gateway: &Running) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", gateway.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Sends `count` jobs in one request, checks their answers, and returns the last line: the summary.
async fn submitted(gateway: &Running, lane: &str, count: usize) -> Value {
    let text = Bytes::from(format!("{}\n", json!({"kind": "chat", "lane": lane, "body": ask("Hi")})));
    let lines = stream::iter((0..count).map(move |_| Ok::<_, Infallible>(text.clone())));
    let request = gateway.lines("/v1/jobs");
    let response = request.body(reqwest::Body::wrap_stream(lines)).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let mut answers = response.bytes_stream();
    let (mut rest, mut number, mut last) = (Vec::new(), 0, Value::Null);
    while let Some(chunk) = tokio::time::timeout(TIMEOUT, answers.next()).await.expect("an answer in time") {
        rest.extend_from_slice(&chunk.unwrap());
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = rest.drain(..=end).collect();
            last = serde_json::from_slice(&line).unwrap();
            number += usize::from(last.get("line").is_some());
        }
    }
    assert_eq!(number, count, "each line has an answer, the last one too");
    last["batch"].take()
}
