//! Parses HTML of Markdown and raw HTML into one tree. html5ever parses any bytes as a browser would, without errors.
//!
//! Here, attributes reach their elements, headings get ids, and `<style>` is taken out for `css`. `content` decides
//! which elements are typeset.

mod attributes;
mod font;
mod ids;

use std::collections::HashMap;

use ego_tree::{NodeId, NodeRef};
use scraper::{ElementRef, Html, Node};

use self::attributes::{add, set};
use crate::{
    markdown::{CARRIER, OF_ITEM},
    warnings::Warnings,
};

/// The most elements and texts of a document.
pub const ELEMENTS: usize = 400_000;

/// How many nodes before one may say its line.
const LOOKED_BACK: usize = 20;

#[derive(Debug)]
pub struct Document {
    pub html: Html,
    /// The texts of `<style>` elements, with their lines.
    pub styles: Vec<(String, u32)>,
    pub ids: HashMap<String, NodeId>,
    /// Ids within headings, with the heading's id. A heading is typeset more than once, and a link needs one target.
    pub within: HashMap<String, String>,
}

impl Document {
    /// Parses HTML whose lines count from the document's top.
    #[must_use]
    pub fn parse(text: &str, body_classes: &[String], warnings: &mut Warnings) -> Self {
        // With an explicit body, a script that would belong to the head lands in the body, where it gets its warning.
        let html = Html::parse_document(&format!("<!DOCTYPE html><body>{text}"));
        let mut document = Self { html, styles: Vec::new(), ids: HashMap::new(), within: HashMap::new() };
        document.add_body_classes(body_classes);
        document.deliver_attributes();
        document.take_styles();
        document.style_fonts();
        document.join_check_boxes();
        document.name_anchors();
        document.name_elements(warnings);
        document.single_out();
        document
    }

    #[must_use]
    pub fn body(&self) -> Option<ElementRef<'_>> {
        self.html.root_element().child_elements().find(|element| element.value().name() == "body")
    }

    /// The line of a node, or of the nearest ancestor that has one; else the last line before it: the parser ends a
    /// paragraph where a block is in it.
    #[must_use]
    pub fn line(&self, node: NodeRef<'_, Node>) -> Option<u32> {
        let position = |node: NodeRef<'_, Node>| {
            let position = node.value().as_element()?.attr("data-sourcepos")?;
            let (first, last) = position.split_once('-')?;
            let line = |place: &str| place.split(':').next()?.parse::<u32>().ok();
            Some((line(first)?, line(last)?))
        };
        let around = || std::iter::once(node).chain(node.ancestors());
        let before = || {
            let mut nodes = around().flat_map(|node| node.prev_siblings()).take(LOOKED_BACK);
            nodes.find_map(position).map(|(_, last)| last)
        };
        around().find_map(position).map(|(first, _)| first).or_else(before)
    }

    /// The first line of an element itself.
    #[must_use]
    pub fn own_line(&self, element: ElementRef<'_>) -> Option<u32> {
        self.own_lines(element).map(|(first, _)| first)
    }

    /// The first and last line of an element itself.
    #[must_use]
    pub fn own_lines(&self, element: ElementRef<'_>) -> Option<(u32, u32)> {
        let (first, last) = element.attr("data-sourcepos")?.split_once('-')?;
        let line = |place: &str| place.split(':').next()?.parse().ok();
        Some((line(first)?, line(last)?))
    }

    fn add_body_classes(&mut self, classes: &[String]) {
        let Some(body) = self.body().map(|body| body.id()) else { return };
        if !classes.is_empty() {
            set(&mut self.html, body, "class", &classes.join(" "));
        }
    }

    /// Moves attributes from carriers to the elements after them.
    fn deliver_attributes(&mut self) {
        let mut carriers = Vec::new();
        for node in self.html.tree.nodes() {
            let Some(element) = node.value().as_element().filter(|element| element.name() == CARRIER) else { continue };
            let target = owner(node, element.attr(OF_ITEM).is_some());
            let attributes = element.attrs().filter(|(name, _)| *name != OF_ITEM);
            let attributes: Vec<_> = attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            carriers.push((node.id(), target, attributes));
        }
        for (carrier, target, attributes) in carriers {
            for (name, value) in target.iter().flat_map(|_| &attributes) {
                if let Some(target) = target {
                    add(&mut self.html, target, name, value);
                }
            }
            if let Some(mut node) = self.html.tree.get_mut(carrier) {
                node.detach();
            }
        }
    }

    fn take_styles(&mut self) {
        let mut found = Vec::new();
        for element in self.html.root_element().descendent_elements() {
            if element.value().name() == "style" {
                found.push((element.id(), element.text().collect::<String>(), self.line(*element).unwrap_or(1)));
            }
        }
        for (id, text, line) in found {
            self.styles.push((text, line));
            if let Some(mut node) = self.html.tree.get_mut(id) {
                node.detach();
            }
        }
    }

    /// Gives `<font color size face>`, of older HTML, a style.
    fn style_fonts(&mut self) {
        let fonts = self.html.root_element().descendent_elements().filter(|element| element.value().name() == "font");
        let styles: Vec<_> = fonts.filter_map(|font| Some((font.id(), font::style(font)?))).collect();
        for (id, style) in styles {
            set(&mut self.html, id, "style", &style);
        }
    }

    /// Moves a task's check box into its paragraph, which follows it in a list with paragraphs.
    fn join_check_boxes(&mut self) {
        let is_item = |element: &ElementRef<'_>| element.value().name() == "li";
        let mut moves = Vec::new();
        for item in self.html.root_element().descendent_elements().filter(is_item) {
            let mut children = item.child_elements();
            let (Some(first), Some(second)) = (children.next(), children.next()) else { continue };
            if first.value().name() == "input" && second.value().name() == "p" {
                moves.push((first.id(), second.id()));
            }
        }
        for (check_box, paragraph) in moves {
            if let Some(mut paragraph) = self.html.tree.get_mut(paragraph) {
                paragraph.prepend_id(check_box);
            }
        }
    }

    /// The text of `<title>`.
    #[must_use]
    pub fn title(&self) -> Option<String> {
        let is_title = |element: &ElementRef<'_>| {
            let is_around = |around: ElementRef<'_>| {
                around.value().name() == "svg" || around.value().classes().any(|class| class == "message")
            };
            element.value().name() == "title" && !element.ancestors().filter_map(ElementRef::wrap).any(is_around)
        };
        let title = self.html.root_element().descendent_elements().find(is_title)?.text().collect::<String>();
        let words: Vec<&str> = title.split_whitespace().collect();
        Some(words.join(" ").chars().take(1000).collect()).filter(|title: &String| !title.is_empty())
    }

    #[must_use]
    pub fn element(&self, id: NodeId) -> Option<ElementRef<'_>> {
        self.html.tree.get(id).and_then(ElementRef::wrap)
    }

    /// The highest level of its headings, from 1.
    #[must_use]
    pub fn top_level(&self) -> u8 {
        let elements = self.html.root_element().descendent_elements();
        elements.filter_map(|element| heading_level(element.value().name())).min().unwrap_or(1)
    }

    /// The line of the first element or text over the limit, 0 if unknown; `None` within the limit.
    #[must_use]
    pub fn too_long(&self, bound: usize) -> Option<u32> {
        let id = self.html.tree.nodes().nth(bound)?.id();
        Some(self.html.tree.get(id).and_then(|node| self.line(node)).unwrap_or(0))
    }
}

/// The element that a carrier's attributes are of: the next one, or the list's item around.
fn owner(carrier: NodeRef<'_, Node>, is_of_item: bool) -> Option<NodeId> {
    let item = carrier.parent().filter(|parent| parent.value().as_element().is_some_and(|own| own.name() == "li"));
    match item.filter(|_| is_of_item) {
        Some(item) => Some(item.id()),
        None => carrier.next_siblings().find(|next| next.value().is_element()).map(|next| next.id()),
    }
}

#[must_use]
pub fn heading_level(name: &str) -> Option<u8> {
    match name.as_bytes() {
        [b'h', level @ b'1'..=b'6'] => Some(level - b'0'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markdown::to_html;

    fn parse(markdown: &str) -> (Document, Vec<String>) {
        let mut warnings = Warnings::default();
        let document = Document::parse(&to_html(markdown), &["body".to_owned()], &mut warnings);
        (document, warnings.into_vec().iter().map(ToString::to_string).collect())
    }

    #[test]
    fn attributes_reach_their_elements_and_classes_add_up() {
        let (document, _) = parse("# A {#x .big}\n\nT. {.note}\n\n```rust {.small}\nlet a;\n```\n\n[a](b){.c}\n");
        let html = document.html.html();
        for part in ["<body class=\"body\"", "id=\"x\"", "class=\"note\"", "<pre class=\"small\"", "class=\"c\""] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert!(!html.contains(CARRIER) && document.ids.contains_key("x"));
    }

    #[test]
    fn headings_get_ids_and_lines_count_from_the_documents_top() {
        let (document, warnings) = parse("# A\n\n# A\n\n<h2 id=a>x</h2>\n\n<p id=a>\n");
        let mut ids: Vec<_> = document.ids.keys().map(String::as_str).collect();
        ids.sort_unstable();
        assert_eq!(ids, ["a", "a-1", "a-2"]);
        let second = document.element(document.ids["a-2"]).expect("an element");
        assert_eq!(document.line(*second), Some(3));
        assert_eq!(warnings.len(), 1, "{warnings:?}");
    }

    #[test]
    fn a_named_anchor_has_its_name_as_id() {
        let (document, warnings) = parse("<a name=\"x\"></a>\n\n## <a name=b></a>B\n\n<p id=c>\n\n<a name=c>d</a>\n");
        assert!(document.ids.contains_key("x") && document.within.get("b").is_some_and(|heading| heading == "b-1"));
        assert!(document.element(document.ids["c"]).is_some_and(|element| element.value().name() == "p"));
        assert!(warnings.is_empty(), "{warnings:?}");
    }

    #[test]
    fn attributes_of_a_tight_lists_item_are_the_items() {
        let html =
            parse("- one {.a}\n- two {.b}\n  - three {.c}\n- **four** {.d}\n\n1. five\n\n   six {.e}\n").0.html.html();
        for (class, text) in [("a", "one"), ("b", "two"), ("c", "three"), ("d", "<strong")] {
            let at = html.find(&format!("class=\"{class}\"")).unwrap_or_else(|| panic!("no {class} in {html}"));
            let item = html[..at].rfind('<').unwrap_or(0);
            assert!(
                html[item..].starts_with("<li") && html[at..].find(text).is_some_and(|at| at < 60),
                "{class}: {html}"
            );
        }
        assert!(html.contains("<p class=\"e\""), "{html}");
    }

    #[test]
    fn an_anchor_that_nothing_closes_is_there_once() {
        for text in ["<a id=\"x\"/>\n\ntext\n\nmore\n", "a <a name=\"x\"/> b\n\nmore\n", "# A <a id=\"x\"/>\n\nb\n"] {
            let (document, warnings) = parse(text);
            assert!(warnings.is_empty(), "{text}: {warnings:?}");
            assert!(document.ids.contains_key("x") || document.within.contains_key("x"), "{text}");
        }
    }

    #[test]
    fn a_tasks_check_box_is_in_its_paragraph() {
        let (document, _) = parse("- a\n\n- [x] done\n");
        let html = document.html.html();
        assert!(
            html.contains("\"><input")
                && html.contains("done</p>")
                && !html.contains("<li data-sourcepos=\"3:1-3:10\"><input"),
            "{html}"
        );
        assert_eq!(parse("text\n\n### C\n\n## B\n").0.top_level(), 2);
    }

    #[test]
    fn styles_are_taken_out() {
        let (document, _) = parse("text\n\n<style>\np { color: red }\n</style>\n");
        assert_eq!(document.styles[0].0.trim(), "p { color: red }");
        assert!(!document.html.html().contains("color"));
    }
}
