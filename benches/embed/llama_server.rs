//! llama.cpp's own server, embedding.

use std::{path::Path, time::Duration};

use anyhow::{Result, ensure};
use reqwest::Client;
use ruche_services::{
    ports,
    process::{Launch, Process},
    ready,
};

const START: Duration = Duration::from_secs(60);
/// The longest text that the model reads, in tokens.
const LONGEST: u32 = 512;

#[derive(Debug, Clone, Copy)]
pub struct Peer {
    pub threads: u32,
    /// Concurrent sequences, each with room for the longest text.
    pub slots: u32,
    /// Tokens of a batch, which it fills with texts of all waiting requests.
    pub batch: u32,
}

/// Stops with this program.
pub struct LlamaServer {
    pub url: String,
    _process: Process,
}

impl LlamaServer {
    pub async fn start(model: &Path, folder: &Path, peer: Peer) -> Result<Self> {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.ruche/bench-embed/build/bin/llama-server");
        ensure!(program.is_file(), "{} is not there: run `make bench-embed`, which builds it", program.display());
        let port = ports::free();
        let mut launch = Launch::new("llama-server", program, folder.join("llama-server.log"));
        let model = model.display().to_string();
        let Peer { threads, slots, batch } = peer;
        let [port_text, threads, context, slots, batch] =
            [u32::from(port), threads, slots * LONGEST, slots, batch].map(|number| number.to_string());
        let arguments = [
            ["--host", "127.0.0.1"],
            ["--port", &port_text],
            ["--model", &model],
            ["--threads", &threads],
            ["--parallel", &slots],
            ["--ctx-size", &context],
            ["--batch-size", &batch],
            ["--ubatch-size", &batch],
        ];
        launch.args = arguments.concat().into_iter().chain(["--embedding"]).map(Into::into).collect();
        let process = launch.spawn().await?;
        let (client, url) = (Client::new(), format!("http://127.0.0.1:{port}"));
        let health = format!("{url}/health");
        let probe = || async { client.get(&health).send().await.is_ok_and(|answer| answer.status().is_success()) };
        ready::wait(&process, START, probe).await?;
        Ok(Self { url, _process: process })
    }
}
