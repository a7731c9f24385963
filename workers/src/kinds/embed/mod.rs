//! Embed: a vector for each text, and documents as chunks with vectors.
//!
//! - [`load`]: the model, or both. - [`handler`]: texts. - [`indexer`]: documents. - [`served`]: which model does a job.
//! - [`chunking`]: a text as chunks. - [`extractor`]: HTML and PDF, in child processes. - [`counter`]: how long a text is to the model.

mod chunking;
mod counter;
mod extractor;
mod handler;
mod indexer;
mod load;
mod served;

pub use extractor::{Extractor, Options as ExtractorOptions};
pub use handler::EmbedHandler;
pub use indexer::Indexer;
pub use load::prepare;

/// The child processes that this kind starts.
pub(super) const CHILDREN: &[crate::sandbox::Child] = &[extractor::CHILD];
