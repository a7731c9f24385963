//! A private S3 service: moto's server, which keeps everything in memory.
//!
//! A Python package like NATS and Postgres: crates with an S3 server would change the features of shared
//! dependencies, so that tests and programs would be built twice.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::OnceCell,
};

use super::{
    folder,
    slot::{Slot, TRIES},
};
use crate::{
    ServiceError, ports,
    process::{Launch, Process},
    ready,
    tools::Tools,
};

/// The existing bucket.
pub const BUCKET: &str = "ruche";

/// How long the server may take until it answers: Python reads many files first.
const TIMEOUT: Duration = Duration::from_secs(60);

/// An S3 service that all tests of this process share, with a bucket [`BUCKET`]. Each uses a prefix of its own.
pub async fn shared_s3() -> String {
    static SHARED: OnceCell<(Slot, u16)> = OnceCell::const_new();
    let (_, port) = SHARED.get_or_init(start).await;
    format!("http://127.0.0.1:{port}")
}

async fn start() -> (Slot, u16) {
    let slot = Slot::default();
    let mut tries = 1;
    loop {
        let port = ports::free();
        match try_start(port).await {
            Ok(process) => {
                slot.set(Some(process));
                return (slot, port);
            }
            Err(_) if tries < TRIES => tries += 1,
            Err(error) => panic!("no S3 service for this test: {error}"),
        }
    }
}

async fn try_start(port: u16) -> Result<Process, ServiceError> {
    let tools = Tools::find()?;
    let program = tools.venv.join("bin/moto_server");
    if !program.is_file() {
        return Err(ServiceError::ToolsMissing { what: "moto", looked: tools.venv });
    }
    let folder = folder::make("s3");
    let mut launch = Launch::new("s3", program, folder.join("log"));
    launch.args = ["-H", "127.0.0.1", "-p", &port.to_string()].map(Into::into).into();
    let process = launch.spawn().await?;
    ready::wait(&process, TIMEOUT, || async { make_bucket(port).await.unwrap_or(false) }).await?;
    Ok(process)
}

/// This needs no signature.
async fn make_bucket(port: u16) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let request =
        format!("PUT /{BUCKET} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(64 * 1024).read_to_end(&mut answer).await?;
    Ok(answer.starts_with(b"HTTP/1.1 200"))
}
