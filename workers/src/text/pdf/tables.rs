//! Tables: consecutive rows whose cells are aligned, written as rows of a Markdown table.

use super::{
    rows::{Row, text},
    words::Word,
};
use crate::text::extracted::plain_line;

/// Cells are apart by more than this, in sizes of the text.
const GAP: f64 = 1.0;
/// Rows are apart by less than this, in sizes of the text.
const STEP: f64 = 2.8;
/// A cell has fewer words than this on average, in a table of two columns and of more.
const WORDS: (f64, f64) = (4.0, 7.0);
/// Rows of a table of two columns, and of more.
const LEAST: (usize, usize) = (4, 3);
/// Columns are aligned if this share of their cells is.
const ALIGNED: f64 = 0.7;

/// The number of rows, from the first, that have cells, and the lines of the table that they are.
pub(super) fn table(rows: &[&Row]) -> (usize, Option<Vec<String>>) {
    if !rows.first().is_some_and(|row| has_cells(row)) {
        return (0, None);
    }
    let end = rows.iter().zip(rows.iter().skip(1)).take_while(|(row, next)| follows(row, next)).count() + 1;
    let rows = &rows[..end.min(rows.len())];
    (rows.len(), if rows.len() < LEAST.1 { None } else { written(rows) })
}

fn written(rows: &[&Row]) -> Option<Vec<String>> {
    let columns = columns(rows)?;
    let grid: Vec<Vec<String>> = rows.iter().map(|row| cells(row, &columns)).collect();
    is_clear(&grid, rows, &columns).then(|| written_as(&grid))
}

/// Rows of Markdown, or keys with their values.
pub(super) fn written_as(grid: &[Vec<String>]) -> Vec<String> {
    if has_keys(grid) { pairs(grid) } else { lines(grid) }
}

fn has_cells(row: &Row) -> bool {
    row.cells(GAP * row.size).len() > 1 && !row.is_fixed()
}

fn follows(row: &Row, next: &Row) -> bool {
    let step = (next.y - row.y) / row.size.max(next.size);
    has_cells(next) && step > 0.0 && step < STEP
}

/// Where the columns begin and end.
fn columns(rows: &[&Row]) -> Option<Vec<(f64, f64)>> {
    let mut spans: Vec<(f64, f64)> = Vec::new();
    for row in rows {
        spans.extend(row.cells(GAP * row.size).iter().filter_map(|cell| {
            let right = cell.iter().fold(f64::MIN, |right, word| right.max(word.right));
            Some((cell.first()?.left, right))
        }));
    }
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut columns: Vec<(f64, f64)> = Vec::new();
    for span in spans {
        match columns.last_mut() {
            Some(last) if span.0 < last.1 => last.1 = last.1.max(span.1),
            _ => columns.push(span),
        }
    }
    (columns.len() > 1).then_some(columns)
}

fn cells(row: &Row, columns: &[(f64, f64)]) -> Vec<String> {
    let mut cells: Vec<Vec<Word>> = vec![Vec::new(); columns.len()];
    for word in &row.words {
        let column = columns.partition_point(|column| column.1 < word.middle()).min(columns.len() - 1);
        cells[column].push(word.clone());
    }
    cells.iter().map(|words| text(words)).collect()
}

/// In doubt, rows stay lines.
fn is_clear(grid: &[Vec<String>], rows: &[&Row], columns: &[(f64, f64)]) -> bool {
    let all = grid.len() * columns.len();
    let filled = grid.iter().flatten().filter(|cell| !cell.is_empty()).count();
    let words: usize = grid.iter().flatten().map(|cell| cell.split(' ').count()).sum();
    let is_leader = |cell: &String| cell.contains("....") || cell.contains(". . .");
    let is_mark = |cells: &Vec<String>| cells.first().is_some_and(|cell| is_list_mark(cell));
    let (least, most) = if columns.len() == 2 { (LEAST.0, WORDS.0) } else { (LEAST.1, WORDS.1) };
    grid.len() >= least
        && filled * 5 >= all * 4
        && words as f64 <= most * all as f64
        && grid.iter().all(|cells| cells.first().is_some_and(|cell| !cell.is_empty()))
        && !grid.iter().flatten().any(is_leader)
        && grid.iter().filter(|cells| is_mark(cells)).count() * 2 < grid.len()
        && columns.iter().all(|column| is_aligned(rows, *column))
}

fn is_list_mark(cell: &str) -> bool {
    let inner = cell.trim_matches(|c: char| matches!(c, '(' | ')' | '[' | ']' | '.' | ':'));
    let bullet = cell.chars().count() == 1 && !cell.chars().all(char::is_alphanumeric);
    bullet || (inner.len() < cell.len() && inner.chars().count() <= 3 && inner.chars().all(char::is_alphanumeric))
}

/// Whether most cells of a column share their left end, right end or middle.
fn is_aligned(rows: &[&Row], column: (f64, f64)) -> bool {
    let mut ends: [Vec<f64>; 3] = Default::default();
    for row in rows {
        let words = row.words.iter().filter(|word| word.middle() > column.0 && word.middle() < column.1);
        let (left, right) =
            words.fold((f64::MAX, f64::MIN), |ends, word| (ends.0.min(word.left), ends.1.max(word.right)));
        if left < right {
            ends[0].push(left);
            ends[1].push(right);
            ends[2].push(f64::midpoint(left, right));
        }
    }
    let near = rows.first().map_or(0.0, |row| 0.3 * row.size);
    ends.iter_mut().any(|places| {
        places.sort_by(f64::total_cmp);
        let usual = places.get(places.len() / 2).copied().unwrap_or(0.0);
        let same = places.iter().filter(|place| (**place - usual).abs() <= near).count();
        same as f64 >= ALIGNED * places.len() as f64
    })
}

/// Whether a table of two columns has keys and their values: its first row has a value as well, and no header.
fn has_keys(grid: &[Vec<String>]) -> bool {
    let is_year = |cell: &str| cell.len() == 4 && cell.parse().is_ok_and(|year: u16| (1900..2100).contains(&year));
    match grid.first().map(Vec::as_slice) {
        Some([key, value]) => key.ends_with(':') || (value.chars().any(|c| c.is_ascii_digit()) && !is_year(value)),
        _ => false,
    }
}

fn pairs(grid: &[Vec<String>]) -> Vec<String> {
    let pair = |cells: &Vec<String>| match cells.as_slice() {
        [key, value] if !value.is_empty() => plain_line(&format!("{}: {value}", key.trim_end_matches(':').trim_end())),
        cells => plain_line(&cells.join(" ")),
    };
    grid.iter().map(pair).collect()
}

fn lines(grid: &[Vec<String>]) -> Vec<String> {
    let row = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
        format!("| {} |", cells.join(" | "))
    };
    let rule = vec!["---".to_owned(); grid.first().map_or(0, Vec::len)];
    let head = grid.first().map(|cells| row(cells));
    head.into_iter().chain([row(&rule)]).chain(grid.iter().skip(1).map(|cells| row(cells))).collect()
}

#[cfg(test)]
mod tests {
    use super::{
        super::rows::{rows, tests::word},
        *,
    };

    fn read(cells: &[[&str; 3]]) -> Option<Vec<String>> {
        let words = cells.iter().enumerate().flat_map(|(index, cells)| {
            let y = 100.0 + 12.0 * index as f64;
            cells.iter().zip([50.0, 150.0, 250.0]).map(move |(text, left)| word(text, left, y, 10.0))
        });
        let rows = rows(words.filter(|word| !word.text.is_empty()).collect());
        table(&rows.iter().collect::<Vec<_>>()).1
    }

    #[test]
    fn aligned_cells_are_a_table() {
        let lines = read(&[["Ware", "Price", "Stock"], ["Wax", "4.20", "12"], ["a|b", "0.99", "7"]]).unwrap();
        let expected =
            ["| Ware | Price | Stock |", "| --- | --- | --- |", "| Wax | 4.20 | 12 |", "| a\\|b | 0.99 | 7 |"];
        assert_eq!(lines, expected.map(str::to_owned));
    }

    #[test]
    fn keys_with_values_are_lines() {
        let read = |cells: &[[&str; 2]]| read(&cells.iter().map(|[a, b]| [*a, *b, ""]).collect::<Vec<_>>());
        let pairs =
            [["Invoice no.", "RE-2026-0815"], ["Date", "2026-05-03"], ["VAT ID", "DE123456789"], ["Buyer:", "Ann"]];
        let expected = ["Invoice no.: RE-2026-0815", "Date: 2026-05-03", "VAT ID: DE123456789", "Buyer: Ann"];
        assert_eq!(read(&pairs).unwrap(), expected);
        for head in [["Ware", "Price"], ["Ware", "2024"]] {
            let lines = read(&[head, ["Wax", "4.20"], ["Oil", "5.20"], ["Tea", "6.20"]]).unwrap();
            assert_eq!(lines[2], "| Wax | 4.20 |");
        }
    }

    #[test]
    fn lists_contents_and_gaps_are_none() {
        assert_eq!(read(&[["1.", "open", "it"], ["2.", "look", "in"], ["3.", "close", "it"]]), None);
        assert_eq!(read(&[["One", "......", "1"], ["Two", "......", "7"], ["Three", "......", "9"]]), None);
        assert_eq!(read(&[["a", "b", "c"], ["", "b", "c"], ["a", "b", "c"]]), None);
        assert_eq!(read(&[["a", "b", "c"], ["a", "b", "c"]]), None);
    }
}
