//! Warns of what Markdown leaves out silently: notes without a reference, references without a note, and cells beyond a
//! table's columns.

use std::collections::HashSet;

use comrak::nodes::{Node, NodeValue};

/// The most messages.
const MOST: usize = 50;

/// Lines of the text, with what is lost or wrong there.
#[must_use]
pub fn left_out(root: Node<'_>, source: &str) -> Vec<(u32, String)> {
    let lines: Vec<&str> = source.lines().collect();
    let mut warnings = Vec::new();
    let (mut defined, mut code) = (HashSet::new(), HashSet::new());
    for node in root.descendants() {
        let data = node.data();
        let (first, last) = (data.sourcepos.start.line, data.sourcepos.end.line);
        match &data.value {
            NodeValue::FootnoteDefinition(note) => drop(defined.insert(note.name.to_lowercase())),
            NodeValue::CodeBlock(_) | NodeValue::HtmlBlock(_) => code.extend(first..=last),
            NodeValue::Text(text) => {
                if let Some(name) = reference(text) {
                    warnings.push((first, format!("[^{name}] refers to no note: it is shown as it is written")));
                }
            }
            NodeValue::TableRow(_) => {
                let columns = node.children().count();
                // The marks of quotes and lists around the table are before its row.
                let row =
                    lines.get(first.saturating_sub(1)).and_then(|line| line.get(data.sourcepos.start.column - 1..));
                let cells = row.map_or(0, cells);
                if cells > columns {
                    let message =
                        format!("the row has {cells} cells, and the table {columns} columns: the rest is left out");
                    warnings.push((first, message));
                }
            }
            _ => {}
        }
    }
    for (i, line) in lines.iter().enumerate().filter(|(i, _)| !code.contains(&(i + 1))) {
        let name = line.trim_start().strip_prefix("[^").and_then(|rest| rest.split_once("]:")).map(|(name, _)| name);
        let Some(name) = name.filter(|name| !name.is_empty() && !name.contains([' ', ']'])) else { continue };
        if line.len() - line.trim_start().len() < 4 && !defined.contains(&name.to_lowercase()) {
            warnings.push((i + 1, format!("nothing refers to the note [^{name}]: it is left out")));
        }
    }
    warnings.truncate(MOST);
    warnings.into_iter().filter_map(|(line, message)| Some((u32::try_from(line).ok()?, message))).collect()
}

/// The name in `[^name]`.
fn reference(text: &str) -> Option<&str> {
    let (name, rest) = text.split_once("[^")?.1.split_once(']')?;
    (!name.is_empty() && !name.contains(char::is_whitespace) && !rest.starts_with(':')).then_some(name)
}

/// The cells of a row: pipes divide them, but for escaped ones and those at its ends.
fn cells(line: &str) -> usize {
    let line = line.trim();
    let line = line.strip_prefix('|').unwrap_or(line);
    let mut count = 1;
    let mut before = None;
    let mut pipe_ends = false;
    for c in line.chars() {
        pipe_ends = c == '|' && before != Some('\\');
        count += usize::from(pipe_ends);
        before = Some(c);
    }
    count - usize::from(pipe_ends)
}

#[cfg(test)]
mod tests {
    use crate::markdown::read;

    fn warnings(markdown: &str) -> Vec<(u32, String)> {
        read(markdown, 0).1
    }

    #[test]
    fn notes_without_reference_and_references_without_note_are_reported() {
        let found =
            warnings("Text[^a] and[^none].\n\n[^a]: One.\n\n[^unused]: Never called.\n\n```\n[^code]: x\n```\n");
        let lines: Vec<u32> = found.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [1, 5], "{found:?}");
        assert!(found[0].1.contains("[^none]") && found[1].1.contains("[^unused]"));
    }

    #[test]
    fn cells_beyond_the_columns_are_reported() {
        let found = warnings("| a | b |\n|---|---|\n| 1 | 2 |\n| 1 | 2 | 3 |\n| `a \\| b` | c |\n| short |\n");
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].0 == 4 && found[0].1.contains("3 cells"));
        let found = warnings(
            "> | t | u |\n> |---|---|\n> | 1 | 2 |\n\n- | t | u |\n  |---|---|\n  | 1 | 2 |\n> > | a | b |\n> > |---|---|\n> > | 1 | 2 | 3 |\n",
        );
        assert!(found.len() == 1 && found[0].0 == 10, "{found:?}");
    }
}
