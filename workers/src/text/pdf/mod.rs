//! PDF as Markdown: the text that is drawn, in the order in which it is drawn.
//!
//! A PDF knows no words, lines or paragraphs, only glyphs at positions. So the pen is followed ([`pen`]), with the widths
//! of the glyphs ([`fonts`]): a gap is a space, a step down a new line, a large step a new paragraph, and lines that are
//! larger than most are headings ([`lines`]). Formulas, tables and columns come out as their words.

mod extract;
mod fonts;
mod lines;
mod pen;

pub(crate) use extract::extract;
