//! Divides the width of a row among its boxes.

use std::ops::Range;

use super::Part;
use crate::{
    content::{
        Place, Typesetter,
        columns::{self, Column, ContentWidth},
        lengths,
    },
    css::Style,
};

/// The most boxes in a row; more wrap.
const COLUMNS: usize = 50;
/// What columns as wide as their content may take of the space of a grid in which others share the rest.
const TRACKS: f64 = 0.75;
/// What a row may be wider than its space because of rounding, in points.
const TOLERANCE: f64 = 0.1;

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
pub(super) struct Measured {
    content: ContentWidth,
    /// The width that CSS specifies.
    width: Option<f64>,
    /// The greatest width that CSS specifies.
    most: f64,
    /// `flex-grow`, if it is more than 0.
    grow: Option<f64>,
}

impl Measured {
    fn of(content: ContentWidth) -> Self {
        Self { content, width: None, most: f64::INFINITY, grow: None }
    }

    /// The least width that divides no word: CSS's automatic minimum.
    pub fn least(&self) -> f64 {
        self.width.map_or(self.content.min_content, |width| width.min(self.content.min_content))
    }

    /// The width where there is room.
    pub fn preferred(&self, available: f64) -> f64 {
        self.width.unwrap_or(self.content.max_content * columns::SLACK).min(available).min(self.most)
    }

    /// Whether CSS specifies the width.
    pub fn is_specified(&self) -> bool {
        self.width.is_some()
    }

    /// CSS's min-content.
    pub fn narrowest(&self) -> f64 {
        self.width.unwrap_or(self.content.min_content * columns::SLACK)
    }

    /// What the box needs of a row before it grows.
    pub fn needed(&self, available: f64) -> f64 {
        match self.grow.filter(|_| self.width.is_none()) {
            Some(_) => self.least().min(available),
            None => self.preferred(available),
        }
    }
}

/// The widths of the boxes of one row; they shrink together, and those that grow share the space that is left.
pub(super) fn widths(boxes: &[&Measured], available: f64, gap: f64) -> Vec<Width> {
    #[allow(clippy::cast_precision_loss)]
    let available = (available - gap * boxes.len().saturating_sub(1) as f64).max(1.0);
    let (growing, fixed): (Vec<&Measured>, Vec<&Measured>) = boxes.iter().partition(|part| part.grow.is_some());
    let least: f64 = growing.iter().map(|part| part.least()).sum();
    let sum: f64 = fixed.iter().map(|part| part.preferred(available)).sum();
    let fits = sum + least <= available;
    let widths: Vec<f64> = match fits {
        true => fixed.iter().map(|part| part.preferred(available)).collect(),
        false => {
            let column = |part: &&Measured| Column { content: part.content, width: part.width, ..Column::default() };
            let fixed: Vec<Column> = fixed.iter().map(column).collect();
            columns::plan(&fixed, (available - least).max(1.0), false).widths
        }
    };
    let mut shares = shares(&growing, available - widths.iter().sum::<f64>()).into_iter();
    let mut widths = widths.into_iter();
    let width = |part: &&Measured| match part.grow {
        Some(grow) => shares.next().flatten().map_or(Width::Share(grow), Width::Points),
        None if fits && part.width.is_none() => Width::Content(widths.next().unwrap_or(1.0)),
        None => Width::Points(widths.next().unwrap_or(1.0)),
    };
    boxes.iter().map(width).collect()
}

/// The widths of growing boxes whose share of the space would be narrower than their words, or wider than CSS lets them
/// be; `None` is the share.
fn shares(growing: &[&Measured], space: f64) -> Vec<Option<f64>> {
    let mut widths: Vec<Option<f64>> = vec![None; growing.len()];
    for _ in growing {
        let left = space - widths.iter().flatten().sum::<f64>();
        let free = |i: usize| growing[i].grow.filter(|_| widths[i].is_none());
        let sum: f64 = (0..growing.len()).filter_map(free).sum();
        let share = |i: usize| free(i).map(|grow| left * grow / sum.max(1e-6));
        let is_narrow = |i: &usize| share(*i).is_some_and(|share| share < growing[*i].least());
        let is_wide = |i: &usize| share(*i).is_some_and(|share| share > growing[*i].most);
        let found = (0..growing.len()).find(is_narrow).map(|i| (i, growing[i].least()));
        let found = found.or_else(|| (0..growing.len()).find(is_wide).map(|i| (i, growing[i].most)));
        let Some((found, width)) = found else { break };
        widths[found] = Some(width.min(space.max(1.0)));
    }
    widths
}

/// Columns as wide as their content take at most [`TRACKS`] of the space beside columns that share it, and all of it
/// without such where they are `stretched`.
pub(super) fn fit_tracks(tracks: &mut [Width], stretched: &[bool], available: f64, gap: f64) {
    #[allow(clippy::cast_precision_loss)]
    let gaps = gap * tracks.len().saturating_sub(1) as f64;
    let sum = |is_auto: bool| -> f64 {
        let points = |track: &Width| match track {
            Width::Content(points) if is_auto => *points,
            Width::Points(points) if !is_auto => *points,
            _ => 0.0,
        };
        tracks.iter().map(points).sum()
    };
    let (auto, left) = (sum(true).max(1.0), (available - gaps - sum(false)).max(1.0));
    let shares = tracks.iter().any(|track| matches!(track, Width::Share(_)));
    #[allow(clippy::cast_precision_loss)]
    let count = stretched.iter().filter(|is_stretched| **is_stretched).count() as f64;
    let more = if shares { 0.0 } else { (left - auto).max(0.0) / count.max(1.0) };
    let scale = (if shares { left * TRACKS } else { left } / auto).min(1.0);
    for (track, is_stretched) in tracks.iter_mut().zip(stretched) {
        if let Width::Content(points) = *track {
            *track = Width::Points((points * scale + if *is_stretched { more } else { 0.0 }).max(1.0));
        }
    }
}

/// Fills rows: the boxes of each row, with `widths` in points. `begins` says which ones begin a row in any case.
pub(super) fn filled(widths: &[f64], available: f64, gap: f64, begins: impl Fn(usize) -> bool) -> Vec<Range<usize>> {
    let (mut rows, mut from, mut used) = (Vec::new(), 0, 0.0);
    for (at, width) in widths.iter().enumerate() {
        let is_full = used + gap + width > available + TOLERANCE || at - from == COLUMNS || begins(at);
        if at > from && is_full {
            rows.push(from..at);
            (from, used) = (at, *width);
        } else {
            used += width + if at > from { gap } else { 0.0 };
        }
    }
    rows.push(from..widths.len());
    rows
}

impl Typesetter<'_> {
    pub(super) fn measured(&self, part: &Part<'_>, place: Place) -> Measured {
        let element = match part {
            Part::Element(element) => *element,
            Part::Text(nodes) | Part::Beside(nodes) => return Measured::of(self.content_width_of_nodes(nodes, place)),
            Part::Before(element) => {
                return Measured::of(
                    self.content_width_of_generated(self.styles.before(element.id(), element.value()), place),
                );
            }
            Part::After(element) => {
                return Measured::of(
                    self.content_width_of_generated(self.styles.after(element.id(), element.value()), place),
                );
            }
        };
        let style = self.style(element);
        let inner = self.within(element, place, style);
        let nothing = Style::default();
        let style = style.unwrap_or(&nothing);
        let margins = lengths::side_margins(style, place);
        if matches!(element.value().name(), "img" | "svg") {
            let width = self.picture_width(element, place);
            let least = width.min(place.width / 4.0);
            let content = ContentWidth { max_content: width, min_content: least, min_divided: least };
            let grow = style.row.grow.filter(|grow| *grow > 0.0);
            return Measured { grow, ..Measured::of(content.plus(margins)) };
        }
        let width = style.row.basis.or(style.width);
        let outer = |width| lengths::outer_width(width, style, place) + margins;
        let most = style.max_width.map_or(f64::INFINITY, outer);
        let content = self.content_width(element, inner).plus(lengths::frame_width(style, place) + margins);
        Measured {
            content: content.at_most(most),
            width: width.map(|width| outer(width).min(most)),
            most,
            grow: style.row.grow.filter(|grow| *grow > 0.0),
        }
    }
}

/// The widths in points; `available` and the sum of all `gaps` are in points too.
pub(super) fn resolved(widths: &[Width], available: f64, gaps: f64) -> Vec<f64> {
    let available = (available - gaps).max(1.0);
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
        assert_eq!(resolved(&widths, 320.0, 20.0), [100.0, 50.0, 150.0]);
        assert_eq!(resolved(&[Width::Points(300.0), Width::Points(100.0)], 200.0, 0.0), [150.0, 50.0]);
    }

    fn growing(words: f64) -> Measured {
        let content = ContentWidth { max_content: 500.0, min_content: words, min_divided: 5.0 };
        Measured { grow: Some(1.0), ..Measured::of(content) }
    }

    #[test]
    fn boxes_that_grow_are_not_narrower_than_their_words() {
        let boxes = [growing(20.0), growing(150.0), growing(20.0)];
        let widths = widths(&boxes.iter().collect::<Vec<_>>(), 300.0, 0.0);
        assert_eq!(widths, [Width::Share(1.0), Width::Points(150.0), Width::Share(1.0)]);
    }

    #[test]
    fn columns_of_a_grid_are_as_wide_as_their_content() {
        let fitted_to = |tracks: &[Width], stretched: &[bool]| {
            let mut tracks = tracks.to_vec();
            fit_tracks(&mut tracks, stretched, 200.0, 10.0);
            tracks
        };
        let fitted = |tracks: &[Width]| fitted_to(tracks, &[true; 3][..tracks.len()]);
        let (content, points, share) = (Width::Content, Width::Points, Width::Share(1.0));
        assert_eq!(fitted(&[content(40.0), share]), [points(40.0), share]);
        assert_eq!(fitted(&[content(400.0), share]), [points(142.5), share]);
        assert_eq!(fitted(&[content(40.0), content(50.0)]), [points(90.0), points(100.0)]);
        assert_eq!(fitted_to(&[content(40.0), content(50.0)], &[false, true]), [points(40.0), points(150.0)]);
        assert_eq!(
            fitted(&[content(300.0), content(100.0), points(20.0)]),
            [points(120.0), points(40.0), points(20.0)]
        );
    }

    #[test]
    fn a_row_takes_as_many_boxes_as_fit() {
        let none = |_| false;
        assert_eq!(filled(&[33.33; 6], 100.0, 0.0, none), [0..3, 3..6]);
        assert_eq!(filled(&[33.33; 6], 100.0, 5.0, none), [0..2, 2..4, 4..6]);
        assert_eq!(filled(&[300.0, 10.0, 10.0], 100.0, 0.0, none), [0..1, 1..3]);
        assert_eq!(filled(&[10.0; 4], 100.0, 0.0, |at| at == 2), [0..2, 2..4]);
    }
}
