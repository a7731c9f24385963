//! Typesets figures: pictures and tables with their captions.

use scraper::{ElementRef, Node};
use typst::{
    foundations::{Content, Element, NativeElement, Packed, Smart, Styles},
    layout::{AlignElem, Alignment, BlockElem, Length, Ratio, Rel},
    model::{FigureCaption, FigureElem},
};

use super::{Place, Typesetter, box_style, boxes, fit, flow::Flow, generated::filling, row, show_rule, text_style};

impl Typesetter<'_> {
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
    pub(super) fn captioned(&self, element: ElementRef<'_>, place: Place) -> Content {
        let Some(picture) = self.block_picture(element, place) else { return Content::empty() };
        let title = element.attr("title").map(str::trim).filter(|title| !title.is_empty());
        let Some(title) = title else { return self.anchored(element, picture) };
        let mut caption = Vec::new();
        self.text(title, place, &mut caption);
        let caption = FigureCaption::new(Content::sequence(caption)).pack();
        let caption = caption.into_packed::<FigureCaption>().ok();
        self.labelled(element, with_caption(picture, caption, has_number(title), Styles::new(), place))
    }

    pub(super) fn figure(&self, element: ElementRef<'_>, place: Place) -> Content {
        let inner = Place { boxed: true, in_relayout: true, blocks: place.blocks + 1, ..place };
        let is_caption = |child: &ElementRef<'_>| child.value().name() == "figcaption" && !self.is_hidden(*child);
        let caption = element.child_elements().find(is_caption);
        let mut flow = Flow::new(inner);
        let others = element.children().filter(|child| Some(child.id()) != caption.map(|caption| caption.id()));
        self.add_nodes(others, inner, &mut flow);
        let has_number = is_quote(element) || caption.is_some_and(|caption| self.has_number(caption));
        let lines = self.caption_lines(caption, Ratio::one().into());
        let caption = caption.map(|caption| FigureCaption::new(self.caption(caption, inner)).pack());
        let caption = caption.and_then(|caption| caption.into_packed::<FigureCaption>().ok());
        with_caption(flow.finish(), caption, has_number, lines, place)
    }

    /// Whether a caption brings its own number: in its text, or in what CSS generates before it.
    pub(super) fn has_number(&self, caption: ElementRef<'_>) -> bool {
        let before = self.styles.before(caption.id(), caption.value());
        before.is_some_and(|(text, _)| !text.trim().is_empty()) || has_number(&caption.text().collect::<String>())
    }

    /// A caption with its generated text and its style.
    pub(super) fn caption(&self, caption: ElementRef<'_>, place: Place) -> Content {
        let style = self.style(caption);
        let inner = self.within(caption, place, style);
        let line = match style.is_some_and(row::has_items) {
            true => self.inside(caption, inner),
            false => self.generated_line(caption, inner),
        };
        let line = self.anchored(caption, line);
        let Some(style) = style else { return line };
        let line = text_style::decorated(line, style);
        match box_style::is_box(style) {
            true => {
                let block = boxes::block(filling(line), style, place);
                block.styled_with_map(text_style::styles(style, place, self.fonts))
            }
            false => line.styled_with_map(text_style::inline_styles(style, place, self.fonts)),
        }
    }

    /// How the lines of a caption are aligned, with its number, in this width.
    pub(super) fn caption_lines(&self, caption: Option<ElementRef<'_>>, width: Rel<Length>) -> Styles {
        let mut lines = Styles::new();
        let style = caption.and_then(|caption| self.style(caption)).filter(|style| style.text_align.is_some());
        if let Some(alignment) = style.and_then(text_style::alignment).and_then(Alignment::x) {
            lines.set(AlignElem::alignment, Alignment::H(alignment));
            lines.set(BlockElem::width, Smart::Custom(width));
        }
        lines
    }
}

/// Whether a figure has a quotation and its author.
fn is_quote(figure: ElementRef<'_>) -> bool {
    let has = |names: &[&str]| figure.descendent_elements().any(|inner| names.contains(&inner.value().name()));
    has(&["blockquote"]) && !has(&["img", "svg", "table", "pre"])
}

/// What figures and tables are called before their number.
const LABELS: [&str; 35] = [
    "figure",
    "fig",
    "table",
    "tab",
    "image",
    "plate",
    "chart",
    "scheme",
    "listing",
    "abbildung",
    "abb",
    "bild",
    "tabelle",
    "tableau",
    "illustration",
    "figura",
    "tabla",
    "cuadro",
    "tabella",
    "tabela",
    "quadro",
    "figuur",
    "afbeelding",
    "tabel",
    "rysunek",
    "rys",
    "obrázek",
    "obr",
    "рисунок",
    "рис",
    "таблица",
    "табл",
    "图",
    "図",
    "表",
];

/// Whether a caption begins with a number of its own: `Fig. 1.1`, `Table A.1`, `3. Sales`; or says what it is itself:
/// `Table: Sales`. After a word that names no figure, the number must end the caption, or a sign must follow it.
fn has_number(caption: &str) -> bool {
    let caption = caption.trim_start();
    let at = caption.find(|c: char| !c.is_alphabetic()).unwrap_or(caption.len());
    let (word, rest) = caption.split_at(at);
    let number = rest.strip_prefix('.').unwrap_or(rest).trim_start();
    if word.is_empty() {
        let end = caption.find(|c: char| !c.is_numeric()).unwrap_or(caption.len());
        let (digits, after) = caption.split_at(end);
        let mut signs = after.chars();
        return !digits.is_empty()
            && signs.next().is_some_and(|c| ".)".contains(c))
            && signs.next().is_none_or(char::is_whitespace);
    }
    let digits = number.find(|c: char| !c.is_numeric() && !".-".contains(c)).unwrap_or(number.len());
    let (digits, after) = number.split_at(digits);
    if LABELS.contains(&word.to_lowercase().as_str()) {
        let is_named = rest.trim_start().starts_with([':', '\u{ff1a}']);
        return is_named || is_numbered(number);
    }
    let is_sign = |c: char| ":)–—|".contains(c);
    digits.starts_with(char::is_numeric)
        && number.len() < rest.len()
        && (digits.ends_with(['.', '-']) || after.trim_start().chars().next().is_none_or(is_sign))
}

/// Whether a text begins with a number, such as `3`, `A.1`, `S2`, `IV:`.
fn is_numbered(text: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || ".-".contains(c);
    let (number, after) = text.split_at(text.find(|c| !is_part(c)).unwrap_or(text.len()));
    let letters = number.chars().take_while(|c| c.is_alphabetic()).count();
    let is_roman = || {
        let name = number.trim_end_matches('.');
        let is_letter = |c: char| c.is_ascii_uppercase();
        let is_name = name.len() == 1 && name.chars().all(is_letter)
            || !name.is_empty() && name.chars().all(|c| "IVXLC".contains(c));
        is_name && (number.ends_with('.') || after.trim_start().starts_with([':', ')', '–', '—', '|']))
    };
    let mut digits = number.chars().skip(letters);
    match letters {
        0 => number.starts_with(char::is_numeric),
        1 | 2 if digits.clone().any(char::is_numeric) => digits.all(|c| c.is_numeric() || ".-".contains(c)),
        _ => is_roman(),
    }
}

/// A figure, on one page with its caption.
pub(super) fn with_caption(
    body: Content,
    caption: Option<Packed<FigureCaption>>,
    has_number: bool,
    lines: Styles,
    place: Place,
) -> Content {
    // What has no caption does not count.
    let is_numbered = caption.is_some() && !has_number;
    let figure = FigureElem::new(body).with_caption(caption);
    let figure = if !is_numbered { figure.with_numbering(None).pack() } else { figure.pack() };
    let figure = show_rule::styled(Element::of::<FigureCaption>(), figure, lines);
    match place.in_relayout {
        true => figure,
        false => fit::keep_together(figure),
    }
}
