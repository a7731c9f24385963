//! Reads alerts in spellings that comrak does not: `>[!NOTE]` without a space, and the `+` or `-` of Obsidian.

use comrak::nodes::{AlertType, Node, NodeAlert, NodeValue};

/// Turns quotes that begin so into alerts.
pub fn read(root: Node<'_>) {
    for node in root.descendants() {
        let alert = match &node.data().value {
            NodeValue::BlockQuote => begins(node),
            NodeValue::Alert(alert) => unfolded(alert.title.as_deref()).map(|title| (alert.alert_type, title)),
            _ => None,
        };
        let Some((alert_type, title)) = alert else { continue };
        if matches!(node.data().value, NodeValue::BlockQuote) {
            take_first_line(node);
        }
        let title = Some(title).filter(|title| !title.is_empty());
        let alert = NodeAlert { alert_type, title, multiline: false, fence_length: 0, fence_offset: 0 };
        node.data_mut().value = NodeValue::Alert(Box::new(alert));
    }
}

/// A title without the sign of whether the alert is folded; `None` if it has no such sign.
fn unfolded(title: Option<&str>) -> Option<String> {
    let rest = title?.strip_prefix(['+', '-'])?;
    (rest.is_empty() || rest.starts_with(' ')).then(|| rest.trim().to_owned())
}

/// The kind and title of a quote whose first line is `[!NOTE]`.
fn begins(quote: Node<'_>) -> Option<(AlertType, String)> {
    let paragraph = quote.first_child().filter(|first| matches!(first.data().value, NodeValue::Paragraph))?;
    let first = paragraph.first_child()?;
    let data = first.data();
    let NodeValue::Text(text) = &data.value else { return None };
    let (name, title) = text.strip_prefix("[!")?.split_once(']')?;
    let alert_type = match name.to_ascii_lowercase().as_str() {
        "note" => AlertType::Note,
        "tip" => AlertType::Tip,
        "important" => AlertType::Important,
        "warning" => AlertType::Warning,
        "caution" => AlertType::Caution,
        _ => return None,
    };
    // A title with emphasis or links in it stays text.
    let alone = first.next_sibling().is_none_or(|next| matches!(next.data().value, NodeValue::SoftBreak));
    alone.then(|| (alert_type, unfolded(Some(title)).unwrap_or_else(|| title.trim().to_owned())))
}

fn take_first_line(quote: Node<'_>) {
    let Some(paragraph) = quote.first_child() else { return };
    let Some(first) = paragraph.first_child() else { return };
    if let Some(line_break) = first.next_sibling() {
        line_break.detach();
    }
    first.detach();
    if paragraph.first_child().is_none() {
        paragraph.detach();
    }
}

#[cfg(test)]
mod tests {
    use crate::markdown::to_html;

    #[test]
    fn alerts_are_read_in_other_spellings() {
        for (markdown, class, title) in [
            (">[!NOTE]\n>text", "note", "Note"),
            ("> [!tip]+\n> text", "tip", "Tip"),
            (">[!warning]- A title\n>text", "warning", "A title"),
            ("> [!CAUTION]- \n> text", "caution", "Caution"),
        ] {
            let html = to_html(markdown);
            assert!(html.contains(&format!("markdown-alert-{class}")) && html.contains(title), "{html}");
            assert!(html.contains("text") && !html.contains("[!"), "{html}");
        }
        for markdown in ["> [!other]\n> text", "> a [!NOTE]", ">[!NOTE]x*y*"] {
            assert!(!to_html(markdown).contains("markdown-alert"), "{markdown}");
        }
    }
}
