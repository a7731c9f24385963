//! Turns CSS properties into Typst's.

use typst::{
    foundations::{Content, IntoValue, NativeElement, Smart, Styles, dict},
    layout::{Abs, AlignElem, Alignment, Corners, Em, HAlignment, Length, Ratio, Rel, Sides},
    model::ParElem,
    text::{
        BottomEdge, FontFamily, FontList, FontStyle, FontWeight, SmallcapsElem, StrikeElem, TextElem, TextSize,
        TopEdge, UnderlineElem,
    },
    visualize::{Color, DashPattern, Paint, Stroke},
};

use super::Place;
use crate::css::{self, Align, Border, Break, Line, Margin, Rgba, Style};
use crate::fonts::Fonts;

/// How far above the middle of a line its baseline's opposite edge lies: letters reach higher than they hang, in all
/// fonts by about this many font sizes.
const RISE: f64 = 0.35;
/// The part of a place's width that margins, padding and borders may take.
const MOST_ASIDE: f64 = 0.8;
/// The line height of text without CSS, in font sizes.
pub const LINE: f64 = 1.38;
/// The margins of paragraphs without CSS, in font sizes. base.css says the same.
pub const GAP: f64 = 0.4;

pub fn paint(Rgba(r, g, b, a): Rgba) -> Paint {
    Paint::Solid(Color::from_u8(r, g, b, a))
}

#[must_use]
pub fn page_background(color: Rgba) -> Paint {
    paint(color)
}

/// The line box of CSS: ascent and descent with half of the leading above and half below. In font sizes.
#[must_use]
pub fn line_box(height: f64) -> (Em, Em) {
    (Em::new(height / 2.0 + RISE), Em::new(RISE - height / 2.0))
}

fn set_line_box(styles: &mut Styles, height: f64) {
    let (top, bottom) = line_box(height);
    styles.set(TextElem::top_edge, TopEdge::Length(top.into()));
    styles.set(TextElem::bottom_edge, BottomEdge::Length(bottom.into()));
    styles.set(ParElem::leading, Length::zero());
}

/// Lines and paragraphs of the text, within whatever a template says of its own.
#[must_use]
pub fn body(content: Content, line_height: Option<f64>) -> Content {
    let mut styles = Styles::new();
    set_line_box(&mut styles, line_height.unwrap_or(LINE));
    styles.set(ParElem::spacing, Em::new(GAP).into());
    content.styled_with_map(styles)
}

pub fn pt(points: f64) -> Length {
    Abs::pt(points).into()
}

/// Percentages count of the font size here.
#[must_use]
pub fn length(length: css::Length) -> Length {
    match length {
        css::Length::Pt(points) => pt(points),
        css::Length::Em(ems) => Em::new(ems).into(),
        css::Length::Percent(percent) => Em::new(percent / 100.0).into(),
    }
}

/// `em` is the style's own font size, even where Typst resolves the length outside of the text.
pub(super) fn rel(length: css::Length, style: &Style, place: Place) -> Rel<Length> {
    match (length, style.font_size) {
        (css::Length::Percent(percent), _) => Ratio::new(percent / 100.0).into(),
        (css::Length::Em(ems), Some(size)) => pt(ems * size * place.scale).into(),
        (other, _) => self::length(other).into(),
    }
}

fn align(align: Align) -> (HAlignment, bool) {
    match align {
        Align::Left => (HAlignment::Left, false),
        Align::Center => (HAlignment::Center, false),
        Align::Right => (HAlignment::Right, false),
        Align::Justify => (HAlignment::Start, true),
    }
}

/// Styles of text and lines. Everything inside inherits them.
#[must_use]
pub fn text(style: &Style, place: Place, fonts: &Fonts) -> Styles {
    let mut styles = Styles::new();
    if let Some(families) = font_list(style, fonts) {
        styles.set(TextElem::font, families);
    }
    if let Some(size) = style.font_size {
        styles.set(TextElem::size, TextSize(pt(size * place.scale)));
    }
    if let Some(weight) = style.font_weight {
        styles.set(TextElem::weight, FontWeight::from_number(weight));
    }
    if let Some(italic) = style.italic {
        styles.set(TextElem::style, if italic { FontStyle::Italic } else { FontStyle::Normal });
    }
    if let Some(color) = style.color {
        styles.set(TextElem::fill, paint(faded(color, style.opacity)));
    }
    if let Some(spacing) = style.letter_spacing {
        styles.set(TextElem::tracking, length(spacing));
    }
    if let Some(spacing) = style.word_spacing {
        // Typst's is the width of a space, CSS's is added to it.
        styles.set(TextElem::spacing, Rel::new(Ratio::one(), length(spacing)));
    }
    if let Some(hyphens) = style.hyphens {
        styles.set(TextElem::hyphenate, Smart::Custom(hyphens));
    }
    if let Some(height) = style.line_height {
        set_line_box(&mut styles, height);
    }
    if let Some(indent) = style.text_indent {
        let said = dict! { "amount" => length(indent), "all" => true };
        if let Ok(indent) = said.into_value().cast() {
            styles.set(ParElem::first_line_indent, indent);
        }
    }
    if let Some(said) = style.text_align {
        let (alignment, justify) = align(said);
        styles.set(AlignElem::alignment, Alignment::H(alignment));
        styles.set(ParElem::justify, justify);
    }
    styles
}

/// The families of a style that exist.
#[must_use]
pub fn font_list(style: &Style, fonts: &Fonts) -> Option<FontList> {
    let names = style.font_family.as_deref().unwrap_or_default();
    let families: Vec<FontFamily> = names.iter().filter_map(|name| fonts.family(name)).map(FontFamily::new).collect();
    FontList::new(families).ok()
}

fn faded(Rgba(r, g, b, a): Rgba, opacity: Option<f64>) -> Rgba {
    let opacity = opacity.unwrap_or(1.0).clamp(0.0, 1.0);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    Rgba(r, g, b, (f64::from(a) * opacity).round() as u8)
}

pub fn alignment(style: &Style) -> Option<Alignment> {
    let vertical = style.vertical_align.and_then(|vertical| match vertical {
        css::VerticalAlign::Top => Some(typst::layout::VAlignment::Top),
        css::VerticalAlign::Middle => Some(typst::layout::VAlignment::Horizon),
        css::VerticalAlign::Bottom => Some(typst::layout::VAlignment::Bottom),
        css::VerticalAlign::Super | css::VerticalAlign::Sub => None,
    });
    let horizontal = style.text_align.map(|said| align(said).0);
    match (horizontal, vertical) {
        (Some(h), Some(v)) => Some(Alignment::Both(h, v)),
        (Some(h), None) => Some(Alignment::H(h)),
        (None, Some(v)) => Some(Alignment::V(v)),
        (None, None) => None,
    }
}

/// `None` if CSS does not set the border.
pub fn stroke(border: Option<Border>) -> Option<Option<Stroke>> {
    let border = border?;
    if border.width <= 0.0 || border.line == Line::None {
        return Some(None);
    }
    let dash = |gap: f64| {
        let array = vec![Abs::pt(border.width * gap).into(), Abs::pt(border.width * gap).into()];
        Smart::Custom(Some(DashPattern { array, phase: Length::zero() }))
    };
    let dash = match border.line {
        Line::Dashed => dash(3.0),
        Line::Dotted => dash(1.0),
        Line::Solid | Line::None => Smart::Auto,
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
    style.background.filter(|color| color.3 > 0).map(|color| paint(faded(color, style.opacity)))
}

pub(super) fn width_of(border: Option<Border>) -> f64 {
    border.filter(|border| border.line != Line::None).map_or(0.0, |border| border.width.max(0.0))
}

pub(super) fn has_border(style: &Style) -> bool {
    let css::Sides { top, right, bottom, left } = style.border;
    [top, right, bottom, left].into_iter().any(|border| width_of(border) > 0.0)
}

pub(super) fn has_padding(style: &Style) -> bool {
    let css::Sides { top, right, bottom, left } = style.padding;
    [top, right, bottom, left].into_iter().flatten().any(|padding| !is_zero(padding))
}

fn is_zero(length: css::Length) -> bool {
    matches!(length, css::Length::Pt(n) | css::Length::Em(n) | css::Length::Percent(n) if n == 0.0)
}

/// Whether margins of what is inside end at the box's upper and lower edge.
pub fn is_closed(style: &Style) -> (bool, bool) {
    let closed = |padding: Option<css::Length>, border| {
        padding.is_some_and(|padding| !is_zero(padding)) || width_of(border) > 0.0
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
        || is_aside(style)
}

fn is_aside(style: &Style) -> bool {
    let zero = |margin: Option<Margin>| match margin {
        Some(Margin::Length(length)) => is_zero(length),
        Some(Margin::Auto) | None => true,
    };
    !(zero(style.margin.left) && zero(style.margin.right))
}

/// Whether this style makes one Typst block, which a page break can't split.
pub fn is_one(style: &Style) -> bool {
    is_box(style) || style.break_after == Some(Break::Avoid)
}

/// In points. Percentages count of the place's width.
pub fn points(length: css::Length, style: &Style, place: Place) -> f64 {
    match length {
        css::Length::Pt(points) => points,
        css::Length::Em(ems) => ems * style.font_size.map_or(place.size, |size| size * place.scale),
        css::Length::Percent(percent) => percent / 100.0 * place.width,
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
    sides + width_of(style.border.left) + width_of(style.border.right)
}

/// What padding and border take of a box's height, in points.
pub fn frame_height(style: &Style, place: Place) -> f64 {
    let sides = [style.padding.top, style.padding.bottom].into_iter().flatten();
    let sides: f64 = sides.map(|padding| points(padding, style, place)).sum();
    sides + width_of(style.border.top) + width_of(style.border.bottom)
}

/// A colour in an attribute of older HTML.
pub fn color(value: &str) -> Option<Paint> {
    css::color(value).map(paint)
}

/// A style whose margins and padding leave room for text; `None` if they do already.
pub fn tamed(style: &Style, place: Place) -> Option<Style> {
    let frame = frame_width(style, place) + aside_width(style, place);
    let most = MOST_ASIDE * place.width;
    if frame <= most {
        return None;
    }
    let factor = most / frame;
    let smaller = |length| css::Length::Pt(points(length, style, place) * factor);
    let margin = |margin| match margin {
        Some(Margin::Length(length)) => Some(Margin::Length(smaller(length))),
        other => other,
    };
    let mut tamed = style.clone();
    (tamed.margin.left, tamed.margin.right) = (margin(style.margin.left), margin(style.margin.right));
    (tamed.padding.left, tamed.padding.right) = (style.padding.left.map(smaller), style.padding.right.map(smaller));
    Some(tamed)
}

/// A width with padding and border, in points.
pub fn outer_width(width: css::Length, style: &Style, place: Place) -> f64 {
    let frame = if style.border_box == Some(true) { 0.0 } else { frame_width(style, place) };
    points(width, style, place) + frame
}

/// The margins to the left and right, in points.
pub fn aside_width(style: &Style, place: Place) -> f64 {
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
    let room = place.width - margin(style.margin.left) - margin(style.margin.right);
    let outer = style.width.map_or(room, |width| outer_width(width, style, place));
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

/// Line-through, underline and small capitals.
pub fn decorated(mut content: Content, style: &Style) -> Content {
    if style.underline == Some(true) {
        content = UnderlineElem::new(content).with_stroke(line(style)).pack();
    }
    if style.strike == Some(true) {
        content = StrikeElem::new(content).with_stroke(line(style)).pack();
    }
    if style.small_caps == Some(true) {
        content = SmallcapsElem::new(content).pack();
    }
    content
}

fn line(style: &Style) -> Smart<Stroke> {
    let stroke = |color| Stroke { paint: Smart::Custom(paint(color)), ..Stroke::default() };
    super::custom(style.line_color.map(stroke))
}
