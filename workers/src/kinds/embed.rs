//! Embed: a vector for each text, from a model that this worker has loaded; documents are in [`document`], the choice of the
//! model is in [`models`].

use std::{num::NonZeroUsize, path::PathBuf, sync::Arc};

use anyhow::Context as _;
use async_trait::async_trait;
use ruche_schemas::{
    Envelope, Failure, Invalid, Job as _,
    failure::codes,
    kinds::embed::{Embed, Embedded, Indexed, Output, Purpose, Settings, fit_inline, to_bytes},
};
use tokio::sync::Semaphore;
use tracing::{Instrument, Span, field, info_span};

use super::{Lifeline, Prepared, Setup};
use crate::{
    inference::{
        encoder::{self, EncodeError, Encoded, Encoder, Metrics, Prefixes, cut},
        llama::Pooling,
    },
    ports::{
        corpus::Corpus,
        ledger::{Keep, Usage},
    },
    registry::{Handler, handler},
    runtime::{Context, JobError},
};

pub mod document;
mod models;

pub use document::Indexer;
use models::{Models, Served};

/// The code of a text that the model can't embed.
const NO_VECTOR: &str = "no_vector";

/// One slot of so many is for interactive jobs only.
const RESERVED: usize = 8;

/// Embeds texts and documents.
pub struct EmbedHandler(Models);

/// Loads the model, or both.
///
/// # Errors
/// When no model is configured or one can't be loaded.
pub fn prepare(setup: Setup<'_>) -> anyhow::Result<Prepared> {
    let embed = &setup.config.of::<Embed>()?;
    anyhow::ensure!(
        !embed.model_path.is_empty(),
        "embed.model_path is empty: name the GGUF file of an embedding model (RUCHE_EMBED__MODEL_PATH)"
    );
    let metrics = Metrics::default();
    metrics.register(setup.registry, &Embed::KIND);
    let room = Arc::new(Semaphore::new(usize::try_from(embed.documents).unwrap_or(1).max(1)));
    let load = |wanted: Wanted<'_>| wanted.load(embed, &metrics, setup.postgres.clone(), Arc::clone(&room));
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
    let lifeline = Lifeline::of(models.all().map(|served| served.encoder().clone()).collect());
    // A query takes milliseconds, and a document minutes.
    let reserved = (slots.get() / RESERVED).max(1).min(slots.get() - 1);
    Ok(Prepared { handler: handler(EmbedHandler(models)), slots, reserved, lifeline })
}

/// A model as the settings want it.
struct Wanted<'a> {
    path: &'a str,
    name: &'a str,
    query_prefix: &'a str,
    passage_prefix: &'a str,
    pooling: &'a str,
}

impl<'a> Wanted<'a> {
    /// The first, and the one that collections go to.
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
        corpus: Arc<dyn Corpus>,
        room: Arc<Semaphore>,
    ) -> anyhow::Result<Served> {
        let pooling = match self.pooling {
            "mean" => Pooling::Mean,
            "cls" => Pooling::Cls,
            "last" => Pooling::Last,
            _ => Pooling::Model,
        };
        let options = encoder::Options {
            model_path: self.path.into(),
            model_name: self.name(),
            context_tokens: embed.context_tokens,
            batch_tokens: embed.batch_tokens,
            threads: embed.threads,
            gpu_layers: embed.gpu_layers,
            pooling,
        };
        let encoder = Encoder::start(options, metrics.clone())?;
        let names = format!("{} {} {}", self.name(), self.file(), encoder.model().description);
        let prefixes = Prefixes::new(self.query_prefix, self.passage_prefix, &names);
        let prefix = prefixes.of(Some(Purpose::Passage));
        let indexer = Indexer::new(embed, (self.path.as_ref(), self.pooling), (encoder, prefix), corpus, room)?;
        Ok(Served { prefixes, indexer })
    }
}

#[async_trait]
impl Handler<Embed> for EmbedHandler {
    async fn handle(&self, job: &Envelope<Embed>, context: Context<Embed>) -> Result<Output, JobError> {
        if job.body.document.is_some() || job.body.stored.is_some() {
            return Box::pin(self.index(job, &context)).await.map(Output::Document);
        }
        let served = self.0.named(job.body.model.as_deref(), context.attempt)?;
        let dimensions = dimensions(served, &job.body)?;
        embed(served, job, dimensions).await.map(Output::Vectors)
    }

    fn keep(&self, _: &Envelope<Embed>, output: &Output) -> Vec<Keep> {
        let (model, prompt_tokens) = match output {
            Output::Vectors(embedded) => (embedded.model.clone(), embedded.prompt_tokens()),
            Output::Document(indexed) => (indexed.model.clone(), indexed.tokens),
        };
        vec![Keep::Usage(Usage { model, prompt_tokens, completion_tokens: 0 })]
    }

    fn models(&self) -> Vec<String> {
        self.0.all().map(|served| served.encoder().model().name.clone()).collect()
    }

    fn gpu(&self) -> Option<String> {
        self.0.all().find_map(|served| served.encoder().model().gpu.clone())
    }
}

impl EmbedHandler {
    /// With these prefixes, on the indexer's model.
    #[must_use]
    pub fn new(prefixes: Prefixes, indexer: Indexer) -> Self {
        Self(Models { first: Served { prefixes, indexer }, next: None })
    }

    /// With another model beside it, that collections go to.
    #[must_use]
    pub fn beside(self, prefixes: Prefixes, indexer: Indexer) -> Self {
        Self(Models { next: Some(Served { prefixes, indexer }), ..self.0 })
    }

    /// Indexes the job's document.
    async fn index(&self, job: &Envelope<Embed>, context: &Context<Embed>) -> Result<Indexed, JobError> {
        if job.ephemeral {
            let message = "an ephemeral job keeps no document: submit one that is not ephemeral";
            return Err(JobError::Reject(Failure::new(codes::INVALID, message).with_param("document")));
        }
        let (first, asked) = (&self.0.first.indexer, job.body.model.as_deref());
        let named = self.0.named(asked, context.attempt)?;
        let _room = first.room.acquire().await.map_err(JobError::retry)?;
        context.begins();
        context.steps(0, None, "reading");
        let read = first.read(job).await?;
        if read.again && asked.is_some() {
            return named.indexer.index(read, None, job, context).await;
        }
        let in_use = first.in_use(&job.tenant, &read.about.collection).await?;
        let (main, next) = self.0.of_collection(&read.about.collection, asked, &in_use, context.attempt)?;
        main.index(read, next, job, context).await
    }
}

/// The vectors of the job's texts.
async fn embed(served: &Served, job: &Envelope<Embed>, dimensions: u32) -> Result<Embedded, JobError> {
    let model = served.encoder().model();
    let (name, version) = (model.name.clone(), Some(served.indexer.model.version.clone()));
    let mut embedded = Embedded { model: name, version, dimensions, ..Embedded::default() };
    if job.ephemeral && job.body.texts.len() > fit_inline(dimensions) {
        // Whoever waits is told how large vectors are, and asks for fewer at once.
        return Ok(embedded);
    }
    let span = info_span!(
        "embeddings",
        otel.kind = "internal",
        gen_ai.operation.name = "embeddings",
        gen_ai.request.model = model.name,
        gen_ai.embeddings.dimension.count = dimensions,
        gen_ai.usage.input_tokens = field::Empty,
    );
    async {
        let prefix = served.prefixes.of(job.body.purpose).to_owned();
        let encoded = served.encoder().encode(prefix, job.body.texts.clone()).await.map_err(refused)?;
        for (index, Encoded { tokens, vector }) in encoded.into_iter().enumerate() {
            let vector = vector.and_then(|vector| cut(vector, dimensions)).map_err(|error| {
                JobError::Reject(Failure::new(NO_VECTOR, error.to_string()).with_param(format!("texts[{index}]")))
            })?;
            embedded.vectors.push(to_bytes(&vector));
            embedded.tokens.push(tokens);
        }
        Span::current().record("gen_ai.usage.input_tokens", embedded.prompt_tokens());
        Ok(embedded)
    }
    .instrument(span)
    .await
}

/// How many numbers each vector is to have, where the model can do what is asked for.
fn dimensions(served: &Served, body: &Embed) -> Result<u32, JobError> {
    let model = served.encoder().model();
    match body.dimensions {
        Some(asked) if asked > model.dimensions => {
            let most = model.dimensions;
            let message = format!("{asked} is out of range: {:?} has vectors of 1 to {most} numbers", model.name);
            Err(JobError::Reject(Invalid::new("dimensions", message).into()))
        }
        asked => Ok(asked.unwrap_or(model.dimensions)),
    }
}

fn refused(error: EncodeError) -> JobError {
    let reject = |code, index: usize| {
        JobError::Reject(Failure::new(code, error.to_string()).with_param(format!("texts[{index}]")))
    };
    match error {
        EncodeError::TooLong { index, .. } => reject(codes::CONTEXT_LENGTH, index),
        EncodeError::NoTokens { index } => reject(codes::INVALID, index),
        // There is no query here.
        EncodeError::LongQuery { .. } | EncodeError::Stopped => JobError::retry(error),
    }
}
