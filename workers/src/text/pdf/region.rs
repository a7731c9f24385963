//! Finds the columns of a table whose cells may have several lines.

use super::{
    piece::{Piece, SPACE},
    rows::Row,
    words::Word,
};

/// Rows of text are apart by less than this, in sizes of the text.
const STEP: f64 = 3.5;
/// Lines of a table have about one size.
const SIZES: std::ops::Range<f64> = 0.75..1.34;
/// Lines of text that a table has at most on one page.
const LINES: usize = 300;
/// The most words of a title over several columns of a table.
const TITLE: usize = 6;
/// Lines within a header: one of the first has several cells.
const HEADER: usize = 3;
/// Words that begin in a column begin at its left end, but for this, in sizes of the text.
const LEVEL: f64 = 0.15;
/// Cells are apart by more than this, in sizes of the text.
const GAP: f64 = 0.5;

/// Lines of text whose cells are in the same columns.
pub(super) struct Region {
    pub(super) count: usize,
    pub(super) columns: Vec<(f64, f64)>,
    /// Those that are titles over several columns.
    pub(super) titles: Vec<usize>,
}

/// The region that begins with the first row.
pub(super) fn region(rows: &[&Row]) -> Option<Region> {
    let first = rows.first()?;
    let has_cells = |row: &&Row| row.cells(GAP * row.size).len() > 1;
    if !rows.iter().take(HEADER).any(has_cells) {
        return None;
    }
    let follows = |(row, next): (&&Row, &&Row)| {
        let step = (next.y - row.y) / next.size;
        !next.is_fixed() && (0.0..STEP).contains(&step) && SIZES.contains(&(next.size / first.size))
    };
    let end = rows.iter().zip(rows.iter().skip(1)).take(LINES).take_while(|pair| follows(*pair)).count() + 1;
    let lefts = lefts(&rows[..end]);
    let (mut columns, mut count, mut titles) = (Vec::new(), 0, Vec::new());
    for (at, row) in rows[..end].iter().enumerate().take_while(|(_, row)| !row.is_fixed()) {
        let is_divided = match with_row(&columns, row, &lefts) {
            Some((more, is_divided)) => {
                columns = more;
                is_divided
            }
            None if is_title(row, rows[..end].get(at + 1), &columns, &lefts) => {
                titles.push(at);
                false
            }
            None => break,
        };
        // A line of prose below a table may have a word where a column begins.
        count = if is_divided { count } else { at + 1 };
    }
    (columns.len() > 1 && count > HEADER).then_some(Region { count, columns, titles })
}

/// Whether a row is the title of the rows below it, over several columns.
fn is_title(row: &Row, next: Option<&&Row>, columns: &[(f64, f64)], lefts: &[f64]) -> bool {
    let goes_on = next.is_some_and(|next| {
        next.cells(GAP * next.size).len() > 1
            && with_row(columns, next, lefts).is_some_and(|(more, _)| more.len() == columns.len())
    });
    goes_on && spans(row, columns) && row.text().split(' ').count() <= TITLE
}

/// Whether a row is one text from the first column on into others.
fn spans(row: &Row, columns: &[(f64, f64)]) -> bool {
    let is_one = row.cells(GAP * row.size).len() == 1;
    let [first, second, ..] = columns else { return false };
    is_one && (row.left() - first.0).abs() < LEVEL * row.size && row.right() > second.0
}

/// Where cells of several rows begin.
fn lefts(rows: &[&Row]) -> Vec<f64> {
    let cells = rows.iter().flat_map(|row| row.cells(GAP * row.size));
    let mut all: Vec<f64> = cells.filter_map(|cell| cell.first()).map(|word| word.left).collect();
    all.sort_by(f64::total_cmp);
    let near = rows.first().map_or(0.0, |row| LEVEL * row.size);
    all.chunk_by(|a, b| b - a < near).filter(|places| places.len() > 1).map(|places| places[0]).collect()
}

/// The columns that a piece of text touches. Those that are closer than a space are one.
fn touched(columns: &[(f64, f64)], piece: &Piece) -> std::ops::Range<usize> {
    let gap = SPACE * piece.words[0].size / 2.0;
    let from = columns.partition_point(|column| column.1 + gap <= piece.left);
    from..columns.partition_point(|column| column.0 - gap < piece.right).max(from)
}

/// The columns with the cells of a row, and whether one of these was divided only because words begin where cells of
/// other rows do; nothing if a cell belongs to two columns.
fn with_row(columns: &[(f64, f64)], row: &Row, lefts: &[f64]) -> Option<(Vec<(f64, f64)>, bool)> {
    let (mut columns, mut is_divided) = (columns.to_vec(), false);
    let mut parts: Vec<Piece> = Vec::new();
    for cell in row.cells(GAP * row.size) {
        let piece = Piece::new(cell.to_vec())?;
        let is_wide = touched(&columns, &piece).len() > 1;
        is_divided |= is_wide;
        match is_wide {
            true => parts.extend(at_lefts(cell, lefts, row.size).into_iter().filter_map(Piece::new)),
            false => parts.push(piece),
        }
    }
    for piece in parts {
        let range = touched(&columns, &piece);
        match range.len() {
            0 => columns.insert(range.start, (piece.left, piece.right)),
            1 => {
                let column = &mut columns[range.start];
                *column = (column.0.min(piece.left), column.1.max(piece.right));
            }
            _ => return None,
        }
    }
    Some((columns, is_divided))
}

/// The parts of words that stand close together, as if they were one cell: each begins where cells of other rows do.
fn at_lefts(words: &[Word], lefts: &[f64], size: f64) -> Vec<Vec<Word>> {
    let mut parts: Vec<Vec<Word>> = vec![Vec::new()];
    for word in words {
        let before = parts.last().and_then(|part| part.last());
        let is_behind = before.is_some_and(|before| word.left - before.right > SPACE * size);
        if is_behind && lefts.iter().any(|left| (left - word.left).abs() < LEVEL * size) {
            parts.push(Vec::new());
        }
        parts.last_mut().into_iter().for_each(|part| part.push(word.clone()));
    }
    parts
}
