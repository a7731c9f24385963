//! Typesets footnotes: comrak puts them at the end of the text, Typst at the foot of the page.

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
};

use ego_tree::NodeId;
use percent_encoding::percent_decode_str;
use scraper::ElementRef;
use typst::{
    foundations::{Content, NativeElement},
    model::{FootnoteBody, FootnoteElem, ParbreakElem},
};

use super::{Place, Typesetter, anchors::label};
use crate::dom::Document;

#[derive(Debug)]
pub struct Notes<'a> {
    texts: HashMap<&'a str, NodeId>,
    /// The notes that were typeset; another reference shows the same number.
    typeset: RefCell<HashSet<String>>,
}

impl<'a> Notes<'a> {
    #[must_use]
    pub fn find(doc: &'a Document) -> Self {
        let mut texts = HashMap::new();
        for element in doc.html.root_element().descendent_elements().filter(|element| is_section(*element)) {
            let items = element.child_elements().flat_map(|list| list.child_elements());
            for item in items.filter(|item| item.value().name() == "li") {
                if let Some(id) = item.value().id() {
                    texts.entry(id).or_insert_with(|| item.id());
                }
            }
        }
        Self { texts, typeset: RefCell::default() }
    }
}

/// Whether a link refers to a note. In a link's text, HTML has it outside of its `<sup>`.
pub(super) fn is_reference(link: ElementRef<'_>) -> bool {
    link.attr("data-footnote-ref").is_some()
}

pub(super) fn is_section(element: ElementRef<'_>) -> bool {
    element.value().name() == "section" && element.attr("data-footnotes").is_some()
}

impl Typesetter<'_> {
    /// The note that a `<sup class="footnote-ref">` refers to.
    pub(super) fn footnote(&self, element: ElementRef<'_>, place: Place) -> Option<Content> {
        self.note(element.child_elements().next().filter(|link| is_reference(*link))?, place)
    }

    /// The note that a link refers to.
    pub(super) fn note(&self, link: ElementRef<'_>, place: Place) -> Option<Content> {
        if place.is_words {
            return Some(Content::empty());
        }
        let id = link.attr("href")?.strip_prefix('#')?;
        let decoded;
        let id = match self.notes.texts.contains_key(id) {
            true => id,
            false => {
                decoded = percent_decode_str(id).decode_utf8_lossy();
                &*decoded
            }
        };
        let text = self.doc.element(*self.notes.texts.get(id)?)?;
        let name = label(&format!("note:{id}"))?;
        // Recorded before its text is typeset, so that a note which refers to itself ends.
        if !self.notes.typeset.borrow_mut().insert(id.to_owned()) {
            return Some(FootnoteElem::new(FootnoteBody::Reference(name)).pack());
        }
        let place = Place { boxed: true, blocks: place.blocks + 1, spans: 0, linked: false, ..place };
        // A note begins on the line of its number.
        let mut paragraphs = text.child_elements();
        let body = match paragraphs.next().filter(|first| first.value().name() == "p") {
            Some(first) => {
                let line = self.line(*first, place);
                match paragraphs.next() {
                    Some(_) => line + ParbreakElem::shared().clone() + self.flow_after(first, place),
                    None => line,
                }
            }
            None => self.flow(*text, place),
        };
        Some(FootnoteElem::new(FootnoteBody::Content(body)).pack().labelled(name))
    }
}
