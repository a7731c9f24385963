//! Turns CSS's properties of boxes into Typst's.

use typst::{
    foundations::Smart,
    layout::{Abs, Corners, Length, Rel, Sides},
    visualize::{DashPattern, Paint, Stroke},
};

use super::{
    Place,
    color::paint,
    lengths::{border_width, pt, rel},
};
use crate::css::{self, Border, Break, Display, Items, LineStyle, Margin, Row, Style};

/// `None` if CSS does not set the border.
pub fn stroke(border: Option<Border>) -> Option<Option<Stroke>> {
    let border = border?;
    if border.width <= 0.0 || border.line == LineStyle::None {
        return Some(None);
    }
    let dash = |gap: f64| {
        let array = vec![Abs::pt(border.width * gap).into(), Abs::pt(border.width * gap).into()];
        Smart::Custom(Some(DashPattern { array, phase: Length::zero() }))
    };
    let dash = match border.line {
        LineStyle::Dashed => dash(3.0),
        LineStyle::Dotted => dash(1.0),
        LineStyle::Solid | LineStyle::None => Smart::Auto,
    };
    let paint = super::custom(border.color.map(paint));
    Some(Some(Stroke { paint, thickness: Smart::Custom(pt(border.width)), dash, ..Stroke::default() }))
}

pub fn strokes(style: &Style) -> Sides<Option<Option<Stroke>>> {
    let css::Sides { top, right, bottom, left } = style.border;
    Sides { left: stroke(left), top: stroke(top), right: stroke(right), bottom: stroke(bottom) }
}

pub fn inset(style: &Style, place: Place) -> Sides<Option<Rel<Length>>> {
    let css::Sides { top, right, bottom, left } = style.padding;
    Sides { left, top, right, bottom }.map(|padding| padding.map(|padding| rel(padding, style, place)))
}

pub(super) fn radius(style: &Style, place: Place) -> Corners<Option<Rel<Length>>> {
    let [top_left, top_right, bottom_right, bottom_left] =
        style.border_radius.map(|radius| radius.map(|radius| rel(radius, style, place)));
    Corners { top_left, top_right, bottom_right, bottom_left }
}

pub fn fill(style: &Style) -> Option<Paint> {
    style.background.filter(|color| color.3 > 0).map(paint)
}

pub(super) fn has_border(style: &Style) -> bool {
    let css::Sides { top, right, bottom, left } = style.border;
    [top, right, bottom, left].into_iter().any(|border| border_width(border) > 0.0)
}

pub(super) fn has_padding(style: &Style) -> bool {
    let css::Sides { top, right, bottom, left } = style.padding;
    [top, right, bottom, left].into_iter().flatten().any(|padding| !is_zero(padding))
}

fn is_zero(length: css::Length) -> bool {
    matches!(length, css::Length::Pt(n) | css::Length::Em(n) | css::Length::Percent(n) | css::Length::Sum(n, 0.0) if n == 0.0)
}

/// Whether the margins of the first and last child stay inside the box: above, and below.
pub fn contains_margins(style: &Style) -> (bool, bool) {
    let closed = |padding: Option<css::Length>, border| {
        padding.is_some_and(|padding| !is_zero(padding)) || border_width(border) > 0.0
    };
    (closed(style.padding.top, style.border.top), closed(style.padding.bottom, style.border.bottom))
}

/// Whether a block of this style is a box: a page break outside can't split it.
pub fn is_box(style: &Style) -> bool {
    fill(style).is_some()
        || has_border(style)
        || has_padding(style)
        || style.width.is_some()
        || style.max_width.is_some()
        || style.height.is_some()
        || style.min_height.is_some()
        || style.columns.is_some()
        || style.break_inside == Some(Break::Avoid)
        || has_side_margins(style)
        || opacity(style).is_some()
}

/// Whether the height of a box with this style says where its children stand.
pub fn has_height_for(style: &Style) -> bool {
    let Row { is_column, items, .. } = &style.row;
    match style.display {
        Some(Display::Flex) if *is_column == Some(true) => true,
        Some(Display::Flex | Display::Grid) => matches!(items, Some(Items::Center | Items::End)),
        _ => false,
    }
}

/// Whether it is a row in a line: `display: inline-flex` and `inline-grid`.
pub(super) fn is_inline_row(style: &Style) -> bool {
    matches!(style.display, Some(Display::Flex | Display::Grid)) && style.row.is_inline == Some(true)
}

/// Whether it is a box in a line.
pub(super) fn is_in_line(style: &Style) -> bool {
    style.display == Some(Display::InlineBlock) || is_inline_row(style)
}

/// `None` if everything is opaque.
pub fn opacity(style: &Style) -> Option<f64> {
    style.opacity.filter(|opacity| *opacity < 1.0)
}

fn has_side_margins(style: &Style) -> bool {
    let zero = |margin: Option<Margin>| match margin {
        Some(Margin::Length(length)) => is_zero(length),
        Some(Margin::Auto) | None => true,
    };
    !(zero(style.margin.left) && zero(style.margin.right))
}

/// Whether this style makes one Typst block, which a page break can't split.
pub fn is_unsplit(style: &Style) -> bool {
    is_box(style) || style.break_after == Some(Break::Avoid)
}
