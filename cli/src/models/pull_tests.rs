//! Tests with a small server of the hub's paths: `GET /<repo>/resolve/<revision>/<file>` with ranges.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

use super::*;

static PRESET: Preset =
    Preset { name: "test-model", repo: "someone/some-GGUF", file: "some.gguf", bytes: 0, purpose: "tests" };

/// The server's behaviour, and its requests.
#[derive(Default)]
struct Script {
    content: Mutex<Vec<u8>>,
    etag: Mutex<String>,
    /// Unless 0, connections break off before this byte.
    breaks_at: AtomicUsize,
    /// Whether it accepts and never answers.
    silent: AtomicBool,
    status: AtomicUsize,
    /// Unless empty, it redirects to this host for the bytes.
    elsewhere: Mutex<String>,
    /// The heads of all requests.
    heads: Mutex<Vec<String>>,
    /// The start of every requested range that is longer than one byte.
    asked: Mutex<Vec<usize>>,
    /// Notified for each of them.
    was_asked: Notify,
    requests: AtomicUsize,
}

async fn serve(script: Arc<Script>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, script.clone()));
        }
    });
    url
}

async fn answer(stream: TcpStream, script: Arc<Script>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await? == 0 {
            return Ok(());
        }
    }
    script.requests.fetch_add(1, Ordering::SeqCst);
    script.heads.lock().unwrap().push(head.to_lowercase());
    if script.silent.load(Ordering::SeqCst) {
        std::future::pending::<()>().await;
    }
    assert!(head.starts_with("GET /someone/some-GGUF/resolve/"), "{head}");
    let status = script.status.load(Ordering::SeqCst);
    if status != 0 {
        return stream.write_all(format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n").as_bytes()).await;
    }
    let etag = script.etag.lock().unwrap().clone();
    let elsewhere = script.elsewhere.lock().unwrap().clone();
    if !elsewhere.is_empty() {
        let head = format!(
            "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: {elsewhere}/someone/some-GGUF/resolve/signed\r\n\
             X-Repo-Commit: c0ffee\r\nX-Linked-Etag: \"{etag}\"\r\nConnection: close\r\n\r\n"
        );
        return stream.write_all(head.as_bytes()).await;
    }
    let content = script.content.lock().unwrap().clone();
    let range = head.lines().find_map(|line| line.to_lowercase().strip_prefix("range: bytes=").map(str::to_owned));
    let (start, end) = range.as_deref().and_then(|range| range.split_once('-')).unwrap();
    let start: usize = start.parse().unwrap();
    let end = end.parse::<usize>().unwrap_or(usize::MAX).min(content.len() - 1);
    let head = format!(
        "HTTP/1.1 206 Partial Content\r\nContent-Length: {}\r\nContent-Range: bytes {start}-{end}/{}\r\n\
         X-Repo-Commit: c0ffee\r\nX-Linked-Etag: \"{etag}\"\r\nETag: \"other\"\r\nConnection: close\r\n\r\n",
        end + 1 - start,
        content.len()
    );
    stream.write_all(head.as_bytes()).await?;
    let breaks_at = script.breaks_at.load(Ordering::SeqCst);
    let mut body = &content[start..=end];
    if body.len() > 1 {
        script.asked.lock().unwrap().push(start);
        script.was_asked.notify_one();
        if breaks_at != 0 {
            body = &body[..breaks_at.saturating_sub(start).min(body.len())];
        }
    }
    stream.write_all(body).await?;
    stream.shutdown().await
}

async fn hub(script: &Arc<Script>, models: &Path) -> Hub {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let content: Vec<u8> = (0..5500_u32).map(|i| u8::try_from(i % 251).unwrap()).collect();
    let hash: String = Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
    *script.content.lock().unwrap() = content;
    *script.etag.lock().unwrap() = hash;
    Hub {
        endpoint: serve(script.clone()).await,
        models: models.to_owned(),
        token: None,
        reach: Duration::from_secs(5),
        stall: Duration::from_secs(5),
        tries: 1,
    }
}

#[tokio::test]
async fn a_model_is_fetched_checked_pinned_and_not_asked_for_again() {
    let (folder, script) = (tempfile::tempdir().unwrap(), Arc::new(Script::default()));
    let hub = hub(&script, folder.path()).await;
    let path = pull(&hub, &PRESET).await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), *script.content.lock().unwrap());
    let requests = script.requests.load(Ordering::SeqCst);
    assert_eq!(pull(&hub, &PRESET).await.unwrap(), path);
    assert_eq!(script.requests.load(Ordering::SeqCst), requests, "no request for a model that is here");
    let pins = Pins::read(folder.path()).unwrap();
    assert_eq!(pins.get("test-model").unwrap().sha256, *script.etag.lock().unwrap());
}

#[tokio::test]
async fn a_broken_download_goes_on_where_it_stopped() {
    let (folder, script) = (tempfile::tempdir().unwrap(), Arc::new(Script::default()));
    let hub = hub(&script, folder.path()).await;
    script.breaks_at.store(3000, Ordering::SeqCst);
    let error = pull(&hub, &PRESET).await.unwrap_err();
    assert!(error.is_about_reaching() && error.to_string().contains("goes on where it stopped"), "{error}");
    script.breaks_at.store(0, Ordering::SeqCst);
    script.asked.lock().unwrap().clear();
    let path = pull(&hub, &PRESET).await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), *script.content.lock().unwrap());
    let first = *script.asked.lock().unwrap().first().unwrap();
    assert_eq!(first, 3000, "the bytes that arrived are not asked for again");
}

#[tokio::test]
async fn one_pull_survives_a_connection_that_breaks_and_comes_back() {
    let (folder, script) = (tempfile::tempdir().unwrap(), Arc::new(Script::default()));
    let hub = Hub { tries: 5, ..hub(&script, folder.path()).await };
    script.breaks_at.store(2000, Ordering::SeqCst);
    let (pulled, ()) = tokio::join!(pull(&hub, &PRESET), async {
        while !script.asked.lock().unwrap().contains(&2000) {
            script.was_asked.notified().await;
        }
        script.breaks_at.store(0, Ordering::SeqCst);
    });
    assert_eq!(fs::read(pulled.unwrap()).unwrap(), *script.content.lock().unwrap());
}

#[tokio::test]
async fn the_bytes_may_be_at_another_host_which_is_not_told_the_token() {
    let (folder, script, other) = (tempfile::tempdir().unwrap(), Arc::new(Script::default()), Arc::<Script>::default());
    let hub = Hub { token: Some("hf_secret".to_owned()), ..hub(&script, folder.path()).await };
    let content = script.content.lock().unwrap().clone();
    *other.content.lock().unwrap() = content.clone();
    *other.etag.lock().unwrap() = "of the other host".to_owned();
    *script.elsewhere.lock().unwrap() = serve(other.clone()).await.replace("127.0.0.1", "localhost");
    let path = pull(&hub, &PRESET).await.unwrap();
    assert_eq!(fs::read(path).unwrap(), content);
    let told = |script: &Script| script.heads.lock().unwrap().iter().all(|head| head.contains("bearer hf_secret"));
    assert!(told(&script), "the hub knows who asks");
    assert!(other.heads.lock().unwrap().iter().all(|head| !head.contains("secret")), "nobody else does");
    assert_eq!(*other.asked.lock().unwrap(), [0], "the bytes came from there");
}

#[tokio::test]
async fn a_wrong_hash_is_refused_and_the_file_removed() {
    let (folder, script) = (tempfile::tempdir().unwrap(), Arc::new(Script::default()));
    let hub = hub(&script, folder.path()).await;
    let wrong = "0".repeat(64);
    *script.etag.lock().unwrap() = wrong.clone();
    let error = pull(&hub, &PRESET).await.unwrap_err();
    assert!(!error.is_about_reaching(), "nothing may stand in silently");
    assert!(error.to_string().contains(&wrong), "{error}");
    let place = hub.place(&PRESET, &wrong);
    assert_eq!(fs::read_dir(place.parent().unwrap()).unwrap().count(), 0, "neither the file nor a part of it stays");
    assert!(Pins::read(folder.path()).unwrap().get("test-model").is_none());
}

#[tokio::test]
async fn a_file_that_changed_at_the_hub_is_not_taken_for_the_pinned_one() {
    let (folder, script) = (tempfile::tempdir().unwrap(), Arc::new(Script::default()));
    let hub = hub(&script, folder.path()).await;
    let path = pull(&hub, &PRESET).await.unwrap();
    fs::remove_file(&path).unwrap();
    *script.etag.lock().unwrap() = "1".repeat(64);
    let error = pull(&hub, &PRESET).await.unwrap_err().to_string();
    assert!(error.contains("pinned") && error.contains("test-model"), "{error}");
}

#[tokio::test]
async fn a_hub_that_is_not_there_is_silent_or_refuses_is_told_apart() {
    let (folder, script) = (tempfile::tempdir().unwrap(), Arc::new(Script::default()));
    let mut hub = hub(&script, folder.path()).await;
    script.status.store(404, Ordering::SeqCst);
    let error = pull(&hub, &PRESET).await.unwrap_err().to_string();
    assert!(error.contains("404") && error.contains("someone/some-GGUF"), "{error}");
    script.silent.store(true, Ordering::SeqCst);
    hub.reach = Duration::from_millis(200);
    let error = pull(&hub, &PRESET).await.unwrap_err();
    assert!(matches!(error, HubError::Unreachable { .. }), "{error}");
    hub.endpoint = format!("http://127.0.0.1:{}", ruche_services::ports::free());
    let error = pull(&hub, &PRESET).await.unwrap_err();
    assert!(matches!(error, HubError::Unreachable { .. }) && error.to_string().contains(&hub.endpoint), "{error}");
}
