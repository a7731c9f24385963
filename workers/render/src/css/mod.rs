//! Computes the style of each element, on cssparser and selectors: no library cascades CSS into values that a typesetter
//! takes and warns of every rule that has no effect.
//!
//! Nothing in a style sheet is an error: what has no effect becomes a warning that says where and why. Work and memory
//! are bounded by the sheet's and the document's sizes, whatever the sheet says. `CSS.md` lists what is understood.

mod apply;
mod at_rules;
mod blocks;
mod cascade;
mod color;
mod component;
mod content;
mod index;
mod inheritance;
mod inline;
mod length;
mod page;
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
pub use cascade::cascade;
pub use page::page;
pub use rules::Sheet;
pub use sheet::fonts;
pub use style::*;
pub use styles::{Generated, Styles};

use crate::Warnings;

/// Characters of CSS that a warning quotes.
const QUOTE: usize = 60;

/// Where warnings of one sheet go.
pub(crate) struct Log<'a> {
    /// Whose they are: `css`, `markdown`.
    pub source: &'a str,
    pub warnings: &'a mut Warnings,
}

impl Log<'_> {
    fn add(&mut self, line: Option<u32>, message: impl Into<String>) {
        self.warnings.add(self.source, line, message);
    }
}

/// A piece of CSS as a warning quotes it: on one line, not too long.
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
