//! Makes Typst's elements of the tree, in Rust: no text ever goes through Typst's parser.
//!
//! `inline` has what stands in a line, `block` what stands by itself, `list`, `table`, `code`, `picture` and `notes` what
//! needs more; `look` turns CSS into Typst's properties. Each element that is set is named in a `match` there: what is not
//! named is a warning and its text, or nothing where it could run (`script`).
//!
//! Typst refuses what is nested too deep, a page break in a box, a link to nowhere. So nothing of that is ever made here:
//! there is no text that Typst refuses.

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

/// How deep boxes, quotes and lists may stand in each other: Typst lays out no more than 72 levels, and each of ours takes
/// up to four.
const BLOCKS_DEEP: u8 = 14;
/// How deep emphasis and the like may: Typst applies no more than 64 rules in each other.
const SPANS_DEEP: u8 = 24;
/// How deep elements may stand in each other, whatever they are: each takes some of the stack.
const DEEP: u16 = 300;

/// What one document's elements are made from.
pub struct Setter<'a> {
    doc: &'a Document,
    styles: &'a Styles,
    pictures: &'a Pictures,
    notes: Notes<'a>,
    fonts: &'a Fonts,
    /// Elements of lines that have blocks in them.
    has_blocks: HashSet<NodeId>,
    warnings: RefCell<&'a mut Warnings>,
    failure: RefCell<Option<Failure>>,
    cells: Cell<usize>,
}

/// Where something is set.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// In so many boxes, quotes and lists.
    blocks: u8,
    /// In so many spans.
    spans: u8,
    /// In so many elements.
    depth: u16,
    /// Within something that a page can't break from outside: a box, a list, a cell.
    boxed: bool,
    /// The width there, in points, as far as it is known.
    width: f64,
    /// The font size there, in points.
    size: f64,
    /// Whether spaces and line ends stay.
    keep_spaces: bool,
    /// Whether within a link.
    linked: bool,
    /// Whether a check box is the list's point, and not shown again.
    skip_check: bool,
    /// What letters become.
    transform: Transform,
}

impl<'a> Setter<'a> {
    /// Sets this document.
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

    /// The whole text, for a page whose text is so wide and whose letters are so large, in points.
    ///
    /// # Errors
    /// Where it is more than can be set.
    pub fn set(self, width: f64, size: f64) -> Result<Content, Failure> {
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

/// An element with the label that links to it go to; nothing that can be seen.
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

/// Users' ids are kept apart from those of templates.
fn label(id: &str) -> Option<Label> {
    Label::new(PicoStr::intern(&format!("md:{id}")))
}

/// A value that was said, for Typst.
fn custom<T>(value: Option<T>) -> Smart<T> {
    value.map_or(Smart::Auto, Smart::Custom)
}
