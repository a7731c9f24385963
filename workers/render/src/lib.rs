//! Turns Markdown, CSS and a template into a PDF.
//!
//! A document's path: `front` (front matter) -> `markdown` (to HTML, by comrak; `conversation` adds messages) -> `dom` (a safe tree) -> `inputs`
//! (style sheets, template, fonts, pictures) -> `css` (each element's style) -> `content` (Typst's elements, made in
//! Rust) -> `doc`, `layout`, `world` and `typeset` (by Typst) -> `output` (PDF, PNG). Users' text stays data: none of
//! it is read as Typst's markup.

pub mod content;
mod conversation;
pub mod css;
pub mod diagram;
pub mod doc;
pub mod dom;
pub mod fonts;
pub mod front;
pub mod images;
pub mod ink;
mod inputs;
mod layout;
mod locale;
pub mod markdown;
pub mod math;
pub mod output;
mod paper;
mod renderer;
pub mod settings;
pub mod templates;
#[cfg(test)]
mod testing;
mod typeset;
mod warnings;
pub mod world;

pub use inputs::Resources;
pub use renderer::{Output, Renderer};
pub use warnings::Warnings;
