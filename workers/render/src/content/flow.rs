//! Puts blocks one after the other: inline content between them becomes paragraphs, and margins collapse.

use ego_tree::NodeRef;
use scraper::{ElementRef, Node};
use typst::{
    foundations::{Content, NativeElement, Styles},
    layout::{Fr, HElem, PagebreakElem, Spacing, VElem},
    model::ParElem,
    text::{LinebreakElem, SpaceElem},
};

use super::{
    Place, Typesetter,
    block_or_line::is_blank,
    lengths,
    margins::{Margins, collapsed},
    named_page::Section,
    names, text_style,
};
use crate::css::Display;

/// The part of the space between paragraphs by which blocks may be nearer than their lines.
const MAX_OVERLAP: f64 = 0.4;

/// Blocks as they are collected.
#[derive(Debug)]
pub(super) struct Flow {
    out: Vec<Content>,
    /// Inline content that is no paragraph yet.
    pub line: Vec<Content>,
    /// What is at the end of the paragraph's line.
    pub ends: Vec<Content>,
    /// The margin below the last block.
    below: Option<f64>,
    /// Whether the last block is a paragraph without a style.
    is_plain: bool,
    /// The named pages that the last blocks are on, and the first of these blocks.
    section: Option<(Section, usize)>,
    /// The first page break.
    first_break: Option<usize>,
    /// What Typst puts between paragraphs by itself, in points.
    gap: f64,
    /// Whether the margins at the edges stay inside.
    contains_margins: (bool, bool),
}

impl Flow {
    pub fn new(place: Place) -> Self {
        let gap = text_style::GAP * place.size;
        Self {
            out: Vec::new(),
            line: Vec::new(),
            ends: Vec::new(),
            below: None,
            is_plain: false,
            section: None,
            first_break: None,
            gap,
            contains_margins: place.contains_margins,
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
                let between = collapsed(below, margins.0).max(self.least_margin());
                if !(self.is_plain && is_plain) || (between - self.gap).abs() > 0.01 {
                    self.space(between, true);
                }
            }
            None if self.contains_margins.0 && self.out.is_empty() => self.space(margins.0.max(0.0), false),
            None => {}
        }
        self.out.push(content);
        (self.below, self.is_plain) = (Some(margins.1), is_plain);
    }

    /// The least space between blocks: lines of text have some space of their own, and no more than that is taken.
    fn least_margin(&self) -> f64 {
        -MAX_OVERLAP * self.gap
    }

    /// Whether a block with these margins would lie over the one before it.
    pub fn is_overlapped_by(&self, margins: Margins) -> bool {
        let between = |below| collapsed(below, margins.0);
        self.below.is_some_and(|below| between(below) < self.least_margin())
    }

    /// A break of pages or columns, after which no margin counts.
    pub fn page_break(&mut self, content: Content) {
        if content.is_empty() {
            return;
        }
        if content.is::<PagebreakElem>() {
            self.first_break.get_or_insert(self.out.len());
        }
        self.out.push(content);
        self.below = None;
    }

    /// The next blocks are on these pages; on `None`, those of the flow itself.
    pub fn turn_page(&mut self, section: Option<Section>) {
        if self.section.as_ref().map(|(now, _)| now.page) == section.as_ref().map(|next| next.page) {
            return;
        }
        self.end_section();
        self.section = section.map(|section| (section, self.out.len()));
    }

    fn end_section(&mut self) {
        if let Some((section, from)) = self.section.take() {
            let blocks = self.out.split_off(from);
            if from > 0 {
                self.first_break = Some(self.first_break.map_or(from, |at| at.min(from)));
            }
            self.out.push(section.turned(blocks));
            self.below = None;
        }
    }

    /// Settings for the pages up to the first break of pages, if there is one.
    pub fn set_first_page(&mut self, styles: &Styles) {
        self.paragraph();
        self.end_section();
        if let Some(at) = self.first_break.filter(|at| *at <= self.out.len()) {
            let rest = self.out.split_off(at);
            let first = Content::sequence(std::mem::take(&mut self.out)).styled_with_map(styles.clone());
            self.out = std::iter::once(first).chain(rest).collect();
        }
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
        if line.iter().all(|piece| piece.is_empty() || piece.is::<SpaceElem>()) {
            return;
        }
        self.turn_page(None);
        self.block(ParElem::new(Content::sequence(line)).pack(), Margins::default());
    }

    /// The blocks; inline content without blocks stays inline.
    pub fn finish(mut self) -> Content {
        if self.is_line() {
            self.end_line();
            return Content::sequence(self.line);
        }
        self.paragraph();
        self.end_section();
        if let Some(below) = self.below.filter(|_| self.contains_margins.1) {
            self.space(below.max(0.0), false);
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
            self.out.push(VElem::new(Spacing::Rel(lengths::pt(points).into())).with_weak(weak).pack());
        }
    }
}

impl Typesetter<'_> {
    /// The children of a node. Inline content between blocks becomes paragraphs.
    pub(super) fn flow(&self, node: NodeRef<'_, Node>, place: Place) -> Content {
        self.collected(node, place).finish()
    }

    /// Like `flow`, but inline content without blocks becomes a paragraph.
    pub(super) fn paragraphs(&self, node: NodeRef<'_, Node>, place: Place) -> Content {
        let mut flow = self.collected(node, place);
        flow.paragraph();
        flow.finish()
    }

    /// The siblings after an element.
    pub(super) fn flow_after(&self, first: ElementRef<'_>, place: Place) -> Content {
        let mut flow = Flow::new(place);
        self.add_nodes(first.next_siblings(), place, &mut flow);
        flow.paragraph();
        flow.finish()
    }

    /// Adds nodes to a flow. None of them floats.
    pub(super) fn add_nodes<'e>(&self, nodes: impl Iterator<Item = NodeRef<'e, Node>>, place: Place, flow: &mut Flow) {
        for node in nodes {
            let is_block = |element: &ElementRef<'_>| self.is_block(*element) || self.is_tall_box(*element, place);
            match ElementRef::wrap(node).filter(is_block) {
                Some(element) => {
                    flow.paragraph();
                    self.block(element, place, flow);
                }
                None => self.span(node, place, &mut flow.line),
            }
        }
    }

    pub(super) fn collected(&self, node: NodeRef<'_, Node>, place: Place) -> Flow {
        let mut flow = Flow::new(place);
        let place = Place { contains_margins: (false, false), ..place };
        let element = ElementRef::wrap(node);
        flow.inline(element.map_or_else(Content::empty, |element| self.before(element, place)));
        let mut floats = Vec::new();
        let children: Vec<NodeRef<'_, Node>> = node.children().collect();
        let (is_own_line, is_last_line) = element.map_or((false, false), |element| self.generates_blocks(element));
        if is_own_line {
            match children.iter().find(|child| !is_blank(**child)).map(|first| ElementRef::wrap(*first)) {
                Some(Some(first)) if self.is_block(first) => flow.paragraph(),
                Some(_) => flow.inline(LinebreakElem::shared().clone()),
                None => {}
            }
        }
        let mut at = 0;
        while let Some(child) = children.get(at).copied() {
            let rest = &children[at..];
            at += 1;
            if self.floated.borrow().contains(&child.id()) {
                continue;
            }
            let is_block = |element: &ElementRef<'_>| self.is_block(*element) || self.is_tall_box(*element, place);
            let Some(element) = ElementRef::wrap(child).filter(is_block) else {
                if !floats.is_empty() && !is_blank(child) {
                    let beside = self.end_floats(&mut floats, rest, place, &mut flow);
                    if beside > 0 {
                        at += beside - 1;
                        continue;
                    }
                }
                let to = if self.is_at_end(child) { &mut flow.ends } else { &mut flow.line };
                self.span(child, place, to);
                continue;
            };
            if self.floats_aside(element) {
                floats.push(element);
                continue;
            }
            let (pictures, is_all) = self.floated_pictures(element);
            self.floated.borrow_mut().extend(pictures.iter().map(|picture| picture.id()));
            floats.extend(pictures);
            if is_all {
                continue;
            }
            match self.end_floats(&mut floats, rest, place, &mut flow) {
                0 => self.block(element, place, &mut flow),
                beside => at += beside - 1,
            }
        }
        if !floats.is_empty() {
            self.end_floats(&mut floats, &[], place, &mut flow);
        }
        if is_last_line && flow.line.iter().any(|piece| !piece.is::<SpaceElem>()) {
            flow.inline(LinebreakElem::shared().clone());
        }
        if let Some(element) = element {
            let to = if self.ends_with_float(element) { &mut flow.ends } else { &mut flow.line };
            to.push(self.after(element, place));
        }
        flow
    }

    /// Whether an element is a float that can be in a row. Words stay in their line.
    pub(super) fn floats_aside(&self, element: ElementRef<'_>) -> bool {
        let Some(style) = self.style(element) else { return false };
        let name = element.value().name();
        style.row.float.is_some()
            && style.display != Some(Display::None)
            && (names::is_block_name(name) || name == "img")
    }

    /// Closes the open paragraph, and puts floats in a row with text of the nodes that follow. Returns how many of them.
    fn end_floats<'e>(
        &self,
        floats: &mut Vec<ElementRef<'e>>,
        following: &[NodeRef<'e, Node>],
        place: Place,
        flow: &mut Flow,
    ) -> usize {
        flow.paragraph();
        if floats.is_empty() {
            return 0;
        }
        flow.turn_page(None);
        let (row, beside) = self.floats(floats, following, place);
        flow.block(row, Margins::default());
        floats.clear();
        beside
    }
}
