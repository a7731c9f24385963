//! `make bench-embed`: embeddings beside llama.cpp's own server, through the bus, and the encoder alone.

mod batch;
mod beside;
mod budgets;
mod llama_server;
mod texts;

use std::path::Path;

use anyhow::{Result, ensure};

pub use llama_server::Peer;

use crate::{servers, system::System};

/// Prints the tables; with `alone`, only that of the encoder by the tokens of its batches.
pub async fn measure(peer: Peer, alone: bool) -> Result<()> {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.ruche/models/all-minilm-l6-v2.gguf");
    ensure!(model.is_file(), "{} is not there: `bash cli/setup.sh tests` makes it", model.display());
    if alone {
        return budgets::measure(&model, peer.threads).await;
    }
    let servers = servers::start().await?;
    let settings =
        [("RUCHE_EMBED__MODEL_PATH", &*model.to_string_lossy()), ("RUCHE_EMBED__THREADS", &peer.threads.to_string())];
    let system = System::start(&servers, "embed", &settings).await?;
    beside::measure(&servers, &system, &model, peer).await?;
    batch::measure(&servers, &system).await
}
