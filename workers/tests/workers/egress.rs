//! The egress client, against servers on this machine. Their addresses are not public, so a test allows only those
//! that should answer.

#![allow(clippy::unwrap_used, reason = "a test's helpers may panic, as its tests do")]

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    extract::{Path, Request},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use futures::{FutureExt, future::BoxFuture};
use ruche_schemas::config;
use ruche_workers::egress::{Egress, FetchError, Fetched, Names};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

struct Server {
    address: SocketAddr,
    visits: Arc<AtomicUsize>,
    headers: Arc<Mutex<Vec<HeaderMap>>>,
}

impl Server {
    /// Serves a picture and redirects at this address.
    async fn start(ip: &str) -> Self {
        let (visits, headers) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (counted, kept) = (visits.clone(), headers.clone());
        let routes = Router::new()
            .route("/picture", get(|| async { ([(header::CONTENT_TYPE, "image/png")], "PNG") }))
            .route("/nothing", get(|| async { StatusCode::NOT_FOUND }))
            .route("/cookie", get(cookie))
            .route("/hops/{left}", get(hops))
            .route("/to/{*target}", get(|Path(target): Path<String>| async move { Redirect::temporary(&target) }))
            .layer(axum::middleware::map_request(move |request: Request| {
                counted.fetch_add(1, Ordering::SeqCst);
                kept.lock().unwrap().push(request.headers().clone());
                async move { request }
            }));
        let listener = TcpListener::bind((ip, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { address, visits, headers }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    fn visits(&self) -> usize {
        self.visits.load(Ordering::SeqCst)
    }
}

async fn cookie() -> Response {
    ([(header::SET_COOKIE, "a=b")], Redirect::to("/picture")).into_response()
}

async fn hops(Path(left): Path<u32>) -> Redirect {
    match left {
        0 => Redirect::permanent("../picture"),
        left => Redirect::temporary(&(left - 1).to_string()),
    }
}

/// A server that answers each connection in this way, whatever the request.
async fn raw(answer: impl Fn(TcpStream) -> BoxFuture<'static, ()> + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            tokio::spawn(answer(stream));
        }
    });
    address
}

fn settings(allow: &str, ports: &[u16]) -> config::Egress {
    let ports: Vec<_> = ports.iter().map(u16::to_string).collect();
    let (allow, ports) = (allow.to_owned(), ports.join(","));
    config::Egress { allow, ports, max_bytes: 1 << 20, timeout_seconds: 30 }
}

fn egress(allow: &str, ports: &[u16]) -> Egress {
    Egress::new(&settings(allow, ports)).unwrap()
}

async fn refused(egress: &Egress, url: &str) -> FetchError {
    match egress.fetch(url, 1_000).await {
        Err(error) => error,
        Ok(fetched) => panic!("{url} gave {fetched:?}"),
    }
}

#[tokio::test]
async fn what_is_allowed_is_fetched_with_its_type_and_final_url() {
    let server = Server::start("127.0.0.1").await;
    let egress = egress("127.0.0.1", &[server.address.port()]);
    let picture =
        Fetched { bytes: "PNG".into(), content_type: Some("image/png".to_owned()), url: server.url("picture") };
    assert_eq!(egress.fetch(&server.url("picture"), 3).await.unwrap(), picture);
    assert_eq!(egress.fetch(&server.url("hops/4"), 3).await.unwrap(), picture, "five redirects");
    assert_eq!(refused(&egress, &server.url("hops/5")).await, FetchError::Redirects);
    assert_eq!(refused(&egress, &server.url("nothing")).await, FetchError::Status(404));
}

#[tokio::test]
async fn no_way_to_write_an_inner_address_leads_there() {
    let server = Server::start("127.0.0.1").await;
    let port = server.address.port();
    let egress = egress("", &[port]);
    for host in [
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "%31%32%37.0.0.1",
        "１２７.0.0.1",
        "127。0。0。1",
        "0",
        "0.0.0.0",
        "localhost",
        "LOCALHOST.",
        "[::1]",
        "[::]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::80ff:fffe]",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "[fe80::1]",
    ] {
        let error = refused(&egress, &format!("http://{host}:{port}/picture")).await;
        assert_eq!(
            (&error, error.to_string().as_str()),
            (&FetchError::NotPublic, "its host is not known, or has no public address"),
            "{host}"
        );
    }
    assert_eq!(server.visits(), 0);
}

/// DNS answers that a test sets, one per lookup; the last one repeats.
struct Book {
    answers: Vec<io::Result<Vec<IpAddr>>>,
    lookups: AtomicUsize,
}

impl Book {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let addresses = |list: &&[&str]| Ok(list.iter().map(|address| address.parse().unwrap()).collect());
        Arc::new(Self { answers: answers.iter().map(addresses).collect(), lookups: AtomicUsize::new(0) })
    }
}

impl Names for Book {
    fn addresses(&self, _host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let lookup = self.lookups.fetch_add(1, Ordering::SeqCst).min(self.answers.len().saturating_sub(1));
        let answer = match self.answers.get(lookup) {
            Some(Ok(addresses)) => Ok(addresses.clone()),
            _ => Err(io::Error::other("no such name")),
        };
        async move { answer }.boxed()
    }
}

#[tokio::test]
async fn a_name_that_leads_inside_and_one_that_there_is_not_are_the_same_error() {
    let server = Server::start("127.0.0.1").await;
    let settings = settings("", &[server.address.port()]);
    let nowhere = Arc::new(Book { answers: Vec::new(), lookups: AtomicUsize::new(0) });
    let books = [
        nowhere,
        Book::new(&[&[]]),
        Book::new(&[&["127.0.0.1"]]),
        Book::new(&[&["::ffff:127.0.0.1"]]),
        Book::new(&[&["64:ff9b::7f00:1"]]),
        // One public address does not allow the others.
        Book::new(&[&["1.1.1.1", "127.0.0.1"]]),
    ];
    for book in books {
        let egress = Egress::with_names(&settings, book.clone()).unwrap();
        let url = format!("http://images.example:{}/picture", server.address.port());
        assert_eq!(refused(&egress, &url).await, FetchError::NotPublic);
        assert_eq!(book.lookups.load(Ordering::SeqCst), 1);
    }
    assert_eq!(server.visits(), 0);
}

#[tokio::test]
async fn a_name_is_looked_up_once_and_that_very_address_is_dialled() {
    let (server, inner) = (Server::start("127.0.0.1").await, Server::start("127.0.0.2").await);
    let book = Book::new(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let ports = [server.address.port(), inner.address.port()];
    let egress = Egress::with_names(&settings("127.0.0.1", &ports), book.clone()).unwrap();
    let url = |port| format!("http://images.example:{port}/picture");
    assert_eq!(egress.fetch(&url(ports[0]), 10).await.unwrap().bytes, "PNG");
    assert_eq!(book.lookups.load(Ordering::SeqCst), 1);
    assert_eq!(refused(&egress, &url(ports[1])).await, FetchError::NotPublic, "it leads elsewhere now");
    assert_eq!(inner.visits(), 0);
}

#[tokio::test]
async fn an_allowed_name_may_lead_inside_and_no_other() {
    let server = Server::start("127.0.0.1").await;
    let port = server.address.port();
    let egress = Egress::with_names(&settings("Images.Intern", &[port]), Book::new(&[&["127.0.0.1"]])).unwrap();
    for host in ["images.intern", "IMAGES.intern."] {
        assert_eq!(egress.fetch(&format!("http://{host}:{port}/picture"), 10).await.unwrap().bytes, "PNG");
    }
    for host in ["intern", "evil.images.intern", "images.intern.example", "127.0.0.1"] {
        assert_eq!(refused(&egress, &format!("http://{host}:{port}/picture")).await, FetchError::NotPublic, "{host}");
    }
}

#[tokio::test]
async fn each_redirect_is_checked_like_the_first_url() {
    let (server, inner) = (Server::start("127.0.0.1").await, Server::start("127.0.0.2").await);
    let ports = [server.address.port(), inner.address.port()];
    let egress = egress("127.0.0.1", &ports);
    let cases = [
        (inner.url("picture"), FetchError::NotPublic),
        (format!("http://localhost.invalid:{}/", ports[1]), FetchError::NotPublic),
        ("file:///etc/passwd".to_owned(), FetchError::Url),
        ("data:text/plain,x".to_owned(), FetchError::Url),
        (format!("http://user@127.0.0.1:{}/picture", ports[0]), FetchError::Credentials),
    ];
    for (target, expected) in cases {
        assert_eq!(refused(&egress, &server.url(&format!("to/{target}"))).await, expected, "{target}");
    }
    assert!(matches!(refused(&egress, &server.url("to/http://127.0.0.1:1/")).await, FetchError::Port { port: 1, .. }));
    assert_eq!(inner.visits(), 0);
    // A redirect loop ends too.
    let itself = raw(|mut stream| {
        async move { drop(stream.write_all(b"HTTP/1.1 302 X\r\nlocation: /\r\ncontent-length: 0\r\n\r\n").await) }
            .boxed()
    });
    let itself = itself.await;
    let egress = self::egress("127.0.0.1", &[itself.port()]);
    assert_eq!(refused(&egress, &format!("http://{itself}/")).await, FetchError::Redirects);
}

#[tokio::test]
async fn what_is_no_address_on_the_web_is_refused_in_words() {
    let egress = egress("127.0.0.1", &[80, 443]);
    for url in [
        "",
        "picture.png",
        "//example.org/x",
        "ftp://example.org/",
        "file:///etc/passwd",
        "gopher://x",
        "javascript:1",
        "http://",
        "http://256.1.1.1/",
        &format!("http://example.org/{}", "x".repeat(10_000)),
    ] {
        assert_eq!(refused(&egress, url).await, FetchError::Url, "{url}");
    }
    for url in ["http://user@example.org/", "https://user:secret@example.org/", "http://:secret@example.org"] {
        assert_eq!(refused(&egress, url).await, FetchError::Credentials, "{url}");
    }
    let error = refused(&egress, "http://example.org:6379/").await;
    assert_eq!(error.to_string(), "port 6379 is not fetched: only 80, 443 are (egress.ports)");
}

#[tokio::test]
async fn a_body_that_is_too_large_or_never_ends_is_cut_off() {
    let endless = raw(|mut stream| {
        async move {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
            while stream.write_all(b"400\r\n").await.is_ok() && stream.write_all(&[b'x'; 1024]).await.is_ok() {
                let _ = stream.write_all(b"\r\n").await;
            }
        }
        .boxed()
    });
    let promised = raw(|mut stream| {
        async move { drop(stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n").await) }.boxed()
    });
    let (endless, promised) = (endless.await, promised.await);
    let egress = egress("127.0.0.1", &[endless.port(), promised.port()]);
    for server in [endless, promised] {
        let url = format!("http://{server}/");
        assert_eq!(egress.fetch(&url, 10_000).await, Err(FetchError::TooLarge(10_000)));
        assert_eq!(egress.fetch(&url, u64::MAX).await, Err(FetchError::TooLarge(1 << 20)), "the setting holds too");
    }
}

#[tokio::test]
async fn a_server_that_is_slow_or_silent_is_left() {
    let silent = raw(|stream| {
        async move {
            let _stream = stream;
            std::future::pending::<()>().await;
        }
        .boxed()
    });
    let dripping = raw(|mut stream| {
        async move {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nx").await;
            std::future::pending::<()>().await;
        }
        .boxed()
    });
    let (silent, dripping) = (silent.await, dripping.await);
    let settings = config::Egress { timeout_seconds: 1, ..settings("127.0.0.1", &[silent.port(), dripping.port()]) };
    let egress = Egress::new(&settings).unwrap();
    for server in [silent, dripping] {
        let error = refused(&egress, &format!("http://{server}/")).await;
        assert_eq!(error.to_string(), "it took longer than 1 s");
        assert!(error.is_temporary());
    }
}

#[tokio::test]
async fn what_is_no_web_server_is_told_from_one_that_is_closed_by_nothing() {
    let ssh = raw(|mut stream| async move { drop(stream.write_all(b"SSH-2.0-OpenSSH_9.6\r\n").await) }.boxed()).await;
    let half = raw(|mut stream| {
        async move { drop(stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nsecret").await) }.boxed()
    });
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let servers = [ssh, half.await, closed];
    let egress = egress("127.0.0.1", &servers.map(|server| server.port()));
    for server in servers {
        let error = refused(&egress, &format!("http://{server}/")).await;
        assert_eq!((&error, error.is_temporary()), (&FetchError::Unreachable, true));
        assert!(!format!("{error} {error:?}").contains("SSH"));
    }
}

#[tokio::test]
async fn nothing_is_sent_along() {
    let server = Server::start("127.0.0.1").await;
    let egress = egress("127.0.0.1", &[server.address.port()]);
    assert_eq!(egress.fetch(&server.url("cookie"), 10).await.unwrap().bytes, "PNG");
    let seen = server.headers.lock().unwrap().clone();
    assert_eq!(seen.len(), 2);
    for headers in seen {
        let names: Vec<_> = headers.keys().map(header::HeaderName::as_str).collect();
        assert!(names.iter().all(|name| ["accept", "host", "user-agent"].contains(name)), "{names:?}");
        assert!(headers[header::USER_AGENT].to_str().unwrap().starts_with("ruche/"));
    }
}

/// In a child process, because environment variables belong to a process.
#[tokio::test]
async fn proxies_of_the_environment_are_not_used() {
    const URL: &str = "EGRESS_TEST_URL";
    if let Ok(url) = std::env::var(URL) {
        let port = url.rsplit(':').next().unwrap().trim_end_matches('/').parse().unwrap();
        let fetched = egress("127.0.0.1", &[port]).fetch(&format!("{url}picture"), 10).await.unwrap();
        assert_eq!(fetched.bytes, "PNG");
        return;
    }
    let (server, proxy) = (Server::start("127.0.0.1").await, Server::start("127.0.0.1").await);
    let mut child = tokio::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "egress::proxies_of_the_environment_are_not_used"]).env(URL, server.url(""));
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        child.env(name, proxy.url(""));
    }
    let output = child.env("no_proxy", "").output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!((server.visits(), proxy.visits()), (1, 0));
}
