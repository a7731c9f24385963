//! Typesets inline elements: emphasis, small text, quotes, check boxes; and the text that CSS generates.

use ego_tree::NodeRef;
use scraper::{ElementRef, Node};
use typst::{
    foundations::{Content, Element, NativeElement},
    layout::{Em, Fr, HElem, Spacing},
    model::{EmphElem, StrongElem},
    text::{
        FontFamily, FontList, HighlightElem, LinebreakElem, RawElem, SpaceElem, StrikeElem, SubElem, SuperElem,
        TextElem, TextSize, UnderlineElem,
    },
    utils::PicoStr,
};

use super::{
    MAX_DEPTH, MAX_SPAN_DEPTH, Place, Typesetter, block_or_line::is_blank, box_style, boxes, code, inline_box, lengths,
    names, show_rule, text, text_style,
};
use crate::{
    css::{self, Display, Float, Style},
    fonts::MONO,
};

impl Typesetter<'_> {
    pub(super) fn line(&self, node: NodeRef<'_, Node>, place: Place) -> Content {
        let (line, ends) = self.pieces(node, place);
        ended(line, ends)
    }

    /// Inline content between `::before` and `::after`.
    pub(super) fn generated_line(&self, element: ElementRef<'_>, place: Place) -> Content {
        let (line, mut ends) = self.pieces(*element, place);
        ended(self.with_generated(element, line, &mut ends, place), ends)
    }

    /// A line with what CSS generates before and after it.
    pub(super) fn with_generated_line(&self, element: ElementRef<'_>, line: Content, place: Place) -> Content {
        let mut ends = Vec::new();
        ended(self.with_generated(element, line, &mut ends, place), ends)
    }

    /// Inline content, and what is at the end of its line.
    fn pieces(&self, node: NodeRef<'_, Node>, place: Place) -> (Content, Vec<Content>) {
        let (mut out, mut ends) = (Vec::new(), Vec::new());
        let mut was_block = false;
        for child in node.children() {
            if self.is_at_end(child) {
                self.span(child, place, &mut ends);
                continue;
            }
            let (is_block, blank) = (self.has_own_line(child), is_blank(child));
            if (is_block || was_block && !blank) && out.iter().any(|piece: &Content| !piece.is::<SpaceElem>()) {
                out.push(LinebreakElem::shared().clone());
            }
            was_block = is_block || was_block && blank;
            if !(was_block && blank) {
                self.span(child, place, &mut out);
            }
        }
        (Content::sequence(out), ends)
    }

    /// Whether it is a block with something in it, which stands in a line of its own within a line.
    fn has_own_line(&self, node: NodeRef<'_, Node>) -> bool {
        ElementRef::wrap(node).is_some_and(|element| {
            let is_paragraph = matches!(element.value().name(), "p" | "div" | "li" | "blockquote");
            is_paragraph && self.is_block(element) && element.descendants().skip(1).any(|inner| !is_blank(inner))
        })
    }

    /// Whether inline content floats to the right; it is at the end of its line.
    pub(super) fn is_at_end(&self, node: NodeRef<'_, Node>) -> bool {
        let Some(element) = ElementRef::wrap(node) else { return false };
        let is_right = self.style(element).is_some_and(|style| style.row.float == Some(Float::Right));
        is_right && !names::is_block_name(element.value().name()) && element.value().name() != "img"
    }

    pub(super) fn span(&self, node: NodeRef<'_, Node>, place: Place, out: &mut Vec<Content>) {
        match node.value() {
            Node::Text(text) => self.text(text, place, out),
            Node::Element(_) => {
                if let Some(element) = ElementRef::wrap(node) {
                    self.element(element, place, out);
                }
            }
            _ => {}
        }
    }

    fn element(&self, element: ElementRef<'_>, place: Place, out: &mut Vec<Content>) {
        let style = self.style(element);
        if style.is_some_and(|style| style.display == Some(Display::None)) {
            return;
        }
        if place.spans >= MAX_SPAN_DEPTH || place.depth >= MAX_DEPTH {
            self.warn(*element, format!("this is nested more than {MAX_SPAN_DEPTH} deep, so what is in it is shown as plain text: nest it less"));
            return self.text(&element.text().collect::<String>(), place, out);
        }
        let is_block = names::is_block_name(element.value().name());
        let is_boxed =
            |style: &&Style| style.display == Some(Display::InlineBlock) && is_block || box_style::is_inline_row(style);
        if let Some(style) = style.filter(is_boxed).filter(|_| !place.is_words) {
            return out.push(self.block_in_line(element, style, place));
        }
        let marked = style.filter(|style| element.value().name() == "mark" && box_style::has_padding(style));
        let marked = marked.filter(|style| style.background.is_none()).map(inline_box::marked);
        let style = marked.as_ref().or(style);
        let inner = self.within(element, place, style);
        let Some(content) = self.inline_element(element, inner, style) else { return };
        let content = self.with_generated_line(element, content, place);
        if place.is_words {
            let space = || self.is_block(element).then(|| SpaceElem::shared().clone());
            return out.extend(space().into_iter().chain([content]).chain(space()));
        }
        let content = match style {
            // They draw their boxes themselves.
            Some(style) if matches!(element.value().name(), "img" | "svg" | "input") => {
                boxes::inline(content, &unboxed(style), place, self.fonts, false)
            }
            Some(style) => {
                let content = match code::is_inline(element) {
                    // Typst gives code a style of its own, which would win over a style around it.
                    true => {
                        let text = text_style::styles(style, place, self.fonts);
                        show_rule::styled(Element::of::<RawElem>(), content, text)
                    }
                    false => content,
                };
                let is_whole = self.is_whole(element, style, place);
                inline_box::before(element, style, place, is_whole)
                    + boxes::inline(content, style, place, self.fonts, is_whole)
            }
            None => content,
        };
        out.push(self.anchored(element, content));
    }

    pub(super) fn within(&self, element: ElementRef<'_>, place: Place, style: Option<&Style>) -> Place {
        let line = self.doc.own_line(element).or(place.line);
        let mut inner = Place { spans: place.spans + 1, depth: place.depth + 1, line, ..place };
        (inner.fills, inner.stretches, inner.whole) = (false, false, None);
        (inner.is_high, inner.least_height) = (false, 0.0);
        inner.box_height = style.and_then(|style| lengths::height(style.height?, style, place));
        match element.value().name() {
            "b" | "strong" | "th" | "dt" => inner.face.bold = true,
            name if crate::dom::heading_level(name).is_some() => inner.face.bold = true,
            "code" | "kbd" | "samp" | "tt" | "pre" => inner.face.family = self.mono(),
            _ => {}
        }
        style.map_or(inner, |style| self.within_style(inner, style))
    }

    /// The place with what text inherits from a style.
    pub(super) fn within_style(&self, place: Place, style: &Style) -> Place {
        let mut inner = place;
        inner.size = style.font_size.map_or(place.size, |size| size * place.scale);
        if let Some(spacing) = style.letter_spacing {
            inner.letter_spacing = lengths::em_points(spacing, inner.size);
        }
        inner.keep_spaces = style.keep_spaces.unwrap_or(place.keep_spaces);
        inner.wraps = style.wraps.unwrap_or(place.wraps);
        inner.transform = style.text_transform.unwrap_or(place.transform);
        inner.face.bold = style.font_weight.map_or(inner.face.bold, |weight| weight >= 600);
        if let Some(family) = style.font_family.iter().flatten().find_map(|name| self.fonts.family(name)) {
            inner.face.family = PicoStr::intern(family);
        }
        inner
    }

    /// The content without its style; `None` if it is empty.
    pub(super) fn inline_element(
        &self,
        element: ElementRef<'_>,
        place: Place,
        style: Option<&Style>,
    ) -> Option<Content> {
        let line = || self.line(*element, place);
        let name = element.value().name();
        Some(match name {
            "br" if place.is_words => SpaceElem::shared().clone(),
            "img" | "svg" if place.is_words => {
                let alt = element.attr("alt").or_else(|| element.attr("aria-label"));
                let mut out = Vec::new();
                self.text(alt.unwrap_or_default(), place, &mut out);
                Content::sequence(out)
            }
            "strong" | "b" => match style.and_then(|style| style.font_weight) {
                // CSS gives the weight itself, not a difference.
                Some(_) => StrongElem::new(line()).with_delta(0).pack(),
                None => StrongElem::new(line()).pack(),
            },
            "em" | "i" | "cite" | "var" | "dfn" => match style.and_then(|style| style.italic) {
                Some(_) => line(),
                None => EmphElem::new(line()).pack(),
            },
            "code" | "kbd" | "samp" | "tt" => self.inline_code(element, place),
            "del" | "s" | "strike" => StrikeElem::new(line()).pack(),
            "ins" | "u" => UnderlineElem::new(line()).pack(),
            // CSS's background is drawn around it.
            "mark" if style.is_some_and(|style| style.background.is_some()) => line(),
            "mark" => HighlightElem::new(line()).pack(),
            "small" => resized(line(), style, 0.83),
            "big" => resized(line(), style, 1.2),
            "sub" => SubElem::new(line()).pack(),
            "sup" => match self.footnote(element, place) {
                Some(note) => note,
                None => SuperElem::new(line()).pack(),
            },
            // Controls of Unicode: override from right to left or from left to right, and its end.
            "bdo" => match element.attr("dir").map(str::to_ascii_lowercase).as_deref() {
                Some("rtl") => TextElem::packed("\u{202e}") + line() + TextElem::packed("\u{202c}"),
                Some("ltr") => TextElem::packed("\u{202d}") + line() + TextElem::packed("\u{202c}"),
                _ => line(),
            },
            "q" => TextElem::packed("\u{201c}") + line() + TextElem::packed("\u{201d}"),
            "a" => self.link(element, place),
            "br" => LinebreakElem::shared().clone(),
            "wbr" => text::soft_break(),
            "img" => self.picture(element, place, true)?,
            "svg" => self.drawing(element, place, true)?,
            "input" => self.input(element, place)?,
            "span" => match element.attr("data-math-style") {
                Some(kind) => self.inline_formula(element, kind),
                None => line(),
            },
            // These show nothing in browsers; a title is the document's.
            "meta" | "title" => return None,
            name if names::is_dropped(name) => {
                self.warn(*element, format!("<{name}> is left out: a printed document can't have it"));
                return None;
            }
            name if names::is_known(name) || names::is_block_name(name) => line(),
            name => {
                let name: String = name.chars().take(40).collect();
                self.warn(*element, format!("<{name}> is no element of HTML: its content is shown without it"));
                line()
            }
        })
    }

    fn input(&self, element: ElementRef<'_>, place: Place) -> Option<Content> {
        if place.skip_check && element.attr("type") == Some("checkbox") {
            return None;
        }
        if element.attr("type") != Some("checkbox") {
            self.warn(*element, "<input> is left out: of inputs only check boxes are shown");
            return None;
        }
        Some(check_box(element.attr("checked").is_some()) + SpaceElem::shared().clone())
    }
}

/// Whether an inline element looks or works otherwise than its text alone.
pub(super) fn has_look(name: &str) -> bool {
    matches!(
        name,
        "a" | "strong"
            | "b"
            | "em"
            | "i"
            | "cite"
            | "var"
            | "dfn"
            | "code"
            | "kbd"
            | "samp"
            | "tt"
            | "del"
            | "s"
            | "strike"
            | "ins"
            | "u"
            | "mark"
            | "small"
            | "big"
            | "sub"
            | "sup"
            | "bdo"
            | "q"
    )
}

/// A style without a box.
fn unboxed(style: &Style) -> Style {
    let border = css::Sides::default();
    Style { background: None, border, border_radius: [None; 4], padding: css::Sides::default(), ..style.clone() }
}

/// A line with what is at its end.
fn ended(line: Content, ends: Vec<Content>) -> Content {
    match ends.is_empty() {
        true => line,
        false => line + HElem::new(Spacing::Fr(Fr::one())).pack() + Content::sequence(ends),
    }
}

/// ☐ or ☑, in a font that has them.
pub(super) fn check_box(checked: bool) -> Content {
    let mark = if checked { "\u{2611}" } else { "\u{2610}" };
    TextElem::packed(mark).set(TextElem::font, FontList(vec![FontFamily::new(MONO)]))
}

fn resized(content: Content, style: Option<&Style>, ems: f64) -> Content {
    match style.and_then(|style| style.font_size) {
        Some(_) => content,
        None => content.set(TextElem::size, TextSize(Em::new(ems).into())),
    }
}
