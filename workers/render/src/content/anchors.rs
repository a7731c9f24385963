//! Labels elements, so that links can lead to them.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashSet},
};

use ego_tree::NodeId;
use scraper::ElementRef;
use typst::{
    foundations::{Content, Label, NativeElement, Value},
    introspection::MetadataElem,
    utils::PicoStr,
};

use super::Typesetter;

/// The ids of elements that have a label, and those that links lead to, each with a link.
#[derive(Debug, Default)]
pub(super) struct Anchors {
    made: RefCell<HashSet<String>>,
    pub(super) wanted: RefCell<BTreeMap<String, NodeId>>,
}

impl Typesetter<'_> {
    /// The content with the element's id as its label.
    pub(super) fn labelled(&self, element: ElementRef<'_>, content: Content) -> Content {
        match self.own_id(element) {
            Some(id) => {
                self.anchors.made.borrow_mut().insert(id.to_owned());
                labelled(content, id)
            }
            None => content,
        }
    }

    /// The content after an invisible element with the element's id as its label.
    pub(super) fn anchored(&self, element: ElementRef<'_>, content: Content) -> Content {
        match self.own_id(element) {
            Some(_) => self.labelled(element, MetadataElem::new(Value::None).pack()) + content,
            None => content,
        }
    }

    /// Labels of elements that links lead to and that have none. Typst refuses links to a missing label.
    pub(super) fn missing_anchors(&self) -> Content {
        let (wanted, made) = (self.anchors.wanted.take(), self.anchors.made.take());
        let missing = wanted.into_iter().filter(|(id, _)| !made.contains(id));
        Content::sequence(missing.map(|(id, link)| {
            if let Some(link) = self.doc.element(link) {
                let shown: String = id.chars().take(80).collect();
                self.warn(
                    *link,
                    format!("#{shown} has no place of its own in the document: the link leads to the end"),
                );
            }
            labelled(MetadataElem::new(Value::None).pack(), &id)
        }))
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
