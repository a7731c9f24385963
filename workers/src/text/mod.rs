//! A document's text as Markdown, whatever it was written in, and as chunks.
//!
//! Markdown is taken as it is, without its front matter. Of HTML the text is taken, not the links and pictures; of PDF the
//! text that is drawn, not pictures of it. HTML and PDF are read in child processes (`kinds::embed`).
//!
//! - [`front_matter`], [`html`], [`pdf`]: a file as Markdown. - [`extracted`]: the result. - [`chunks`]: Markdown as chunks.

pub mod chunks;
mod extracted;
mod front_matter;
pub(crate) mod html;
pub(crate) mod pdf;

pub use extracted::{ExtractError, Extracted, MAX_TEXT_BYTES};
pub use front_matter::markdown;
