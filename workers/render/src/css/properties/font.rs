//! Reads properties of fonts: family, size, weight, style, line height.

use super::super::component::Component;
use super::super::length::Len;
use super::super::property::{LineHeight, Property, Size, Weight};
use super::super::reason::Reason;
use super::Parsed;

/// The most families in a list.
const FAMILIES: usize = 32;

/// `font-family`: strings, or sequences of words.
pub(super) fn family(parts: &[Component]) -> Parsed {
    let mut families = Vec::new();
    for group in parts.split(|part| *part == Component::Comma) {
        let mut words = Vec::new();
        match group {
            [Component::String(name)] => words.push(name.as_str()),
            [] => return Err(Reason::new("a family is missing between commas")),
            _ => {
                for part in group {
                    let Component::Ident(ident, _) = part else { return Err(Reason::NotUnderstood) };
                    words.push(ident);
                }
            }
        }
        let name = words.join(" ");
        let generic = name.to_ascii_lowercase();
        let is_generic = matches!(generic.as_str(), "serif" | "sans-serif" | "monospace" | "system-ui");
        families.push(if is_generic { generic } else { name });
    }
    families.truncate(FAMILIES);
    Ok(vec![Property::FontFamily(families)])
}

pub(super) fn size(parts: &[Component]) -> Parsed {
    let [part] = parts else { return Err(Reason::NotUnderstood) };
    let size = match (part.len(), part.ident()) {
        (Some(len), _) if len.is_negative() => return Err(Reason::new("a font can't be smaller than nothing")),
        (Some(len), _) => Size::Len(len),
        (None, Some(ident)) => named_size(ident).ok_or(Reason::NotUnderstood)?,
        _ => return Err(Reason::NotUnderstood),
    };
    Ok(vec![Property::FontSize(size)])
}

fn named_size(ident: &str) -> Option<Size> {
    Some(match ident {
        "xx-small" => Size::Step(0.6),
        "x-small" => Size::Step(0.75),
        "small" => Size::Step(8.0 / 9.0),
        "medium" => Size::Step(1.0),
        "large" => Size::Step(1.2),
        "x-large" => Size::Step(1.5),
        "xx-large" => Size::Step(2.0),
        "xxx-large" => Size::Step(3.0),
        "larger" => Size::Factor(1.2),
        "smaller" => Size::Factor(1.0 / 1.2),
        _ => return None,
    })
}

pub(super) fn weight(parts: &[Component]) -> Parsed {
    let [part] = parts else { return Err(Reason::NotUnderstood) };
    Ok(vec![Property::FontWeight(weight_of(part).ok_or(Reason::NotUnderstood)?)])
}

fn weight_of(part: &Component) -> Option<Weight> {
    match part {
        Component::Number(number) if (1.0..=1000.0).contains(number) => {
            Some(Weight::Of((*number as u16).clamp(100, 900)))
        }
        Component::Ident(_, ident) => match ident.as_str() {
            "normal" => Some(Weight::Of(400)),
            "bold" => Some(Weight::Of(700)),
            "bolder" => Some(Weight::Bolder),
            "lighter" => Some(Weight::Lighter),
            _ => None,
        },
        _ => None,
    }
}

pub(super) fn style(parts: &[Component]) -> Parsed {
    match parts.first().and_then(Component::ident) {
        Some("normal") if parts.len() == 1 => Ok(vec![Property::Italic(false)]),
        Some("italic" | "oblique") if parts.len() == 1 => Ok(vec![Property::Italic(true)]),
        Some("oblique") => Err(Reason::new("the angle of `oblique` can't be set")),
        _ => Err(Reason::NotUnderstood),
    }
}

pub(super) fn variant(parts: &[Component]) -> Parsed {
    match parts {
        [part] => match part.ident() {
            Some("normal" | "none") => Ok(vec![Property::SmallCaps(false)]),
            Some("small-caps") => Ok(vec![Property::SmallCaps(true)]),
            Some("all-small-caps") => {
                Err(Reason::new("`font-variant: small-caps` with `text-transform: lowercase` is the same"))
            }
            Some(_) => Err(Reason::new("only `normal` and `small-caps` are supported")),
            None => Err(Reason::NotUnderstood),
        },
        _ => Err(Reason::new("only `normal` and `small-caps` are supported")),
    }
}

pub(super) fn line_height(parts: &[Component]) -> Parsed {
    let [part] = parts else { return Err(Reason::NotUnderstood) };
    Ok(vec![Property::LineHeight(lines(part)?)])
}

fn lines(part: &Component) -> Result<LineHeight, Reason> {
    let negative = || Reason::new("lines can't be less than nothing apart");
    match part {
        Component::Ident(_, ident) if ident == "normal" => Ok(LineHeight::Normal),
        Component::Number(factor) if *factor < 0.0 => Err(negative()),
        Component::Number(factor) => Ok(LineHeight::Factor(factor.min(100.0))),
        Component::Length(len) if len.is_negative() => Err(negative()),
        Component::Length(len) if *len == (Len { percent: len.percent, ..Len::default() }) => {
            Ok(LineHeight::Factor((len.percent / 100.0).min(100.0)))
        }
        Component::Length(len) if *len == (Len { em: len.em, ..Len::default() }) => {
            Ok(LineHeight::Factor(len.em.min(100.0)))
        }
        Component::Length(len) => Ok(LineHeight::Len(*len)),
        _ => Err(Reason::NotUnderstood),
    }
}

/// `font`: words, a size with an optional `/` and line height, families.
pub(super) fn shorthand(parts: &[Component]) -> Parsed {
    if let [Component::Ident(_, ident)] = parts
        && matches!(ident.as_str(), "caption" | "icon" | "menu" | "message-box" | "small-caption" | "status-bar")
    {
        return Err(Reason::new("paper has no system fonts"));
    }
    let mut found = vec![
        Property::FontWeight(Weight::Of(400)),
        Property::Italic(false),
        Property::SmallCaps(false),
        Property::LineHeight(LineHeight::Normal),
    ];
    let mut rest = parts;
    while let [part, after @ ..] = rest {
        let one = std::slice::from_ref(part);
        if let Some(weight) = weight_of(part).filter(|_| part.ident() != Some("normal")) {
            found.push(Property::FontWeight(weight));
        } else if let Some("italic" | "oblique" | "small-caps" | "normal") = part.ident() {
            found.extend(match part.ident() {
                Some("small-caps") => variant(one)?,
                Some("normal") => Vec::new(),
                _ => style(one)?,
            });
        } else {
            break;
        }
        rest = after;
    }
    let [first, after @ ..] = rest else { return Err(Reason::NotUnderstood) };
    found.extend(size(std::slice::from_ref(first))?);
    let families = match after {
        [Component::Slash, height, families @ ..] => {
            found.push(Property::LineHeight(lines(height)?));
            families
        }
        families => families,
    };
    if families.is_empty() {
        return Err(Reason::new("a family is missing after the size"));
    }
    found.extend(family(families)?);
    Ok(found)
}
