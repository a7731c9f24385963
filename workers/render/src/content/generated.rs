//! Typesets what CSS generates before and after the content of an element: texts, and boxes without a text.

use scraper::ElementRef;
use typst::{
    foundations::{Content, NativeElement, Smart},
    layout::{BlockBody, BlockElem, BoxElem, Length, Ratio, Rel, Sides, Sizing, Spacing, VElem},
    text::{LinebreakElem, SpaceElem},
};

use super::{Place, Typesetter, box_style, boxes, inline_box, lengths, text_style};
use crate::{
    css::{Display, Float, Style},
    dom,
};

impl Typesetter<'_> {
    /// Whether `::before` and `::after` stand on lines of their own.
    pub(super) fn generates_blocks(&self, element: ElementRef<'_>) -> (bool, bool) {
        let is_block = |generated: Option<(String, &Style)>| generated.is_some_and(|(_, style)| is_block(style));
        let (id, name) = (element.id(), element.value());
        (is_block(self.styles.before(id, name)), is_block(self.styles.after(id, name)))
    }

    pub(super) fn before(&self, element: ElementRef<'_>, place: Place) -> Content {
        let before = self.styles.before(element.id(), element.value());
        self.generated(before.filter(|before| !is_beside(element, before)), place)
    }

    pub(super) fn after(&self, element: ElementRef<'_>, place: Place) -> Content {
        let after = self.styles.after(element.id(), element.value());
        self.generated(after.filter(|after| !is_beside(element, after)), place)
    }

    /// Adds `::before` and `::after`; to the `ends` what floats to the right.
    pub(super) fn with_generated(
        &self,
        element: ElementRef<'_>,
        content: Content,
        ends: &mut Vec<Content>,
        place: Place,
    ) -> Content {
        let (before, mut after) = (self.before(element, place), self.after(element, place));
        if self.ends_with_float(element) {
            ends.push(std::mem::take(&mut after));
        }
        let (is_before, is_after) = self.generates_blocks(element);
        let break_after = |is_needed: bool| match is_needed {
            true if place.is_words => SpaceElem::shared().clone(),
            true => LinebreakElem::shared().clone(),
            false => Content::empty(),
        };
        let (first, last) = (break_after(is_before && !before.is_empty()), break_after(is_after && !after.is_empty()));
        before + first + content + last + after
    }

    /// Whether `::after` floats to the right: it is at the end of its line.
    pub(super) fn ends_with_float(&self, element: ElementRef<'_>) -> bool {
        let after = self.styles.after(element.id(), element.value());
        after.is_some_and(|(_, style)| style.row.float == Some(Float::Right) && !is_block(style))
    }

    fn generated(&self, generated: Option<(String, &Style)>, place: Place) -> Content {
        let generated = generated.filter(|(_, style)| style.display != Some(Display::None));
        let Some((text, style)) = generated else { return Content::empty() };
        let mut out = Vec::new();
        let transform = style.text_transform.unwrap_or(place.transform);
        let keep_spaces = style.keep_spaces.unwrap_or(place.keep_spaces);
        self.text(&text, Place { transform, keep_spaces, ..place }, &mut out);
        let content = Content::sequence(out);
        if place.is_words {
            return content;
        }
        if is_block(style) && (box_style::is_box(style) || style.text_align.is_some()) {
            return self.generated_block(content, style, place);
        }
        let is_whole = self.text_width(&text, place) <= place.width * inline_box::WHOLE;
        boxes::inline(content, style, place, self.fonts, is_whole)
    }

    /// A block that stands in a line of its own, as wide as the line.
    fn generated_block(&self, content: Content, style: &Style, place: Place) -> Content {
        let (above, below) = lengths::margins(style, place);
        let side = |points: f64| -> Option<Rel<Length>> { Some(lengths::pt(points.max(0.0)).into()) };
        BoxElem::new()
            .with_body(Some(self.drawn_block(content, style, place)))
            .with_width(Sizing::Rel(Ratio::one().into()))
            .with_inset(Sides { left: None, right: None, top: side(above), bottom: side(below) })
            .pack()
    }

    fn drawn_block(&self, content: Content, style: &Style, place: Place) -> Content {
        let content = match box_style::is_box(style) {
            true => boxes::block(text_style::decorated(content, style), style, place),
            false => filling(content),
        };
        content.styled_with_map(text_style::styles(style, place, self.fonts))
    }

    /// A heading with its generated boxes that have no text. They are no part of it: tables of contents repeat headings.
    pub(super) fn with_boxes_beside(&self, element: ElementRef<'_>, heading: Content, place: Place) -> Content {
        let (id, name) = (element.id(), element.value());
        let boxed = |generated: Option<(String, &Style)>| {
            let (_, style) = generated.filter(|generated| is_beside(element, generated))?;
            let block =
                BlockElem::new().with_body(Some(BlockBody::Content(self.drawn_block(Content::empty(), style, place))));
            let block = block.with_width(Smart::Custom(Ratio::one().into())).with_sticky(true).pack();
            Some((block, lengths::margins(style, place)))
        };
        let space = |points: f64| VElem::new(Spacing::Rel(lengths::pt(points).into())).with_weak(true).pack();
        let content = match boxed(self.styles.before(id, name)) {
            Some((before, (_, below))) => before + space(below) + heading,
            None => heading,
        };
        match boxed(self.styles.after(id, name)) {
            Some((after, (above, _))) => content + space(above) + after,
            None => content,
        }
    }
}

fn is_block(style: &Style) -> bool {
    let is_block = matches!(style.display, Some(Display::Block | Display::ListItem | Display::Flex | Display::Grid));
    is_block && !box_style::is_in_line(style)
}

/// Whether it is a box beside a heading.
fn is_beside(element: ElementRef<'_>, (text, style): &(String, &Style)) -> bool {
    text.is_empty() && is_block(style) && dom::heading_level(element.value().name()).is_some()
}

/// Content in the whole width, in which it can be aligned.
pub(super) fn filling(content: Content) -> Content {
    let block = BlockElem::new().with_body(Some(BlockBody::Content(content)));
    block.with_width(Smart::Custom(Ratio::one().into())).pack()
}
