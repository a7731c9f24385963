//! A gateway with an object store, and a small render worker that keeps the protocol: it stores documents on request,
//! and returns small ones in the last event.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use reqwest::{
    Method, Response,
    header::{CONTENT_TYPE, HeaderMap},
};
use ruche_bus::{Bus, Delivery};
use ruche_gateway::app::parts::App;
use ruche_schemas::{
    Base64, Envelope, EventType, Failure, Job as _,
    claim::Part,
    clock,
    config::Secret,
    kinds::render::{INLINE_BYTES, Render, Rendered, Warning},
};
use ruche_store::{
    files::{File, StoredFile},
    objects::{Claims, memory::Memory},
};
use serde_json::Value;

use crate::support::{Fixture, Log, without_worker};

/// The most bytes of an object here.
const MOST: u64 = 4 << 20;

/// A gateway with an object store, and a worker that records its jobs.
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
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut App)) -> Self {
        let mut claims = Claims::none();
        let renders = Self::without_worker_but(|app| {
            change(app);
            claims = app.claims.clone();
        });
        let renders = renders.await;
        let (bus, store, seen) = (renders.bus.clone() as Arc<dyn Bus>, renders.store.clone(), renders.seen.clone());
        tokio::spawn(Arc::new(Worker { bus, store, claims, seen }).work());
        renders
    }

    /// Jobs stay in the queue.
    pub(crate) async fn without_worker() -> Self {
        Self::without_worker_but(|_| {}).await
    }

    async fn without_worker_but(change: impl FnOnce(&mut App)) -> Self {
        let objects = Arc::new(Memory::default());
        let gateway = without_worker(|app| {
            app.claims = Claims::new(objects.clone(), MOST);
            app.settings.link_secret = Secret("0123456789abcdef0123456789abcdef".to_owned());
            change(app);
        });
        Self { gateway: gateway.await, objects, seen: Seen::default() }
    }

    pub(crate) fn seen(&self) -> Vec<Envelope<Render>> {
        self.seen.lock().unwrap().clone()
    }

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

    /// Stores a document; returns its id.
    pub(crate) async fn stored(&self, markdown: &str) -> String {
        let response = self.render("?store=true", markdown.to_owned()).await;
        assert_eq!(response.status(), 200);
        response.headers()["ruche-job"].to_str().unwrap().to_owned()
    }
}

struct Worker {
    bus: Arc<dyn Bus>,
    store: Arc<ruche_store::memory::Memory>,
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
        let ephemeral = envelope.ephemeral;
        self.seen.lock().unwrap().push(envelope.with_body(render.clone()));
        let mut log = Log::open(self.bus.clone(), Render::KIND, delivery.job.clone()).await;
        let package = render.template.package.as_ref().map(|package| String::from_utf8_lossy(&package.0).into_owned());
        let text = format!("{}\n{}", package.unwrap_or_default(), render.markdown);
        if let Some((code, message)) = text.lines().find_map(|line| line.strip_prefix("fail ")?.split_once(' ')) {
            let failure = Failure::new(code, message).with_param("template");
            log.append(EventType::Failed, serde_json::to_value(failure).unwrap()).await;
        } else {
            let rendered = self.document(&delivery, &render, ephemeral).await;
            log.append(EventType::Done, serde_json::to_value(rendered).unwrap()).await;
        }
        delivery.done().await.unwrap();
    }

    async fn document(&self, delivery: &Delivery, render: &Render, ephemeral: bool) -> Rendered {
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
        if !render.store || (ephemeral && bytes.len() <= INLINE_BYTES) {
            rendered.content = Some(Base64(bytes));
            return rendered;
        }
        let claim = self.claims.put(&delivery.job, Part::Document, Bytes::from(bytes)).await.unwrap();
        self.store.put_file(StoredFile {
            job: delivery.job.clone(),
            file: File {
                claim: claim.clone(),
                media_type: rendered.media_type.clone(),
                pages: rendered.pages,
                title: rendered.title.clone(),
                template: render.template.name.clone(),
                warnings: u32::try_from(rendered.warnings.len()).unwrap(),
            },
            created_at: clock::now(),
        });
        rendered.claim = Some(claim);
        rendered
    }
}

/// Empty without the header.
pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

/// A form with the boundary `XX`.
pub(crate) fn multipart(parts: &[(&str, &str)]) -> String {
    let part =
        |(head, text): &(&str, &str)| format!("--XX\r\nContent-Disposition: form-data; {head}\r\n\r\n{text}\r\n");
    parts.iter().map(part).collect::<String>() + "--XX--\r\n"
}
