//! Reads `![alt](picture.png =100x50)`, the sizes of several Markdown tools, as attributes of the picture.

use std::borrow::Cow;

use comrak::Options;

use super::texts::{self, Text};

/// The most characters of a picture's alternative text, address and title.
const LONGEST: usize = 4_000;

/// The text with as many lines.
#[must_use]
pub fn read<'m>(markdown: &'m str, options: &Options<'_>) -> Cow<'m, str> {
    if !(markdown.contains("![") && markdown.contains(" =")) {
        return Cow::Borrowed(markdown);
    }
    let mut found: Vec<(usize, usize, String)> = Vec::new();
    for (from, to) in texts::of(markdown, options) {
        let text = &markdown[from..to];
        if text.contains("![") && text.contains(" =") {
            add_sizes(&Text::of(text), from, &mut found);
        }
    }
    found.sort_unstable();
    let mut out = String::with_capacity(markdown.len());
    let mut written = 0;
    for (from, to, attributes) in &found {
        if *from < written {
            continue;
        }
        out.push_str(&markdown[written..*from]);
        out.push_str(attributes);
        written = *to;
    }
    out.push_str(&markdown[written..]);
    Cow::Owned(out)
}

/// Adds where a size is, and the attributes in its place.
fn add_sizes(text: &Text<'_>, from: usize, found: &mut Vec<(usize, usize, String)>) {
    let mut at = 0;
    while let Some(next) = text.text[at..].find(['\\', '`', '!']) {
        at += next;
        let rest = &text.text[at..];
        match rest.strip_prefix("![").and_then(size) {
            Some((begin, end, attributes)) => {
                found.push((from + at + 2 + begin, from + at + 2 + end, attributes));
                at += 2 + end;
            }
            None => at = text.after(at),
        }
    }
}

/// The place of a size after `![`, and its attributes.
fn size(picture: &str) -> Option<(usize, usize, String)> {
    let bound = picture.char_indices().nth(LONGEST).map_or(picture.len(), |(at, _)| at);
    let picture = &picture[..bound];
    let address = picture.find("](")? + 2;
    let end = address + picture[address..].find(')')?;
    let inner = &picture[address..end];
    let sign = inner.rfind(" =")?;
    if inner[..sign].trim().is_empty() || inner.contains('(') {
        return None;
    }
    let (width, height) = inner[sign + 2..].trim_end().split_once(['x', 'X'])?;
    let mut attributes = Vec::new();
    for (name, value) in [("width", width), ("height", height)] {
        let number = value.strip_suffix('%').or_else(|| value.strip_suffix("px")).unwrap_or(value);
        match (value, number.parse::<u32>()) {
            ("" | "*", _) => {}
            (_, Ok(_)) => attributes.push(format!("{name}={value}")),
            _ => return None,
        }
    }
    (!attributes.is_empty()).then(|| (address + sign, end + 1, format!("){{{}}}", attributes.join(" "))))
}

#[cfg(test)]
mod tests {
    use crate::markdown::to_html;

    #[test]
    fn sizes_are_attributes() {
        for (markdown, attributes) in [
            ("![alt](a.png =100x50)", "width=\"100\" height=\"50\""),
            ("![alt](a.png =100x)", "width=\"100\""),
            ("a ![alt](a.png \"title\" =x50%) b", "height=\"50%\""),
            ("> ![alt](https://a.org/b_c_d.png =30%x*)", "width=\"30%\""),
        ] {
            let html = to_html(markdown);
            assert!(html.contains(&format!(" {attributes}></ruche-attributes><img")), "{html}");
        }
        assert!(to_html("a ![alt](a.png \"title\" =x50%) b").contains("title=\"title\""));
    }

    #[test]
    fn other_texts_stay() {
        for markdown in
            ["`![alt](a.png =1x1)`", "![alt](a.png =axb)", "![alt](a =x)", "\\![alt](a =1)", "![a](b) =1x1)"]
        {
            assert!(!to_html(markdown).contains("ruche-attributes"), "{markdown}");
        }
    }
}
