//! Each wrong render request is a 4xx that names what is wrong, and nothing is published.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    render_support::{Renders, multipart},
    support::{lines_of, refused},
};

const FORM: &str = "multipart/form-data; boundary=XX";

#[tokio::test]
async fn a_wrong_parameter_or_field_is_named() {
    let renders = Renders::without_worker().await;
    for (query, param) in [
        ("?colour=red", "colour"),
        ("?toc=7", "toc"),
        ("?toc=x", "toc"),
        ("?lang=klingon", "lang"),
        ("?standards=x-1a", "standards"),
        ("?template=../etc", "template"),
        ("?version=0", "version"),
        ("?ppi=9999", "ppi"),
        ("?store=perhaps", "store"),
        ("?report=xml", "report"),
        ("?date=2026-02-30", "date"),
        ("?toc=1&toc=2", "toc"),
    ] {
        assert_eq!(refused(renders.render(query, "# Hello").await, 400).await.0, param, "{query}");
    }
    for (body, param) in [
        (json!({ "markdown": 1 }), "markdown"),
        (json!({ "markdown": "x", "options": { "toc": 9 } }), "options.toc"),
        (json!({ "markdown": "x", "files": [{ "name": "../a", "content": "" }] }), "files[0].name"),
        (json!({ "markdown": "x", "files": [{ "name": "a", "content": "%" }] }), "files[0].content"),
        (json!({}), "markdown"),
        (Value::Null, "body"),
    ] {
        let response = renders.send("", "application/json", body.to_string(), &[]).await;
        assert_eq!(refused(response, 400).await.0, param, "{body}");
    }
    // The same rule where a job comes in.
    for (path, body) in [
        ("/v1/jobs/render", json!({})),
        ("/v1/jobs", json!({ "kind": "render", "body": { "css": "p {}" } })),
        ("/v1/jobs/render", json!({ "markdown": "", "template": { "name": "letter" } })),
    ] {
        let response = renders.request(Method::POST, path).json(&body).send().await.unwrap();
        let field = if path == "/v1/jobs" { "body.markdown" } else { "markdown" };
        assert_eq!(refused(response, 400).await.0, field, "{path}");
    }
    let answers = lines_of(renders.lines("", r#"{"kind":"render","body":{}}"#.to_owned()).await).await;
    assert_eq!(answers[0]["error"]["param"], "body.markdown", "{answers:?}");
    let response = renders.send("", "text/markdown", "# Hello", &[("prefer", "wait=soon")]).await;
    assert_eq!(refused(response, 400).await.0, "prefer");
    assert_eq!(renders.waiting().await, 0);
}

#[tokio::test]
async fn a_wrong_form_is_named_by_its_part() {
    let renders = Renders::without_worker().await;
    let markdown = ("name=\"markdown\"", "# Hello");
    let file = ("name=\"files\"; filename=\"a.png\"", "x");
    for (parts, param) in [
        (vec![markdown, markdown, ("name=\"colour\"", "red")], "markdown"),
        (vec![markdown, markdown], "markdown"),
        (vec![markdown, ("name=\"files\"", "x")], "files"),
        (vec![markdown, file, file], "files[1].name"),
        (vec![markdown, ("name=\"files\"; filename=\"/etc/passwd\"", "x")], "files[0].name"),
        (vec![markdown, ("name=\"template\"", "report"), ("name=\"template\"", "plain")], "template"),
        (vec![markdown, ("name=\"data\"", "{")], "data"),
        (vec![markdown, ("name=\"data\"", "[]")], "data"),
        (vec![markdown, ("name=\"options\"", r#"{"toc":"x"}"#)], "options.toc"),
        (vec![markdown, ("name=\"options\"", r#"{"password":"x","standards":["a-2b"]}"#)], "options.password"),
        (vec![markdown, ("name=\"options\"", r#"{"attach":["a"]}"#)], "options.attach[0]"),
        (vec![("name=\"css\"", "p {}")], "markdown"),
    ] {
        let response = renders.send("", FORM, multipart(&parts), &[]).await;
        assert_eq!(refused(response, 400).await.0, param, "{parts:?}");
    }
    let form = multipart(&[markdown]);
    for (content_type, body) in [
        (FORM, String::new()),
        (FORM, "# no form".to_owned()),
        (FORM, form.replace("--XX--\r\n", "")),
        (FORM, "--XX--\r\n".to_owned()),
        ("multipart/form-data", form),
    ] {
        let response = renders.send("", content_type, body.clone(), &[]).await;
        assert_eq!(refused(response, 400).await.1, "invalid_multipart", "{content_type} {body:?}");
    }
    let many: Vec<_> = vec![("name=\"css\"", "p {}"); 400];
    assert_eq!(refused(renders.send("", FORM, multipart(&many), &[]).await, 400).await.0, "body");
    assert_eq!(renders.waiting().await, 0);
}

#[tokio::test]
async fn what_is_no_text_or_none_at_all_is_refused() {
    let renders = Renders::without_worker().await;
    assert_eq!(refused(renders.render("", "").await, 400).await.0, "markdown");
    let latin = renders.render("", vec![b'#', b' ', 0xe9]).await;
    assert_eq!(refused(latin, 400).await, ("body".to_owned(), "invalid_utf8".to_owned()));
    let mut form = multipart(&[("name=\"css\"", "CSS")]).into_bytes();
    let at = form.windows(3).position(|part| part == b"CSS").unwrap();
    form[at] = 0xff;
    let response = renders.send("", FORM, form, &[]).await;
    assert_eq!(refused(response, 400).await, ("css".to_owned(), "invalid_utf8".to_owned()));
    for content_type in ["application/pdf", "text/html", "application/x-www-form-urlencoded", "x"] {
        let response = renders.send("", content_type, "# Hello", &[]).await;
        assert_eq!(refused(response, 415).await.1, "unsupported_media_type", "{content_type}");
    }
    assert_eq!(renders.waiting().await, 0);
}

#[tokio::test]
async fn what_is_too_large_is_refused_with_its_limit() {
    let renders = Renders::without_worker().await;
    // More Markdown than allowed, in a request within its bound; and in one over it.
    let many = "word ".repeat(860_000);
    let response = renders.render("", many).await;
    assert_eq!(response.status(), 400);
    let text = response.text().await.unwrap();
    assert!(text.contains("markdown: has 4300000 bytes: at most 4194304 are allowed"), "{text}");
    let most = "word ".repeat(2_000_000);
    let response = renders.render("", most).await;
    assert_eq!(response.status(), 413);
    let text = response.text().await.unwrap();
    assert!(text.contains("bytes are allowed") && text.contains("objects.max_bytes"), "{text}");
    let css = json!({ "markdown": "x", "css": "p {}".repeat(200_000) }).to_string();
    assert_eq!(refused(renders.send("", "application/json", css, &[]).await, 400).await.0, "css");
    assert_eq!((renders.waiting().await, renders.objects.keys().len()), (0, 0));
}
