//! Typesets lists: bulleted, numbered, of terms.

mod markers;
mod own_markers;
mod terms;

use std::str::FromStr;

use scraper::{ElementRef, Node};
use typst::{
    foundations::{Content, NativeElement, Packed, Smart},
    layout::{BlockBody, BlockElem, HElem, HideElem, Length, PadElem, Spacing, VElem},
    model::{EnumElem, EnumItem, ListElem, ListItem, ListMarker, Numbering, NumberingPattern},
    text::TextElem,
};

use self::markers::{Part, marker, numbers_style};
use super::{Place, Typesetter, box_style, boxes, color, generated, lengths, row, text_style};
use crate::css::{Align, ListStyle, Margin, Style, pattern};

/// Bullets by depth, as Typst's.
const MARKERS: [&str; 3] = ["\u{2022}", "\u{2023}", "\u{2013}"];
/// The width of a list's markers, in font sizes.
const INDENT: f64 = 1.5;
/// Between a marker and its item, in font sizes, as Typst has it.
const BODY_INDENT: f64 = 0.5;
/// The most levels around items that are boxes: Typst applies 64 nested rules, and a list of boxes takes up to six.
const MAX_BOXED_DEPTH: u8 = 6;

impl Typesetter<'_> {
    pub(super) fn list(&self, element: ElementRef<'_>, place: Place, style: Option<&Style>) -> Content {
        let sample = if element.value().name() == "ol" { "1." } else { MARKERS[0] };
        let markers = self.ruler.width(place.face, place.size, sample) + BODY_INDENT * place.size;
        let more = style.map_or(0.0, |style| indent(style, place, markers));
        let width = (place.width - INDENT * place.size - more).max(1.0);
        let inner = Place { boxed: true, blocks: place.blocks + 1, spans: 0, width, ..place };
        let items: Vec<ElementRef<'_>> =
            element.child_elements().filter(|child| child.value().name() == "li" && !self.is_hidden(*child)).collect();
        let stray = element.children().any(|child| match child.value() {
            Node::Text(text) => !text.trim().is_empty(),
            Node::Element(element) => element.name() != "li",
            _ => false,
        });
        if items.is_empty() || stray {
            // HTML does not allow this in a list; it is shown all the same.
            return self.flow(*element, inner);
        }
        let tight = !items.iter().any(|item| item.child_elements().any(|child| child.value().name() == "p"));
        let list_style = style.and_then(|style| style.list_style.clone()).or_else(|| type_attribute(element));
        // Typst's lists have one kind of marker each.
        let parts = self.alike(element, &items, list_style.as_ref(), sample);
        let lists = parts.into_iter().map(|part| match element.value().name() {
            "ol" => self.numbered(element, &part, tight, inner),
            _ => self.bulleted(&part, tight, inner),
        });
        let gap = self.spacing(&items, inner).or(tight.then(Length::zero));
        let list = self.colored(joined(lists, gap), &items);
        let list = match more > 0.0 {
            true => PadElem::new(list).with_left(lengths::pt(more).into()).pack(),
            false => list,
        };
        spaced(element, list)
    }

    fn item(&self, item: ElementRef<'_>, place: Place) -> Content {
        let style = self.style(item);
        let mut inner = Place { spans: 0, ..self.within(item, place, style) };
        let is_box = style.is_some_and(box_style::is_box);
        if let Some(style) = style.filter(|_| is_box) {
            inner.width = lengths::inner_width(style, place);
            inner.least_height = boxes::least_height(style, place);
            inner.is_high = inner.least_height > 0.0;
        }
        let is_boxed = is_box && place.blocks <= MAX_BOXED_DEPTH;
        if is_box && place.blocks == MAX_BOXED_DEPTH + 1 {
            let message = format!(
                "the items of more than {MAX_BOXED_DEPTH} nested lists get no border, background and padding: nest them less"
            );
            self.warn(*item, message);
        }
        let around = item.parent().and_then(ElementRef::wrap).and_then(|list| self.style(list));
        let row = style.filter(|style| row::has_items(style)).and_then(|style| self.row(item, inner, style));
        let content = self.anchored(item, row.unwrap_or_else(|| self.item_lines(item, style, inner)));
        let text_align = style.and_then(|style| style.text_align).or_else(|| around?.text_align);
        let content = match matches!(text_align, Some(Align::Center | Align::Right)) {
            true => generated::filling(content),
            false => content,
        };
        let Some(style) = style else { return content };
        let content = content.styled_with_map(text_style::styles(style, place, self.fonts));
        if is_box && !is_boxed { content } else { boxes::block(content, style, place) }
    }

    fn item_lines(&self, item: ElementRef<'_>, style: Option<&Style>, inner: Place) -> Content {
        let mut flow = self.collected(*item, inner);
        // In Typst only paragraphs have an indent.
        if let Some(indent) = style.and_then(|style| style.text_indent).filter(|_| flow.is_line()) {
            flow.line.insert(0, HElem::new(Spacing::Rel(lengths::length(indent).into())).pack());
        }
        flow.finish()
    }

    /// The space between items that CSS specifies: the larger of the margins below one and above the next.
    fn spacing(&self, items: &[ElementRef<'_>], place: Place) -> Option<Length> {
        let styles = items.iter().take(2).filter_map(|item| self.style(*item));
        let mut margins = styles.filter(|style| style.margin.top.is_some() || style.margin.bottom.is_some()).peekable();
        margins.peek()?;
        let points = margins.map(|style| lengths::margins(style, place)).map(|(top, bottom)| top.max(bottom));
        Some(lengths::pt(points.fold(0.0, f64::max)))
    }

    fn bulleted(&self, part: &Part<'_>, tight: bool, place: Place) -> Content {
        let items = part.items.as_slice();
        if let Some(list) = self.marked(part, None, tight, place) {
            return list;
        }
        let mut children: Vec<Packed<ListItem>> = Vec::with_capacity(items.len());
        children.extend(items.iter().map(|item| packed(ListItem::new(self.item(*item, place)))));
        let mut list = ListElem::new(children).with_tight(tight);
        if let Some(spacing) = self.spacing(items, place) {
            list = list.with_tight(false).with_spacing(Smart::Custom(spacing));
        }
        let own = items.first().filter(|_| part.has_markers);
        let own = own.and_then(|item| self.styles.marker(item.id(), item.value())).map(|(style, _)| style);
        let hidden = part.aligned_with.map(|marker| HideElem::new(TextElem::packed(marker)).pack());
        let markers = match (&own, hidden.or_else(|| part.style.as_ref().map(marker))) {
            (_, Some(marker)) => Some(vec![marker]),
            (Some(_), None) => Some(MARKERS.map(TextElem::packed).to_vec()),
            (None, None) => None,
        };
        match markers {
            Some(markers) => {
                let styled = |marker: Content| match &own {
                    Some(style) => marker.styled_with_map(text_style::styles(style, place, self.fonts)),
                    None => marker,
                };
                list.with_marker(ListMarker::Content(markers.into_iter().map(styled).collect())).pack()
            }
            None => list.pack(),
        }
    }

    /// A list in its items' colour, which is their markers' too.
    fn colored(&self, list: Content, items: &[ElementRef<'_>]) -> Content {
        let mut colors = items.iter().map(|item| self.style(*item).and_then(|style| style.color));
        let first = colors.next().flatten();
        match first.filter(|_| colors.all(|color| color == first)) {
            Some(color) => list.set(TextElem::fill, color::paint(color)),
            None => list,
        }
    }

    /// An item without its check box, which becomes the list's marker.
    fn task(&self, item: ElementRef<'_>, place: Place) -> Content {
        let inner = Place { skip_check: true, ..place };
        self.item(item, inner)
    }

    fn numbered(&self, element: ElementRef<'_>, part: &Part<'_>, tight: bool, place: Place) -> Content {
        use ListStyle::{Circle, Disc, None as Nothing, Square, Text};
        if let Some(Nothing | Disc | Circle | Square | Text(_)) = &part.style {
            return self.bulleted(part, tight, place);
        }
        let numbers = markers::numbers(part, element.attr("reversed").is_some());
        if let Some(list) = self.marked(part, Some(&numbers), tight, place) {
            return list;
        }
        let items = part.items.as_slice();
        let mut children: Vec<Packed<EnumItem>> = Vec::with_capacity(items.len());
        let own = items.first().and_then(|item| self.styles.marker(item.id(), item.value())).map(|(style, _)| style);
        for item in items {
            let number = item.attr("value").and_then(|value| value.trim().parse().ok());
            let number = number.map_or(Smart::Auto, Smart::Custom);
            let content = self.item(*item, place);
            // Numbers have the style of their list in Typst: the items get back the style around them.
            let content = match own {
                Some(_) => content.styled_with_map(self.style_around(*item)),
                None => content,
            };
            children.push(packed(EnumItem::new(content).with_number(number)));
        }
        let mut list = EnumElem::new(children).with_tight(tight);
        if let Some(spacing) = self.spacing(items, place) {
            list = list.with_tight(false).with_spacing(Smart::Custom(spacing));
        }
        if let Some(start) = part.start {
            list = list.with_start(Smart::Custom(start));
        }
        if element.attr("reversed").is_some() {
            list = list.with_reversed(true);
        }
        let list = match &part.style {
            None => list.pack(),
            Some(style) => match NumberingPattern::from_str(&format!("{}.", pattern(style))) {
                Ok(pattern) => list.with_numbering(Numbering::Pattern(pattern)).pack(),
                Err(_) => list.pack(),
            },
        };
        match own {
            Some(own) => list.styled_with_map(text_style::styles(&numbers_style(own), place, self.fonts)),
            None => list,
        }
    }
}

/// Parts of a list, as far apart as their items.
fn joined(lists: impl Iterator<Item = Content>, gap: Option<Length>) -> Content {
    let mut out = Vec::new();
    for list in lists {
        if let Some(gap) = gap.filter(|_| !out.is_empty()) {
            out.push(VElem::new(Spacing::Rel(gap.into())).with_weak(true).pack());
        }
        out.push(list);
    }
    Content::sequence(out)
}

/// How far the margin and padding at the left of a list exceed the width of its `markers`, in points.
fn indent(style: &Style, place: Place, markers: f64) -> f64 {
    let margin = match style.margin.left {
        Some(Margin::Length(length)) => lengths::points(length, style, place),
        Some(Margin::Auto) | None => 0.0,
    };
    let padding = style.padding.left.map_or(markers, |padding| lengths::points(padding, style, place));
    (margin + padding - markers).clamp(0.0, place.width / 2.0)
}

/// Typst puts a tight list close to what precedes it, which is right only in a list; elsewhere it gets the distance
/// of a paragraph.
fn spaced(element: ElementRef<'_>, list: Content) -> Content {
    let nested =
        element.ancestors().filter_map(ElementRef::wrap).any(|around| matches!(around.value().name(), "li" | "dd"));
    match nested {
        true => list,
        false => BlockElem::new().with_body(Some(BlockBody::Content(list))).pack(),
    }
}

fn packed<T: NativeElement>(element: T) -> Packed<T> {
    Packed::new(element)
}

/// The state of the check box that an item begins with.
fn is_checked(item: ElementRef<'_>) -> Option<bool> {
    let mut first = item.child_elements().next()?;
    if first.value().name() == "p" {
        first = first.child_elements().next()?;
    }
    let is_box = first.value().name() == "input" && first.attr("type") == Some("checkbox");
    is_box.then(|| first.attr("checked").is_some())
}

/// `<ol type="a">`.
fn type_attribute(element: ElementRef<'_>) -> Option<ListStyle> {
    Some(match element.attr("type")? {
        "a" => ListStyle::LowerAlpha,
        "A" => ListStyle::UpperAlpha,
        "i" => ListStyle::LowerRoman,
        "I" => ListStyle::UpperRoman,
        "1" => ListStyle::Decimal,
        "disc" => ListStyle::Disc,
        "circle" => ListStyle::Circle,
        "square" => ListStyle::Square,
        "none" => ListStyle::None,
        _ => return None,
    })
}
