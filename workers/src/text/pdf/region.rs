//! Finds the columns of a table whose cells may have several lines.

use super::{
    rows::Row,
    words::Word,
    wrapped::{Piece, SPACE},
};

/// Rows of text are apart by less than this, in sizes of the text.
const STEP: f64 = 3.5;
/// Lines of a table have about one size.
const SIZES: std::ops::Range<f64> = 0.75..1.34;
/// Lines of text that a table has at most on one page.
const LINES: usize = 300;
/// Lines within a header: one of the first has several cells.
const HEADER: usize = 3;
/// Words that begin in a column begin at its left end, but for this, in sizes of the text.
const LEVEL: f64 = 0.15;
/// Cells are apart by more than this, in sizes of the text.
const GAP: f64 = 0.5;

/// The lines of text whose cells are in the same columns.
pub(super) fn region(rows: &[&Row]) -> Option<(usize, Vec<(f64, f64)>)> {
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
    let (mut columns, mut count) = (Vec::new(), 0);
    for row in rows[..end].iter().take_while(|row| !row.is_fixed()) {
        let Some(more) = with_row(&columns, row, &lefts) else { break };
        (columns, count) = (more, count + 1);
    }
    (columns.len() > 1 && count > HEADER).then_some((count, columns))
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

/// The columns with the cells of a row; nothing if a cell belongs to two of them.
fn with_row(columns: &[(f64, f64)], row: &Row, lefts: &[f64]) -> Option<Vec<(f64, f64)>> {
    let mut columns = columns.to_vec();
    let mut parts: Vec<Piece> = Vec::new();
    for cell in row.cells(GAP * row.size) {
        let piece = Piece::new(cell.to_vec())?;
        match touched(&columns, &piece).len() > 1 {
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
    Some(columns)
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
