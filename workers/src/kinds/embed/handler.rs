//! Computes a vector for each text of a job; the indexer embeds documents.

use async_trait::async_trait;
use ruche_schemas::{
    Envelope, Failure, Invalid,
    failure::codes,
    kinds::embed::{Embed, Embedded, Indexed, Output, fit_inline, to_bytes},
};
use ruche_store::ledger::{Usage, Write};
use tracing::{Instrument, Span, field, info_span};

use super::{
    failures::NO_VECTOR,
    indexer::Indexer,
    served::{Models, Served},
};
use crate::{
    inference::encoder::{EncodeError, Encoded, Prefixes, truncate},
    registry::Handler,
    runtime::{context::Context, job_error::JobError},
};

pub struct EmbedHandler(pub(super) Models);

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

    fn writes(&self, _: &Envelope<Embed>, output: &Output) -> Vec<Write> {
        let (model, prompt_tokens) = match output {
            Output::Vectors(embedded) => (embedded.model.clone(), embedded.prompt_tokens()),
            Output::Document(indexed) => (indexed.model.clone(), indexed.tokens),
        };
        vec![Write::Usage(Usage { model, prompt_tokens, completion_tokens: 0 })]
    }

    fn models(&self) -> Vec<String> {
        self.0.all().map(|served| served.encoder().name().to_owned()).collect()
    }

    fn gpu(&self) -> Option<String> {
        self.0.all().find_map(|served| served.encoder().model().gpu.clone())
    }
}

impl EmbedHandler {
    #[must_use]
    pub fn new(prefixes: Prefixes, indexer: Indexer) -> Self {
        Self(Models { first: Served { prefixes, indexer }, next: None })
    }

    /// Adds the model that collections migrate to.
    #[must_use]
    pub fn beside(self, prefixes: Prefixes, indexer: Indexer) -> Self {
        Self(Models { next: Some(Served { prefixes, indexer }), ..self.0 })
    }

    async fn index(&self, job: &Envelope<Embed>, context: &Context<Embed>) -> Result<Indexed, JobError> {
        if job.ephemeral {
            let message = "an ephemeral job keeps no document: submit one that is not ephemeral";
            return Err(JobError::Reject(Failure::new(codes::INVALID, message).with_param("document")));
        }
        let (first, asked) = (&self.0.first.indexer, job.body.model.as_deref());
        let named = self.0.named(asked, context.attempt)?;
        let _permit = first.permits.acquire().await.map_err(JobError::retry)?;
        context.begins();
        context.steps(0, None, "reading");
        let read = first.read(job).await?;
        if read.again && asked.is_some() {
            return named.indexer.index(read, None, job, context).await;
        }
        let in_use = first.in_use(&job.tenant, &read.meta.collection).await?;
        let (main, next) = self.0.of_collection(&read.meta.collection, asked, &in_use, context.attempt)?;
        main.index(read, next, job, context).await
    }
}

async fn embed(served: &Served, job: &Envelope<Embed>, dimensions: u32) -> Result<Embedded, JobError> {
    let name = served.encoder().name();
    let (model, version) = (name.to_owned(), Some(served.indexer.model.version.clone()));
    let mut embedded = Embedded { model, version, dimensions, ..Embedded::default() };
    if job.ephemeral && job.body.texts.len() > fit_inline(dimensions) {
        // Without vectors, the answer still says how large they are; the caller sends fewer texts at once.
        return Ok(embedded);
    }
    let span = info_span!(
        "embeddings",
        otel.kind = "internal",
        gen_ai.operation.name = "embeddings",
        gen_ai.request.model = name,
        gen_ai.embeddings.dimension.count = dimensions,
        gen_ai.usage.input_tokens = field::Empty,
    );
    async {
        let prefix = served.prefixes.of(job.body.purpose).to_owned();
        let encoded = served.encoder().encode(prefix, job.body.texts.clone()).await.map_err(refused)?;
        for (index, Encoded { tokens, vector }) in encoded.into_iter().enumerate() {
            let vector = vector.and_then(|vector| truncate(vector, dimensions)).map_err(|error| {
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

/// The length of each vector; an error if the model's vectors are shorter than the job asks for.
fn dimensions(served: &Served, body: &Embed) -> Result<u32, JobError> {
    let model = served.encoder().model();
    match body.dimensions {
        Some(asked) if asked > model.dimensions => {
            let most = model.dimensions;
            let name = served.encoder().name();
            let message = format!("{asked} is out of range: {name:?} has vectors of 1 to {most} numbers");
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
        // An embed job has no query, so `LongQuery` can't happen.
        EncodeError::LongQuery { .. } | EncodeError::Stopped => JobError::retry(error),
    }
}
