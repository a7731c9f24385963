//! `make bench-embed`: embeddings beside llama.cpp's own server and through the bus, documents, and the encoder
//! alone.

mod batch;
mod beside;
mod budgets;
mod ingest;
mod llama_server;
mod texts;

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

pub use llama_server::Peer;

use crate::{
    servers::{self, Servers},
    system::System,
};

/// `alone`: only the encoder's table.
pub async fn measure(peer: Peer, alone: bool) -> Result<()> {
    let model = model()?;
    if alone {
        return budgets::measure(&model, peer.threads).await;
    }
    let servers = servers::start().await?;
    let system = system(&servers, &model, peer.threads).await?;
    beside::measure(&servers, &system, &model, peer).await?;
    batch::measure(&servers, &system).await
}

pub async fn pages(threads: u32, pages: usize) -> Result<()> {
    let servers = servers::start().await?;
    let system = system(&servers, &model()?, threads).await?;
    ingest::measure(&servers, &system, pages).await
}

pub fn model() -> Result<PathBuf> {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.ruche/models/all-minilm-l6-v2.gguf");
    ensure!(model.is_file(), "{} is not there: `bash cli/setup.sh tests` makes it", model.display());
    Ok(model)
}

pub async fn system(servers: &Servers, model: &Path, threads: u32) -> Result<System> {
    let settings =
        [("RUCHE_EMBED__MODEL_PATH", &*model.to_string_lossy()), ("RUCHE_EMBED__THREADS", &threads.to_string())];
    System::start(servers, "embed", &settings).await
}
