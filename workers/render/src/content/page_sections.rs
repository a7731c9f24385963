//! Puts parts of the text on named pages: `page: landscape`.

use scraper::ElementRef;

use super::{
    Place, Typesetter, box_style,
    flow::Flow,
    named_page::{NamedPage, Section},
    names,
};
use crate::css::Style;

impl Typesetter<'_> {
    /// Begins named pages if the element asks for them, and ends those that it is not on. Returns the element's place.
    pub(super) fn turn_page(
        &self,
        element: ElementRef<'_>,
        style: Option<&Style>,
        place: Place,
        flow: &mut Flow,
    ) -> Place {
        let name = style.and_then(|style| style.page.as_deref());
        let Some(name) = name else {
            flow.turn_page(None);
            return place;
        };
        let Some(at) = self.named_pages.iter().position(|page| page.name == name) else {
            self.warn(*element, format!("`page: {name}` has no effect: the style sheets have no `@page {name}`"));
            flow.turn_page(None);
            return place;
        };
        if place.page == Some(at) {
            flow.turn_page(None);
            return place;
        }
        if place.boxed || self.is_in_box(element) {
            self.warn(*element, format!("`page: {name}` has no effect within a box, a list, a quote or a cell"));
            return place;
        }
        let NamedPage { width, height, styles, .. } = &self.named_pages[at];
        flow.turn_page(Some(Section { page: at, styles: styles.clone() }));
        Place { width: *width, height: *height, page: Some(at), ..place }
    }

    /// Whether an element around this one is one Typst block, which no page break can split.
    pub(super) fn is_in_box(&self, element: ElementRef<'_>) -> bool {
        element.ancestors().filter_map(ElementRef::wrap).any(|around| {
            names::is_container(around.value().name())
                || !matches!(around.value().name(), "body" | "html")
                    && self.style(around).is_some_and(box_style::is_unsplit)
        })
    }
}
