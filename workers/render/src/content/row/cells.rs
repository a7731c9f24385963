//! Typesets one row of boxes as Typst's grid.

use std::num::NonZeroUsize;

use typst::{
    foundations::{Content, NativeElement, Packed, Smart},
    layout::{
        Alignment, Fr, GridCell, GridChild, GridElem, GridItem, HAlignment, Ratio, Sizing, TrackSizings, VAlignment,
    },
    model::ParElem,
    visualize::Paint,
};

use super::{
    Part,
    widths::{Width, resolved},
};
use crate::{
    content::{Place, Typesetter, box_style, flow::Flow, lengths},
    css::{Items, Justify},
};

impl Typesetter<'_> {
    pub(super) fn typeset_row(
        &self,
        row: &[(Option<&Part<'_>>, Width)],
        place: Place,
        gap: f64,
        items: Items,
    ) -> Content {
        let cells: Vec<_> = row.iter().map(|(part, width)| (*part, *width, 1)).collect();
        let widths: Vec<Width> = row.iter().map(|(_, width)| *width).collect();
        self.typeset_cells(&cells, &widths, place, gap, items)
    }

    pub(super) fn typeset_cells(
        &self,
        cells: &[(Option<&Part<'_>>, Width, usize)],
        widths: &[Width],
        place: Place,
        gap: f64,
        items: Items,
    ) -> Content {
        let points = resolved(widths, place.width, gap);
        let mut children = Vec::new();
        let mut at = 0;
        for (part, _, span) in cells {
            let own = &points[at..(at + span).min(points.len())];
            #[allow(clippy::cast_precision_loss)]
            let width = own.iter().sum::<f64>() + gap * (own.len().saturating_sub(1)) as f64;
            let inner = Place { boxed: true, blocks: place.blocks + 1, width: width.max(1.0), ..place };
            let content = part.map_or_else(Content::empty, |part| self.typeset_part(part, inner));
            let vertical = match items {
                Items::Start | Items::Stretch => VAlignment::Top,
                Items::Center => VAlignment::Horizon,
                Items::End => VAlignment::Bottom,
            };
            let background = part.filter(|_| items == Items::Stretch).and_then(|part| self.background(part));
            let cell = GridCell::new(content)
                .with_fill(background.map_or(Smart::Auto, |background| Smart::Custom(Some(background))))
                .with_x(Smart::Custom(at))
                .with_y(Smart::Custom(0))
                .with_colspan(NonZeroUsize::new(*span).unwrap_or(NonZeroUsize::MIN))
                .with_align(Smart::Custom(Alignment::Both(HAlignment::Start, vertical)));
            children.push(GridChild::Item(GridItem::Cell(Packed::new(cell))));
            at += span;
        }
        let share = |points: &f64| Sizing::Rel(Ratio::new(points / place.width.max(1.0)).into());
        let sizes = widths.iter().zip(&points).map(|(width, points)| match width {
            Width::Share(share) => Sizing::Fr(Fr::new(*share)),
            Width::Content(_) => Sizing::Auto,
            Width::Points(_) => share(points),
        });
        GridElem::new(children)
            .with_columns(TrackSizings(sizes.collect()))
            .with_column_gutter(TrackSizings(std::iter::once(Sizing::Rel(lengths::pt(gap).into())).collect()))
            .pack()
    }

    /// The background of a box that is stretched to the height of its row. A box with round corners is not stretched.
    fn background(&self, part: &Part<'_>) -> Option<Paint> {
        let Part::Element(element) = part else { return None };
        let style = self.style(*element)?;
        let is_round = style.border_radius.iter().any(Option::is_some);
        box_style::fill(style).filter(|_| !is_round)
    }

    fn typeset_part(&self, part: &Part<'_>, place: Place) -> Content {
        let mut flow = Flow::new(place);
        match part {
            Part::Element(element) if self.is_block(*element) => {
                self.block(*element, Place { fills: true, ..place }, &mut flow)
            }
            Part::Element(element) => self.span(**element, place, &mut flow.line),
            Part::Text(nodes) => nodes.iter().for_each(|node| self.span(*node, place, &mut flow.line)),
        }
        match flow.is_line() {
            true => ParElem::new(Content::sequence(std::mem::take(&mut flow.line))).pack(),
            false => flow.finish(),
        }
    }
}

/// Columns between the boxes take the space that is left.
pub(super) fn justified<'p, 'e>(
    row: Vec<(Option<&'p Part<'e>>, Width)>,
    justify: Justify,
) -> Vec<(Option<&'p Part<'e>>, Width)> {
    if row.iter().any(|(_, width)| matches!(width, Width::Share(_))) {
        return row;
    }
    let space = (None, Width::Share(1.0));
    let (first, between, last) = match justify {
        Justify::Start => (false, false, false),
        Justify::End => (true, false, false),
        Justify::Center => (true, false, true),
        Justify::Between => (false, true, false),
        Justify::Around => (true, true, true),
    };
    let mut out = Vec::new();
    let count = row.len();
    for (i, cell) in row.into_iter().enumerate() {
        if (i == 0 && first) || (i > 0 && between) {
            out.push(space);
        }
        out.push(cell);
        if i + 1 == count && last {
            out.push(space);
        }
    }
    out
}
