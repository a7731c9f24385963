//! Loads the configured model, and the one that collections migrate to, if any.

use std::{
    fs::File,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use anyhow::Context as _;
use ruche_schemas::kinds::embed::{Embed, Purpose, Settings};
use ruche_store::documents::DocumentStore;
use tokio::sync::Semaphore;

use super::{
    handler::EmbedHandler,
    indexer::Indexer,
    served::{Models, Served},
};
use crate::{
    inference::{
        encoder::{Metrics, Prefixes},
        llama::{EncoderOptions, Pooling, start_encoder},
    },
    kinds::prepared::{Prepared, Setup, ShutdownHandle},
    reconcilers::{Reconciler, VectorIndexes},
    registry::handler,
};

/// One of so many slots is reserved for interactive jobs.
const RESERVED: usize = 8;

/// Fails if no model is configured or one can't be loaded.
pub fn prepare(setup: Setup<'_>) -> anyhow::Result<Prepared> {
    let embed = &setup.config.of::<Embed>()?;
    anyhow::ensure!(
        !embed.model_path.is_empty(),
        "embed.model_path is empty: name the GGUF file of an embedding model (RUCHE_EMBED__MODEL_PATH)"
    );
    let metrics = Metrics::new(&setup.metrics);
    let permits = Arc::new(Semaphore::new(usize::try_from(embed.documents).unwrap_or(1).max(1)));
    let load = |wanted: Wanted<'_>| wanted.load(embed, &metrics, setup.store.clone(), Arc::clone(&permits));
    let (first, next) = Wanted::of(embed);
    if let Some(next) = &next {
        let (name, other) = (next.name(), first.name());
        anyhow::ensure!(
            name != other,
            "embed.model_name and embed.next_model_name are both {name:?}: jobs are told which by its name, so they have to differ"
        );
    }
    let first = load(first)?;
    let next = next.map(load).transpose().context("embed.next_model_path can't be taken")?;
    let slots = usize::try_from(embed.slots).ok().and_then(NonZeroUsize::new).context("embed.slots is 0")?;
    let models = Models { first, next };
    let shutdown = ShutdownHandle::of(models.all().map(|served| served.encoder().thread().clone()).collect());
    // A query takes milliseconds, a document takes minutes.
    let reserved = (slots.get() / RESERVED).max(1).min(slots.get() - 1);
    let indexes = VectorIndexes { indexes: setup.store, settings: setup.config.search };
    let reconcilers: Vec<Arc<dyn Reconciler>> = vec![Arc::new(indexes)];
    Ok(Prepared { handler: handler(EmbedHandler(models)), slots, reserved, reconcilers, shutdown })
}

struct Wanted<'a> {
    path: &'a str,
    name: &'a str,
    query_prefix: &'a str,
    passage_prefix: &'a str,
    pooling: &'a str,
}

impl<'a> Wanted<'a> {
    fn of(embed: &'a Settings) -> (Self, Option<Self>) {
        let first = Self {
            path: &embed.model_path,
            name: &embed.model_name,
            query_prefix: &embed.query_prefix,
            passage_prefix: &embed.passage_prefix,
            pooling: &embed.pooling,
        };
        let next = Self {
            path: &embed.next_model_path,
            name: &embed.next_model_name,
            query_prefix: &embed.next_query_prefix,
            passage_prefix: &embed.next_passage_prefix,
            pooling: &embed.next_pooling,
        };
        (first, Some(next).filter(|next| !next.path.is_empty()))
    }

    fn file(&self) -> String {
        PathBuf::from(self.path).file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    fn name(&self) -> String {
        if self.name.is_empty() { self.file() } else { self.name.to_owned() }
    }

    fn load(
        &self,
        embed: &Settings,
        metrics: &Metrics,
        documents: Arc<dyn DocumentStore>,
        permits: Arc<Semaphore>,
    ) -> anyhow::Result<Served> {
        let pooling = match self.pooling {
            "mean" => Pooling::Mean,
            "cls" => Pooling::Cls,
            "last" => Pooling::Last,
            _ => Pooling::Model,
        };
        let options = EncoderOptions {
            model_path: self.path.into(),
            model_name: self.name(),
            context_tokens: embed.context_tokens,
            batch_tokens: embed.batch_tokens,
            threads: embed.threads,
            gpu_layers: embed.gpu_layers,
            pooling,
        };
        let encoder = start_encoder(options, metrics.clone())?;
        let names = format!("{} {} {}", self.name(), self.file(), encoder.model().description);
        let prefixes = Prefixes::new(self.query_prefix, self.passage_prefix, &names);
        let prefix = prefixes.of(Some(Purpose::Passage));
        let version = version(self.path.as_ref(), self.pooling, prefix)?;
        let indexer = Indexer::new(embed, version, (encoder, prefix), documents, permits)?;
        Ok(Served { prefixes, indexer })
    }
}

/// Identifies vectors that can be compared: a hash of the model's file, the pooling and the prefix.
fn version(path: &Path, pooling: &str, prefix: &str) -> anyhow::Result<String> {
    let start = Instant::now();
    let file = File::open(path).with_context(|| format!("{} can't be read", path.display()))?;
    let mut hash = blake3::Hasher::new();
    hash.update_reader(file).with_context(|| format!("{} can't be read", path.display()))?;
    for part in [pooling, prefix] {
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let version = hash.finalize().to_hex().to_string();
    let seconds = start.elapsed().as_secs_f64();
    tracing::debug!(version, seconds, "hashed the model's file");
    Ok(version)
}
