//! Finds the tags of raw HTML.

use std::ops::Range;

/// Elements of HTML, with those of older versions.
const NAMES: &[&str] = &[
    "a",
    "abbr",
    "acronym",
    "address",
    "applet",
    "area",
    "article",
    "aside",
    "audio",
    "b",
    "base",
    "basefont",
    "bdi",
    "bdo",
    "bgsound",
    "big",
    "blink",
    "blockquote",
    "body",
    "br",
    "button",
    "canvas",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "data",
    "datalist",
    "dd",
    "del",
    "details",
    "dfn",
    "dialog",
    "dir",
    "div",
    "dl",
    "dt",
    "em",
    "embed",
    "fieldset",
    "figcaption",
    "figure",
    "font",
    "footer",
    "form",
    "frame",
    "frameset",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hgroup",
    "hr",
    "html",
    "i",
    "iframe",
    "image",
    "img",
    "input",
    "ins",
    "isindex",
    "kbd",
    "keygen",
    "label",
    "legend",
    "li",
    "link",
    "listing",
    "main",
    "map",
    "mark",
    "marquee",
    "math",
    "menu",
    "meta",
    "meter",
    "nav",
    "nobr",
    "noembed",
    "noframes",
    "noscript",
    "object",
    "ol",
    "optgroup",
    "option",
    "output",
    "p",
    "param",
    "picture",
    "plaintext",
    "pre",
    "progress",
    "q",
    "rb",
    "rp",
    "rt",
    "rtc",
    "ruby",
    "s",
    "samp",
    "script",
    "search",
    "section",
    "select",
    "slot",
    "small",
    "source",
    "span",
    "strike",
    "strong",
    "style",
    "sub",
    "summary",
    "sup",
    "svg",
    "table",
    "tbody",
    "td",
    "template",
    "textarea",
    "tfoot",
    "th",
    "thead",
    "time",
    "title",
    "tr",
    "track",
    "tt",
    "u",
    "ul",
    "var",
    "video",
    "wbr",
    "xmp",
];

/// Elements whose content has names of its own, or none.
const CLOSED: &[&str] = &["svg", "math", "style", "script", "xmp", "plaintext", "textarea", "title"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    pub at: Range<usize>,
    /// Where the name is.
    pub name: Range<usize>,
    pub is_end: bool,
}

#[must_use]
pub fn is_known(name: &str) -> bool {
    NAMES.binary_search(&name.to_ascii_lowercase().as_str()).is_ok()
}

/// Whether tags are in an element like `<svg>`, whose content is not HTML's.
#[derive(Debug, Default)]
pub struct Around(Option<&'static str>);

impl Around {
    /// Whether this tag is of HTML, and not of the element around it.
    pub fn is_outside(&mut self, name: &str, is_end: bool) -> bool {
        let closed = CLOSED.iter().find(|known| known.eq_ignore_ascii_case(name)).copied();
        match self.0 {
            Some(around) => {
                if is_end && closed == Some(around) {
                    self.0 = None;
                }
                false
            }
            None => {
                if !is_end {
                    self.0 = closed;
                }
                true
            }
        }
    }
}

/// The tags of a piece of HTML, without comments. A tag without an end is none.
#[must_use]
pub fn of(html: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut at = 0;
    while let Some(next) = html[at..].find('<') {
        at += next;
        let rest = &html[at..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            at += 4 + comment.find("-->").unwrap_or(comment.len());
            continue;
        }
        let is_end = rest.starts_with("</");
        let from = at + if is_end { 2 } else { 1 };
        let is_name = |c: char| !(c.is_ascii_whitespace() || matches!(c, '/' | '>' | '<' | '"' | '\'' | '=' | '`'));
        let name = from..from + html[from..].find(|c| !is_name(c)).unwrap_or(html.len() - from);
        if !html[name.clone()].starts_with(|c: char| c.is_ascii_alphabetic()) {
            at += 1;
            continue;
        }
        let Some(end) = end(html, name.end) else { break };
        tags.push(Tag { at: at..end, name, is_end });
        at = end;
    }
    tags
}

/// The place after a tag's `>`, which may be in quotes.
fn end(html: &str, from: usize) -> Option<usize> {
    let (mut quote, mut before) = (None, b' ');
    for (at, byte) in html.bytes().enumerate().skip(from) {
        match (quote, byte) {
            (Some(open), _) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') if before == b'=' => quote = Some(byte),
            (None, b'>') => return Some(at + 1),
            (None, _) => {}
        }
        if !byte.is_ascii_whitespace() {
            before = byte;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_have_names_and_quotes() {
        let html = "<!-- <b> --><a title=\"<i>\">x</a> 1 < 2 <br/> <Enter> <open";
        let found: Vec<_> = of(html).into_iter().map(|tag| (html[tag.name].to_owned(), tag.is_end)).collect();
        let expected = [("a", false), ("a", true), ("br", false), ("Enter", false)];
        assert_eq!(found, expected.map(|(name, is_end)| (name.to_owned(), is_end)));
    }

    #[test]
    fn names_are_sorted() {
        assert!(NAMES.is_sorted());
        assert!(is_known("BR") && !is_known("Integer"));
    }
}
