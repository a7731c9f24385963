//! Reads the property `content` of generated text and of margin boxes.

use super::component::Component;
use super::page_style::MarginItem;
use super::property::Property;
use super::reason::Reason;
use super::style::{Content, ContentItem, ListStyle};

pub(super) fn of_element(parts: &[Component]) -> Result<Vec<Property>, Reason> {
    let mut items = Vec::new();
    for part in parts {
        items.push(match part {
            Component::Ident(_, ident) if parts.len() == 1 && matches!(ident.as_str(), "none" | "normal") => break,
            Component::String(text) => ContentItem::Text(text.clone()),
            Component::Function(name, inner) if name == "attr" => match inner.as_slice() {
                [Component::Ident(_, attribute)] => ContentItem::Attribute(attribute.clone()),
                _ => return Err(Reason::new("`attr()` takes one attribute's name")),
            },
            Component::Function(name, inner) if name == "counter" || name == "counters" => {
                element_counter(name, inner)?
            }
            Component::Url(_) => return Err(Reason::new("images are not supported in `content`")),
            Component::Ident(_, ident) if ident.ends_with("-quote") => ContentItem::Text(quote(ident).to_owned()),
            _ => return Err(Reason::NotUnderstood),
        });
    }
    Ok(vec![Property::Content(Content(items))])
}

/// `counter(name, style)` and `counters(name, separator, style)`.
fn element_counter(function: &str, inner: &[Component]) -> Result<ContentItem, Reason> {
    let takes = match function {
        "counter" => "`counter()` takes a counter and a style, such as `counter(chapter, upper-roman)`",
        _ => "`counters()` takes a counter, a separator and a style, such as `counters(item, \".\")`",
    };
    let (name, separator, rest) = match (function, inner) {
        ("counter", [Component::Ident(name, _), rest @ ..]) => (name, None, rest),
        ("counters", [Component::Ident(name, _), Component::Comma, Component::String(separator), rest @ ..]) => {
            (name, Some(separator.clone()), rest)
        }
        _ => return Err(Reason::new(takes)),
    };
    if matches!(name.as_str(), "page" | "pages") {
        return Err(Reason::new("pages are only counted in margin boxes of `@page`"));
    }
    let style = match rest {
        [] => ListStyle::Decimal,
        [Component::Comma, style] => counter_style(style)?,
        _ => return Err(Reason::new(takes)),
    };
    Ok(ContentItem::Counter { name: name.clone(), separator, style })
}

fn counter_style(style: &Component) -> Result<ListStyle, Reason> {
    style.ident().and_then(list_style).ok_or_else(|| {
        Reason::new("this counter style is not supported; use decimal, lower-roman, upper-alpha and the like")
    })
}

/// `counter-reset`, `counter-increment` and `counter-set`: names, each with a number or with the usual one.
pub(super) fn counters(parts: &[Component], usual: i32) -> Result<Vec<(String, i32)>, Reason> {
    let mut found: Vec<(String, i32)> = Vec::new();
    for part in parts {
        match part {
            Component::Ident(_, ident) if ident == "none" && parts.len() == 1 => {}
            Component::Ident(name, _) => found.push((name.clone(), usual)),
            Component::Number(number) if number.fract() == 0.0 && number.abs() <= f64::from(i32::MAX) => {
                #[expect(clippy::cast_possible_truncation, reason = "it is whole and in range")]
                let number = *number as i32;
                match found.last_mut() {
                    Some((_, value)) => *value = number,
                    None => return Err(Reason::NotUnderstood),
                }
            }
            _ => return Err(Reason::NotUnderstood),
        }
    }
    Ok(found)
}

fn quote(ident: &str) -> &'static str {
    match ident {
        "open-quote" => "\u{201c}",
        "close-quote" => "\u{201d}",
        _ => "",
    }
}

pub(super) fn of_margin_box(parts: &[Component]) -> Result<Vec<MarginItem>, Reason> {
    let mut items = Vec::new();
    for part in parts {
        items.push(match part {
            Component::Ident(_, ident) if parts.len() == 1 && matches!(ident.as_str(), "none" | "normal") => break,
            Component::String(text) => MarginItem::Text(text.clone()),
            Component::Function(name, inner) if name == "counter" => counter(inner)?,
            Component::Function(name, inner) if name == "string" => match inner.first().and_then(Component::ident) {
                Some("title") => MarginItem::Title,
                Some("date") => MarginItem::Date,
                Some("chapter") => MarginItem::Chapter,
                _ => return Err(Reason::new("`string()` knows `title`, `date` and `chapter`")),
            },
            Component::Function(name, _) => return Err(Reason::new(format!("`{name}()` is not supported here"))),
            Component::Url(_) => return Err(Reason::new("images are not supported in margin boxes")),
            _ => return Err(Reason::NotUnderstood),
        });
    }
    Ok(items)
}

fn counter(inner: &[Component]) -> Result<MarginItem, Reason> {
    let (name, style) = match inner {
        [name] => (name, ListStyle::Decimal),
        [name, Component::Comma, style] => (name, counter_style(style)?),
        _ => return Err(Reason::new("`counter()` takes a counter and a style, such as `counter(page, lower-roman)`")),
    };
    match name.ident() {
        Some("page") => Ok(MarginItem::Page(style)),
        Some("pages") => Ok(MarginItem::Pages(style)),
        _ => Err(Reason::new("`counter()` knows `page` and `pages`")),
    }
}

pub(super) fn list_style(ident: &str) -> Option<ListStyle> {
    Some(match ident {
        "none" => ListStyle::None,
        "disc" => ListStyle::Disc,
        "circle" => ListStyle::Circle,
        "square" => ListStyle::Square,
        "decimal" => ListStyle::Decimal,
        "decimal-leading-zero" => ListStyle::DecimalLeadingZero,
        "lower-alpha" | "lower-latin" => ListStyle::LowerAlpha,
        "upper-alpha" | "upper-latin" => ListStyle::UpperAlpha,
        "lower-roman" => ListStyle::LowerRoman,
        "upper-roman" => ListStyle::UpperRoman,
        "lower-greek" => ListStyle::LowerGreek,
        _ => return None,
    })
}
