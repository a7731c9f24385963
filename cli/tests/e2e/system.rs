//! A whole system on this machine: real NATS and Postgres, the real programs, the tiny model.
//!
//! Servers are shared by the tests of this process; each test has its own prefix, schema, gateways and workers.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use futures::StreamExt;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use reqwest::{Client, RequestBuilder};
use ruche_schemas::Kind;
use ruche_services::{
    logins::{Login, May, Role},
    ports,
    process::{Launch, Process},
    ready,
    testing::{self, TestNats, TestPostgres},
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The password of all roles.
const PASSWORD: &str = "s3cret";
pub(crate) const MODEL: &str = "tiny-chat-demo";
pub(crate) const EMBEDDER: &str = "all-minilm-l6-v2";
pub(crate) const RERANKER: &str = "tests-reranker";
/// How long a program may take to start: it loads the model, on a machine with two busy cores.
const START: Duration = Duration::from_secs(120);

/// How long a stream may be silent: a test that waits for ever shows nothing.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(120);

/// The system of one test. Its programs have the logins of their roles; a permission violation fails the test.
pub(crate) struct System {
    settings: Vec<(String, String)>,
    logs: TempDir,
    nats: Arc<TestNats>,
    pub(crate) key: String,
    pub(crate) client: Client,
}

impl Drop for System {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        for role in ["gateway", "worker"] {
            let violations = self.nats.violations(&self.user(role));
            assert!(violations.is_empty(), "the {role}s lack permissions: {violations:#?}");
        }
    }
}

impl System {
    /// On the servers that all tests share.
    pub(crate) async fn start() -> Self {
        Self::on(testing::shared_nats_with_logins().await, &testing::shared_postgres().await).await
    }

    /// On servers of its own.
    pub(crate) async fn start_alone() -> (Self, Arc<TestNats>, TestPostgres) {
        let (nats, postgres) = (Arc::new(testing::nats_with_logins().await), testing::postgres().await);
        let system = Self::on(Arc::clone(&nats), &postgres.url()).await;
        (system, nats, postgres)
    }

    /// The first token of the system's subjects.
    pub(crate) fn prefix(&self) -> &str {
        self.settings.iter().find(|(key, _)| key == "RUCHE_NATS__PREFIX").map_or("", |(_, prefix)| prefix)
    }

    fn user(&self, role: &str) -> String {
        format!("{role}-{}", self.prefix())
    }

    async fn on(nats: Arc<TestNats>, postgres: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (name, url) = (testing::unique("e2e"), nats.url());
        let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../workers/models/tiny/tiny-chat.gguf");
        let (logs, client) = (TempDir::new().unwrap(), Client::new());
        let objects = format!("file://{}", logs.path().join("objects").display());
        let settings = [
            ("RUCHE_NATS__URL", &*url),
            ("RUCHE_NATS__PREFIX", &name),
            ("RUCHE_POSTGRES__URL", postgres),
            ("RUCHE_POSTGRES__SCHEMA", &name),
            ("RUCHE_POSTGRES__CONNECTIONS", "4"),
            ("RUCHE_WORKER__ACK_WAIT_SECONDS", "2"),
            ("RUCHE_CHAT__MODEL_PATH", &model.to_string_lossy()),
            ("RUCHE_CHAT__MODEL_NAME", MODEL),
            ("RUCHE_CHAT__THREADS", "1"),
            // The default depends on the machine.
            ("RUCHE_CHAT__SLOTS", "8"),
            ("RUCHE_RENDER__CHILDREN", "1"),
            ("RUCHE_OBJECTS__URL", &objects),
            ("RUCHE_GATEWAY__LINK_SECRET", "0123456789abcdef0123456789abcdef"),
        ];
        let settings = settings.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        let mut system = Self { settings, logs, nats, key: String::new(), client };
        let (prefix, kinds) = (name, kinds());
        let gateway = May::As(Role::Gateway { kinds: kinds.clone() }, prefix.clone());
        let work = May::As(Role::Worker { own: kinds.clone(), kinds }, prefix);
        for (role, may) in [("gateway", gateway), ("worker", work)] {
            system.nats.admit(&Login { user: system.user(role), password: PASSWORD.to_owned(), may }).await;
        }
        system.run("ruche-migrate", &["up"]);
        system.key = system.key_of("acme");
        system
    }

    fn program(name: &str) -> PathBuf {
        let program = Path::new(env!("CARGO_BIN_EXE_ruche")).with_file_name(name);
        assert!(program.exists(), "{} is not there: run `make test`, which builds it first", program.display());
        program
    }

    fn run(&self, program: &str, arguments: &[&str]) -> String {
        let mut command = Command::new(Self::program(program));
        let settings = self.settings.iter().map(|(key, value)| (key, value));
        let output = command.args(arguments).envs(settings).output().unwrap();
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub(crate) fn key_of(&self, tenant: &str) -> String {
        self.run("ruche-gateway", &["keys", "create", "--tenant", tenant, "--name", "test"])
    }

    async fn spawn(&self, role: &str, arguments: &[&str]) -> Running {
        self.spawn_with(role, arguments, &[]).await
    }

    async fn spawn_with(&self, role: &str, arguments: &[&str], settings: &[(&str, &str)]) -> Running {
        let (program, port_setting) = (format!("ruche-{role}"), format!("RUCHE_{}__PORT", role.to_uppercase()));
        let port = ports::free();
        let name = format!("{program}-{port}");
        let mut launch = Launch::new(&name, Self::program(&program), self.logs.path().join(&name));
        launch.args = arguments.iter().map(Into::into).collect();
        launch.env = self.settings.clone();
        let own = [
            (port_setting, port.to_string()),
            ("RUCHE_NATS__USER".to_owned(), self.user(role)),
            ("RUCHE_NATS__PASSWORD".to_owned(), PASSWORD.to_owned()),
        ];
        launch.env.extend(own);
        launch.env.extend(settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        let process = launch.spawn().await.unwrap();
        let url = format!("http://127.0.0.1:{port}");
        let probe =
            || async { self.client.get(format!("{url}/readyz")).send().await.is_ok_and(|r| r.status().is_success()) };
        ready::wait(&process, START, probe).await.unwrap();
        Running { process, url, key: self.key.clone(), client: self.client.clone() }
    }

    pub(crate) async fn gateway(&self) -> Running {
        self.spawn("gateway", &[]).await
    }

    /// A gateway whose bots get this model if they name none.
    pub(crate) async fn gateway_with_bots_model(&self, model: &str) -> Running {
        self.spawn_with("gateway", &[], &[("RUCHE_CHAT__BOTS_MODEL_NAME", model)]).await
    }

    pub(crate) async fn worker(&self) -> Running {
        self.worker_with(&[]).await
    }

    /// `more`: further settings.
    pub(crate) async fn worker_with(&self, more: &[(&str, &str)]) -> Running {
        self.spawn_with("worker", &["chat"], more).await
    }

    /// A chat worker with the same model under another name, which takes only jobs that name it.
    pub(crate) async fn pooled_worker(&self, model: &str) -> Running {
        let own = [("RUCHE_CHAT__MODEL_NAME", model), ("RUCHE_WORKER__POOL", model)];
        self.spawn_with("worker", &["chat"], &own).await
    }

    pub(crate) async fn embed_worker(&self) -> Running {
        self.embed_worker_with(&[]).await
    }

    /// `more`: further settings.
    pub(crate) async fn embed_worker_with(&self, more: &[(&str, &str)]) -> Running {
        // Only on request: if the file is missing, only tests that need it fail.
        let model = testing::embedding_model().display().to_string();
        let own = [
            ("RUCHE_EMBED__MODEL_PATH", model.as_str()),
            ("RUCHE_EMBED__MODEL_NAME", EMBEDDER),
            ("RUCHE_EMBED__THREADS", "1"),
        ];
        let settings: Vec<_> = own.into_iter().chain(more.iter().copied()).collect();
        self.spawn_with("worker", &["embed"], &settings).await
    }

    /// Its model's scores are known and say nothing of the texts.
    pub(crate) async fn rerank_worker(&self) -> Running {
        let model = testing::reranker().display().to_string();
        let own = [
            ("RUCHE_RERANK__MODEL_PATH", model.as_str()),
            ("RUCHE_RERANK__MODEL_NAME", RERANKER),
            ("RUCHE_RERANK__THREADS", "1"),
        ];
        self.spawn_with("worker", &["rerank"], &own).await
    }

    pub(crate) async fn render_worker(&self) -> Running {
        self.spawn("worker", &["render"]).await
    }
}

fn kinds() -> Vec<Kind> {
    ruche_schemas::kinds::all().into_iter().map(|known| known.kind).collect()
}

pub(crate) struct Running {
    process: Process,
    pub(crate) url: String,
    key: String,
    client: Client,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
    }
}

impl Running {
    pub(crate) fn pid(&self) -> i32 {
        self.process.pid()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let _ = kill(Pid::from_raw(self.process.pid()), signal);
    }

    pub(crate) async fn kill(self) {
        self.signal(Signal::SIGKILL);
        self.process.exited().await;
    }

    /// Asks it to end and waits until it has, without an error.
    pub(crate) async fn end(self) {
        self.signal(Signal::SIGTERM);
        let status = self.process.exited().await;
        assert!(status.success(), "{status}: {}", self.process.last_lines());
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.url)).bearer_auth(&self.key)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.url)).bearer_auth(&self.key).json(body)
    }

    pub(crate) fn lines(&self, path: &str) -> RequestBuilder {
        let request = self.client.post(format!("{}{path}", self.url)).bearer_auth(&self.key);
        request.header("content-type", "application/x-ndjson")
    }

    pub(crate) fn markdown(&self, path: &str, text: impl Into<reqwest::Body>) -> RequestBuilder {
        let request = self.client.post(format!("{}{path}", self.url)).bearer_auth(&self.key);
        request.header("content-type", "text/markdown").body(text)
    }

    pub(crate) fn delete(&self, path: &str) -> RequestBuilder {
        self.client.delete(format!("{}{path}", self.url)).bearer_auth(&self.key)
    }

    pub(crate) async fn json(request: RequestBuilder) -> (u16, Value) {
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap())
    }

    /// Returns once all workers are known: until then a model that nobody has is a 503, because it may yet come.
    pub(crate) async fn knows_all_workers(&self, path: &str) {
        let messages = json!([{ "role": "user", "content": "a" }]);
        let body = json!({ "input": "a", "messages": messages, "model": "unheard-of" });
        let asking = async { while Self::json(self.post(path, &body)).await.0 == 503 {} };
        tokio::time::timeout(TIMEOUT, asking).await.expect("all workers in time");
    }

    /// Returns its id.
    pub(crate) async fn submit(&self, body: &Value) -> String {
        let (status, job) = Self::json(self.post("/v1/jobs/chat", body)).await;
        assert_eq!(status, 202, "{job}");
        job["id"].as_str().unwrap().to_owned()
    }

    /// From this `n` on.
    pub(crate) async fn events(&self, job: &str, from: u64) -> Events {
        let response = self.get(&format!("/v1/jobs/{job}/events?from={from}")).send().await.unwrap();
        assert_eq!(response.status(), 200);
        Events { body: response.bytes_stream().boxed(), buffer: Vec::new() }
    }
}

pub(crate) struct Events {
    body: futures::stream::BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    buffer: Vec<u8>,
}

impl Events {
    /// The next event's data; `None` if the stream ends or breaks.
    pub(crate) async fn next(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\n\n") {
                let event: Vec<u8> = self.buffer.drain(..end + 2).collect();
                let text = String::from_utf8(event).unwrap();
                let data: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
                if !data.is_empty() {
                    return Some(data.join("\n"));
                }
                continue;
            }
            let more = tokio::time::timeout(TIMEOUT, self.body.next()).await.expect("an event in time");
            self.buffer.extend(more?.ok()?);
        }
    }

    pub(crate) async fn json(&mut self) -> Option<Value> {
        self.next().await.map(|data| serde_json::from_str(&data).unwrap())
    }

    pub(crate) async fn rest(&mut self) -> Vec<Value> {
        let mut all = Vec::new();
        while let Some(event) = self.json().await {
            all.push(event);
        }
        all
    }

    /// Reads until an event of this type.
    pub(crate) async fn until(&mut self, event: &str) -> Value {
        loop {
            let next = self.json().await.unwrap_or_else(|| panic!("the stream ended before {event}"));
            if next["type"] == event {
                return next;
            }
        }
    }
}

/// A chat of one message.
pub(crate) fn ask(question: &str) -> Value {
    json!({"messages": [{"role": "user", "content": question}], "sampling": {"temperature": 0.0}})
}

/// A chat whose answer has this many tokens, always the same: so hot that the model never stops by itself.
pub(crate) fn ask_for_much(tokens: u32) -> Value {
    json!({
        "messages": [{"role": "user", "content": "Hello!"}],
        "sampling": {"temperature": 2.0, "seed": 5},
        "max_tokens": tokens,
    })
}

/// The text in these events.
pub(crate) fn text(events: &[Value]) -> String {
    let deltas = events.iter().filter(|event| event["type"] == "delta");
    deltas.map(|event| event["data"]["text"].as_str().unwrap()).collect()
}
