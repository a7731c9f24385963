//! Stored documents and templates.

use std::fs;

use serde_json::json;

use crate::{
    document, end, err, out, ruche, run,
    stand_in::{Gateway, ok, status, text},
};

const ID: &str = "01932c07-a0f4-7c7e-a9a6-8d7c1a4bdc5e";

#[tokio::test]
async fn documents_are_listed_shown_fetched_and_deleted() {
    let gateway = Gateway::start().await;
    let folder = tempfile::tempdir().unwrap();
    let render = json!({"id": ID, "object": "render", "url": format!("/v1/renders/{ID}/file"), "media_type": "image/png",
        "bytes": 3, "pages": 1, "title": "Annual report", "template": "report", "warnings": 0,
        "created_at": "2026-11-26T12:00:00Z"});
    let list = json!({"object": "list", "data": [render], "has_more": false, "next": null});
    gateway.on("GET /v1/renders?limit=50", vec![ok(list)]);
    gateway.on(&format!("GET /v1/renders/{ID}"), vec![ok(render)]);
    gateway.on(&format!("GET /v1/renders/{ID}/file"), vec![text("image/png", "PNG")]);
    gateway.on(&format!("DELETE /v1/renders/{ID}"), vec![status(204, json!(null))]);
    for command in ["renders", "renders list"] {
        assert!(out(&run(&gateway, command).await).contains("Annual report"));
    }
    let shown = out(&run(&gateway, &format!("renders show {ID}")).await);
    assert!(shown.contains("template  report"), "{shown}");
    let fetched = end(ruche(&gateway).args(["renders", "get", ID]).current_dir(folder.path())).await;
    assert_eq!(out(&fetched), format!("{ID}.png: 3 bytes\n"), "{}", err(&fetched));
    assert_eq!(fs::read(folder.path().join(format!("{ID}.png"))).unwrap(), b"PNG");
    assert_eq!(run(&gateway, &format!("renders get {ID} -o -")).await.stdout, b"PNG");
    let unsure = run(&gateway, &format!("renders delete {ID}")).await;
    assert_eq!(unsure.status.code(), Some(2));
    assert!(!gateway.seen().iter().any(|request| request.line.starts_with("DELETE")));
    assert_eq!(document(&run(&gateway, &format!("renders delete {ID} --yes --json")).await)["deleted"], true);
}

#[tokio::test]
async fn a_link_is_whole_with_the_address_that_the_gateway_is_reached_by() {
    let gateway = Gateway::start().await;
    let path = format!("/v1/renders/{ID}/file?tenant=acme&expires=1&signature=x");
    let link = json!({"id": ID, "object": "render.link", "url": path, "expires_at": "2026-11-26T12:00:00Z"});
    gateway.on(&format!("POST /v1/renders/{ID}/link"), vec![ok(link)]);
    let output = run(&gateway, &format!("renders link {ID} --expires-in 2h")).await;
    assert_eq!(out(&output), format!("{}{path}\n", gateway.url), "{}", err(&output));
    assert_eq!(gateway.last(&format!("POST /v1/renders/{ID}/link")).json(), json!({"expires_in": 7200}));
    let link = document(&run(&gateway, &format!("renders link {ID} --json")).await);
    assert_eq!(link["url"], format!("{}{path}", gateway.url));
    assert_eq!(gateway.last(&format!("POST /v1/renders/{ID}/link")).json(), json!({}));
}

#[tokio::test]
async fn a_template_is_pushed_from_its_folder_under_its_own_name() {
    let gateway = Gateway::start().await;
    let folder = tempfile::tempdir().unwrap();
    let push = |arguments: &str| {
        let mut command = ruche(&gateway);
        command.args(["templates", "push", "."]).args(arguments.split_whitespace()).current_dir(folder.path());
        command
    };
    let refused = end(&mut push("")).await;
    assert!(err(&refused).contains("no typst.toml"), "{}", err(&refused));
    fs::write(folder.path().join("typst.toml"), "[package]\nversion = \"1.0.0\"\n").unwrap();
    let nameless = end(&mut push("")).await;
    assert_eq!(nameless.status.code(), Some(2));
    assert!(err(&nameless).contains("say --name NAME"), "{}", err(&nameless));
    fs::write(folder.path().join("typst.toml"), "[package]\nname = \"acme-letter\"\n").unwrap();
    let warning = json!({"source": "template.typ", "line": 4, "message": "unused"});
    let kept =
        json!({"name": "acme-letter", "object": "template", "built_in": false, "version": 3, "warnings": [warning]});
    gateway.on("PUT /v1/templates/acme-letter", vec![status(201, kept.clone()), ok(kept.clone())]);
    gateway.on("PUT /v1/templates/other?description=For+letters", vec![status(201, kept)]);
    let pushed = end(&mut push("")).await;
    assert_eq!(
        (out(&pushed).as_str(), err(&pushed).as_str()),
        ("acme-letter: version 3\n", "template.typ:4: unused\n")
    );
    let again = end(&mut push("")).await;
    assert_eq!(out(&again), "acme-letter: version 3, which it was already\n");
    let request = gateway.last("PUT /v1/templates/acme-letter");
    assert_eq!(
        (request.headers["content-type"].as_str(), &request.bytes[..2]),
        ("application/gzip", &[0x1f, 0x8b][..])
    );
    let mut named = push("--name other --json --description");
    assert_eq!(document(&end(named.arg("For letters")).await)["version"], 3);
    let odd = end(&mut push("--name Odd/Name")).await;
    assert_eq!(odd.status.code(), Some(2));
    assert!(err(&odd).contains("\"Odd/Name\" is no name of a template"), "{}", err(&odd));
}

#[tokio::test]
async fn templates_are_listed_fetched_previewed_and_deleted() {
    let gateway = Gateway::start().await;
    let folder = tempfile::tempdir().unwrap();
    let built_in = json!({"name": "plain", "object": "template", "built_in": true, "description": "One column"});
    let own = json!({"name": "acme", "object": "template", "built_in": false, "version": 3, "bytes": 40961});
    gateway.on("GET /v1/templates", vec![ok(json!({"object": "list", "data": [built_in, own]}))]);
    gateway.on("GET /v1/templates/acme", vec![ok(json!({"object": "list", "data": [own]}))]);
    gateway.on("GET /v1/templates/acme/package?version=2", vec![text("application/gzip", "GZIP")]);
    gateway.on("GET /v1/templates/plain/preview?page=2", vec![text("image/png", "PNG")]);
    gateway.on("DELETE /v1/templates/acme?version=2", vec![status(204, json!(null))]);
    let list = out(&run(&gateway, "templates").await);
    assert!(list.contains("One column") && list.contains("40961"), "{list}");
    assert!(!out(&run(&gateway, "templates list acme").await).contains("One column"));
    let here = async |arguments: &str| {
        let mut command = ruche(&gateway);
        end(command.arg("templates").args(arguments.split_whitespace()).current_dir(folder.path())).await
    };
    assert_eq!(out(&here("get acme --version 2").await), "acme.tar.gz: 4 bytes\n");
    assert_eq!(out(&here("preview plain --page 2").await), "plain.png: 3 bytes\n");
    assert_eq!(fs::read(folder.path().join("plain.png")).unwrap(), b"PNG");
    assert_eq!(out(&here("delete acme --version 2 --yes").await), "acme: it is gone\n");
    let missing = here("get ../x").await;
    assert!(missing.status.code() == Some(1) && err(&missing).contains("no GET /v1/templates/..%2Fx/package"));
}
