//! Draws the boxes of words: their background and borders cover their padding, which takes space in the line.
//!
//! Typst's boxes stay in one line, and its highlights have no padding. So what fits in a line is a box, and what breaks
//! over lines is a highlight between two caps.

use ego_tree::NodeRef;
use scraper::{ElementRef, Node};
use typst::{
    foundations::{Content, NativeElement, Smart},
    layout::{BoxElem, Corners, Em, HElem, Length, Rel, Sides, Sizing, Spacing},
    text::{BottomEdge, HighlightElem, TextElem, TopEdge},
    visualize::{Paint, Stroke},
};

use super::{
    Place, Typesetter,
    box_style::{fill, has_border, is_in_line, radius, strokes},
    lengths::{border_width, frame_width, points, pt},
};
use crate::{
    css::{self, Rgba, Style},
    fonts::is_wide,
};

/// How far a background behind text reaches above and below the baseline, in font sizes.
pub(super) const ASCENT: f64 = 0.93;
pub(super) const DESCENT: f64 = 0.24;
/// The padding that the background of text has without moving the text, in points.
const HAIR: f64 = 1.5;
/// How far a highlight reaches over its caps, so that no line shows between them, in points.
const OVERLAP: f64 = 0.25;
/// The part of a line up to which several words stay in one line.
pub(super) const WHOLE: f64 = 0.4;
/// The ground of Typst's highlights.
const MARK: Rgba = Rgba(0xff, 0xfd, 0x11, 0xa1);
/// Lets no line break beside it, and has no width.
const JOINER: &str = "\u{2060}";

impl Typesetter<'_> {
    /// Whether the box of words is drawn as one: it fits in a line, and is short or one word.
    pub(super) fn is_whole(&self, element: ElementRef<'_>, style: &Style, place: Place) -> bool {
        let has_ends =
            SideSpace::of(style, place).is_some() || has_corners(style) && element.child_elements().next().is_some();
        if !has_ends || !is_drawn(style) || element.descendent_elements().any(is_break) {
            return false;
        }
        let inner = self.within(element, place, Some(style));
        let width = self.content_width(element, inner).max_content + frame_width(style, place);
        let breaks = |c: char| c.is_whitespace() || is_wide(c);
        let is_word = || element.text().all(|text| !text.contains(breaks));
        width <= place.width * WHOLE || width <= place.width && is_word()
    }
}

/// Whether words have a background or a border. Those of a box in a line are drawn by itself.
fn is_drawn(style: &Style) -> bool {
    !is_in_line(style) && (fill(style).is_some() || has_border(style))
}

fn is_break(element: ElementRef<'_>) -> bool {
    element.value().name() == "br"
}

/// The style of `<mark>` with the ground that Typst gives highlights, which covers its padding.
pub(super) fn marked(style: &Style) -> Style {
    Style { background: Some(MARK), ..style.clone() }
}

fn has_corners(style: &Style) -> bool {
    style.border_radius.iter().any(Option::is_some)
}

/// What padding and borders take to the left and right of words, in points.
#[derive(Clone, Copy)]
struct SideSpace {
    left: f64,
    right: f64,
}

impl SideSpace {
    /// `None` if a highlight alone can draw them.
    fn of(style: &Style, place: Place) -> Option<Self> {
        let padding = |side: Option<css::Length>| side.map_or(0.0, |side| points(side, style, place)).max(0.0);
        let (left, right) = (padding(style.padding.left), padding(style.padding.right));
        let borders = (border_width(style.border.left), border_width(style.border.right));
        let is_seen = left > HAIR || right > HAIR || borders != (0.0, 0.0);
        is_seen.then(|| Self { left: left + borders.0 / 2.0, right: right + borders.1 / 2.0 })
    }
}

/// Above and below the edges of text, in points.
fn upright(style: &Style, place: Place) -> (f64, f64) {
    let side = |padding: Option<css::Length>, border| {
        padding.map_or(0.0, |padding| points(padding, style, place)).max(0.0) + border_width(border) / 2.0
    };
    (side(style.padding.top, style.border.top), side(style.padding.bottom, style.border.bottom))
}

/// What keeps a box in the line of the word that it touches.
pub(super) fn before(element: ElementRef<'_>, style: &Style, place: Place, is_whole: bool) -> Content {
    let touches = |node: NodeRef<'_, Node>| match node.value() {
        Node::Text(text) => text.ends_with(|c: char| !c.is_whitespace()),
        _ => false,
    };
    let has_ends = || is_drawn(style) && SideSpace::of(style, place).is_some();
    match (is_whole || has_ends()) && element.prev_sibling().is_some_and(touches) {
        true => joiner(),
        false => Content::empty(),
    }
}

fn joiner() -> Content {
    // With a style of its own it is in no run of text, which would have it as a letter.
    TextElem::packed(JOINER).set(TextElem::hyphenate, Smart::Custom(false))
}

fn length(points: f64) -> Option<Rel<Length>> {
    Some(pt(points).into())
}

/// Padding that is not seen.
pub(super) fn padded(content: Content, style: &Style, place: Place) -> Content {
    let side = |side: Option<css::Length>| side.map_or(0.0, |side| points(side, style, place)).max(0.0);
    let space = |points: f64| HElem::new(Spacing::Rel(pt(points).into())).pack();
    let (left, right) = (side(style.padding.left), side(style.padding.right));
    let before = if left > 0.0 { space(left) + joiner() } else { Content::empty() };
    let after = if right > 0.0 { joiner() + space(right) } else { Content::empty() };
    before + content + after
}

/// A box that stays in one line. Its padding above and below takes no space, as in browsers.
pub(super) fn whole(content: Content, style: &Style, place: Place) -> Content {
    let ends = SideSpace::of(style, place).unwrap_or(SideSpace { left: 0.0, right: 0.0 });
    let (above, below) = upright(style, place);
    // The joiner is as high as text, where there is none.
    let body = (joiner() + content)
        .set(TextElem::top_edge, TopEdge::Length(Em::new(ASCENT).into()))
        .set(TextElem::bottom_edge, BottomEdge::Length(Em::new(-DESCENT).into()));
    let drawn = BoxElem::new()
        .with_body(Some(body))
        .with_fill(fill(style))
        .with_stroke(strokes(style))
        .with_radius(radius(style, place))
        .with_inset(Sides { left: length(ends.left), right: length(ends.right), top: None, bottom: None })
        .with_outset(Sides { left: None, right: None, top: length(above), bottom: length(below) })
        .pack();
    // The line is as high as its text all the same.
    drawn + joiner()
}

/// Text on a background or in a border that breaks over lines. Padding up to [`HAIR`] takes no space.
pub(super) fn broken(content: Content, fill: Option<Paint>, style: &Style, place: Place) -> Content {
    let size = style.font_size.map_or(place.size, |size| size * place.scale).max(0.1);
    let (above, below) = upright(style, place);
    let highlight = |content: Content| {
        HighlightElem::new(content)
            .with_fill(fill.clone())
            .with_top_edge(TopEdge::Length(Em::new(ASCENT + above / size).into()))
            .with_bottom_edge(BottomEdge::Length(Em::new(-(DESCENT + below / size)).into()))
    };
    let Some(ends) = SideSpace::of(style, place) else {
        let side = |side: Option<css::Length>| side.map_or(0.0, |side| points(side, style, place));
        let extent = side(style.padding.left).min(side(style.padding.right)).clamp(0.0, HAIR);
        let highlight = highlight(content).with_stroke(strokes(style)).with_radius(radius(style, place));
        return highlight.with_extent(pt(extent)).pack();
    };
    let all = strokes(style);
    let middle = Sides { left: Some(None), right: Some(None), top: all.top.clone(), bottom: all.bottom.clone() };
    let corners = radius(style, place);
    let left = cap(ends.left, &fill, Sides { right: Some(None), ..all.clone() }, size, (above, below))
        .with_radius(Corners { top_right: None, bottom_right: None, ..corners });
    let right = cap(ends.right, &fill, Sides { left: Some(None), ..all }, size, (above, below)).with_radius(Corners {
        top_left: None,
        bottom_left: None,
        ..corners
    });
    // Two layers of a ground that is not opaque would show.
    let is_opaque = style.background.is_none_or(|color| color.3 == u8::MAX);
    let extent = if is_opaque { OVERLAP } else { 0.0 };
    let text = highlight(content).with_stroke(middle).with_extent(pt(extent)).pack();
    // In text from right to left, the box begins at the right.
    let (first, last) = if place.from_right { (right, left) } else { (left, right) };
    first.pack() + joiner() + text + joiner() + last.pack() + joiner()
}

/// The end of a box that breaks over lines.
fn cap(
    width: f64,
    fill: &Option<Paint>,
    strokes: Sides<Option<Option<Stroke>>>,
    size: f64,
    (above, below): (f64, f64),
) -> BoxElem {
    BoxElem::new()
        .with_width(Sizing::Rel(pt(width).into()))
        .with_height(Smart::Custom(pt(0.0).into()))
        .with_fill(fill.clone())
        .with_stroke(strokes)
        .with_outset(Sides {
            left: None,
            right: None,
            top: length(ASCENT * size + above),
            bottom: length(DESCENT * size + below),
        })
}
