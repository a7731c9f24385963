//! Markdown as plain sentences, for small models: they copy a sentence well, and a mark, a row or a list badly.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser};

use super::{
    row::{cells, is_rule, named_values},
    sentences::sentences,
};

/// A sentence of a passage.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sentence {
    pub(super) text: String,
    /// Headings and questions answer nothing.
    pub(super) answers: bool,
    /// Where it is in the Markdown, in bytes.
    pub(super) range: Range<usize>,
    /// Of a row, in Markdown, each with the name of its column.
    pub(super) values: Vec<String>,
}

/// Each heading, item and row is a sentence; a row names its columns: `Name: Wax, Price: 3.`
pub(super) fn prose(markdown: &str) -> Vec<Sentence> {
    let (mut prose, mut header) = (Vec::new(), None);
    let ranges = sentences(markdown);
    for (n, range) in ranges.iter().enumerate() {
        let sentence = &markdown[range.clone()];
        let Some(cells) = cells(sentence) else {
            header = None;
            let answers = !sentence.starts_with('#') && !sentence.trim_end_matches(['*', '_']).ends_with(['?', '？']);
            let own = without_marker(sentence);
            let values: Vec<String> = named_values(own).unwrap_or_default().into_iter().map(str::to_owned).collect();
            let text = if values.is_empty() { plain(own) } else { of_values(&values) };
            prose.extend(text.map(|text| Sentence { text, answers, range: range.clone(), values }));
            continue;
        };
        match &header {
            _ if is_rule(sentence) => {}
            None if ranges.get(n + 1).is_some_and(|next| is_rule(&markdown[next.clone()])) => header = Some(cells),
            header => {
                let values = row(header.as_deref().unwrap_or_default(), &cells);
                let text = of_values(&values);
                prose.extend(text.map(|text| Sentence { text, answers: true, range: range.clone(), values }));
            }
        }
    }
    prose
}

/// The sentence of a row with these values.
pub(super) fn of_values(values: &[String]) -> Option<String> {
    plain(&values.join(", "))
}

fn row(header: &[&str], cells: &[&str]) -> Vec<String> {
    let named = cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty());
    named
        .map(|(n, cell)| match header.get(n).filter(|name| !name.is_empty()) {
            Some(name) => format!("{name}: {cell}"),
            None => (*cell).to_owned(),
        })
        .collect()
}

/// Without the marks of a heading, an item, a task or a quotation.
fn without_marker(line: &str) -> &str {
    let line = line.trim_start_matches(['>', ' ']);
    let digits = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let marked = match line.chars().next() {
        Some('#') => line.trim_start_matches('#'),
        Some('-' | '*' | '+') => &line[1..],
        Some('0'..='9') if digits.starts_with(['.', ')']) => &digits[1..],
        _ => return line,
    };
    let Some(text) = marked.strip_prefix(' ') else { return line };
    let text = text.trim_start();
    ["[ ] ", "[x] ", "[X] "].iter().find_map(|task| text.strip_prefix(task)).unwrap_or(text)
}

/// The text without emphasis, links and the like, with a full stop if it has no end.
fn plain(markdown: &str) -> Option<String> {
    let mut text = String::with_capacity(markdown.len() + 1);
    for event in Parser::new_ext(markdown, Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Text(piece) | Event::Code(piece) | Event::Html(piece) | Event::InlineHtml(piece) => {
                text.push_str(&piece);
            }
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            _ => {}
        }
    }
    // Half a pair of marks is left where it is around two sentences.
    let text = text.trim_matches(['*', '_', ' ']).to_owned();
    let ends = text.ends_with(['.', '!', '?', ':', '…', '。', '！', '？', '"', '”', '»']);
    (!text.is_empty()).then(|| if ends { text } else { text + "." })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(markdown: &str) -> Vec<String> {
        prose(markdown).into_iter().map(|sentence| sentence.text).collect()
    }

    #[test]
    fn marks_of_markdown_are_left_out() {
        for (markdown, expected) in [
            ("# Opening hours\n\nWe open\nat nine. Really!", vec!["Opening hours.", "We open at nine.", "Really!"]),
            (
                "- **Bold**: `code`\n- [x] a [link](https://example.com)\n2) _two_",
                vec!["Bold: code.", "a link.", "two."],
            ),
            ("> Note: it is so\n\n3.50 euros", vec!["Note: it is so.", "3.50 euros."]),
            ("**How long?**\nUp to 5 days.", vec!["How long?", "Up to 5 days."]),
            (
                "Press <Enter> for List<Integer>, a*b*c and AX_44_1.",
                vec!["Press <Enter> for List<Integer>, abc and AX_44_1."],
            ),
            ("-5 degrees", vec!["-5 degrees."]),
            ("- \n\n***\n", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(texts(markdown), expected, "{markdown:?}");
        }
    }

    #[test]
    fn a_row_names_its_columns() {
        let table = "Prices:\n\n| Product | Price | |\n|---|:-:|-|\n| Wax | 3 | new |\n| Honey | | **old**\n| a | b | c | d |\n";
        let rows = ["Prices:", "Product: Wax, Price: 3, new.", "Product: Honey, old.", "Product: a, Price: b, c, d."];
        assert_eq!(texts(table), rows);
        assert_eq!(texts("| Wax | 3 |\n| Honey | 7 |"), ["Wax, 3.", "Honey, 7."], "a part without its header");
        assert_eq!(
            texts("Name: Wax; Price: 3\nName: Honey; Price: 7\n"),
            ["Name: Wax, Price: 3.", "Name: Honey, Price: 7."]
        );
    }

    #[test]
    fn headings_and_questions_answer_nothing() {
        let answers: Vec<bool> =
            prose("# A\n\n**When?**\nAt nine. ¿Qué?\n| a? |\n").iter().map(|one| one.answers).collect();
        assert_eq!(answers, [false, false, true, false, true]);
    }
}
