//! Embeds texts for a waiting request: as many ephemeral jobs as their vectors need, and one answer.
//!
//! An ephemeral job's result must fit an event, and the model decides the size of vectors. So a job has few texts; if
//! these are too many, the worker answers with the size of a vector, and smaller jobs follow.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::Relaxed},
};

use futures::{StreamExt, TryStreamExt, stream};
use ruche_schemas::{
    Base64, Job as _, TenantId,
    kinds::embed::{Embed, Embedded, MAX_BYTES, Purpose, fit_inline},
};
use tokio::time::{Instant, timeout_at};

use super::openai::Input;
use crate::{
    http::{error::ApiError, limits},
    jobs::{models::Models, service::Jobs, wait::Waiter},
};

#[derive(Debug, Default)]
pub(crate) struct Vectors {
    pub(crate) model: String,
    /// The version of the model, if its worker reports it.
    pub(crate) version: Option<String>,
    /// One per text.
    pub(crate) vectors: Vec<Base64>,
    pub(crate) tokens: u64,
}

pub(crate) struct Part {
    /// The index of its first text.
    first: usize,
    pub(crate) texts: Vec<String>,
}

pub struct Embedder {
    waiter: Waiter,
    models: Arc<Models>,
    /// The most numbers of a vector that did not fit an event with others, so far; 0: none.
    widest_vector: AtomicU32,
}

impl Embedder {
    #[must_use]
    pub fn new(jobs: &Jobs) -> Self {
        let (waiter, models) = (jobs.waiter.clone(), Arc::clone(&jobs.models));
        Self { waiter, models, widest_vector: AtomicU32::new(0) }
    }

    /// Embeds texts with the other options of `asked`.
    ///
    /// # Errors
    /// As a submission, with the wrong text's name in the request; why a job failed; 504 on timeout. Then, and when
    /// the future is dropped, the jobs under way are cancelled.
    pub(crate) async fn embed(&self, tenant: &TenantId, input: &Input, mut asked: Embed) -> Result<Vectors, ApiError> {
        // The first text stands for all: they were checked when the request was read.
        Embed { texts: input.texts.iter().take(1).cloned().collect(), ..asked.clone() }.check()?;
        asked.model = match self.models.find(&Embed::KIND, asked.model.as_deref()).await? {
            Some(model) => Some(model),
            // All texts must be embedded by the same model.
            None => Some(self.models.default_name(&Embed::KIND).await),
        };
        asked.model = asked.model.filter(|model| !model.is_empty());
        let most = fit_inline(asked.dimensions.unwrap_or(self.widest_vector.load(Relaxed)).max(1));
        let deadline = Instant::now() + self.waiter.longest();
        let parts = parts(&input.texts, most.clamp(1, limits::EMBED_JOB_TEXTS));
        let asked = &asked;
        let embedding = stream::iter(parts)
            .map(|part| async move {
                let name = |number: usize| input.name(part.first + number);
                self.embed_part(tenant, &part, asked).await.map_err(|error| renamed(error, &name))
            })
            .buffered(limits::EMBED_JOBS)
            .try_fold(Vectors::default(), |all, embedded| async move { joined(all, embedded) });
        let late = |_| ApiError::unanswered(self.waiter.seconds);
        timeout_at(deadline, embedding).await.map_err(late)?
    }

    /// Embeds a word, to learn which model workers have under this name. Dropping the future cancels it.
    ///
    /// # Errors
    /// As a submission; why the job failed.
    pub(crate) async fn probe_model(&self, tenant: &TenantId, model: &str) -> Result<Embedded, ApiError> {
        let asked = Embed { model: Some(model.to_owned()), purpose: Some(Purpose::Passage), ..Embed::default() };
        self.embed_once(tenant, &["Bees".to_owned()], &asked, true).await
    }

    /// Embeds the texts of a part, in several jobs if their vectors do not fit an event.
    async fn embed_part(&self, tenant: &TenantId, part: &Part, asked: &Embed) -> Result<Vec<Embedded>, ApiError> {
        let first = self.embed_once(tenant, &part.texts, asked, part.first > 0).await?;
        if first.vectors.len() == part.texts.len() {
            return Ok(vec![first]);
        }
        let fit = fit_inline(first.dimensions.max(1)).max(1);
        if !first.vectors.is_empty() || fit >= part.texts.len() {
            tracing::error!(vectors = first.vectors.len(), texts = part.texts.len(), "a worker left texts out");
            return Err(ApiError::internal());
        }
        self.widest_vector.fetch_max(first.dimensions, Relaxed);
        let mut all = Vec::new();
        for (number, texts) in part.texts.chunks(fit).enumerate() {
            let embedded = self.embed_once(tenant, texts, asked, true).await;
            let name = |text: usize| format!("texts[{}]", number * fit + text);
            let embedded = embedded.map_err(|error| renamed(error, &name))?;
            if embedded.vectors.len() != texts.len() {
                return Err(ApiError::internal());
            }
            all.push(embedded);
        }
        Ok(all)
    }

    /// `patient`: as for [`Waiter::call`].
    async fn embed_once(
        &self,
        tenant: &TenantId,
        texts: &[String],
        asked: &Embed,
        patient: bool,
    ) -> Result<Embedded, ApiError> {
        let embed = Embed { texts: texts.to_vec(), ..asked.clone() };
        self.waiter.call(tenant, &embed, patient, "texts[0]").await
    }
}

/// Divides the texts into jobs of at most `most` texts and a job's bytes.
pub(crate) fn parts(texts: &[String], most: usize) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut bytes = 0;
    for (number, text) in texts.iter().enumerate() {
        // As JSON, where a control character is six bytes.
        let length = serde_json::to_string(text).map_or(text.len(), |json| json.len()) + 1;
        bytes += length;
        match parts.last_mut().filter(|part| part.texts.len() < most && bytes <= MAX_BYTES) {
            Some(part) => part.texts.push(text.clone()),
            None => {
                bytes = length;
                parts.push(Part { first: number, texts: vec![text.clone()] });
            }
        }
    }
    parts
}

/// Adds the vectors of the next job. Two models' vectors can't be compared, so they are an error.
fn joined(mut all: Vectors, next: Vec<Embedded>) -> Result<Vectors, ApiError> {
    for embedded in next {
        let same_size = all.vectors.first().zip(embedded.vectors.first()).is_none_or(|(a, b)| a.0.len() == b.0.len());
        if !all.vectors.is_empty() && (all.model != embedded.model || !same_size) {
            let message =
                "the texts were embedded by different models, as workers come and go: name a model, or try again";
            return Err(ApiError::unavailable("models_differ", message, 1));
        }
        all.tokens += u64::from(embedded.prompt_tokens());
        all.vectors.extend(embedded.vectors);
        (all.model, all.version) = (embedded.model, embedded.version);
    }
    Ok(all)
}

/// Renames the text in an error from its index in the job.
fn renamed(error: ApiError, name: &dyn Fn(usize) -> String) -> ApiError {
    let number = error.param_name().and_then(|param| param.strip_prefix("texts[")?.strip_suffix(']')?.parse().ok());
    match number {
        Some(number) => error.param(name(number)),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_divided_by_number_and_by_bytes_and_none_is_lost() {
        let shape = |texts: &[String], most| -> Vec<(usize, usize)> {
            parts(texts, most).iter().map(|part| (part.first, part.texts.len())).collect()
        };
        assert_eq!(shape(&vec!["x".to_owned(); 70], 32), [(0, 32), (32, 32), (64, 6)]);
        let large = "x".repeat(80 << 10);
        assert_eq!(shape(&vec![large.clone(); 5], 32), [(0, 2), (2, 2), (4, 1)]);
        // Six bytes each in JSON.
        let control = "\u{1}".repeat(20 << 10);
        assert_eq!(shape(&[control.clone(), control, large, "x".to_owned()], 32), [(0, 1), (1, 1), (2, 2)]);
    }

    #[test]
    fn a_text_that_is_wrong_has_its_name_in_the_request() {
        let name = |number: usize| format!("input[{}]", 32 + number);
        let error = renamed(ApiError::invalid("texts[3]", "x"), &name);
        assert_eq!(error.param_name(), Some("input[35]"));
        for other in ["texts", "texts[x]", "model"] {
            assert_eq!(renamed(ApiError::invalid(other, "x"), &name).param_name(), Some(other));
        }
    }
}
