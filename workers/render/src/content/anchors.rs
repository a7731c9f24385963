//! Labels elements, so that links can lead to them.

use scraper::ElementRef;
use typst::{
    foundations::{Content, Label, NativeElement, Value},
    introspection::MetadataElem,
    utils::PicoStr,
};

use super::Typesetter;

impl Typesetter<'_> {
    /// The content with the element's id as its label.
    pub(super) fn labelled(&self, element: ElementRef<'_>, content: Content) -> Content {
        match self.own_id(element) {
            Some(id) => labelled(content, id),
            None => content,
        }
    }

    /// The content after an invisible element with the element's id as its label.
    pub(super) fn anchored(&self, element: ElementRef<'_>, content: Content) -> Content {
        match self.own_id(element) {
            Some(id) => labelled(MetadataElem::new(Value::None).pack(), id) + content,
            None => content,
        }
    }

    /// Of elements with the same id, only the first has it.
    fn own_id<'e>(&self, element: ElementRef<'e>) -> Option<&'e str> {
        element.value().id().filter(|id| self.doc.ids.get(*id) == Some(&element.id()))
    }
}

fn labelled(content: Content, id: &str) -> Content {
    match label(id) {
        Some(label) => content.labelled(label),
        None => content,
    }
}

/// The prefix keeps users' ids apart from those of templates.
pub(super) fn label(id: &str) -> Option<Label> {
    Label::new(PicoStr::intern(&format!("md:{id}")))
}
