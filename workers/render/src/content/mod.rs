//! Turns the tree into Typst's elements, in Rust: no text goes through Typst's parser. `look` turns CSS into Typst's
//! properties. An element without an arm in a `match` gives a warning and its text, or nothing if it could run
//! (`script`).
//!
//! Typst refuses deep nesting, a page break in a box and a link to a missing label, so none of them is produced.

mod block;
mod code;
mod inline;
mod list;
mod look;
mod notes;
mod picture;
mod table;

use std::{
    cell::{Cell, RefCell},
    collections::HashSet,
};

use ego_tree::{NodeId, NodeRef};
use ruche_schemas::Failure;
use scraper::{ElementRef, Node};
use typst::{
    foundations::{Content, Label, NativeElement, Smart},
    introspection::MetadataElem,
    utils::PicoStr,
};

pub use look::{length, line_leading, page_background};
pub use notes::Notes;
pub use picture::{Pictures, file_name};

use crate::{
    Warnings,
    css::{Style, Styles, Transform},
    dom::{self, Document},
    fonts::Fonts,
};

/// The deepest nesting of boxes, quotes and lists. Typst lays out 72 levels; each of ours takes up to four.
const BLOCKS_DEEP: u8 = 14;
/// The deepest nesting of emphasis and the like. Typst applies 64 nested rules.
const SPANS_DEEP: u8 = 24;
/// The deepest nesting of any elements: each takes some of the stack.
const DEEP: u16 = 300;

pub struct Typesetter<'a> {
    doc: &'a Document,
    styles: &'a Styles,
    pictures: &'a Pictures,
    notes: Notes<'a>,
    fonts: &'a Fonts,
    has_blocks: HashSet<NodeId>,
    warnings: RefCell<&'a mut Warnings>,
    failure: RefCell<Option<Failure>>,
    cells: Cell<usize>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    blocks: u8,
    spans: u8,
    depth: u16,
    /// In a box, list or cell, which a page break outside can't split.
    boxed: bool,
    /// The available width in points, as far as it is known.
    width: f64,
    /// In points.
    size: f64,
    keep_spaces: bool,
    linked: bool,
    /// Whether the check box is the list's marker already.
    skip_check: bool,
    transform: Transform,
}

impl<'a> Typesetter<'a> {
    pub fn new(
        doc: &'a Document,
        styles: &'a Styles,
        pictures: &'a Pictures,
        fonts: &'a Fonts,
        warnings: &'a mut Warnings,
    ) -> Self {
        Self {
            doc,
            styles,
            pictures,
            fonts,
            has_blocks: block::holders(doc),
            notes: Notes::find(doc),
            warnings: RefCell::new(warnings),
            failure: RefCell::default(),
            cells: Cell::new(0),
        }
    }

    /// Both are in points.
    ///
    /// # Errors
    /// When the text is more than can be typeset.
    pub fn typeset(self, width: f64, size: f64) -> Result<Content, Failure> {
        let Some(body) = self.doc.body() else { return Ok(Content::empty()) };
        let keep_spaces = self.style(body).and_then(|style| style.keep_spaces).unwrap_or(false);
        let transform = self.style(body).and_then(|style| style.text_transform).unwrap_or(Transform::None);
        let (blocks, spans, depth, boxed, linked, skip_check) = (0, 0, 0, false, false, false);
        let place = Place { blocks, spans, depth, boxed, width, size, keep_spaces, linked, skip_check, transform };
        let content = self.flow(*body, place);
        match self.failure.take() {
            Some(failure) => Err(failure),
            None => Ok(content),
        }
    }

    fn style(&self, element: ElementRef<'_>) -> Option<&'a Style> {
        self.styles.of(element.id())
    }

    fn warn(&self, node: NodeRef<'_, Node>, message: impl Into<String>) {
        self.warnings.borrow_mut().add(dom::SOURCE, self.doc.line(node), message);
    }

    fn fail(&self, failure: Failure) {
        self.failure.borrow_mut().get_or_insert(failure);
    }
}

/// An invisible element with a label, the target of links.
fn anchor(id: &str) -> Content {
    let metadata = MetadataElem::new(typst::foundations::Value::None).pack();
    labelled(metadata, id)
}

fn labelled(content: Content, id: &str) -> Content {
    match label(id) {
        Some(label) => content.labelled(label),
        None => content,
    }
}

/// The prefix keeps users' ids apart from those of templates.
fn label(id: &str) -> Option<Label> {
    Label::new(PicoStr::intern(&format!("md:{id}")))
}

fn custom<T>(value: Option<T>) -> Smart<T> {
    value.map_or(Smart::Auto, Smart::Custom)
}
