//! Programs that publish directly to NATS, with their own login and only Ruche's schemas.

use std::{path::Path, process::Stdio, time::Duration};

use ruche_services::{
    logins::{Login, May, Role},
    testing::TestNats,
    tools::Tools,
};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::system::{MODEL, Running, System};

/// How long the program may take: a model answers meanwhile.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Adds a login for a producer of the tenant `acme`.
async fn admit(system: &System, nats: &TestNats) -> Login {
    let may = May::As(Role::Producer { tenant: "acme".parse().unwrap() }, system.prefix().to_owned());
    let login = Login { user: "acme-etl".to_owned(), password: ruche_services::random_secret(), may };
    nats.admit(&login).await;
    login
}

/// Runs the example; returns its exit status, and its lines.
async fn produce(
    system: &System,
    nats: &TestNats,
    login: &Login,
    tenant: &str,
    body: &Value,
) -> (bool, Vec<Value>, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../nats/producer.py");
    let mut command = Command::new(Tools::find().unwrap().venv.join("bin/python"));
    command.arg(script).args(["--tenant", tenant, "--prefix", system.prefix(), "chat", &body.to_string()]);
    command.env("NATS_URL", nats.url()).env("NATS_USER", &login.user).env("NATS_PASSWORD", &login.password);
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(TIMEOUT, output).await.expect("an end").unwrap();
    let lines =
        String::from_utf8_lossy(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (output.status.success(), lines, String::from_utf8_lossy(&output.stderr).into_owned())
}

#[tokio::test]
async fn a_python_program_publishes_a_job_and_hears_its_answer() {
    let (system, nats, _postgres) = System::start_alone().await;
    let login = admit(&system, &nats).await;
    let (gateway, _worker) = (system.gateway().await, system.worker().await);
    // As an OpenAI client writes it, with a field that this release does not know.
    let content = json!([{"type": "text", "text": "Who are you?"}]);
    let body =
        json!({"model": MODEL, "temperature": 0, "mood": "good", "messages": [{"role": "user", "content": content}]});
    let (well, lines, errors) = produce(&system, &nats, &login, "acme", &body).await;
    assert!(well, "{lines:?} {errors}");
    assert_eq!(lines.last().unwrap()["type"], "done", "{lines:?}");
    let (status, job) = Running::json(gateway.get(&format!("/v1/jobs/{}", lines[0]["id"].as_str().unwrap()))).await;
    assert_eq!((status, &job["state"]), (200, &json!("done")), "the gateway knows the job as any other: {job}");
}

#[tokio::test]
async fn a_job_that_breaks_its_schema_is_a_dead_letter_with_the_reason() {
    let (system, nats, _postgres) = System::start_alone().await;
    let login = admit(&system, &nats).await;
    let (gateway, _worker) = (system.gateway().await, system.worker().await);
    let (well, lines, _) = produce(&system, &nats, &login, "acme", &json!({"messages": "hello"})).await;
    assert!(!well);
    let end = lines.last().unwrap();
    assert_eq!((&end["type"], &end["data"]["code"]), (&json!("failed"), &json!("invalid_request")), "{lines:?}");
    let (_, job) = Running::json(gateway.get(&format!("/v1/jobs/{}", lines[0]["id"].as_str().unwrap()))).await;
    assert_eq!(job["state"], "failed", "{job}");
    assert_eq!(job["error"]["param"], "messages", "it names the field: {job}");
}

#[tokio::test]
async fn a_producer_reaches_no_other_tenant() {
    let (system, nats, _postgres) = System::start_alone().await;
    let login = admit(&system, &nats).await;
    let _gateway = system.gateway().await;
    let body = json!({"messages": [{"role": "user", "content": "Hi"}]});
    let (well, lines, errors) = produce(&system, &nats, &login, "globex", &body).await;
    assert!(!well && lines.is_empty(), "nothing was accepted: {lines:?}");
    let refused = errors.to_lowercase();
    assert!(refused.contains("permissions violation") && refused.contains(".globex"), "the server says why: {errors}");
}
