//! Chooses the markers of lists.

use scraper::ElementRef;
use typst::{
    foundations::{Content, Styles},
    text::{FontStyle, FontWeight, TextElem},
};

use crate::{
    content::{Typesetter, color},
    css::{ListStyle, Rgba, Style},
};

impl Typesetter<'_> {
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

pub(super) fn pattern(style: &ListStyle) -> &'static str {
    match style {
        ListStyle::LowerAlpha => "a.",
        ListStyle::UpperAlpha => "A.",
        ListStyle::LowerRoman => "i.",
        ListStyle::UpperRoman => "I.",
        ListStyle::LowerGreek => "\u{3b1}.",
        _ => "1.",
    }
}
