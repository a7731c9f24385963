//! `/v1/templates`: uploaded, tried, listed, sent and deleted.

use reqwest::{Method, Response, header::CONTENT_TYPE};
use ruche_schemas::kinds::render::{BUILT_IN, Format, Render};
use serde_json::json;

use crate::{
    render_support::{Renders, header},
    support::{json_of, refused},
};

/// Looks like a gzip to the gateway; the worker here reads the text.
fn package(text: &str) -> Vec<u8> {
    [&[0x1f, 0x8b, 0x08], text.as_bytes()].concat()
}

impl Renders {
    async fn put(&self, name: &str, package: Vec<u8>) -> Response {
        self.request(Method::PUT, &format!("/v1/templates/{name}")).body(package).send().await.unwrap()
    }
}

#[tokio::test]
async fn a_package_is_tried_and_is_the_next_version() {
    let renders = Renders::start().await;
    let request = renders.request(Method::PUT, "/v1/templates/mine?description=Ours");
    let first = request.body(package("one")).send().await.unwrap();
    assert_eq!(first.status(), 201);
    let first = json_of(first).await;
    assert_eq!((&first["version"], &first["description"]), (&json!(1), &json!("Ours")));
    let seen = renders.seen();
    let [trial] = &seen[..] else { panic!("{seen:?}") };
    assert!(trial.ephemeral && !trial.body.store && trial.body.markdown.contains("# First heading"));
    assert_eq!(trial.body.options.format, Format::Png);
    assert_eq!(trial.body.template.package.as_ref().unwrap().0, package("one"));
    // The same package is the same version, and is not tried again.
    let again = renders.put("mine", package("one")).await;
    assert_eq!((again.status().as_u16(), json_of(again).await["version"].clone()), (200, json!(1)));
    assert_eq!(renders.seen().len(), 1);
    assert_eq!(json_of(renders.put("mine", package("two")).await).await["version"], 2);

    let all = renders.read("/v1/templates").await;
    let names: Vec<_> = all["data"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    let built_in: Vec<_> = BUILT_IN.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, [&built_in[..], &["mine"]].concat());
    assert_eq!((&all["data"][5]["version"], &all["data"][0]["built_in"]), (&json!(2), &json!(true)));
    let versions = renders.read("/v1/templates/mine").await;
    assert_eq!((&versions["data"][0]["version"], &versions["data"][1]["version"]), (&json!(2), &json!(1)));
    assert_eq!(renders.read("/v1/templates/plain").await["data"][0]["built_in"], true);
    for (query, text) in [("", "two"), ("?version=1", "one")] {
        let place = format!("/v1/templates/mine/package{query}");
        let sent = renders.get(&place).send().await.unwrap();
        assert_eq!(sent.headers()["content-type"], "application/gzip");
        let tag = sent.headers()["etag"].clone();
        assert_eq!(sent.bytes().await.unwrap(), package(text));
        assert_eq!(renders.get(&place).header("if-none-match", tag).send().await.unwrap().status(), 304);
    }
}

#[tokio::test]
async fn a_template_is_deleted_by_version_or_whole_and_only_by_its_tenant() {
    let renders = Renders::start().await;
    for text in ["one", "two", "three"] {
        assert_eq!(renders.put("mine", package(text)).await.status(), 201);
    }
    for (method, path) in [
        (Method::GET, "/v1/templates/mine"),
        (Method::GET, "/v1/templates/mine/package"),
        (Method::DELETE, "/v1/templates/mine"),
    ] {
        let theirs = renders.as_key(&renders.stranger, method, path).send().await.unwrap();
        assert_eq!(refused(theirs, 404).await.1, "template_not_found", "{path}");
    }
    let theirs = renders.as_key(&renders.stranger, Method::GET, "/v1/templates").send().await.unwrap();
    assert_eq!(json_of(theirs).await["data"].as_array().unwrap().len(), BUILT_IN.len());
    let delete = |path: &'static str| renders.request(Method::DELETE, path).send();
    assert_eq!(delete("/v1/templates/mine?version=2").await.unwrap().status(), 204);
    assert_eq!(refused(delete("/v1/templates/mine?version=2").await.unwrap(), 404).await.1, "template_not_found");
    let gone = renders.get("/v1/templates/mine/package?version=2").send().await.unwrap();
    assert_eq!(refused(gone, 404).await.1, "template_not_found");
    assert_eq!(renders.read("/v1/templates/mine").await["data"].as_array().unwrap().len(), 2);
    assert_eq!(delete("/v1/templates/mine").await.unwrap().status(), 204);
    assert_eq!(refused(delete("/v1/templates/mine").await.unwrap(), 404).await.1, "template_not_found");
}

#[tokio::test]
async fn a_package_with_an_error_is_not_kept_and_says_where_it_is() {
    let renders = Renders::start().await;
    let wrong = package("\nfail template_error template.typ:12: unknown variable: x");
    let response = renders.put("mine", wrong.clone()).await;
    let text = response.text().await.unwrap();
    assert!(text.contains("template.typ:12: unknown variable: x"), "{text}");
    assert_eq!(refused(renders.put("mine", wrong).await, 422).await.1, "template_error");
    assert_eq!(refused(renders.get("/v1/templates/mine").send().await.unwrap(), 404).await.1, "template_not_found");
}

#[tokio::test]
async fn what_is_no_template_is_refused_before_it_is_tried() {
    let renders = Renders::without_worker().await;
    for body in [Vec::new(), b"PK\x03\x04".to_vec(), b"#let template(doc) = doc.body".to_vec()] {
        let refusal = refused(renders.put("mine", body).await, 400).await;
        assert_eq!(refusal, ("body".to_owned(), "invalid_package".to_owned()));
    }
    let large = package(&"x".repeat(8 << 20));
    assert_eq!(refused(renders.put("mine", large).await, 413).await.1, "payload_too_large");
    for name in ["Mine", "a.b", "a%20b", &"x".repeat(65)] {
        assert_eq!(refused(renders.put(name, package("x")).await, 400).await.0, "name", "{name}");
    }
    for (name, _) in BUILT_IN {
        assert_eq!(refused(renders.put(name, package("x")).await, 409).await.1, "template_built_in");
        let delete = renders.request(Method::DELETE, &format!("/v1/templates/{name}")).send().await.unwrap();
        assert_eq!(refused(delete, 409).await.1, "template_built_in");
        let package = renders.get(&format!("/v1/templates/{name}/package")).send().await.unwrap();
        assert_eq!(refused(package, 409).await.1, "template_built_in");
    }
    let long = format!("/v1/templates/mine?description={}", "x".repeat(201));
    let response = renders.request(Method::PUT, &long).body(package("x")).send().await.unwrap();
    assert_eq!(refused(response, 400).await.0, "description");
    assert_eq!(renders.waiting().await, 0);
}

#[tokio::test]
async fn a_preview_is_a_picture_of_the_template_named() {
    let renders = Renders::start().await;
    let sample = renders.get("/v1/templates/report/preview?page=2&version=7").send().await.unwrap();
    assert_eq!((sample.status().as_u16(), header(sample.headers(), "content-type")), (200, "image/png"));
    let body = "# Mine";
    let request = renders.request(Method::POST, "/v1/templates/letter/preview?ppi=150");
    let mine = request.header(CONTENT_TYPE, "text/markdown").body(body).send().await.unwrap();
    assert_eq!(mine.text().await.unwrap(), body);
    let seen = renders.seen();
    let asked = |i: usize| {
        let Render { template, options, .. } = &seen[i].body;
        (template.name.as_str(), template.version, options.format, options.page, options.ppi)
    };
    assert_eq!(asked(0), ("report", Some(7), Format::Png, Some(2), Some(72)));
    assert_eq!(asked(1), ("letter", None, Format::Png, None, Some(150)));
    assert!(seen[0].body.markdown.contains("# First heading"));
    let wrong = renders.get("/v1/templates/report/preview?css=x").send().await.unwrap();
    assert_eq!(refused(wrong, 400).await.0, "css");
}
