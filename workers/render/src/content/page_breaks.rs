//! Breaks pages and columns, where Typst allows it.

use scraper::ElementRef;
use typst::{
    foundations::{Content, NativeElement},
    layout::{ColbreakElem, PagebreakElem, Parity},
};

use super::{Place, Typesetter, flow::Flow};
use crate::css::Break;

impl Typesetter<'_> {
    pub(super) fn break_page(&self, element: ElementRef<'_>, value: Option<Break>, place: Place, flow: &mut Flow) {
        let parity = match value {
            None | Some(Break::Auto | Break::Avoid) => return,
            Some(Break::Column) => return flow.page_break(ColbreakElem::new().with_weak(true).pack()),
            Some(Break::Page) => None,
            Some(Break::Left) => Some(Parity::Even),
            Some(Break::Right) => Some(Parity::Odd),
        };
        flow.page_break(match place.boxed {
            true => self.broken_box(element),
            false => self.new_page(element, parity),
        });
    }

    pub(super) fn new_page(&self, element: ElementRef<'_>, to: Option<Parity>) -> Content {
        match self.is_in_box(element) {
            true => self.broken_box(element),
            false => PagebreakElem::new().with_weak(true).with_to(to).pack(),
        }
    }

    /// In a box, a page break becomes a column break.
    fn broken_box(&self, element: ElementRef<'_>) -> Content {
        let unbroken = element.ancestors().filter_map(ElementRef::wrap).any(|around| {
            matches!(around.value().name(), "td" | "th" | "figure" | "li")
                || self
                    .style(around)
                    .is_some_and(|style| style.break_inside == Some(Break::Avoid) || style.columns.is_some())
        });
        if unbroken {
            self.warn(
                *element,
                "a new page can't begin within a cell, a list, columns or a box that must not break: move the break outside",
            );
            return Content::empty();
        }
        ColbreakElem::new().with_weak(true).pack()
    }
}
