//! Checks SVG, which could load files, or repeat or nest without end.

use std::collections::HashMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use typst::foundations::Bytes;
use typst::visualize::ExchangeFormat;
use usvg::roxmltree::{Attribute, Document, Node, NodeId, ParsingOptions};

use super::{ImageError, Picture};

/// In bytes.
pub const MAX_SVG_BYTES: usize = 4 << 20;

/// The most elements, texts and comments.
const MAX_NODES: u32 = 200_000;

const MAX_DEPTH: usize = 128;

/// The most elements after each `<use>` is expanded.
const MAX_DRAWN: u64 = 200_000;

/// The longest side, in pixels.
const MAX_SIDE: f64 = 100_000.0;

/// The most removed references with a note each.
const MAX_NOTES: usize = 10;

/// Whether it may be SVG: XML that names SVG near its beginning.
pub(super) fn looks_like(data: &[u8]) -> bool {
    let head = data.get(..data.len().min(4096)).unwrap_or_default();
    head.windows(4).any(|window| window == b"<svg")
}

/// Checks, removes external references and decodes.
pub(super) fn picture(data: Vec<u8>) -> Result<Picture, ImageError> {
    if data.len() > MAX_SVG_BYTES {
        return Err(ImageError::TooLarge(data.len(), MAX_SVG_BYTES));
    }
    let text = String::from_utf8(data).map_err(|_| ImageError::Broken("it is not UTF-8".to_owned()))?;
    check_nesting(&text)?;
    let (text, notes) = clean(text)?;
    let options = usvg::Options {
        image_href_resolver: usvg::ImageHrefResolver {
            resolve_string: Box::new(|_, _| None),
            ..usvg::ImageHrefResolver::default()
        },
        ..usvg::Options::default()
    };
    // The parser is foreign and reads untrusted input: catch its panics.
    let tree = catch_unwind(AssertUnwindSafe(|| usvg::Tree::from_str(&text, &options)))
        .map_err(|_| ImageError::Broken("it could not be read".to_owned()))?
        .map_err(|error| ImageError::Broken(error.to_string()))?;
    let (width, height) = (f64::from(tree.size().width()), f64::from(tree.size().height()));
    let drawable = |side: f64| side.is_finite() && side > 0.0 && side <= MAX_SIDE;
    if !drawable(width) || !drawable(height) {
        return Err(ImageError::Broken(format!("its size is {width} x {height}")));
    }
    Ok(super::vector(Bytes::new(text.into_bytes()), width, height, notes))
}

/// The XML parser recurses once for each element, so nesting is counted before, roughly: entities with elements are
/// not expanded, but the parser bounds those itself (ten levels).
fn check_nesting(text: &str) -> Result<(), ImageError> {
    let bytes = text.as_bytes();
    let mut depth: usize = 0;
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| rest.iter().position(|b| *b == b'<')) {
        at += found + 1;
        match bytes.get(at) {
            Some(b'/') => depth = depth.saturating_sub(1),
            Some(b'!' | b'?') | None => {}
            Some(_) => {
                let end = bytes.get(at..).and_then(|rest| rest.iter().position(|b| *b == b'>'));
                let closed = end.and_then(|end| bytes.get((at + end).saturating_sub(1))) == Some(&b'/');
                if !closed {
                    depth += 1;
                }
                if depth > 4 * MAX_DEPTH {
                    return Err(ImageError::Complex("its elements are nested too deeply"));
                }
            }
        }
    }
    Ok(())
}

/// Counts what would be drawn, and removes external references.
fn clean(text: String) -> Result<(String, Vec<String>), ImageError> {
    let options = ParsingOptions { allow_dtd: true, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    let broken = |error: usvg::roxmltree::Error| match error {
        usvg::roxmltree::Error::NodesLimitReached => ImageError::Complex("it has too many elements"),
        usvg::roxmltree::Error::EntityReferenceLoop(_) => ImageError::Complex("its entities repeat each other"),
        error => ImageError::Broken(error.to_string()),
    };
    let document = Document::parse_with_options(&text, options).map_err(broken)?;
    if document.root_element().tag_name().name() != "svg" {
        return Err(ImageError::Unknown);
    }
    check_size(&document)?;
    let mut removed: Vec<Range<usize>> = Vec::new();
    let mut notes = Vec::new();
    for node in document.descendants().filter(Node::is_element) {
        for attribute in node.attributes().filter(|attribute| attribute.name() == "href") {
            let Some(note) = outside(node, attribute)? else { continue };
            if notes.len() < MAX_NOTES {
                notes.push(note);
            }
            removed.push(attribute.range_value());
        }
    }
    let side = other_side(document.root_element());
    if removed.is_empty() && side.is_none() {
        return Ok((text, notes));
    }
    let mut cleaned = String::with_capacity(text.len());
    let mut from = 0;
    removed.sort_by_key(|range| range.start);
    for range in removed {
        cleaned.push_str(text.get(from..range.start).unwrap_or_default());
        from = range.end.max(from);
    }
    cleaned.push_str(text.get(from..).unwrap_or_default());
    // What is removed lies behind it.
    if let Some((at, side)) = side.filter(|(at, _)| cleaned.is_char_boundary(*at)) {
        cleaned.insert_str(at, &side);
    }
    Ok((cleaned, notes))
}

/// An SVG with a `viewBox` and one size has the other in proportion: where it belongs, and the attribute.
fn other_side(root: Node<'_, '_>) -> Option<(usize, String)> {
    let sides: Vec<f64> =
        root.attribute("viewBox")?.split([' ', ',', '\t', '\n']).filter_map(|side| side.parse().ok()).collect();
    let [_, _, width, height] = sides[..] else { return None };
    let number = |text: &str| {
        let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        (!unit.contains('%')).then(|| Some((number.parse::<f64>().ok()?, unit.trim().to_owned())))?
    };
    let attribute = |name: &str| root.attribute(name).map(str::trim).filter(|text| *text != "auto");
    let (name, (value, unit)) = match (attribute("width"), attribute("height")) {
        (Some(given), None) => ("height", number(given).map(|(given, unit)| (given * height / width, unit))?),
        (None, Some(given)) => ("width", number(given).map(|(given, unit)| (given * width / height, unit))?),
        _ => return None,
    };
    // `auto` is there already.
    if !value.is_finite() || root.attribute(name).is_some() {
        return None;
    }
    let start = root.range().start;
    let tag = root.document().input_text().get(start..)?;
    let end = tag.find(|c: char| c.is_whitespace() || c == '>' || c == '/')?;
    Some((start + end, format!(" {name}=\"{value}{unit}\"")))
}

/// Why a reference is removed. The bounds apply to an embedded picture too.
fn outside(node: Node<'_, '_>, attribute: Attribute<'_, '_>) -> Result<Option<String>, ImageError> {
    let value = attribute.value().trim();
    let name = node.tag_name().name();
    if value.starts_with('#') || value.is_empty() || name == "a" {
        return Ok(None);
    }
    if !matches!(name, "image" | "feImage") {
        return Ok(Some(format!("<{name}> refers to {}, which is not loaded", short(value))));
    }
    if !value.starts_with("data:") {
        return Ok(Some(format!("the SVG's image {} is not loaded", short(value))));
    }
    let data = super::data_url(value)?;
    match ExchangeFormat::detect(&data) {
        Some(format) => super::check_pixels(&data, format).map(|()| None),
        None => Ok(Some("an image in the SVG is neither PNG, JPEG, GIF nor WebP".to_owned())),
    }
}

fn short(value: &str) -> String {
    let short: String = value.chars().take(60).collect();
    if short.len() == value.len() { short } else { format!("{short}...") }
}

/// Checks the depth, and the size with each `<use>` expanded.
fn check_size(document: &Document<'_>) -> Result<(), ImageError> {
    let mut ids = HashMap::new();
    for node in document.descendants().filter(Node::is_element) {
        if let Some(id) = node.attribute("id") {
            ids.insert(id, node);
        }
    }
    let mut known = HashMap::new();
    let drawn = drawn(document.root_element(), &ids, &mut known, 0)?;
    if drawn > MAX_DRAWN {
        return Err(ImageError::Complex("<use> repeats too much"));
    }
    Ok(())
}

fn drawn<'a>(
    node: Node<'a, 'a>,
    ids: &HashMap<&'a str, Node<'a, 'a>>,
    known: &mut HashMap<NodeId, u64>,
    depth: usize,
) -> Result<u64, ImageError> {
    if depth > MAX_DEPTH {
        return Err(ImageError::Complex("its elements are nested too deeply"));
    }
    if let Some(count) = known.get(&node.id()) {
        return Ok(*count);
    }
    // A reference cycle counts as nothing; the SVG parser breaks such loops.
    known.insert(node.id(), 0);
    let mut count: u64 = 1;
    for child in node.children().filter(Node::is_element) {
        count = count.saturating_add(drawn(child, ids, known, depth + 1)?);
    }
    if node.tag_name().name() == "use" {
        let href = node.attributes().find(|attribute| attribute.name() == "href");
        let target = href.and_then(|href| ids.get(href.value().trim().trim_start_matches('#')));
        if let Some(target) = target {
            count = count.saturating_add(drawn(*target, ids, known, depth + 1)?);
        }
    }
    known.insert(node.id(), count);
    Ok(count)
}
