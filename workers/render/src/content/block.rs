//! Typesets block elements: paragraphs, headings, quotes, divisions.

use scraper::ElementRef;
use typst::{
    foundations::{Content, Element, NativeElement, Smart},
    layout::{AlignElem, Alignment, BlockBody, BlockElem, Dir, HAlignment, Ratio, Sizing},
    model::{HeadingElem, ParElem, QuoteElem, StrongElem},
    text::{RawElem, SmartQuoteElem, TextDir, TextElem},
};

use super::{
    MAX_DEPTH, Place, Squeezed, Typesetter, block_or_line::is_blank, box_style, boxes, color, direction, fit,
    flow::Flow, generated::filling, heading, inline, lengths, margins::Margins, names, notes, row, show_rule,
    text_style,
};
use crate::{
    css::{Break, Display, Style},
    dom,
};

impl Typesetter<'_> {
    pub(super) fn block(&self, element: ElementRef<'_>, place: Place, flow: &mut Flow) {
        let style = self.style(element);
        if style.is_some_and(|style| style.display == Some(Display::None)) {
            return;
        }
        if (place.blocks >= self.max_blocks() && !names::is_leaf(element.value().name())) || place.depth >= MAX_DEPTH {
            return self.flat(element, place, flow);
        }
        if let Some(command) = self.command(element) {
            return match command {
                Command::Contents(content) => flow.block(content, Margins::default()),
                Command::Page(content) => flow.page_break(content),
            };
        }
        let place = self.turn_page(element, style, place, flow);
        if let Some(style) = style {
            self.break_page(element, style.break_before, place, flow);
        }
        let is_squeezed = self.is_squeezed(element, place);
        let mut content = self.styled_block(element, Place { boxed: place.boxed || is_squeezed, ..place }, style);
        if !content.is_empty() && is_squeezed {
            content = fit::squeezed(content);
        }
        let margins = self.margins(element, place);
        if !content.is_empty() && flow.is_overlapped_by(margins) {
            self.warn(
                *element,
                "a negative margin would put this over the text before it, so there is no space between them instead: \
                 specify a margin of 0 or more",
            );
        }
        flow.block(content, margins);
        if let Some(style) = style {
            self.break_page(element, style.break_after, place, flow);
        }
    }

    /// Whether something in the block left the paper, and this block is the one to scale down.
    fn is_squeezed(&self, element: ElementRef<'_>, place: Place) -> bool {
        let Squeezed { lines, outermost, .. } = &self.squeezed;
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

    pub(super) fn styled_block(&self, element: ElementRef<'_>, place: Place, whole: Option<&Style>) -> Content {
        let mut inner = Place { spans: 0, ..self.within(element, place, whole) };
        // A heading with a border is one of the text all the same.
        let is_heading = dom::heading_level(element.value().name()).is_some();
        inner.boxed |= !is_heading && whole.is_some_and(box_style::is_unsplit);
        inner.from_right = direction::of(element).map_or(place.from_right, |dir| dir == Dir::RTL);
        let name = element.value().name();
        let style = whole.map(|style| self.adjusted_style(element, place, style, inner.from_right));
        let style = style.as_deref();
        if let Some(style) = style.filter(|style| box_style::is_box(style)) {
            inner.blocks += 1;
            inner.least_height = boxes::least_height(style, place);
            inner.width = lengths::inner_width(style, place);
            inner.in_relayout |= style.break_inside == Some(Break::Avoid) || style.columns.is_some();
            inner.contains_margins = box_style::contains_margins(style);
        }
        inner.is_high = place.stretches || inner.least_height > 0.0;
        let row = style.filter(|_| name != "table").and_then(|style| self.row(element, inner, style));
        let is_row = row.is_some();
        let has_items = style.is_some_and(row::has_items);
        let content = match row {
            Some(row) if is_heading => self.heading_in_row(element, row, inner),
            Some(row) => self.anchored(element, row),
            None => self.block_element(element, inner, whole),
        };
        // Other elements have the generated text in their first and last paragraph.
        let content = match name {
            // Generated texts are items too.
            _ if is_row && has_items => content,
            _ if is_heading => self.with_boxes_beside(element, content, inner),
            "ul" | "ol" | "menu" | "dir" | "dl" | "table" | "figure" | "img" | "svg" | "hr" | "pre" | "xmp"
            | "listing" => self.before(element, inner) + content + self.after(element, inner),
            // The boxes of a row are its children alone.
            _ if is_row => self.before(element, inner) + content + self.after(element, inner),
            _ => content,
        };
        let content = if inner.from_right == place.from_right { content } else { directed(content, inner.from_right) };
        let Some(style) = style else { return content };
        if content.is_empty() && !box_style::is_box(style) {
            return content;
        }
        let text = text_style::styles(style, place, self.fonts);
        let content = match name {
            // What is in it stands in the middle of it.
            "figure" if box_style::is_box(style) && !place.fills => filling(content),
            _ => content,
        };
        let content = match name {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                show_rule::styled(Element::of::<HeadingElem>(), text_style::decorated(content, style), text)
            }
            "pre" | "xmp" | "listing" | "code" | "kbd" | "samp" | "tt" => {
                show_rule::styled(Element::of::<RawElem>(), content, text.clone()).styled_with_map(text)
            }
            _ => text_style::decorated(content, style).styled_with_map(text),
        };
        let content = boxes::block(content, style, place);
        let is_head = is_heading || name == "summary";
        let is_rule = name == "hr" && follows_heading(element);
        // Typst keeps a heading with what follows, but not a box around it.
        let keeps = is_rule || (is_head && (is_row || box_style::is_box(style)));
        let keeps = keeps || style.break_after == Some(Break::Avoid);
        if keeps { kept_with_next(content) } else { content }
    }

    fn block_element(&self, element: ElementRef<'_>, place: Place, style: Option<&Style>) -> Content {
        let name = element.value().name();
        let content = match name {
            "p" => return self.anchored(element, self.paragraph_element(element, place)),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => return self.heading(element, place),
            "blockquote" => self.quote(element, place),
            "ul" | "ol" | "menu" | "dir" => self.list(element, place, style),
            "dl" => self.descriptions(element, place),
            "li" => self.item_in_row(element, place),
            "table" => self.table(element, place),
            "pre" | "xmp" | "listing" => self.pre(element, place, style),
            "hr" => thematic_break(element),
            "figure" => self.figure(element, place),
            "img" => self.block_picture(element, place).unwrap_or_default(),
            "svg" => self.drawing(element, place, false).unwrap_or_default(),
            "span" if element.attr("data-math-style").is_some() => self.formula(element, true),
            "section" if notes::is_section(element) => Content::empty(),
            "summary" => {
                let line = self.generated_line(element, place);
                kept_with_next(ParElem::new(StrongElem::new(line).pack()).pack())
            }
            "center" => self.paragraphs(*element, place).set(AlignElem::alignment, Alignment::H(HAlignment::Center)),
            // These show nothing in browsers; a title is the document's.
            "meta" | "title" => Content::empty(),
            name if names::is_dropped(name) => {
                self.warn(*element, format!("<{name}> is left out: a printed document can't have it"));
                Content::empty()
            }
            _ if inline::has_look(name) && !self.has_blocks.contains(&element.id()) => {
                let line = self.inline_element(element, place, style).unwrap_or_default();
                ParElem::new(self.with_generated_line(element, line, place)).pack()
            }
            _ => self.aligned(element, self.paragraphs(*element, place)),
        };
        self.anchored(element, content)
    }

    /// `align="center"`, from older HTML.
    pub(super) fn aligned(&self, element: ElementRef<'_>, content: Content) -> Content {
        let alignment = match element.attr("align").map(str::to_ascii_lowercase).as_deref() {
            Some("center") => HAlignment::Center,
            Some("right") => HAlignment::Right,
            Some("left") => HAlignment::Left,
            _ => return content,
        };
        content.set(AlignElem::alignment, Alignment::H(alignment))
    }

    fn paragraph_element(&self, element: ElementRef<'_>, place: Place) -> Content {
        if let Some(picture) = self.only_picture(element) {
            return self.aligned(element, self.captioned(picture, place));
        }
        self.aligned(element, self.paragraphs(*element, place))
    }

    /// A paragraph that is a command: `[TOC]`, `\newpage`.
    fn command(&self, element: ElementRef<'_>) -> Option<Command> {
        match heading::only_text(element)?.trim() {
            text if heading::is_contents(text) => Some(Command::Contents(self.contents())),
            "\\newpage" | "\\pagebreak" => Some(Command::Page(self.new_page(element, None))),
            _ => None,
        }
    }

    fn quote(&self, element: ElementRef<'_>, place: Place) -> Content {
        let inner = Place { boxed: true, blocks: place.blocks + 1, ..place };
        let body = self.paragraphs(*element, inner);
        // The text has its own quotation marks.
        QuoteElem::new(body).with_block(true).pack().set(SmartQuoteElem::enabled, false)
    }
}

enum Command {
    Contents(Content),
    Page(Content),
}

/// A block that is on the page of the next one.
fn kept_with_next(content: Content) -> Content {
    BlockElem::new().with_body(Some(BlockBody::Content(content))).with_sticky(true).pack()
}

fn follows_heading(element: ElementRef<'_>) -> bool {
    let before = element.prev_siblings().find(|node| !is_blank(*node)).and_then(ElementRef::wrap);
    before.is_some_and(|before| dom::heading_level(before.value().name()).is_some())
}

/// An empty box, which CSS gives its border or background. `<hr size color width>` is older HTML.
fn thematic_break(element: ElementRef<'_>) -> Content {
    let size = element.attr("size").and_then(|size| size.trim().parse::<f64>().ok()).filter(|size| *size > 0.0);
    let height = size.map_or(0.0, |size| size.min(100.0) * 0.75);
    let fill = element.attr("color").and_then(color::from_attribute);
    BlockElem::new()
        .with_width(Smart::Custom(Ratio::one().into()))
        .with_height(Sizing::Rel(lengths::pt(height).into()))
        .with_fill(fill)
        .pack()
}

/// Content whose text runs from the right, or from the left within such text.
fn directed(content: Content, from_right: bool) -> Content {
    let dir = if from_right { Dir::RTL } else { Dir::LTR };
    content.set(TextElem::dir, TextDir(Smart::Custom(dir)))
}
