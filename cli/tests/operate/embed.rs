//! `ruche embed migrate`, step after step.

use serde_json::{Value, json};

use crate::{
    document, err, out, ruche, run,
    stand_in::{Gateway, ok, status},
};

const JOB: &str = "01932c07-a0f4-7c7e-a9a6-8d7c1a4bdc5e";

fn view(collection: &str, state: &str, done: u64) -> Value {
    json!({"collection": collection, "object": "migration", "state": state, "model": "old", "next_model": "new",
        "documents": 4, "done": done, "queued": 4 - done, "failed": 0, "failures": []})
}

fn collections(gateway: &Gateway, names: &[&str]) {
    let data: Vec<_> = names.iter().map(|name| json!({ "name": name })).collect();
    let list = json!({"object": "list", "data": data, "has_more": false, "next": null});
    gateway.on("GET /v1/collections?limit=100", vec![ok(list)]);
}

#[tokio::test]
async fn each_collection_is_asked_for_until_it_is_switched() {
    let gateway = Gateway::start().await;
    collections(&gateway, &["a", "b"]);
    let busy = status(503, json!({"error": {"message": "not now", "code": "store_unavailable"}}));
    let steps = [("embedding", 0), ("embedding", 3), ("clearing", 4), ("done", 4)];
    let mut answers: Vec<_> = steps.iter().map(|(state, done)| ok(view("a", state, *done))).collect();
    answers.insert(1, busy);
    gateway.on("POST /v1/collections/a/migrate", answers);
    gateway.on("POST /v1/collections/b/migrate", vec![ok(view("b", "done", 4))]);
    let output = run(&gateway, "embed migrate --to new --keep-old").await;
    assert!(output.status.success(), "{}", err(&output));
    assert_eq!(out(&output), "a: 4 documents, searched with new now\nb: 4 documents, searched with new now\n");
    for part in ["a: 0 of 4", "a: 3 of 4", "a: 4 of 4", "not now", "trying again"] {
        assert!(err(&output).contains(part), "{part} is missing in {}", err(&output));
    }
    let seen = gateway.seen();
    let bodies: Vec<_> =
        seen.iter().filter(|request| request.line.ends_with("/a/migrate")).map(|one| one.json()).collect();
    let body = |retry: bool| json!({ "model": "new", "keep_old": true, "retry": retry });
    assert_eq!(bodies, [body(true), body(false), body(false), body(false), body(false)]);
}

#[tokio::test]
async fn documents_that_have_failed_are_named_and_the_others_go_on() {
    let gateway = Gateway::start().await;
    let mut blocked = view("a", "blocked", 3);
    let error = json!({"code": "no_vector", "message": "no number"});
    blocked["failures"] = json!([{"document": JOB, "source": "bees.md", "job": JOB, "error": error}]);
    blocked["failed"] = json!(2);
    gateway.on("POST /v1/collections/a/migrate", vec![ok(view("a", "embedding", 1)), ok(blocked)]);
    gateway.on("POST /v1/collections/b/migrate", vec![ok(view("b", "done", 4))]);
    let output = run(&gateway, "embed migrate --to new --collection a --collection b").await;
    assert_eq!(output.status.code(), Some(1));
    let printed = out(&output);
    assert!(
        printed.contains(&format!("  bees.md: no_vector: no number (`ruche dead show {JOB}`)\n  and 1 more\n")),
        "{printed}"
    );
    assert!(
        printed.contains("a: 2 documents have failed") && printed.contains("b: 4 documents, searched with new"),
        "{printed}"
    );
    let output = run(&gateway, "embed migrate --to new --collection a --json").await;
    assert_eq!(output.status.code(), Some(1));
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&list["data"][0]["state"], err(&output).as_str()), (&json!("blocked"), ""));
}

#[tokio::test]
async fn what_can_not_be_done_is_said_at_once() {
    let gateway = Gateway::start().await;
    let unknown = json!({"error": {"message": "there is no model \"x\": there are old", "code": "model_not_found"}});
    gateway.on("POST /v1/collections/a/migrate", vec![status(404, unknown)]);
    let output = run(&gateway, "embed migrate --to x --collection a").await;
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("there are old"), "{}", err(&output));
    for wrong in ["embed migrate", "embed migrate --status --cancel", "embed migrate --to x --status"] {
        assert_eq!(run(&gateway, wrong).await.status.code(), Some(2), "{wrong}");
    }
}

#[tokio::test]
async fn its_progress_can_be_seen_and_it_can_be_cancelled() {
    let gateway = Gateway::start().await;
    collections(&gateway, &["a", "b"]);
    gateway.on("GET /v1/collections/a/migrate", vec![ok(view("a", "embedding", 1))]);
    gateway.on("GET /v1/collections/b/migrate", vec![ok(view("b", "none", 4))]);
    let shown = out(&run(&gateway, "embed migrate --status").await);
    assert!(shown.contains("embedding") && shown.contains("next model"), "{shown}");
    let list = document(&run(&gateway, "embed migrate --status --json").await);
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
    gateway.on("DELETE /v1/collections/a/migrate", vec![ok(view("a", "clearing", 1)), ok(view("a", "none", 4))]);
    let list = document(&run(&gateway, "embed migrate --cancel --json").await);
    assert_eq!((list["data"].as_array().unwrap().len(), &list["data"][0]["state"]), (1, &json!("none")));
    let deletes = gateway.seen().into_iter().filter(|request| request.line.starts_with("DELETE")).count();
    assert_eq!(deletes, 2);
    let output = run(&gateway, "embed migrate --cancel --collection b").await;
    assert!(output.status.success() && err(&output).contains("nothing to cancel"), "{}", err(&output));
}

#[tokio::test]
async fn ctrl_c_says_that_it_goes_on_from_there() {
    let gateway = Gateway::start().await;
    gateway.on("POST /v1/collections/a/migrate", vec![ok(view("a", "embedding", 1))]);
    let child = ruche(&gateway).args(["embed", "migrate", "--to", "new", "--collection", "a"]).spawn().unwrap();
    tokio::time::timeout(crate::TIMEOUT, gateway.asked("POST")).await.expect("it asks");
    let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
    let output = tokio::time::timeout(crate::TIMEOUT, child.wait_with_output()).await.expect("it ends").unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert!(err(&output).contains("goes on from there"), "{}", err(&output));
}
