//! Elements and attributes by their local names: the two editions of the standard differ only in namespaces.

use roxmltree::{Document, Node, ParsingOptions};

/// Elements within each other; Word's own documents have some dozens. The parser and what follows it recurse.
const DEPTH: usize = 512;
const NODES: u32 = 6_000_000;

/// # Errors
/// For what is no XML, and what is nested too deep.
pub(super) fn parse(text: &str) -> Result<Document<'_>, String> {
    if depth(text.as_bytes()) > DEPTH {
        return Err(format!("its parts are nested more than {DEPTH} deep"));
    }
    let options = ParsingOptions { nodes_limit: NODES, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|_| "it is broken: a part of it is no XML".to_owned())
}

/// How deep elements are within each other.
fn depth(text: &[u8]) -> usize {
    let (mut depth, mut most) = (0_usize, 0);
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| *byte == b'<') {
        rest = &rest[at + 1..];
        match rest.first() {
            Some(b'/') => depth = depth.saturating_sub(1),
            Some(b'!') if rest.starts_with(b"!--") => rest = after(rest, b"-->"),
            Some(b'!') if rest.starts_with(b"![CDATA[") => rest = after(rest, b"]]>"),
            Some(b'!' | b'?') => {}
            _ if is_empty_tag(rest) => {}
            _ => {
                depth += 1;
                most = most.max(depth);
            }
        }
    }
    most
}

fn after<'a>(text: &'a [u8], end: &[u8]) -> &'a [u8] {
    text.windows(end.len()).position(|window| window == end).map_or(&[], |at| &text[at + end.len()..])
}

/// Whether a tag ends with `/>`. Its attributes may have a `>`.
fn is_empty_tag(tag: &[u8]) -> bool {
    let (mut quote, mut last) = (None, 0);
    for byte in tag {
        match (quote, *byte) {
            (Some(open), byte) if byte == open => quote = None,
            (None, b'"' | b'\'') => quote = Some(*byte),
            (None, b'>') => return last == b'/',
            _ => {}
        }
        last = *byte;
    }
    false
}

/// Empty for what is no element.
pub(super) fn name<'a>(node: Node<'a, '_>) -> &'a str {
    node.tag_name().name()
}

pub(super) fn attribute<'a>(node: Node<'a, '_>, wanted: &str) -> Option<&'a str> {
    node.attributes().find(|attribute| attribute.name() == wanted).map(|attribute| attribute.value())
}

pub(super) fn child<'a, 'input>(node: Node<'a, 'input>, wanted: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|child| name(*child) == wanted)
}

/// The `val` of a child.
pub(super) fn value<'a>(node: Node<'a, '_>, wanted: &str) -> Option<&'a str> {
    attribute(child(node, wanted)?, "val")
}

/// Whether a switch is there and not off.
pub(super) fn is_on(node: Node<'_, '_>, wanted: &str) -> bool {
    child(node, wanted).is_some_and(|found| !matches!(attribute(found, "val"), Some("0" | "false" | "off")))
}

/// The alternative that is read: the newer one, unless it has no text.
pub(super) fn chosen<'a, 'input>(alternatives: Node<'a, 'input>) -> Option<Node<'a, 'input>> {
    let has_text = |node: &Node<'_, '_>| node.descendants().any(|below| matches!(name(below), "t" | "txbxContent"));
    let mut all = alternatives.children().filter(Node::is_element);
    let first = all.next()?;
    if has_text(&first) { Some(first) } else { all.find(has_text).or(Some(first)) }
}
