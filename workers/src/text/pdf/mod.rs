//! Converts PDF to Markdown, in drawing order. A PDF has only positioned glyphs, so the pen is traced ([`pen`]) with
//! glyph widths ([`fonts`]): a gap is a space, a step down a new line, a large step a paragraph, and larger lines are
//! headings ([`lines`]). Formulas, tables and columns come out as plain words.

mod extract;
mod fonts;
mod lines;
mod pen;

pub(crate) use extract::extract;
