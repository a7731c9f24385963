//! Documents: every form of request, and every answer.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex},
};

use reqwest::{
    Method, RequestBuilder, Response, StatusCode,
    multipart::{Form, Part},
};
use ruche_bus::{Bus, Delivery, WorkerRegistration};
use ruche_schemas::{
    Base64, Envelope, EventType, Failure, Job as _, JobId,
    failure::codes,
    ids::document_id,
    kinds::embed::{Document, Embed, Format, Indexed},
};
use ruche_store::{
    documents::{DocumentChunk, IndexedDocument},
    objects::{Claims, memory::Memory as Objects},
};
use serde_json::{Value, json};

use crate::{
    stored::now,
    support::{Fixture, Log, json_of, refused, registration, tenant, without_worker},
};

pub(crate) const MODEL: &str = "test-embedder";

/// A gateway, and the documents that its worker got.
pub(crate) struct Library {
    gateway: Fixture,
    pub(crate) seen: Arc<Mutex<Vec<Embed>>>,
}

impl std::ops::Deref for Library {
    type Target = Fixture;
    fn deref(&self) -> &Fixture {
        &self.gateway
    }
}

impl Library {
    pub(crate) async fn start() -> Self {
        let claims = Claims::new(Arc::new(Objects::default()), 64 << 20);
        let change = |app: &mut ruche_gateway::app::parts::App| app.claims = claims.clone();
        let this = Self { gateway: without_worker(change).await, seen: Arc::default() };
        let bus = this.bus.clone() as Arc<dyn Bus>;
        let registered = WorkerRegistration { kind: Embed::KIND, models: vec![MODEL.to_owned()], ..registration() };
        bus.register(&registered).await.unwrap();
        tokio::spawn(work(bus, claims, this.seen.clone()));
        this
    }

    pub(crate) fn add(&self, query: &str) -> RequestBuilder {
        self.request(Method::POST, &format!("/v1/documents{query}"))
    }

    /// Sends a document; returns it as its worker gets it.
    async fn got(&self, request: RequestBuilder) -> Document {
        let told = json_of(request.send().await.unwrap()).await;
        let got = self.seen.lock().unwrap().pop().unwrap().document.unwrap();
        assert_eq!(told["document"], json!(got.id(&tenant("acme"))), "{told}");
        got
    }
}

async fn work(bus: Arc<dyn Bus>, claims: Claims, seen: Arc<Mutex<Vec<Embed>>>) {
    let mut deliveries = bus.consume(&Embed::KIND).await.unwrap();
    loop {
        for delivery in deliveries.next(NonZeroUsize::new(16).unwrap()).await {
            run(&bus, &claims, delivery, &seen).await;
        }
    }
}

/// A title `fail <code>` fails.
async fn run(bus: &Arc<dyn Bus>, claims: &Claims, delivery: Delivery, seen: &Mutex<Vec<Embed>>) {
    let envelope: Envelope<Value> = serde_json::from_slice(&delivery.payload).unwrap();
    let body = match &envelope.claim {
        Some(claim) => claims.get(&envelope.tenant, claim).await.unwrap(),
        None => serde_json::to_vec(&envelope.body).unwrap().into(),
    };
    let embed: Embed = serde_json::from_slice(&body).unwrap();
    let document = embed.document.clone().unwrap();
    seen.lock().unwrap().push(embed);
    let mut log = Log::open(bus.clone(), Embed::KIND, delivery.job.clone()).await;
    match document.title.as_deref().and_then(|title| title.strip_prefix("fail ")) {
        Some(code) => {
            let failure = Failure::new(code, "it went wrong").with_param("document.text");
            log.append(EventType::Failed, serde_json::to_value(failure).unwrap()).await;
        }
        None => {
            let (id, collection) = (document.id(&delivery.job.tenant), document.collection.clone());
            let indexed = Indexed { document: id, collection, model: MODEL.into(), chunks: 3, ..Indexed::default() };
            log.append(EventType::Done, serde_json::to_value(indexed).unwrap()).await;
        }
    }
    delivery.done().await.unwrap();
}

#[tokio::test]
async fn a_document_is_sent_as_it_is_or_in_a_form_or_as_json() {
    let library = Library::start().await;
    let query = "?collection=handbook&source=bees.md&wait=true";
    let plain = Document {
        collection: "handbook".into(),
        source: "bees.md".into(),
        text: Some("# Bees".into()),
        ..Document::default()
    };
    let markdown = library.add(query).header("content-type", "text/markdown; charset=utf-8").body("# Bees");
    assert_eq!(library.got(markdown).await, plain);
    let html = library.add(&format!("{query}&language=fr&title=T&url=http://x/")).header("content-type", "text/html");
    let expected = Document {
        format: Format::Html,
        language: Some("fr".into()),
        title: Some("T".into()),
        url: Some("http://x/".into()),
        ..plain.clone()
    };
    assert_eq!(library.got(html.body("# Bees")).await, expected);
    let pdf = library.add(query).header("content-type", "application/pdf").body("%PDF-1.7");
    let data = Some(Base64(b"%PDF-1.7".to_vec()));
    assert_eq!(library.got(pdf).await, Document { format: Format::Pdf, text: None, data, ..plain.clone() });
    let part = Part::bytes(b"# Bees".to_vec()).file_name("bees.md");
    let form = Form::new().text("collection", "handbook").text("metadata", "{\"team\":\"east\"}").part("file", part);
    let metadata = [("team".to_owned(), json!("east"))].into_iter().collect();
    assert_eq!(library.got(library.add("?wait=true").multipart(form)).await, Document { metadata, ..plain.clone() });
    let body = json!({ "collection": "handbook", "source": "x", "text": "# Bees", "chunk_tokens": 64 });
    let expected = Document { chunk_tokens: Some(64), ..plain.clone() };
    assert_eq!(library.got(library.add(query).json(&body)).await, expected, "the query counts more");
    let large = "# Bees\n".repeat(400_000);
    let got = library.got(library.add(query).header("content-type", "text/plain").body(large.clone())).await;
    assert_eq!(got, Document { format: Format::Text, text: Some(large), ..plain });
}

#[tokio::test]
async fn bytes_of_any_encoding_travel_with_what_is_said_of_them() {
    let library = Library::start().await;
    let query = "?collection=handbook&source=a&wait=true";
    let document = |format, charset: Option<&str>, bytes: &[u8]| Document {
        collection: "handbook".into(),
        source: "a".into(),
        format,
        charset: charset.map(str::to_owned),
        data: Some(Base64(bytes.to_vec())),
        ..Document::default()
    };
    let raw = |query: &str, media_type: &str, body: &[u8]| {
        library.add(query).header("content-type", media_type).body(body.to_vec())
    };
    let latin: &[u8] = b"<p>Caf\xe9 cr\xe8me";
    for (query, media_type, format, charset) in [
        (query.to_owned(), "text/html; charset=\"ISO-8859-1\"", Format::Html, Some("ISO-8859-1")),
        (query.to_owned(), "text/plain", Format::Text, None),
        (format!("{query}&charset=koi8-r"), "text/csv; charset=utf-8", Format::Csv, Some("koi8-r")),
        (format!("{query}&format=html"), "application/pdf", Format::Html, None),
        (format!("{query}&format=tsv"), "application/x-www-form-urlencoded", Format::Tsv, None),
        (format!("{query}&format=html"), "", Format::Html, None),
    ] {
        assert_eq!(library.got(raw(&query, media_type, latin)).await, document(format, charset, latin), "{media_type}");
    }
    let part = |name: &str, media_type: &str| {
        let part = Part::bytes(latin.to_vec()).file_name(name.to_owned()).mime_str(media_type).unwrap();
        Form::new().text("collection", "handbook").part("file", part)
    };
    let form = library.add("?source=a&wait=true").multipart(part("b.html", "text/html; charset=latin1"));
    assert_eq!(library.got(form).await, document(Format::Html, Some("latin1"), latin));
    let form = library.add("?source=a&wait=true&format=text").multipart(part("b.pdf", "application/pdf"));
    assert_eq!(library.got(form).await, document(Format::Text, None, latin), "the query counts more");
    let form = part("b.docx", "application/octet-stream").text("format", "markdown").text("charset", "koi8-r");
    let got = library.got(library.add("?source=a&wait=true").multipart(form)).await;
    assert_eq!(got, document(Format::Markdown, Some("koi8-r"), latin));
    let docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    assert_eq!(library.got(raw(query, docx, b"PK\x03\x04")).await, document(Format::Docx, None, b"PK\x03\x04"));
}

#[tokio::test]
async fn a_document_is_accepted_with_its_id_or_waited_for() {
    let library = Library::start().await;
    let body = json!({ "collection": "c", "source": "s", "text": "A." });
    let id = document_id(&tenant("acme"), "c", "s");
    let answer = library.add("").json(&body).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    let (location, told) = (answer.headers()["location"].clone(), json_of(answer).await);
    assert_eq!((&told["document"], &told["job"]["kind"]), (&json!(id), &json!("embed")));
    assert_eq!(
        (&told["status"], location.to_str().unwrap()),
        (&json!(location.to_str().unwrap()), told["status"].as_str().unwrap())
    );
    for request in [library.add("?wait=true"), library.add("").header("prefer", "wait=60")] {
        let told = json_of(request.json(&body).send().await.unwrap()).await;
        assert_eq!((&told["document"], &told["chunks"]), (&json!(id), &json!(3)));
    }
    let keyed = || library.add("?wait=true").header("idempotency-key", "k").json(&body).send();
    let (first, second) = (keyed().await.unwrap(), keyed().await.unwrap());
    assert_eq!(first.headers()["ruche-job"], second.headers()["ruche-job"]);
    for (code, status) in [(codes::UNREADABLE_DOCUMENT, 422), (codes::TOO_COMPLEX, 422), ("no_vector", 500)] {
        let body = json!({ "collection": "c", "source": "s", "text": "A.", "title": format!("fail {code}") });
        let answer = library.add("?wait=true").json(&body).send().await.unwrap();
        assert_eq!(refused(answer, status).await, ("text".to_owned(), code.to_owned()));
    }
}

/// A request, its status, and the field and code of its error.
type Wrong = (RequestBuilder, u16, &'static str, &'static str);

/// Each is refused, and nothing is published.
async fn refuses(library: &Library, wrong: Vec<Wrong>) {
    for (number, (request, status, param, code)) in wrong.into_iter().enumerate() {
        let (found, what) = refused(request.send().await.unwrap(), status).await;
        assert_eq!(found, param, "{number}");
        assert!(code.is_empty() || what == code, "{number}: {what}");
    }
    assert_eq!(library.waiting().await, 0);
    assert!(library.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_body_that_is_no_document_is_refused() {
    let library = Library::start().await;
    let typed = |media_type: &str, body: &[u8]| {
        library.add("?collection=c&source=s").header("content-type", media_type).body(body.to_vec())
    };
    let wrong = vec![
        (typed("text/markdown", b""), 400, "text", codes::INVALID),
        (typed("text/markdown", b" \n "), 400, "text", codes::INVALID),
        (typed("text/markdown", b"\x7fELF\x02\x01\xff"), 400, "data", codes::INVALID),
        (typed("text/markdown", b"a\0b"), 400, "data", codes::INVALID),
        (typed("application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"Hi"), 400, "data", ""),
        (typed("text/markdown", b"%PDF-1.7"), 400, "text", codes::INVALID),
        (typed("application/pdf", b"GIF89a"), 400, "data", codes::INVALID),
        (typed("text/markdown", &vec![b'x'; (10 << 20) + 1]), 400, "text", codes::INVALID),
        (typed("application/msword", b"x"), 415, "", "unsupported_media_type"),
    ];
    refuses(&library, wrong).await;
}

#[tokio::test]
async fn a_parameter_or_a_field_that_is_wrong_is_named() {
    let library = Library::start().await;
    let plain = |query: &str| library.add(query).header("content-type", "text/plain").body("x");
    let more = |query: &str| plain(&format!("?collection=c&source=s&{query}"));
    let wrong = vec![
        (plain("?collection=C&source=s"), 400, "collection", codes::INVALID),
        (plain("?collection=c"), 400, "source", codes::INVALID),
        (more("language=xx"), 400, "language", codes::INVALID),
        (more("colour=red"), 400, "colour", "unknown_parameter"),
        (more("metadata=[]"), 400, "metadata", ""),
        (more("model=other"), 404, "model", codes::UNKNOWN_MODEL),
        (more("lane=interactive"), 400, "lane", ""),
        (more("wait=maybe"), 400, "wait", ""),
        (more("published_at=soon"), 400, "published_at", ""),
        (more("chunk_tokens=many"), 400, "chunk_tokens", ""),
    ];
    refuses(&library, wrong).await;
}

#[tokio::test]
async fn a_form_has_one_file_and_its_unknown_parts_are_ignored_and_named() {
    let library = Library::start().await;
    let form = |parts: &[(&'static str, &'static str)], file: Option<&str>| {
        let mut form = Form::new();
        for (name, value) in parts {
            form = form.text(*name, *value);
        }
        if let Some(name) = file {
            form = form.part("file", Part::bytes(b"x".to_vec()).file_name(name.to_owned()));
        }
        library.add("").multipart(form)
    };
    let wrong = vec![
        (form(&[("collection", "c")], None), 400, "file", ""),
        (form(&[("collection", "c")], Some("a.doc")), 400, "format", ""),
        (form(&[("collection", "c"), ("collection", "d")], Some("a.md")), 400, "collection", ""),
    ];
    refuses(&library, wrong).await;
    let response = form(&[("collection", "c"), ("colour", "red")], Some("a.md")).send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.headers()["ruche-ignored"].to_str().unwrap()), (202, "colour"));
    let told = form(&[("document", "x")], None).send().await.unwrap().json::<Value>().await.unwrap();
    let message = told["error"]["message"].as_str().unwrap();
    assert!(message.ends_with("is missing (there is no part \"document\" here)"), "{message}");
}

/// A document of this collection and source, with these texts as chunks.
pub(crate) fn a_document(
    owner: &str,
    collection: &str,
    source: &str,
    chunks: &[&str],
) -> (IndexedDocument, Vec<DocumentChunk>) {
    let document = IndexedDocument {
        id: document_id(&tenant(owner), collection, source),
        collection: collection.into(),
        source: source.into(),
        title: Some("Été".into()),
        url: None,
        language: "french".into(),
        metadata: json!({ "team": "east" }),
        published_at: Some(now()),
        format: "markdown".into(),
        bytes: 5,
        job: JobId::generate(),
        accepted_at: now(),
        updated_at: now(),
    };
    let chunk = |(position, text): (u32, &&str)| DocumentChunk {
        id: 0,
        position,
        path: vec!["A \"b\"".into()],
        text: (*text).to_owned(),
        tokens: 7,
        model: MODEL.into(),
    };
    (document, (0..).zip(chunks).map(chunk).collect())
}

#[tokio::test]
async fn documents_and_collections_are_listed_shown_and_deleted_and_others_see_nothing() {
    let library = Library::start().await;
    let (acme, mut ids) = (tenant("acme"), Vec::new());
    for (collection, source) in [("a", "2"), ("a", "1"), ("b", "1")] {
        let (document, chunks) = a_document("acme", collection, source, &["One.", "Two.", "Three."]);
        ids.push(document.id.to_string());
        library.store.put_indexed(&acme, document, chunks);
    }
    let sources = |list: &Value| -> Vec<String> {
        let all = list["data"].as_array().unwrap().iter();
        all.map(|one| format!("{}/{}", one["collection"].as_str().unwrap(), one["source"].as_str().unwrap())).collect()
    };
    let first = library.read("/v1/documents?limit=2").await;
    assert_eq!((sources(&first), &first["has_more"]), (vec!["a/1".to_owned(), "a/2".to_owned()], &json!(true)));
    let next = library.read(&format!("/v1/documents?after={}", first["next"].as_str().unwrap())).await;
    assert_eq!((sources(&next), &next["next"]), (vec!["b/1".to_owned()], &Value::Null));
    assert_eq!(sources(&library.read("/v1/documents?collection=b").await), ["b/1"]);
    let one = library.read(&format!("/v1/documents/{}", ids[0])).await;
    let models = json!([{ "model": MODEL, "chunks": 3, "tokens": 21 }]);
    assert_eq!((&one["object"], &one["title"], &one["models"]), (&json!("document"), &json!("Été"), &models));
    let path = format!("/v1/documents/{}/chunks", ids[0]);
    let chunks = library.read(&format!("{path}?limit=2")).await;
    assert_eq!((&chunks["data"][1]["text"], &chunks["next"]), (&json!("Two."), &json!(2)));
    let rest = library.read(&format!("{path}?after=2")).await;
    assert_eq!((rest["data"].as_array().unwrap().len(), &rest["data"][0]["position"]), (1, &json!(2)));
    let own = format!("/v1/documents/{}", ids[0]);
    for (method, path) in [
        (Method::GET, own.clone()),
        (Method::DELETE, own.clone()),
        (Method::GET, path.clone()),
        (Method::GET, "/v1/documents?collection=a".into()),
        (Method::GET, "/v1/collections/a".into()),
        (Method::DELETE, "/v1/collections/a".into()),
    ] {
        let answer = library.as_key(&library.stranger, method, &path).send().await.unwrap();
        refused(answer, 404).await;
    }
    for path in ["/v1/documents/x", "/v1/documents/x/chunks", "/v1/collections/A%20b", "/v1/documents?collection=none"]
    {
        refused(library.get(path).send().await.unwrap(), 404).await;
    }
    let delete = async |path: String| library.request(Method::DELETE, &path).send().await.unwrap().status().as_u16();
    assert_eq!((delete(own.clone()).await, delete(own).await), (204, 404));
    assert_eq!((delete("/v1/collections/a".into()).await, delete("/v1/collections/a".into()).await), (204, 404));
    assert_eq!(sources(&library.read("/v1/documents").await), ["b/1"]);
}

#[tokio::test]
async fn a_collection_is_made_and_changed_in_words() {
    let library = Library::start().await;
    let send = |method: Method, path: &str, body: Value| library.request(method, path).json(&body).send();
    let (post, patch, path) = (Method::POST, Method::PATCH, "/v1/collections");
    let made = send(post.clone(), path, json!({ "name": "h", "language": "fr", "description": "D" })).await.unwrap();
    assert_eq!(made.status(), StatusCode::CREATED);
    let made = json_of(made).await;
    assert_eq!((&made["language"], &made["documents"], &made["model"]), (&json!("french"), &json!(0), &Value::Null));
    let changed = json_of(send(patch.clone(), "/v1/collections/h", json!({ "description": "" })).await.unwrap()).await;
    assert_eq!((&changed["description"], &changed["language"]), (&Value::Null, &json!("french")));
    for (method, path, body, status, param) in [
        (&post, path, json!({ "name": "h" }), 409, "name"),
        (&post, path, json!({ "name": "H h" }), 400, "name"),
        (&post, path, json!({ "name": "x", "language": "klingon" }), 400, "language"),
        (&post, path, json!({ "name": "x", "description": "x".repeat(1_001) }), 400, "description"),
        (&post, path, json!({ "name": "x", "description": "a\0" }), 400, "description"),
        (&post, path, json!({}), 400, "name"),
        (&patch, "/v1/collections/none", json!({}), 404, "collection"),
    ] {
        let answer: Response = send(method.clone(), path, body).await.unwrap();
        assert_eq!(refused(answer, status).await.0, param);
    }
    send(post, path, json!({ "name": "a" })).await.unwrap();
    let first = library.read("/v1/collections?limit=1").await;
    assert_eq!((&first["data"][0]["name"], &first["next"]), (&json!("a"), &json!("a")));
    assert_eq!(library.read("/v1/collections?after=a").await["data"][0]["name"], "h");
}
