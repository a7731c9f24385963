//! Reads documents: Markdown ([`front_matter`]), [`html`] and [`pdf`] become Markdown ([`extracted`]), which
//! [`chunks`] splits. Links and images of HTML, and images of PDF, are dropped. HTML and PDF are read in child
//! processes (`kinds::embed`).

pub mod chunks;
mod extracted;
mod front_matter;
pub(crate) mod html;
pub(crate) mod pdf;

pub use extracted::{ExtractError, Extracted, MAX_TEXT_BYTES};
pub use front_matter::markdown;
