//! Turns CSS's boxes into Typst's blocks and boxes.

use std::num::NonZeroUsize;

use typst::{
    foundations::{Content, IntoValue, NativeElement, Smart, dict},
    layout::{
        AlignElem, Alignment, BaselinePos, BlockBody, BlockElem, BoxElem, ColumnsElem, Em, HElem, Length, PadElem,
        Ratio, Rel, Sides, Sizing, Spacing, VAlignment,
    },
};

use super::{
    Place,
    box_style::{fill, has_border, has_padding, inset, is_box, is_in_line, opacity, radius, strokes},
    color::faded_style,
    fit, inline_box,
    lengths::{self, border_width, frame_height, outer_width, points, pt, rel},
    text_style::{decorated, inline_styles, styles},
};
use crate::{
    css::{self, Break, Margin, Style},
    fonts::Fonts,
};

/// The height of small letters, in font sizes.
const X_HEIGHT: f64 = 0.54;

/// Adds a block's box and its margins to the left and right.
pub fn block(content: Content, style: &Style, place: Place) -> Content {
    let content = columns(content, style, place);
    if !is_box(style) && !place.stretches {
        return content;
    }
    let width = width(style, place);
    let content = boxed(content, style, place);
    let content = with_side_margins(content, style, place, width);
    match opacity(style) {
        Some(opacity) => fit::faded(content, opacity),
        None => content,
    }
}

fn columns(content: Content, style: &Style, place: Place) -> Content {
    match style.columns.and_then(|count| NonZeroUsize::new(count.into())) {
        Some(count) if count.get() > 1 => {
            let columns = ColumnsElem::new(content).with_count(count);
            let columns = match style.column_gap {
                Some(gap) => columns.with_gutter(rel(gap, style, place)),
                None => columns,
            };
            if place.in_relayout { columns.pack() } else { fit::balanced(columns) }
        }
        _ => content,
    }
}

/// The outer width that CSS specifies; `None` if it is the available width.
fn width(style: &Style, place: Place) -> Option<Rel<Length>> {
    let outer = |width| outer_width(width, style, place);
    let max = style.max_width.filter(|max| match style.width {
        // `width: 100%; max-width: 40em` is the narrower of both.
        Some(width) => outer(*max) < outer(width),
        None => outer(*max) < place.width,
    });
    let width = max.or(style.width)?;
    let frame = outer_frame(width, style, place);
    // A box that is wider than the available width would leave the paper.
    (outer(width) < place.width).then(|| rel(width, style, place) + space_of(frame))
}

/// What padding and borders add to a width, in points.
fn outer_frame(width: css::Length, style: &Style, place: Place) -> f64 {
    outer_width(width, style, place) - points(width, style, place)
}

/// Borders take space, as in CSS; Typst draws them around the edge of its block.
fn boxed(content: Content, style: &Style, place: Place) -> Content {
    let css::Sides { top, right, bottom, left } = style.border;
    let around = Sides { left, top, right, bottom }.map(|border| border_width(border) / 2.0);
    let inset = inset(style, place);
    let add = |inset: Option<Rel<Length>>, half: f64| Some(inset.unwrap_or_default() + space_of(half));
    let inset = Sides {
        left: add(inset.left, around.left),
        top: add(inset.top, around.top),
        right: add(inset.right, around.right),
        bottom: add(inset.bottom, around.bottom),
    };
    // Text is aligned in all of a box's width.
    let width = if is_box(style) { Smart::Custom(Ratio::one().into()) } else { Smart::Auto };
    let least = least_height(style, place);
    let upright = in_height(style);
    let content = match upright {
        // What is inside does not follow.
        VAlignment::Horizon | VAlignment::Bottom if least > 0.0 || place.stretches => {
            content.set(AlignElem::alignment, Alignment::V(VAlignment::Top))
        }
        _ => content,
    };
    let content = if least > 0.0 { fit::with_min_height(content, least) } else { content };
    let content = match place.stretches {
        true => fit::as_high_as_row(content, frame_height(style, place)),
        false => content,
    };
    let content = match upright {
        VAlignment::Horizon | VAlignment::Bottom if least > 0.0 || place.stretches => {
            content.set(AlignElem::alignment, Alignment::V(upright))
        }
        _ => content,
    };
    let block = BlockElem::new()
        .with_body(Some(BlockBody::Content(content)))
        .with_width(width)
        .with_fill(fill(style))
        .with_stroke(strokes(style))
        .with_radius(radius(style, place))
        .with_inset(inset);
    let block = match style.break_inside == Some(Break::Avoid) && !place.in_relayout {
        true => fit::keep_together(block.pack()),
        false => block.pack(),
    };
    match around.iter().all(|half| *half == 0.0) {
        true => block,
        false => {
            let Sides { left, top, right, bottom } = around.map(space_of);
            PadElem::new(block).with_left(left).with_top(top).with_right(right).with_bottom(bottom).pack()
        }
    }
}

/// The least height of a box's content, in points; 0 if CSS specifies none.
pub(super) fn least_height(style: &Style, place: Place) -> f64 {
    let least = [style.height, style.min_height].into_iter().flatten();
    let least = least.filter_map(|height| lengths::height(height, style, place)).fold(0.0, f64::max);
    let frame = if style.border_box == Some(true) { frame_height(style, place) } else { 0.0 };
    // A page of its own may be higher than others: the layout bounds what is in no other box by its page.
    let most = if place.boxed { place.height } else { f64::INFINITY };
    (least - frame).min(most).max(0.0)
}

/// Where the boxes of a row stand in its height.
fn in_height(style: &Style) -> VAlignment {
    let is_column = style.display == Some(css::Display::Flex) && style.row.is_column == Some(true);
    match (style.display, style.row.items) {
        (Some(css::Display::Flex | css::Display::Grid), Some(css::Items::Center)) if !is_column => VAlignment::Horizon,
        (Some(css::Display::Flex | css::Display::Grid), Some(css::Items::End)) if !is_column => VAlignment::Bottom,
        _ => VAlignment::Top,
    }
}

fn space_of(points: f64) -> Rel<Length> {
    pt(points).into()
}

/// Adds the margins to the left and right; `auto` takes what `width` leaves.
pub fn with_side_margins(content: Content, style: &Style, place: Place, width: Option<Rel<Length>>) -> Content {
    let css::Sides { left, right, .. } = style.margin;
    let specified = |margin: Option<Margin>| match margin {
        Some(Margin::Length(length)) => rel(length, style, place),
        Some(Margin::Auto) | None => Rel::zero(),
    };
    let (before, after) = (specified(left), specified(right));
    let auto = |margin: Option<Margin>| margin == Some(Margin::Auto);
    let (before, after) = match width {
        None => (before, after),
        Some(width) => {
            // Typst divides by what ratios leave, so they do not add up to all of the width.
            let left_over = match width.rel.is_zero() {
                true => space_of(place.width) - width,
                false => Rel::from(Ratio::one()) - width,
            };
            match (auto(left), auto(right)) {
                (true, true) => (half(left_over), half(left_over)),
                (true, false) => (left_over - after, after),
                _ => (before, left_over - before),
            }
        }
    };
    match before.is_zero() && after.is_zero() {
        true => content,
        false => PadElem::new(content).with_left(before).with_right(after).pack(),
    }
}

fn half(rel: Rel<Length>) -> Rel<Length> {
    rel * 0.5
}

/// `is_whole`: whether the box of words stays in one line.
pub fn inline(content: Content, style: &Style, place: Place, fonts: &Fonts, is_whole: bool) -> Content {
    let faded = opacity(style).map(|opacity| faded_style(style, opacity));
    let style = faded.as_ref().unwrap_or(style);
    let content = decorated(content, style);
    // Widths and heights do not apply to words.
    let boxed = is_in_line(style);
    let content = match (boxed, fill(style), has_border(style)) {
        (true, ..) => {
            let width =
                style.width.map_or(Sizing::Auto, |width| match outer_width(width, style, place) < place.width {
                    true => Sizing::Rel(rel(width, style, place) + space_of(outer_frame(width, style, place))),
                    false => Sizing::Rel(Ratio::one().into()),
                });
            let frame = if style.border_box == Some(true) { frame_height(style, place) } else { 0.0 };
            let body = match style.height.and_then(|height| lengths::height(height, style, place)) {
                Some(height) => fit::with_min_height(content, (height - frame).clamp(0.0, place.height)),
                None => content,
            };
            BoxElem::new()
                .with_body(Some(body.styled_with_map(styles(style, place, fonts))))
                .with_baseline(baseline(style))
                .with_width(width)
                .with_fill(fill(style))
                .with_stroke(strokes(style))
                .with_radius(radius(style, place))
                .with_inset(inset(style, place))
                .pack()
        }
        (false, None, false) => inline_box::padded(content, style, place),
        (false, ..) if is_whole => inline_box::whole(content, style, place),
        (false, fill, _) => inline_box::broken(content, fill, style, place),
    };
    // What is in a box has the styles of lines too, such as its alignment.
    let content = if boxed { content } else { content.styled_with_map(inline_styles(style, place, fonts)) };
    let space = |margin: Option<Margin>| match margin {
        Some(Margin::Length(length)) => points(length, style, place).clamp(0.0, place.width / 2.0),
        Some(Margin::Auto) | None => 0.0,
    };
    match (space(style.margin.left), space(style.margin.right)) {
        (0.0, 0.0) => content,
        (left, right) => {
            let left = if left > 0.0 { across(left) } else { Content::empty() };
            let right = if right > 0.0 { across(right) } else { Content::empty() };
            left + content + right
        }
    }
}

/// Where the baseline of a picture or box in a line is: `vertical-align`.
pub fn baseline(style: &Style) -> BaselinePos {
    let (at, ems) = match style.vertical_align {
        Some(css::VerticalAlign::Top) => (VAlignment::Top, -inline_box::ASCENT),
        Some(css::VerticalAlign::Middle) => (VAlignment::Horizon, -X_HEIGHT / 2.0),
        Some(css::VerticalAlign::Bottom) => (VAlignment::Bottom, inline_box::DESCENT),
        Some(css::VerticalAlign::Super | css::VerticalAlign::Sub) | None => return BaselinePos::default(),
    };
    let shift: Rel<Length> = Length::from(Em::new(ems)).into();
    dict! { "at" => at, "shift" => shift }.into_value().cast().unwrap_or_default()
}

/// A baseline so many points above the lower edge.
pub fn baseline_above(points: f64) -> BaselinePos {
    let shift: Rel<Length> = pt(points).into();
    dict! { "at" => VAlignment::Bottom, "shift" => shift }.into_value().cast().unwrap_or_default()
}

fn across(points: f64) -> Content {
    HElem::new(Spacing::Rel(space_of(points))).pack()
}

/// A picture with border, background, padding and round corners.
pub fn framed(image: Content, style: &Style, place: Place) -> Content {
    let is_round = style.border_radius.iter().any(Option::is_some);
    if !(is_round || fill(style).is_some() || has_border(style) || has_padding(style)) {
        return image;
    }
    BoxElem::new()
        .with_body(Some(image))
        .with_fill(fill(style))
        .with_stroke(strokes(style))
        .with_radius(radius(style, place))
        .with_inset(inset(style, place))
        .with_clip(is_round)
        .pack()
}
