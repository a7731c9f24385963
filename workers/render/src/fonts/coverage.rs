//! Finds characters without a glyph: one bit for each character, computed once for a set of fonts.

use std::collections::HashSet;

use typst::text::{FontBook, is_default_ignorable};

/// The most missing characters in a warning.
pub const MAX_MISSING: usize = 50;

#[derive(Debug)]
pub(super) struct Coverage(Box<[u64]>);

impl Coverage {
    pub(super) fn of(book: &FontBook, count: usize) -> Self {
        let mut bits = vec![0_u64; 0x11_0000 / 64].into_boxed_slice();
        for info in (0..count).filter_map(|index| book.info(index)) {
            for c in info.coverage.iter().map(|c| c as usize) {
                if let Some(word) = bits.get_mut(c / 64) {
                    *word |= 1 << (c % 64);
                }
            }
        }
        Self(bits)
    }

    fn has(&self, c: char) -> bool {
        let c = c as usize;
        self.0.get(c / 64).is_some_and(|word| word & (1 << (c % 64)) != 0)
    }

    /// Visible characters without a glyph.
    pub(super) fn missing(&self, text: &str) -> Vec<char> {
        let mut seen = HashSet::new();
        let mut missing = Vec::new();
        for c in text.chars().filter(|c| !c.is_ascii()) {
            if self.has(c) || c.is_whitespace() || c.is_control() || is_default_ignorable(c) {
                continue;
            }
            if seen.insert(c) {
                missing.push(c);
                if missing.len() == MAX_MISSING {
                    break;
                }
            }
        }
        missing
    }
}
