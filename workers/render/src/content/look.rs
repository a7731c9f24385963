//! Turns CSS properties into Typst's.

use std::num::NonZeroUsize;

use typst::{
    foundations::{Content, IntoValue, NativeElement, Smart, Styles, dict},
    layout::{
        Abs, AlignElem, Alignment, BlockBody, BlockElem, BoxElem, ColumnsElem, Corners, Em, HAlignment, Length,
        PadElem, Ratio, Rel, Sides, Sizing, Spacing,
    },
    model::ParElem,
    text::{
        FontFamily, FontList, FontStyle, FontWeight, HighlightElem, SmallcapsElem, StrikeElem, TextElem, TextSize,
        UnderlineElem,
    },
    visualize::{Color, DashPattern, Paint, Stroke},
};

use super::Place;
use crate::css::{self, Align, Border, Break, Line, Margin, Rgba, Style};
use crate::fonts::Fonts;

/// The part of the line height that letters take. Typst measures from capital height to baseline.
const LETTERS: f64 = 0.7;

pub fn paint(Rgba(r, g, b, a): Rgba) -> Paint {
    Paint::Solid(Color::from_u8(r, g, b, a))
}

#[must_use]
pub fn page_background(color: Rgba) -> Paint {
    paint(color)
}

/// Line spacing for a line height in font sizes.
#[must_use]
pub fn line_leading(height: f64) -> Em {
    Em::new((height - LETTERS).max(-0.5))
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

fn rel(length: css::Length) -> Rel<Length> {
    match length {
        css::Length::Percent(percent) => Ratio::new(percent / 100.0).into(),
        other => self::length(other).into(),
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
pub fn text(style: &Style, fonts: &Fonts) -> Styles {
    let mut styles = Styles::new();
    if let Some(families) = font_list(style, fonts) {
        styles.set(TextElem::font, families);
    }
    if let Some(size) = style.font_size {
        styles.set(TextElem::size, TextSize(pt(size)));
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
        styles.set(ParElem::leading, line_leading(height).into());
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

pub fn inset(style: &Style) -> Sides<Option<Rel<Length>>> {
    let css::Sides { top, right, bottom, left } = style.padding;
    Sides { left: left.map(rel), top: top.map(rel), right: right.map(rel), bottom: bottom.map(rel) }
}

fn radius(style: &Style) -> Corners<Option<Rel<Length>>> {
    let [top_left, top_right, bottom_right, bottom_left] = style.border_radius.map(|radius| radius.map(rel));
    Corners { top_left, top_right, bottom_right, bottom_left }
}

pub fn fill(style: &Style) -> Option<Paint> {
    style.background.filter(|color| color.3 > 0).map(|color| paint(faded(color, style.opacity)))
}

fn has_border(style: &Style) -> bool {
    let css::Sides { top, right, bottom, left } = style.border;
    [top, right, bottom, left].into_iter().flatten().any(|border| border.width > 0.0 && border.line != Line::None)
}

fn has_padding(style: &Style) -> bool {
    let css::Sides { top, right, bottom, left } = style.padding;
    [top, right, bottom, left].iter().any(Option::is_some)
}

/// Whether a block of this style is a box: a page break outside can't split it.
pub fn is_box(style: &Style) -> bool {
    let css::Sides { right, left, .. } = style.margin;
    fill(style).is_some()
        || has_border(style)
        || has_padding(style)
        || style.width.is_some()
        || style.max_width.is_some()
        || style.height.is_some()
        || style.columns.is_some()
        || style.break_inside == Some(Break::Avoid)
        || [right, left].iter().any(Option::is_some)
}

/// Whether this style makes one Typst block, which a page break can't split.
pub fn is_one(style: &Style) -> bool {
    let css::Sides { top, bottom, .. } = style.margin;
    is_box(style) || style.break_after == Some(Break::Avoid) || [top, bottom].iter().any(Option::is_some)
}

/// The inner width of a box of this style, in points.
pub fn inner_width(style: &Style, place: Place) -> f64 {
    let size = style.font_size.unwrap_or(place.size);
    let resolve = |length: css::Length| match length {
        css::Length::Pt(points) => points,
        css::Length::Em(ems) => ems * size,
        css::Length::Percent(percent) => percent / 100.0 * place.width,
    };
    let margin = |margin: Option<Margin>| match margin {
        Some(Margin::Length(length)) => resolve(length),
        Some(Margin::Auto) | None => 0.0,
    };
    let outer = place.width - margin(style.margin.left) - margin(style.margin.right);
    let outer = style.width.map_or(outer, resolve);
    let outer = style.max_width.map_or(outer, |max| outer.min(resolve(max)));
    let sides = [style.padding.left, style.padding.right].into_iter().flatten().map(resolve).sum::<f64>();
    let lines = [style.border.left, style.border.right].into_iter().flatten().map(|border| border.width).sum::<f64>();
    let inner = (outer - sides - lines).max(1.0);
    match style.columns {
        Some(columns) => inner / f64::from(columns.max(1)),
        None => inner,
    }
}

/// Adds a block's box and spacing.
pub fn block(content: Content, style: &Style, place: Place) -> Content {
    let content = columns(content, style);
    let content = match is_box(style) {
        true => boxed(content, style, place),
        false => content,
    };
    let content = spaced(content, style);
    aside(content, style)
}

fn columns(content: Content, style: &Style) -> Content {
    match style.columns.and_then(|count| NonZeroUsize::new(count.into())) {
        Some(count) if count.get() > 1 => {
            let columns = ColumnsElem::new(content).with_count(count);
            match style.column_gap {
                Some(gap) => columns.with_gutter(rel(gap)).pack(),
                None => columns.pack(),
            }
        }
        _ => content,
    }
}

fn boxed(content: Content, style: &Style, place: Place) -> Content {
    let size = style.font_size.unwrap_or(place.size);
    let max = style.max_width.filter(|max| match (*max, style.width) {
        // `width: 100%; max-width: 40em` is the narrower of both.
        (css::Length::Pt(points), _) => points < place.width,
        (css::Length::Em(ems), _) => ems * size < place.width,
        (css::Length::Percent(_), width) => width.is_none(),
    });
    let width = max.or(style.width);
    let full = fill(style).is_some() || has_border(style) || has_padding(style);
    let width = match width {
        Some(width) => Smart::Custom(rel(width)),
        None if full => Smart::Custom(Ratio::one().into()),
        None => Smart::Auto,
    };
    let block = BlockElem::new()
        .with_body(Some(BlockBody::Content(content)))
        .with_width(width)
        .with_fill(fill(style))
        .with_stroke(strokes(style))
        .with_radius(radius(style))
        .with_inset(inset(style))
        .with_breakable(style.break_inside != Some(Break::Avoid));
    match style.height {
        Some(height) => block.with_height(Sizing::Rel(rel(height))).pack(),
        None => block.pack(),
    }
}

/// Vertical margins become Typst's spacing: the larger of two adjoining margins counts, as in CSS.
fn spaced(content: Content, style: &Style) -> Content {
    let side = |margin: Option<Margin>| match margin {
        Some(Margin::Length(length)) => Some(Spacing::Rel(rel(length))),
        Some(Margin::Auto) | None => None,
    };
    let (above, below) = (side(style.margin.top), side(style.margin.bottom));
    if above.is_none() && below.is_none() {
        return content;
    }
    let mut block = BlockElem::new().with_body(Some(BlockBody::Content(content)));
    if let Some(above) = above {
        block = block.with_above(Smart::Custom(above));
    }
    if let Some(below) = below {
        block = block.with_below(Smart::Custom(below));
    }
    block.pack()
}

/// Horizontal margins, and centred blocks.
fn aside(content: Content, style: &Style) -> Content {
    let css::Sides { left, right, .. } = style.margin;
    let auto = |margin: Option<Margin>| margin == Some(Margin::Auto);
    match (auto(left), auto(right)) {
        (true, true) => return content.aligned(Alignment::H(HAlignment::Center)),
        (true, false) => return content.aligned(Alignment::H(HAlignment::Right)),
        _ => {}
    }
    let side = |margin: Option<Margin>| match margin {
        Some(Margin::Length(length)) => rel(length),
        Some(Margin::Auto) | None => Rel::zero(),
    };
    let (left, right) = (side(left), side(right));
    match left.is_zero() && right.is_zero() {
        true => content,
        false => PadElem::new(content).with_left(left).with_right(right).pack(),
    }
}

pub fn inline(content: Content, style: &Style, fonts: &Fonts) -> Content {
    let content = decorated(content, style);
    let boxed = style.display == Some(css::Display::InlineBlock) || style.width.is_some() || style.height.is_some();
    let content = match (boxed, fill(style), has_border(style)) {
        (true, ..) => {
            let width = style.width.map_or(Sizing::Auto, |width| Sizing::Rel(rel(width)));
            let body = BoxElem::new()
                .with_body(Some(content))
                .with_width(width)
                .with_fill(fill(style))
                .with_stroke(strokes(style))
                .with_radius(radius(style))
                .with_inset(inset(style));
            match style.height {
                Some(height) => body.with_height(Smart::Custom(rel(height))).pack(),
                None => body.pack(),
            }
        }
        (false, None, false) => content,
        (false, fill, _) => HighlightElem::new(content)
            .with_fill(fill)
            .with_stroke(strokes(style))
            .with_radius(radius(style))
            .with_extent(style.padding.left.map_or(Length::zero(), length))
            .pack(),
    };
    content.styled_with_map(text(style, fonts))
}

/// Line-through, underline and small capitals.
pub fn decorated(mut content: Content, style: &Style) -> Content {
    if style.underline == Some(true) {
        content = UnderlineElem::new(content).pack();
    }
    if style.strike == Some(true) {
        content = StrikeElem::new(content).pack();
    }
    if style.small_caps == Some(true) {
        content = SmallcapsElem::new(content).pack();
    }
    content
}
