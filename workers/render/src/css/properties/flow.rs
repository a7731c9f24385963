//! Reads properties of the flow: lists, breaks, columns, display.

use super::super::component::Component;
use super::super::content;
use super::super::property::Property;
use super::super::reason::Reason;
use super::super::style::{Break, Display, ListStyle};
use super::Parsed;
use super::text::single_ident;

const COLUMNS: f64 = 20.0;

/// The values of `display` for parts of tables, with the elements that are these parts.
const TABLE_PARTS: &[(&str, &[&str])] = &[
    ("table-row-group", &["tbody"]),
    ("table-header-group", &["thead"]),
    ("table-footer-group", &["tfoot"]),
    ("table-row", &["tr"]),
    ("table-cell", &["td", "th"]),
    ("table-caption", &["caption"]),
    ("table-column", &["col"]),
    ("table-column-group", &["colgroup"]),
];

pub(super) fn list_style(parts: &[Component]) -> Parsed {
    let mut style = None;
    for part in parts {
        let found = match part {
            Component::String(text) => ListStyle::Text(text.clone()),
            Component::Ident(_, ident) if ident == "outside" && parts.len() > 1 => continue,
            Component::Ident(_, ident) if ident == "inside" => {
                return Err(Reason::new("markers always stand outside"));
            }
            Component::Ident(_, ident) => content::list_style(ident).ok_or_else(|| {
                Reason::new(format!("there is no marker `{ident}` here; a text in quotes can be one"))
            })?,
            Component::Url(_) => return Err(Reason::new("images are not supported; use a text in quotes")),
            _ => return Err(Reason::NotUnderstood),
        };
        // Beside a type, `none` means the image.
        if style.is_none() || found != ListStyle::None {
            style = Some(found);
        }
    }
    Ok(vec![Property::ListStyle(style.ok_or(Reason::NotUnderstood)?)])
}

/// `usual`: the number of a counter that has none beside its name.
pub(super) fn counters(parts: &[Component], usual: i32, property: fn(Vec<(String, i32)>) -> Property) -> Parsed {
    Ok(vec![property(content::counters(parts, usual)?)])
}

/// `break-before`, `break-after`, and their older names.
pub(super) fn break_at(parts: &[Component], property: fn(Break) -> Property) -> Parsed {
    Ok(vec![property(match single_ident(parts)? {
        "auto" => Break::Auto,
        "page" | "always" | "all" => Break::Page,
        "left" | "verso" => Break::Left,
        "right" | "recto" => Break::Right,
        "column" => Break::Column,
        "avoid" | "avoid-page" | "avoid-column" => Break::Avoid,
        _ => return Err(Reason::NotUnderstood),
    })])
}

/// `break-inside`, `page-break-inside`.
pub(super) fn break_inside(parts: &[Component]) -> Parsed {
    Ok(vec![Property::BreakInside(match single_ident(parts)? {
        "auto" => Break::Auto,
        "avoid" | "avoid-page" | "avoid-column" => Break::Avoid,
        _ => return Err(Reason::NotUnderstood),
    })])
}

/// `page`: the name of the pages that an element is on.
pub(super) fn page(parts: &[Component]) -> Parsed {
    match single_ident(parts)? {
        "auto" => Ok(vec![Property::Page(None)]),
        name => Ok(vec![Property::Page(Some(name.to_lowercase()))]),
    }
}

/// `orphans`, `widows`.
pub(super) fn lone_lines(parts: &[Component], property: fn(bool) -> Property) -> Parsed {
    match parts {
        [Component::Number(number)] if *number >= 1.0 && number.fract() == 0.0 => Ok(vec![property(*number >= 2.0)]),
        _ => Err(Reason::NotUnderstood),
    }
}

pub(super) fn columns(parts: &[Component]) -> Parsed {
    let mut count = None;
    for part in parts {
        match part {
            Component::Ident(_, ident) if ident == "auto" => {}
            Component::Number(number) if count.is_none() && number.fract() == 0.0 && *number >= 1.0 => {
                if *number > COLUMNS {
                    return Err(Reason::new(format!("up to {COLUMNS} columns are possible")));
                }
                count = Some(*number as u16);
            }
            Component::Length(_) => return Err(Reason::new("the width of columns can't be set; use their number")),
            _ => return Err(Reason::NotUnderstood),
        }
    }
    Ok(vec![Property::Columns(count)])
}

pub(super) fn gap(parts: &[Component]) -> Parsed {
    let [part] = parts else { return Err(Reason::NotUnderstood) };
    if part.ident() == Some("normal") {
        return Ok(vec![Property::ColumnGap(None)]);
    }
    match part.len() {
        Some(len) if len.is_negative() => Err(Reason::new("it can't be less than nothing")),
        Some(len) => Ok(vec![Property::ColumnGap(Some(len))]),
        None => Err(Reason::NotUnderstood),
    }
}

pub(super) fn display(parts: &[Component]) -> Parsed {
    let row = |display: Display, is_inline: bool| Ok(vec![Property::Display(display), Property::InlineRow(is_inline)]);
    Ok(vec![Property::Display(match single_ident(parts)? {
        "none" => Display::None,
        "block" | "flow-root" | "table" => Display::Block,
        "list-item" => Display::ListItem,
        "inline" => Display::Inline,
        "inline-block" | "inline-table" => Display::InlineBlock,
        "flex" => return row(Display::Flex, false),
        "inline-flex" => return row(Display::Flex, true),
        "grid" | "inline-grid" => Display::Grid,
        "contents" | "run-in" | "ruby" => return Err(Reason::new("use block, inline, inline-block or none")),
        ident => match TABLE_PARTS.iter().find(|(part, _)| *part == ident) {
            // It is what the element is already, or a warning says that it is not.
            Some((part, elements)) => return Ok(vec![Property::TablePart(part, elements)]),
            None => return Err(Reason::NotUnderstood),
        },
    })])
}

pub(super) fn opacity(parts: &[Component]) -> Parsed {
    let value = match parts {
        [Component::Number(value)] => *value,
        [Component::Length(len)] if len.has_percent() => len.percent / 100.0,
        _ => return Err(Reason::NotUnderstood),
    };
    Ok(vec![Property::Opacity(value.clamp(0.0, 1.0))])
}
