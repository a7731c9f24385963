//! Reads the document of a job: the one that it carries, or the stored one that it names.

use ruche_schemas::{
    Envelope, Failure, TenantId,
    failure::codes,
    kinds::embed::{Document, Embed, Format},
    language::AUTO,
};
use ruche_store::{
    analysis::language::detect,
    documents::{DocumentMeta, DocumentStore, Status},
};
use uuid::Uuid;

use super::{
    extractor::{Extractor, Source},
    failures::{unavailable, unreadable},
};
use crate::{
    runtime::job_error::JobError,
    text::{self, ExtractError, Extracted},
};

#[derive(Clone)]
pub(super) struct Read {
    pub(super) id: Uuid,
    pub(super) meta: DocumentMeta,
    /// The document's `language`; `None` for a stored document, whose row has it.
    declared: Option<&'static str>,
    /// Whether the document is stored and is only embedded again.
    pub(super) again: bool,
    pub(super) warnings: Vec<String>,
}

impl Read {
    /// The same document, for another model.
    pub(super) fn to_embed_again(&self) -> Self {
        Self { again: true, ..self.clone() }
    }

    /// The language that the document says, else its collection's, else that of its text.
    pub(super) fn language(&self, status: &Status) -> String {
        let declared = self.declared.or(status.language.as_deref());
        match declared.filter(|declared| *declared != AUTO) {
            Some(declared) => declared.to_owned(),
            None => {
                let title = self.meta.title.as_deref().unwrap_or_default();
                detect(&format!("{title}\n{}", self.meta.content)).to_owned()
            }
        }
    }
}

pub(super) async fn read(
    extractor: &Extractor,
    documents: &dyn DocumentStore,
    job: &Envelope<Embed>,
) -> Result<Read, JobError> {
    match (&job.body.document, job.body.stored) {
        (Some(document), _) => read_sent(extractor, document, &job.tenant).await,
        (None, id) => read_stored(documents, id.unwrap_or_default(), &job.tenant).await,
    }
}

async fn read_sent(extractor: &Extractor, document: &Document, tenant: &TenantId) -> Result<Read, JobError> {
    let read = extract(extractor, document).await;
    let Extracted { title, markdown, warnings } = read.map_err(unreadable)?;
    let meta = DocumentMeta {
        collection: document.collection.clone(),
        source: document.source.clone(),
        title: document.title.clone().or(title),
        url: document.url.clone(),
        language: String::new(),
        metadata: document.metadata.clone(),
        published_at: document.published_at,
        format: document.format.as_str().to_owned(),
        content: markdown.replace('\0', "\u{fffd}"),
        chunk_tokens: document.chunk_tokens,
        chunk_overlap: document.chunk_overlap,
    };
    let id = document.id(tenant);
    Ok(Read { id, meta, declared: document.language(), again: false, warnings })
}

async fn read_stored(documents: &dyn DocumentStore, id: Uuid, tenant: &TenantId) -> Result<Read, JobError> {
    let found = documents.stored(tenant, id).await.map_err(unavailable)?;
    let Some(stored) = found else {
        let message = format!("there is no document {id}: take an id of GET /v1/documents");
        return Err(JobError::Reject(Failure::new(codes::UNKNOWN_DOCUMENT, message).with_param("stored")));
    };
    Ok(Read { id, meta: stored.meta, declared: None, again: true, warnings: Vec::new() })
}

/// A text that needs no reading is taken as it is; all else is read in a child process.
async fn extract(extractor: &Extractor, document: &Document) -> Result<Extracted, ExtractError> {
    let Document { format, text, data, charset, .. } = document;
    match (text, format) {
        (Some(text), Format::Markdown) => Ok(text::markdown(text)),
        (Some(text), Format::Text) => Ok(Extracted { markdown: text.clone(), ..Extracted::default() }),
        (Some(text), format) => {
            let source = Source { format: *format, charset: Some("utf-8".to_owned()) };
            extractor.extract(source, text.as_bytes()).await
        }
        (None, format) => {
            let source = Source { format: *format, charset: charset.clone() };
            extractor.extract(source, data.as_ref().map_or(&[], |data| &data.0)).await
        }
    }
}
