//! Separated borders (CSS 2.1, 17.6.1): the space between cells, and the table's own box around them. Without CSS the
//! template's cells have no space between them.

use typst::{
    foundations::{Content, NativeElement},
    layout::{BlockBody, BlockElem, Sides, Sizing, TrackSizings},
    model::TableElem,
};

use crate::{
    content::{Place, box_style, lengths},
    css::Style,
};

/// The space of browsers, in points.
const USUAL: f64 = 1.5;
/// The most space below each other, as a part of the page.
const MAX_DOWN: f64 = 0.125;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spacing {
    /// In points.
    across: f64,
    down: f64,
}

impl Spacing {
    /// `None` without space.
    pub(super) fn of(style: &Style, columns: usize, place: Place) -> Option<Self> {
        let is_separate = style.collapse.map_or(style.border_spacing.is_some(), |collapse| !collapse);
        let points = |length| lengths::points(length, style, place);
        let (across, down) =
            style.border_spacing.map_or((USUAL, USUAL), |(across, down)| (points(across), points(down)));
        // Half of the width is left to the cells.
        let across = across.min(place.width / 2.0 / gaps(columns + 1));
        let spacing = Self { across, down: down.min(place.height * MAX_DOWN) };
        (is_separate && (across, down) != (0.0, 0.0)).then_some(spacing)
    }

    /// Between so many columns, in points.
    pub(super) fn between(self, columns: usize) -> f64 {
        self.across * gaps(columns.saturating_sub(1))
    }

    /// Left and right of the cells together, in points.
    pub(super) fn around(self) -> f64 {
        2.0 * self.across
    }

    pub(super) fn apply(self, table: TableElem) -> TableElem {
        let gap = |points: f64| TrackSizings(std::iter::once(Sizing::Rel(lengths::pt(points).into())).collect());
        table.with_column_gutter(gap(self.across)).with_row_gutter(gap(self.down))
    }

    /// The table in its own box.
    pub(super) fn boxed(self, table: Content, style: &Style, place: Place) -> Content {
        let side = |points: f64| Some(lengths::pt(points).into());
        let (across, down) = (side(self.across), side(self.down));
        BlockElem::new()
            .with_body(Some(BlockBody::Content(table)))
            .with_fill(box_style::fill(style))
            .with_stroke(box_style::strokes(style))
            .with_radius(box_style::radius(style, place))
            .with_inset(Sides { left: across, right: across, top: down, bottom: down })
            .pack()
    }
}

#[expect(clippy::cast_precision_loss, reason = "a few hundred columns")]
fn gaps(count: usize) -> f64 {
    count as f64
}
