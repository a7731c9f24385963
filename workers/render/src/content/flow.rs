//! Blocks one after the other, with margins that collapse as in CSS 2.1, 8.3.1.

use ego_tree::NodeRef;
use scraper::{ElementRef, Node};
use typst::{
    foundations::{Content, NativeElement},
    layout::{Fr, HElem, Spacing, VElem},
    model::ParElem,
};

use super::{Place, Typesetter, look};
use crate::css::Display;

/// The deepest first or last child whose margin reaches out of its parents.
const DEEP: usize = 16;

/// Above and below, in points.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Margins(pub f64, pub f64);

/// Blocks as they are collected.
#[derive(Debug)]
pub(super) struct Flow {
    out: Vec<Content>,
    /// Inline content that is no paragraph yet.
    pub line: Vec<Content>,
    /// What stands at the end of the paragraph's line.
    pub ends: Vec<Content>,
    /// The margin below the last block.
    below: Option<f64>,
    /// Whether the last block is a paragraph without a style.
    is_plain: bool,
    /// What Typst puts between paragraphs by itself, in points.
    gap: f64,
    /// Whether the margins at the edges stay inside.
    closed: (bool, bool),
}

impl Flow {
    pub fn new(place: Place) -> Self {
        let gap = look::GAP * place.size;
        Self {
            out: Vec::new(),
            line: Vec::new(),
            ends: Vec::new(),
            below: None,
            is_plain: false,
            gap,
            closed: place.closed,
        }
    }

    /// Whether there is only inline content.
    pub fn is_line(&self) -> bool {
        self.out.is_empty()
    }

    pub fn block(&mut self, content: Content, margins: Margins) {
        if content.is_empty() {
            return;
        }
        let is_plain = content.is::<ParElem>();
        match self.below {
            Some(below) => {
                let between = collapsed(below, margins.0);
                if !(self.is_plain && is_plain) || (between - self.gap).abs() > 0.01 {
                    self.space(between, true);
                }
            }
            None if self.closed.0 && self.out.is_empty() => self.space(margins.0, false),
            None => {}
        }
        self.out.push(content);
        (self.below, self.is_plain) = (Some(margins.1), is_plain);
    }

    /// A break of pages or columns, after which no margin counts.
    pub fn page_break(&mut self, content: Content) {
        if content.is_empty() {
            return;
        }
        self.out.push(content);
        self.below = None;
    }

    /// Adds to the paragraph.
    pub fn inline(&mut self, content: Content) {
        if !content.is_empty() {
            self.line.push(content);
        }
    }

    /// Closes the open paragraph.
    pub fn paragraph(&mut self) {
        self.end_line();
        let line = std::mem::take(&mut self.line);
        if line.iter().all(|piece| piece.is_empty() || piece.is::<typst::text::SpaceElem>()) {
            return;
        }
        self.block(ParElem::new(Content::sequence(line)).pack(), Margins::default());
    }

    /// The blocks; inline content that stands alone stays inline.
    pub fn finish(mut self) -> Content {
        if self.is_line() {
            self.end_line();
            return Content::sequence(self.line);
        }
        self.paragraph();
        if let Some(below) = self.below.filter(|_| self.closed.1) {
            self.space(below, false);
        }
        Content::sequence(self.out)
    }

    fn end_line(&mut self) {
        if !self.ends.is_empty() {
            self.line.push(HElem::new(Spacing::Fr(Fr::one())).pack());
            self.line.append(&mut self.ends);
        }
    }

    fn space(&mut self, points: f64, weak: bool) {
        if weak || points != 0.0 {
            self.out.push(VElem::new(Spacing::Rel(look::pt(points).into())).with_weak(weak).pack());
        }
    }
}

/// The larger of both; negative ones are taken off.
fn collapsed(one: f64, other: f64) -> f64 {
    one.max(other).max(0.0) + one.min(other).min(0.0)
}

impl Typesetter<'_> {
    /// The margins of a block, with those of its first and last children that reach out of it.
    pub(super) fn margins(&self, element: ElementRef<'_>, place: Place) -> Margins {
        self.margins_within(element, place, 0)
    }

    fn margins_within(&self, element: ElementRef<'_>, place: Place, depth: usize) -> Margins {
        let style = self.style(element);
        let (mut above, mut below) = style.map_or((0.0, 0.0), |style| look::margins(style, place));
        if let Some(style) = self.only_picture(element).and_then(|picture| self.style(picture)) {
            let (top, bottom) = look::margins(style, place);
            (above, below) = (collapsed(above, top), collapsed(below, bottom));
        }
        if depth == DEEP || !is_open(element.value().name()) {
            return Margins(above, below);
        }
        let closed = style.map_or((false, false), look::is_closed);
        let inner = self.within(element, place, style);
        if let Some(first) = self.edge(element.children()).filter(|_| !closed.0) {
            above = collapsed(above, self.margins_within(first, inner, depth + 1).0);
        }
        if let Some(last) = self.edge(element.children().rev()).filter(|_| !closed.1) {
            below = collapsed(below, self.margins_within(last, inner, depth + 1).1);
        }
        Margins(above, below)
    }

    /// The first child, if it is a block.
    fn edge<'e>(&self, children: impl Iterator<Item = NodeRef<'e, Node>>) -> Option<ElementRef<'e>> {
        for child in children {
            match child.value() {
                Node::Text(text) if text.trim().is_empty() => {}
                Node::Element(_) => {
                    let element = ElementRef::wrap(child)?;
                    let hidden = self.style(element).is_some_and(|style| style.display == Some(Display::None));
                    if !hidden {
                        return Some(element).filter(|element| self.is_block(*element));
                    }
                }
                Node::Text(_) => return None,
                _ => {}
            }
        }
        None
    }
}

/// Whether the children's margins reach out of an element of this name.
fn is_open(name: &str) -> bool {
    matches!(
        name,
        "div"
            | "section"
            | "article"
            | "header"
            | "footer"
            | "main"
            | "nav"
            | "aside"
            | "hgroup"
            | "address"
            | "blockquote"
            | "details"
            | "center"
            | "form"
            | "search"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn margins_collapse_to_the_larger_and_negative_ones_are_taken_off() {
        for (one, other, both) in [(10.0, 4.0, 10.0), (0.0, 0.0, 0.0), (10.0, -4.0, 6.0), (-3.0, -4.0, -4.0)] {
            assert!((collapsed(one, other) - both).abs() < 1e-9, "{one} {other}");
        }
    }
}
