//! Divides grids into columns, and their boxes into rows.

use typst::foundations::Content;

use super::{
    Part,
    cells::{Cell, Line},
    widths::{Width, fit_tracks},
};
use crate::{
    content::{Place, Typesetter, flow::Flow, lengths, margins::Margins},
    css::{Items, Justify, Style, Track},
};

/// A box in its column of a grid.
struct Placed {
    /// The row.
    y: usize,
    /// The first column.
    x: usize,
    /// How many columns it takes.
    span: usize,
}

impl Typesetter<'_> {
    pub(super) fn grid(
        &self,
        parts: &[Part<'_>],
        tracks: &[Track],
        style: &Style,
        place: Place,
        (gap, below): (f64, f64),
    ) -> Content {
        let tracks = filled(tracks, style, place, gap);
        let placed = self.placed(parts, tracks.len());
        let mut widths = self.tracks(parts, &placed, &tracks, style, place);
        let justify = style.row.justify.unwrap_or(Justify::Stretch);
        let is_stretched = |track: &Track| *track == Track::Auto && justify == Justify::Stretch;
        fit_tracks(&mut widths, &tracks.iter().map(is_stretched).collect::<Vec<_>>(), place.width, gap);
        let mut gaps = vec![gap; widths.len().saturating_sub(1)];
        let shift = usize::from(justify_tracks(&mut widths, &mut gaps, justify, place.width));
        let rows = placed.last().map_or(0, |last| last.y + 1);
        let least = if rows == 1 { place.least_height } else { 0.0 };
        let line = Line { least, fills: false, ..Line::of(gap, style.row.items.unwrap_or(Items::Stretch)) };
        let mut flow = Flow::new(place);
        let mut at = 0;
        while let Some(first) = placed.get(at) {
            let count = placed[at..].iter().take_while(|next| next.y == first.y).count();
            let cell = |i: usize| Cell { part: parts.get(i), x: placed[i].x + shift, span: placed[i].span };
            let cells: Vec<Cell<'_, '_>> = (at..at + count).map(cell).collect();
            flow.block(self.typeset_cells(&cells, (&widths, &gaps), place, &line), Margins(below, 0.0));
            at += count;
        }
        flow.finish()
    }

    /// Where the boxes stand: after each other, but for those whose column CSS specifies.
    fn placed(&self, parts: &[Part<'_>], columns: usize) -> Vec<Placed> {
        let (mut x, mut y) = (0, 0);
        let mut placed = Vec::with_capacity(parts.len());
        for part in parts {
            let row = self.part_style(part).map(|style| &style.row);
            let span = usize::from(row.and_then(|row| row.span).unwrap_or(1)).clamp(1, columns);
            let from = row.and_then(|row| row.column).map(|line| match line {
                1.. => usize::from(line.unsigned_abs()) - 1,
                // Lines are counted from the end too.
                _ => (columns + 1).saturating_sub(usize::from(line.unsigned_abs())),
            });
            let from = from.map(|from| from.min(columns - 1));
            if from.map_or(x + span > columns, |from| from < x) {
                (x, y) = (0, y + 1);
            }
            x = from.unwrap_or(x);
            let span = span.min(columns - x);
            placed.push(Placed { y, x, span });
            x += span;
        }
        placed
    }

    fn tracks(
        &self,
        parts: &[Part<'_>],
        placed: &[Placed],
        tracks: &[Track],
        style: &Style,
        place: Place,
    ) -> Vec<Width> {
        let mut widths: Vec<Width> = tracks
            .iter()
            .map(|track| match track {
                Track::Auto | Track::Content | Track::Least | Track::UpTo(_) => Width::Content(0.0),
                Track::Share(share) => Width::Share(share.max(0.01)),
                Track::Length(length) => Width::Points(lengths::points(*length, style, place)),
                Track::Fill(_) => Width::Share(1.0),
            })
            .collect();
        for (part, Placed { x, span, .. }) in parts.iter().zip(placed) {
            let (1, Width::Content(widest)) = (*span, &mut widths[*x]) else { continue };
            let measured = self.measured(part, place);
            let width = match tracks[*x] {
                Track::Least => measured.narrowest(),
                Track::UpTo(most) => {
                    measured.preferred(place.width).min(lengths::points(most, style, place)).max(measured.least())
                }
                _ => measured.preferred(place.width),
            };
            *widest = widest.max(width);
        }
        widths
    }
}

/// Tracks with as many columns as fit in the place of `auto-fit`.
fn filled(tracks: &[Track], style: &Style, place: Place, gap: f64) -> Vec<Track> {
    let mut all = Vec::new();
    for track in tracks {
        match track {
            Track::Fill(least) => {
                let least = lengths::points(*least, style, place).max(1.0);
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                let count = ((place.width + gap) / (least + gap)).floor().clamp(1.0, 50.0) as usize;
                all.extend(std::iter::repeat_n(Track::Share(1.0), count));
            }
            other => all.push(*other),
        }
    }
    all
}

/// Divides the space that columns leave, as `justify-content` says. Returns whether there is a column before the first.
fn justify_tracks(widths: &mut Vec<Width>, gaps: &mut Vec<f64>, justify: Justify, available: f64) -> bool {
    let mut used = gaps.iter().sum::<f64>();
    for width in widths.iter() {
        match width {
            Width::Points(points) | Width::Content(points) => used += points,
            Width::Share(_) => return false,
        }
    }
    let free = (available - used).max(0.0);
    #[allow(clippy::cast_precision_loss)]
    let count = widths.len() as f64;
    let (before, between) = match justify {
        Justify::Start | Justify::Stretch => return false,
        Justify::End => (free, 0.0),
        Justify::Center => (free / 2.0, 0.0),
        Justify::Between if widths.len() < 2 => return false,
        Justify::Between => (0.0, free / (count - 1.0)),
        Justify::Around => (free / count / 2.0, free / count),
    };
    gaps.iter_mut().for_each(|gap| *gap += between);
    gaps.insert(0, 0.0);
    widths.insert(0, Width::Points(before));
    true
}
