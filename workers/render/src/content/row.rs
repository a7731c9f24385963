//! Typesets boxes in rows: `display: flex` and `grid`, and floats beside each other.

mod cells;
mod widths;

use ego_tree::NodeRef;
use scraper::{ElementRef, Node};
use typst::foundations::Content;

use self::{cells::justified, widths::Width};
use super::{Place, Typesetter, flow::Flow, lengths, margins::Margins};
use crate::css::{Display, Float, Items, Justify, Style, Track};

/// The most boxes in a row; more wrap.
const COLUMNS: usize = 50;

/// A child of a row: an element, or the text between two.
enum Part<'a> {
    Element(ElementRef<'a>),
    Text(Vec<NodeRef<'a, Node>>),
    /// Blocks and text beside floats.
    Beside(Vec<NodeRef<'a, Node>>),
}

impl Typesetter<'_> {
    /// The children of a flexible box or grid in rows; `None` if they stand one below the other.
    pub(super) fn row(&self, element: ElementRef<'_>, place: Place, style: &Style) -> Option<Content> {
        let is_grid = style.display == Some(Display::Grid);
        let tracks = style.row.tracks.as_deref().filter(|tracks| !tracks.is_empty());
        if !matches!(style.display, Some(Display::Flex | Display::Grid))
            || style.row.is_column == Some(true) && !is_grid
            || is_grid && tracks.is_none()
        {
            return None;
        }
        let parts = self.row_parts(element);
        if parts.is_empty() {
            return None;
        }
        let gap = style.column_gap.map_or(0.0, |gap| lengths::points(gap, style, place));
        let below = style.row.gap.map_or(0.0, |gap| lengths::points(gap, style, place));
        Some(match tracks.filter(|_| is_grid) {
            Some(tracks) => self.grid(&parts, tracks, style, place, (gap, below)),
            None => self.flexible(&parts, style, place, (gap, below)),
        })
    }

    /// Puts consecutive floats into one row, with the free space between those at the left and those at the right. Text of
    /// the nodes that follow fills it; returns how many of them.
    pub(super) fn floats<'e>(
        &self,
        floats: &[ElementRef<'e>],
        following: &[NodeRef<'e, Node>],
        place: Place,
    ) -> (Content, usize) {
        let is_left =
            |element: &ElementRef<'_>| self.style(*element).is_some_and(|style| style.row.float == Some(Float::Left));
        let (left, right): (Vec<_>, Vec<_>) = floats.iter().copied().partition(is_left);
        // The first float at the right is the outermost.
        let ordered: Vec<ElementRef<'_>> = left.iter().copied().chain(right.iter().rev().copied()).collect();
        let parts: Vec<Part<'_>> = ordered.iter().copied().map(Part::Element).collect();
        let widths = self.widths(&parts, place, 0.0, false);
        let points = |width: &Width| match width {
            Width::Points(points) | Width::Content(points) => *points,
            Width::Share(_) => place.width,
        };
        let taken: Vec<(ElementRef<'_>, f64)> = ordered.into_iter().zip(widths.iter().map(points)).collect();
        let free = place.width - taken.iter().map(|(_, width)| width).sum::<f64>();
        let count = self.beside(&taken, following, free, place);
        let text = (count > 0).then(|| Part::Beside(following[..count].to_vec()));
        let mut columns = Vec::new();
        for (i, (part, width)) in parts.iter().zip(widths).enumerate() {
            if i == left.len() {
                columns.push((text.as_ref(), Width::Share(1.0)));
            }
            columns.push((Some(part), width));
        }
        if right.is_empty() {
            columns.push((text.as_ref(), Width::Share(1.0)));
        }
        (self.typeset_row(&columns, place, 0.0, Items::Start), count)
    }

    fn row_parts<'e>(&self, element: ElementRef<'e>) -> Vec<Part<'e>> {
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
            flow.block(self.typeset_row(&row, place, gap, items), Margins(below, 0.0));
        }
        flow.finish()
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
                Track::Length(length) => widths.push(Width::Points(lengths::points(*length, style, place))),
                Track::Fill(least) => {
                    let least = lengths::points(*least, style, place).max(1.0);
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
                Part::Text(_) | Part::Beside(_) => None,
            };
            let span = usize::from(span.unwrap_or(1)).clamp(1, widths.len());
            if at + span > widths.len() {
                flow.block(self.typeset_cells(&row, &widths, place, gap, items), Margins(below, 0.0));
                row.clear();
                at = 0;
            }
            row.push((Some(part), widths[at], span));
            at += span;
        }
        flow.block(self.typeset_cells(&row, &widths, place, gap, items), Margins(below, 0.0));
        flow.finish()
    }
}
