//! Turns the notes of MkDocs (`!!! note "Title"` with an indented text) into GitHub's alerts, line by line.

use std::borrow::Cow;

/// How far the text is indented.
const INDENT: usize = 4;
/// The deepest nesting.
const DEEPEST: usize = 8;

/// The text with as many lines.
#[must_use]
pub fn read(markdown: &str) -> Cow<'_, str> {
    let begins = |line: &str| line.starts_with("!!!") || line.starts_with("???");
    if !markdown.lines().any(|line| begins(line.trim_start())) {
        return Cow::Borrowed(markdown);
    }
    let lines: Vec<&str> = markdown.lines().collect();
    let mut out = Vec::with_capacity(lines.len());
    add(&lines, "", 0, &mut out);
    let mut text = out.join("\n");
    text.push('\n');
    Cow::Owned(text)
}

fn add(lines: &[&str], quote: &str, depth: usize, out: &mut Vec<String>) {
    let mut fence: Option<&str> = None;
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at += 1;
        let marks = line.trim_start();
        let opens = ["```", "~~~"].into_iter().find(|fence| marks.starts_with(fence));
        match (fence, opens) {
            (None, Some(_)) => fence = opens,
            (Some(open), Some(mark)) if open == mark => fence = None,
            _ => {}
        }
        let Some((alert, title)) = head(line).filter(|_| fence.is_none() && depth < DEEPEST) else {
            out.push(format!("{quote}{line}"));
            continue;
        };
        let inner = format!("{quote}> ");
        out.push(format!("{inner}[!{alert}] {title}").trim_end().to_owned());
        let text = &lines[at..at + length(&lines[at..])];
        let text_lines: Vec<&str> = text.iter().map(|line| unindented(line)).collect();
        add(&text_lines, &inner, depth + 1, out);
        at += text.len();
    }
}

/// The number of lines of an indented text; blank lines at its end are not part of it.
fn length(lines: &[&str]) -> usize {
    let is_text = |line: &&&str| line.trim().is_empty() || line.starts_with("    ") || line.starts_with('\t');
    let all = lines.iter().take_while(is_text).count();
    lines[..all].iter().rposition(|line| !line.trim().is_empty()).map_or(0, |last| last + 1)
}

fn unindented(line: &str) -> &str {
    match line.strip_prefix('\t') {
        Some(rest) => rest,
        None => &line[line.len().min(line.len() - line.trim_start_matches(' ').len()).min(INDENT)..],
    }
}

/// The kind of alert and the title that a line begins.
fn head(line: &str) -> Option<(&'static str, String)> {
    let rest = line.strip_prefix("!!!").or_else(|| line.strip_prefix("???"))?;
    let rest = rest.strip_prefix('+').unwrap_or(rest).strip_prefix(' ')?.trim();
    let (names, title) = match rest.split_once('"') {
        Some((names, title)) => (names, Some(title.strip_suffix('"')?)),
        None => (rest, None),
    };
    let name = names.split_whitespace().next()?;
    if !name.chars().all(|c| c.is_alphanumeric() || c == '-') {
        return None;
    }
    let lower = name.to_lowercase();
    let alert = match lower.as_str() {
        "tip" | "hint" | "success" | "check" | "done" => "TIP",
        "important" => "IMPORTANT",
        "warning" | "attention" => "WARNING",
        "caution" | "danger" | "error" | "failure" | "fail" | "missing" | "bug" => "CAUTION",
        _ => "NOTE",
    };
    let own = lower.to_uppercase() != alert;
    let title = title.filter(|title| !title.trim().is_empty()).map(str::to_owned);
    let capital = || lower.chars().next().map(|c| c.to_uppercase().chain(lower.chars().skip(1)).collect());
    Some((alert, title.or_else(|| capital().filter(|_| own)).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::markdown::to_html;

    #[test]
    fn notes_of_mkdocs_are_alerts() {
        let html = to_html("!!! note\n    Text *here*.\n\n    More.\n\nAfter.\n");
        assert!(html.contains("markdown-alert-note") && html.contains("<em"), "{html}");
        assert!(html.find("More.") < html.find("</div>") && html.find("</div>") < html.find("After."), "{html}");
        for (head, class, title) in [
            ("!!! danger \"Hot stove\"", "caution", "Hot stove"),
            ("??? question", "note", "Question"),
            ("???+ tip inline end", "tip", "Tip"),
        ] {
            let html = to_html(&format!("{head}\n\n    Text\n"));
            assert!(html.contains(&format!("markdown-alert-{class}")) && html.contains(title), "{html}");
        }
    }

    #[test]
    fn other_lines_stay_and_none_is_added() {
        for text in [
            "!!!\n    code",
            "!!! wow, that works!\ntext",
            "```\n!!! note\n    x\n```\n",
            "a !!! note",
            "!!! \u{e9}\n\t\u{e9}",
        ] {
            assert_eq!(read(text).lines().count(), text.lines().count(), "{text}");
        }
        assert!(read("```\n!!! note\n    x\n```\n").contains("\n!!! note\n    x"));
        assert!(read("!!! note\n    a\n\n    !!! tip\n        b\n").contains("> > b"));
    }
}
