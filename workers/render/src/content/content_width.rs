//! Measures how wide content can be before it is laid out. Tables and rows divide the page by this.

use ego_tree::NodeRef;
use scraper::{ElementRef, Node};

use super::{
    Place, Typesetter, box_style,
    columns::{self, ContentWidth},
    lengths, names, row, text, word_breaks,
};
use crate::{
    css::{self, Display, Style},
    fonts::{RulerFace, is_wide},
};

/// The widest part of a word that is kept whole, in font sizes: a wider one is divided anywhere.
const MAX_PART: f64 = 9.0;
/// The least width of a picture, as a part of the available width.
const PICTURE: f64 = 0.25;
/// The deepest element that is measured.
const MAX_DEPTH: usize = 64;
/// The width of a formula's character, in font sizes.
const SYMBOL: f64 = 0.55;

/// The width of what was measured, and of the text after the last break.
#[derive(Debug, Default)]
struct Meter {
    all: ContentWidth,
    end: ContentWidth,
}

impl Meter {
    fn end_part(&mut self) {
        self.all.min_divided = self.all.min_divided.max(std::mem::take(&mut self.end.min_divided));
    }

    fn end_word(&mut self) {
        self.end_part();
        self.all.min_content = self.all.min_content.max(std::mem::take(&mut self.end.min_content));
    }

    fn end_line(&mut self) {
        self.end_word();
        self.all.max_content = self.all.max_content.max(std::mem::take(&mut self.end.max_content));
    }

    /// Adds something that is not divided.
    fn unbreakable(&mut self, width: f64, least: f64) {
        self.end_word();
        self.end.max_content += width;
        self.all = self.all.max(ContentWidth { max_content: 0.0, min_content: least, min_divided: least });
    }

    /// Adds padding and borders, which stay with the word beside them.
    fn framed(&mut self, width: f64) {
        self.end.max_content += width;
        self.end.min_content += width;
        self.end.min_divided += width;
    }

    fn block(&mut self, width: ContentWidth) {
        self.end_line();
        self.all = self.all.max(width);
    }
}

impl Typesetter<'_> {
    /// The width of an element's content, without its padding and borders.
    pub(super) fn content_width(&self, element: ElementRef<'_>, place: Place) -> ContentWidth {
        match element.value().name() {
            "table" => columns::sum(&self.measured_columns(element, place)),
            "pre" => self.content_width_of_lines(element, place),
            _ => self.measure_children(element, place, 0).plus(self.width_of_marker(element, place)),
        }
    }

    /// The width of nodes in one line.
    pub(super) fn content_width_of_nodes(&self, nodes: &[NodeRef<'_, Node>], place: Place) -> ContentWidth {
        let mut meter = Meter::default();
        for node in nodes {
            self.measure(*node, place, 0, &mut meter);
        }
        meter.end_line();
        meter.all
    }

    /// The width of a node with its padding, borders and margins.
    pub(super) fn content_width_of_item(&self, node: NodeRef<'_, Node>, place: Place, depth: usize) -> ContentWidth {
        let mut meter = Meter::default();
        self.measure(node, place, depth, &mut meter);
        meter.end_line();
        meter.all
    }

    /// The width of a text that CSS generates, with its style.
    pub(super) fn content_width_of_generated(&self, generated: Option<(String, &Style)>, place: Place) -> ContentWidth {
        let mut meter = Meter::default();
        self.measure_generated(generated, place, &mut meter);
        meter.end_line();
        meter.all
    }

    fn measure_children(&self, element: ElementRef<'_>, place: Place, depth: usize) -> ContentWidth {
        if let Some(style) = self.style(element).filter(|style| row::has_items(style)) {
            return self.measure_row(element, style, place, depth);
        }
        let mut meter = Meter::default();
        self.measure_within(element, place, depth, &mut meter);
        meter.end_line();
        meter.all
    }

    /// A block's width with padding, borders and margins: what CSS specifies, or that of its content.
    fn measured_block(&self, content: ContentWidth, style: Option<&Style>, place: Place) -> ContentWidth {
        let Some(style) = style else { return content };
        let content = content.plus(lengths::frame_width(style, place));
        let outer = |width: Option<css::Length>| {
            Some(lengths::outer_width(width.filter(|width| !lengths::is_relative(*width))?, style, place))
        };
        let content = match outer(style.width) {
            Some(width) => ContentWidth {
                max_content: width,
                min_content: width.min(place.width),
                min_divided: content.min_divided.min(width),
            },
            None => content,
        };
        let content = outer(style.max_width).map_or(content, |most| content.at_most(most));
        content.plus(lengths::side_margins(style, place).max(0.0))
    }

    /// The children, and what CSS generates before and after them.
    fn measure_within(&self, element: ElementRef<'_>, place: Place, depth: usize, meter: &mut Meter) {
        let (id, name) = (element.id(), element.value());
        self.measure_generated(self.styles.before(id, name), place, meter);
        for child in element.children() {
            self.measure(child, place, depth, meter);
        }
        self.measure_generated(self.styles.after(id, name), place, meter);
    }

    fn measure_generated(&self, generated: Option<(String, &Style)>, place: Place, meter: &mut Meter) {
        let Some((text, style)) = generated else { return };
        let margins = lengths::side_margins(style, place).max(0.0);
        let is_in_line = box_style::is_in_line(style);
        match (style.display, style.width.filter(|width| !lengths::is_relative(*width))) {
            (_, Some(width)) if is_in_line => {
                let width = lengths::outer_width(width, style, place) + margins;
                meter.unbreakable(width, width.min(place.width * PICTURE));
            }
            (display, _) if is_in_line || matches!(display, None | Some(Display::Inline)) => {
                meter.framed(lengths::frame_width(style, place) + margins);
                self.measure_text(&text, self.within_style(place, style), meter);
            }
            _ => {
                meter.end_line();
                meter.framed(lengths::frame_width(style, place) + margins);
                self.measure_text(&text, self.within_style(place, style), meter);
                meter.end_line();
            }
        }
    }

    fn measure(&self, node: NodeRef<'_, Node>, place: Place, depth: usize, meter: &mut Meter) {
        match node.value() {
            Node::Text(text) => self.measure_text(text, place, meter),
            Node::Element(_) if depth < MAX_DEPTH => {
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
        let is_box_in_line = |style: &Style| {
            names::is_block_name(name) && style.display == Some(Display::InlineBlock) || box_style::is_inline_row(style)
        };
        if style.is_some_and(is_box_in_line) && !self.is_block(element) {
            let width = self.measured_block(self.measure_children(element, inner, depth), style, place);
            return meter.unbreakable(width.max_content, width.min_content);
        }
        if let Some(width) = style.and_then(|style| self.specified_width_in_line(element, style, place)) {
            return meter.unbreakable(width, width.min(place.width * PICTURE));
        }
        let frame = style.map_or(0.0, |style| lengths::frame_width(style, place));
        let margins = style.map_or(0.0, |style| lengths::side_margins(style, place).max(0.0));
        match name {
            "br" => meter.end_line(),
            "img" | "svg" => {
                let width = self.picture_width(element, place);
                meter.end.max_content += margins;
                meter.unbreakable(width, width.min(place.width * PICTURE));
            }
            "input" => meter.unbreakable(1.4 * place.size, 1.4 * place.size),
            "table" => meter.block(columns::sum(&self.measured_columns(element, inner)).plus(frame)),
            "pre" => meter.block(self.content_width_of_lines(element, inner).plus(frame)),
            _ if element.attr("data-math-style").is_some() => {
                #[allow(clippy::cast_precision_loss)]
                let width = element.text().flat_map(str::chars).count() as f64 * SYMBOL * place.size;
                meter.unbreakable(width, width.min(MAX_PART * place.size));
            }
            _ if self.is_block(element) => {
                let indent = match name {
                    "ul" | "ol" | "menu" | "dir" | "dd" if !style.is_some_and(row::has_items) => 1.5 * place.size,
                    _ => self.width_of_marker(element, place),
                };
                let content = self.measure_children(element, inner, depth).plus(indent);
                meter.block(self.measured_block(content, style, place));
            }
            _ => {
                meter.framed(frame);
                meter.end.max_content += margins;
                self.measure_within(element, inner, depth, meter);
            }
        }
    }

    /// The width that CSS specifies for a box of words in a line, with its margins.
    fn specified_width_in_line(&self, element: ElementRef<'_>, style: &Style, place: Place) -> Option<f64> {
        let is_box = style.display == Some(Display::InlineBlock) && !matches!(element.value().name(), "img" | "svg");
        let width = style.width.filter(|width| is_box && !lengths::is_relative(*width) && !self.is_block(element))?;
        Some(lengths::outer_width(width, style, place) + lengths::side_margins(style, place).max(0.0))
    }

    fn measure_text(&self, text: &str, place: Place, meter: &mut Meter) {
        let width = |text: &str| self.text_width(text, place);
        let white = |c: char| c.is_ascii_whitespace();
        let space = width(" ");
        if !place.wraps {
            let line: Vec<&str> = text.split(white).filter(|word| !word.is_empty()).collect();
            let line = width(&text::transformed(&line.join(" "), place.transform));
            meter.end.max_content += line;
            meter.end.min_content += line;
            meter.end.min_divided += line.min(MAX_PART * place.size);
            return;
        }
        if text.starts_with(white) && meter.end.max_content > 0.0 {
            meter.end_word();
            meter.end.max_content += space;
        }
        for (i, word) in text.split(white).filter(|word| !word.is_empty()).enumerate() {
            if i > 0 {
                meter.end_word();
                meter.end.max_content += space;
            }
            let word = text::transformed(word, place.transform);
            // Short words are not divided, even where they could be.
            let pieces = match width(&word) > MAX_PART * place.size || word.chars().any(is_wide) {
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
                meter.end.max_content += width;
                meter.end.min_content += width;
                meter.end.min_divided += width.min(MAX_PART * place.size);
            }
        }
        if text.ends_with(white) {
            meter.end_word();
        }
    }

    /// Preformatted lines; they can be divided anywhere.
    fn content_width_of_lines(&self, element: ElementRef<'_>, place: Place) -> ContentWidth {
        let text: String = element.text().collect();
        let face = RulerFace { family: self.mono(), ..place.face };
        let line = text.lines().map(|line| self.ruler.width(face, place.size, line)).fold(0.0, f64::max);
        let least = line.min(2.0 * MAX_PART * place.size);
        ContentWidth { max_content: line, min_content: least, min_divided: least }
    }
}
