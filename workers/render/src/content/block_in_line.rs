//! Typesets blocks in a line: `display: inline-block`, `inline-flex` and `inline-grid`.

use scraper::ElementRef;
use typst::{
    foundations::{Content, NativeElement},
    layout::{BaselinePos, BoxElem, Length, Rel, Sides, Sizing},
};

use super::{Place, Typesetter, block_or_line::is_blank, box_style, boxes, columns, flow::Flow, lengths, text_style};
use crate::css::Style;

impl Typesetter<'_> {
    /// A block in a line: `display: inline-block`.
    pub(super) fn block_in_line(&self, element: ElementRef<'_>, style: &Style, place: Place) -> Content {
        let own = self.width_in_line(element, style, place);
        let mut flow = Flow::new(place);
        let blocks = place.blocks + 1;
        let inner = Place { fills: true, boxed: true, blocks, width: own.unwrap_or(place.width), ..place };
        self.block(element, inner, &mut flow);
        let width = own.map_or(Sizing::Auto, |width| Sizing::Rel(lengths::pt(width).into()));
        BoxElem::new()
            .with_body(Some(flow.finish()))
            .with_baseline(self.baseline_in_line(element, style, place))
            .with_width(width)
            .with_inset(upright_margins(style, place))
            .pack()
    }

    /// The baseline of a block in a line: by CSS, or that of its last line of text, for which Typst takes its lower edge.
    fn baseline_in_line(&self, element: ElementRef<'_>, style: &Style, place: Place) -> BaselinePos {
        // The boxes of a row have text too.
        let is_block = |child| !box_style::is_inline_row(style) && self.is_block(child);
        let is_text = element.children().any(|child| !is_blank(child))
            && !element.child_elements().any(|child| is_block(child) || child.value().name() == "img");
        if style.vertical_align.is_some() || !is_text || style.height.is_some() || style.min_height.is_some() {
            return boxes::baseline(style);
        }
        let size = style.font_size.map_or(place.size, |size| size * place.scale);
        let below = -text_style::line_box(style.line_height.unwrap_or(text_style::LINE_HEIGHT)).1.get() * size;
        let padding = style.padding.bottom.map_or(0.0, |padding| lengths::points(padding, style, place));
        let margin = lengths::margins(style, place).1.max(0.0);
        boxes::baseline_above(below + padding + lengths::border_width(style.border.bottom) + margin)
    }

    /// The width of a block in a line with its margins, in points: by CSS, or that of its content. `None` if no box shows
    /// it.
    fn width_in_line(&self, element: ElementRef<'_>, style: &Style, place: Place) -> Option<f64> {
        let margins = lengths::side_margins(style, place).max(0.0);
        let outer = |width| lengths::outer_width(width, style, place) + margins;
        let content = || {
            let inner = self.within(element, place, Some(style));
            let content = self.content_width(element, inner).max_content * columns::SLACK;
            content + lengths::frame_width(style, place) + margins
        };
        let width = match style.width {
            Some(width) => outer(width),
            None if box_style::is_box(style) || box_style::is_inline_row(style) || self.is_filling(element) => {
                content()
            }
            None => return None,
        };
        Some(style.max_width.map_or(width, |most| width.min(outer(most))).min(place.width))
    }
}

/// The margins above and below of a block in a line.
fn upright_margins(style: &Style, place: Place) -> Sides<Option<Rel<Length>>> {
    let (top, bottom) = lengths::margins(style, place);
    let side = |points: f64| Some(lengths::pt(points.max(0.0)).into());
    Sides { left: None, right: None, top: side(top), bottom: side(bottom) }
}
