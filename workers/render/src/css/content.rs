//! Generated content: the property `content`.

use super::component::Component;
use super::page_style::Piece;
use super::property::Property;
use super::reason::Reason;
use super::style::{Bit, Content, ListStyle};

pub(super) fn of_element(parts: &[Component]) -> Result<Vec<Property>, Reason> {
    let mut bits = Vec::new();
    for part in parts {
        bits.push(match part {
            Component::Word(_, word) if parts.len() == 1 && matches!(word.as_str(), "none" | "normal") => break,
            Component::Text(text) => Bit::Text(text.clone()),
            Component::Function(name, inner) if name == "attr" => match inner.as_slice() {
                [Component::Word(_, attribute)] => Bit::Attribute(attribute.clone()),
                _ => return Err(Reason::says("`attr()` takes one attribute's name")),
            },
            Component::Function(name, _) if name == "counter" || name == "counters" => {
                return Err(Reason::says(format!(
                    "`{name}()` is only supported in margin boxes of `@page`; headings are numbered by the option `numbering`"
                )));
            }
            Component::Url(_) => return Err(Reason::says("images are not supported in `content`")),
            Component::Word(_, word) if word.ends_with("-quote") => Bit::Text(quote(word).to_owned()),
            _ => return Err(Reason::NotUnderstood),
        });
    }
    Ok(vec![Property::Content(Content(bits))])
}

fn quote(word: &str) -> &'static str {
    match word {
        "open-quote" => "\u{201c}",
        "close-quote" => "\u{201d}",
        _ => "",
    }
}

pub(super) fn of_margin_box(parts: &[Component]) -> Result<Vec<Piece>, Reason> {
    let mut pieces = Vec::new();
    for part in parts {
        pieces.push(match part {
            Component::Word(_, word) if parts.len() == 1 && matches!(word.as_str(), "none" | "normal") => break,
            Component::Text(text) => Piece::Text(text.clone()),
            Component::Function(name, inner) if name == "counter" => counter(inner)?,
            Component::Function(name, inner) if name == "string" => match inner.first().and_then(Component::word) {
                Some("title") => Piece::Title,
                Some("date") => Piece::Date,
                Some("chapter") => Piece::Chapter,
                _ => return Err(Reason::says("`string()` knows `title`, `date` and `chapter`")),
            },
            Component::Function(name, _) => return Err(Reason::says(format!("`{name}()` is not supported here"))),
            Component::Url(_) => return Err(Reason::says("images are not supported in margin boxes")),
            _ => return Err(Reason::NotUnderstood),
        });
    }
    Ok(pieces)
}

fn counter(inner: &[Component]) -> Result<Piece, Reason> {
    let (name, style) = match inner {
        [name] => (name, ListStyle::Decimal),
        [name, Component::Comma, style] => {
            let word = style.word().and_then(list_style);
            let unknown = || {
                Reason::says("this counter style is not supported; use decimal, lower-roman, upper-alpha and the like")
            };
            (name, word.ok_or_else(unknown)?)
        }
        _ => return Err(Reason::says("`counter()` takes a counter and a style, such as `counter(page, lower-roman)`")),
    };
    match name.word() {
        Some("page") => Ok(Piece::Page(style)),
        Some("pages") => Ok(Piece::Pages(style)),
        _ => Err(Reason::says("`counter()` knows `page` and `pages`")),
    }
}

pub(super) fn list_style(word: &str) -> Option<ListStyle> {
    Some(match word {
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
