//! Splits a document into chunks, each within one section, because a chunk about two topics is found for neither. A
//! section is split by the model's tokens at the largest boundary that fits (text-splitter: blocks, sentences,
//! words). The path of headings and the text are embedded; only the text is shown and cited.

mod chunk;
mod sections;

pub use chunk::{Chunk, Count, Size, chunks, chunks_of_text};
