//! Reads the words of a page in order and tells where paragraphs begin.

use std::collections::BTreeMap;

use super::{
    columns::{Ordered, order},
    lines::{Line, Start},
    rows::Row,
    ruled::{Grid, grids},
    rules::Rules,
    shape::is_list_mark,
    strips::strips,
    tables::{table, wrapped_table},
    words::Word,
};

/// The most ruled tables of a page.
const TABLES: usize = 100;
/// A page with more words is not searched for them.
const WORDS: usize = 50_000;
/// A larger step down than the usual one times this begins a paragraph.
const PARAGRAPH: f64 = 1.35;
/// Usual steps down, in sizes of the text.
const LEADING: std::ops::Range<f64> = 0.7..2.5;
const USUAL_LEADING: f64 = 1.25;
/// A first line is indented by this, in sizes of the text.
const INDENT: std::ops::Range<f64> = 0.8..6.0;

/// The lines of a page, with its ruled tables at their places.
pub(super) fn lines(mut words: Vec<Word>, rules: &Rules) -> Vec<Line> {
    if words.len() > WORDS {
        return lines_of_words(words);
    }
    let grids = grids(rules);
    let strips = strips(rules, &grids);
    let mut lines = Vec::new();
    for _ in 0..TABLES {
        let of_grid = |grid: &Grid| grid.divide(&words);
        let found = grids.iter().filter_map(of_grid).chain(strips.iter().filter_map(|strips| strips.divide(&words)));
        let Some(first) = found.min_by(|a, b| a.top.total_cmp(&b.top)) else { break };
        lines.extend(lines_of_words(first.above));
        lines.extend(first.table);
        words = first.below;
    }
    lines.extend(lines_of_words(words));
    lines
}

/// The lines of the main direction of writing, then the others.
fn lines_of_words(words: Vec<Word>) -> Vec<Line> {
    let mut directions: BTreeMap<i16, Vec<Word>> = BTreeMap::new();
    for word in words {
        directions.entry(word.angle).or_default().push(word);
    }
    let letters = |words: &[Word]| words.iter().map(|word| word.text.len()).sum::<usize>();
    let mut directions: Vec<Vec<Word>> = directions.into_values().collect();
    directions.sort_by_key(|words| std::cmp::Reverse(letters(words)));
    let mut lines = Vec::new();
    for words in directions {
        let ordered = order(words);
        let mut rest = ordered.as_slice();
        while let Some(((_, _), after)) = rest.split_first() {
            let end = after.iter().position(|(_, begins)| *begins).unwrap_or(after.len()) + 1;
            let (column, others) = rest.split_at(end);
            lines_of_column(column, &mut lines);
            rest = others;
        }
    }
    lines
}

/// The usual step down, in sizes of the text.
fn leading(column: &[Ordered]) -> f64 {
    let steps = column.iter().zip(column.iter().skip(1)).map(|((row, _), (next, _))| step(row, next));
    let mut usual: Vec<f64> = steps.filter(|step| LEADING.contains(step)).collect();
    usual.sort_by(f64::total_cmp);
    usual.get(usual.len() / 2).copied().unwrap_or(USUAL_LEADING)
}

fn step(row: &Row, next: &Row) -> f64 {
    (next.y - row.y) / row.size.max(next.size)
}

fn lines_of_column(column: &[Ordered], lines: &mut Vec<Line>) {
    let rows: Vec<&Row> = column.iter().map(|(row, _)| row).collect();
    let leading = leading(column);
    let mut at = 0;
    let mut after_table = false;
    // Rows before the second place were tried; their first row may be a title, so the next one is tried too.
    let mut tried = (usize::MAX, 0);
    while let Some(row) = rows.get(at) {
        if let Some((count, written)) = wrapped_table(&rows[at..]) {
            lines.extend(Line::table(written, row.size));
            (at, after_table) = (at + count, true);
            continue;
        }
        if at == tried.0 || at >= tried.1 {
            let (count, written) = table(&rows[at..]);
            if let Some(written) = written {
                lines.extend(Line::table(written, row.size));
                (at, after_table) = (at + count, true);
                continue;
            }
            if at >= tried.1 {
                tried = (at + 1, at + count);
            }
        }
        let before = at.checked_sub(1).and_then(|before| rows.get(before));
        let start = match before {
            None => Start::Column,
            Some(_) if after_table => Start::Paragraph,
            Some(before) if is_paragraph(before, row, rows.get(at + 1).copied(), leading) => Start::Paragraph,
            Some(_) => Start::Line,
        };
        lines.push(Line { text: row.text(), size: row.rank(), start });
        (at, after_table) = (at + 1, false);
    }
}

fn is_paragraph(before: &Row, row: &Row, next: Option<&Row>, leading: f64) -> bool {
    let far = step(before, row) > PARAGRAPH * leading.max(1.0);
    let indent = INDENT.contains(&((row.left() - before.left()) / row.size));
    let returns = next.is_some_and(|next| row.left() - next.left() > INDENT.start * row.size);
    // The lines of a list's item are indented behind its mark.
    let hangs = before.words.first().is_some_and(|word| is_list_mark(&word.text));
    far || (indent && returns && !hangs)
}

#[cfg(test)]
mod tests {
    use super::{super::rows::tests::word, *};

    #[test]
    fn gaps_and_indents_begin_paragraphs() {
        let text = "a line of some length here";
        let places = [(50.0, 100.0), (50.0, 112.0), (65.0, 124.0), (50.0, 136.0), (50.0, 160.0)];
        let words = places.iter().map(|(left, y)| word(text, *left, *y, 10.0)).collect();
        let starts: Vec<Start> = lines(words, &Rules::default()).iter().map(|line| line.start).collect();
        assert_eq!(starts, [Start::Column, Start::Line, Start::Paragraph, Start::Line, Start::Paragraph]);
    }

    #[test]
    fn lines_of_an_item_belong_to_it() {
        let rows = [("1.", 50.0, 100.0), ("an item", 65.0, 100.0), ("goes on", 65.0, 112.0), ("2.", 50.0, 124.0)];
        let words = rows.iter().map(|(text, left, y)| word(text, *left, *y, 10.0)).collect();
        let starts: Vec<Start> = lines(words, &Rules::default()).iter().map(|line| line.start).collect();
        assert_eq!(starts, [Start::Column, Start::Line, Start::Line]);
    }

    #[test]
    fn text_of_another_direction_follows() {
        let side = Word { angle: 90, ..word("side", 10.0, 10.0, 10.0) };
        let texts: Vec<String> = lines(vec![side, word("The text", 50.0, 100.0, 10.0)], &Rules::default())
            .into_iter()
            .map(|l| l.text)
            .collect();
        assert_eq!(texts, ["The text", "side"]);
    }
}
