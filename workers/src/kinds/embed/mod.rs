//! Embed: a vector for each text, and documents as chunks with vectors.
//!
//! - [`load`] loads one model or two; [`served`] says which of them does a job.
//! - [`handler`] embeds texts; [`indexer`] embeds documents.
//! - [`reading`] reads documents, [`extractor`] in child processes; [`chunking`] splits text; [`counter`] counts tokens;
//!   [`vectors`] embeds new chunks; [`failures`] says which errors reject a document.

mod chunking;
mod counter;
mod extractor;
mod failures;
mod handler;
mod indexer;
mod load;
mod reading;
mod served;
mod vectors;

pub use extractor::{Extractor, Options as ExtractorOptions, Source as ExtractorSource};
pub use handler::EmbedHandler;
pub use indexer::Indexer;
pub use load::prepare;

pub(super) const CHILDREN: &[crate::sandbox::Child] = &[extractor::CHILD];
