//! How wide an element asks to be, before it is laid out. Table columns share the page by this.

use ego_tree::NodeRef;
use scraper::{ElementRef, Node};

use super::{
    Place, Typesetter,
    columns::{self, Extent},
    lengths, names, text, word_breaks,
};
use crate::{
    css::Display,
    fonts::{RulerFace, is_wide},
};

/// The width that a part of a word asks for at most, in font sizes: what is longer is divided anywhere.
const PART: f64 = 9.0;
/// The part of its place's width that a picture asks for at least.
const PICTURE: f64 = 0.25;
/// The deepest element that is measured.
const DEEP: usize = 64;
/// The width of a formula's character, in font sizes.
const SYMBOL: f64 = 0.55;

/// What was measured, and what is at the end of the text so far.
#[derive(Debug, Default)]
struct Meter {
    all: Extent,
    end: Extent,
}

impl Meter {
    fn end_part(&mut self) {
        self.all.part = self.all.part.max(std::mem::take(&mut self.end.part));
    }

    fn end_word(&mut self) {
        self.end_part();
        self.all.word = self.all.word.max(std::mem::take(&mut self.end.word));
    }

    fn end_line(&mut self) {
        self.end_word();
        self.all.line = self.all.line.max(std::mem::take(&mut self.end.line));
    }

    /// Something that is not divided.
    fn thing(&mut self, line: f64, least: f64) {
        self.end_word();
        self.end.line += line;
        self.all = self.all.max(Extent { line: 0.0, word: least, part: least });
    }

    fn block(&mut self, extent: Extent) {
        self.end_line();
        self.all = self.all.max(extent);
    }
}

impl Typesetter<'_> {
    /// The content of an element.
    pub(super) fn extent(&self, element: ElementRef<'_>, place: Place) -> Extent {
        self.extent_of(element, place, 0)
    }

    /// Nodes of a line.
    pub(super) fn extent_of_nodes(&self, nodes: &[NodeRef<'_, Node>], place: Place) -> Extent {
        let mut meter = Meter::default();
        for node in nodes {
            self.measure(*node, place, 0, &mut meter);
        }
        meter.end_line();
        meter.all
    }

    fn extent_of(&self, element: ElementRef<'_>, place: Place, depth: usize) -> Extent {
        let mut meter = Meter::default();
        for child in element.children() {
            self.measure(child, place, depth, &mut meter);
        }
        meter.end_line();
        meter.all
    }

    fn measure(&self, node: NodeRef<'_, Node>, place: Place, depth: usize, meter: &mut Meter) {
        match node.value() {
            Node::Text(text) => self.measure_text(text, place, meter),
            Node::Element(_) if depth < DEEP => {
                if let Some(element) = ElementRef::wrap(node) {
                    self.measure_element(element, place, depth + 1, meter);
                }
            }
            _ => {}
        }
    }

    fn measure_element(&self, element: ElementRef<'_>, place: Place, depth: usize, meter: &mut Meter) {
        let style = self.style(element);
        let name = element.value().name();
        if style.is_some_and(|style| style.display == Some(Display::None)) || names::is_dropped(name) {
            return;
        }
        let inner = self.within(element, place, style);
        let frame = style.map_or(0.0, |style| lengths::frame_width(style, place));
        match name {
            "br" => meter.end_line(),
            "img" | "svg" => {
                let width = self.picture_width(element, place);
                meter.thing(width, width.min(place.width * PICTURE));
            }
            "input" => meter.thing(1.4 * place.size, 1.4 * place.size),
            "table" => meter.block(columns::sum(&self.column_extents(element, inner)).plus(frame)),
            "pre" => meter.block(self.extent_of_lines(element, inner).plus(frame)),
            _ if element.attr("data-math-style").is_some() => {
                #[allow(clippy::cast_precision_loss)]
                let width = element.text().flat_map(str::chars).count() as f64 * SYMBOL * place.size;
                meter.thing(width, width.min(PART * place.size));
            }
            _ if self.is_block(element) => {
                let indent = match name {
                    "ul" | "ol" | "menu" | "dir" | "dd" => 1.5 * place.size,
                    _ => 0.0,
                };
                meter.block(self.extent_of(element, inner, depth).plus(frame + indent));
            }
            _ => {
                meter.end.line += frame;
                for child in element.children() {
                    self.measure(child, inner, depth, meter);
                }
            }
        }
    }

    fn measure_text(&self, text: &str, place: Place, meter: &mut Meter) {
        let width = |text: &str| self.ruler.width(place.face, place.size, text);
        let white = |c: char| c.is_ascii_whitespace();
        let space = width(" ");
        if text.starts_with(white) && meter.end.line > 0.0 {
            meter.end_word();
            meter.end.line += space;
        }
        for (i, word) in text.split(white).filter(|word| !word.is_empty()).enumerate() {
            if i > 0 {
                meter.end_word();
                meter.end.line += space;
            }
            let word = text::transformed(word, place.transform);
            // Short words are not divided, even where they could be.
            let pieces = match width(&word) > PART * place.size || word.chars().any(is_wide) {
                true => word_breaks::pieces(&word),
                false => vec![&*word],
            };
            for (i, piece) in pieces.into_iter().enumerate() {
                if i > 0 {
                    meter.end_part();
                }
                if piece.chars().next().is_some_and(is_wide) {
                    meter.end_word();
                }
                let width = width(piece);
                meter.end.line += width;
                meter.end.word += width;
                meter.end.part += width.min(PART * place.size);
            }
        }
        if text.ends_with(white) {
            meter.end_word();
        }
    }

    /// Preformatted lines; they can be divided anywhere.
    fn extent_of_lines(&self, element: ElementRef<'_>, place: Place) -> Extent {
        let text: String = element.text().collect();
        let face = RulerFace { family: self.mono(), ..place.face };
        let line = text.lines().map(|line| self.ruler.width(face, place.size, line)).fold(0.0, f64::max);
        let least = line.min(2.0 * PART * place.size);
        Extent { line, word: least, part: least }
    }
}
