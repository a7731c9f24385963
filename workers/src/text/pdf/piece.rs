//! A line of a cell of a table.

use super::{
    rows::{is_apart, text},
    words::{Word, is_dense},
};

/// A space, in sizes of the text.
pub(super) const SPACE: f64 = 0.22;

/// A line of a cell.
pub(super) struct Piece {
    pub(super) words: Vec<Word>,
    pub(super) left: f64,
    pub(super) right: f64,
}

impl Piece {
    pub(super) fn new(words: Vec<Word>) -> Option<Self> {
        let left = words.first()?.left;
        let right = words.iter().fold(f64::MIN, |right, word| right.max(word.right));
        Some(Self { words, left, right })
    }

    pub(super) fn text(&self) -> String {
        text(&self.words)
    }

    pub(super) fn y(&self) -> f64 {
        self.words.first().map_or(0.0, |word| word.y)
    }

    /// The room that the first word takes behind another one.
    pub(super) fn first(&self) -> f64 {
        let ends = self.words.windows(2).position(|pair| is_apart(&pair[0], &pair[1])).unwrap_or(self.words.len() - 1);
        let (word, size) = (&self.words[ends], self.words[0].size);
        let is_dense = self.words[0].text.starts_with(is_dense);
        if is_dense { size } else { word.right - self.left + SPACE * size }
    }
}
