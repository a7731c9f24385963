//! Rerank: scores how well each text answers a query, with the cross-encoder that this worker has loaded.

use std::{num::NonZeroUsize, path::PathBuf};

use anyhow::Context as _;
use async_trait::async_trait;
use ruche_schemas::{
    Envelope, Failure,
    failure::codes,
    kinds::rerank::{Rerank, Reranked},
};
use ruche_store::ledger::{Usage, Write};
use tracing::{Instrument, Span, field, info_span};

use super::{
    prepared::{Prepared, Setup, ShutdownHandle},
    unknown_model::absent,
};
use crate::{
    inference::{
        encoder::{EncodeError, Encoded, Encoder, Metrics},
        llama::{EncoderOptions, Pooling, start_encoder},
    },
    registry::{Handler, handler},
    runtime::{context::Context, job_error::JobError},
};

const NO_SCORE: &str = "no_score";

pub struct RerankHandler(Encoder);

/// Fails if no model is configured or it can't be loaded.
pub fn prepare(setup: Setup<'_>) -> anyhow::Result<Prepared> {
    let rerank = setup.config.of::<Rerank>()?;
    anyhow::ensure!(
        !rerank.model_path.is_empty(),
        "rerank.model_path is empty: name the GGUF file of a reranker (RUCHE_RERANK__MODEL_PATH)"
    );
    let metrics = Metrics::new(&setup.metrics);
    let path = PathBuf::from(&rerank.model_path);
    let file = path.file_stem().unwrap_or_default().to_string_lossy();
    let options = EncoderOptions {
        model_name: if rerank.model_name.is_empty() { file.into_owned() } else { rerank.model_name.clone() },
        model_path: path.clone(),
        context_tokens: rerank.context_tokens,
        batch_tokens: rerank.batch_tokens,
        threads: rerank.threads,
        gpu_layers: rerank.gpu_layers,
        pooling: Pooling::Rank,
    };
    let encoder = start_encoder(options, metrics)?;
    let slots = usize::try_from(rerank.slots).ok().and_then(NonZeroUsize::new).context("rerank.slots is 0")?;
    let shutdown = ShutdownHandle::of(vec![encoder.thread().clone()]);
    Ok(Prepared { handler: handler(RerankHandler(encoder)), slots, reserved: 0, reconcilers: Vec::new(), shutdown })
}

impl RerankHandler {
    #[must_use]
    pub fn new(encoder: Encoder) -> Self {
        Self(encoder)
    }

    fn check_model(&self, asked: Option<&str>, attempt: u32) -> Result<(), JobError> {
        let own = self.0.name();
        let Some(asked) = asked.filter(|asked| *asked != own) else { return Ok(()) };
        let message = format!("this worker reranks with {own:?}, not with {asked:?}");
        Err(absent::<Rerank>(message, Some("model"), attempt))
    }
}

#[async_trait]
impl Handler<Rerank> for RerankHandler {
    async fn handle(&self, job: &Envelope<Rerank>, context: Context<Rerank>) -> Result<Reranked, JobError> {
        let Rerank { query, texts, model } = &job.body;
        self.check_model(model.as_deref(), context.attempt)?;
        let own = self.0.name();
        let span = info_span!(
            "rerank",
            otel.kind = "internal",
            gen_ai.operation.name = "rerank",
            gen_ai.request.model = own,
            gen_ai.usage.input_tokens = field::Empty,
        );
        async {
            let mut reranked = Reranked { model: own.to_owned(), ..Reranked::default() };
            let encoded = self.0.rank(query.clone(), texts.clone()).await.map_err(refused)?;
            for (index, Encoded { tokens, vector }) in encoded.into_iter().enumerate() {
                let numbers = vector.map_err(|error| {
                    JobError::Reject(Failure::new(NO_SCORE, error.to_string()).with_param(format!("texts[{index}]")))
                })?;
                reranked.scores.extend(numbers.first());
                reranked.tokens.push(tokens);
            }
            Span::current().record("gen_ai.usage.input_tokens", reranked.prompt_tokens());
            Ok(reranked)
        }
        .instrument(span)
        .await
    }

    fn writes(&self, _: &Envelope<Rerank>, output: &Reranked) -> Vec<Write> {
        let (model, prompt_tokens) = (output.model.clone(), output.prompt_tokens());
        vec![Write::Usage(Usage { model, prompt_tokens, completion_tokens: 0 })]
    }

    fn models(&self) -> Vec<String> {
        vec![self.0.name().to_owned()]
    }

    fn gpu(&self) -> Option<String> {
        self.0.model().gpu.clone()
    }
}

fn refused(error: EncodeError) -> JobError {
    let reject = |code, param: String| JobError::Reject(Failure::new(code, error.to_string()).with_param(param));
    match error {
        EncodeError::LongQuery { .. } => reject(codes::CONTEXT_LENGTH, "query".to_owned()),
        EncodeError::TooLong { index, .. } => reject(codes::CONTEXT_LENGTH, format!("texts[{index}]")),
        EncodeError::NoTokens { index } => reject(codes::INVALID, format!("texts[{index}]")),
        EncodeError::Stopped => JobError::retry(error),
    }
}
