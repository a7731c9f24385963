//! Markdown to PDF on the command line: requests, files and messages.

use std::{fs, path::Path, process::Stdio};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    time::timeout,
};

use crate::{
    EVENTS, TIMEOUT, document, end, err, out, record, ruche,
    stand_in::{Answer, Gateway, Request, ok, status, text},
};

const RENDER: &str = "POST /v1/render?report=json";

fn rendered(content: &[u8], warnings: Value) -> Answer {
    let content = ruche_schemas::Base64(content.to_vec());
    ok(json!({
        "id": "r1", "object": "render", "media_type": "application/pdf", "bytes": content.0.len(), "pages": 2,
        "title": "A title", "file_name": "A title.pdf", "stored": false, "warnings": warnings, "content": content,
    }))
}

/// A folder with a document that names files.
fn place() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("img")).unwrap();
    let text =
        "---\nlogo: img/logo.svg\n---\n# Hello\n\n![a](img/a.png)\n![none](none.png)\n![secret](../secret.png)\n";
    fs::write(folder.path().join("in.md"), text).unwrap();
    fs::write(folder.path().join("img/logo.svg"), "<svg/>").unwrap();
    fs::write(folder.path().join("img/a.png"), [0x89, b'P', 0xff, 0]).unwrap();
    folder
}

/// The form's parts: name, file name, bytes.
fn parts(request: &Request) -> Vec<(String, Option<String>, Vec<u8>)> {
    let kind = &request.headers["content-type"];
    let boundary = format!("--{}", kind.split_once("boundary=").unwrap().1);
    let mut parts = Vec::new();
    let mut rest = request.bytes.as_slice();
    while let Some(start) = find(rest, boundary.as_bytes()) {
        rest = &rest[start + boundary.len()..];
        let Some(end) = find(rest, boundary.as_bytes()) else { return parts };
        let part = &rest[..end];
        let head_end = find(part, b"\r\n\r\n").unwrap();
        let head = String::from_utf8(part[..head_end].to_vec()).unwrap();
        let value = |name: &str| Some(head.split_once(&format!(" {name}=\""))?.1.split('"').next()?.to_owned());
        parts.push((value("name").unwrap(), value("filename"), part[head_end + 4..part.len() - 2].to_vec()));
    }
    parts
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

fn part(request: &Request, name: &str) -> Option<String> {
    let found = parts(request).into_iter().find(|(part, ..)| part == name);
    found.map(|(_, _, bytes)| String::from_utf8(bytes).unwrap())
}

/// The names of the files that were sent along.
fn files(request: &Request) -> Vec<String> {
    let files = parts(request).into_iter().filter(|(part, ..)| part == "files");
    files.map(|(_, name, _)| name.unwrap()).collect()
}

fn render(gateway: &Gateway, folder: &Path, arguments: &str) -> tokio::process::Command {
    let mut command = ruche(gateway);
    command.arg("render").args(arguments.split_whitespace()).current_dir(folder);
    command
}

#[tokio::test]
async fn a_document_goes_up_with_what_it_names_and_comes_down_as_a_file() {
    let gateway = Gateway::start().await;
    let folder = place();
    fs::write(folder.path().join("css"), "@font-face { font-family: x; src: url(img/x.ttf) }\nh1 { color: red }")
        .unwrap();
    fs::write(folder.path().join("more.css"), "p { float: left }\n").unwrap();
    fs::write(folder.path().join("img/x.ttf"), "font").unwrap();
    fs::write(folder.path().join("data.json"), r#"{"customer": "Ada", "sign": "img/a.png"}"#).unwrap();
    fs::write(folder.path().join("terms.txt"), "terms").unwrap();
    fs::write(folder.path().join("password"), "s3cret\nand more").unwrap();
    let warnings = json!([
        {"source": "markdown", "line": 7, "message": "the picture none.png is not shown"},
        {"source": "css", "line": 2, "message": "in the first sheet"},
        {"source": "css", "line": 3, "message": "float has no effect\u{1b}[2J"},
        {"source": "front matter", "message": "no line"},
    ]);
    gateway.on(RENDER, vec![rendered(b"%PDF-1.7", warnings)]);
    let arguments = "in.md --css css --css more.css --template report --data data.json --attach terms.txt --lang fr \
                     --password-file password --standard 1.7 --title T --toc 2 --numbering --date 2026-11-26 --no-fetch";
    let output = end(&mut render(&gateway, folder.path(), arguments)).await;
    assert!(output.status.success(), "{}", err(&output));
    assert_eq!(fs::read(folder.path().join("in.pdf")).unwrap(), b"%PDF-1.7");
    assert_eq!(out(&output), "in.pdf: 2 pages, 8 bytes\n");
    let printed = err(&output);
    let lines: Vec<_> = printed.lines().collect();
    assert!(lines[0].starts_with("../secret.png: not sent along") && lines[0].contains("--root"), "{printed}");
    let expected = [
        "in.md:7: the picture none.png is not shown",
        "css:2: in the first sheet",
        "more.css:1: float has no effect [2J",
        "front matter: no line",
    ];
    assert_eq!(lines[1..], expected);
    let request = gateway.last(RENDER);
    assert!(part(&request, "markdown").unwrap().contains("# Hello"));
    assert_eq!(part(&request, "template").unwrap(), "report");
    assert!(part(&request, "css").unwrap().ends_with("h1 { color: red }\np { float: left }\n"));
    let options: Value = serde_json::from_str(&part(&request, "options").unwrap()).unwrap();
    let expected = json!({"standards": ["1.7"], "date": "2026-11-26", "lang": "fr", "title": "T", "toc": 2,
        "numbering": true, "attach": ["terms.txt"], "fetch": false, "password": "s3cret"});
    assert_eq!(options, expected);
    assert_eq!(files(&request), ["img/a.png", "img/logo.svg", "img/x.ttf", "terms.txt"]);
    let picture = parts(&request).into_iter().find(|(_, name, _)| name.as_deref() == Some("img/a.png")).unwrap().2;
    assert_eq!(picture, [0x89, b'P', 0xff, 0]);
    // The schema accepts the job.
    let job = json!({"options": options, "files": [{"name": "terms.txt", "content": ""}]});
    assert!(serde_json::from_value::<ruche_schemas::kinds::render::Render>(job).is_ok());
}

#[tokio::test]
async fn standard_input_and_output_make_a_filter() {
    let gateway = Gateway::start().await;
    let folder = tempfile::tempdir().unwrap();
    gateway.on(RENDER, vec![rendered(&[0, 255, b'P'], json!([]))]);
    let mut child = render(&gateway, folder.path(), "-").stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"# From a pipe").await.unwrap();
    let output = timeout(TIMEOUT, child.wait_with_output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", err(&output));
    assert_eq!(output.stdout, [0, 255, b'P']);
    assert_eq!(part(&gateway.last(RENDER), "markdown").unwrap(), "# From a pipe");
    assert_eq!(part(&gateway.last(RENDER), "options").unwrap(), "{}");
}

#[tokio::test]
async fn json_says_what_was_made_and_where() {
    let gateway = Gateway::start().await;
    let folder = place();
    let warning = json!({"source": "css", "line": 3, "message": "no effect"});
    gateway.on("POST /v1/render?report=json&store=true", vec![rendered(b"PNG", json!([warning]))]);
    let output = end(&mut render(&gateway, folder.path(), "in.md -o page.png --png --page 2 --store --json")).await;
    let printed = document(&output);
    assert_eq!(
        (&printed["file"], &printed["pages"], &printed["warnings"]),
        (&json!("page.png"), &json!(2), &json!([warning]))
    );
    assert_eq!(printed["content"], Value::Null);
    assert_eq!(fs::read(folder.path().join("page.png")).unwrap(), b"PNG");
}

#[tokio::test]
async fn a_large_document_is_followed_and_then_downloaded() {
    let gateway = Gateway::start().await;
    let folder = place();
    let output = json!({"claim": {"key": "k", "bytes": 4, "blake3": ""}, "media_type": "application/pdf", "bytes": 4,
        "pages": 900, "warnings": [{"source": "markdown", "line": 1, "message": "late"}]});
    let log = [
        record(1, "accepted", &Value::Null),
        record(2, "progress", &json!({"done": 1, "total": 2, "message": "setting"})),
        record(3, "done", &output),
    ];
    gateway.on(RENDER, vec![status(202, json!({"id": "j1", "kind": "render", "duplicate": false}))]);
    gateway.on("GET /v1/jobs/j1/events", vec![text(EVENTS, &log.concat())]);
    gateway.on("GET /v1/jobs/j1", vec![ok(json!({"id": "j1", "state": "done", "output": output}))]);
    gateway.on("GET /v1/renders/j1/file", vec![text("application/pdf", "%PDF")]);
    let done = end(&mut render(&gateway, folder.path(), "in.md -o out.pdf")).await;
    assert!(done.status.success(), "{}", err(&done));
    assert_eq!(out(&done), "out.pdf: 900 pages, 4 bytes\n");
    assert!(err(&done).contains("1/2 setting\n") && err(&done).ends_with("in.md:1: late\n"), "{}", err(&done));
    assert_eq!(fs::read(folder.path().join("out.pdf")).unwrap(), b"%PDF");
}

#[tokio::test]
async fn a_document_that_can_not_be_made_leaves_the_old_file_as_it_was() {
    let gateway = Gateway::start().await;
    let folder = place();
    fs::write(folder.path().join("in.pdf"), "old").unwrap();
    let refusal = json!({"error": {"message": "template.typ:12: unknown variable: x", "code": "template_error"}});
    let failure = json!({"code": "too_complex", "message": "the document takes more than 60 s"});
    let log = [record(1, "accepted", &Value::Null), record(2, "failed", &failure)].concat();
    let accepted = status(202, json!({"id": "j1"}));
    gateway.on(RENDER, vec![status(422, refusal), accepted.clone(), accepted, rendered(b"", json!([])).then_breaks()]);
    gateway.on("GET /v1/jobs/j1/events", vec![text(EVENTS, &log)]);
    let states = [json!({"state": "failed", "error": failure}), json!({"state": "cancelled"})];
    gateway.on("GET /v1/jobs/j1", states.map(ok).to_vec());
    for printed in ["template.typ:12: unknown variable: x", "too_complex: the document takes", "was cancelled", "broke"]
    {
        let output = end(&mut render(&gateway, folder.path(), "in.md")).await;
        assert_eq!(output.status.code(), Some(if printed == "broke" { 5 } else { 1 }), "{}", err(&output));
        assert!(err(&output).contains(printed), "{}", err(&output));
        assert_eq!(fs::read(folder.path().join("in.pdf")).unwrap(), b"old");
    }
}

#[tokio::test]
async fn what_can_not_be_meant_is_refused_before_anything_is_sent() {
    let gateway = Gateway::start().await;
    let folder = place();
    fs::write(folder.path().join("latin.md"), [b'a', 0xe9]).unwrap();
    fs::write(folder.path().join("empty"), "\n").unwrap();
    fs::write(folder.path().join("list.json"), "[]").unwrap();
    let cases = [
        ("none.md", 1, "none.md can't be read: No such file"),
        ("latin.md", 2, "latin.md is no UTF-8 text: the byte at 1 is none"),
        ("in.md -o in.md", 2, "would be overwritten"),
        ("in.md --template No/Such", 2, "\"No/Such\" is neither the name of a template"),
        ("in.md --template ./img", 2, "has no typst.toml"),
        ("in.md --data list.json", 2, "list.json holds no variables"),
        ("in.md --password-file empty", 2, "empty has no password in its first line"),
        ("in.md --css none.css", 1, "none.css can't be read"),
        ("in.md --root none", 1, "--root none can't be used"),
        ("in.md --standard 1.8", 2, "a-2b"),
        ("in.md --page 2", 2, "--png"),
        ("in.md -o - --json", 2, "-o FILE"),
        ("- --watch -o out.pdf", 2, "can't be watched"),
    ];
    for (arguments, code, printed) in cases {
        let output = end(&mut render(&gateway, folder.path(), arguments)).await;
        assert_eq!(output.status.code(), Some(code), "{arguments}: {}", err(&output));
        assert!(err(&output).contains(printed), "{arguments}: {}", err(&output));
    }
    assert!(gateway.seen().is_empty());
}

#[tokio::test]
async fn a_larger_root_lets_more_files_along() {
    let gateway = Gateway::start().await;
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("docs")).unwrap();
    fs::create_dir_all(folder.path().join("img")).unwrap();
    fs::write(folder.path().join("docs/in.md"), "![a](../img/a.png)").unwrap();
    fs::write(folder.path().join("img/a.png"), "PNG").unwrap();
    gateway.on(RENDER, vec![rendered(b"%PDF", json!([]))]);
    for (arguments, expected) in [("docs/in.md", vec![]), ("docs/in.md --root .", vec!["img/a.png"])] {
        assert!(end(&mut render(&gateway, folder.path(), arguments)).await.status.success());
        assert_eq!(files(&gateway.last(RENDER)), expected, "{arguments}");
    }
}

#[tokio::test]
async fn a_templates_folder_goes_up_as_its_package() {
    let gateway = Gateway::start().await;
    let folder = place();
    fs::create_dir(folder.path().join("letter")).unwrap();
    fs::write(folder.path().join("letter/typst.toml"), "[package]\nname = \"letter\"\n").unwrap();
    gateway.on(RENDER, vec![rendered(b"%PDF", json!([]))]);
    let output = end(&mut render(&gateway, folder.path(), "in.md --template ./letter")).await;
    assert!(output.status.success(), "{}", err(&output));
    let package = parts(&gateway.last(RENDER)).into_iter().find(|(part, ..)| part == "package").unwrap().2;
    assert_eq!(package[..2], [0x1f, 0x8b], "a gzip");
    assert_eq!(part(&gateway.last(RENDER), "template"), None);
}

#[tokio::test]
async fn a_watched_document_is_made_again_at_each_change_and_errors_do_not_end_it() {
    let gateway = Gateway::start().await;
    let folder = place();
    let refusal = json!({"error": {"message": "it is broken now", "code": "template_error"}});
    let answers = vec![
        rendered(b"%PDF one", json!([])),
        status(422, refusal),
        rendered(b"%PDF two", json!([])),
        rendered(b"%PDF three", json!([])),
    ];
    gateway.on(RENDER, answers);
    let mut child = render(&gateway, folder.path(), "in.md --watch").spawn().unwrap();
    let mut made = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut printed = BufReader::new(child.stderr.take().unwrap()).lines();
    let file = |name: &str| folder.path().join(name);
    let watching = async {
        assert_eq!(made.next_line().await.unwrap().unwrap(), "in.pdf: 2 pages, 8 bytes");
        assert!(printed.next_line().await.unwrap().unwrap().contains("not sent along"));
        // A picture, replaced as editors do it.
        fs::write(file("img/new"), "PNG").unwrap();
        fs::rename(file("img/new"), file("img/a.png")).unwrap();
        assert!(printed.next_line().await.unwrap().unwrap().contains("not sent along"));
        assert!(printed.next_line().await.unwrap().unwrap().contains("it is broken now"));
        assert_eq!(fs::read(file("in.pdf")).unwrap(), b"%PDF one");
        // The text itself; then a new reference in it.
        fs::write(file("in.md"), "![b](img/b.png)").unwrap();
        assert_eq!(made.next_line().await.unwrap().unwrap(), "in.pdf: 2 pages, 8 bytes");
        assert_eq!(fs::read(file("in.pdf")).unwrap(), b"%PDF two");
        fs::write(file("in.md"), "![logo](img/logo.svg)").unwrap();
        assert_eq!(made.next_line().await.unwrap().unwrap(), "in.pdf: 2 pages, 10 bytes");
    };
    timeout(TIMEOUT, watching).await.expect("all of it in time");
    assert_eq!(files(&gateway.last(RENDER)), ["img/logo.svg"]);
    assert!(child.try_wait().unwrap().is_none(), "it goes on");
    child.kill().await.unwrap();
}
