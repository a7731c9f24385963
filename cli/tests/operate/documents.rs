//! Adding files and folders, and lists of documents.

use std::fs;

use serde_json::{Value, json};

use crate::{
    document, end, err, out, ruche, run,
    stand_in::{Gateway, ok, status, text},
};

const ID: &str = "6f0c3c1a-5a57-8d0b-9e0e-7d1c2f5a7b11";

fn indexed(chunks: u32, embedded: u32) -> Value {
    json!({"document": ID, "collection": "c", "chunks": chunks, "embedded": embedded})
}

#[tokio::test]
async fn folders_are_added_with_what_became_of_each_file() {
    let gateway = Gateway::start().await;
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("docs")).unwrap();
    for (name, text) in [("a.md", "# A"), ("b.html", "<p>B"), ("c.txt", "C"), ("d.pdf", "%PDF"), ("e.png", "no")] {
        fs::write(folder.path().join("docs").join(name), text).unwrap();
    }
    let line = |name: &str| format!("POST /v1/documents?collection=c&source={name}&wait=true&language=fr");
    let refusal = json!({"error": {"message": "it is broken", "code": "unreadable_document", "param": "document"}});
    let later = json!({"error": {"message": "full", "code": "backlog_full", "param": "nats.tenant_backlog"}});
    gateway.on(&line("a.md"), vec![status(429, later).with("retry-after: 0"), ok(indexed(3, 2))]);
    gateway.on(&line("b.html"), vec![ok(json!({"chunks": 1, "embedded": 1, "warnings": ["no text on page 2"]}))]);
    gateway.on(&line("c.txt"), vec![status(202, json!({"document": ID, "job": {"id": "j1"}}))]);
    let done = json!({"n": 1, "type": "done", "kind": "embed", "attempt": 1, "at": "2026-01-01T00:00:00Z", "data": {}});
    gateway.on(
        "GET /v1/jobs/j1/events",
        vec![text("text/event-stream", &format!("id: 1\nevent: done\ndata: {done}\n\n"))],
    );
    gateway.on("GET /v1/jobs/j1", vec![ok(json!({"id": "j1", "state": "done", "output": indexed(4, 4)}))]);
    gateway.on(&line("d.pdf"), vec![status(422, refusal)]);
    let arguments = ["documents", "add", "docs", "--collection", "c", "--language", "fr"];
    let output = end(ruche(&gateway).args(arguments).current_dir(folder.path())).await;
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    assert_eq!(out(&output), "c: 3 documents with 8 chunks, 7 of them embedded, 1 could not be added\n");
    assert!(
        err(&output).contains("docs/d.pdf: it is broken") && err(&output).contains("docs/b.html: no text on page 2")
    );
    let sent = gateway.last(&line("b.html"));
    assert_eq!((sent.headers["content-type"].as_str(), sent.body.as_str()), ("text/html", "<p>B"));
    let output = end(ruche(&gateway).args(arguments).arg("--json").current_dir(folder.path())).await;
    let lines: Vec<Value> = out(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 4);
    assert!(lines.iter().any(|line| line["file"] == "docs/a.md" && line["chunks"] == 3));
    assert!(lines.iter().any(|line| line["file"] == "docs/d.pdf" && line["error"].is_string()));
}

#[tokio::test]
async fn what_is_wrong_for_all_files_ends_at_the_first() {
    let gateway = Gateway::start().await;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.md"), "A").unwrap();
    let refusal = json!({"error": {"message": "no such language", "code": "invalid_request", "param": "language"}});
    gateway.on("POST /v1/documents?collection=c&source=a.md&wait=true&language=xx", vec![status(400, refusal)]);
    let add = |arguments: &str| {
        let mut command = ruche(&gateway);
        command.args(["documents", "add"]).args(arguments.split_whitespace()).current_dir(folder.path());
        async move { end(&mut command).await }
    };
    let output = add("a.md --collection c --language xx").await;
    assert!(!output.status.success() && err(&output).contains("no such language"), "{}", err(&output));
    assert!(err(&output).contains("0 of 1 files were added"));
    gateway.on("POST /v1/documents?collection=c&source=a.md&wait=true", vec![ok(indexed(1, 1))]);
    assert_eq!(out(&add("a.md --collection c").await), "c: 1 document with 1 chunk, 1 of them embedded\n");
    for wrong in ["a.md", "--collection c", "a.md --collection c --metadata {bad", "a.md --collection c --at-once 0"] {
        assert_eq!(add(wrong).await.status.code(), Some(2), "{wrong}");
    }
    let output = add("b.md a.md c/d.md --collection c").await;
    assert_eq!(output.status.code(), Some(1));
    let missing = "nothing was added, because these can't be read:\n  b.md: No such file or directory";
    assert!(err(&output).contains(missing) && err(&output).contains("\n  c/d.md: No such file"), "{}", err(&output));
}

#[tokio::test]
async fn documents_and_collections_are_listed_shown_and_deleted() {
    let gateway = Gateway::start().await;
    let one = json!({"id": ID, "object": "document", "collection": "c", "source": "bees.md", "title": "On bees",
        "language": "english", "format": "markdown", "bytes": 12, "updated_at": "2026-11-27T12:00:00Z",
        "models": [{"model": "e5", "chunks": 2, "tokens": 31}]});
    let list = |data: Value| ok(json!({"object": "list", "data": [data], "has_more": false, "next": null}));
    gateway.on("GET /v1/documents?collection=c&limit=50", vec![list(one.clone())]);
    gateway.on(&format!("GET /v1/documents/{ID}"), vec![ok(one)]);
    let chunk = json!({"position": 0, "path": ["Bees", "Hives"], "text": "Of wood.", "tokens": 4});
    gateway.on(&format!("GET /v1/documents/{ID}/chunks?limit=100"), vec![list(chunk)]);
    gateway.on(&format!("DELETE /v1/documents/{ID}"), vec![status(204, json!(null))]);
    assert!(out(&run(&gateway, "documents list --collection c").await).contains("On bees"));
    let shown = out(&run(&gateway, &format!("documents show {ID}")).await);
    assert!(shown.contains("bees.md") && shown.contains("e5: 2 chunks, 31 tokens"), "{shown}");
    let chunks = out(&run(&gateway, &format!("documents show {ID} --chunks")).await);
    assert_eq!(chunks, "--- 0 Bees > Hives\nOf wood.\n\n");
    let unasked = run(&gateway, &format!("documents delete {ID}")).await;
    assert_eq!(unasked.status.code(), Some(2), "it is asked for");
    assert!(err(&unasked).contains("it needs --yes, because the input is not a terminal"), "{}", err(&unasked));
    assert_eq!(document(&run(&gateway, &format!("documents delete {ID} --yes --json")).await)["deleted"], true);
    let collection = json!({"name": "c", "documents": 3, "language": "french", "model": "e5",
        "created_at": "2026-11-27T12:00:00Z"});
    gateway.on("GET /v1/collections?limit=50", vec![list(collection.clone())]);
    gateway.on("POST /v1/collections", vec![status(201, collection)]);
    gateway.on("DELETE /v1/collections/c", vec![status(204, json!(null))]);
    assert!(out(&run(&gateway, "collections").await).contains("french"));
    assert_eq!(out(&run(&gateway, "collections create c --language fr").await), "c: it is made\n");
    assert_eq!(gateway.last("POST /v1/collections").json(), json!({"name": "c", "language": "fr"}));
    assert_eq!(out(&run(&gateway, "collections delete c --yes").await), "c: it is gone\n");
}
