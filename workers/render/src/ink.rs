//! Finds what a laid-out frame shows, and where: texts and pictures with their lines of the source.

use std::{num::NonZeroU64, sync::LazyLock};

use typst::{
    layout::{Abs, Frame, FrameItem, Point, Transform},
    syntax::{FileId, Span, SpanKind},
};
use typst_layout::PagedDocument;

use crate::world;

/// The file that the spans of the document's text point into; it has no content.
static TEXT: LazyLock<Option<FileId>> = LazyLock::new(|| world::id("/markdown"));
/// Where spans that are two numbers begin (`typst_syntax::Span`).
const RANGES: u64 = (1 << 47) + (1 << 46);
/// The greatest of these numbers.
const LAST: u64 = (1 << 23) - 1;
/// How far ascenders and descenders reach, in font sizes.
const ASCENT: f64 = 0.8;
const DESCENT: f64 = 0.2;
/// What lies outside by less than this is not reported, in points.
const TOLERANCE: f64 = 0.5;

/// A text or picture, in points from the upper left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mark {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
    /// In the source; `None` for a template's text.
    pub line: Option<u32>,
}

/// The span of what comes from this line of the source.
#[must_use]
pub fn span(line: Option<u32>) -> Span {
    let Some((id, line)) = TEXT.zip(line) else { return Span::detached() };
    let number = RANGES + (u64::from(line).min(LAST) << 23);
    let raw = (u64::from(id.into_raw().get()) << 48) | number;
    NonZeroU64::new(raw).map_or(Span::detached(), Span::from_raw)
}

fn line(span: Span) -> Option<u32> {
    match span.get() {
        SpanKind::Range { id, range } => line_at(id, range.start),
        _ => None,
    }
}

/// The line that the range of a span of [`span`] begins with.
#[must_use]
pub fn line_at(file: FileId, start: usize) -> Option<u32> {
    u32::try_from(start).ok().filter(|_| *TEXT == Some(file))
}

/// Calls `see` with each text and picture of a frame, as far as it is not clipped.
pub fn visit(frame: &Frame, at: Transform, see: &mut dyn FnMut(Mark)) {
    for (point, item) in frame.items() {
        match item {
            FrameItem::Group(group) => {
                let inner = at.pre_concat(Transform::translate(point.x, point.y)).pre_concat(group.transform);
                match group.clip {
                    Some(_) => {
                        let clip = mark(Point::zero(), group.frame.size().to_point(), inner, Span::detached());
                        visit(&group.frame, inner, &mut |mark| clip.cut(mark).into_iter().for_each(&mut *see));
                    }
                    None => visit(&group.frame, inner, see),
                }
            }
            FrameItem::Text(text) => {
                let above = Point::new(Abs::zero(), text.size * -ASCENT);
                let below = Point::new(text.width(), text.size * DESCENT);
                let span = text.glyphs.first().map_or(Span::detached(), |glyph| glyph.span.0);
                see(mark(*point + above, *point + below, at, span));
            }
            FrameItem::Image(_, size, span) => see(mark(*point, *point + size.to_point(), at, *span)),
            FrameItem::Shape(..) | FrameItem::Link(..) | FrameItem::Tag(_) => {}
        }
    }
}

impl Mark {
    /// The part of another mark within this one.
    fn cut(&self, other: Self) -> Option<Self> {
        let cut = Self {
            left: other.left.max(self.left),
            top: other.top.max(self.top),
            right: other.right.min(self.right),
            bottom: other.bottom.min(self.bottom),
            line: other.line,
        };
        (cut.left < cut.right && cut.top < cut.bottom).then_some(cut)
    }
}

fn mark(one: Point, other: Point, at: Transform, span: Span) -> Mark {
    let (one, other) = (one.transform(at), other.transform(at));
    Mark {
        left: one.x.min(other.x).to_pt(),
        top: one.y.min(other.y).to_pt(),
        right: one.x.max(other.x).to_pt(),
        bottom: one.y.max(other.y).to_pt(),
        line: line(span),
    }
}

/// The lines of the source that have something outside the paper, each once, in order.
#[must_use]
pub fn outside(document: &PagedDocument) -> Vec<u32> {
    let mut lines = Vec::new();
    for page in document.pages() {
        let (width, height) = (page.frame.width().to_pt(), page.frame.height().to_pt());
        visit(&page.frame, Transform::identity(), &mut |mark| {
            let is_out = mark.left < -TOLERANCE
                || mark.top < -TOLERANCE
                || mark.right > width + TOLERANCE
                || mark.bottom > height + TOLERANCE;
            lines.extend(mark.line.filter(|_| is_out));
        });
    }
    lines.sort_unstable();
    lines.dedup();
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_keeps_its_line() {
        for number in [0, 1, 77, 100_000] {
            assert_eq!(line(span(Some(number))), Some(number));
        }
        assert_eq!(line(span(None)), None);
        assert_eq!(line(Span::detached()), None);
    }
}
