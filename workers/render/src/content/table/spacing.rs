//! Separated borders (CSS 2.1, 17.6.1): the space between cells, and the table's own box around them. Without CSS the
//! template's cells have no space between them.

use typst::{
    foundations::{Content, NativeElement},
    layout::{BlockBody, BlockElem, PadElem, Sides, Sizing, TrackSizings},
    model::TableElem,
};

use crate::{
    content::{Place, box_style, lengths},
    css::{self, Style},
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
    /// The widths of the table's own borders at the left and right, in points.
    frame: (f64, f64),
}

impl Spacing {
    /// `None` without space and without a box of the table's own.
    pub(super) fn of(style: &Style, columns: usize, place: Place) -> Option<Self> {
        let is_separate = style.collapse.map_or(style.border_spacing.is_some(), |collapse| !collapse);
        let points = |length| lengths::points(length, style, place);
        let (across, down) =
            style.border_spacing.map_or((USUAL, USUAL), |(across, down)| (points(across), points(down)));
        // Half of the width is left to the cells.
        let across = across.min(place.width / 2.0 / gaps(columns + 1));
        let frame = (lengths::border_width(style.border.left), lengths::border_width(style.border.right));
        let spacing = Self { across, down: down.min(place.height * MAX_DOWN), frame };
        let is_box = box_style::has_border(style) || is_round(style);
        (is_separate && (is_box || (across, down) != (0.0, 0.0))).then_some(spacing)
    }

    /// Between so many columns, in points.
    pub(super) fn between(self, columns: usize) -> f64 {
        self.across * gaps(columns.saturating_sub(1))
    }

    /// Left and right of the cells together with the table's borders, in points.
    pub(super) fn around(self) -> f64 {
        2.0 * self.across + self.frame.0 + self.frame.1
    }

    pub(super) fn apply(self, table: TableElem) -> TableElem {
        let gap = |points: f64| TrackSizings(std::iter::once(Sizing::Rel(lengths::pt(points).into())).collect());
        table.with_column_gutter(gap(self.across)).with_row_gutter(gap(self.down))
    }

    /// The table in its own box.
    pub(super) fn boxed(self, table: Content, style: &Style, place: Place) -> Content {
        // Typst draws a border around the edge of its block, half of it inside.
        let half = |border| lengths::border_width(border) / 2.0;
        let css::Sides { top, right, bottom, left } = style.border;
        let (top, right, bottom, left) = (half(top), half(right), half(bottom), half(left));
        let side = |points: f64| Some(lengths::pt(points).into());
        let table = BlockElem::new()
            .with_body(Some(BlockBody::Content(table)))
            .with_fill(box_style::fill(style))
            .with_stroke(box_style::strokes(style))
            .with_radius(box_style::radius(style, place))
            .with_inset(Sides {
                left: side(self.across + left),
                right: side(self.across + right),
                top: side(self.down + top),
                bottom: side(self.down + bottom),
            })
            .with_clip(is_round(style))
            .pack();
        match self.frame == (0.0, 0.0) && top == 0.0 && bottom == 0.0 {
            true => table,
            false => PadElem::new(table)
                .with_left(lengths::pt(left).into())
                .with_right(lengths::pt(right).into())
                .with_top(lengths::pt(top).into())
                .with_bottom(lengths::pt(bottom).into())
                .pack(),
        }
    }
}

fn is_round(style: &Style) -> bool {
    style.border_radius.iter().any(Option::is_some)
}

#[expect(clippy::cast_precision_loss, reason = "a few hundred columns")]
fn gaps(count: usize) -> f64 {
    count as f64
}
