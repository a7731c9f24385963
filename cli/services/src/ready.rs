//! Checks whether a server is ready: asks in its own protocol, repeatedly, for a bounded time.
//!
//! Without client libraries, so that this crate stays small: NATS greets with an `INFO` line, and Postgres answers a
//! start-up message with a password request or the code for "still starting".

use std::{future::Future, io, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

use crate::{
    ServiceError,
    process::{self, Process},
};

/// The longest that one probe may take.
const ONE_TRY: Duration = Duration::from_secs(2);

/// Waits until `probe` is true, or the process ends, or `limit` has passed.
///
/// # Errors
/// [`ServiceError::Died`] or [`ServiceError::NotReady`], each with the last lines of the log.
pub async fn wait<F, P>(process: &Process, limit: Duration, probe: P) -> Result<(), ServiceError>
where
    F: Future<Output = bool>,
    P: Fn() -> F,
{
    let start = Instant::now();
    let mut pause = Duration::from_millis(10);
    loop {
        tokio::select! {
            biased;
            status = process.exited() => {
                return Err(ServiceError::Died {
                    name: process.name().to_owned(),
                    status: status.to_string(),
                    log: process.log().to_owned(),
                    lines: process.last_lines(),
                });
            }
            answer = timeout(ONE_TRY, probe()) => if answer.unwrap_or(false) { return Ok(()) },
        }
        if start.elapsed() > limit {
            let lines = process.last_lines();
            let log = process.log().to_owned();
            return Err(ServiceError::NotReady { name: process.name().to_owned(), after: limit, log, lines });
        }
        tokio::select! {
            () = sleep(pause) => pause = (pause * 2).min(Duration::from_millis(200)),
            _ = process.exited() => {}
        }
    }
}

/// Whether the NATS server of this name greets on this port of 127.0.0.1, with JetStream.
pub async fn nats(port: u16, name: &str) -> bool {
    let ours = format!("\"server_name\":\"{name}\"");
    let is_ready =
        |line: &str| line.starts_with("INFO ") && line.contains("\"jetstream\":true") && line.contains(&ours);
    greeting(port).await.is_ok_and(|line| is_ready(&line))
}

/// Whether the NATS server on this port of 127.0.0.1 accepts this user.
pub async fn nats_admits(port: u16, user: &str, password: &str) -> bool {
    let ask = async || -> io::Result<bool> {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        let connect = format!("CONNECT {{\"user\":\"{user}\",\"pass\":\"{password}\",\"verbose\":false}}\r\nPING\r\n");
        line(&mut stream).await?;
        stream.write_all(connect.as_bytes()).await?;
        Ok(line(&mut stream).await?.contains("PONG"))
    };
    ask().await.unwrap_or(false)
}

async fn greeting(port: u16) -> io::Result<String> {
    line(&mut TcpStream::connect(("127.0.0.1", port)).await?).await
}

async fn line(stream: &mut TcpStream) -> io::Result<String> {
    let mut line = Vec::new();
    let mut chunk = [0; 1024];
    // INFO is one line of about 400 bytes; 16 KiB bounds what another program on the port could send.
    while !line.contains(&b'\n') && line.len() < 16 * 1024 {
        match stream.read(&mut chunk).await? {
            0 => break,
            n => line.extend_from_slice(&chunk[..n]),
        }
    }
    Ok(String::from_utf8_lossy(&line).into_owned())
}

/// Whether a Postgres server on this port of 127.0.0.1 takes logins.
///
/// Source: PostgreSQL's documentation, "Message Formats": `StartupMessage`, `AuthenticationRequest` ('R').
pub async fn postgres(port: u16) -> bool {
    first_byte(port).await.is_ok_and(|byte| byte == b'R')
}

async fn first_byte(port: u16) -> io::Result<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let parameters = b"user\0ruche\0database\0ruche\0\0";
    let length = u32::try_from(8 + parameters.len()).unwrap_or(u32::MAX);
    let mut message = length.to_be_bytes().to_vec();
    message.extend_from_slice(&196_608_u32.to_be_bytes()); // protocol 3.0
    message.extend_from_slice(parameters);
    stream.write_all(&message).await?;
    stream.read_u8().await
}

/// The answer of an HTTP server: the status, 0 if it was none, and at most 64 KiB of the body.
///
/// # Errors
/// The connection failed.
pub async fn http(host: &str, port: u16, path: &str) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect((host, port)).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    (&mut stream).take(64 * 1024).read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    Ok((status, answer.split_once("\r\n\r\n").map_or(String::new(), |(_, body)| body.to_owned())))
}

/// Waits for the end of another program's process.
///
/// # Errors
/// [`ServiceError::InUse`] if it still runs after `limit`.
pub async fn gone(pid: i32, data: &std::path::Path, limit: Duration) -> Result<(), ServiceError> {
    let start = Instant::now();
    while process::is_alive(pid) {
        if start.elapsed() > limit {
            return Err(ServiceError::InUse { pid, data: data.to_owned() });
        }
        sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}
