//! Block elements: paragraphs, headings, quotes, divisions, breaks.

use std::{borrow::Cow, num::NonZeroUsize};

use ego_tree::{NodeId, NodeRef};
use scraper::{ElementRef, Node};
use typst::{
    foundations::{Content, Element, NativeElement, Smart},
    layout::{
        AlignElem, Alignment, BlockBody, BlockElem, ColbreakElem, Dir, HAlignment, PagebreakElem, Parity, Ratio, Sizing,
    },
    model::{FigureCaption, HeadingElem, OutlineElem, ParElem, QuoteElem, StrongElem},
    text::{RawElem, SmartQuoteElem, TextDir, TextElem},
};

use super::{
    BLOCKS_DEEP, DEEP, Place, Squeezed, Typesetter, anchor, boxes, code, direction, fit,
    flow::{Flow, Margins},
    look, names, notes, own, wrap,
};
use crate::{
    css::{Break, Display, Style},
    dom,
};

impl Typesetter<'_> {
    /// The children of a node. Inline content between blocks becomes paragraphs.
    pub(super) fn flow(&self, node: NodeRef<'_, Node>, place: Place) -> Content {
        self.collected(node, place).finish()
    }

    /// The same, with inline content that stands alone as a paragraph.
    fn paragraphs(&self, node: NodeRef<'_, Node>, place: Place) -> Content {
        let mut flow = self.collected(node, place);
        flow.paragraph();
        flow.finish()
    }

    /// What follows an element in its parent.
    pub(super) fn flow_after(&self, first: ElementRef<'_>, place: Place) -> Content {
        let mut flow = Flow::new(place);
        for child in first.next_siblings() {
            match ElementRef::wrap(child).filter(|element| self.is_block(*element)) {
                Some(element) => {
                    flow.paragraph();
                    self.block(element, place, &mut flow);
                }
                None => self.span(child, place, &mut flow.line),
            }
        }
        flow.paragraph();
        flow.finish()
    }

    fn collected(&self, node: NodeRef<'_, Node>, place: Place) -> Flow {
        let mut flow = Flow::new(place);
        let place = Place { closed: (false, false), ..place };
        let element = ElementRef::wrap(node);
        flow.inline(element.map_or_else(Content::empty, |element| self.before(element, place)));
        let mut floats = Vec::new();
        for child in node.children() {
            let element =
                ElementRef::wrap(child).filter(|element| self.is_block(*element) || self.floats_aside(*element));
            match element {
                Some(element) if self.floats_aside(element) => floats.push(element),
                Some(element) => {
                    self.end_floats(&mut floats, place, &mut flow);
                    self.block(element, place, &mut flow);
                }
                None => {
                    if !floats.is_empty() && !is_blank(child) {
                        self.end_floats(&mut floats, place, &mut flow);
                    }
                    let to = if self.is_at_end(child) { &mut flow.ends } else { &mut flow.line };
                    self.span(child, place, to);
                }
            }
        }
        if !floats.is_empty() {
            self.end_floats(&mut floats, place, &mut flow);
        }
        flow.inline(element.map_or_else(Content::empty, |element| self.after(element, place)));
        flow
    }

    /// Whether an element is a float that can stand in a row. Words and pictures stay in their line.
    fn floats_aside(&self, element: ElementRef<'_>) -> bool {
        let Some(style) = self.style(element) else { return false };
        let name = element.value().name();
        style.row.float.is_some() && style.display != Some(Display::None) && names::is_block_name(name)
    }

    fn end_floats(&self, floats: &mut Vec<ElementRef<'_>>, place: Place, flow: &mut Flow) {
        if !floats.is_empty() {
            flow.paragraph();
            let row = self.floats(floats, place);
            flow.block(row, Margins::default());
            floats.clear();
        } else {
            flow.paragraph();
        }
    }

    pub(super) fn is_block(&self, element: ElementRef<'_>) -> bool {
        let style = self.style(element);
        match style.and_then(|style| style.display) {
            _ if self.floats_aside(element) => return true,
            Some(Display::Block | Display::Flex | Display::Grid) => return true,
            Some(Display::Inline | Display::InlineBlock) => return self.has_blocks.contains(&element.id()),
            Some(Display::None) | None => {}
        }
        let display_math = element.attr("data-math-style") == Some("display") && element.value().name() == "span";
        names::is_block_name(element.value().name()) || display_math || self.has_blocks.contains(&element.id())
    }

    pub(super) fn block(&self, element: ElementRef<'_>, place: Place, flow: &mut Flow) {
        let style = self.style(element);
        if style.is_some_and(|style| style.display == Some(Display::None)) {
            return;
        }
        if place.blocks >= BLOCKS_DEEP || place.depth >= DEEP {
            let bound = if place.depth >= DEEP { DEEP } else { BLOCKS_DEEP.into() };
            self.warn(*element, format!("is nested more than {bound} deep: the rest is plain text"));
            self.text(&element.text().collect::<String>(), place, &mut flow.line);
            return flow.paragraph();
        }
        if let Some(command) = self.command(element) {
            return match command {
                Command::Contents(content) => flow.block(content, Margins::default()),
                Command::Page(content) => flow.page_break(content),
            };
        }
        if let Some(style) = style {
            self.break_page(element, style.break_before, place, flow);
        }
        let mut content = self.styled_block(element, place, style);
        if !content.is_empty() && self.is_squeezed(element, place) {
            content = fit::squeezed(content);
        }
        flow.block(content, self.margins(element, place));
        if let Some(style) = style {
            self.break_page(element, style.break_after, place, flow);
        }
    }

    /// Whether something in the block left the paper, and the block is the one to be made smaller.
    fn is_squeezed(&self, element: ElementRef<'_>, place: Place) -> bool {
        let Squeezed { lines, outermost } = &self.squeezed;
        if lines.is_empty() || (*outermost && place.depth > 0) {
            return false;
        }
        let Some((first, last)) = self.doc.own_lines(element) else { return false };
        let is_in = |first: u32, last: u32| lines.iter().any(|line| (first..=last).contains(line));
        if !is_in(first, last) {
            return false;
        }
        let inner = |child: ElementRef<'_>| {
            child.descendent_elements().skip(1).any(|inner| {
                self.is_block(inner)
                    && !matches!(inner.value().name(), "tr" | "td" | "th" | "thead" | "tbody" | "tfoot" | "li")
                    && self.doc.own_lines(inner).is_some_and(|(first, last)| is_in(first, last))
            })
        };
        *outermost || element.value().name() == "table" || !inner(element)
    }

    fn styled_block(&self, element: ElementRef<'_>, place: Place, whole: Option<&Style>) -> Content {
        let mut inner = Place { spans: 0, ..self.within(element, place, whole) };
        inner.boxed |= whole.is_some_and(look::is_one);
        inner.from_right = direction::of(element).map_or(place.from_right, |dir| dir == Dir::RTL);
        let name = element.value().name();
        let style = whole.map(|style| self.boxed_style(element, place, style, inner.from_right));
        let style = style.as_deref();
        if let Some(style) = style.filter(|style| look::is_box(style)) {
            inner.blocks += 1;
            inner.width = look::inner_width(style, place);
            // What is laid out several times has nothing in it that is.
            inner.kept |= style.break_inside == Some(Break::Avoid) || style.columns.is_some();
            inner.closed = look::is_closed(style);
        }
        let row = style.filter(|_| name != "table").and_then(|style| self.row(element, inner, style));
        let content = row.unwrap_or_else(|| self.block_element(element, inner, whole));
        // The others put generated text into their first and last paragraph.
        let content = match name {
            "ul" | "ol" | "menu" | "dir" | "dl" | "table" | "figure" | "img" | "svg" | "hr" => {
                self.with_generated(element, content, inner)
            }
            _ => content,
        };
        let content = match inner.from_right == place.from_right {
            true => content,
            false => {
                let dir = if inner.from_right { Dir::RTL } else { Dir::LTR };
                content.set(TextElem::dir, TextDir(Smart::Custom(dir)))
            }
        };
        let Some(style) = style else { return content };
        if content.is_empty() && !look::is_box(style) {
            return content;
        }
        let text = look::text(style, place, self.fonts);
        let content = match name {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                wrap::rule(Element::of::<HeadingElem>(), look::decorated(content, style), text)
            }
            "pre" | "xmp" | "listing" => {
                wrap::rule(Element::of::<RawElem>(), content, text.clone()).styled_with_map(text)
            }
            _ => look::decorated(content, style).styled_with_map(text),
        };
        let content = boxes::block(content, style, place);
        match style.break_after == Some(Break::Avoid) {
            true => BlockElem::new().with_body(Some(BlockBody::Content(content))).with_sticky(true).pack(),
            false => content,
        }
    }

    /// The style of a block's box, without what the element draws itself.
    fn boxed_style<'s>(
        &self,
        element: ElementRef<'_>,
        place: Place,
        style: &'s Style,
        from_right: bool,
    ) -> Cow<'s, Style> {
        let style = match element.value().name() {
            "table" => Cow::Owned(own::bare(style)),
            "ul" | "ol" | "menu" | "dir" => Cow::Owned(own::unindented(style)),
            "img" | "svg" => Cow::Owned(Style { break_after: style.break_after, ..Style::default() }),
            "pre" if code::is_drawn(element) => {
                Cow::Owned(Style { break_after: style.break_after, font_size: style.font_size, ..Style::default() })
            }
            _ if place.fills => Cow::Owned(Style { width: None, max_width: None, ..style.clone() }),
            "blockquote" if from_right => Cow::Owned(own::mirrored(style)),
            _ if from_right && element.value().classes().any(|class| class == "markdown-alert") => {
                Cow::Owned(own::mirrored(style))
            }
            _ => Cow::Borrowed(style),
        };
        let Some(tamed) = look::tamed(&style, place) else { return style };
        self.warn(*element, "has margins and padding that leave no room for its text: they are reduced");
        Cow::Owned(tamed)
    }

    fn block_element(&self, element: ElementRef<'_>, place: Place, style: Option<&Style>) -> Content {
        let name = element.value().name();
        let content = match name {
            "p" => return self.named_block(element, self.paragraph_element(element, place)),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => return self.heading(element, place),
            "blockquote" => self.quote(element, place),
            "ul" | "ol" | "menu" | "dir" => self.list(element, place, style),
            "dl" => self.descriptions(element, place),
            "table" => self.table(element, place),
            "pre" | "xmp" | "listing" => self.pre(element, place, style),
            "hr" => rule_off(element),
            "figure" => self.figure(element, place),
            "img" => self.block_picture(element, place).unwrap_or_default(),
            "svg" => self.drawing(element, place, false).unwrap_or_default(),
            "span" if element.attr("data-math-style").is_some() => self.formula(element, true),
            "section" if notes::is_section(element) => Content::empty(),
            "summary" => ParElem::new(StrongElem::new(self.line(*element, place)).pack()).pack(),
            "center" => self.paragraphs(*element, place).set(AlignElem::alignment, Alignment::H(HAlignment::Center)),
            name if names::is_dropped(name) => {
                self.warn(*element, format!("<{name}> is left out: it can't be in a printed document"));
                Content::empty()
            }
            _ => self.aligned(element, self.paragraphs(*element, place)),
        };
        self.named_block(element, content)
    }

    /// `align="center"`, from older HTML.
    fn aligned(&self, element: ElementRef<'_>, content: Content) -> Content {
        let alignment = match element.attr("align").map(str::to_ascii_lowercase).as_deref() {
            Some("center") => HAlignment::Center,
            Some("right") => HAlignment::Right,
            Some("left") => HAlignment::Left,
            _ => return content,
        };
        content.set(AlignElem::alignment, Alignment::H(alignment))
    }

    fn named_block(&self, element: ElementRef<'_>, content: Content) -> Content {
        match element.value().id().filter(|id| !id.is_empty()) {
            Some(id) if self.doc.ids.get(id) == Some(&element.id()) => anchor(id) + content,
            _ => content,
        }
    }

    fn paragraph_element(&self, element: ElementRef<'_>, place: Place) -> Content {
        if let Some(picture) = self.only_picture(element) {
            return self.aligned(element, self.captioned(picture, place));
        }
        self.aligned(element, self.paragraphs(*element, place))
    }

    /// A paragraph that is a command: `[TOC]`, `\newpage`.
    fn command(&self, element: ElementRef<'_>) -> Option<Command> {
        if element.value().name() != "p" {
            return None;
        }
        let mut children = element.children();
        let (Some(Node::Text(text)), None) = (children.next().map(|child| child.value()), children.next()) else {
            return None;
        };
        match text.trim() {
            "[TOC]" | "[toc]" | "[[TOC]]" | "[[toc]]" | "[[_TOC_]]" => {
                Some(Command::Contents(OutlineElem::new().with_title(Smart::Custom(None)).pack()))
            }
            "\\newpage" | "\\pagebreak" => Some(Command::Page(self.new_page(element, None))),
            _ => None,
        }
    }

    pub(super) fn only_picture<'e>(&self, element: ElementRef<'e>) -> Option<ElementRef<'e>> {
        let mut found = None;
        for child in element.children() {
            match child.value() {
                Node::Text(text) if text.trim().is_empty() => {}
                Node::Element(child_element) if child_element.name() == "img" && found.is_none() => {
                    found = ElementRef::wrap(child);
                }
                _ => return None,
            }
        }
        found
    }

    /// A picture alone in its paragraph: its title becomes its caption.
    fn captioned(&self, element: ElementRef<'_>, place: Place) -> Content {
        let Some(picture) = self.block_picture(element, place) else { return Content::empty() };
        let title = element.attr("title").map(str::trim).filter(|title| !title.is_empty());
        let Some(title) = title else { return picture };
        let mut caption = Vec::new();
        self.text(title, place, &mut caption);
        let caption = FigureCaption::new(Content::sequence(caption)).pack();
        self.named(element, wrap::figure(picture, caption.into_packed::<FigureCaption>().ok(), place))
    }

    fn figure(&self, element: ElementRef<'_>, place: Place) -> Content {
        let inner = Place { boxed: true, kept: true, blocks: place.blocks + 1, ..place };
        let caption = element.child_elements().find(|child| child.value().name() == "figcaption");
        let mut flow = Flow::new(inner);
        for child in element.children().filter(|child| Some(child.id()) != caption.map(|caption| caption.id())) {
            match ElementRef::wrap(child).filter(|element| self.is_block(*element)) {
                Some(element) => {
                    flow.paragraph();
                    self.block(element, inner, &mut flow);
                }
                None => self.span(child, inner, &mut flow.line),
            }
        }
        let caption = caption.map(|caption| FigureCaption::new(self.line(*caption, inner)).pack());
        let caption = caption.and_then(|caption| caption.into_packed::<FigureCaption>().ok());
        wrap::figure(flow.finish(), caption, place)
    }

    fn heading(&self, element: ElementRef<'_>, place: Place) -> Content {
        let level = dom::heading_level(element.value().name()).unwrap_or(1);
        let level = NonZeroUsize::new(level.into()).unwrap_or(NonZeroUsize::MIN);
        let has = |class: &str| element.value().classes().any(|known| known == class);
        let mut heading = HeadingElem::new(self.line(*element, place)).with_level(Smart::Custom(level));
        if has("unnumbered") {
            heading = heading.with_numbering(None);
        }
        // A table of contents lists no headings of boxes.
        if has("unlisted") || place.boxed {
            heading = heading.with_outlined(false);
        }
        self.aligned(element, self.named(element, heading.pack()))
    }

    fn quote(&self, element: ElementRef<'_>, place: Place) -> Content {
        let inner = Place { boxed: true, blocks: place.blocks + 1, ..place };
        let body = self.paragraphs(*element, inner);
        // Add no quotation marks: the writer has set them.
        QuoteElem::new(body).with_block(true).pack().set(SmartQuoteElem::enabled, false)
    }

    fn break_page(&self, element: ElementRef<'_>, said: Option<Break>, place: Place, flow: &mut Flow) {
        let parity = match said {
            None | Some(Break::Auto | Break::Avoid) => return,
            Some(Break::Column) => return flow.page_break(ColbreakElem::new().with_weak(true).pack()),
            Some(Break::Page) => None,
            Some(Break::Left) => Some(Parity::Even),
            Some(Break::Right) => Some(Parity::Odd),
        };
        flow.page_break(match place.boxed {
            true => self.broken_box(element),
            false => self.new_page(element, parity),
        });
    }

    fn new_page(&self, element: ElementRef<'_>, to: Option<Parity>) -> Content {
        let boxed = element
            .ancestors()
            .filter_map(ElementRef::wrap)
            .any(|around| names::is_container(around.value().name()) || self.style(around).is_some_and(look::is_one));
        match boxed {
            true => self.broken_box(element),
            false => PagebreakElem::new().with_weak(true).with_to(to).pack(),
        }
    }

    /// In a box, a page break becomes a column break.
    fn broken_box(&self, element: ElementRef<'_>) -> Content {
        let unbroken = element.ancestors().filter_map(ElementRef::wrap).any(|around| {
            matches!(around.value().name(), "td" | "th" | "figure" | "li")
                || self
                    .style(around)
                    .is_some_and(|style| style.break_inside == Some(Break::Avoid) || style.columns.is_some())
        });
        if unbroken {
            self.warn(
                *element,
                "asks for a new page within a cell, a list, columns or what must not break: it gets none",
            );
            return Content::empty();
        }
        ColbreakElem::new().with_weak(true).pack()
    }
}

fn is_blank(node: NodeRef<'_, Node>) -> bool {
    match node.value() {
        Node::Text(text) => text.trim().is_empty(),
        Node::Element(_) => false,
        _ => true,
    }
}

enum Command {
    Contents(Content),
    Page(Content),
}

/// A line across: an empty box, which CSS gives its border or ground. `<hr size color width>` is older HTML.
fn rule_off(element: ElementRef<'_>) -> Content {
    let size = element.attr("size").and_then(|size| size.trim().parse::<f64>().ok()).filter(|size| *size > 0.0);
    let height = size.map_or(0.0, |size| size.min(100.0) * 0.75);
    let fill = element.attr("color").and_then(look::color);
    BlockElem::new()
        .with_width(Smart::Custom(Ratio::one().into()))
        .with_height(Sizing::Rel(look::pt(height).into()))
        .with_fill(fill)
        .pack()
}

pub(super) fn holders(doc: &dom::Document) -> std::collections::HashSet<NodeId> {
    let mut holders = std::collections::HashSet::new();
    for element in doc.html.root_element().descendent_elements() {
        if !names::is_block_name(element.value().name()) {
            continue;
        }
        for around in element.ancestors().filter_map(ElementRef::wrap) {
            if names::is_block_name(around.value().name()) || !holders.insert(around.id()) {
                break;
            }
        }
    }
    holders
}
