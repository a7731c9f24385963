//! Block elements: paragraphs, headings, quotes, divisions, breaks.

use std::num::NonZeroUsize;

use ego_tree::{NodeId, NodeRef};
use scraper::{ElementRef, Node};
use typst::{
    foundations::{
        Content, Element, NativeElement, Recipe, Selector, Smart, Style as TypstStyle, Styles, Transformation,
    },
    layout::{AlignElem, Alignment, BlockBody, BlockElem, ColbreakElem, HAlignment, PagebreakElem, Parity},
    model::{
        DividerElem, FigureCaption, FigureElem, HeadingElem, OutlineElem, ParElem, ParbreakElem, QuoteElem, StrongElem,
    },
    syntax::Span,
    text::SmartQuoteElem,
};

use super::{BLOCKS_DEEP, DEEP, Place, Typesetter, anchor, inline, look, notes};
use crate::{
    css::{Break, Display, Style},
    dom,
};

impl Typesetter<'_> {
    /// The children of a node. Inline content between blocks becomes paragraphs.
    pub(super) fn flow(&self, node: NodeRef<'_, Node>, place: Place) -> Content {
        let mut out = Vec::new();
        let mut line = Vec::new();
        for child in node.children() {
            match ElementRef::wrap(child).filter(|element| self.is_block(*element)) {
                Some(element) => {
                    paragraph(&mut line, &mut out);
                    self.block(element, place, &mut out);
                }
                None => self.span(child, place, &mut line),
            }
        }
        match out.is_empty() {
            // Only inline content: the caller decides whether it is a paragraph.
            true => Content::sequence(line),
            false => {
                paragraph(&mut line, &mut out);
                Content::sequence(out)
            }
        }
    }

    pub(super) fn is_block(&self, element: ElementRef<'_>) -> bool {
        match self.style(element).and_then(|style| style.display) {
            Some(Display::Block) => return true,
            Some(Display::Inline | Display::InlineBlock) => return self.has_blocks.contains(&element.id()),
            Some(Display::None) | None => {}
        }
        let display_math = element.attr("data-math-style") == Some("display") && element.value().name() == "span";
        is_block_name(element.value().name()) || display_math || self.has_blocks.contains(&element.id())
    }

    fn block(&self, element: ElementRef<'_>, place: Place, out: &mut Vec<Content>) {
        let style = self.style(element);
        if style.is_some_and(|style| style.display == Some(Display::None)) {
            return;
        }
        if place.blocks >= BLOCKS_DEEP || place.depth >= DEEP {
            let bound = if place.depth >= DEEP { DEEP } else { BLOCKS_DEEP.into() };
            self.warn(*element, format!("is nested more than {bound} deep: the rest is plain text"));
            let mut line = Vec::new();
            self.text(&element.text().collect::<String>(), place, &mut line);
            return paragraph(&mut line, out);
        }
        if let Some(content) = self.command(element) {
            return out.push(content);
        }
        if let Some(style) = style {
            self.break_page(element, style.break_before, place, out);
        }
        let content = self.styled_block(element, place, style);
        if !content.is_empty() {
            out.push(content);
        }
        if let Some(style) = style {
            self.break_page(element, style.break_after, place, out);
        }
    }

    fn styled_block(&self, element: ElementRef<'_>, place: Place, style: Option<&Style>) -> Content {
        let mut inner = Place { spans: 0, ..self.within(element, place, style) };
        inner.boxed |= style.is_some_and(look::is_one);
        if let Some(style) = style.filter(|style| look::is_box(style)) {
            inner.blocks += 1;
            inner.width = look::inner_width(style, place);
        }
        let content = self.block_element(element, inner, style);
        let content = match dom::heading_level(element.value().name()) {
            None => self.with_generated(element, content, inner),
            Some(_) => content,
        };
        let Some(style) = style else { return content };
        if content.is_empty() && !look::is_box(style) {
            return content;
        }
        let content = match dom::heading_level(element.value().name()) {
            Some(_) => heading_rule(look::decorated(content, style), look::text(style, self.fonts)),
            None => look::decorated(content, style).styled_with_map(look::text(style, self.fonts)),
        };
        let content = look::block(content, style, place);
        match style.break_after == Some(Break::Avoid) {
            true => BlockElem::new().with_body(Some(BlockBody::Content(content))).with_sticky(true).pack(),
            false => content,
        }
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
            "pre" | "xmp" | "listing" => self.pre(element, place),
            "hr" => DividerElem::new().pack(),
            "figure" => self.figure(element, place),
            "img" => self.picture(element, place, false).unwrap_or_default(),
            "svg" => self.drawing(element, place, false).unwrap_or_default(),
            "span" if element.attr("data-math-style").is_some() => self.formula(element, true),
            "section" if notes::is_section(element) => Content::empty(),
            "summary" => StrongElem::new(self.line(*element, place)).pack(),
            "center" => self.flow(*element, place).set(AlignElem::alignment, Alignment::H(HAlignment::Center)),
            name if inline::is_dropped(name) => {
                self.warn(*element, format!("<{name}> is left out: it can't be in a printed document"));
                Content::empty()
            }
            _ => self.aligned(element, self.flow(*element, place)),
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
        let mut out = Vec::new();
        let content = self.flow(*element, place);
        let content =
            match element.children().any(|child| ElementRef::wrap(child).is_some_and(|element| self.is_block(element)))
            {
                true => content,
                false => {
                    paragraph(&mut vec![content], &mut out);
                    Content::sequence(out)
                }
            };
        self.aligned(element, content)
    }

    /// A paragraph that is a command: `[TOC]`, `\newpage`.
    fn command(&self, element: ElementRef<'_>) -> Option<Content> {
        if element.value().name() != "p" {
            return None;
        }
        let mut children = element.children();
        let (Some(Node::Text(text)), None) = (children.next().map(|child| child.value()), children.next()) else {
            return None;
        };
        match text.trim() {
            "[TOC]" | "[toc]" | "[[TOC]]" | "[[toc]]" | "[[_TOC_]]" => {
                Some(OutlineElem::new().with_title(Smart::Custom(None)).pack())
            }
            "\\newpage" | "\\pagebreak" => Some(self.new_page(element, None)),
            _ => None,
        }
    }

    fn only_picture<'e>(&self, element: ElementRef<'e>) -> Option<ElementRef<'e>> {
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
        let Some(picture) = self.picture(element, place, false) else { return Content::empty() };
        let title = element.attr("title").map(str::trim).filter(|title| !title.is_empty());
        let Some(title) = title else { return picture };
        let mut caption = Vec::new();
        self.text(title, place, &mut caption);
        let caption = FigureCaption::new(Content::sequence(caption)).pack();
        let figure = FigureElem::new(picture).with_caption(caption.into_packed::<FigureCaption>().ok());
        self.named(element, figure.pack())
    }

    fn figure(&self, element: ElementRef<'_>, place: Place) -> Content {
        let inner = Place { boxed: true, blocks: place.blocks + 1, ..place };
        let caption = element.child_elements().find(|child| child.value().name() == "figcaption");
        let mut body = Vec::new();
        for child in element.children().filter(|child| Some(child.id()) != caption.map(|caption| caption.id())) {
            match ElementRef::wrap(child).filter(|element| self.is_block(*element)) {
                Some(element) => self.block(element, inner, &mut body),
                None => self.span(child, inner, &mut body),
            }
        }
        let caption = caption.map(|caption| FigureCaption::new(self.line(*caption, inner)).pack());
        let caption = caption.and_then(|caption| caption.into_packed::<FigureCaption>().ok());
        FigureElem::new(Content::sequence(body)).with_caption(caption).pack()
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
        let inner = Place { boxed: true, blocks: place.blocks + 1, width: (place.width - 22.0).max(1.0), ..place };
        let body = self.flow(*element, inner);
        // Add no quotation marks: the writer has set them.
        QuoteElem::new(body).with_block(true).pack().set(SmartQuoteElem::enabled, false)
    }

    fn break_page(&self, element: ElementRef<'_>, said: Option<Break>, place: Place, out: &mut Vec<Content>) {
        let parity = match said {
            None | Some(Break::Auto | Break::Avoid) => return,
            Some(Break::Column) => return out.push(ColbreakElem::new().with_weak(true).pack()),
            Some(Break::Page) => None,
            Some(Break::Left) => Some(Parity::Even),
            Some(Break::Right) => Some(Parity::Odd),
        };
        out.push(match place.boxed {
            true => self.broken_box(element),
            false => self.new_page(element, parity),
        });
    }

    fn new_page(&self, element: ElementRef<'_>, to: Option<Parity>) -> Content {
        let boxed = element
            .ancestors()
            .filter_map(ElementRef::wrap)
            .any(|around| is_container(around.value().name()) || self.style(around).is_some_and(look::is_one));
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

fn paragraph(line: &mut Vec<Content>, out: &mut Vec<Content>) {
    let line = std::mem::take(line);
    if line.iter().all(|piece| piece.is_empty() || piece.is::<typst::text::SpaceElem>()) {
        return;
    }
    out.push(ParElem::new(Content::sequence(line)).pack());
}

/// Styles headings by a rule, not in their text, so that a table of contents does not repeat the style.
fn heading_rule(content: Content, styles: Styles) -> Content {
    let selector = Selector::Elem(Element::of::<HeadingElem>(), None);
    let recipe = Recipe::new(Some(selector), Transformation::Style(styles), Span::detached());
    let mut rule = Styles::new();
    rule.push(TypstStyle::Recipe(recipe));
    content.styled_with_map(rule)
}

pub(super) fn holders(doc: &dom::Document) -> std::collections::HashSet<NodeId> {
    let mut holders = std::collections::HashSet::new();
    for element in doc.html.root_element().descendent_elements() {
        if !is_block_name(element.value().name()) {
            continue;
        }
        for around in element.ancestors().filter_map(ElementRef::wrap) {
            if is_block_name(around.value().name()) || !holders.insert(around.id()) {
                break;
            }
        }
    }
    holders
}

fn is_container(name: &str) -> bool {
    matches!(name, "blockquote" | "ul" | "ol" | "menu" | "dir" | "dl" | "table" | "figure" | "td" | "th" | "li" | "dd")
}

fn is_block_name(name: &str) -> bool {
    is_container(name)
        || dom::heading_level(name).is_some()
        || matches!(
            name,
            "p" | "div"
                | "section"
                | "article"
                | "header"
                | "footer"
                | "main"
                | "nav"
                | "aside"
                | "hgroup"
                | "address"
                | "pre"
                | "xmp"
                | "listing"
                | "hr"
                | "figcaption"
                | "details"
                | "summary"
                | "center"
                | "fieldset"
                | "form"
                | "legend"
                | "body"
                | "html"
                | "dt"
                | "thead"
                | "tbody"
                | "tfoot"
                | "tr"
                | "caption"
                | "colgroup"
                | "col"
                | "search"
                | "optgroup"
                | "option"
        )
}

pub(super) fn between() -> Content {
    ParbreakElem::shared().clone()
}
