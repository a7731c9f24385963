//! Tables of HTML and DOCX as Markdown tables.

use super::extracted::{one_line, plain_line};

/// The widest and the highest cell.
const SPAN: usize = 16;
/// The longest text, in bytes, that a cell over several rows repeats in each.
const REPEATED: usize = 200;

#[derive(Debug, Clone, Default)]
pub(super) struct Cell {
    pub(super) text: String,
    /// How many columns and rows it covers.
    pub(super) columns: usize,
    pub(super) rows: usize,
}

/// Rows from top to bottom. The first one is the header.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<Vec<String>>,
    /// What cells above still cover: a text, and for how many rows, by column.
    covered: Vec<(String, usize)>,
}

impl Table {
    pub(super) fn push(&mut self, cells: Vec<Cell>) {
        let mut row = Vec::with_capacity(cells.len());
        for cell in cells {
            self.fill(&mut row);
            let text = one_line(&cell.text).replace('|', "\\|");
            let rows = cell.rows.clamp(1, SPAN);
            let repeated = if text.len() <= REPEATED { text.as_str() } else { "" };
            for column in 0..cell.columns.clamp(1, SPAN) {
                if rows > 1 {
                    if self.covered.len() <= row.len() {
                        self.covered.resize(row.len() + 1, (String::new(), 0));
                    }
                    let below = if column == 0 { repeated } else { "" };
                    self.covered[row.len()] = (below.to_owned(), rows);
                }
                row.push(if column == 0 { text.clone() } else { String::new() });
            }
        }
        self.fill(&mut row);
        self.covered.iter_mut().for_each(|(_, rows)| *rows = rows.saturating_sub(1));
        if row.iter().any(|cell| !cell.is_empty()) {
            self.rows.push(row);
        }
    }

    /// Adds the texts of the cells above that cover this place.
    fn fill(&self, row: &mut Vec<String>) {
        while let Some((text, _)) = self.covered.get(row.len()).filter(|(_, rows)| *rows > 0) {
            row.push(text.clone());
        }
    }

    /// Lines without an empty one; none without text. A single column is paragraphs.
    pub(super) fn markdown(self) -> Option<String> {
        let width = self.rows.iter().map(|row| length(row)).max().filter(|width| *width > 0)?;
        if width == 1 {
            let lines = self.rows.iter().flat_map(|row| row.first()).map(|cell| plain_line(&cell.replace("\\|", "|")));
            return Some(lines.collect::<Vec<_>>().join("\n\n"));
        }
        let mut rows = self.rows.into_iter();
        let mut header = rows.next()?;
        header.resize(width, String::new());
        let mut out = line(&header);
        out.push_str(&format!("\n|{}", " --- |".repeat(width)));
        for row in rows {
            out.push('\n');
            out.push_str(&line(&row[..length(&row)]));
        }
        Some(out)
    }
}

/// Without the empty cells at its end.
fn length(row: &[String]) -> usize {
    row.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1)
}

fn line(cells: &[String]) -> String {
    format!("| {} |", cells.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(text: &str) -> Cell {
        Cell { text: text.to_owned(), columns: 1, rows: 1 }
    }

    fn of(rows: Vec<Vec<Cell>>) -> Option<String> {
        let mut table = Table::default();
        rows.into_iter().for_each(|row| table.push(row));
        table.markdown()
    }

    #[test]
    fn cells_over_rows_and_columns_keep_the_others_in_place() {
        let wide = Cell { columns: 2, ..cell("Hive") };
        let high = Cell { rows: 2, ..cell("East") };
        let found = of(vec![
            vec![wide, cell("Bees")],
            vec![high, cell("A|1"), cell("20")],
            vec![cell("A\n2"), cell("30")],
            vec![cell("West"), cell(""), cell("")],
        ]);
        let expected = "| Hive |  | Bees |\n| --- | --- | --- |\n| East | A\\|1 | 20 |\n| East | A 2 | 30 |\n| West |";
        assert_eq!(found.as_deref(), Some(expected));
    }

    #[test]
    fn a_single_column_is_paragraphs_and_nothing_is_nothing() {
        assert_eq!(of(vec![vec![cell("a|b")], vec![cell("# c")]]).as_deref(), Some("a|b\n\n\\# c"));
        assert_eq!(of(vec![vec![cell(" ")], vec![]]), None);
        assert_eq!(of(vec![]), None);
    }

    #[test]
    fn spans_are_bounded() {
        let huge = Cell { text: "x".repeat(300), columns: usize::MAX, rows: usize::MAX };
        let found = of(vec![vec![huge, cell("y")], vec![cell("z")]]).unwrap_or_default();
        assert!(found.len() < 1_000 && found.contains('z'), "{found}");
    }
}
