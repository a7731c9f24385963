//! Tables that go on on the next page.

use super::{
    lines::{Line, Start},
    shape::is_number,
};

/// The cells of a row of Markdown.
fn cells_of(row: &str) -> Option<Vec<&str>> {
    Some(row.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").map(str::trim).collect())
}

/// Leaves out the header of a table that goes on on the next page: one that is repeated there, or a first row of
/// figures like those before it.
pub(super) fn continue_on_page(before: &[Line], page: &mut Vec<Line>) {
    let is_last = before.last().is_some_and(|line| line.start == Start::Table);
    let header = before.iter().rposition(|line| line.start == Start::FirstOfTable).filter(|_| is_last);
    let Some((header, rows)) = header.and_then(|at| before[at..].split_first()) else { return };
    let [first, rule, ..] = page.as_mut_slice() else { return };
    let (Some(names), Some(cells)) = (cells_of(&header.text), cells_of(&first.text)) else { return };
    if first.start != Start::FirstOfTable || !rule.text.starts_with("| ---") || names.len() != cells.len() {
        return;
    }
    let is_repeated = first.text == header.text;
    let is_figure = |cells: &[&str], column: usize| cells.get(column).is_some_and(|cell| is_number(cell));
    let are_figures = |column: &usize| {
        let filled = rows.iter().skip(1).filter_map(|row| cells_of(&row.text));
        let filled: Vec<_> = filled.filter(|cells| cells.get(*column).is_some_and(|cell| !cell.is_empty())).collect();
        let figures = filled.iter().filter(|cells| is_figure(cells, *column)).count();
        figures > 0 && figures * 5 >= filled.len() * 4 && !is_figure(&names, *column)
    };
    let columns: Vec<usize> = (0..names.len()).filter(are_figures).collect();
    if is_repeated || (!columns.is_empty() && columns.iter().all(|column| is_figure(&cells, *column))) {
        first.start = Start::Table;
        page.drain(usize::from(!is_repeated)..2);
        page.iter_mut()
            .take(1)
            .filter(|line| line.start == Start::FirstOfTable)
            .for_each(|line| line.start = Start::Table);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_goes_on_on_the_next_page() {
        let page = |rows: &[[&str; 2]]| {
            let mut texts: Vec<String> = rows.iter().map(|[a, b]| format!("| {a} | {b} |")).collect();
            texts.insert(1, "| --- | --- |".to_owned());
            Line::table(texts, 10.0).collect::<Vec<_>>()
        };
        let first = page(&[["Ware", "Price"], ["Wax", "1.20"], ["Oil", "3.10"]]);
        for (rows, left) in [
            ([["Ware", "Price"], ["Tea", "2.20"]], vec!["| Tea | 2.20 |"]),
            ([["Tea", "2.20"], ["Jam", "2.20"]], vec!["| Tea | 2.20 |", "| Jam | 2.20 |"]),
            ([["Name", "Town"], ["Ann", "Ulm"]], vec!["| Name | Town |", "| --- | --- |", "| Ann | Ulm |"]),
        ] {
            let mut next = page(&rows);
            continue_on_page(&first, &mut next);
            assert_eq!(next.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), left);
            assert_eq!(next[0].start == Start::Table, left.len() < 3);
        }
    }
}
