//! Reads properties of rows: flexible boxes, grids, floats.

use super::super::component::Component;
use super::super::length::Len;
use super::super::property::{Property, TrackSize as Size};
use super::super::reason::Reason;
use super::super::style::{Float, Items, Justify};
use super::Parsed;
use super::text::single_ident;

/// The most tracks of a grid.
const TRACKS: usize = 50;

fn share(part: &Component) -> Option<f64> {
    let Component::Ident(_, ident) = part else { return None };
    ident.strip_suffix("fr")?.parse().ok().filter(|share: &f64| share.is_finite() && *share >= 0.0)
}

pub(super) fn tracks(parts: &[Component]) -> Parsed {
    if let [part] = parts
        && part.ident() == Some("none")
    {
        return Ok(vec![Property::Tracks(Vec::new())]);
    }
    let mut found = Vec::new();
    for part in parts {
        found.extend(track(part)?);
        if found.len() > TRACKS {
            return Err(Reason::new(format!("up to {TRACKS} columns are possible")));
        }
    }
    Ok(vec![Property::Tracks(found)])
}

fn track(part: &Component) -> Result<Vec<Size>, Reason> {
    if let Some(share) = share(part) {
        return Ok(vec![Size::Share(share)]);
    }
    if let Some(len) = part.len() {
        return Ok(vec![Size::Len(len)]);
    }
    match part {
        Component::Ident(_, ident) if ident == "auto" => Ok(vec![Size::Auto]),
        Component::Ident(_, ident) if matches!(ident.as_str(), "min-content" | "max-content") => {
            Ok(vec![Size::Content])
        }
        Component::Function(name, inner) => {
            let groups: Vec<&[Component]> = inner.split(|part| *part == Component::Comma).collect();
            match (name.as_str(), groups.as_slice()) {
                ("minmax", [_, [most]]) => track(most),
                ("fit-content", _) => Ok(vec![Size::Content]),
                ("repeat", [[Component::Number(count)], tracks]) if *count >= 1.0 && count.fract() == 0.0 => {
                    let mut one = Vec::new();
                    for part in *tracks {
                        one.extend(track(part)?);
                    }
                    Ok(one.repeat((*count as usize).min(TRACKS)))
                }
                ("repeat", [[Component::Ident(_, fill)], tracks]) if fill == "auto-fit" || fill == "auto-fill" => {
                    let least = match tracks {
                        [Component::Function(name, inner)] if name == "minmax" => inner.first(),
                        [part] => Some(part),
                        _ => None,
                    };
                    let least = least.and_then(Component::len).ok_or(Reason::NotUnderstood)?;
                    Ok(vec![Size::Fill(least)])
                }
                _ => Err(Reason::NotUnderstood),
            }
        }
        _ => Err(Reason::NotUnderstood),
    }
}

/// `flex`: grow, shrink, basis; shrinking is always done.
pub(super) fn flex(parts: &[Component]) -> Parsed {
    let (mut grow, mut numbers, mut basis) = (None, 0, None);
    for part in parts {
        match part {
            Component::Ident(_, ident) if parts.len() == 1 => match ident.as_str() {
                "none" | "initial" => grow = Some(0.0),
                "auto" => grow = Some(1.0),
                _ => return Err(Reason::NotUnderstood),
            },
            Component::Ident(_, ident) if ident == "auto" || ident == "content" => {}
            Component::Number(number) if numbers < 2 => {
                grow = grow.or(Some(number.max(0.0)));
                numbers += 1;
            }
            part => basis = Some(part.len().ok_or(Reason::NotUnderstood)?),
        }
    }
    let grow = grow.unwrap_or(1.0);
    let mut found = vec![Property::Grow(grow)];
    if let Some(basis) = basis.filter(|basis| *basis != Len::default()) {
        found.push(Property::Basis(Some(basis)));
    }
    Ok(found)
}

pub(super) fn grow(parts: &[Component]) -> Parsed {
    match parts {
        [Component::Number(number)] if *number >= 0.0 => Ok(vec![Property::Grow(*number)]),
        _ => Err(Reason::NotUnderstood),
    }
}

/// Boxes shrink in any case.
pub(super) fn shrink(parts: &[Component]) -> Parsed {
    grow(parts).map(|_| Vec::new())
}

pub(super) fn basis(parts: &[Component]) -> Parsed {
    match parts {
        [part] if matches!(part.ident(), Some("auto" | "content")) => Ok(vec![Property::Basis(None)]),
        [part] => Ok(vec![Property::Basis(Some(part.len().ok_or(Reason::NotUnderstood)?))]),
        _ => Err(Reason::NotUnderstood),
    }
}

/// `flex-direction`, `flex-wrap`, and both in `flex-flow`.
pub(super) fn flow(parts: &[Component]) -> Parsed {
    let mut found = Vec::new();
    for part in parts {
        found.push(match part.ident() {
            Some("row") => Property::ColumnDirection(false),
            Some("column") => Property::ColumnDirection(true),
            Some("row-reverse" | "column-reverse" | "wrap-reverse") => {
                return Err(Reason::new("the order of boxes is that of the text"));
            }
            Some("wrap") => Property::Wrap(true),
            Some("nowrap") => Property::Wrap(false),
            _ => return Err(Reason::NotUnderstood),
        });
    }
    if found.is_empty() { Err(Reason::NotUnderstood) } else { Ok(found) }
}

pub(super) fn justify(parts: &[Component]) -> Parsed {
    Ok(vec![Property::Justify(match single_ident(parts)? {
        "start" | "flex-start" | "left" | "normal" | "stretch" => Justify::Start,
        "end" | "flex-end" | "right" => Justify::End,
        "center" => Justify::Center,
        "space-between" => Justify::Between,
        "space-around" | "space-evenly" => Justify::Around,
        _ => return Err(Reason::NotUnderstood),
    })])
}

pub(super) fn items(parts: &[Component]) -> Parsed {
    Ok(vec![Property::Items(match single_ident(parts)? {
        "stretch" | "normal" => Items::Stretch,
        "start" | "flex-start" | "baseline" => Items::Start,
        "center" => Items::Center,
        "end" | "flex-end" => Items::End,
        _ => return Err(Reason::NotUnderstood),
    })])
}

/// `gap`: of rows, then of columns.
pub(super) fn gaps(parts: &[Component]) -> Parsed {
    let read = |part: &Component| match part.ident() {
        Some("normal") => Ok(None),
        _ => part.len().filter(|len| !len.is_negative()).map(Some).ok_or(Reason::NotUnderstood),
    };
    let (rows, columns) = match parts {
        [both] => (read(both)?, read(both)?),
        [rows, columns] => (read(rows)?, read(columns)?),
        _ => return Err(Reason::NotUnderstood),
    };
    Ok(vec![Property::RowGap(rows), Property::ColumnGap(columns)])
}

pub(super) fn row_gap(parts: &[Component]) -> Parsed {
    let Ok(found) = gaps(parts) else { return Err(Reason::NotUnderstood) };
    Ok(found.into_iter().take(1).collect())
}

/// `grid-column`: `span 2`, `1 / 3`, `1 / -1`.
pub(super) fn grid_column(parts: &[Component]) -> Parsed {
    let number = |part: &Component| match part {
        Component::Number(number) if number.fract() == 0.0 && number.abs() <= 50.0 => Some(*number),
        _ => None,
    };
    let span = match parts {
        [part] if number(part).is_some() || part.ident() == Some("auto") => 1.0,
        [part, count] | [_, Component::Slash, part, count] if part.ident() == Some("span") => {
            number(count).filter(|count| *count >= 1.0).ok_or(Reason::NotUnderstood)?
        }
        [_, Component::Slash, Component::Number(-1.0)] => f64::from(u16::MAX),
        [from, Component::Slash, to] => match (number(from), number(to)) {
            (Some(from), Some(to)) if to > from => to - from,
            _ => return Err(Reason::NotUnderstood),
        },
        _ => return Err(Reason::NotUnderstood),
    };
    Ok(vec![Property::Span(span as u16)])
}

pub(super) fn clear(parts: &[Component]) -> Parsed {
    Ok(vec![Property::Clear(match single_ident(parts)? {
        "none" => false,
        "left" | "right" | "both" | "inline-start" | "inline-end" => true,
        _ => return Err(Reason::NotUnderstood),
    })])
}

pub(super) fn float(parts: &[Component]) -> Parsed {
    Ok(vec![Property::Float(match single_ident(parts)? {
        "none" => None,
        "left" | "inline-start" => Some(Float::Left),
        "right" | "inline-end" => Some(Float::Right),
        _ => return Err(Reason::NotUnderstood),
    })])
}
