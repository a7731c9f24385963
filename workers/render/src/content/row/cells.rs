//! Typesets one row of boxes as Typst's grid.

use std::num::NonZeroUsize;

use scraper::ElementRef;
use typst::{
    foundations::{Content, NativeElement, Packed, Smart},
    layout::{
        Alignment, Fr, GridCell, GridChild, GridElem, GridItem, HAlignment, PadElem, Ratio, Rel, Sizing, TrackSizings,
        VAlignment,
    },
    model::ParElem,
    visualize::Paint,
};

use super::{
    Part,
    widths::{Width, resolved},
};
use crate::{
    content::{Place, Typesetter, box_style, fit, flow::Flow, lengths, margins::Margins},
    css::{Items, Justify, Margin, Style},
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
        let is_box = |part: &Part<'_>| self.part_style(part).is_some_and(box_style::is_box);
        let stretches = items == Items::Stretch
            && !place.in_relayout
            && cells.iter().filter_map(|(part, ..)| *part).any(|part| self.is_stretched(part));
        let mut children = Vec::new();
        let mut boxed = vec![false; widths.len()];
        let mut at = 0;
        for (part, _, span) in cells {
            let own = &points[at..(at + span).min(points.len())];
            #[allow(clippy::cast_precision_loss)]
            let width = own.iter().sum::<f64>() + gap * (own.len().saturating_sub(1)) as f64;
            let blocks = place.blocks + 1;
            let width = width.max(1.0);
            let in_relayout = place.in_relayout || stretches;
            let aside = (0.0, 0.0);
            let inner = Place { boxed: true, blocks, width, aside, in_relayout, stretches, ..place };
            boxed[at] = *span == 1 && part.is_some_and(is_box);
            let content = part.map_or_else(Content::empty, |part| self.typeset_part(part, inner, place));
            let vertical = match items {
                Items::Start | Items::Stretch => VAlignment::Top,
                Items::Center => VAlignment::Horizon,
                Items::End => VAlignment::Bottom,
            };
            let background =
                part.filter(|_| items == Items::Stretch && !stretches).and_then(|part| self.background(part));
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
        let sizes = widths.iter().zip(&points).zip(boxed).map(|((width, points), is_box)| match width {
            Width::Share(share) => Sizing::Fr(Fr::new(*share)),
            // A box is as wide as its column.
            Width::Content(_) if !is_box => Sizing::Auto,
            Width::Content(_) | Width::Points(_) => share(points),
        });
        let grid = GridElem::new(children)
            .with_columns(TrackSizings(sizes.collect()))
            .with_column_gutter(TrackSizings(std::iter::once(Sizing::Rel(lengths::pt(gap).into())).collect()))
            .pack();
        if stretches { fit::stretched_row(grid) } else { grid }
    }

    fn part_style(&self, part: &Part<'_>) -> Option<&Style> {
        match part {
            Part::Element(element) => self.style(*element),
            Part::Text(_) | Part::Beside(_) => None,
        }
    }

    /// Whether the height of a box is seen.
    fn is_stretched(&self, part: &Part<'_>) -> bool {
        self.part_style(part).is_some_and(|style| box_style::has_border(style) || box_style::fill(style).is_some())
    }

    fn with_margins(&self, element: ElementRef<'_>, content: Content, place: Place) -> Content {
        let Some(style) = self.style(element) else { return content };
        let (top, bottom) = lengths::margins(style, place);
        let side = |margin: Option<Margin>| match margin {
            Some(Margin::Length(length)) => lengths::points(length, style, place),
            Some(Margin::Auto) | None => 0.0,
        };
        let pad = |points: f64| Rel::from(lengths::pt(points));
        PadElem::new(content)
            .with_left(pad(side(style.margin.left)))
            .with_right(pad(side(style.margin.right)))
            .with_top(pad(top))
            .with_bottom(pad(bottom))
            .pack()
    }

    /// The margins above and below a float do not collapse with others.
    fn with_float_margins(&self, element: ElementRef<'_>, content: Content, place: Place) -> Content {
        let style = self.style(element).filter(|style| style.row.float.is_some());
        match style.map(|style| lengths::margins(style, place)) {
            None | Some((0.0, 0.0)) => content,
            Some((top, bottom)) => PadElem::new(content)
                .with_top(lengths::pt(top.max(0.0)).into())
                .with_bottom(lengths::pt(bottom.max(0.0)).into())
                .pack(),
        }
    }

    /// The background of a box in a row that is laid out once only, where boxes are not as high as the row. Round corners
    /// would show it.
    fn background(&self, part: &Part<'_>) -> Option<Paint> {
        let style = self.part_style(part)?;
        let is_round = style.border_radius.iter().any(Option::is_some);
        box_style::fill(style).filter(|_| !is_round)
    }

    /// `row` is the place of the whole row, of whose width percentages are.
    fn typeset_part(&self, part: &Part<'_>, place: Place, row: Place) -> Content {
        let mut flow = Flow::new(place);
        match part {
            Part::Element(element) if element.value().name() == "img" => {
                let place = Place { whole: Some(row.width), ..place };
                let picture = self.block_picture(*element, place).unwrap_or_default();
                flow.block(self.with_margins(*element, picture, place), Margins::default());
            }
            Part::Element(element) if self.is_block(*element) => {
                self.block(*element, Place { fills: true, ..place }, &mut flow)
            }
            Part::Element(element) => self.span(**element, place, &mut flow.line),
            Part::Beside(nodes) => {
                self.add_nodes(nodes.iter().copied(), place, &mut flow);
                flow.paragraph();
            }
            Part::Text(nodes) => nodes.iter().for_each(|node| self.span(*node, place, &mut flow.line)),
        }
        let content = match flow.is_line() {
            true => ParElem::new(Content::sequence(std::mem::take(&mut flow.line))).pack(),
            false => flow.finish(),
        };
        match part {
            Part::Element(element) if element.value().name() != "img" => {
                self.with_float_margins(*element, content, row)
            }
            _ => content,
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
