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
    css::{self, Items, Justify, Margin, Style},
};

/// How the boxes of a row stand in it.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// Between boxes, in points.
    pub gap: f64,
    pub items: Items,
    /// What percentages of a picture's width are of, in points, if not of its column.
    pub whole: Option<f64>,
    /// The least height, in points.
    pub least: f64,
    /// Whether a box is as wide as its column, whatever width CSS specifies: the column has that width already.
    pub fills: bool,
}

impl Line {
    pub fn of(gap: f64, items: Items) -> Self {
        Self { gap, items, whole: None, least: 0.0, fills: true }
    }
}

/// A box in a grid.
pub(super) struct Cell<'p, 'e> {
    pub part: Option<&'p Part<'e>>,
    /// Its first column.
    pub x: usize,
    /// How many columns it takes.
    pub span: usize,
}

impl Typesetter<'_> {
    pub(super) fn typeset_row(&self, row: &[(Option<&Part<'_>>, Width)], place: Place, line: &Line) -> Content {
        let cells: Vec<_> = row.iter().enumerate().map(|(x, (part, _))| Cell { part: *part, x, span: 1 }).collect();
        let widths: Vec<Width> = row.iter().map(|(_, width)| *width).collect();
        let is_last = |at: usize| row[at + 1..].iter().all(|(part, _)| part.is_none());
        let gap = |at: usize| if row[at].0.is_none() || is_last(at) { 0.0 } else { line.gap };
        let gaps: Vec<f64> = (0..row.len().saturating_sub(1)).map(gap).collect();
        self.typeset_cells(&cells, (&widths, &gaps), place, line)
    }

    /// `widths` of columns, and the `gaps` between them.
    pub(super) fn typeset_cells(
        &self,
        cells: &[Cell<'_, '_>],
        (widths, gaps): (&[Width], &[f64]),
        place: Place,
        line: &Line,
    ) -> Content {
        let points = resolved(widths, place.width, gaps.iter().sum());
        let is_filling = |part: &Part<'_>| matches!(part, Part::Element(element) if self.is_filling(*element));
        let is_box = |part: &Part<'_>| self.part_style(part).is_some_and(box_style::is_box) || is_filling(part);
        let stretches = line.items == Items::Stretch
            && !place.in_relayout
            && cells.iter().filter_map(|cell| cell.part).any(|part| self.is_stretched(part));
        let mut children = Vec::new();
        let mut boxed = vec![false; widths.len()];
        for Cell { part, x, span } in cells {
            let end = (x + span).min(points.len());
            let own = &points[*x..end];
            let between: f64 = gaps.iter().take(end.saturating_sub(1)).skip(*x).sum();
            let width = (own.iter().sum::<f64>() + between).max(1.0);
            let blocks = place.blocks + 1;
            let in_relayout = place.in_relayout || stretches;
            let aside = (0.0, 0.0);
            let whole = line.whole;
            let has_height = part.and_then(|part| self.part_style(part)).is_some_and(|style| style.height.is_some());
            let stretches = stretches && !has_height;
            let inner = Place { boxed: true, blocks, width, aside, in_relayout, stretches, whole, ..place };
            boxed[*x] |= *span == 1 && part.is_some_and(is_box);
            let content = part.map_or_else(Content::empty, |part| self.typeset_part(part, inner, line.fills));
            let background = part
                .filter(|_| line.items == Items::Stretch && !stretches)
                .and_then(|part| self.background(part, line.fills));
            let cell = GridCell::new(content)
                .with_fill(background.map_or(Smart::Auto, |background| Smart::Custom(Some(background))))
                .with_x(Smart::Custom(*x))
                .with_y(Smart::Custom(0))
                .with_colspan(NonZeroUsize::new(*span).unwrap_or(NonZeroUsize::MIN))
                .with_align(Smart::Custom(self.alignment_in_cell(*part, line.items)));
            children.push(GridChild::Item(GridItem::Cell(Packed::new(cell))));
        }
        let share = |points: &f64| Sizing::Rel(Ratio::new(points / place.width.max(1.0)).into());
        let sizes = widths.iter().zip(&points).zip(boxed).map(|((width, points), is_box)| match width {
            Width::Share(share) => Sizing::Fr(Fr::new(*share)),
            // A box is as wide as its column.
            Width::Content(_) if !is_box => Sizing::Auto,
            Width::Content(_) | Width::Points(_) => share(points),
        });
        let gutters = gaps.iter().map(|gap| Sizing::Rel(lengths::pt(*gap).into()));
        // A row is as wide as its space: the alignment of text would move a narrower one.
        let is_narrow = !widths.iter().any(|width| matches!(width, Width::Share(_)));
        let sizes = sizes.chain(is_narrow.then(|| Sizing::Fr(Fr::one())));
        let gutters = gutters.chain(is_narrow.then(|| Sizing::Rel(Rel::zero())));
        let grid = GridElem::new(children)
            .with_columns(TrackSizings(sizes.collect()))
            .with_column_gutter(TrackSizings(gutters.collect()))
            .pack();
        if stretches { fit::stretched_row(grid, line.least) } else { grid }
    }

    /// Text has the alignment that it inherits; a picture stands at the start.
    fn alignment_in_cell(&self, part: Option<&Part<'_>>, items: Items) -> Alignment {
        let upright = self.upright(part, items);
        match part {
            Some(Part::Element(element)) if matches!(element.value().name(), "img" | "svg") => {
                Alignment::Both(HAlignment::Start, upright)
            }
            _ => Alignment::V(upright),
        }
    }

    /// Where a box stands in the height of its row.
    fn upright(&self, part: Option<&Part<'_>>, items: Items) -> VAlignment {
        let margin = part.and_then(|part| self.part_style(part)).map(|style| style.margin);
        let auto = margin
            .map_or((false, false), |margin| (margin.top == Some(Margin::Auto), margin.bottom == Some(Margin::Auto)));
        match (auto, items) {
            ((true, true), _) | ((false, false), Items::Center) => VAlignment::Horizon,
            ((true, false), _) | ((false, false), Items::End) => VAlignment::Bottom,
            ((false, true), _) | ((false, false), Items::Start | Items::Stretch) => VAlignment::Top,
        }
    }

    /// Whether the height of a box is seen.
    fn is_stretched(&self, part: &Part<'_>) -> bool {
        let is_seen = |style: &Style| {
            box_style::has_border(style) || box_style::fill(style).is_some() || box_style::has_height_for(style)
        };
        self.part_style(part).is_some_and(is_seen)
    }

    /// The margins above and below a picture; it has those at its sides already.
    fn with_margins(&self, element: ElementRef<'_>, content: Content, place: Place) -> Content {
        let Some(style) = self.style(element) else { return content };
        let (top, bottom) = lengths::margins(style, place);
        let pad = |points: f64| Rel::from(lengths::pt(points));
        PadElem::new(content).with_top(pad(top)).with_bottom(pad(bottom)).pack()
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
    /// and margins would show it, and a box with a height or a width in a wider column is smaller than the cell.
    fn background(&self, part: &Part<'_>, fills: bool) -> Option<Paint> {
        let style = self.part_style(part)?;
        let is_round = style.border_radius.iter().any(Option::is_some);
        let has_margin = |margin: Option<Margin>| !matches!(margin, None | Some(Margin::Length(css::Length::Pt(0.0))));
        let css::Sides { top, right, bottom, left } = style.margin;
        let is_smaller = style.height.is_some() || !fills && (style.width.is_some() || style.max_width.is_some());
        let is_whole = !is_round && !is_smaller && ![top, right, bottom, left].into_iter().any(has_margin);
        box_style::fill(style).filter(|_| is_whole)
    }

    /// `fills`: whether a box is as wide as the place.
    pub(super) fn typeset_part(&self, part: &Part<'_>, place: Place, fills: bool) -> Content {
        let mut flow = Flow::new(place);
        match part {
            Part::Element(element) if element.value().name() == "img" => {
                let picture = self.block_picture(*element, place).unwrap_or_default();
                flow.block(self.with_margins(*element, picture, place), Margins::default());
            }
            Part::Element(element) if self.is_block(*element) => {
                self.block(*element, Place { fills, ..place }, &mut flow)
            }
            Part::Element(element) => self.span(**element, place, &mut flow.line),
            Part::Beside(nodes) => {
                self.add_nodes(nodes.iter().copied(), place, &mut flow);
                flow.paragraph();
            }
            Part::Before(element) => flow.inline(self.before(*element, place)),
            Part::After(element) => flow.inline(self.after(*element, place)),
            Part::Text(nodes) => nodes.iter().for_each(|node| self.span(*node, place, &mut flow.line)),
        }
        let content = match flow.is_line() {
            true => ParElem::new(Content::sequence(std::mem::take(&mut flow.line))).pack(),
            false => flow.finish(),
        };
        match part {
            Part::Element(element) if element.value().name() != "img" => {
                self.with_float_margins(*element, content, place)
            }
            _ => content,
        }
    }
}

/// Columns between the boxes take the space that is left: at automatic margins if there are any, which `auto` tells.
pub(super) fn justified<'p, 'e>(
    row: Vec<(Option<&'p Part<'e>>, Width)>,
    justify: Justify,
    auto: impl Fn(&Part<'_>) -> (bool, bool),
) -> Vec<(Option<&'p Part<'e>>, Width)> {
    if row.iter().any(|(_, width)| matches!(width, Width::Share(_))) {
        return row;
    }
    let space = (None, Width::Share(1.0));
    let (first, between, last) = match justify {
        Justify::Start | Justify::Stretch => (false, false, false),
        Justify::End => (true, false, false),
        Justify::Center => (true, false, true),
        Justify::Between => (false, true, false),
        Justify::Around => (true, true, true),
    };
    let margins: Vec<(bool, bool)> = row.iter().map(|(part, _)| part.map_or((false, false), &auto)).collect();
    let has_auto = margins.iter().any(|(left, right)| *left || *right);
    let mut out = Vec::new();
    let count = row.len();
    for ((i, cell), (left, right)) in row.into_iter().enumerate().zip(margins) {
        let is_before = if i == 0 { first } else { between };
        if if has_auto { left } else { is_before } {
            out.push(space);
        }
        out.push(cell);
        if if has_auto { right } else { last && i + 1 == count } {
            out.push(space);
        }
    }
    out
}
