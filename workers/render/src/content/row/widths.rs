//! Divides the width of a row among its boxes.

use super::Part;
use crate::{
    content::{
        Place, Typesetter,
        columns::{self, Extent, Want},
        lengths,
    },
    css::Style,
};

/// The width of a column: in points, or its share of what is left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Width {
    Points(f64),
    /// That of its content, about so many points.
    Content(f64),
    Share(f64),
}

impl Typesetter<'_> {
    /// The widths of flexible boxes; they shrink together if they do not wrap.
    pub(super) fn widths(&self, parts: &[Part<'_>], place: Place, gap: f64, wraps: bool) -> Vec<Width> {
        #[allow(clippy::cast_precision_loss)]
        let room = (place.width - gap * parts.len().saturating_sub(1) as f64).max(1.0);
        let mut wants = Vec::new();
        for part in parts {
            let (extent, said, grow) = self.ask(part, place);
            match grow {
                Some(grow) => wants.push((Err(grow), extent.part)),
                None => wants.push((Ok(Want { text: extent, width: said, ..Want::default() }), extent.part)),
            }
        }
        let least: f64 = wants.iter().filter(|(want, _)| want.is_err()).map(|(_, least)| least).sum();
        let fixed: Vec<Want> = wants.iter().filter_map(|(want, _)| want.as_ref().ok().copied()).collect();
        let asked = |want: &Want| want.width.unwrap_or(want.text.line * columns::SLACK).min(room);
        let sum: f64 = fixed.iter().map(asked).sum();
        let fits = sum + least <= room || wraps;
        let mut widths = match fits {
            true => fixed.iter().map(asked).collect(),
            false => columns::plan(&fixed, (room - least).max(1.0), false).widths,
        }
        .into_iter();
        wants
            .into_iter()
            .map(|(want, _)| match want {
                Ok(want) if fits && want.width.is_none() => Width::Content(widths.next().unwrap_or(1.0)),
                Ok(_) => Width::Points(widths.next().unwrap_or(1.0)),
                Err(grow) => Width::Share(grow),
            })
            .collect()
    }

    /// What a box asks for with its frame and margins, the width that is said, and its share if it grows.
    fn ask(&self, part: &Part<'_>, place: Place) -> (Extent, Option<f64>, Option<f64>) {
        let Part::Element(element) = part else {
            let Part::Text(nodes) = part else { return (Extent::default(), None, None) };
            return (self.extent_of_nodes(nodes, place), None, None);
        };
        let style = self.style(*element);
        let inner = self.within(*element, place, style);
        let nothing = Style::default();
        let style = style.unwrap_or(&nothing);
        let aside = lengths::side_margins(style, place);
        let extent = match element.value().name() {
            "img" | "svg" => {
                let width = self.picture_width(*element, place);
                return (
                    Extent { line: width, word: width, part: width.min(place.width / 4.0) }.plus(aside),
                    None,
                    None,
                );
            }
            _ => self.extent(*element, inner).plus(lengths::frame_width(style, place) + aside),
        };
        let said = style.row.basis.or(style.width).map(|width| lengths::outer_width(width, style, place) + aside);
        (extent, said, style.row.grow.filter(|grow| *grow > 0.0))
    }
}

/// In points.
pub(super) fn resolved(widths: &[Width], room: f64, gap: f64) -> Vec<f64> {
    #[allow(clippy::cast_precision_loss)]
    let room = (room - gap * widths.len().saturating_sub(1) as f64).max(1.0);
    let points = |width: &Width| match width {
        Width::Points(points) | Width::Content(points) => *points,
        Width::Share(_) => 0.0,
    };
    let fixed: f64 = widths.iter().map(points).sum();
    let shares: f64 = widths.iter().map(|width| if let Width::Share(share) = width { *share } else { 0.0 }).sum();
    let scale = if fixed > room { room / fixed } else { 1.0 };
    let left = (room - fixed * scale).max(0.0);
    let one = |width: &Width| match width {
        Width::Share(share) => left * share / shares.max(1e-6),
        other => points(other) * scale,
    };
    widths.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_take_what_is_left_and_boxes_shrink_if_nothing_is() {
        let widths = [Width::Points(100.0), Width::Share(1.0), Width::Share(3.0)];
        assert_eq!(resolved(&widths, 320.0, 10.0), [100.0, 50.0, 150.0]);
        assert_eq!(resolved(&[Width::Points(300.0), Width::Points(100.0)], 200.0, 0.0), [150.0, 50.0]);
    }
}
