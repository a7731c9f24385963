//! Splits a document into chunks, each within one section, because a chunk about two topics is found for neither. A
//! section is split by the model's tokens at the largest boundary that fits ([`pieces`]: blocks, sentences, words);
//! [`tables`] by their [`rows`], with their header in each chunk. The path of headings and the text are embedded; only
//! the text is shown and cited.

mod chunk;
mod count;
mod pieces;
mod rows;
mod sections;
mod tables;

pub use chunk::{Chunk, Size, chunks, chunks_of_rows, chunks_of_text};
pub use count::Count;
