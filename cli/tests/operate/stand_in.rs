//! A gateway with prepared answers that records its requests.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
};

#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// `GET /v1/jobs?kind=chat`.
    pub line: String,
    /// Names in lower case.
    pub headers: HashMap<String, String>,
    /// Invalid UTF-8 is replaced.
    pub body: String,
    pub bytes: Vec<u8>,
}

impl Request {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Answer {
    status: u16,
    kind: &'static str,
    extra: String,
    body: String,
    /// Whether the connection breaks in the middle of the body.
    breaks: bool,
}

pub(crate) fn ok(body: Value) -> Answer {
    status(200, body)
}

pub(crate) fn status(status: u16, body: Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    Answer { status, kind: "application/json", extra: String::new(), body, breaks: false }
}

pub(crate) fn text(kind: &'static str, body: &str) -> Answer {
    Answer { kind, body: body.to_owned(), ..ok(Value::Null) }
}

impl Answer {
    /// The connection breaks before the body's end.
    pub(crate) fn then_breaks(self) -> Self {
        Self { breaks: true, ..self }
    }

    /// With one more header.
    pub(crate) fn with(self, header: &str) -> Self {
        Self { extra: format!("{}{header}\r\n", self.extra), ..self }
    }
}

/// The requests so far, watched by those who wait for more.
type Seen = Arc<watch::Sender<Vec<Request>>>;

type Routes = Arc<Mutex<HashMap<String, Vec<Answer>>>>;

/// The server ends with the test's runtime.
pub(crate) struct Gateway {
    pub url: String,
    routes: Routes,
    seen: Seen,
}

impl Gateway {
    /// On a free port.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (routes, seen) = (Routes::default(), Seen::new(watch::Sender::default()));
        let gateway = Self { url, routes: routes.clone(), seen: seen.clone() };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, routes.clone(), seen.clone()));
            }
        });
        gateway
    }

    /// The answers to this request line in order; the last one repeats.
    pub(crate) fn on(&self, line: &str, mut answers: Vec<Answer>) -> &Self {
        answers.reverse();
        self.routes.lock().unwrap().insert(line.to_owned(), answers);
        self
    }

    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.borrow().clone()
    }

    /// Waits for a request line with this beginning.
    pub(crate) async fn asked(&self, line: &str) {
        let is_there = |seen: &Vec<Request>| seen.iter().any(|request| request.line.starts_with(line));
        self.seen.subscribe().wait_for(is_there).await.unwrap();
    }

    pub(crate) fn last(&self, line: &str) -> Request {
        let found = self.seen().into_iter().rfind(|request| request.line == line);
        found.unwrap_or_else(|| panic!("{line} was never asked, but {:?}", self.seen()))
    }
}

async fn answer(stream: TcpStream, routes: Routes, seen: Seen) {
    let mut stream = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_owned()),
        }
    }
    let split = |line: &String| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()));
    let headers: HashMap<_, _> = head.iter().skip(1).filter_map(split).collect();
    let bytes = body(&mut stream, &headers).await;
    let body = String::from_utf8_lossy(&bytes).into_owned();
    let line = head[0].trim_end_matches(" HTTP/1.1").to_owned();
    seen.send_modify(|seen| seen.push(Request { line: line.clone(), headers, body, bytes }));
    let answer = match routes.lock().unwrap().get_mut(&line) {
        Some(answers) if answers.len() > 1 => answers.pop(),
        Some(answers) => answers.last().cloned(),
        None => None,
    };
    let unknown = serde_json::json!({"error": {"message": format!("no {line}"), "code": "no_route"}});
    let answer = answer.unwrap_or_else(|| status(404, unknown));
    let length = answer.body.len() + usize::from(answer.breaks) * 100;
    let text = format!(
        "HTTP/1.1 {} X\r\ncontent-type: {}\r\ncontent-length: {length}\r\nconnection: close\r\n{}\r\n{}",
        answer.status, answer.kind, answer.extra, answer.body
    );
    let _ = stream.write_all(text.as_bytes()).await;
    let _ = stream.shutdown().await;
}

async fn body(stream: &mut BufReader<TcpStream>, headers: &HashMap<String, String>) -> Vec<u8> {
    let mut body = Vec::new();
    if let Some(length) = headers.get("content-length") {
        body.resize(length.parse().unwrap(), 0);
        stream.read_exact(&mut body).await.unwrap();
    } else if headers.contains_key("transfer-encoding") {
        loop {
            let mut size = String::new();
            stream.read_line(&mut size).await.unwrap();
            let size = usize::from_str_radix(size.trim(), 16).unwrap();
            let mut chunk = vec![0; size + 2];
            stream.read_exact(&mut chunk).await.unwrap();
            if size == 0 {
                break;
            }
            body.extend_from_slice(&chunk[..size]);
        }
    }
    body
}
