//! Reads properties of text: colours, alignment, spacing, lines, hyphenation.

use super::super::color::{CLEAR, SpecifiedColor};
use super::super::component::Component;
use super::super::length::Len;
use super::super::property::Property;
use super::super::reason::Reason;
use super::super::style::{Align, Rgba, Transform, VerticalAlign};
use super::Parsed;

/// The value in lower case, if it is a single ident.
pub(super) fn single_ident(parts: &[Component]) -> Result<&str, Reason> {
    match parts {
        [part] => part.ident().ok_or(Reason::NotUnderstood),
        _ => Err(Reason::NotUnderstood),
    }
}

pub(super) fn color(parts: &[Component]) -> Parsed {
    let [part] = parts else { return Err(Reason::NotUnderstood) };
    Ok(vec![Property::Color(part.color().ok_or(Reason::NotUnderstood)?)])
}

/// `background`: its colour, or the first one of a gradient that can be seen. Images, positions and repetitions are ignored.
pub(super) fn background(parts: &[Component]) -> Parsed {
    let mut gradient = None;
    for part in parts {
        if let Some(color) = part.color() {
            return Ok(vec![Property::Background(color)]);
        }
        if let Component::Function(name, inner) = part
            && name.ends_with("gradient")
        {
            let is_clear = |color: &SpecifiedColor| matches!(color, SpecifiedColor::Rgba(Rgba(.., 0)));
            let colors = || inner.iter().filter_map(Component::color);
            gradient = gradient.or_else(|| colors().find(|color| !is_clear(color)).or_else(|| colors().next()));
        }
    }
    if let Some(color) = gradient {
        return Ok(vec![Property::Background(color)]);
    }
    match parts {
        [part] if part.ident() == Some("none") => Ok(vec![Property::Background(SpecifiedColor::Rgba(CLEAR))]),
        _ if parts.iter().any(|part| matches!(part, Component::Url(_))) => {
            Err(Reason::new("images are not supported; use a colour"))
        }
        _ => Err(Reason::NotUnderstood),
    }
}

/// `background-image`: the first colour of a gradient.
pub(super) fn background_image(parts: &[Component]) -> Parsed {
    match parts {
        [Component::Function(name, _)] if name.ends_with("gradient") => background(parts),
        [part] if part.ident() == Some("none") => Ok(Vec::new()),
        _ => Err(Reason::new("only a background's colour is supported: `background-color`")),
    }
}

pub(super) fn background_color(parts: &[Component]) -> Parsed {
    let [part] = parts else { return Err(Reason::NotUnderstood) };
    match part.ident() {
        Some("none") => Ok(vec![Property::Background(SpecifiedColor::Rgba(CLEAR))]),
        _ => Ok(vec![Property::Background(part.color().ok_or(Reason::NotUnderstood)?)]),
    }
}

pub(super) fn align(parts: &[Component]) -> Parsed {
    Ok(vec![Property::TextAlign(match single_ident(parts)? {
        "left" | "start" | "-webkit-left" | "-webkit-auto" => Align::Left,
        "center" | "-webkit-center" => Align::Center,
        "right" | "end" | "-webkit-right" => Align::Right,
        "justify" => Align::Justify,
        _ => return Err(Reason::NotUnderstood),
    })])
}

pub(super) fn vertical_align(parts: &[Component]) -> Parsed {
    if let [Component::Length(_)] | [Component::Number(_)] = parts {
        return Err(Reason::new("lengths are not supported; use super or sub"));
    }
    Ok(vec![Property::VerticalAlign(match single_ident(parts)? {
        "baseline" => None,
        "top" | "text-top" => Some(VerticalAlign::Top),
        "middle" => Some(VerticalAlign::Middle),
        "bottom" | "text-bottom" => Some(VerticalAlign::Bottom),
        "super" => Some(VerticalAlign::Super),
        "sub" => Some(VerticalAlign::Sub),
        _ => return Err(Reason::NotUnderstood),
    })])
}

pub(super) fn spacing(parts: &[Component], property: fn(Len) -> Property) -> Parsed {
    let [part] = parts else { return Err(Reason::NotUnderstood) };
    if part.ident() == Some("normal") {
        return Ok(vec![property(Len::default())]);
    }
    let len = part.len().ok_or(Reason::NotUnderstood)?;
    if len.has_percent() {
        return Err(Reason::new("percentages are not supported; use em"));
    }
    Ok(vec![property(len)])
}

pub(super) fn indent(parts: &[Component]) -> Parsed {
    match parts {
        [part] => Ok(vec![Property::TextIndent(part.len().ok_or(Reason::NotUnderstood)?)]),
        _ => Err(Reason::new("`hanging` and `each-line` are not supported; use a length")),
    }
}

pub(super) fn transform(parts: &[Component]) -> Parsed {
    Ok(vec![Property::TextTransform(match single_ident(parts)? {
        "none" => Transform::None,
        "uppercase" => Transform::Uppercase,
        "lowercase" => Transform::Lowercase,
        "capitalize" => Transform::Capitalize,
        _ => return Err(Reason::NotUnderstood),
    })])
}

pub(super) fn decoration(parts: &[Component]) -> Parsed {
    let (mut underline, mut strike, mut color) = (false, false, None);
    for part in parts {
        match part.ident() {
            Some("underline") => underline = true,
            Some("line-through") => strike = true,
            Some("none") if parts.len() == 1 => {}
            Some("solid" | "auto") => {}
            Some("overline" | "blink") => return Err(Reason::new("use underline or line-through")),
            Some("double" | "dotted" | "dashed" | "wavy") => {}
            _ if part.color().is_some() => color = part.color(),
            _ if part.len().is_some() => {}
            _ => return Err(Reason::NotUnderstood),
        }
    }
    Ok(vec![Property::TextDecoration { underline, strike, color }])
}

pub(super) fn decoration_color(parts: &[Component]) -> Parsed {
    let [part] = parts else { return Err(Reason::NotUnderstood) };
    Ok(vec![Property::LineColor(part.color().ok_or(Reason::NotUnderstood)?)])
}

pub(super) fn hyphens(parts: &[Component]) -> Parsed {
    Ok(vec![Property::Hyphens(match single_ident(parts)? {
        "none" | "manual" => false,
        "auto" => true,
        _ => return Err(Reason::NotUnderstood),
    })])
}

pub(super) fn white_space(parts: &[Component]) -> Parsed {
    let (keeps, wraps) = match single_ident(parts)? {
        "normal" => (false, true),
        "nowrap" => (false, false),
        "pre" | "pre-wrap" | "break-spaces" => (true, true),
        "pre-line" => return Err(Reason::new("use pre-wrap, which keeps line ends and spaces")),
        _ => return Err(Reason::NotUnderstood),
    };
    Ok(vec![Property::KeepSpaces(keeps), Property::Wraps(wraps)])
}
