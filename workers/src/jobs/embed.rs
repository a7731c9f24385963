//! Embed: a vector for each text, from the model that this worker has loaded; documents are in [`document`].

use std::{num::NonZeroUsize, path::PathBuf};

use anyhow::Context as _;
use async_trait::async_trait;
use ruche_schemas::{
    Envelope, Failure, Invalid,
    failure::codes,
    jobs::embed::{Embed, Embedded, Output, Purpose, fit_inline, to_bytes},
};
use tracing::{Instrument, Span, field, info_span};

use super::{Lifeline, Prepared, Setup};
use crate::{
    adapters::llama::Pooling,
    encoder::{self, EncodeError, Encoded, Encoder, Metrics, Prefixes, cut},
    ports::ledger::{Keep, Usage},
    registry::{Handler, handler},
    runtime::{Context, JobError},
};

pub mod document;

pub use document::Indexer;

/// The code of a text that the model can't embed.
const NO_VECTOR: &str = "no_vector";

/// One slot of so many is for interactive jobs only.
const RESERVED: usize = 8;

/// Embeds texts and documents.
pub struct EmbedHandler {
    prefixes: Prefixes,
    indexer: Indexer,
}

/// Loads the model.
///
/// # Errors
/// When no model is configured or it can't be loaded.
pub fn prepare(setup: Setup<'_>) -> anyhow::Result<Prepared> {
    let embed = &setup.config.embed;
    anyhow::ensure!(
        !embed.model_path.is_empty(),
        "embed.model_path is empty: name the GGUF file of an embedding model (RUCHE_EMBED__MODEL_PATH)"
    );
    let model_path = PathBuf::from(&embed.model_path);
    let file = model_path.file_stem().unwrap_or_default().to_string_lossy();
    let model_name = if embed.model_name.is_empty() { file.clone().into_owned() } else { embed.model_name.clone() };
    let pooling = match embed.pooling.as_str() {
        "mean" => Pooling::Mean,
        "cls" => Pooling::Cls,
        "last" => Pooling::Last,
        _ => Pooling::Model,
    };
    let metrics = Metrics::default();
    metrics.register(setup.registry);
    let options = encoder::Options {
        model_path: model_path.clone(),
        model_name: model_name.clone(),
        context_tokens: embed.context_tokens,
        batch_tokens: embed.batch_tokens,
        threads: embed.threads,
        gpu_layers: embed.gpu_layers,
        pooling,
    };
    let encoder = Encoder::start(options, metrics)?;
    let names = format!("{model_name} {file} {}", encoder.model().description);
    let prefixes = Prefixes::new(&embed.query_prefix, &embed.passage_prefix, &names);
    let slots = usize::try_from(embed.slots).ok().and_then(NonZeroUsize::new).context("embed.slots is 0")?;
    let lifeline = Lifeline {
        ended: Box::pin(encoder.ended()),
        stop: Box::new({
            let encoder = encoder.clone();
            move || encoder.stop()
        }),
    };
    let prefix = prefixes.of(Some(Purpose::Passage)).to_owned();
    let indexer = Indexer::new(embed, encoder, &prefix, setup.postgres)?;
    // A query takes milliseconds, and a document minutes.
    let reserved = (slots.get() / RESERVED).max(1).min(slots.get() - 1);
    Ok(Prepared { handler: handler(EmbedHandler::new(prefixes, indexer)), slots, reserved, lifeline })
}

#[async_trait]
impl Handler<Embed> for EmbedHandler {
    async fn handle(&self, job: &Envelope<Embed>, context: Context<Embed>) -> Result<Output, JobError> {
        let dimensions = self.dimensions(&job.body)?;
        if job.body.document.is_some() || job.body.stored.is_some() {
            return Box::pin(self.indexer.index(job, &context)).await.map(Output::Document);
        }
        self.embed(job, dimensions).await.map(Output::Vectors)
    }

    fn keep(&self, _: &Envelope<Embed>, output: &Output) -> Vec<Keep> {
        let (model, prompt_tokens) = match output {
            Output::Vectors(embedded) => (embedded.model.clone(), embedded.prompt_tokens()),
            Output::Document(indexed) => (indexed.model.clone(), indexed.tokens),
        };
        vec![Keep::Usage(Usage { model, prompt_tokens, completion_tokens: 0 })]
    }

    fn models(&self) -> Vec<String> {
        vec![self.encoder().model().name.clone()]
    }

    fn gpu(&self) -> Option<String> {
        self.encoder().model().gpu.clone()
    }
}

impl EmbedHandler {
    /// With these prefixes, on the indexer's model.
    #[must_use]
    pub fn new(prefixes: Prefixes, indexer: Indexer) -> Self {
        Self { prefixes, indexer }
    }

    fn encoder(&self) -> &Encoder {
        &self.indexer.encoder
    }

    /// The vectors of the job's texts.
    async fn embed(&self, job: &Envelope<Embed>, dimensions: u32) -> Result<Embedded, JobError> {
        let model = self.encoder().model();
        let mut embedded = Embedded { model: model.name.clone(), dimensions, vectors: Vec::new(), tokens: Vec::new() };
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
            let prefix = self.prefixes.of(job.body.purpose).to_owned();
            let encoded = self.encoder().encode(prefix, job.body.texts.clone()).await.map_err(refused)?;
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

    /// How many numbers each vector is to have, where this worker can do what is asked for.
    fn dimensions(&self, body: &Embed) -> Result<u32, JobError> {
        let model = self.encoder().model();
        if let Some(asked) = &body.model
            && *asked != model.name
        {
            let message = format!("this worker embeds with {:?}, not with {asked:?}", model.name);
            return Err(JobError::Reject(Failure::new(codes::UNKNOWN_MODEL, message).with_param("model")));
        }
        match body.dimensions {
            Some(asked) if asked > model.dimensions => {
                let most = model.dimensions;
                let message = format!("{asked} is out of range: {:?} has vectors of 1 to {most} numbers", model.name);
                Err(JobError::Reject(Invalid::new("dimensions", message).into()))
            }
            asked => Ok(asked.unwrap_or(model.dimensions)),
        }
    }
}

fn refused(error: EncodeError) -> JobError {
    let reject = |code, index: usize| {
        JobError::Reject(Failure::new(code, error.to_string()).with_param(format!("texts[{index}]")))
    };
    match error {
        EncodeError::TooLong { index, .. } => reject(codes::CONTEXT_LENGTH, index),
        EncodeError::NoTokens { index } => reject(codes::INVALID, index),
        EncodeError::Stopped => JobError::retry(error),
    }
}
