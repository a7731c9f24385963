//! Typesets boxes in rows: `display: flex` and `grid`, and floats beside each other.

mod cells;
mod widths;

use ego_tree::NodeRef;
use scraper::{ElementRef, Node};
use typst::foundations::Content;

use self::{
    cells::justified,
    widths::{Measured, Width, filled, fit_tracks, widths},
};
use super::{Place, Typesetter, flow::Flow, lengths, margins::Margins};
use crate::css::{Align, Display, Float, Items, Justify, Row, Style, Track};

/// Between boxes in a line, in font sizes.
const SPACE: f64 = 0.28;

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
        let is_row = matches!(style.display, Some(Display::Flex | Display::Grid));
        if let Some(gap) = self.gap_of_items(element).filter(|_| !is_row) {
            let centred = if style.text_align == Some(Align::Center) { Justify::Center } else { Justify::Start };
            let row = Row { wrap: Some(true), justify: Some(centred), items: Some(Items::Start), ..Row::default() };
            let parts: Vec<Part<'_>> = self.row_parts(element);
            let style = Style { row, ..style.clone() };
            return Some(self.flexible(element, &parts, &style, place, (gap * place.size, 0.0)));
        }
        let is_grid = style.display == Some(Display::Grid);
        let tracks = style.row.tracks.as_deref().filter(|tracks| !tracks.is_empty());
        if !is_row || style.row.is_column == Some(true) && !is_grid || is_grid && tracks.is_none() {
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
            None => self.flexible(element, &parts, style, place, (gap, below)),
        })
    }

    /// The width of a row whose boxes are as wide as their content, in points.
    pub(super) fn row_width(&self, element: ElementRef<'_>, style: &Style, place: Place) -> f64 {
        let parts = self.row_parts(element);
        let gap = style.column_gap.map_or(0.0, |gap| lengths::points(gap, style, place));
        let widths = parts.iter().map(|part| self.measured(part, place).preferred(place.width));
        match style.row.is_column == Some(true) {
            true => widths.fold(0.0, f64::max),
            #[allow(clippy::cast_precision_loss)]
            false => widths.sum::<f64>() + gap * parts.len().saturating_sub(1) as f64,
        }
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
        (self.typeset_row(&columns, place, 0.0, Items::Start), count)
    }

    /// The space between the items of a list that stand in a line, in font sizes; `None` if they stand one below the other.
    fn gap_of_items(&self, list: ElementRef<'_>) -> Option<f64> {
        let is_list = matches!(list.value().name(), "ul" | "ol" | "menu" | "dir");
        let mut items = list.child_elements().filter(|_| is_list).peekable();
        items.peek()?;
        let displays: Option<Vec<bool>> = items
            .map(|item| {
                let style = self.style(item)?;
                let is_inline = matches!(style.display, Some(Display::Inline | Display::InlineBlock));
                (is_inline || style.row.float == Some(Float::Left)).then_some(style.row.float.is_none())
            })
            .collect();
        // Between words there is a space, between floats nothing.
        Some(if displays?.contains(&true) { SPACE } else { 0.0 })
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
        let items = style.row.items.unwrap_or(Items::Stretch);
        let mut flow = Flow::new(place);
        let is_free = wraps || overflows;
        for row in filled(&needed, place.width, if is_free { gap } else { 0.0 }, |_| false) {
            let own: Vec<&Measured> = boxes[row.clone()].iter().collect();
            let widths = widths(&own, place.width, gap);
            let row = parts[row].iter().map(Some).zip(widths).collect();
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
                Track::Auto | Track::Content => widths.push(Width::Content(0.0)),
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
        let spans: Vec<usize> = parts.iter().map(|part| self.span_of(part).clamp(1, widths.len())).collect();
        let mut stretched: Vec<bool> = tracks.iter().map(|track| *track == Track::Auto).collect();
        stretched.resize(widths.len(), false);
        self.measure_tracks(parts, &spans, &mut widths, place);
        fit_tracks(&mut widths, &stretched, place.width, gap);
        let items = style.row.items.unwrap_or(Items::Stretch);
        let mut flow = Flow::new(place);
        let mut row: Vec<(Option<&Part<'_>>, Width, usize)> = Vec::new();
        let mut at = 0;
        for (part, span) in parts.iter().zip(spans) {
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

    fn span_of(&self, part: &Part<'_>) -> usize {
        let span = match part {
            Part::Element(element) => self.style(*element).and_then(|style| style.row.span),
            Part::Text(_) | Part::Beside(_) => None,
        };
        span.unwrap_or(1).into()
    }

    /// Gives columns that are as wide as their content the width of their widest box.
    fn measure_tracks(&self, parts: &[Part<'_>], spans: &[usize], widths: &mut [Width], place: Place) {
        let mut at = 0;
        for (part, span) in parts.iter().zip(spans) {
            if at + span > widths.len() {
                at = 0;
            }
            if let (1, Width::Content(widest)) = (span, &mut widths[at]) {
                *widest = widest.max(self.measured(part, place).preferred(place.width));
            }
            at += span;
        }
    }
}
