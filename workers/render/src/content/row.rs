//! Rows of boxes: `display: flex` and `grid`, and floats beside each other, as Typst's grids.

use std::num::NonZeroUsize;

use ego_tree::NodeRef;
use scraper::{ElementRef, Node};
use typst::{
    foundations::{Content, NativeElement, Packed, Smart},
    layout::{
        Alignment, Fr, GridCell, GridChild, GridElem, GridItem, HAlignment, Ratio, Sizing, TrackSizings, VAlignment,
    },
    model::ParElem,
    visualize::Paint,
};

use super::{
    Place, Typesetter, columns,
    columns::{Extent, Want},
    flow::{Flow, Margins},
    look,
};
use crate::css::{Display, Float, Items, Justify, Style, Track};

/// The most boxes in a row; more wrap.
const COLUMNS: usize = 50;

/// A child of a row: an element, or the text between two.
enum Part<'a> {
    Element(ElementRef<'a>),
    Text(Vec<NodeRef<'a, Node>>),
}

/// The width of a column: in points, or its share of what is left.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Width {
    Points(f64),
    /// That of its content, about so many points.
    Content(f64),
    Share(f64),
}

impl Typesetter<'_> {
    /// The children of a flexible box or grid; `None` if they stand one below the other.
    pub(super) fn row(&self, element: ElementRef<'_>, place: Place, style: &Style) -> Option<Content> {
        let is_grid = style.display == Some(Display::Grid);
        let tracks = style.row.tracks.as_deref().filter(|tracks| !tracks.is_empty());
        if !matches!(style.display, Some(Display::Flex | Display::Grid))
            || style.row.upright == Some(true) && !is_grid
            || is_grid && tracks.is_none()
        {
            return None;
        }
        let parts = self.parts_of_row(element);
        if parts.is_empty() {
            return None;
        }
        let gap = style.column_gap.map_or(0.0, |gap| look::points(gap, style, place));
        let below = style.row.gap.map_or(0.0, |gap| look::points(gap, style, place));
        Some(match tracks.filter(|_| is_grid) {
            Some(tracks) => self.grid(&parts, tracks, style, place, (gap, below)),
            None => self.flexible(&parts, style, place, (gap, below)),
        })
    }

    /// Floats that follow each other stand in one row, with the space between those at the left and at the right.
    pub(super) fn floats(&self, floats: &[ElementRef<'_>], place: Place) -> Content {
        let is_left =
            |element: &ElementRef<'_>| self.style(*element).is_some_and(|style| style.row.float == Some(Float::Left));
        let (left, right): (Vec<_>, Vec<_>) = floats.iter().copied().partition(is_left);
        // The first float at the right is the outermost.
        let parts: Vec<Part<'_>> = left.iter().copied().chain(right.iter().rev().copied()).map(Part::Element).collect();
        let widths = self.widths(&parts, place, 0.0, false);
        let mut columns = Vec::new();
        for (i, (part, width)) in parts.iter().zip(widths).enumerate() {
            if i == left.len() {
                columns.push((None, Width::Share(1.0)));
            }
            columns.push((Some(part), width));
        }
        if right.is_empty() {
            columns.push((None, Width::Share(1.0)));
        }
        self.set_row(&columns, place, 0.0, Items::Start)
    }

    fn parts_of_row<'e>(&self, element: ElementRef<'e>) -> Vec<Part<'e>> {
        let mut parts = Vec::new();
        for child in element.children() {
            match (child.value(), ElementRef::wrap(child)) {
                (_, Some(element)) => {
                    let hidden = self.style(element).is_some_and(|style| style.display == Some(Display::None));
                    if !hidden && element.value().name() != "br" {
                        parts.push(Part::Element(element));
                    }
                }
                (Node::Text(text), None) if !text.trim().is_empty() => match parts.last_mut() {
                    Some(Part::Text(nodes)) => nodes.push(child),
                    _ => parts.push(Part::Text(vec![child])),
                },
                _ => {}
            }
        }
        parts
    }

    fn flexible(&self, parts: &[Part<'_>], style: &Style, place: Place, (gap, below): (f64, f64)) -> Content {
        let widths = self.widths(parts, place, gap, style.row.wrap == Some(true));
        let mut rows: Vec<Vec<(Option<&Part<'_>>, Width)>> = vec![Vec::new()];
        let mut used = 0.0;
        for (part, width) in parts.iter().zip(widths) {
            let points = match width {
                Width::Points(points) | Width::Content(points) => points,
                Width::Share(_) => 0.0,
            };
            let row_is_full = rows.last().is_some_and(|row| {
                !row.is_empty() && (used + gap + points > place.width + 0.1 || row.len() == COLUMNS)
            });
            if row_is_full && (style.row.wrap == Some(true) || parts.len() > COLUMNS) {
                rows.push(Vec::new());
                used = 0.0;
            }
            if let Some(row) = rows.last_mut() {
                used += points + if row.is_empty() { 0.0 } else { gap };
                row.push((Some(part), width));
            }
        }
        let items = style.row.items.unwrap_or(Items::Stretch);
        let mut flow = Flow::new(place);
        for row in rows {
            let row = justified(row, style.row.justify.unwrap_or(Justify::Start));
            flow.block(self.set_row(&row, place, gap, items), Margins(below, 0.0));
        }
        flow.finish()
    }

    /// The widths of flexible boxes; they shrink together if they do not wrap.
    fn widths(&self, parts: &[Part<'_>], place: Place, gap: f64, wraps: bool) -> Vec<Width> {
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
        let aside = look::aside_width(style, place);
        let extent = match element.value().name() {
            "img" | "svg" => {
                let width = self.picture_width(*element, place);
                return (
                    Extent { line: width, word: width, part: width.min(place.width / 4.0) }.plus(aside),
                    None,
                    None,
                );
            }
            _ => self.extent(*element, inner).plus(look::frame_width(style, place) + aside),
        };
        let said = style.row.basis.or(style.width).map(|width| look::outer_width(width, style, place) + aside);
        (extent, said, style.row.grow.filter(|grow| *grow > 0.0))
    }

    fn grid(
        &self,
        parts: &[Part<'_>],
        tracks: &[Track],
        style: &Style,
        place: Place,
        (gap, below): (f64, f64),
    ) -> Content {
        let mut widths = Vec::new();
        for track in tracks {
            match track {
                Track::Auto => widths.push(Width::Share(1.0)),
                Track::Share(share) => widths.push(Width::Share(share.max(0.01))),
                Track::Length(length) => widths.push(Width::Points(look::points(*length, style, place))),
                Track::Fill(least) => {
                    let least = look::points(*least, style, place).max(1.0);
                    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                    let count = ((place.width + gap) / (least + gap)).floor().clamp(1.0, 50.0) as usize;
                    widths.extend(std::iter::repeat_n(Width::Share(1.0), count));
                }
            }
        }
        let items = style.row.items.unwrap_or(Items::Stretch);
        let mut flow = Flow::new(place);
        let mut row: Vec<(Option<&Part<'_>>, Width, usize)> = Vec::new();
        let mut at = 0;
        for part in parts {
            let span = match part {
                Part::Element(element) => self.style(*element).and_then(|style| style.row.span),
                Part::Text(_) => None,
            };
            let span = usize::from(span.unwrap_or(1)).clamp(1, widths.len());
            if at + span > widths.len() {
                flow.block(self.set_cells(&row, &widths, place, gap, items), Margins(below, 0.0));
                row.clear();
                at = 0;
            }
            row.push((Some(part), widths[at], span));
            at += span;
        }
        flow.block(self.set_cells(&row, &widths, place, gap, items), Margins(below, 0.0));
        flow.finish()
    }

    fn set_row(&self, row: &[(Option<&Part<'_>>, Width)], place: Place, gap: f64, items: Items) -> Content {
        let cells: Vec<_> = row.iter().map(|(part, width)| (*part, *width, 1)).collect();
        let widths: Vec<Width> = row.iter().map(|(_, width)| *width).collect();
        self.set_cells(&cells, &widths, place, gap, items)
    }

    fn set_cells(
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
            let content = part.map_or_else(Content::empty, |part| self.part_of_row(part, inner));
            let vertical = match items {
                Items::Start | Items::Stretch => VAlignment::Top,
                Items::Center => VAlignment::Horizon,
                Items::End => VAlignment::Bottom,
            };
            let ground = part.filter(|_| items == Items::Stretch).and_then(|part| self.ground(part));
            let cell = GridCell::new(content)
                .with_fill(ground.map_or(Smart::Auto, |ground| Smart::Custom(Some(ground))))
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
            .with_column_gutter(TrackSizings(std::iter::once(Sizing::Rel(look::pt(gap).into())).collect()))
            .pack()
    }

    /// The ground of a box that is as high as its row. One with round corners keeps its own height.
    fn ground(&self, part: &Part<'_>) -> Option<Paint> {
        let Part::Element(element) = part else { return None };
        let style = self.style(*element)?;
        let is_round = style.border_radius.iter().any(Option::is_some);
        look::fill(style).filter(|_| !is_round)
    }

    fn part_of_row(&self, part: &Part<'_>, place: Place) -> Content {
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
fn justified<'p, 'e>(row: Vec<(Option<&'p Part<'e>>, Width)>, justify: Justify) -> Vec<(Option<&'p Part<'e>>, Width)> {
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

/// In points.
fn resolved(widths: &[Width], room: f64, gap: f64) -> Vec<f64> {
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
