//! Indexes documents: reads and chunks them, embeds the changed chunks, and passes them on to be stored.
//!
//! A chunk is unchanged if the hash of its embedded text is; it keeps its vector. Nothing is written here: all vectors
//! of a document go into the transaction of the job's row.
//!
//! If the collection migrates to another model (`ruche embed migrate`) that this worker has, both models embed the
//! document. So the migration ends even while new documents arrive.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use ruche_schemas::{
    Envelope, Invalid, TenantId,
    kinds::embed::{Embed, Indexed, Settings},
};
use ruche_store::{
    documents::{self, DocumentKey, DocumentMeta, DocumentStore, Hash, Indexing, Status},
    ledger::Write,
    models::{CollectionModels, ModelVersion},
};
use tokio::sync::Semaphore;

use super::{
    chunking::{Embeddable, chunk_text},
    counter::Counter,
    extractor::{self, Extractor},
    failures::{unavailable, unreadable},
    reading::{self, Read},
    vectors,
};
use crate::{
    inference::encoder::Encoder,
    runtime::{context::Context, job_error::JobError},
    text::{
        ExtractError,
        chunks::{Chunk, Count, Size},
    },
};

/// Tokens of a chunk for a model that does not say its trained length: longer chunks mix topics.
const USUAL: u32 = 512;
/// Bounds of a process that reads a document; `MEMORY` in bytes.
const MEMORY: u64 = 1 << 30;
const DEADLINE: Duration = Duration::from_secs(30);

pub struct Indexer {
    pub encoder: Encoder,
    /// The text before each chunk, as the model was trained.
    pub prefix: String,
    /// The model's name and version as stored with vectors.
    pub model: ModelVersion,
    pub documents: Arc<dyn DocumentStore>,
    pub extractor: Extractor,
    /// Tokens of a chunk (0: the model's trained length) and of its overlap.
    pub chunks: (u32, u32),
    /// Bounds the documents that are indexed at once.
    pub permits: Arc<Semaphore>,
}

impl Indexer {
    /// Fails if the path of the running program is unknown.
    pub(super) fn new(
        settings: &Settings,
        version: String,
        (encoder, prefix): (Encoder, &str),
        documents: Arc<dyn DocumentStore>,
        permits: Arc<Semaphore>,
    ) -> anyhow::Result<Self> {
        let info = encoder.model();
        let model = ModelVersion { name: encoder.name().to_owned(), version, dimensions: info.dimensions };
        let program = std::env::current_exe().context("this program does not know where it lies")?;
        let children = usize::try_from(settings.documents).unwrap_or(1).max(1);
        if settings.chunk_tokens > info.context_tokens {
            tracing::warn!(
                asked = settings.chunk_tokens,
                most = info.context_tokens,
                "embed.chunk_tokens is more than the model reads: chunks have as much as it does"
            );
        }
        Ok(Self {
            encoder,
            prefix: prefix.to_owned(),
            model,
            documents,
            extractor: Extractor::new(extractor::Options { program, children, memory: MEMORY, deadline: DEADLINE }),
            chunks: (settings.chunk_tokens, settings.chunk_overlap),
            permits,
        })
    }

    pub(super) async fn in_use(&self, tenant: &TenantId, collection: &str) -> Result<CollectionModels, JobError> {
        self.documents.models_of(tenant, collection).await.map_err(unavailable)
    }

    /// Reads the document that the job carries, or the stored one that it names.
    pub(super) async fn read(&self, job: &Envelope<Embed>) -> Result<Read, JobError> {
        reading::read(&self.extractor, self.documents.as_ref(), job).await
    }

    /// Indexes a document, with `next` as well if there is one.
    pub(super) async fn index(
        &self,
        mut read: Read,
        next: Option<&Self>,
        job: &Envelope<Embed>,
        context: &Context<Embed>,
    ) -> Result<Indexed, JobError> {
        let size = self.size(&read)?;
        let status = self.status(&read, job).await?;
        if !read.again {
            read.meta.language = read.language(&status);
        }
        if !read.again && status.supersedes(job.created_at, job.id) {
            return Ok(Indexed { superseded: true, ..self.summary(&read) });
        }
        let chunks = self.chunk(&read, size).await?;
        let named = chunks.iter().find_map(|chunk| chunk.chunk.path.first()).filter(|_| !read.again);
        read.meta.title = read.meta.title.take().or_else(|| named.cloned());
        let known = vectors::embed(&self.encoder, &self.prefix, &chunks, &status, context).await?;
        let again = next.map(|next| (next, read.to_embed_again()));
        let mut summary = self.finish(read, chunks, &status, known, context)?;
        if let Some((next, read)) = again {
            next.index_too(read, job, context, &mut summary).await?;
        }
        Ok(summary)
    }

    /// Indexes a document with the model that its collection migrates to. If this model rejects the document, the job
    /// gets a warning and does not fail; the migration lists the document.
    async fn index_too(
        &self,
        read: Read,
        job: &Envelope<Embed>,
        context: &Context<Embed>,
        summary: &mut Indexed,
    ) -> Result<(), JobError> {
        let indexed = async {
            let size = self.size(&read)?;
            let status = self.status(&read, job).await?;
            let chunks = self.chunk(&read, size).await?;
            let known = vectors::embed(&self.encoder, &self.prefix, &chunks, &status, context).await?;
            self.finish(read, chunks, &status, known, context)
        };
        match Box::pin(indexed).await {
            Ok(indexed) => {
                summary.tokens = summary.tokens.saturating_add(indexed.tokens);
                summary.next_model = Some(indexed.model);
            }
            Err(JobError::Reject(failure)) => {
                let model = &self.model.name;
                summary.warnings.push(format!("{model:?}, to which the collection goes, can't embed it: {failure}"));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    async fn status(&self, read: &Read, job: &Envelope<Embed>) -> Result<Status, JobError> {
        let (tenant, collection) = (job.tenant.clone(), read.meta.collection.clone());
        let key = DocumentKey { tenant, collection, document: read.id };
        self.documents.status(&key, &self.model).await.map_err(unavailable)
    }

    /// Adds the document to the job's writes, and summarizes what changed.
    fn finish(
        &self,
        read: Read,
        chunks: Vec<Embeddable>,
        status: &Status,
        fresh: HashMap<Hash, Vec<f32>>,
        context: &Context<Embed>,
    ) -> Result<Indexed, JobError> {
        let (mut summary, mut counted) = (self.summary(&read), HashSet::new());
        let mut pieces = Vec::with_capacity(chunks.len());
        for Embeddable { chunk: Chunk { path, text, .. }, tokens, hash, .. } in chunks {
            let vector = fresh.get(&hash).or_else(|| status.vectors.get(&hash)).cloned();
            let vector = vector.ok_or_else(|| JobError::retry(anyhow::anyhow!("a chunk was left without a vector")))?;
            match fresh.contains_key(&hash) {
                true => {
                    summary.embedded += 1;
                    // Equal texts are embedded once.
                    let cost = if counted.insert(hash) { tokens } else { 0 };
                    summary.tokens = summary.tokens.saturating_add(cost);
                }
                false => summary.kept += 1,
            }
            pieces.push(documents::Chunk { path, text, tokens, hash, vector });
        }
        summary.chunks = u32::try_from(pieces.len()).unwrap_or(u32::MAX);
        summary.removed = status.chunks.saturating_sub(summary.kept);
        let Read { id: document, meta, again, .. } = read;
        let (hash, model) = (meta.hash(), self.model.clone());
        context.write(Write::Indexed(Arc::new(Indexing { document, meta, hash, again, model, chunks: pieces })));
        Ok(summary)
    }

    fn summary(&self, read: &Read) -> Indexed {
        let DocumentMeta { collection, source, title, language, .. } = read.meta.clone();
        let ModelVersion { name: model, version, .. } = self.model.clone();
        let (document, version, warnings) = (read.id, Some(version), read.warnings.clone());
        Indexed { document, collection, source, model, version, language, title, warnings, ..Indexed::default() }
    }

    /// The size of the document's chunks, without the tokens that the model adds around them. A stored document keeps
    /// the size that it was sent with, up to the model's context.
    fn size(&self, Read { meta, again, .. }: &Read) -> Result<Size, JobError> {
        let model = self.encoder.model();
        let most = model.context_tokens;
        let (tokens, overlap) = (meta.chunk_tokens, meta.chunk_overlap);
        if let Some(asked) = tokens.filter(|asked| *asked > most && !again) {
            let message = format!("{asked} is out of range: {:?} reads at most {most} tokens", self.model.name);
            return Err(JobError::Reject(Invalid::new("document.chunk_tokens", message).into()));
        }
        let set = Some(self.chunks.0).filter(|tokens| *tokens > 0);
        let whole = tokens.or(set).unwrap_or_else(|| model.trained_tokens.unwrap_or(USUAL)).min(most);
        let counter = Counter::of(&self.encoder);
        let around = counter.marks() + counter.count(&self.prefix);
        let tokens = usize::try_from(whole).unwrap_or(usize::MAX).saturating_sub(around).max(1);
        let overlap = overlap.unwrap_or(self.chunks.1);
        Ok(Size { tokens, overlap: usize::try_from(overlap).unwrap_or(0).min(tokens / 2) })
    }

    /// On a blocking thread, because a large document takes long.
    async fn chunk(&self, read: &Read, size: Size) -> Result<Vec<Embeddable>, JobError> {
        let (text, format) = (read.meta.content.clone(), read.meta.format.parse().unwrap_or_default());
        let title = read.meta.title.clone();
        let (counter, prefix) = (Counter::of(&self.encoder), self.prefix.clone());
        let most = usize::try_from(self.encoder.model().context_tokens).unwrap_or(usize::MAX);
        let chunking = tokio::task::spawn_blocking(move || {
            chunk_text(&text, title.as_deref(), format, size, (&counter, &prefix, most))
        });
        let chunks = chunking.await.map_err(JobError::retry)?;
        match chunks.is_empty() {
            true => Err(unreadable(ExtractError::Unreadable("it has no text".to_owned()))),
            false => Ok(chunks),
        }
    }
}
