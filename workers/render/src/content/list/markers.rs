//! Chooses the markers of lists.

use scraper::ElementRef;
use typst::{
    foundations::{Content, NativeElement, Styles},
    model::{ListElem, ListItem, ListMarker},
    text::{FontStyle, FontWeight, TextElem},
};

use super::{INDENT, MARKERS, packed, type_attribute};
use crate::{
    content::{Place, Typesetter, color, text_style},
    css::{self, Display, ListStyle, Rgba, Style},
};

/// Items of a list whose markers are alike.
pub(super) struct Part<'e> {
    pub items: Vec<ElementRef<'e>>,
    /// `None` is that of the template.
    pub style: Option<ListStyle>,
    /// Whether the items have markers at all: CSS's `display` can take them away.
    pub has_markers: bool,
    /// The number of the first item, if it is not the usual one.
    pub start: Option<u64>,
    /// A marker of the list that these items do not have: their text stands where that of the others does.
    pub aligned_with: Option<&'static str>,
}

impl Typesetter<'_> {
    /// The items in parts whose markers are alike; most lists have one.
    pub(super) fn alike<'e>(
        &self,
        list: ElementRef<'e>,
        items: &[ElementRef<'e>],
        style: Option<&ListStyle>,
        sample: &'static str,
    ) -> Vec<Part<'e>> {
        let start = list.attr("start").and_then(|start| start.trim().parse::<u64>().ok());
        let is_reversed = list.attr("reversed").is_some();
        let usual = if is_reversed { items.len() as u64 } else { 1 };
        let mut number = start.unwrap_or(usual);
        let mut parts: Vec<Part<'e>> = Vec::new();
        for item in items {
            let own = self.style(*item);
            let has_markers = own.and_then(|own| own.display).is_none_or(|display| display == Display::ListItem);
            let style = match has_markers {
                true => own.and_then(|own| own.list_style.as_ref()).or(style),
                false => Some(&ListStyle::None),
            };
            match parts.last_mut() {
                Some(part) if part.style.as_ref() == style && part.has_markers == has_markers => part.items.push(*item),
                last => {
                    let start = if last.is_some() || is_reversed { Some(number) } else { start };
                    parts.push(Part {
                        items: vec![*item],
                        style: style.cloned(),
                        has_markers,
                        start,
                        aligned_with: None,
                    });
                }
            }
            // Only what has a marker is counted, as in browsers.
            if has_markers {
                let own = item.attr("value").and_then(|value| value.trim().parse().ok()).unwrap_or(number);
                number = if is_reversed { own.saturating_sub(1) } else { own.saturating_add(1) };
            }
        }
        if parts.len() > 1 {
            for part in parts.iter_mut().filter(|part| part.style == Some(ListStyle::None)) {
                part.aligned_with = Some(sample);
            }
        }
        parts
    }

    /// Makes markers for the items of a list that is a flexible box or grid.
    pub(in crate::content) fn mark_items(&self, list: ElementRef<'_>, place: Place) {
        let is_ordered = list.value().name() == "ol";
        if !is_ordered && !matches!(list.value().name(), "ul" | "menu" | "dir") {
            return;
        }
        let items: Vec<ElementRef<'_>> =
            list.child_elements().filter(|child| child.value().name() == "li" && !self.is_hidden(*child)).collect();
        if items.first().is_none_or(|first| self.markers.borrow().contains_key(&first.id())) {
            return;
        }
        let style = self.style(list).and_then(|style| style.list_style.clone()).or_else(|| type_attribute(list));
        for part in self.alike(list, &items, style.as_ref(), MARKERS[0]) {
            if part.style == Some(ListStyle::None) {
                continue;
            }
            let is_bullet = match &part.style {
                Some(style) => {
                    matches!(style, ListStyle::Disc | ListStyle::Circle | ListStyle::Square | ListStyle::Text(_))
                }
                None => !is_ordered,
            };
            let numbers = numbers(&part, list.attr("reversed").is_some());
            for (item, number) in part.items.iter().zip(numbers) {
                let marker = match &part.style {
                    style if !is_bullet => {
                        let style = style.as_ref().unwrap_or(&ListStyle::Decimal);
                        TextElem::packed(format!("{}.", css::numeral(number, style)))
                    }
                    style => style.as_ref().map_or_else(|| TextElem::packed(MARKERS[0]), marker),
                };
                let marker = match self.styles.marker(item.id(), item.value()) {
                    Some((style, text)) => text
                        .map_or(marker, TextElem::packed)
                        .styled_with_map(text_style::styles(style, place, self.fonts)),
                    None => marker,
                };
                self.markers.borrow_mut().insert(item.id(), marker);
            }
        }
    }

    /// An item of a list that is a flexible box or grid, with its marker.
    pub(in crate::content) fn item_in_row(&self, item: ElementRef<'_>, place: Place) -> Content {
        let marker = self.markers.borrow().get(&item.id()).cloned();
        let Some(marker) = marker else { return self.aligned(item, self.paragraphs(*item, place)) };
        let width = (place.width - self.width_of_marker(item, place)).max(1.0);
        let inner = Place { boxed: true, blocks: place.blocks + 1, width, ..place };
        let only = vec![packed(ListItem::new(self.flow(*item, inner)))];
        ListElem::new(only).with_marker(ListMarker::Content(vec![marker])).with_tight(true).pack()
    }

    /// What the marker takes of the width of an item in a row, in points.
    pub(in crate::content) fn width_of_marker(&self, item: ElementRef<'_>, place: Place) -> f64 {
        if self.markers.borrow().contains_key(&item.id()) { INDENT * place.size } else { 0.0 }
    }

    /// The colour, weight and slant of the text of an item, which it may have from elements around it.
    pub(super) fn style_around(&self, item: ElementRef<'_>) -> Styles {
        let around = || {
            let elements = std::iter::once(item).chain(item.ancestors().filter_map(ElementRef::wrap));
            elements.filter_map(|element| self.style(element))
        };
        let mut styles = Styles::new();
        let color = around().find_map(|style| style.color).unwrap_or(Rgba(0, 0, 0, 255));
        styles.set(TextElem::fill, color::paint(color));
        let weight = around().find_map(|style| style.font_weight).unwrap_or(400);
        styles.set(TextElem::weight, FontWeight::from_number(weight));
        let is_italic = around().find_map(|style| style.italic).unwrap_or(false);
        styles.set(TextElem::style, if is_italic { FontStyle::Italic } else { FontStyle::Normal });
        styles
    }
}

/// The numbers of the items of an ordered list.
pub(super) fn numbers(part: &Part<'_>, is_reversed: bool) -> Vec<i32> {
    let mut next = part.start.and_then(|start| i32::try_from(start).ok()).unwrap_or(1);
    let number = |item: &ElementRef<'_>| {
        let own = item.attr("value").and_then(|value| value.trim().parse().ok()).unwrap_or(next);
        next = if is_reversed { own.saturating_sub(1) } else { own.saturating_add(1) };
        own
    };
    part.items.iter().map(number).collect()
}

/// What of a marker's style numbers have.
pub(super) fn numbers_style(marker: &Style) -> Style {
    let Style { color, font_weight, italic, .. } = *marker;
    Style { color, font_weight, italic, ..Style::default() }
}

pub(super) fn marker(style: &ListStyle) -> Content {
    match style {
        ListStyle::None => Content::empty(),
        ListStyle::Circle => TextElem::packed("\u{25e6}"),
        ListStyle::Square => TextElem::packed("\u{25aa}"),
        ListStyle::Text(text) => TextElem::packed(text.as_str()),
        _ => TextElem::packed("\u{2022}"),
    }
}
