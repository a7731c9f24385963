//! Reads properties of boxes: margins, padding, borders, corners, sizes.

use super::super::color::SpecifiedColor;
use super::super::component::Component;
use super::super::length::Len;
use super::super::property::{Property, SIDES, Side};
use super::super::reason::Reason;
use super::super::style::{LineStyle, ObjectFit};
use super::Parsed;
use super::text::single_ident;

const NEGATIVE: &str = "it can't be less than nothing";

/// One to four values for the sides, in CSS's order: top, right, bottom, left.
pub(in super::super) fn sides<T: Copy>(values: &[T]) -> Result<[T; 4], Reason> {
    match *values {
        [all] => Ok([all; 4]),
        [block, inline] => Ok([block, inline, block, inline]),
        [top, inline, bottom] => Ok([top, inline, bottom, inline]),
        [top, right, bottom, left] => Ok([top, right, bottom, left]),
        _ => Err(Reason::NotUnderstood),
    }
}

/// Lengths that are not negative.
pub(in super::super) fn lengths(parts: &[Component]) -> Result<Vec<Len>, Reason> {
    parts.iter().map(positive).collect()
}

fn positive(part: &Component) -> Result<Len, Reason> {
    let len = part.len().ok_or(Reason::NotUnderstood)?;
    if len.is_negative() { Err(Reason::new(NEGATIVE)) } else { Ok(len) }
}

fn one(parts: &[Component]) -> Result<&Component, Reason> {
    match parts {
        [part] => Ok(part),
        _ => Err(Reason::NotUnderstood),
    }
}

fn each<T: Copy>(
    parts: &[Component],
    read: impl Fn(&Component) -> Result<T, Reason>,
    property: impl Fn(Side, T) -> Property,
) -> Parsed {
    let values = parts.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    Ok(SIDES.iter().zip(sides(&values)?).map(|(side, value)| property(*side, value)).collect())
}

fn margin_value(part: &Component) -> Result<Option<Len>, Reason> {
    match part.ident() {
        Some("auto") => Ok(None),
        _ => part.len().map(Some).ok_or(Reason::NotUnderstood),
    }
}

pub(super) fn margin(parts: &[Component]) -> Parsed {
    each(parts, margin_value, Property::Margin)
}

pub(super) fn margin_of(parts: &[Component], side: Side) -> Parsed {
    Ok(vec![Property::Margin(side, margin_value(one(parts)?)?)])
}

pub(super) fn margin_pair(parts: &[Component], start: Side, end: Side) -> Parsed {
    let (first, second) = pair(parts)?;
    Ok(vec![Property::Margin(start, margin_value(first)?), Property::Margin(end, margin_value(second)?)])
}

fn pair(parts: &[Component]) -> Result<(&Component, &Component), Reason> {
    match parts {
        [both] => Ok((both, both)),
        [first, second] => Ok((first, second)),
        _ => Err(Reason::NotUnderstood),
    }
}

pub(super) fn padding(parts: &[Component]) -> Parsed {
    each(parts, positive, Property::Padding)
}

pub(super) fn padding_of(parts: &[Component], side: Side) -> Parsed {
    Ok(vec![Property::Padding(side, positive(one(parts)?)?)])
}

pub(super) fn padding_pair(parts: &[Component], start: Side, end: Side) -> Parsed {
    let (first, second) = pair(parts)?;
    Ok(vec![Property::Padding(start, positive(first)?), Property::Padding(end, positive(second)?)])
}

fn thickness(part: &Component) -> Result<Len, Reason> {
    match part.ident() {
        Some("thin") => Ok(Len::pt(0.75)),
        Some("medium") => Ok(Len::pt(2.25)),
        Some("thick") => Ok(Len::pt(3.75)),
        _ => {
            let len = positive(part)?;
            if len.has_percent() { Err(Reason::new("a line's width can't be a percentage")) } else { Ok(len) }
        }
    }
}

fn line(part: &Component) -> Result<LineStyle, Reason> {
    match part.ident() {
        Some("none" | "hidden") => Ok(LineStyle::None),
        Some("solid") => Ok(LineStyle::Solid),
        Some("dashed") => Ok(LineStyle::Dashed),
        Some("dotted") => Ok(LineStyle::Dotted),
        Some("double" | "groove" | "ridge" | "inset" | "outset") => Ok(LineStyle::Solid),
        _ => Err(Reason::NotUnderstood),
    }
}

fn color(part: &Component) -> Result<SpecifiedColor, Reason> {
    part.color().ok_or(Reason::NotUnderstood)
}

pub(super) fn border(parts: &[Component]) -> Parsed {
    border_of(parts, &SIDES)
}

/// Width, style and colour in any order; a missing one has CSS's default.
pub(super) fn border_of(parts: &[Component], sides: &[Side]) -> Parsed {
    let (mut width, mut style, mut color) = (None, None, None);
    for part in parts {
        if let (None, Ok(len)) = (width, thickness(part)) {
            width = Some(len);
        } else if let (None, Some(found)) = (color, part.color()) {
            color = Some(found);
        } else if style.is_none() && part.ident().is_some() {
            style = Some(line(part)?);
        } else {
            return Err(Reason::NotUnderstood);
        }
    }
    if width.is_none() && style.is_none() && color.is_none() {
        return Err(Reason::NotUnderstood);
    }
    if style.is_none() && width != Some(Len::default()) {
        return Err(Reason::new("a style is missing, such as `solid`, and without one no line is drawn"));
    }
    let line = style.unwrap_or(LineStyle::None);
    let (width, color) = (width.unwrap_or(Len::pt(2.25)), color.unwrap_or(SpecifiedColor::Current));
    let of = |side: &Side| {
        [Property::BorderWidth(*side, width), Property::BorderLine(*side, line), Property::BorderColor(*side, color)]
    };
    Ok(sides.iter().flat_map(of).collect())
}

pub(super) fn border_width(parts: &[Component]) -> Parsed {
    each(parts, thickness, Property::BorderWidth)
}

pub(super) fn border_style(parts: &[Component]) -> Parsed {
    each(parts, line, Property::BorderLine)
}

pub(super) fn border_color(parts: &[Component]) -> Parsed {
    each(parts, color, Property::BorderColor)
}

pub(super) fn width_of(parts: &[Component], side: Side) -> Parsed {
    Ok(vec![Property::BorderWidth(side, thickness(one(parts)?)?)])
}

pub(super) fn style_of(parts: &[Component], side: Side) -> Parsed {
    Ok(vec![Property::BorderLine(side, line(one(parts)?)?)])
}

pub(super) fn color_of(parts: &[Component], side: Side) -> Parsed {
    Ok(vec![Property::BorderColor(side, color(one(parts)?)?)])
}

pub(super) fn radius(parts: &[Component]) -> Parsed {
    if parts.contains(&Component::Slash) {
        return Err(Reason::new("corners are round: one radius each, without `/`"));
    }
    let corners = sides(&lengths(parts)?)?;
    Ok(corners.iter().enumerate().map(|(corner, len)| Property::Radius(corner, *len)).collect())
}

pub(super) fn radius_of(parts: &[Component], corner: usize) -> Parsed {
    Ok(vec![Property::Radius(corner, positive(one(parts)?)?)])
}

/// `width`, `max-width`, `height`.
pub(super) fn size(parts: &[Component], free: &str, property: fn(Option<Len>) -> Property) -> Parsed {
    let part = one(parts)?;
    match part.ident() {
        Some(ident) if ident == free => Ok(vec![property(None)]),
        Some("min-content" | "max-content" | "fit-content" | "stretch") => {
            Err(Reason::new("use a length or a percentage"))
        }
        _ => Ok(vec![property(Some(positive(part)?))]),
    }
}

pub(super) fn object_fit(parts: &[Component]) -> Parsed {
    Ok(vec![Property::ObjectFit(match single_ident(parts)? {
        "fill" => ObjectFit::Fill,
        "contain" | "scale-down" => ObjectFit::Contain,
        "cover" | "none" => ObjectFit::Cover,
        _ => return Err(Reason::NotUnderstood),
    })])
}

pub(super) fn collapse(parts: &[Component]) -> Parsed {
    match single_ident(parts)? {
        "collapse" => Ok(vec![Property::Collapse(true)]),
        "separate" => Ok(vec![Property::Collapse(false)]),
        _ => Err(Reason::NotUnderstood),
    }
}

pub(super) fn spacing(parts: &[Component]) -> Parsed {
    match lengths(parts)?[..] {
        [both] => Ok(vec![Property::BorderSpacing(both, both)]),
        [across, down] => Ok(vec![Property::BorderSpacing(across, down)]),
        _ => Err(Reason::NotUnderstood),
    }
}

pub(super) fn sizing(parts: &[Component]) -> Parsed {
    Ok(vec![Property::BorderBox(match single_ident(parts)? {
        "border-box" => true,
        "content-box" => false,
        _ => return Err(Reason::NotUnderstood),
    })])
}
