//! Inline elements: text, emphasis, links, code, formulas, pictures among words.

use ego_tree::NodeRef;
use percent_encoding::percent_decode_str;
use scraper::{ElementRef, Node};
use typst::{
    foundations::{Content, Element, NativeElement},
    layout::{Abs, BoxElem, Em, Fr, HElem, Length, Sizing, Spacing},
    model::{Destination, EmphElem, LinkElem, LinkTarget, StrongElem, Url},
    text::{
        FontFamily, FontList, HighlightElem, LinebreakElem, RawContent, RawElem, SpaceElem, StrikeElem, SubElem,
        SuperElem, TextElem, TextSize, UnderlineElem,
    },
    utils::PicoStr,
};

use super::{
    DEEP, Place, SPANS_DEEP, Typesetter, anchor, boxes, breaks, emoji, fit, flow::Flow, labelled, look, names, wrap,
};
use crate::{
    css::{Display, Float, Generated, Style, Transform},
    fonts::EMOJI,
    ink, math,
};

/// The width of a place to break, in points: Typst skips spaces without one.
const BREAK: f64 = 0.001;
/// The widest character, in font sizes: a word of fewer characters than fit by this is not measured.
const WIDEST: f64 = 1.3;
/// The most characters of a word that is divided anywhere; the rest is divided in pieces.
const DIVIDED: usize = 20_000;
/// A font that has ☐ and ☑.
const MARKS: &str = "DejaVu Sans Mono";
/// The width of a tab stop in preformatted text, in characters.
const TAB: usize = 4;

impl Typesetter<'_> {
    pub(super) fn line(&self, node: NodeRef<'_, Node>, place: Place) -> Content {
        let (mut out, mut ends) = (Vec::new(), Vec::new());
        for child in node.children() {
            let to = if self.is_at_end(child) { &mut ends } else { &mut out };
            self.span(child, place, to);
        }
        if !ends.is_empty() {
            out.push(HElem::new(Spacing::Fr(Fr::one())).pack());
            out.append(&mut ends);
        }
        Content::sequence(out)
    }

    /// Whether words float to the right: they stand at the end of their line.
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
        if place.spans >= SPANS_DEEP || place.depth >= DEEP {
            self.warn(*element, format!("is nested more than {SPANS_DEEP} deep: the rest is plain text"));
            return self.text(&element.text().collect::<String>(), place, out);
        }
        let is_boxed = |style: &&Style| style.display == Some(Display::InlineBlock);
        if let Some(style) = style.filter(is_boxed).filter(|_| names::is_block_name(element.value().name())) {
            return out.push(self.block_in_line(element, style, place));
        }
        let inner = self.within(element, place, style);
        let Some(content) = self.inline_element(element, inner, style) else { return };
        let content = self.with_generated(element, content, place);
        let content = match style {
            // Code has a look of its own that would count more.
            Some(style) if is_code(element) => {
                let text = look::text(style, place, self.fonts);
                boxes::inline(wrap::rule(Element::of::<RawElem>(), content, text), style, place, self.fonts)
            }
            Some(style) => boxes::inline(content, style, place, self.fonts),
            None => content,
        };
        match element.value().id().filter(|id| !id.is_empty()) {
            Some(id) if self.doc.ids.get(id) == Some(&element.id()) => out.push(anchor(id) + content),
            _ => out.push(content),
        }
    }

    /// A block that CSS puts among words: `display: inline-block`.
    fn block_in_line(&self, element: ElementRef<'_>, style: &Style, place: Place) -> Content {
        let said = style.width.map(|width| look::outer_width(width, style, place).min(place.width));
        let mut flow = Flow::new(place);
        let blocks = place.blocks + 1;
        let inner = Place { fills: true, boxed: true, blocks, width: said.unwrap_or(place.width), ..place };
        self.block(element, inner, &mut flow);
        let width = said.map_or(Sizing::Auto, |width| Sizing::Rel(look::pt(width).into()));
        BoxElem::new().with_body(Some(flow.finish())).with_width(width).pack()
    }

    /// Adds `::before` and `::after`.
    pub(super) fn with_generated(&self, element: ElementRef<'_>, content: Content, place: Place) -> Content {
        self.before(element, place) + content + self.after(element, place)
    }

    pub(super) fn before(&self, element: ElementRef<'_>, place: Place) -> Content {
        self.generated(element, self.styles.before(element.id()), place)
    }

    pub(super) fn after(&self, element: ElementRef<'_>, place: Place) -> Content {
        self.generated(element, self.styles.after(element.id()), place)
    }

    fn generated(&self, element: ElementRef<'_>, generated: Option<&Generated>, place: Place) -> Content {
        let Some(generated) = generated else { return Content::empty() };
        let mut out = Vec::new();
        self.text(&generated.text(element.value()), place, &mut out);
        boxes::inline(Content::sequence(out), &generated.style, place, self.fonts)
    }

    pub(super) fn within(&self, element: ElementRef<'_>, place: Place, style: Option<&Style>) -> Place {
        let line = self.doc.own_line(element).or(place.line);
        let mut inner = Place { spans: place.spans + 1, depth: place.depth + 1, line, fills: false, ..place };
        match element.value().name() {
            "b" | "strong" | "th" | "dt" => inner.face.bold = true,
            name if crate::dom::heading_level(name).is_some() => inner.face.bold = true,
            "code" | "kbd" | "samp" | "tt" | "pre" => inner.face.family = self.mono(),
            _ => {}
        }
        if let Some(style) = style {
            inner.size = style.font_size.map_or(place.size, |size| size * place.scale);
            inner.keep_spaces = style.keep_spaces.unwrap_or(place.keep_spaces);
            inner.transform = style.text_transform.unwrap_or(place.transform);
            inner.face.bold = style.font_weight.map_or(inner.face.bold, |weight| weight >= 600);
            if let Some(family) = style.font_family.iter().flatten().find_map(|name| self.fonts.family(name)) {
                inner.face.family = PicoStr::intern(family);
            }
        }
        inner
    }

    /// The content without its style; `None` if it is empty.
    fn inline_element(&self, element: ElementRef<'_>, place: Place, style: Option<&Style>) -> Option<Content> {
        let line = || self.line(*element, place);
        let name = element.value().name();
        Some(match name {
            "strong" | "b" => match style.and_then(|style| style.font_weight) {
                // CSS gives the weight itself, not a difference.
                Some(_) => StrongElem::new(line()).with_delta(0).pack(),
                None => StrongElem::new(line()).pack(),
            },
            "em" | "i" | "cite" | "var" | "dfn" => match style.and_then(|style| style.italic) {
                Some(_) => line(),
                None => EmphElem::new(line()).pack(),
            },
            "code" | "kbd" | "samp" | "tt" => self.code(element, place),
            "del" | "s" | "strike" => StrikeElem::new(line()).pack(),
            "ins" | "u" => UnderlineElem::new(line()).pack(),
            "mark" => HighlightElem::new(line()).pack(),
            "small" => resized(line(), style, 0.83),
            "big" => resized(line(), style, 1.2),
            "sub" => SubElem::new(line()).pack(),
            "sup" => match self.footnote(element, place) {
                Some(note) => note,
                None => SuperElem::new(line()).pack(),
            },
            "q" => TextElem::packed("\u{201c}") + line() + TextElem::packed("\u{201d}"),
            "a" => self.link(element, place),
            "br" => LinebreakElem::shared().clone(),
            "wbr" => soft_break(),
            "img" => self.picture(element, place, true)?,
            "svg" => self.drawing(element, place, true)?,
            "input" => self.input(element, place)?,
            "span" => match element.attr("data-math-style") {
                Some(kind) => self.inline_formula(element, kind),
                None => line(),
            },
            name if names::is_dropped(name) => {
                self.warn(*element, format!("<{name}> is left out: it can't be in a printed document"));
                return None;
            }
            name if names::is_known(name) || names::is_block_name(name) => line(),
            name => {
                let name: String = name.chars().take(40).collect();
                self.warn(*element, format!("<{name}> is not known: what is in it is set without it"));
                line()
            }
        })
    }

    /// Collapses white space as HTML does.
    pub(super) fn text(&self, text: &str, place: Place, out: &mut Vec<Content>) {
        if place.keep_spaces {
            return self.kept(text, place, out);
        }
        let white = |c: char| c.is_ascii_whitespace();
        if text.starts_with(white) {
            out.push(SpaceElem::shared().clone());
        }
        let mut words = String::with_capacity(text.len());
        for word in text.split(white).filter(|word| !word.is_empty()) {
            if !words.is_empty() {
                words.push(' ');
            }
            match self.overflows(word, place) {
                true => {
                    push_text(&mut words, place, out);
                    self.push_divided(word, place, out);
                }
                false => words.push_str(word),
            }
        }
        let any = !words.is_empty() || text.chars().any(|c| !white(c));
        push_text(&mut words, place, out);
        if any && text.ends_with(white) {
            out.push(SpaceElem::shared().clone());
        }
    }

    /// Whether a word is wider than its place.
    pub(super) fn overflows(&self, word: &str, place: Place) -> bool {
        #[allow(clippy::cast_precision_loss)]
        let most = word.len() as f64 * place.size * WIDEST;
        most > place.width && self.ruler.width(place.face, place.size, word) > place.width
    }

    fn push_divided(&self, word: &str, place: Place, out: &mut Vec<Content>) {
        for (i, piece) in self.divided(word, place).into_iter().enumerate() {
            if i > 0 {
                out.push(soft_break());
            }
            push_text(&mut piece.to_owned(), place, out);
        }
    }

    /// A word in pieces that fit its place.
    fn divided<'w>(&self, word: &'w str, place: Place) -> Vec<&'w str> {
        if word.len() > DIVIDED {
            return breaks::pieces(word);
        }
        breaks::divided(word, |piece| !self.overflows(piece, place))
    }

    fn kept(&self, text: &str, place: Place, out: &mut Vec<Content>) {
        for (i, line) in text.split('\n').enumerate() {
            if i > 0 {
                out.push(LinebreakElem::shared().clone());
            }
            let line = line.strip_suffix('\r').unwrap_or(line);
            let line = line.replace('\t', &" ".repeat(TAB));
            let mut words = String::with_capacity(line.len());
            for word in line.split_inclusive(' ') {
                match self.overflows(word.trim_end(), place) {
                    true => {
                        push_text(&mut words, place, out);
                        self.push_divided(word, place, out);
                    }
                    false => words.push_str(word),
                }
            }
            push_text(&mut words, place, out);
        }
    }

    fn code(&self, element: ElementRef<'_>, place: Place) -> Content {
        if let Some(kind) = element.attr("data-math-style") {
            return self.inline_formula(element, kind);
        }
        if element.child_elements().next().is_some() {
            return self.monospaced(self.line(*element, place));
        }
        let text: String = element.text().collect();
        let text = match place.keep_spaces {
            true => text,
            false => text.split_ascii_whitespace().collect::<Vec<_>>().join(" "),
        };
        let raw = |text: &str| {
            let raw = RawElem::new(RawContent::Text(text.into())).with_block(false).pack();
            raw.spanned(ink::span(place.line))
        };
        let mut out = Vec::new();
        let mut whole = String::new();
        for word in text.split_inclusive(' ') {
            if !self.overflows(word.trim_end(), place) {
                whole.push_str(word);
                continue;
            }
            for piece in self.divided(word, place) {
                if !whole.is_empty() {
                    out.push(raw(&std::mem::take(&mut whole)));
                    out.push(soft_break());
                }
                whole.push_str(piece);
            }
        }
        if out.is_empty() || !whole.is_empty() {
            out.push(raw(&whole));
        }
        Content::sequence(out)
    }

    pub(super) fn monospaced(&self, content: Content) -> Content {
        let family = self.fonts.family("monospace").unwrap_or(MARKS);
        content.set(TextElem::font, FontList(vec![FontFamily::new(family)]))
    }

    /// A formula among words. In a paragraph, Typst drops blocks that are in no box.
    fn inline_formula(&self, element: ElementRef<'_>, kind: &str) -> Content {
        let formula = self.formula(element, kind == "display");
        match kind {
            "display" => BoxElem::new().with_body(Some(formula)).pack(),
            _ => formula,
        }
    }

    /// A formula; its source if it can't be typeset.
    pub(super) fn formula(&self, element: ElementRef<'_>, block: bool) -> Content {
        let latex: String = element.text().collect();
        match math::equation(&latex, block) {
            Ok(content) if block => fit::squeezed(content),
            Ok(content) => content,
            Err(error) => {
                self.warn(*element, format!("the formula is shown as its source: {error}"));
                RawElem::new(RawContent::Text(latex.into())).with_block(block).pack()
            }
        }
    }

    fn link(&self, element: ElementRef<'_>, place: Place) -> Content {
        if element.attr("data-footnote-backref").is_some() {
            return Content::empty();
        }
        let inner = Place { linked: true, ..place };
        let target = element.attr("href").map(str::trim).filter(|href| !href.is_empty() && !place.linked);
        let Some(href) = target else { return self.line(*element, inner) };
        let mut body = self.line(*element, inner);
        if let Some(id) = href.strip_prefix('#') {
            return self.cross_reference(element, id, body);
        }
        match Url::new(href) {
            Ok(url) if is_followed(href) => {
                if body.is_empty() {
                    body = TextElem::packed(href);
                }
                LinkElem::new(LinkTarget::Dest(Destination::Url(url)), body).pack()
            }
            _ => {
                let shown: String = href.chars().take(80).collect();
                self.warn(
                    *element,
                    format!("{shown:?} is no link in a document: only http, https, mailto and tel are"),
                );
                body
            }
        }
    }

    /// A link within the document; without a text it shows its heading's text.
    fn cross_reference(&self, element: ElementRef<'_>, id: &str, mut body: Content) -> Content {
        let decoded = percent_decode_str(id).decode_utf8_lossy();
        let found = [id, &*decoded].into_iter().find_map(|id| {
            let id = self.doc.within.get(id).map_or(id, String::as_str);
            Some((id, *self.doc.ids.get(id)?))
        });
        let Some((id, target)) = found else {
            let shown: String = id.chars().take(80).collect();
            self.warn(*element, format!("links to #{shown}, which is not in the document"));
            return body;
        };
        if body.is_empty()
            && let Some(target) = self.doc.element(target)
        {
            let text: String = target.text().collect();
            body = TextElem::packed(text.split_whitespace().collect::<Vec<_>>().join(" "));
        }
        match super::label(id) {
            Some(label) if self.is_set(target) => LinkElem::new(LinkTarget::Label(label), body).pack(),
            _ => body,
        }
    }

    /// Whether an element gets its label. Hidden and dropped ones do not, and Typst refuses links to a missing label.
    fn is_set(&self, node: ego_tree::NodeId) -> bool {
        let Some(element) = self.doc.element(node) else { return false };
        let mut around = std::iter::once(*element).chain(element.ancestors()).filter_map(ElementRef::wrap);
        let mut depth = 0;
        around.all(|element| {
            depth += 1;
            let hidden = self.style(element).is_some_and(|style| style.display == Some(Display::None));
            let note = super::notes::is_section(element);
            !hidden && !note && !names::is_dropped(element.value().name()) && depth < usize::from(super::BLOCKS_DEEP)
        })
    }

    fn input(&self, element: ElementRef<'_>, place: Place) -> Option<Content> {
        if place.skip_check && element.attr("type") == Some("checkbox") {
            return None;
        }
        if element.attr("type") != Some("checkbox") {
            self.warn(*element, "<input> is left out: only check boxes are shown");
            return None;
        }
        Some(check_box(element.attr("checked").is_some()) + SpaceElem::shared().clone())
    }

    pub(super) fn named(&self, element: ElementRef<'_>, content: Content) -> Content {
        match element.value().id().filter(|id| !id.is_empty()) {
            Some(id) if self.doc.ids.get(id) == Some(&element.id()) => labelled(content, id),
            _ => content,
        }
    }
}

/// ☐ or ☑, in a font that has them.
pub(super) fn check_box(checked: bool) -> Content {
    let mark = if checked { "\u{2611}" } else { "\u{2610}" };
    TextElem::packed(mark).set(TextElem::font, FontList(vec![FontFamily::new(MARKS)]))
}

fn resized(content: Content, style: Option<&Style>, ems: f64) -> Content {
    match style.and_then(|style| style.font_size) {
        Some(_) => content,
        None => content.set(TextElem::size, TextSize(Em::new(ems).into())),
    }
}

fn soft_break() -> Content {
    HElem::new(Length::from(Abs::pt(BREAK)).into()).pack()
}

fn is_code(element: ElementRef<'_>) -> bool {
    matches!(element.value().name(), "code" | "kbd" | "samp" | "tt")
}

fn push_text(text: &mut String, place: Place, out: &mut Vec<Content>) {
    if text.is_empty() {
        return;
    }
    let text = transformed(&std::mem::take(text), place.transform);
    let set = |text: &str| TextElem::packed(text).spanned(ink::span(place.line));
    let Some(parts) = emoji::parts(&text) else { return out.push(set(&text)) };
    for part in parts {
        let families: &[&str] = match part.look {
            emoji::Look::Any => &[],
            emoji::Look::Picture => &[EMOJI, MARKS],
            emoji::Look::Letter => &[MARKS],
        };
        out.push(match families.is_empty() {
            true => set(part.text),
            false => {
                let families = families.iter().map(|family| FontFamily::new(family)).collect();
                set(part.text).set(TextElem::font, FontList(families))
            }
        });
    }
}

pub(super) fn transformed(text: &str, transform: Transform) -> String {
    match transform {
        Transform::None => text.to_owned(),
        Transform::Uppercase => text.to_uppercase(),
        Transform::Lowercase => text.to_lowercase(),
        Transform::Capitalize => {
            let mut begins = true;
            let mut out = String::with_capacity(text.len());
            for c in text.chars() {
                match begins && c.is_alphanumeric() {
                    true => out.extend(c.to_uppercase()),
                    false => out.push(c),
                }
                begins = c.is_whitespace() || (begins && !c.is_alphanumeric());
            }
            out
        }
    }
}

fn is_followed(href: &str) -> bool {
    let Some((scheme, rest)) = href.split_once(':') else { return false };
    let known = ["http", "https", "mailto", "tel"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    known && !rest.is_empty() && !href.chars().any(char::is_control)
}
