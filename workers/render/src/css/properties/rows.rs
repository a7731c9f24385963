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
        Component::Ident(_, ident) if ident == "max-content" => Ok(vec![Size::Content]),
        Component::Ident(_, ident) if ident == "min-content" => Ok(vec![Size::Least]),
        Component::Function(name, inner) => {
            let groups: Vec<&[Component]> = inner.split(|part| *part == Component::Comma).collect();
            match (name.as_str(), groups.as_slice()) {
                ("minmax", [_, [most]]) => track(most),
                ("fit-content", [[most]]) => Ok(vec![Size::UpTo(most.len().ok_or(Reason::NotUnderstood)?)]),
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
        "normal" | "stretch" => Justify::Stretch,
        "start" | "flex-start" | "left" => Justify::Start,
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

/// An end of `grid-column`.
enum End {
    Auto,
    Line(i16),
    Span(u16),
}

fn end(parts: &[Component]) -> Option<End> {
    let number = |part: &Component| match part {
        Component::Number(number) if number.fract() == 0.0 && number.abs() <= 50.0 => Some(*number as i16),
        _ => None,
    };
    match parts {
        [part] if part.ident() == Some("auto") => Some(End::Auto),
        [part] => number(part).filter(|line| *line != 0).map(End::Line),
        [part, count] | [count, part] if part.ident() == Some("span") => {
            number(count).and_then(|count| u16::try_from(count).ok()).filter(|count| *count > 0).map(End::Span)
        }
        _ => None,
    }
}

/// `grid-column`: `2`, `span 2`, `1 / 3`, `1 / -1`, `2 / span 2`.
pub(super) fn grid_column(parts: &[Component]) -> Parsed {
    let ends: Option<Vec<End>> = parts.split(|part| *part == Component::Slash).map(end).collect();
    let (column, span) = match ends.as_deref() {
        Some([End::Auto] | [End::Auto, End::Auto]) => (None, 1),
        Some([End::Line(line)] | [End::Line(line), End::Auto]) => (Some(*line), 1),
        Some([End::Span(span)] | [End::Span(span), End::Auto | End::Span(_)] | [End::Auto, End::Span(span)]) => {
            (None, *span)
        }
        Some([End::Line(line), End::Span(span)]) => (Some(*line), *span),
        Some([End::Line(from), End::Line(to)]) => {
            let (from, to) = if (*from > 0) == (*to > 0) && from > to { (*to, *from) } else { (*from, *to) };
            // A box ends where the grid does, at the latest.
            let span = if (from > 0) == (to > 0) { (to - from).unsigned_abs().max(1) } else { u16::MAX };
            let span = if to < -1 && from > 0 { return Err(Reason::new(BEFORE_THE_END)) } else { span };
            (Some(from), span)
        }
        Some([End::Span(span), End::Line(to)]) if *to > 0 => {
            let span = (*span).min(to.unsigned_abs() - 1).max(1);
            (Some(to - i16::try_from(span).unwrap_or(1)), span)
        }
        _ => return Err(Reason::NotUnderstood),
    };
    Ok(vec![Property::Column(column), Property::Span(span)])
}

/// Of a box that begins at a line from the start, and ends at one from the end.
const BEFORE_THE_END: &str = "count both lines from the start, such as `1 / 3`, or use `1 / -1`";

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
