//! The commands that operate jobs, as a person or a script uses them, against a stand-in for the gateway.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod bots;
mod documents;
mod embed;
mod render;
mod renders;
mod search;
mod stand_in;
mod tenants;
mod terminal;

use std::{
    fs,
    process::{Output, Stdio},
    time::Duration,
};

use serde_json::{Value, json};
use stand_in::{Gateway, ok, status, text};
use tokio::{io::AsyncWriteExt, process::Command, time::timeout};

/// Longer than any command takes on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);

fn ruche(gateway: &Gateway) -> Command {
    let mut command = bare();
    command.env("RUCHE_URL", &gateway.url).env("RUCHE_KEY", "rk_test");
    command
}

fn bare() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ruche"));
    for name in ["RUCHE_URL", "RUCHE_KEY", "RUCHE_DIR", "VISUAL", "EDITOR"] {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

async fn end(command: &mut Command) -> Output {
    timeout(TIMEOUT, command.output()).await.expect("it ends").unwrap()
}

async fn run(gateway: &Gateway, arguments: &str) -> Output {
    end(ruche(gateway).args(arguments.split_whitespace())).await
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn document(output: &Output) -> Value {
    assert!(output.status.success(), "{}", err(output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn record(n: u64, kind: &str, data: &Value) -> String {
    let record =
        json!({"n": n, "type": kind, "kind": "chat", "attempt": 1, "at": "2026-01-01T00:00:00Z", "data": data});
    format!("id: {n}\nevent: {kind}\ndata: {record}\n\n")
}

const EVENTS: &str = "text/event-stream";

#[tokio::test]
async fn status_asks_the_ruche_that_the_environment_names() {
    let gateway = Gateway::start().await;
    let folder = tempfile::tempdir().unwrap();
    let status_of = async |key: &str, arguments: &[&str]| {
        let mut command = ruche(&gateway);
        end(command.env("RUCHE_KEY", key).arg("status").args(arguments).current_dir(folder.path())).await
    };
    gateway.on("GET /readyz", vec![text("text/plain", "ready\n")]);
    gateway.on("GET /v1/models", vec![ok(json!({"data": [{"id": "tiny"}, {"id": "bot:help"}]}))]);
    let output = status_of("rk_test", &[]).await;
    assert!(output.status.success(), "{}", err(&output));
    assert_eq!(out(&output), format!("Ruche at {} is ready\n  models tiny, bot:help\n", gateway.url));
    assert_eq!(gateway.last("GET /v1/models").headers["authorization"], "Bearer rk_test");
    let json = document(&status_of("rk_test", &["--json"]).await);
    assert_eq!((&json["ready"], &json["url"], &json["models"][0]), (&json!(true), &json!(gateway.url), &json!("tiny")));
    assert!(out(&status_of("", &[]).await).contains("is ready\n  no key"));
    gateway.on("GET /readyz", vec![status(503, json!({"bus": "away"}))]);
    let output = status_of("rk_test", &[]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(out(&output).contains("is not ready: {\"bus\":\"away\"}"), "{}", out(&output));
    let mut command = bare();
    let nobody = command.env("RUCHE_URL", "http://127.0.0.1:1").arg("status").current_dir(folder.path());
    let output = end(nobody).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(out(&output).contains("http://127.0.0.1:1 can't be reached"), "{}", out(&output));
}

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
async fn a_wrong_value_of_an_option_is_told_with_what_is_needed() {
    let gateway = Gateway::start().await;
    for (wrong, told) in [
        ("jobs submit chat {} --at tomorrow", "\"tomorrow\" is no time: write a date such as 2026-01-31"),
        ("render a.md --toc 9", "for '--toc [<LEVEL>]': a whole number from 0 to 6 is needed"),
        ("render a.md --date 31.1.2026", "for '--date <DATE>': a date such as 2026-01-31 is needed"),
        ("search x -c c --metadata {bad", "for '--metadata <JSON>': not JSON: a name must be in double quotes"),
    ] {
        let output = run(&gateway, wrong).await;
        assert_eq!(output.status.code(), Some(2), "{wrong}");
        assert!(err(&output).contains(told), "{}", err(&output));
    }
    let help = run(&gateway, "help --help").await;
    assert!(help.status.success() && out(&help).contains("Usage: ruche"), "{}", err(&help));
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
async fn nothing_is_destroyed_unless_somebody_says_yes() {
    let gateway = Gateway::start().await;
    gateway.on("POST /v1/dead/drop", vec![ok(json!({"matched": 7, "dropped": 7}))]);
    gateway.on("POST /v1/jobs/cancel", vec![ok(json!({"matched": 3, "cancelled": 3}))]);
    gateway.on("DELETE /v1/dead/j", vec![status(204, Value::Null)]);
    for refused in ["dead drop --kind chat", "dead drop j", "jobs cancel --kind chat", "schedules delete s"] {
        let output = run(&gateway, refused).await;
        assert_eq!(output.status.code(), Some(2), "{refused}");
        assert!(err(&output).contains("--yes"), "{}", err(&output));
    }
    let asked = gateway.seen();
    assert!(
        asked.iter().all(|request| request.line.starts_with("POST") && request.json()["dry_run"] == true),
        "{asked:?}"
    );
    let dry = run(&gateway, "dead drop --all --dry-run").await;
    assert_eq!(out(&dry), "7 dead letters would be dropped\n");
    let done = run(&gateway, "dead drop --code timeout --yes").await;
    assert_eq!(out(&done), "7 of 7 dead letters dropped\n");
    assert_eq!(gateway.last("POST /v1/dead/drop").json(), json!({"code": "timeout"}));
    assert!(run(&gateway, "dead drop j --yes").await.status.success());
    assert!(run(&gateway, "jobs cancel --batch b --yes").await.status.success());
    for nothing in ["dead drop --yes", "dead replay", "jobs cancel --yes"] {
        assert_eq!(run(&gateway, nothing).await.status.code(), Some(2), "{nothing}");
    }
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

#[tokio::test]
async fn operators_see_and_steer() {
    let gateway = Gateway::start().await;
    let list = |item: Value| vec![ok(json!({"object": "list", "data": [item], "has_more": false, "next": null}))];
    let queue = json!({"kind": "chat", "lane": "bulk", "waiting": 12, "in_flight": 3, "oldest_seconds": 200.5,
        "slots": 4, "busy": 3, "per_second": 2.5, "paused": false});
    let worker = json!({"worker": "w-1", "kind": "chat", "state": "running", "slots": 4, "in_flight": 3,
        "models": ["tiny"], "pool": "large", "labels": {"zone": "eu"}, "host": "h", "version": "1"});
    gateway.on("GET /v1/queues", list(queue)).on("GET /v1/workers", list(worker));
    gateway.on("GET /v1/dead?limit=100", list(json!({"job": "j"})));
    for line in ["queues/chat/pause", "tenants/acme/resume", "workers/w-1/drain", "schedules/s/pause"] {
        gateway.on(&format!("POST /v1/{line}"), vec![ok(json!({"name": line}))]);
        let words: Vec<_> = line.split('/').collect();
        let output = run(&gateway, &format!("{} {} {} --json", words[0], words[2], words[1])).await;
        assert_eq!(document(&output), json!({"name": line}));
    }
    let table = out(&run(&gateway, "queues").await);
    assert!(table.contains("3 min") && table.contains("3/4") && table.contains("2.5"), "{table}");
    let workers = out(&run(&gateway, "workers list").await);
    assert!(workers.contains("zone=eu") && workers.contains("pool") && workers.contains("large"), "{workers}");
    let frame = out(&run(&gateway, "top --once").await);
    assert_eq!(frame.lines().count(), 24, "{frame}");
    for part in ["Queues 1", "Workers 1", "w-1", "dead 1", "waiting 12", "busy 3/4", "q leaves"] {
        assert!(frame.contains(part), "{part}: {frame}");
    }
    assert!(out(&run(&gateway, "top --once --size 70x20").await).contains("needs 80x24"));
    assert_eq!(document(&run(&gateway, "top --once --json").await)["queues"][0]["waiting"], 12);
    let no_terminal = run(&gateway, "top").await;
    assert_eq!(no_terminal.status.code(), Some(2));
    assert!(err(&no_terminal).contains("--once"), "{}", err(&no_terminal));
}

#[tokio::test]
async fn a_schedule_is_put_with_its_time() {
    let gateway = Gateway::start().await;
    gateway.on(
        "PUT /v1/schedules/night",
        vec![ok(json!({"name": "night", "kind": "k", "cron": "0 0 3 * * *", "paused": false}))],
    );
    let put = ["schedules", "put", "night", "k", "--cron", "0 0 3 * * *", "--time-zone", "Europe/Paris"];
    let output = end(ruche(&gateway).args(put)).await;
    assert!(out(&output).contains("0 0 3 * * *"), "{}", err(&output));
    let expected = json!({"kind": "k", "body": {}, "cron": "0 0 3 * * *", "time_zone": "Europe/Paris"});
    assert_eq!(gateway.last("PUT /v1/schedules/night").json(), expected);
    assert!(run(&gateway, "schedules put night k --every 10m").await.status.success());
    assert_eq!(gateway.last("PUT /v1/schedules/night").json()["every_seconds"], 600);
    assert_eq!(run(&gateway, "schedules put night k").await.status.code(), Some(2));
}

#[tokio::test]
async fn a_flow_is_a_tree() {
    let gateway = Gateway::start().await;
    let leaf = |id: &str| json!({"id": id, "kind": "embed", "state": "running", "children": []});
    gateway.on(
        "GET /v1/jobs/b/flow",
        vec![ok(json!({"id": "a", "kind": "scrape", "state": "done", "children": [leaf("b"), leaf("c")]}))],
    );
    let tree = out(&run(&gateway, "jobs flow b").await);
    assert_eq!(tree, "scrape a done\n├─ embed b running  <\n└─ embed c running\n");
}

#[tokio::test]
async fn refusals_say_what_the_server_said_and_what_to_do() {
    let gateway = Gateway::start().await;
    let error = |code: &str, param: &str| json!({"error": {"message": "it said no", "code": code, "param": param}});
    gateway.on("GET /v1/jobs/a", vec![status(401, error("invalid_api_key", ""))]);
    gateway.on("GET /v1/jobs/b", vec![status(403, error("not_admin", ""))]);
    gateway
        .on("GET /v1/jobs/c", vec![status(429, error("backlog_full", "nats.tenant_backlog")).with("retry-after: 7")]);
    gateway.on("GET /v1/jobs/d", vec![text("text/html", "<p>")]);
    for (job, code, words) in [
        ("a", 6, "keys create"),
        ("b", 6, "role admin"),
        ("c", 1, "(HTTP 429, backlog_full, param nats.tenant_backlog)\n  Try again in 7 s."),
        ("d", 1, "is that Ruche?"),
    ] {
        let output = run(&gateway, &format!("jobs show {job}")).await;
        assert_eq!(output.status.code(), Some(code), "{job}");
        assert!(err(&output).contains(words), "{}", err(&output));
    }
}

#[tokio::test]
async fn without_a_gateway_one_learns_how_to_start_it() {
    let folder = tempfile::tempdir().unwrap();
    let in_folder = || {
        let mut command = bare();
        command.arg("--dir").arg(folder.path());
        command
    };
    let nowhere = end(in_folder().args(["jobs", "list"])).await;
    assert_eq!(nowhere.status.code(), Some(6));
    assert!(err(&nowhere).contains("ruche up"), "{}", err(&nowhere));
    // A port that was free a moment ago.
    let port = ruche_services::ports::free();
    fs::create_dir(folder.path().join(".ruche")).unwrap();
    let dev = format!("RUCHE_URL=http://127.0.0.1:{port}\nRUCHE_KEY=rk_dev\n");
    fs::write(folder.path().join(".ruche/dev.env"), dev).unwrap();
    for command in [&["jobs", "list"][..], &["jobs", "watch", "j"], &["top", "--once"]] {
        let silent = end(in_folder().args(command)).await;
        assert_eq!(silent.status.code(), Some(5), "{command:?}");
        assert!(err(&silent).contains("Start Ruche with `ruche up`"), "{}", err(&silent));
    }
    // The development key is for the development address only.
    let gateway = Gateway::start().await;
    let elsewhere = end(in_folder().args(["jobs", "list", "--url", &gateway.url])).await;
    assert_eq!(elsewhere.status.code(), Some(6));
    assert!(err(&elsewhere).contains("there is no key for") && gateway.seen().is_empty());
}

#[tokio::test]
async fn a_reader_that_goes_away_ends_it_quietly() {
    let gateway = Gateway::start().await;
    let jobs: Vec<_> = (0..5000).map(|i| json!({"id": format!("job {i}"), "kind": "chat"})).collect();
    gateway.on("GET /v1/jobs?limit=50", vec![ok(json!({"data": jobs, "has_more": false}))]);
    let ruche = env!("CARGO_BIN_EXE_ruche");
    for arguments in ["jobs list", "completions bash", "config"] {
        let mut command = Command::new("bash");
        let script = format!("'{ruche}' {arguments} | head -c 1; exit ${{PIPESTATUS[0]}}");
        command.args(["-c", &script]).env("RUCHE_URL", &gateway.url).env("RUCHE_KEY", "rk_test").kill_on_drop(true);
        let output = end(&mut command).await;
        assert_eq!((output.status.code(), err(&output)), (Some(0), String::new()), "{arguments}");
    }
}

#[tokio::test]
async fn shells_complete_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let output = end(bare().args(["completions", shell])).await;
        assert!(out(&output).contains("completions") && out(&output).contains("replay"), "{shell}");
    }
}
