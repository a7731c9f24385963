//! Divides a document into chunks that fit the model, each a piece of one section.
//!
//! By headings first, because a chunk about two things is found for neither; then by the model's own tokens, at the largest
//! border of the text that fits (text-splitter: blocks before sentences, sentences before words). What is embedded is the
//! path of headings and the text; what is shown and cited is the text.

mod chunk;
mod sections;

pub use chunk::{Chunk, Count, Size, chunks, chunks_of_text};
