//! Removes front matter and comments from Markdown; only the title of the front matter is used.

use pulldown_cmark::{Event, Parser, Tag};
use ruche_schemas::front::{Front, split};

use super::extracted::Extracted;

/// Where a comment begins, and where it ends.
const COMMENT: (&str, &str) = ("<!--", "-->");
/// Longest front matter, in bytes: a thematic break before a long text is none.
const BYTES: usize = 64 << 10;

#[must_use]
pub fn markdown(text: &str) -> Extracted {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let parts = split(text);
    match parts.front.filter(is_front) {
        Some(front) => {
            Extracted { title: title(front.text), markdown: without_comments(parts.body), warnings: Vec::new() }
        }
        None => Extracted { markdown: without_comments(text), ..Extracted::default() },
    }
}

/// Comments (`<!-- -->`) are for those who write the text. Those in code are part of it.
fn without_comments(text: &str) -> String {
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    if !text.contains(COMMENT.0) {
        return text.to_owned();
    }
    for (event, range) in Parser::new(text).into_offset_iter() {
        let is_html = matches!(event, Event::Start(Tag::HtmlBlock) | Event::InlineHtml(_));
        let html = text.get(range.clone()).filter(|html| is_html && html.trim_start().starts_with(COMMENT.0));
        let end = html.and_then(|html| html.find(COMMENT.1)).map(|end| range.start + end + COMMENT.1.len());
        if let Some(end) = end.filter(|_| range.start >= at) {
            out.push_str(&text[at..range.start]);
            at = end;
        }
    }
    out.push_str(&text[at..]);
    out
}

/// `---` is also a thematic break: only key-value pairs or comments after it are front matter.
fn is_front(front: &Front<'_>) -> bool {
    let sign = match front.language {
        "yaml" | "yml" => ':',
        "toml" => '=',
        _ => return false,
    };
    let first = front.text.lines().find(|line| !line.trim().is_empty());
    front.text.len() <= BYTES && first.is_none_or(|line| line.contains(sign) || line.starts_with('#'))
}

fn title(front: &str) -> Option<String> {
    let value = front.lines().find_map(|line| {
        let rest = line.strip_prefix("title")?.trim_start();
        rest.strip_prefix([':', '='])
    })?;
    let value = value.trim();
    let quoted = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    let value = quoted('"').or_else(|| quoted('\'')).unwrap_or(value);
    (!value.is_empty()).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (Option<String>, String) {
        let extracted = markdown(text);
        (extracted.title, extracted.markdown)
    }

    #[test]
    fn front_matter_is_taken_off_and_its_title_read() {
        for (text, title, body) in [
            ("---\ntitle: \"Bees: a guide\"\ntags: [a]\n---\n# A\n", Some("Bees: a guide"), "# A\n"),
            ("+++\ntitle = 'Bees'\n+++\nText", Some("Bees"), "Text"),
            ("\u{feff}---\nauthor: me\n---\nText", None, "Text"),
            ("---\n---\nText", None, "Text"),
        ] {
            assert_eq!(of(text), (title.map(str::to_owned), body.to_owned()), "{text:?}");
        }
    }

    #[test]
    fn what_is_none_is_text() {
        for text in ["# A\n", "---\nno names here\n---\nText", "---\ntitle: never ends", "--- x\n", ""] {
            assert_eq!(of(text), (None, text.to_owned()));
        }
    }

    #[test]
    fn comments_are_left_out() {
        let of = |text: &str| markdown(text).markdown;
        assert_eq!(of("# A\n\n<!-- to do:\n\nmore -->\n\nText <!-- new --> goes on.\n"), "# A\n\n\n\nText  goes on.\n");
        assert_eq!(of("---\ntitle: T\n---\n<!-- a --> b\n"), " b\n");
        for kept in ["```\n<!-- code -->\n```\n", "Write `<!-- x -->`.\n", "<!-- never ends\n"] {
            assert_eq!(of(kept), kept);
        }
    }
}
