//! What stands at the top and at the bottom of pages.

use std::collections::BTreeMap;

use super::{
    rows::{Row, rows},
    words::Word,
};

/// Rows at the top and at the bottom of a page that may be running ones.
const EDGE: usize = 3;
/// Rows at one place differ by less than this, in points.
pub(super) const PLACE: f64 = 3.0;
/// A numbered row that is larger than most text by this factor is a heading.
pub(super) const LARGER: f64 = 1.15;
/// What stands at the left and at the right of a row is apart by more than this, in sizes of the text.
pub(super) const CELL: f64 = 1.5;

pub(super) struct Edge {
    pub(super) page: usize,
    pub(super) y: f64,
    pub(super) size: f64,
    pub(super) text: String,
    pub(super) words: Vec<(u64, u64)>,
    pub(super) is_footer: bool,
}

impl Edge {
    pub(super) fn new(page: usize, row: &Row, middle: f64) -> Self {
        let (words, is_footer) = (row.words.iter().map(id).collect(), row.y > middle);
        Self { page, y: row.y, size: row.size, text: row.text(), words, is_footer }
    }

    /// One with letters stays where it stands first, so that what follows is read with it, or last if it is a footer, so
    /// that it does not divide what goes on on the next page.
    pub(super) fn place(&self) -> isize {
        let page = isize::try_from(self.page).unwrap_or(isize::MAX);
        if self.is_footer { -page } else { page }
    }
}

/// A word's identity on its page.
pub(super) fn id(word: &Word) -> (u64, u64) {
    (word.left.to_bits(), word.y.to_bits())
}

/// The rows at the edges of a page.
pub(super) fn edge_rows(words: &[Word]) -> Vec<Row> {
    let all = rows(words.iter().filter(|word| word.angle == 0).cloned().collect());
    let count = all.len();
    let is_edge = |index: usize| index < EDGE || index + EDGE >= count;
    all.into_iter().enumerate().filter(|(index, _)| is_edge(*index)).map(|(_, row)| row).collect()
}

/// The size in which most letters are set.
pub(super) fn usual_size(pages: &[Vec<Word>]) -> f64 {
    let mut letters = BTreeMap::<u64, usize>::new();
    for word in pages.iter().flatten() {
        *letters.entry((word.size * 10.0).round().clamp(0.0, 1e9) as u64).or_default() += word.text.len();
    }
    letters.iter().max_by_key(|(_, count)| **count).map_or(0.0, |(size, _)| *size as f64 / 10.0)
}
