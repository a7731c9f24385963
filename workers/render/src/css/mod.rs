//! Computes each element's style, on cssparser and selectors: no library cascades CSS into values for a typesetter
//! and warns of each rule without effect.
//!
//! Nothing in a style sheet is an error: what has no effect becomes a warning with reason and place. Work and memory
//! are bounded by the sizes of sheet and document. `CSS.md` lists what is supported.

mod apply;
mod at_rules;
mod base;
mod blocks;
mod cascade;
mod color;
mod component;
mod conditions;
mod content;
mod counters;
mod draft;
mod font_face;
mod hints;
mod index;
mod inheritance;
mod inline;
mod length;
mod numerals;
mod page;
mod page_selector;
mod page_size;
mod page_style;
mod properties;
mod property;
mod reason;
mod rules;
mod select;
mod sheet;
mod style;
mod styles;
mod tree;
mod variables;

#[cfg(test)]
mod tests;

pub use apply::SCALE;
pub use base::Base;
pub use cascade::cascade;
pub use font_face::FontFace;
pub use numerals::{pattern, text as numeral};
pub use page::page;
pub use page_style::{MarginBox, MarginItem, Page, PageSelector, PageVariant, Pages};
pub use rules::Sheet;
pub use sheet::fonts;
pub use style::*;
pub use styles::Styles;

use self::reason::Problem;
use crate::Warnings;

/// A length as attributes of HTML have it: `50%`, `3cm`. `None` if it is none, or depends on the root's font size.
#[must_use]
pub fn length(text: &str) -> Option<Length> {
    let one = |text: &str| match component::components(text).ok()?.as_slice() {
        [part] => {
            let by = length::Measure { em: 10.0, rem: 10.0, view: (0.0, 0.0) };
            part.len().filter(|len| !len.has_view()).map(|len| len.resolved(by))
        }
        _ => None,
    };
    one(text).or_else(|| one(&hints::dimension(text)?))
}

/// A colour as attributes of HTML have it: `#ffeeaa`, `navy`.
#[must_use]
pub fn color(text: &str) -> Option<Rgba> {
    match component::components(text).ok()?.as_slice() {
        [part] => match part.color()? {
            color::SpecifiedColor::Rgba(color) => Some(color),
            color::SpecifiedColor::Current => None,
        },
        _ => None,
    }
}

/// The most characters of CSS that a warning quotes.
const QUOTE: usize = 60;

/// Collects the warnings of one sheet.
pub(crate) struct Log<'a> {
    /// `css` or `markdown`.
    pub source: &'a str,
    pub warnings: &'a mut Warnings,
}

impl Log<'_> {
    fn add(&mut self, line: Option<u32>, message: impl Into<String>) {
        self.warnings.add(self.source, line, message);
    }

    fn problem(&mut self, line: Option<u32>, problem: Problem) {
        match problem {
            Problem::Message(message) => self.add(line, message),
            Problem::Ignored { declaration, why } => self.warnings.add_alike(self.source, line, declaration, why),
        }
    }
}

/// CSS for a warning: on one line, shortened.
fn shorten(text: &str) -> String {
    let mut short = String::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        if !short.is_empty() {
            short.push(' ');
            length += 1;
        }
        for letter in word.chars() {
            if length >= QUOTE {
                short.push('…');
                return short;
            }
            short.push(letter);
            length += 1;
        }
    }
    short
}
