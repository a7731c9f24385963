//! Typesets boxes in rows: `display: flex` and `grid`, and floats beside each other.

mod cells;
mod column;
mod distribute;
mod grid;
mod parts;
mod widths;

use ego_tree::NodeRef;
use scraper::{ElementRef, Node};
use typst::foundations::Content;

pub(super) use self::parts::{has_items, is_column};
use self::{
    cells::{Line, justified},
    parts::Part,
    widths::{Measured, Width, filled, widths},
};
use super::{Place, Typesetter, flow::Flow, lengths, margins::Margins};
use crate::css::{Align, Display, Float, Items, Justify, Row, Style};

/// Between boxes in a line, in font sizes.
const SPACE: f64 = 0.28;

impl Typesetter<'_> {
    /// The children of a flexible box or grid; `None` if they are blocks as any others.
    pub(super) fn row(&self, element: ElementRef<'_>, place: Place, style: &Style) -> Option<Content> {
        if !has_items(style) {
            let gap = self.gap_of_items(element)?;
            let centred = if style.text_align == Some(Align::Center) { Justify::Center } else { Justify::Start };
            let row = Row { wrap: Some(true), justify: Some(centred), items: Some(Items::Start), ..Row::default() };
            let parts: Vec<Part<'_>> = self.row_parts(element);
            let style = Style { row, ..style.clone() };
            return Some(self.flexible(element, &parts, &style, place, (gap * place.size, 0.0)));
        }
        let is_grid = style.display == Some(Display::Grid);
        let tracks = style.row.tracks.as_deref().filter(|tracks| !tracks.is_empty());
        let parts = self.items_of(element, place);
        if parts.is_empty() {
            return None;
        }
        let gap = style.column_gap.map_or(0.0, |gap| lengths::points(gap, style, place));
        let below = style.row.gap.map_or(0.0, |gap| lengths::points(gap, style, place));
        Some(match tracks.filter(|_| is_grid) {
            Some(tracks) => self.grid(&parts, tracks, style, place, (gap, below)),
            None if is_column(style) => self.column(&parts, style, place, below),
            None => self.flexible(element, &parts, style, place, (gap, below)),
        })
    }

    /// The children of an element: in rows if CSS says so, else one below the other.
    pub(super) fn inside(&self, element: ElementRef<'_>, place: Place) -> Content {
        let style = self.style(element).filter(|style| has_items(style));
        let row = style.and_then(|style| self.row(element, place, style));
        row.unwrap_or_else(|| self.flow(*element, place))
    }

    /// Puts consecutive floats into rows, as many into each as fit. Text of the nodes that follow stands beside the last
    /// row; returns how many of them.
    pub(super) fn floats<'e>(
        &self,
        floats: &[ElementRef<'e>],
        following: &[NodeRef<'e, Node>],
        place: Place,
    ) -> (Content, usize) {
        let boxes: Vec<Measured> = floats.iter().map(|float| self.measured(&Part::Element(*float), place)).collect();
        let needed: Vec<f64> = boxes.iter().map(|part| part.preferred(place.width)).collect();
        let is_clear = |at: usize| self.style(floats[at]).is_some_and(|style| style.row.is_clear == Some(true));
        let rows = filled(&needed, place.width, 0.0, is_clear);
        let (mut flow, mut beside) = (Flow::new(place), 0);
        for row in &rows {
            let following = if row.end == floats.len() { following } else { &[] };
            let (content, count) = self.float_row(&floats[row.clone()], &boxes[row.clone()], following, place);
            flow.block(content, Margins::default());
            beside = count;
        }
        (flow.finish(), beside)
    }

    /// One row of floats, with the free space between those at the left and those at the right, which text fills.
    fn float_row<'e>(
        &self,
        floats: &[ElementRef<'e>],
        boxes: &[Measured],
        following: &[NodeRef<'e, Node>],
        place: Place,
    ) -> (Content, usize) {
        let is_left = |at: &usize| self.style(floats[*at]).is_some_and(|style| style.row.float == Some(Float::Left));
        let (left, right): (Vec<usize>, Vec<usize>) = (0..floats.len()).partition(is_left);
        // The first float at the right is the outermost.
        let order: Vec<usize> = left.iter().copied().chain(right.iter().rev().copied()).collect();
        let parts: Vec<Part<'_>> = order.iter().map(|at| Part::Element(floats[*at])).collect();
        let widths = widths(&order.iter().map(|at| &boxes[*at]).collect::<Vec<_>>(), place.width, 0.0);
        let points = |width: &Width| match width {
            Width::Points(points) | Width::Content(points) => *points,
            Width::Share(_) => place.width,
        };
        let taken: Vec<(ElementRef<'_>, f64)> =
            order.iter().map(|at| floats[*at]).zip(widths.iter().map(points)).collect();
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
        let line = Line { whole: Some(place.width), ..Line::of(0.0, Items::Start) };
        (self.typeset_row(&columns, place, &line), count)
    }

    fn flexible(
        &self,
        element: ElementRef<'_>,
        parts: &[Part<'_>],
        style: &Style,
        place: Place,
        (gap, below): (f64, f64),
    ) -> Content {
        let boxes: Vec<Measured> = parts.iter().map(|part| self.measured(part, place)).collect();
        let wraps = style.row.wrap == Some(true);
        #[allow(clippy::cast_precision_loss)]
        let gaps = gap * parts.len().saturating_sub(1) as f64;
        let overflows =
            !wraps && parts.len() > 1 && boxes.iter().map(Measured::least).sum::<f64>() + gaps > place.width;
        if overflows {
            self.warn(
                *element,
                "the boxes of this row do not fit beside each other, so the row wraps: specify `flex-wrap: wrap`, or \
                 narrower boxes",
            );
        }
        let needed = |part: &Measured| if wraps || overflows { part.needed(place.width) } else { 0.0 };
        let needed: Vec<f64> = boxes.iter().map(needed).collect();
        let mut flow = Flow::new(place);
        let is_free = wraps || overflows;
        let rows = filled(&needed, place.width, if is_free { gap } else { 0.0 }, |_| false);
        let line = Line {
            whole: Some(place.width),
            least: if rows.len() == 1 { place.least_height } else { 0.0 },
            ..Line::of(gap, style.row.items.unwrap_or(Items::Stretch))
        };
        for row in rows {
            let own: Vec<&Measured> = boxes[row.clone()].iter().collect();
            let widths = widths(&own, place.width, gap);
            let row = parts[row].iter().map(Some).zip(widths).collect();
            let row = justified(row, style.row.justify.unwrap_or(Justify::Start), |part| self.auto_margins(part));
            flow.block(self.typeset_row(&row, place, &line), Margins(below, 0.0));
        }
        flow.finish()
    }
}
