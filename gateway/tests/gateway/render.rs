//! `/v1/render` and `/v1/renders`: Markdown in, a document out; kept, listed, linked, deleted.
//!
//! The worker is one of a few lines that keeps to what render workers promise: it puts documents away where it is told to,
//! and gives small ones in its last event.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use chrono::Utc;
use reqwest::{
    Method, Response,
    header::{CONTENT_TYPE, HeaderMap},
};
use ruche_bus::{
    Bus, Delivery,
    objects::{Claims, memory::Memory},
};
use ruche_gateway::{adapters, ports::StoredDocument};
use ruche_schemas::{
    Base64, Envelope, EventType, Failure, Job as _, Lane,
    claim::Part,
    config::Secret,
    jobs::render::{Format, INLINE_BYTES, Render, Rendered, Warning},
};
use serde_json::{Value, json};

use crate::support::{Fixture, Log, json_of, refused, tenant, until, without_worker};

/// The most that an object may have here.
const MOST: u64 = 4 << 20;

/// A gateway with an object store, and a worker that tells what it was given.
pub(crate) struct Renders {
    pub(crate) gateway: Fixture,
    pub(crate) objects: Arc<Memory>,
    seen: Seen,
}

type Seen = Arc<Mutex<Vec<Envelope<Render>>>>;

impl std::ops::Deref for Renders {
    type Target = Fixture;
    fn deref(&self) -> &Fixture {
        &self.gateway
    }
}

impl Renders {
    pub(crate) async fn start() -> Self {
        let renders = Self::without_worker().await;
        let bus = renders.bus.clone() as Arc<dyn Bus>;
        let worker = Worker {
            bus,
            store: renders.store.clone(),
            claims: Claims::new(renders.objects.clone(), MOST),
            seen: renders.seen.clone(),
        };
        tokio::spawn(Arc::new(worker).work());
        renders
    }

    pub(crate) async fn without_worker() -> Self {
        let objects = Arc::new(Memory::default());
        let claims = Claims::new(objects.clone(), MOST);
        let gateway = without_worker(|app| {
            app.claims = claims;
            app.settings.link_secret = Secret("0123456789abcdef0123456789abcdef".to_owned());
        });
        Self { gateway: gateway.await, objects, seen: Seen::default() }
    }

    /// The jobs that the worker got.
    pub(crate) fn seen(&self) -> Vec<Envelope<Render>> {
        self.seen.lock().unwrap().clone()
    }

    /// Renders this Markdown, with this query.
    pub(crate) async fn render(&self, query: &str, markdown: impl Into<reqwest::Body>) -> Response {
        self.send(query, "text/markdown", markdown, &[]).await
    }

    pub(crate) async fn send(
        &self,
        query: &str,
        content_type: &str,
        body: impl Into<reqwest::Body>,
        headers: &[(&str, &str)],
    ) -> Response {
        let mut request = self.request(Method::POST, &format!("/v1/render{query}")).header(CONTENT_TYPE, content_type);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(body).send().await.unwrap()
    }

    /// A document that is stored; its id.
    pub(crate) async fn stored(&self, markdown: &str) -> String {
        let response = self.render("?store=true", markdown.to_owned()).await;
        assert_eq!(response.status(), 200);
        response.headers()["ruche-job"].to_str().unwrap().to_owned()
    }
}

struct Worker {
    bus: Arc<dyn Bus>,
    store: Arc<adapters::memory::Memory>,
    claims: Claims,
    seen: Seen,
}

impl Worker {
    async fn work(self: Arc<Self>) {
        let mut deliveries = self.bus.consume(&Render::KIND).await.unwrap();
        loop {
            for delivery in deliveries.next(NonZeroUsize::new(16).unwrap()).await {
                tokio::spawn(Arc::clone(&self).run(delivery));
            }
        }
    }

    /// A line `fail <code> <message>` fails; `large` makes a document that fits no event, `warn <n>` n warnings.
    async fn run(self: Arc<Self>, delivery: Delivery) {
        let envelope: Envelope<Value> = serde_json::from_slice(&delivery.payload).unwrap();
        let body = match &envelope.claim {
            Some(claim) => serde_json::from_slice(&self.claims.get(&envelope.tenant, claim).await.unwrap()).unwrap(),
            None => envelope.body.clone(),
        };
        let render: Render = serde_json::from_value(body).unwrap();
        self.seen.lock().unwrap().push(envelope.with_body(render.clone()));
        let mut log = Log::open(self.bus.clone(), Render::KIND, delivery.job.clone()).await;
        let package = render.template.package.as_ref().map(|package| String::from_utf8_lossy(&package.0).into_owned());
        let text = format!("{}\n{}", package.unwrap_or_default(), render.markdown);
        if let Some((code, message)) = text.lines().find_map(|line| line.strip_prefix("fail ")?.split_once(' ')) {
            let failure = Failure::new(code, message).with_param("template");
            log.append(EventType::Failed, serde_json::to_value(failure).unwrap()).await;
        } else {
            let rendered = self.document(&delivery, &render).await;
            log.append(EventType::Done, serde_json::to_value(rendered).unwrap()).await;
        }
        delivery.done().await.unwrap();
    }

    async fn document(&self, delivery: &Delivery, render: &Render) -> Rendered {
        let more = if render.markdown.contains("large") { INLINE_BYTES } else { 0 };
        let bytes = [render.markdown.as_bytes(), &vec![b'x'; more]].concat();
        let warned = render.markdown.lines().find_map(|line| line.strip_prefix("warn ")?.parse::<u32>().ok());
        let warning =
            |line| Warning { source: "css".into(), line: Some(line), message: "« float » has no effect".into() };
        let warnings: Vec<_> = (1..=warned.unwrap_or(0)).map(warning).collect();
        let mut rendered = Rendered {
            content: None,
            claim: None,
            media_type: render.options.format.media_type().to_owned(),
            bytes: bytes.len() as u64,
            pages: 3,
            title: render.options.title.clone(),
            warnings,
        };
        if !render.store {
            rendered.content = (bytes.len() <= INLINE_BYTES).then_some(Base64(bytes));
            return rendered;
        }
        let claim = self.claims.put(&delivery.job, Part::Document, Bytes::from(bytes)).await.unwrap();
        self.store.put_document(StoredDocument {
            job: delivery.job.clone(),
            claim: claim.clone(),
            media_type: rendered.media_type.clone(),
            pages: rendered.pages,
            title: rendered.title.clone(),
            template: render.template.name.clone(),
            warnings: u32::try_from(rendered.warnings.len()).unwrap(),
            created_at: Utc::now(),
        });
        rendered.claim = Some(claim);
        rendered
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

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
    assert_eq!((job.lane, job.ephemeral, job.body.store), (Lane::Interactive, true, false));
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

/// The parts of a form whose boundary is `XX`.
pub(crate) fn multipart(parts: &[(&str, &str)]) -> String {
    let part =
        |(head, text): &(&str, &str)| format!("--XX\r\nContent-Disposition: form-data; {head}\r\n\r\n{text}\r\n");
    parts.iter().map(part).collect::<String>() + "--XX--\r\n"
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
async fn a_document_that_fits_no_event_is_stored_and_sent_from_there_unless_that_is_forbidden() {
    let renders = Renders::start().await;
    let response = renders.render("", "large").await;
    assert_eq!(response.status(), 200);
    let (job, place) =
        (header(response.headers(), "ruche-job").to_owned(), header(response.headers(), "ruche-document"));
    assert_eq!(place, format!("/v1/renders/{job}"));
    assert_eq!(response.headers()["content-length"], (INLINE_BYTES + 5).to_string().as_str());
    assert_eq!(response.bytes().await.unwrap().len(), INLINE_BYTES + 5);
    let seen: Vec<_> = renders.seen().iter().map(|job| (job.ephemeral, job.body.store)).collect();
    assert_eq!(seen, [(true, false), (false, true)]);
    assert_eq!(renders.read(&format!("/v1/renders/{job}")).await["bytes"], INLINE_BYTES + 5);
    assert_eq!(refused(renders.render("?store=false", "large").await, 422).await.1, "document_too_large");
    // A large text is not set twice.
    let text = format!("large {}", "x ".repeat(40_000));
    assert_eq!(renders.render("", text).await.status(), 200);
    assert_eq!(renders.seen().len(), 4);
    assert!(renders.seen()[3].body.store);
}

#[tokio::test]
async fn without_an_object_store_small_documents_are_rendered_all_the_same() {
    let gateway = without_worker(|_| {}).await;
    let claims = Claims::none();
    let (bus, store) = (gateway.bus.clone() as Arc<dyn Bus>, gateway.store.clone());
    tokio::spawn(Arc::new(Worker { bus, store, claims, seen: Seen::default() }).work());
    let render = |query: &str, text: &'static str| {
        let request = gateway.request(Method::POST, &format!("/v1/render{query}"));
        request.header(CONTENT_TYPE, "text/markdown").body(text).send()
    };
    assert_eq!(render("", "# Hello").await.unwrap().status(), 200);
    assert_eq!(refused(render("", "large").await.unwrap(), 422).await.1, "document_too_large");
    assert_eq!(refused(render("?store=true", "# Hello").await.unwrap(), 501).await.1, "no_object_store");
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

#[tokio::test]
async fn stored_documents_are_listed_shown_sent_and_deleted_and_others_see_nothing_of_them() {
    let renders = Renders::start().await;
    let mut ids = Vec::new();
    for text in ["one", "two", "three"] {
        ids.insert(0, renders.stored(text).await);
    }
    let page = renders.read("/v1/renders?limit=2").await;
    let listed: Vec<_> = page["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!((listed, &page["has_more"]), (vec![ids[0].as_str(), ids[1].as_str()], &json!(true)));
    let rest = renders.read(&format!("/v1/renders?limit=2&after={}", page["next"].as_str().unwrap())).await;
    assert_eq!((&rest["data"][0]["id"], &rest["has_more"]), (&json!(ids[2]), &json!(false)));
    let (place, file) = (format!("/v1/renders/{}", ids[0]), format!("/v1/renders/{}/file", ids[0]));
    let view = renders.read(&place).await;
    assert_eq!((&view["url"], &view["bytes"], &view["template"]), (&json!(file), &json!(5), &json!("plain")));
    let sent = renders.get(&file).send().await.unwrap();
    assert_eq!(
        (header(sent.headers(), "content-type"), header(sent.headers(), "ruche-pages")),
        ("application/pdf", "3")
    );
    let tag = header(sent.headers(), "etag").to_owned();
    assert_eq!(tag, format!("\"{}\"", view["blake3"].as_str().unwrap()));
    assert_eq!(sent.text().await.unwrap(), "three");
    assert_eq!(renders.get(&file).header("if-none-match", &tag).send().await.unwrap().status(), 304);

    for (method, path) in [
        (Method::GET, place.clone()),
        (Method::GET, file.clone()),
        (Method::DELETE, place.clone()),
        (Method::POST, format!("{place}/link")),
    ] {
        let theirs = renders.as_key(&renders.stranger, method.clone(), &path).send().await.unwrap();
        assert_eq!(refused(theirs, 404).await.1, "render_not_found", "{method} {path}");
        let none = renders.request(method.clone(), &path.replace(&ids[0], "nothing")).send().await.unwrap();
        assert_eq!(refused(none, 404).await.1, "render_not_found", "{method} {path}");
    }
    let theirs = renders.as_key(&renders.stranger, Method::GET, "/v1/renders").send().await.unwrap();
    assert_eq!(json_of(theirs).await["data"], json!([]));

    assert_eq!(renders.objects.keys().len(), 3);
    assert_eq!(renders.request(Method::DELETE, &place).send().await.unwrap().status(), 204);
    assert_eq!(renders.objects.keys().len(), 2);
    for (method, path) in [(Method::DELETE, &place), (Method::GET, &place), (Method::GET, &file)] {
        let gone = renders.request(method, path).send().await.unwrap();
        assert_eq!(refused(gone, 404).await.1, "render_not_found");
    }
}

#[tokio::test]
async fn a_document_whose_object_is_gone_is_a_410() {
    let renders = Renders::start().await;
    let id = renders.stored("one").await;
    let job = ruche_schemas::JobRef { tenant: tenant("acme"), id: id.parse().unwrap() };
    ruche_bus::objects::Objects::delete_all(&*renders.objects, &job).await.unwrap();
    let gone = renders.get(&format!("/v1/renders/{id}/file")).send().await.unwrap();
    assert_eq!(refused(gone, 410).await.1, "object_missing");
    assert_eq!(renders.request(Method::DELETE, &format!("/v1/renders/{id}")).send().await.unwrap().status(), 204);
}

#[tokio::test]
async fn a_link_needs_no_key_and_is_good_for_its_document_only() {
    let renders = Renders::start().await;
    let (id, other) = (renders.stored("mine").await, renders.stored("other").await);
    let link =
        |id: &str, body: Value| renders.request(Method::POST, &format!("/v1/renders/{id}/link")).json(&body).send();
    let made = json_of(link(&id, json!({ "expires_in": 60 })).await.unwrap()).await;
    let url = made["url"].as_str().unwrap();
    let open = |url: String| renders.client.get(format!("{}{url}", renders.url)).send();
    let sent = open(url.to_owned()).await.unwrap();
    assert_eq!((sent.status().as_u16(), sent.text().await.unwrap().as_str()), (200, "mine"));
    let signature = url.split("signature=").nth(1).unwrap();
    for forged in [
        url.replace(&id, &other),
        url.replace("tenant=acme", "tenant=other"),
        url.replace("expires=", "expires=1"),
        url.replace(signature, &"0".repeat(64)),
        url.replace(signature, "x"),
        url.replace(signature, ""),
        url.replace("&signature", "&signatur"),
        url.replace("tenant=acme&", ""),
    ] {
        assert_eq!(refused(open(forged.clone()).await.unwrap(), 403).await.1, "link_invalid", "{forged}");
    }
    // A bad link is not mended by a good key.
    let with_key = renders.get(&url.replace(signature, "x")).send().await.unwrap();
    assert_eq!(refused(with_key, 403).await.1, "link_invalid");
    let bare = renders.client.get(format!("{}/v1/renders/{id}/file", renders.url)).send().await.unwrap();
    assert_eq!(refused(bare, 401).await.1, "invalid_api_key");
    for seconds in [0, 604_801] {
        assert_eq!(refused(link(&id, json!({ "expires_in": seconds })).await.unwrap(), 400).await.0, "expires_in");
    }
    assert_eq!(refused(link(&id, json!({ "until": 1 })).await.unwrap(), 400).await.0, "until");
    assert!(
        renders.request(Method::POST, &format!("/v1/renders/{id}/link")).send().await.unwrap().status().is_success()
    );
    assert_eq!(renders.request(Method::DELETE, &format!("/v1/renders/{id}")).send().await.unwrap().status(), 204);
    assert_eq!(refused(open(url.to_owned()).await.unwrap(), 404).await.1, "render_not_found");
}

#[tokio::test]
async fn without_a_secret_there_are_no_links() {
    let objects = Arc::new(Memory::default());
    let claims = Claims::new(objects.clone(), MOST);
    let gateway = without_worker(|app| app.claims = claims.clone()).await;
    let (bus, store) = (gateway.bus.clone() as Arc<dyn Bus>, gateway.store.clone());
    let claims = Claims::new(objects.clone(), MOST);
    tokio::spawn(Arc::new(Worker { bus, store, claims, seen: Seen::default() }).work());
    let renders = Renders { gateway, objects, seen: Seen::default() };
    let id = renders.stored("mine").await;
    let link = renders.request(Method::POST, &format!("/v1/renders/{id}/link")).send().await.unwrap();
    assert_eq!(refused(link, 501).await.1, "no_link_secret");
    let file = format!("/v1/renders/{id}/file?tenant=acme&expires=9999999999&signature={}", "0".repeat(64));
    let open = renders.client.get(format!("{}{file}", renders.url)).send().await.unwrap();
    assert_eq!(refused(open, 501).await.1, "no_link_secret");
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
