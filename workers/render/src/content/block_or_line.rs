//! Tells blocks from what stands in lines.

use std::collections::HashSet;

use ego_tree::{NodeId, NodeRef};
use scraper::{CaseSensitivity, ElementRef, Node};

use super::{Typesetter, box_style, names, notes};
use crate::{css::Display, dom::Document};

impl Typesetter<'_> {
    /// Whether CSS or the attribute `hidden` hides an element.
    pub(super) fn is_hidden(&self, element: ElementRef<'_>) -> bool {
        self.style(element).is_some_and(|style| style.display == Some(Display::None))
    }

    /// Whether an element is an item of a flexible box or grid: CSS makes blocks of them.
    fn is_item(&self, element: ElementRef<'_>) -> bool {
        let name = element.value().name();
        if !self.has_rows
            || matches!(name, "br" | "wbr" | "img" | "svg" | "input")
            || element.attr("data-math-style").is_some()
            || names::is_dropped(name)
        {
            return false;
        }
        let around = element.parent().and_then(ElementRef::wrap).and_then(|around| self.style(around));
        around.is_some_and(|style| matches!(style.display, Some(Display::Flex | Display::Grid)))
    }

    pub(super) fn is_block(&self, element: ElementRef<'_>) -> bool {
        let style = self.style(element);
        match style.and_then(|style| style.display) {
            // A footnote's mark stands in the text.
            _ if element.value().has_class("footnote-ref", CaseSensitivity::CaseSensitive) => return false,
            _ if notes::is_reference(element) => return false,
            _ if self.floats_aside(element) => return true,
            _ if self.is_item(element) => return true,
            // A row in a line is typeset as a box.
            Some(Display::Flex | Display::Grid) if style.is_some_and(box_style::is_inline_row) => return false,
            Some(Display::Block | Display::ListItem | Display::Flex | Display::Grid) => return true,
            Some(Display::Inline | Display::InlineBlock) => return self.has_blocks.contains(&element.id()),
            Some(Display::None) | None => {}
        }
        let display_math = element.attr("data-math-style") == Some("display") && element.value().name() == "span";
        names::is_block_name(element.value().name()) || display_math || self.has_blocks.contains(&element.id())
    }
}

pub(super) fn is_blank(node: NodeRef<'_, Node>) -> bool {
    match node.value() {
        Node::Text(text) => text.trim().is_empty(),
        Node::Element(_) => false,
        _ => true,
    }
}

pub(super) fn with_blocks(doc: &Document) -> HashSet<NodeId> {
    let mut found = HashSet::new();
    for element in doc.html.root_element().descendent_elements() {
        if !names::is_block_name(element.value().name()) {
            continue;
        }
        for around in element.ancestors().filter_map(ElementRef::wrap) {
            if names::is_block_name(around.value().name()) || !found.insert(around.id()) {
                break;
            }
        }
    }
    found
}
