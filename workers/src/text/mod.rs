//! Reads documents: their bytes are decoded ([`charset`]); Markdown ([`front_matter`]), [`html`], [`pdf`] and [`docx`]
//! become Markdown ([`extracted`]), and the rows of [`csv`] lines, which [`chunks`] splits. Links and images of HTML
//! and DOCX, and images of PDF, are dropped. All but Markdown and plain text is read in child processes
//! (`kinds::embed`).

pub mod charset;
pub mod chunks;
pub(crate) mod csv;
pub(crate) mod docx;
mod extracted;
mod formula;
mod front_matter;
pub(crate) mod html;
pub(crate) mod pdf;
mod table;

pub use extracted::{ExtractError, Extracted, MAX_TEXT_BYTES};
pub use front_matter::markdown;
