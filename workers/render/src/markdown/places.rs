//! Gives elements their lines in the document: comrak counts from the text's first line, and not in raw HTML.

use std::{collections::HashMap, fmt::Write};

use comrak::nodes::{Node, NodeValue};

use super::tags;

/// What the parser's names of notes in a line begin with.
const INLINE: &str = "__inline_";

/// The text is after `lines` others.
pub fn add(root: Node<'_>, lines: u32) {
    let before = usize::try_from(lines).unwrap_or(usize::MAX);
    place_inline_notes(root);
    let mut around = tags::Around::default();
    for node in root.descendants() {
        let mut data = node.data_mut();
        if data.sourcepos.start.line > 0 {
            data.sourcepos.start.line = data.sourcepos.start.line.saturating_add(before);
            data.sourcepos.end.line = data.sourcepos.end.line.saturating_add(before);
        }
        let lines = (data.sourcepos.start.line, data.sourcepos.end.line);
        match &mut data.value {
            NodeValue::HtmlBlock(html) if lines.0 > 0 => html.literal = placed(&html.literal, lines, &mut around),
            NodeValue::HtmlInline(html) => {
                for tag in tags::of(html) {
                    around.is_outside(&html[tag.name], tag.is_end);
                }
            }
            _ => {}
        }
    }
}

/// The parser counts the lines of a note in a line from the note's own: they are those of the line.
fn place_inline_notes(root: Node<'_>) {
    let mut lines = HashMap::new();
    for node in root.descendants() {
        let data = node.data();
        match &data.value {
            NodeValue::FootnoteReference(reference) => drop(lines.insert(reference.name.clone(), data.sourcepos)),
            NodeValue::FootnoteDefinition(note) if note.name.starts_with(INLINE) => {
                let Some(place) = lines.get(&note.name).copied() else { continue };
                drop(data);
                node.descendants().for_each(|inner| inner.data_mut().sourcepos = place);
            }
            _ => {}
        }
    }
}

/// The first element has the block's lines, each other its own.
fn placed(html: &str, (first, last): (usize, usize), around: &mut tags::Around) -> String {
    let mut out = String::with_capacity(html.len() + 64);
    let (mut written, mut line, mut is_first) = (0, first, true);
    for tag in tags::of(html) {
        if !around.is_outside(&html[tag.name.clone()], tag.is_end) || tag.is_end {
            continue;
        }
        let before = &html[written..tag.name.end];
        line += before.matches('\n').count();
        out.push_str(before);
        let end = if is_first { last } else { line };
        let _ = write!(out, " data-sourcepos=\"{line}:1-{end}:1\"");
        (written, is_first) = (tag.name.end, false);
    }
    out.push_str(&html[written..]);
    out
}

#[cfg(test)]
mod tests {
    use crate::markdown::read;

    #[test]
    fn notes_in_a_line_have_its_line() {
        let (html, _) = read("a\n\nb\nc^[see [x](y)]\n", 10);
        assert!(html.contains("<p data-sourcepos=\"14:"), "{html}");
    }

    #[test]
    fn lines_count_from_the_documents_top() {
        let (html, warnings) =
            read("a\n\n<div>\n<p style=\"x\" title=\"<b>\">\n<video>\n</div>\n\n| a |\n|---|\n| 1 | 2 |\n", 10);
        for part in [
            "<p data-sourcepos=\"11:1-11:1\"",
            "<div data-sourcepos=\"13:1-16:1\"",
            "<p data-sourcepos=\"14:1-14:1\" style",
            "<video data-sourcepos=\"15:1-15:1\"",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert_eq!(warnings.first().map(|(line, _)| *line), Some(20));
    }
}
