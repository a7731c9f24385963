//! Turns Markdown into HTML, with comrak: CommonMark 0.31, GitHub's extensions, definition lists, formulas, attributes.
//!
//! Raw HTML passes: `dom` decides what of it is typeset. Attributes (`{#id .class}`) that comrak reads but does not
//! write become an empty element before theirs; `dom` moves them to their element.

mod admonitions;
mod alerts;
mod angle_words;
mod containers;
mod dollars;
mod formulas;
mod open_tags;
mod picture_sizes;
mod places;
mod raw_text;
mod scripts;
mod tags;
mod texts;
mod warnings;

use std::fmt::Write;

use comrak::{
    Arena, Options,
    nodes::{Attributes, Node, NodeHtmlBlock, NodeValue},
    options::AlertStyleType,
};

/// Carries the attributes of its next sibling.
pub const CARRIER: &str = "ruche-attributes";
/// An attribute of a carrier whose attributes are those of the list's item around: a tight list's paragraph is no
/// element.
pub const OF_ITEM: &str = "of-item";

fn options() -> Options<'static> {
    let mut options = Options::default();
    let extension = &mut options.extension;
    extension.strikethrough = true;
    extension.subscript = true;
    extension.superscript = true;
    extension.table = true;
    extension.autolink = true;
    extension.tasklist = true;
    extension.footnotes = true;
    extension.description_lists = true;
    extension.alerts = true;
    extension.math_dollars = true;
    extension.math_code = true;
    extension.shortcodes = true;
    extension.block_directive = true;
    extension.header_attributes = true;
    extension.fenced_code_attributes = true;
    extension.inline_code_attributes = true;
    extension.link_attributes = true;
    extension.cjk_friendly_emphasis = true;
    extension.inline_footnotes = true;
    // Only so do `\(` and `\[` differ from brackets; `formulas` makes text of the others.
    options.parse.escaped_char_spans = true;
    options.render.r#unsafe = true;
    options.render.sourcepos = true;
    options.render.alert_style = AlertStyleType::Specific;
    options
}

/// Elements have `data-sourcepos="line:column-line:column"`.
#[must_use]
pub fn to_html(markdown: &str) -> String {
    read(markdown, 0).0
}

/// The HTML, and what of the text is not in it, by lines. They count after `lines` others.
#[must_use]
pub fn read(markdown: &str, lines: u32) -> (String, Vec<(u32, String)>) {
    let options = options();
    let markdown = admonitions::read(markdown);
    let markdown = picture_sizes::read(&markdown, &options);
    let markdown = &*dollars::read(&markdown, &options);
    let arena = Arena::new();
    let root = comrak::parse_document(&arena, markdown, &options);
    let mut left_out = warnings::left_out(root, markdown);
    left_out.iter_mut().for_each(|(line, _)| *line = line.saturating_add(lines));
    raw_text::escape_open_tags(root);
    angle_words::read(root);
    containers::read(&arena, root);
    open_tags::close(&arena, root);
    alerts::read(root);
    scripts::read(&arena, root);
    formulas::read(&arena, root, markdown);
    carry_attributes(&arena, root);
    places::add(root, lines);
    let mut html = String::with_capacity(markdown.len() * 2);
    // A write to a string does not fail.
    let _ = comrak::format_html(root, &options, &mut html);
    (html, left_out)
}

fn carry_attributes<'a>(arena: &'a Arena<'a>, root: Node<'a>) {
    let mut carriers = Vec::new();
    for node in root.descendants() {
        let attributes = match take_attributes(node) {
            Some(attributes) => attributes,
            None => match trailing_attributes(node) {
                Some(attributes) => attributes,
                None => continue,
            },
        };
        carriers.push((node, carrier(&attributes, is_item(node))));
    }
    for (node, html) in carriers {
        let value = match node.data().value.block() {
            true => NodeValue::HtmlBlock(NodeHtmlBlock { block_type: 6, literal: format!("{html}\n") }),
            false => NodeValue::HtmlInline(html),
        };
        let before = arena.alloc(comrak::nodes::AstNode::from(value));
        node.insert_before(before);
    }
}

/// Whether a node is the paragraph of a tight list's item.
fn is_item(node: Node<'_>) -> bool {
    let list = node.parent().and_then(|item| item.parent());
    let is_tight = |list: Node<'_>| matches!(list.data().value, NodeValue::List(ref list) if list.tight);
    matches!(node.data().value, NodeValue::Paragraph) && list.is_some_and(is_tight)
}

fn take_attributes(node: Node<'_>) -> Option<Attributes> {
    node.data_mut().attrs.take().map(|attributes| *attributes).filter(|attributes| *attributes != Attributes::default())
}

/// `{.class}` on the last line of a paragraph, or at its end after a space.
fn trailing_attributes(node: Node<'_>) -> Option<Attributes> {
    if !matches!(node.data().value, NodeValue::Paragraph) {
        return None;
    }
    let last = node.last_child()?;
    let (attributes, rest) = {
        let data = last.data();
        let NodeValue::Text(text) = &data.value else { return None };
        let inner = text.trim_end().strip_suffix('}')?;
        let (rest, inner) = inner.rsplit_once('{')?;
        let alone = rest.is_empty() && last.previous_sibling().is_some_and(is_break);
        if !(alone || rest.ends_with(' ')) {
            return None;
        }
        (attributes(inner)?, rest.trim_end().to_owned())
    };
    match rest.is_empty() {
        true => {
            if let Some(line_break) = last.previous_sibling().filter(|before| is_break(before)) {
                line_break.detach();
            }
            last.detach();
        }
        false => last.data_mut().value = NodeValue::Text(rest.into()),
    }
    Some(attributes)
}

fn is_break(node: Node<'_>) -> bool {
    matches!(node.data().value, NodeValue::SoftBreak | NodeValue::LineBreak)
}

/// `.class #id`, and nothing else.
fn attributes(text: &str) -> Option<Attributes> {
    let mut attributes = Attributes::default();
    let text = text.strip_prefix(':').unwrap_or(text);
    let name = |s: &str| !s.is_empty() && s.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_');
    for word in text.split_whitespace() {
        match (word.strip_prefix('.'), word.strip_prefix('#')) {
            (Some(class), _) if name(class) => attributes.classes.push(class.to_owned()),
            (_, Some(id)) if name(id) => attributes.id = Some(id.to_owned()),
            _ => return None,
        }
    }
    (attributes != Attributes::default()).then_some(attributes)
}

fn carrier(attributes: &Attributes, is_item: bool) -> String {
    let mut html = format!("<{CARRIER}");
    if is_item {
        let _ = write!(html, " {OF_ITEM}");
    }
    let mut attribute = |name: &str, value: &str| {
        let value = value.replace('&', "&amp;").replace('"', "&quot;");
        let _ = write!(html, " {name}=\"{value}\"");
    };
    if let Some(id) = &attributes.id {
        attribute("id", id);
    }
    if !attributes.classes.is_empty() {
        attribute("class", &attributes.classes.join(" "));
    }
    let name = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    for (key, value) in attributes.pairs.iter().filter(|(key, _)| name(key)) {
        attribute(key, value);
    }
    let _ = write!(html, "></{CARRIER}>");
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_carried_before_what_they_belong_to() {
        let html = to_html("# A {#x .big}\n\nText. {.note}\n\n```rust {.small}\nlet a;\n```\n\n[a](b){.c} `d`{.e}\n");
        for (carrier, before) in [
            ("id=\"x\" class=\"big\"", "<h1"),
            ("class=\"note\"", "<p"),
            ("class=\"small\"", "<pre"),
            ("class=\"c\"", "<a "),
            ("class=\"e\"", "<code"),
        ] {
            let whole = format!("<{CARRIER} {carrier}></{CARRIER}>");
            let at = html.find(&whole).unwrap_or_else(|| panic!("no {whole} in {html}"));
            assert!(html[at + whole.len()..].trim_start().starts_with(before), "{html}");
        }
        assert!(!html.contains('{'), "{html}");
    }

    #[test]
    fn braces_that_are_no_attributes_stay() {
        for text in ["a {b}", "{.a}", "x{.a}", "a {.b c}", "a {.}", "a {}"] {
            let html = to_html(text);
            assert!(html.contains('{') && !html.contains(CARRIER), "{text}: {html}");
        }
    }
}
