//! Reads the property `size` of `@page`: a named size, an orientation, or lengths.

use super::component::Component;
use super::length::Len;
use super::reason::Reason;

/// The largest paper in PDF, in points.
pub(super) const LARGEST: f64 = 14_400.0;

/// In points.
const SMALLEST: f64 = 36.0;

const MM: f64 = 72.0 / 25.4;

/// `size`: a name, an orientation, lengths.
pub(super) fn size(parts: &[Component]) -> Result<Option<(f64, f64)>, Reason> {
    let (mut paper, mut landscape, mut lens) = (None, None, Vec::new());
    for part in parts {
        match (part.ident(), part.len()) {
            (Some("auto"), _) if parts.len() == 1 => return Ok(None),
            (Some("portrait"), _) if landscape.is_none() => landscape = Some(false),
            (Some("landscape"), _) if landscape.is_none() => landscape = Some(true),
            (Some(ident), _) if paper.is_none() => paper = Some(sheet(ident).ok_or(Reason::NotUnderstood)?),
            (None, Some(len)) if lens.len() < 2 => lens.push(len),
            _ => return Err(Reason::NotUnderstood),
        }
    }
    let (width, height) = match (paper, lens.as_slice()) {
        (Some(size), []) => size,
        (None, []) if landscape.is_some() => (210.0 * MM, 297.0 * MM),
        (None, [side]) if landscape.is_none() => (absolute(side)?, absolute(side)?),
        (None, [width, height]) if landscape.is_none() => (absolute(width)?, absolute(height)?),
        _ => return Err(Reason::NotUnderstood),
    };
    for side in [width, height] {
        if !(SMALLEST..=LARGEST).contains(&side) {
            return Err(Reason::new("the sides of paper are between 36pt and 14400pt"));
        }
    }
    Ok(Some(if landscape == Some(true) { (height, width) } else { (width, height) }))
}

/// The orientation, if there is nothing else.
pub(super) fn orientation(parts: &[Component]) -> Option<bool> {
    match parts {
        [part] => match part.ident()? {
            "landscape" => Some(true),
            "portrait" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn absolute(len: &Len) -> Result<f64, Reason> {
    if len.has_percent() || len.has_view() || len.em != 0.0 || len.rem != 0.0 {
        return Err(Reason::new("paper is measured in mm, cm, in, pt or px"));
    }
    Ok(len.pt)
}

/// Named papers in portrait, in points.
fn sheet(ident: &str) -> Option<(f64, f64)> {
    let (width, height) = match ident {
        "a3" => (297.0, 420.0),
        "a4" => (210.0, 297.0),
        "a5" => (148.0, 210.0),
        "a6" => (105.0, 148.0),
        "b4" => (250.0, 353.0),
        "b5" => (176.0, 250.0),
        "jis-b4" => (257.0, 364.0),
        "jis-b5" => (182.0, 257.0),
        "letter" => return Some((612.0, 792.0)),
        "legal" => return Some((612.0, 1008.0)),
        "ledger" => return Some((792.0, 1224.0)),
        _ => return None,
    };
    Some((width * MM, height * MM))
}
