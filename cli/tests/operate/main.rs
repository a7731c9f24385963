//! The commands that operate jobs, as a person or a script uses them, against a stand-in for the gateway.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod bots;
mod documents;
mod embed;
mod jobs;
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
use tokio::{process::Command, time::timeout};

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
