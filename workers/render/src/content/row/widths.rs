//! Divides the width of a row among its boxes.

use super::Part;
use crate::{
    content::{
        Place, Typesetter,
        columns::{self, Column, ContentWidth},
        lengths,
    },
    css::Style,
};

/// The width of a column of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Width {
    /// In points.
    Points(f64),
    /// That of its content, which was measured in points.
    Content(f64),
    /// A part of the space that is left.
    Share(f64),
}

/// What the width of a box depends on, in points, with its padding, borders and margins.
struct Measured {
    content: ContentWidth,
    /// The width that CSS specifies.
    width: Option<f64>,
    /// `flex-grow`, if it is more than 0.
    grow: Option<f64>,
}

impl Measured {
    fn of(content: ContentWidth) -> Self {
        Self { content, width: None, grow: None }
    }
}

impl Typesetter<'_> {
    /// The widths of flexible boxes; they shrink together if they do not wrap.
    pub(super) fn widths(&self, parts: &[Part<'_>], place: Place, gap: f64, wraps: bool) -> Vec<Width> {
        #[allow(clippy::cast_precision_loss)]
        let available = (place.width - gap * parts.len().saturating_sub(1) as f64).max(1.0);
        let boxes: Vec<Measured> = parts.iter().map(|part| self.measured(part, place)).collect();
        let (growing, fixed): (Vec<&Measured>, Vec<&Measured>) = boxes.iter().partition(|part| part.grow.is_some());
        let least: f64 = growing.iter().map(|part| part.content.min_divided).sum();
        let fixed: Vec<Column> =
            fixed.iter().map(|part| Column { content: part.content, width: part.width, ..Column::default() }).collect();
        let preferred =
            |column: &Column| column.width.unwrap_or(column.content.max_content * columns::SLACK).min(available);
        let sum: f64 = fixed.iter().map(preferred).sum();
        let fits = sum + least <= available || wraps;
        let mut widths = match fits {
            true => fixed.iter().map(preferred).collect(),
            false => columns::plan(&fixed, (available - least).max(1.0), false).widths,
        }
        .into_iter();
        let width = |part: &Measured| match part.grow {
            Some(grow) => Width::Share(grow),
            None if fits && part.width.is_none() => Width::Content(widths.next().unwrap_or(1.0)),
            None => Width::Points(widths.next().unwrap_or(1.0)),
        };
        boxes.iter().map(width).collect()
    }

    fn measured(&self, part: &Part<'_>, place: Place) -> Measured {
        let element = match part {
            Part::Element(element) => *element,
            Part::Text(nodes) | Part::Beside(nodes) => return Measured::of(self.content_width_of_nodes(nodes, place)),
        };
        let style = self.style(element);
        let inner = self.within(element, place, style);
        let nothing = Style::default();
        let style = style.unwrap_or(&nothing);
        let margins = lengths::side_margins(style, place);
        if matches!(element.value().name(), "img" | "svg") {
            let width = self.picture_width(element, place);
            let content =
                ContentWidth { max_content: width, min_content: width, min_divided: width.min(place.width / 4.0) };
            return Measured::of(content.plus(margins));
        }
        let width = style.row.basis.or(style.width);
        Measured {
            content: self.content_width(element, inner).plus(lengths::frame_width(style, place) + margins),
            width: width.map(|width| lengths::outer_width(width, style, place) + margins),
            grow: style.row.grow.filter(|grow| *grow > 0.0),
        }
    }
}

/// The widths in points; `available` and `gap` are in points too.
pub(super) fn resolved(widths: &[Width], available: f64, gap: f64) -> Vec<f64> {
    #[allow(clippy::cast_precision_loss)]
    let available = (available - gap * widths.len().saturating_sub(1) as f64).max(1.0);
    let points = |width: &Width| match width {
        Width::Points(points) | Width::Content(points) => *points,
        Width::Share(_) => 0.0,
    };
    let fixed: f64 = widths.iter().map(points).sum();
    let shares: f64 = widths.iter().map(|width| if let Width::Share(share) = width { *share } else { 0.0 }).sum();
    let scale = if fixed > available { available / fixed } else { 1.0 };
    let left = (available - fixed * scale).max(0.0);
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
