//! Typesets what is nested too deep for boxes of its own: the blocks stay blocks, without indent, border or background.

use ego_tree::NodeRef;
use scraper::{ElementRef, Node};
use typst::{
    foundations::Content,
    text::{SpaceElem, TextElem},
};

use super::{
    MAX_BLOCK_DEPTH, MAX_DEPTH, Place, Typesetter, box_style, flow::Flow, inline::check_box, margins::Margins, names,
};
use crate::css::Display;

/// Between the cells of a row.
const CELLS: &str = "\u{2003}";

impl Typesetter<'_> {
    /// The most levels of boxes. Fewer, if Typst refused the document with more.
    pub(super) fn max_blocks(&self) -> u8 {
        self.squeezed.blocks.unwrap_or(MAX_BLOCK_DEPTH)
    }

    /// An element that is too deep, with a warning that says how deep. In tables it is needed more than once.
    pub(super) fn flat(&self, element: ElementRef<'_>, place: Place, flow: &mut Flow) {
        flow.paragraph();
        let key = (element.id(), place.width.to_bits(), place.size.to_bits());
        let known = self.flattened.borrow().get(&key).cloned();
        let content = known.unwrap_or_else(|| {
            self.warn_of_level(element);
            let mut inner = Flow::new(place);
            Flat { typesetter: self, flow: &mut inner, has_only_marker: false }.block(element, place, None);
            inner.paragraph();
            let content = inner.finish();
            self.flattened.borrow_mut().insert(key, content.clone());
            content
        });
        flow.block(content, Margins::default());
    }

    fn warn_of_level(&self, element: ElementRef<'_>) {
        let around = std::iter::once(*element).chain(element.ancestors()).filter_map(ElementRef::wrap);
        let is_level = |around: &ElementRef<'_>| {
            let name = around.value().name();
            is_list_or_quote(name) || (name != "li" && self.style(*around).is_some_and(box_style::is_box))
        };
        let level = around.filter(is_level).count();
        let message = format!(
            "this is level {level} of nested quotes, lists and boxes: from here on none is indented or framed: nest them less"
        );
        self.warn(*element, message);
    }
}

struct Flat<'f, 't> {
    typesetter: &'f Typesetter<'t>,
    flow: &'f mut Flow,
    /// Whether the open paragraph has a list's marker only.
    has_only_marker: bool,
}

impl Flat<'_, '_> {
    /// `number` is the place of an item in its list.
    fn block(&mut self, element: ElementRef<'_>, place: Place, number: Option<u64>) {
        let this = self.typesetter;
        let style = this.style(element);
        let name = element.value().name();
        if names::is_dropped(name) || style.is_some_and(|style| style.display == Some(Display::None)) {
            return;
        }
        let inner = Place { spans: 0, ..this.within(element, place, style) };
        if place.depth >= MAX_DEPTH {
            return this.text(&element.text().collect::<Vec<_>>().join(" "), inner, &mut self.flow.line);
        }
        self.paragraph();
        self.flow.inline(this.anchored(element, Content::empty()));
        match name {
            "pre" | "xmp" | "listing" => {
                self.flow.paragraph();
                self.flow.block(this.pre(element, inner, style), Margins::default());
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.flow.paragraph();
                self.flow.block(this.heading(element, inner), Margins::default());
            }
            "hr" => {}
            "img" | "svg" => this.span(*element, inner, &mut self.flow.line),
            "li" => {
                let marker = number.map_or_else(|| "\u{2022} ".to_owned(), |number| format!("{number}. "));
                self.flow.inline(TextElem::packed(marker));
                self.has_only_marker = true;
                self.children(element, inner);
            }
            "tr" => {
                for (i, cell) in element.child_elements().enumerate() {
                    if i > 0 {
                        self.flow.inline(TextElem::packed(CELLS));
                    }
                    self.flow.inline(this.anchored(cell, Content::empty()));
                    self.has_only_marker = true;
                    self.children(cell, inner);
                }
            }
            _ => self.children(element, inner),
        }
        self.paragraph();
    }

    fn children(&mut self, element: ElementRef<'_>, place: Place) {
        let start = element.attr("start").and_then(|start| start.trim().parse().ok()).unwrap_or(1);
        let mut number = Some(start).filter(|_| element.value().name() == "ol");
        for child in element.children() {
            match ElementRef::wrap(child).filter(|child| self.typesetter.is_block(*child)) {
                Some(block) => {
                    self.block(block, place, number);
                    number = number.map(|number| number.saturating_add(1));
                }
                None => self.span(child, place),
            }
        }
    }

    fn span(&mut self, node: NodeRef<'_, Node>, place: Place) {
        let is_blank = matches!(node.value(), Node::Text(text) if text.trim().is_empty());
        if let Some(input) = ElementRef::wrap(node).filter(|element| element.attr("type") == Some("checkbox")) {
            self.flow.inline(check_box(input.attr("checked").is_some()) + SpaceElem::shared().clone());
            return;
        }
        self.has_only_marker &= is_blank;
        self.typesetter.span(node, place, &mut self.flow.line);
    }

    /// Begins a new paragraph, unless this one has only a marker.
    fn paragraph(&mut self) {
        if !std::mem::take(&mut self.has_only_marker) {
            self.flow.paragraph();
        }
    }
}

fn is_list_or_quote(name: &str) -> bool {
    matches!(name, "blockquote" | "ul" | "ol" | "menu" | "dir" | "dl")
}
