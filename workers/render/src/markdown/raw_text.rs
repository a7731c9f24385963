//! Escapes raw-text tags without an end tag.
//!
//! After `<title>` or `<xmp>`, HTML reads everything as text up to the end tag, or to the end of the document. Such a
//! tag without an end is shown as written; GitHub shows all of them so.

use comrak::nodes::{Node, NodeValue};

/// Elements whose content HTML reads as plain text.
const NAMES: [&str; 9] = ["title", "textarea", "style", "xmp", "iframe", "noembed", "noframes", "script", "plaintext"];

/// Escapes such tags if nothing in their block ends them.
pub fn escape_open_tags(root: Node<'_>) {
    for node in root.descendants() {
        escape_children(node);
        let escaped = match &node.data().value {
            NodeValue::HtmlBlock(html) => escaped(&html.literal),
            _ => None,
        };
        if let (Some(literal), NodeValue::HtmlBlock(html)) = (escaped, &mut node.data_mut().value) {
            html.literal = literal;
        }
    }
}

/// In a line, a tag and its end tag are siblings.
fn escape_children(node: Node<'_>) {
    // Backwards, so that each piece is read once.
    let mut ended = [false; NAMES.len()];
    for piece in node.reverse_children() {
        let escaped = match &piece.data().value {
            NodeValue::HtmlInline(html) => match (opened(html), ends(html)) {
                (Some(name), _) if !ended[name] => Some(html.clone()),
                (_, Some(name)) => {
                    ended[name] = true;
                    None
                }
                _ => None,
            },
            _ => None,
        };
        if let Some(html) = escaped {
            piece.data_mut().value = NodeValue::Text(html.into());
        }
    }
}

/// A block's HTML with open tags escaped; `None` if there are none.
fn escaped(html: &str) -> Option<String> {
    let tags: Vec<(usize, &str)> = html.match_indices('<').map(|(at, _)| (at, &html[at..])).collect();
    // The last end tag of each: a start tag after it is open.
    let mut last = [None; NAMES.len()];
    for (at, tag) in &tags {
        if let Some(name) = ends(tag) {
            last[name] = Some(*at);
        }
    }
    let is_open = |(at, tag): &&(usize, &str)| opened(tag).is_some_and(|name| last[name].is_none_or(|end| end < *at));
    let mut open = tags.iter().filter(is_open).map(|(at, _)| *at).peekable();
    open.peek()?;
    let mut out = String::with_capacity(html.len() + 64);
    let mut written = 0;
    for at in open {
        out.push_str(&html[written..at]);
        out.push_str("&lt;");
        written = at + 1;
    }
    Some(out + &html[written..])
}

/// The element whose start tag begins the text.
fn opened(html: &str) -> Option<usize> {
    let html = html.strip_prefix('<')?;
    NAMES.iter().position(|name| begins(html, name))
}

/// The element whose end tag begins the text.
fn ends(html: &str) -> Option<usize> {
    let html = html.strip_prefix("</")?;
    NAMES.iter().position(|name| begins(html, name))
}

fn begins(html: &str, name: &str) -> bool {
    let found = html.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name));
    let ended = |next: &u8| next.is_ascii_whitespace() || matches!(next, b'>' | b'/');
    found && html.as_bytes().get(name.len()).is_none_or(ended)
}

#[cfg(test)]
mod tests {
    use crate::markdown::to_html;

    #[test]
    fn an_open_tag_is_shown_and_what_follows_it_stays() {
        for tag in super::NAMES {
            let html = to_html(&format!("a <{tag}> *b*\n\n<div>\n<{tag} class=x>\n</div>\n\nc\n"));
            assert!(html.contains(&format!("&lt;{tag}&gt; <em")), "{html}");
            assert!(html.contains(&format!("&lt;{tag} class=x>")), "{html}");
        }
    }

    #[test]
    fn a_tag_that_is_ended_stays_html() {
        for html in ["<style>p { color: red }</style>", "a <XMP>b</xmp> c", "<div>\n<title>a</title>\n</div>"] {
            assert!(!to_html(html).contains("&lt;"), "{html}: {}", to_html(html));
        }
    }
}
