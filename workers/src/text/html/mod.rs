//! Converts HTML to Markdown, by ourselves, because libraries recurse or keep what a page hides: headings, paragraphs,
//! lists, tables, quotes, code and formulas; links and images become their text. html5ever parses any input like a
//! browser. The tree is walked iteratively, so its depth costs no stack, and what nesting adds to a line is bounded.
//!
//! - [`parse`]: the tree. - [`hidden`]: what a reader does not see. - [`measure`]: how much text each part has.
//! - [`main_content`]: the port to what chooses the content; [`structure`]: the default, by [`margins`].
//! - [`writer`]: Markdown; [`ruby`]: readings; [`formula`]: MathML; [`names`]: of elements.

use ego_tree::{NodeRef, iter::Edge};
use scraper::{Html, Node, node::Element};

mod formula;
mod hidden;
mod main_content;
mod margins;
mod measure;
mod names;
mod parse;
mod ruby;
mod seam;
mod structure;
mod writer;

use super::extracted::{Extracted, one_line};
use hidden::Hidden;
use main_content::{MainContent, Selection};
use measure::Measure;
use parse::parse;
use structure::Structure;
use writer::Writer;

/// The marks of links from a heading to itself.
const PERMALINKS: [&str; 6] = ["", "¶", "#", "§", "🔗", "\u{f0c1}"];

/// # Errors
/// For a page whose elements are nested too deep; it comes after the document's name in a message.
pub(crate) fn extract(html: &str) -> Result<Extracted, String> {
    let page = parse(html)?;
    let measure = Measure::of(&page, &Hidden::of(&page));
    let selection = Structure.select(&page, &measure);
    let mut markdown = write(&page, &measure, &selection);
    if markdown.trim().is_empty() {
        markdown = write(&page, &measure, &Selection::whole(&page));
    }
    Ok(Extracted { title: title(&page), markdown, warnings: Vec::new() })
}

fn write(page: &Html, measure: &Measure, selection: &Selection) -> String {
    let mut writer = Writer::default();
    let mut skipped = None;
    for edge in page.tree.get(selection.root).into_iter().flat_map(|root| root.traverse()) {
        match edge {
            Edge::Open(node) if skipped.is_none() => {
                if let Node::Text(text) = node.value() {
                    writer.text(text);
                } else if let Node::Element(element) = node.value() {
                    match read_apart(node, element, measure, selection) {
                        Some(text) => {
                            writer.text(&text);
                            skipped = Some(node.id());
                        }
                        None => writer.open(element, measure.is_layout(node.id())),
                    }
                }
            }
            Edge::Close(node) if skipped == Some(node.id()) => skipped = None,
            Edge::Close(node) if skipped.is_none() => {
                if let Node::Element(element) = node.value() {
                    writer.close(element);
                }
            }
            Edge::Open(_) | Edge::Close(_) => {}
        }
    }
    writer.finish()
}

/// The text of an element that is not walked: none of what is left out, and a formula's line.
fn read_apart(node: NodeRef<'_, Node>, element: &Element, measure: &Measure, selection: &Selection) -> Option<String> {
    if measure.stats(node.id()).hidden {
        return Some(formula::within(node).unwrap_or_default());
    }
    if selection.left_out.contains(&node.id()) || is_permalink(node, element) {
        return Some(String::new());
    }
    (element.name() == "math").then(|| formula::line(node))
}

fn is_permalink(node: NodeRef<'_, Node>, element: &Element) -> bool {
    element.name() == "a"
        && element.attr("href").is_some_and(|href| href.starts_with('#'))
        && node.children().all(|child| match child.value() {
            Node::Text(text) => PERMALINKS.contains(&text.trim()),
            Node::Element(element) => element.name() == "svg",
            _ => true,
        })
}

fn title(page: &Html) -> Option<String> {
    let mut elements = page.root_element().descendent_elements();
    let found = elements.find(|element| element.value().name() == "title")?;
    let title = one_line(&found.text().collect::<String>());
    (!title.is_empty()).then_some(title)
}

#[cfg(test)]
mod tests;
