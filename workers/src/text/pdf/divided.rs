//! A table between other words, and whether words between two lines are one row of it.

use super::{
    lines::Line,
    piece::Piece,
    rows::{Row, rows},
    shape,
    words::Word,
};

/// A table, where it begins, and the words above and below it.
pub(super) struct Divided {
    pub(super) top: f64,
    pub(super) above: Vec<Word>,
    pub(super) table: Vec<Line>,
    pub(super) below: Vec<Word>,
}

/// Whether words between two lines are several rows: on more baselines than `most` all columns have text, or on several
/// with figures.
pub(super) fn has_rows(words: &[Word], columns: &[(f64, f64)], most: usize) -> bool {
    let rows = rows(words.to_vec());
    let is_full = |row: &&Row| {
        columns.iter().all(|column| row.words.iter().any(|word| word.middle() > column.0 && word.middle() < column.1))
    };
    let is_figure = |row: &&Row, column: &(f64, f64)| {
        let words = row.words.iter().filter(|word| word.middle() > column.0 && word.middle() < column.1);
        Piece::new(words.cloned().collect()).is_some_and(|piece| shape::is_number(&piece.text()))
    };
    let full = rows.iter().filter(is_full).count();
    full > most
        || (full > 1 && columns.iter().any(|column| rows.iter().filter(|row| is_figure(row, column)).count() > 1))
}
