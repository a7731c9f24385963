//! Repeats the header of a table in each piece of it: a row means little without the names of its columns.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag};

use super::{
    count::Count,
    pieces::{ChunkBudget, Piece, split as split_text},
    rows::Rows,
};

struct Table {
    range: Range<usize>,
    header: Range<usize>,
    columns: usize,
    rows: Vec<Range<usize>>,
}

/// Splits a section; tables that do not fit into one piece are split by their rows.
pub(super) fn split(text: &str, range: Range<usize>, budget: ChunkBudget, count: &dyn Count) -> Vec<Piece> {
    let pieces = split_text(text, range.clone(), budget, count);
    let is_cut =
        |table: &Table| pieces.iter().any(|piece| piece.start > table.range.start && piece.start < table.range.end);
    let mut tables = if pieces.len() > 1 { tables(text, range.clone()) } else { Vec::new() };
    tables.retain(is_cut);
    if tables.is_empty() {
        return pieces.into_iter().map(|range| piece(text, range)).collect();
    }
    let (mut found, mut at) = (Vec::new(), range.start);
    for table in tables {
        let mut before = split_text(text, at..table.range.start, budget, count);
        at = table.range.end;
        // What introduces the table stays with its first rows, if these fit.
        let end = table.rows[0].end;
        let introduces = |last: &Range<usize>| count.count(&text[last.start..end]) <= budget.tokens;
        let begin = before.pop_if(|last| introduces(last)).map_or(table.range.start, |last| last.start);
        found.extend(before.into_iter().map(|range| piece(text, range)));
        let header = repeated(text, &table).filter(|header| count.count(header) <= budget.header).unwrap_or_default();
        found.extend(Rows { text, rows: table.rows, begin, header }.pack(budget, count));
    }
    found.extend(split_text(text, at..range.end, budget, count).into_iter().map(|range| piece(text, range)));
    found
}

fn piece(text: &str, range: Range<usize>) -> Piece {
    Piece { text: text[range.clone()].to_owned(), range }
}

/// The header with the shortest line below it that Markdown allows.
fn repeated(text: &str, table: &Table) -> Option<String> {
    let header = text[table.header.clone()].trim();
    (!header.is_empty()).then(|| format!("{header}\n|{}\n", "-|".repeat(table.columns)))
}

/// The tables of a section that have rows, in order.
fn tables(text: &str, range: Range<usize>) -> Vec<Table> {
    if !text[range.clone()].contains('|') {
        return Vec::new();
    }
    let shift = |inner: Range<usize>| range.start + inner.start..range.start + inner.end;
    let line = |inner: Range<usize>| {
        let outer = shift(inner);
        outer.start..outer.start + text[outer].trim_end().len()
    };
    let mut found: Vec<Table> = Vec::new();
    for (event, inner) in Parser::new_ext(&text[range.clone()], Options::ENABLE_TABLES).into_offset_iter() {
        match event {
            Event::Start(Tag::Table(columns)) => {
                found.push(Table { range: shift(inner), header: 0..0, columns: columns.len(), rows: Vec::new() })
            }
            Event::Start(Tag::TableHead) => {
                if let Some(table) = found.last_mut() {
                    table.header = line(inner);
                }
            }
            Event::Start(Tag::TableRow) => {
                if let Some(table) = found.last_mut() {
                    table.rows.push(line(inner));
                }
            }
            _ => {}
        }
    }
    found.retain(|table| !table.rows.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::super::{Chunk, Size, chunks, count::Count};

    struct Words;

    impl Count for Words {
        fn count(&self, text: &str) -> usize {
            text.split_whitespace().map(|word| word.len().div_ceil(12)).sum()
        }
    }

    fn of(text: &str, tokens: usize) -> Vec<Chunk> {
        let found = chunks(text, Size { tokens, overlap: 0 }, &Words);
        for chunk in &found {
            assert!(Words.count(&chunk.embedded()) <= tokens, "{chunk:?}");
        }
        found
    }

    fn rows(count: usize) -> String {
        (0..count).map(|n| format!("| PN-{n:04} | Bracket {n} |\n")).collect()
    }

    const HEADER: &str = "| Part | Name |\n|---|---|\n";

    #[test]
    fn the_handed_table_has_its_header_in_each_chunk() {
        let text = include_str!("../../../tests/workers/cases/bigtable.md");
        let found = of(text, 120);
        assert!(found.len() > 10, "{}", found.len());
        for chunk in &found {
            let header = "| Part number | Name | Price EUR | Stock |\n|";
            assert!(chunk.text.starts_with(header), "{chunk:?}");
            assert_eq!(chunk.path, ["Spare parts"]);
            assert!(chunk.text.lines().all(|line| line.starts_with('|') && line.ends_with('|')), "no row is cut");
        }
        let all: Vec<&str> = found.iter().flat_map(|chunk| chunk.text.lines().skip(2)).collect();
        assert_eq!(all, text.lines().skip(4).collect::<Vec<_>>(), "each row is there once");
    }

    #[test]
    fn what_stands_around_a_table_stays_with_it() {
        let text = format!("# Parts\n\nThese are all.\n\n{HEADER}{}\nNo more of them.\n", rows(9));
        let found = of(&text, 30);
        let texts: Vec<_> = found.iter().map(|chunk| chunk.text.as_str()).collect();
        assert!(texts[0].starts_with("These are all.\n\n| Part | Name |\n|---|---|\n| PN-0000"), "{texts:?}");
        assert!(texts[1].starts_with("| Part | Name |\n|-|-|\n| PN-"), "{texts:?}");
        assert_eq!(texts.last(), Some(&"No more of them."));
        let whole = of(&text, 500);
        assert_eq!(whole.len(), 1, "a table that fits is left as it is");
    }

    #[test]
    fn a_header_that_is_too_wide_and_a_row_that_is_too_long_are_bounded() {
        let wide = format!("| {} |\n|---|\n{}", "column ".repeat(30), rows(40));
        let found = of(&wide, 60);
        assert!(found[1..].iter().all(|chunk| chunk.text.starts_with("| PN-")), "{found:?}");
        let long = format!("{HEADER}| PN-1 | {} |\n{}", "word ".repeat(100), rows(3));
        let found = of(&long, 40);
        let words = found.iter().map(|chunk| chunk.text.matches("word").count()).sum::<usize>();
        assert_eq!(words, 100);
        assert!(found.last().is_some_and(|chunk| chunk.text.contains("PN-0002") && chunk.text.contains("| Part |")));
        let none = of(&format!("| {} |\n|---|\n| x |\n", "column ".repeat(300)), 20);
        assert!(none.last().is_some_and(|chunk| chunk.text == "| x |"), "{none:?}");
    }

    #[test]
    fn tables_in_quotes_and_two_in_a_section_are_split() {
        let quoted: String = format!("{HEADER}{}", rows(20)).lines().map(|line| format!("> {line}\n")).collect();
        let found = of(&format!("{quoted}\nBetween.\n\n{HEADER}{}", rows(20)), 40);
        assert!(found.iter().filter(|chunk| chunk.text.contains("| Part | Name |")).count() > 4, "{found:?}");
        for n in 0..20 {
            let row = format!("PN-{n:04}");
            assert_eq!(found.iter().filter(|chunk| chunk.text.contains(&row)).count(), 2, "{row}");
        }
    }
}
