//! `POST /v1/render`: Markdown in, a document out, now or later.

use reqwest::{Method, header::CONTENT_TYPE};
use ruche_bus::FlowControl as _;
use ruche_schemas::{
    EventType, Job as _, Lane,
    failure::codes,
    kinds::render::{INLINE_BYTES, Render},
};
use ruche_store::objects::Claims;
use serde_json::{Value, json};

use crate::{
    render_support::{Renders, header, multipart},
    support::{json_of, refused, tenant, until},
};

#[tokio::test]
async fn markdown_becomes_a_document_in_one_request_that_leaves_nothing_behind() {
    let renders = Renders::start().await;
    let response = renders.render("?template=report&title=%C3%89t%C3%A9&standards=a-2b,ua-1&toc=2", "# Hello").await;
    assert_eq!(response.status(), 200);
    let headers = response.headers().clone();
    assert_eq!(header(&headers, "content-type"), "application/pdf");
    assert_eq!((header(&headers, "ruche-pages"), header(&headers, "content-length")), ("3", "7"));
    let disposition = header(&headers, "content-disposition");
    assert_eq!(disposition, "inline; filename=\"_t_.pdf\"; filename*=UTF-8''%C3%89t%C3%A9.pdf");
    assert!(!headers.contains_key("ruche-warnings") && !headers.contains_key("ruche-document"));
    assert_eq!(response.bytes().await.unwrap(), "# Hello");
    let seen = renders.seen();
    let [job] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!((job.lane, job.ephemeral, job.body.store), (Lane::Interactive, true, true));
    assert_eq!(job.id.to_string(), header(&headers, "ruche-job"));
    assert_eq!((job.body.template.name.as_str(), job.body.options.toc), ("report", Some(2)));
    assert_eq!(job.body.options.standards.len(), 2);
    assert_eq!(renders.objects.keys(), Vec::<String>::new());
    assert_eq!(renders.read("/v1/renders").await["data"], json!([]));
}

#[tokio::test]
async fn a_form_and_json_say_the_same() {
    let renders = Renders::start().await;
    let form = [
        ("name=\"markdown\"", "# Hello"),
        ("name=\"css\"; filename=\"a.css\"", "p { color: red }"),
        ("name=\"css\"; filename=\"b.css\"", "h1 { color: navy }"),
        ("name=\"template\"", "report"),
        ("name=\"data\"", r#"{"author":"me"}"#),
        ("name=\"options\"", r#"{"lang":"fr","attach":["b/data.csv"]}"#),
        ("name=\"files\"; filename=\"a.svg\"", "<svg/>"),
        ("name=\"files\"; filename=\"b/data.csv\"", "1,2"),
    ];
    let form = multipart(&form);
    let by_form = renders.send("?title=T", "multipart/form-data; boundary=XX", form, &[]).await;
    assert_eq!(by_form.status(), 200);
    let json = json!({
        "markdown": "# Hello", "css": "p { color: red }\nh1 { color: navy }", "template": { "name": "report" },
        "data": { "author": "me" }, "options": { "lang": "fr", "attach": ["b/data.csv"] },
        "files": [{ "name": "a.svg", "content": "PHN2Zy8+" }, { "name": "b/data.csv", "content": "MSwy" }],
    });
    let by_json = renders.send("?title=T", "application/json", json.to_string(), &[]).await;
    assert_eq!(by_json.status(), 200);
    let seen = renders.seen();
    assert_eq!(seen[0].body, seen[1].body);
    assert_eq!(
        (seen[0].body.files[1].name.as_str(), &seen[0].body.files[1].content.0[..]),
        ("b/data.csv", &b"1,2"[..])
    );
}

#[tokio::test]
async fn warnings_are_in_a_header_and_all_of_them_in_a_report() {
    let renders = Renders::start().await;
    let response = renders.render("", "warn 200").await;
    let told: Value = serde_json::from_str(header(response.headers(), "ruche-warnings")).unwrap();
    assert_eq!(told["count"], 200);
    assert_eq!(told["first"][0], json!({ "source": "css", "line": 1, "message": "« float » has no effect" }));
    assert!(told["first"].as_array().unwrap().len() < 200);
    for (query, stored) in [("?report=json&title=T", false), ("?report=json&title=T&store=true", true)] {
        let report = json_of(renders.render(query, "warn 200").await).await;
        assert_eq!(report["warnings"].as_array().unwrap().len(), 200);
        assert_eq!((&report["content"], &report["pages"]), (&json!("d2FybiAyMDA="), &json!(3)));
        assert_eq!((&report["file_name"], &report["stored"]), (&json!("T.pdf"), &json!(stored)));
    }
}

#[tokio::test]
async fn a_document_that_fits_no_event_is_kept_and_sent_all_the_same() {
    let renders = Renders::start().await;
    let response = renders.render("", "large").await;
    assert_eq!(response.status(), 200);
    let (job, place) =
        (header(response.headers(), "ruche-job").to_owned(), header(response.headers(), "ruche-document"));
    assert_eq!(place, format!("/v1/renders/{job}"));
    assert_eq!(response.headers()["content-length"], (INLINE_BYTES + 5).to_string().as_str());
    assert_eq!(response.bytes().await.unwrap().len(), INLINE_BYTES + 5);
    let seen: Vec<_> = renders.seen().iter().map(|job| (job.ephemeral, job.body.store)).collect();
    assert_eq!(seen, [(true, true)], "it is typeset once");
    assert_eq!(renders.read(&format!("/v1/renders/{job}")).await["bytes"], INLINE_BYTES + 5);
    let response = renders.render("?store=false", "large").await;
    assert!(!response.headers().contains_key("ruche-document"));
    assert_eq!(response.bytes().await.unwrap().len(), INLINE_BYTES + 5);
    // A large text is always stored.
    let text = format!("large {}", "x ".repeat(40_000));
    assert_eq!(renders.render("", text).await.status(), 200);
    let seen: Vec<_> = renders.seen()[1..].iter().map(|job| (job.ephemeral, job.body.store)).collect();
    assert_eq!(seen, [(true, false), (false, true)]);
}

#[tokio::test]
async fn without_an_object_store_small_documents_are_rendered_all_the_same() {
    let renders = Renders::start_with(|app| app.claims = Claims::none()).await;
    assert_eq!(renders.render("", "# Hello").await.status(), 200);
    let failing = format!("fail {} it has no room", codes::RESULT_TOO_LARGE);
    assert_eq!(refused(renders.render("", failing).await, 422).await.1, "document_too_large");
    assert_eq!(refused(renders.render("?store=true", "# Hello").await, 501).await.1, "no_object_store");
}

#[tokio::test]
async fn a_large_request_and_one_that_will_not_wait_are_jobs() {
    let renders = Renders::start().await;
    let text = "word ".repeat(60_000);
    for (text, headers, applied) in
        [(text.as_str(), vec![], ""), ("# Hello", vec![("prefer", "respond-async")], "respond-async")]
    {
        let response = renders.send("", "text/markdown", text.to_owned(), &headers).await;
        assert_eq!(response.status(), 202);
        assert_eq!(header(response.headers(), "preference-applied"), applied);
        let place = header(response.headers(), "location").to_owned();
        let job = json_of(response).await["id"].as_str().unwrap().to_owned();
        assert_eq!(place, format!("/v1/jobs/{job}"));
        assert_eq!(renders.ended(&job).await.event, EventType::Done);
        let file = renders.get(&format!("/v1/renders/{job}/file")).send().await.unwrap();
        assert_eq!(file.text().await.unwrap(), text);
    }
    assert_eq!(renders.seen()[0].lane, Lane::Normal);
    let waited = renders.send("", "text/markdown", text.clone(), &[("prefer", "wait")]).await;
    assert_eq!((waited.status().as_u16(), waited.text().await.unwrap()), (200, text));
}

#[tokio::test]
async fn who_waits_for_a_time_gets_the_job_when_it_is_over() {
    let renders = Renders::without_worker().await;
    let response = renders.send("?store=true", "text/markdown", "# Hello", &[("prefer", "wait=0")]).await;
    assert_eq!(response.status(), 202);
    let response = renders.send("", "text/markdown", "# Hello", &[("prefer", "wait=0")]).await;
    assert_eq!(refused(response, 504).await.1, "wait_exceeded");
    assert_eq!(renders.waiting().await, 2, "both go on");
}

#[tokio::test]
async fn the_same_idempotency_key_is_the_same_document() {
    let renders = Renders::start().await;
    let send = || renders.send("", "text/markdown", "# Hello", &[("idempotency-key", "a")]);
    let (first, again) = (send().await, send().await);
    assert_eq!(first.headers()["ruche-job"], again.headers()["ruche-job"]);
    assert_eq!(again.text().await.unwrap(), "# Hello");
    assert_eq!(renders.seen().len(), 1);
    let other = renders.send("", "text/markdown", "# Bye", &[("idempotency-key", "a")]).await;
    assert_eq!(refused(other, 422).await.1, "idempotency_key_reused");
}

#[tokio::test]
async fn a_job_that_fails_says_why_and_whose_fault_it_is() {
    let renders = Renders::start().await;
    for (code, status) in [
        ("template_error", 422),
        ("standard_not_met", 422),
        ("too_complex", 422),
        ("invalid_request", 400),
        ("template_not_found", 404),
        ("deadline_exceeded", 504),
        ("attempts_exhausted", 500),
    ] {
        let response = renders.render("", format!("fail {code} template.typ:12: unknown variable: x")).await;
        let job = header(response.headers(), "ruche-job").to_owned();
        assert!(renders.seen().iter().any(|seen| seen.id.to_string() == job));
        let text = response.text().await.unwrap();
        assert!(text.contains("template.typ:12: unknown variable: x"), "{text}");
        let response = renders.render("", format!("fail {code} x")).await;
        assert_eq!(refused(response, status).await, ("template".to_owned(), code.to_owned()));
    }
}

#[tokio::test]
async fn the_job_of_a_client_that_went_away_is_cancelled() {
    let renders = Renders::without_worker().await;
    let request = renders.request(Method::POST, "/v1/render").header(CONTENT_TYPE, "text/markdown").body("# Hello");
    let sending = tokio::spawn(request.send());
    until("the job waits", async || renders.waiting().await == 1).await;
    sending.abort();
    let queued = renders.bus.queued(&Render::KIND, &tenant("acme"), 0, 10).await.unwrap();
    let job = queued[0].job.id.to_string();
    until("it is cancelled", async || renders.is_cancelled(&job).await).await;
}
