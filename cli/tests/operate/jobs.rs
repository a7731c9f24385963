//! Jobs: submitted, watched, listed, shown, and dead ones replayed.

use std::{fs, process::Stdio};

use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, time::timeout};

use crate::{
    EVENTS, TIMEOUT, document, end, err, out, record, ruche, run,
    stand_in::{Gateway, ok, status, text},
};

#[tokio::test]
async fn a_submitted_job_says_all_that_was_asked_for() {
    let gateway = Gateway::start().await;
    gateway.on("POST /v1/jobs", vec![status(202, json!({"id": "j1", "kind": "chat", "duplicate": false}))]);
    let arguments = "jobs submit chat {\"a\":1} --lane bulk --delay 10m --idempotency-key k --unique u --window 1h";
    let output = run(&gateway, arguments).await;
    assert!(output.status.success(), "{}", err(&output));
    assert_eq!(out(&output), "j1\n");
    let request = gateway.last("POST /v1/jobs");
    let unique = json!({"key": "u", "window_seconds": 3600});
    let expected = json!({"kind": "chat", "body": {"a": 1}, "lane": "bulk", "delay_seconds": 600,
        "idempotency_key": "k", "unique": unique});
    assert_eq!(request.json(), expected);
    assert_eq!(request.headers["authorization"], "Bearer rk_test");
    assert_eq!(err(&output), "");
    let accepted = json!({"id": "j1", "kind": "chat", "duplicate": false});
    gateway.on("POST /v1/jobs", vec![status(202, accepted).with("ruche-ignored: body.colour, a%2C%20b, and-3-more")]);
    let noted = run(&gateway, "jobs submit chat {\"colour\":1}").await;
    assert_eq!(
        (out(&noted).as_str(), err(&noted).as_str()),
        ("j1\n", "warning: unknown fields were ignored: body.colour, a, b, and-3-more\n")
    );
    let wrong = run(&gateway, "jobs submit chat {a}").await;
    assert_eq!(wrong.status.code(), Some(2));
    assert!(err(&wrong).contains("the body is not JSON"), "{}", err(&wrong));
}

#[tokio::test]
async fn lines_are_streamed_up_and_refused_ones_are_named() {
    let gateway = Gateway::start().await;
    let answers = [
        json!({"line": 1, "id": "a", "kind": "k", "state": "accepted", "duplicate": false, "ignored": ["x", "y"]}),
        json!({"line": 2, "error": {"message": "it has no kind", "code": "invalid", "param": "kind"}}),
        json!({"line": 3, "id": "b", "kind": "k", "state": "accepted", "duplicate": true}),
        json!({"batch": {"id": "b1", "accepted": 2, "rejected": 1}}),
    ];
    let lines: String = answers.iter().map(|line| format!("{line}\n")).collect();
    gateway.on("POST /v1/jobs", vec![text("application/x-ndjson", &lines)]);
    let sent = "{\"kind\":\"k\"}\n{}\n{\"kind\":\"k\"}\n";
    let mut child = ruche(&gateway).args(["jobs", "submit", "--ndjson", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(sent.as_bytes()).await.unwrap();
    let output = timeout(TIMEOUT, child.wait_with_output()).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    assert_eq!(out(&output), "batch b1: 2 accepted (1 of them known before), 1 refused\n");
    let told = "line 1: warning: unknown fields were ignored: x, y\nline 2: it has no kind (invalid, param kind)\n";
    assert_eq!(err(&output), told);
    let request = gateway.last("POST /v1/jobs");
    assert_eq!(request.body, sent);
    assert_eq!(request.headers["content-type"], "application/x-ndjson");
}

#[tokio::test]
async fn an_answer_without_its_end_is_a_failure_and_its_batch_stays_open() {
    let gateway = Gateway::start().await;
    let folder = tempfile::tempdir().unwrap();
    let (jobs, callback) = (folder.path().join("jobs"), folder.path().join("callback"));
    fs::write(&jobs, "{\"kind\":\"k\"}\n").unwrap();
    fs::write(&callback, "{\"kind\":\"report\"}").unwrap();
    let line = json!({"line": 1, "id": "a", "duplicate": false});
    let end = json!({"batch": {"id": "b7"}});
    let answers = [format!("{line}\n"), format!("{line}\n{end}\n")].map(|body| text("application/x-ndjson", &body));
    gateway.on("POST /v1/job-batches", vec![status(201, json!({"id": "b7"}))]);
    gateway.on("POST /v1/jobs?batch=b7", answers.to_vec());
    gateway.on("POST /v1/job-batches/b7/close", vec![ok(json!({"id": "b7"}))]);
    let submit = |gateway| {
        let mut command = ruche(gateway);
        command.args(["jobs", "submit", "--ndjson"]).arg(&jobs).arg("--callback").arg(&callback);
        command
    };
    let output = self::end(&mut submit(&gateway)).await;
    assert_eq!(output.status.code(), Some(1));
    let printed = err(&output);
    assert!(printed.contains("batch b7 stays open") && printed.contains("after 1 jobs were accepted"), "{printed}");
    assert!(!gateway.seen().iter().any(|request| request.line.ends_with("/close")));
    let output = self::end(&mut submit(&gateway)).await;
    assert!(output.status.success(), "{}", err(&output));
    assert_eq!(gateway.last("POST /v1/job-batches").json(), json!({"callback": {"kind": "report"}}));
    gateway.last("POST /v1/job-batches/b7/close");
}

#[tokio::test]
async fn a_watch_goes_on_where_the_connection_broke_and_prints_the_answer_once() {
    let gateway = Gateway::start().await;
    let first = record(1, "accepted", &json!({})) + &record(2, "delta", &json!({"text": "Hel"}));
    let second = record(3, "delta", &json!({"text": "lo\u{1b}"})) + &record(4, "done", &json!({"text": "Hello"}));
    let answers = vec![text(EVENTS, &first).then_breaks(), status(503, Value::Null), text(EVENTS, &second)];
    gateway.on("GET /v1/jobs/j/events", answers);
    let output = run(&gateway, "jobs watch j").await;
    assert!(output.status.success(), "{}", err(&output));
    assert_eq!(out(&output), "Hello\n");
    assert_eq!(gateway.last("GET /v1/jobs/j/events").headers["last-event-id"], "2");
}

#[tokio::test]
async fn a_watch_ends_as_the_job_did() {
    let gateway = Gateway::start().await;
    let progress = record(1, "progress", &json!({"done": 3, "total": 10, "message": "reading"}));
    let failed = record(2, "failed", &json!({"code": "timeout", "message": "too slow"}));
    gateway.on("GET /v1/jobs/f/events", vec![text(EVENTS, &(progress + &failed))]);
    gateway.on("GET /v1/jobs/c/events", vec![text(EVENTS, &record(1, "cancelled", &Value::Null))]);
    gateway.on("GET /v1/jobs/d/events", vec![text(EVENTS, &record(1, "done", &json!({"sum": 3})))]);
    gateway.on("GET /v1/jobs/e/events", vec![status(204, Value::Null)]);
    gateway.on("GET /v1/jobs/e", vec![ok(json!({"id": "e", "state": "cancelled"}))]);
    let output = run(&gateway, "jobs watch f").await;
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(err(&output), "3/10 reading\nfailed: timeout: too slow\n");
    assert_eq!(run(&gateway, "jobs watch c").await.status.code(), Some(2));
    assert_eq!(run(&gateway, "jobs watch e").await.status.code(), Some(2));
    assert_eq!(document(&run(&gateway, "jobs watch d").await), json!({"sum": 3}));
    assert_eq!(document(&run(&gateway, "jobs watch d --json").await)["type"], "done");
    let unknown = run(&gateway, "jobs watch nobody").await;
    assert_eq!(unknown.status.code(), Some(1));
    assert!(err(&unknown).contains("no_route"), "{}", err(&unknown));
}

#[tokio::test]
async fn a_batch_of_which_not_all_are_done_is_a_failure() {
    let gateway = Gateway::start().await;
    let counts = |failed| json!({"total": 3, "done": 3 - failed, "failed": failed, "cancelled": 0, "pending": 0});
    gateway.on("GET /v1/job-batches/bad/events", vec![text(EVENTS, &record(1, "done", &counts(1)))]);
    gateway.on("GET /v1/job-batches/good/events", vec![text(EVENTS, &record(1, "done", &counts(0)))]);
    assert_eq!(run(&gateway, "batches watch bad").await.status.code(), Some(1));
    assert_eq!(run(&gateway, "batches watch good").await.status.code(), Some(0));
}

#[tokio::test]
async fn lists_go_through_all_pages_as_tables_and_as_json() {
    let gateway = Gateway::start().await;
    let job = |id: &str| json!({"id": id, "kind": "chat", "lane": "bulk", "state": "retrying", "attempt": 2, "last_error": "no\nwhere"});
    let page = |id: &str, next: Value| {
        ok(json!({"object": "list", "data": [job(id)], "has_more": !next.is_null(), "next": next}))
    };
    gateway.on("GET /v1/jobs?kind=chat&limit=100", vec![page("one", json!("p2"))]);
    gateway.on("GET /v1/jobs?kind=chat&limit=100&after=p2", vec![page("two", Value::Null)]);
    gateway.on("GET /v1/jobs?limit=1", vec![page("one", json!("p2"))]);
    let output = run(&gateway, "jobs list --kind chat --all").await;
    let table = out(&output);
    assert_eq!(table.lines().count(), 3, "{table}");
    assert!(table.starts_with("id") && table.contains("no where"), "{table}");
    assert_eq!(out(&run(&gateway, "jobs list --kind chat --all --json").await).lines().count(), 2);
    let one = document(&run(&gateway, "jobs list --limit 1 --json").await);
    assert_eq!((&one["data"][0]["id"], &one["next"]), (&json!("one"), &json!("p2")));
    let more = run(&gateway, "jobs list --limit 1").await;
    assert!(err(&more).contains("--after p2"), "{}", err(&more));
}

#[tokio::test]
async fn a_large_result_is_told_of_and_printed_when_asked_for() {
    let gateway = Gateway::start().await;
    let claim = json!({"key": "acme/j/output.ab", "bytes": 300_000, "blake3": "ab"});
    let done = json!({"n": 1, "type": "done", "kind": "k", "attempt": 1, "at": "2026-01-01T00:00:00Z", "claim": claim});
    gateway
        .on("GET /v1/jobs/j/events", vec![text("text/event-stream", &format!("id: 1\nevent: done\ndata: {done}\n\n"))]);
    let result = json!({"url": "/v1/jobs/j/result", "bytes": 300_000, "blake3": "ab"});
    gateway.on("GET /v1/jobs/j", vec![ok(json!({"id": "j", "state": "done", "result": result}))]);
    gateway.on("GET /v1/jobs/j/result", vec![ok(json!(["all of it"])), ok(json!(["all of it"])).then_breaks()]);
    let watched = run(&gateway, "jobs watch j").await;
    assert_eq!((watched.status.code(), out(&watched)), (Some(0), String::new()));
    assert!(err(&watched).contains("300000 bytes") && err(&watched).contains("jobs result"), "{}", err(&watched));
    assert!(out(&run(&gateway, "jobs show j").await).contains("`ruche jobs result j`"));
    let printed = run(&gateway, "jobs result j").await;
    assert_eq!(out(&printed), "[\"all of it\"]\n", "{}", err(&printed));
    let broken = run(&gateway, "jobs result j").await;
    assert_eq!(broken.status.code(), Some(1));
    assert!(err(&broken).contains("not whole"), "{}", err(&broken));
}

#[tokio::test]
async fn a_dead_job_is_edited_and_replayed() {
    let gateway = Gateway::start().await;
    let letter =
        json!({"job": "j", "kind": "chat", "attempts": 5, "error": {"code": "bad", "message": "no"}, "body": {"a": 1}});
    gateway.on("GET /v1/dead/j", vec![ok(letter)]);
    gateway.on("POST /v1/dead/j/replay", vec![status(202, json!({"id": "new"}))]);
    let output = end(ruche(&gateway).args(["dead", "edit", "j"]).env("EDITOR", "sed -i s/1/2/")).await;
    assert_eq!(out(&output), "new replays j\n", "{}", err(&output));
    assert_eq!(gateway.last("POST /v1/dead/j/replay").json(), json!({"body": {"a": 2}}));
    let same = end(ruche(&gateway).args(["dead", "edit", "j"]).env("EDITOR", "true")).await;
    assert!(same.status.success() && err(&same).contains("nothing was submitted"), "{}", err(&same));
    let broken = end(ruche(&gateway).args(["dead", "edit", "j"]).env("EDITOR", "sed -i s/}//")).await;
    assert_eq!(broken.status.code(), Some(1));
    let printed = err(&broken);
    let file = printed.split_whitespace().find(|word| word.ends_with(".json:")).unwrap().trim_end_matches(':');
    assert!(
        printed.contains("that is not JSON") && fs::read_to_string(file).unwrap().contains("\"a\": 1"),
        "{printed}"
    );
    fs::remove_file(file).unwrap();
}
