//! Resolves CSS's lengths, and the sizes of boxes that follow from them.

use typst::layout::{Abs, Em, Length, Ratio, Rel};

use super::Place;
use crate::css::{self, Border, LineStyle, Margin, Style};

pub fn pt(points: f64) -> Length {
    Abs::pt(points).into()
}

/// Percentages are of the font size here.
#[must_use]
pub fn length(length: css::Length) -> Length {
    match length {
        css::Length::Pt(points) => pt(points),
        css::Length::Em(ems) => Em::new(ems).into(),
        css::Length::Percent(percent) => Em::new(percent / 100.0).into(),
        css::Length::Sum(percent, points) => Length::from(Em::new(percent / 100.0)) + pt(points),
    }
}

/// `em` is the style's own font size, even where Typst resolves the length outside of the text.
pub(super) fn rel(length: css::Length, style: &Style, place: Place) -> Rel<Length> {
    match (length, style.font_size) {
        (css::Length::Percent(percent), _) => Ratio::new(percent / 100.0).into(),
        (css::Length::Sum(percent, points), _) => Rel::new(Ratio::new(percent / 100.0), pt(points)),
        (css::Length::Em(ems), Some(size)) => pt(ems * size * place.scale).into(),
        (other, _) => self::length(other).into(),
    }
}

/// Whether it depends on the size of the box around. A height that depends on the content is no such size.
pub(super) fn is_relative(length: css::Length) -> bool {
    matches!(length, css::Length::Percent(_) | css::Length::Sum(..))
}

/// A length of text, in points; `size` is the font's. Percentages are of it.
pub fn em_points(length: css::Length, size: f64) -> f64 {
    match length {
        css::Length::Pt(points) => points,
        css::Length::Em(ems) => ems * size,
        css::Length::Percent(percent) => percent / 100.0 * size,
        css::Length::Sum(percent, points) => percent / 100.0 * size + points,
    }
}

/// In points. Percentages are of the available width.
pub fn points(length: css::Length, style: &Style, place: Place) -> f64 {
    match length {
        css::Length::Pt(points) => points,
        css::Length::Em(ems) => ems * style.font_size.map_or(place.size, |size| size * place.scale),
        css::Length::Percent(percent) => percent / 100.0 * place.width,
        css::Length::Sum(percent, points) => percent / 100.0 * place.width + points,
    }
}

/// A height, in points. A percentage is of the height that CSS specifies for the box around; `None` without one.
pub fn height(height: css::Length, style: &Style, place: Place) -> Option<f64> {
    match (is_relative(height), place.box_height) {
        (false, _) => Some(points(height, style, place)),
        (true, Some(whole)) => Some(points(height, style, Place { width: whole, ..place })),
        (true, None) => None,
    }
}

/// The upper and lower margin, in points.
pub fn margins(style: &Style, place: Place) -> (f64, f64) {
    let side = |margin: Option<Margin>| match margin {
        Some(Margin::Length(length)) => points(length, style, place),
        Some(Margin::Auto) | None => 0.0,
    };
    (side(style.margin.top), side(style.margin.bottom))
}

/// What padding and border take of a box's width, in points.
pub fn frame_width(style: &Style, place: Place) -> f64 {
    let sides = [style.padding.left, style.padding.right].into_iter().flatten();
    let sides: f64 = sides.map(|padding| points(padding, style, place)).sum();
    sides + border_width(style.border.left) + border_width(style.border.right)
}

/// What padding and border take of a box's height, in points.
pub fn frame_height(style: &Style, place: Place) -> f64 {
    let sides = [style.padding.top, style.padding.bottom].into_iter().flatten();
    let sides: f64 = sides.map(|padding| points(padding, style, place)).sum();
    sides + border_width(style.border.top) + border_width(style.border.bottom)
}

/// A width with padding and border, in points.
pub fn outer_width(width: css::Length, style: &Style, place: Place) -> f64 {
    let frame = if style.border_box == Some(true) { 0.0 } else { frame_width(style, place) };
    points(width, style, place) + frame
}

/// The margins to the left and right, in points.
pub fn side_margins(style: &Style, place: Place) -> f64 {
    let side = |margin: Option<Margin>| match margin {
        Some(Margin::Length(length)) => points(length, style, place),
        Some(Margin::Auto) | None => 0.0,
    };
    side(style.margin.left) + side(style.margin.right)
}

/// The inner width of a box of this style, in points.
pub fn inner_width(style: &Style, place: Place) -> f64 {
    let margin = |margin: Option<Margin>| match margin {
        Some(Margin::Length(length)) => points(length, style, place),
        Some(Margin::Auto) | None => 0.0,
    };
    let available = place.width - margin(style.margin.left) - margin(style.margin.right);
    let outer = style.width.map_or(available, |width| outer_width(width, style, place));
    let outer = style.max_width.map_or(outer, |max| outer.min(outer_width(max, style, place)));
    let inner = (outer.min(place.width) - frame_width(style, place)).max(1.0);
    match style.columns {
        Some(columns) => {
            let columns = f64::from(columns.max(1));
            let gap = style.column_gap.map_or(0.04 * inner, |gap| points(gap, style, place));
            ((inner - gap * (columns - 1.0)) / columns).max(1.0)
        }
        None => inner,
    }
}

pub(super) fn border_width(border: Option<Border>) -> f64 {
    border.filter(|border| border.line != LineStyle::None).map_or(0.0, |border| border.width.max(0.0))
}
