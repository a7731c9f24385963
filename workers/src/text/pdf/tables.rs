//! Tables: consecutive rows whose cells are aligned, written as rows of a Markdown table.

use super::{
    lines::{Line, Start},
    rows::{Row, rows},
    shape::{LEAST, is_leader, is_level, is_list_mark, is_number, least},
    words::Word,
    wrapped,
};
use crate::text::extracted::plain_line;

/// Cells are apart by more than this, in sizes of the text.
const GAP: f64 = 1.0;
/// Rows are apart by less than this, in sizes of the text.
const STEP: f64 = 2.8;
/// Totals begin to the right of other rows by more than this, in sizes of the text.
const TOTAL: f64 = 8.0;
/// A cell has fewer words than this on average, in a table of two columns and of more.
const WORDS: (f64, f64) = (4.0, 7.0);
/// The longest text, in bytes, that a cell over several rows repeats in each.
const REPEATED: usize = 200;

/// The text of a cell, with the line breaks that it has on the page, and the font of its first word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cell {
    text: String,
    font: u32,
}

impl Cell {
    pub(super) fn new(words: Vec<Word>) -> Self {
        let font = words.first().map_or(0, |word| word.font);
        let text = rows(words).iter().map(Row::text).collect::<Vec<_>>().join("\n");
        Self { text, font }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Whether it may be repeated in each row that it covers.
    pub(super) fn is_short(&self) -> bool {
        self.text.len() <= REPEATED
    }

    /// A paragraph of its text.
    pub(super) fn lines(&self, size: f64) -> Vec<Line> {
        let start = |index: usize| if index == 0 { Start::Paragraph } else { Start::Line };
        let line = |(index, text): (usize, &str)| Line { text: text.to_owned(), size, start: start(index) };
        self.text.lines().enumerate().map(line).collect()
    }
}

/// The number of rows, from the first, that have cells of several lines, and the lines of the table that they are.
pub(super) fn wrapped_table(rows: &[&Row]) -> Option<(usize, Vec<String>)> {
    let (count, cells) = wrapped::table(rows)?;
    let grid: Vec<Vec<Cell>> = cells.into_iter().map(|row| row.into_iter().map(Cell::new).collect()).collect();
    Some((count, written_as(&grid)))
}

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
    // The names of totals may be wider than the column that they stand in.
    let left = rows.iter().map(|row| row.left()).fold(f64::MAX, f64::min);
    let totals = rows.iter().rev().take_while(|row| row.left() > left + TOTAL * row.size).count();
    let columns = columns(&rows[..rows.len() - totals])?;
    let grid: Vec<Vec<Cell>> = rows.iter().map(|row| cells(row, &columns)).collect();
    is_clear(&grid, rows, &columns).then(|| written_as(&grid))
}

/// Rows of Markdown, or keys with their values.
pub(super) fn written_as(grid: &[Vec<Cell>]) -> Vec<String> {
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

fn cells(row: &Row, columns: &[(f64, f64)]) -> Vec<Cell> {
    let mut cells: Vec<Vec<Word>> = vec![Vec::new(); columns.len()];
    for word in &row.words {
        let column = columns.partition_point(|column| column.1 < word.middle()).min(columns.len() - 1);
        cells[column].push(word.clone());
    }
    cells.into_iter().map(Cell::new).collect()
}

/// In doubt, rows stay lines.
fn is_clear(grid: &[Vec<Cell>], rows: &[&Row], columns: &[(f64, f64)]) -> bool {
    // Totals below figures have no first cell.
    let is_total = |cells: &&Vec<Cell>| cells[0].is_empty() && cells.last().is_some_and(|cell| is_number(&cell.text));
    let totals = grid.iter().rev().take_while(is_total).count();
    let Some(grid) = grid.get(..grid.len() - totals).filter(|grid| grid.len() > totals) else { return false };
    let all = grid.len() * columns.len();
    let filled = grid.iter().flatten().filter(|cell| !cell.is_empty()).count();
    let words: usize = grid.iter().flatten().map(|cell| cell.text.split(' ').count()).sum();
    let is_mark = |cells: &Vec<Cell>| cells.first().is_some_and(|cell| is_list_mark(&cell.text));
    let most = if columns.len() == 2 { WORDS.0 } else { WORDS.1 };
    grid.len() >= least(columns.len())
        && filled * 5 >= all * 4
        && words as f64 <= most * all as f64
        && grid.iter().all(|cells| cells.first().is_some_and(|cell| !cell.is_empty()))
        && !grid.iter().flatten().any(|cell| is_leader(&cell.text))
        && grid.iter().filter(|cells| is_mark(cells)).count() * 2 < grid.len()
        && columns.iter().all(|column| is_aligned(rows, *column))
}

/// Whether most cells of a column share their left end, right end or middle.
fn is_aligned(rows: &[&Row], column: (f64, f64)) -> bool {
    let ends = rows.iter().filter_map(|row| {
        let words = row.words.iter().filter(|word| word.middle() > column.0 && word.middle() < column.1);
        let (left, right) =
            words.fold((f64::MAX, f64::MIN), |ends, word| (ends.0.min(word.left), ends.1.max(word.right)));
        (left < right).then_some((left, right))
    });
    is_level(ends, rows.first().map_or(0.0, |row| row.size))
}

/// Whether a table of two columns has keys and their values: its first row has a value as well, and no header.
fn has_keys(grid: &[Vec<Cell>]) -> bool {
    let Some(([key, value], others)) = grid.split_first().map(|(first, others)| (first.as_slice(), others)) else {
        return false;
    };
    let share = |is: &dyn Fn(&Cell, &Cell) -> bool| {
        let all = others.iter().filter(|cells| matches!(cells.as_slice(), [a, b] if is(a, b))).count();
        all * 5 >= others.len() * 4
    };
    if key.text.ends_with(':') || value.is_empty() {
        return key.text.ends_with(':');
    }
    if key.font == value.font && share(&|_, other| other.font != value.font) {
        return false;
    }
    if key.font != value.font && share(&|a, b| a.font == key.font && b.font == value.font) {
        return true;
    }
    let is_year = value.text.len() == 4 && value.text.parse().is_ok_and(|year: u16| (1900..2100).contains(&year));
    if !is_year && value.text.chars().any(|c| c.is_ascii_digit()) {
        return true;
    }
    // Figures of one kind have a name above them.
    let kind = others.last().and_then(|cells| cells.last()).map_or(String::new(), |cell| shape(&cell.text));
    let is_same = |_: &Cell, other: &Cell| shape(&other.text) == kind && kind.contains('9');
    !(share(&|_, other| is_number(&other.text)) || share(&is_same))
}

/// A text with one mark for all digits and letters that follow each other.
fn shape(text: &str) -> String {
    let mut shape: Vec<char> = text.chars().map(|c| if c.is_alphabetic() { 'a' } else { c }).collect();
    shape.iter_mut().filter(|c| c.is_numeric()).for_each(|c| *c = '9');
    shape.dedup();
    shape.into_iter().collect()
}

fn pairs(grid: &[Vec<Cell>]) -> Vec<String> {
    let pair = |cells: &Vec<Cell>| match cells.as_slice() {
        [key, value] if !value.is_empty() && !key.is_empty() => {
            plain_line(&format!("{}: {}", key.text.trim_end_matches(':').trim_end(), value.text))
        }
        cells => {
            let texts: Vec<&str> =
                cells.iter().map(|cell| cell.text.as_str()).filter(|text| !text.is_empty()).collect();
            plain_line(&texts.join(" "))
        }
    };
    grid.iter().map(pair).collect()
}

fn lines(grid: &[Vec<Cell>]) -> Vec<String> {
    let row = |cells: &[Cell]| {
        let cells: Vec<String> = cells.iter().map(|cell| cell.text.replace('|', "\\|")).collect();
        format!("| {} |", cells.join(" | "))
    };
    let rule = format!("|{}", " --- |".repeat(grid.first().map_or(0, Vec::len)));
    let head = grid.first().map(|cells| row(cells));
    head.into_iter().chain([rule]).chain(grid.iter().skip(1).map(|cells| row(cells))).collect()
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
    fn totals_below_figures_need_no_first_cell() {
        let rows =
            [["Ware", "Price", "Sum"], ["Wax", "4.20", "8.40"], ["Oil", "5.20", "5.20"], ["Tea", "1.00", "1.00"]];
        let totals = [["", "Subtotal", "14.60"], ["", "Tax", "1.40"], ["", "Total", "16.00"]];
        let lines = read(&[&rows[..], &totals].concat()).unwrap();
        assert_eq!(lines.last().map(String::as_str), Some("|  | Total | 16.00 |"));
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
    fn a_first_value_without_a_digit_is_no_header() {
        let read = |cells: &[[&str; 2]]| read(&cells.iter().map(|[a, b]| [*a, *b, ""]).collect::<Vec<_>>()).unwrap();
        let pairs = [["Customer", "Ann Baker"], ["Invoice no.", "RE-17"], ["Date", "2026-05-03"], ["VAT ID", "DE12"]];
        assert_eq!(read(&pairs)[0], "Customer: Ann Baker");
        let words = [["Name", "Ann"], ["Town", "Ulm"], ["State", "open"], ["Team", "East"]];
        assert_eq!(read(&words), ["Name: Ann", "Town: Ulm", "State: open", "Team: East"]);
        let dates = [["Fair", "Day"], ["Spring", "2026-05-03"], ["Autumn", "2026-10-12"], ["Winter", "2026-12-01"]];
        assert_eq!(read(&dates)[2], "| Spring | 2026-05-03 |");
    }

    #[test]
    fn fonts_tell_a_header_from_keys() {
        let grid = |fonts: [[u32; 2]; 4]| {
            let texts = [["Town", "Mayor"], ["Ulm", "Ann"], ["Bonn", "Ben"], ["Kiel", "Cem"]];
            let cell = |(text, font): (&str, u32)| Cell { text: text.to_owned(), font };
            texts
                .iter()
                .zip(fonts)
                .map(|(row, fonts)| (*row).into_iter().zip(fonts).map(cell).collect())
                .collect::<Vec<_>>()
        };
        assert_eq!(written_as(&grid([[2, 2], [1, 1], [1, 1], [1, 1]]))[2], "| Ulm | Ann |");
        assert_eq!(written_as(&grid([[2, 2], [2, 1], [2, 1], [2, 1]]))[2], "| Ulm | Ann |");
        assert_eq!(written_as(&grid([[2, 1], [2, 1], [2, 1], [2, 1]]))[0], "Town: Mayor");
    }

    #[test]
    fn numbers_have_signs_currencies_and_units() {
        for number in ["12", "1,320.75", "€21.50", "-8 %", "12.50 EUR", "CHF 3", "1 200", "+3%", "(4.5)"] {
            assert!(is_number(number), "{number}");
        }
        for other in ["", "VX-1", "2026-05-03", "1.", "-", "EUR", "3 large boxes", "v1.2"] {
            assert!(!is_number(other), "{other}");
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
