//! Turns the tree into Typst's elements, in Rust: no text goes through Typst's parser.
//!
//! `inline` has the inline elements, `block` the blocks, `list`, `table`, `code`, `picture` and `notes` those that
//! need more; `look` turns CSS into Typst's properties. Each element that is typeset is named in a `match` there: what is not
//! named is a warning and its text, or nothing where it could run (`script`).
//!
//! Typst refuses deep nesting, a page break in a box and a link to a missing label. So none of them is made here:
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

/// The deepest nesting of boxes, quotes and lists: Typst lays out no more than 72 levels, and each of ours takes
/// up to four.
const BLOCKS_DEEP: u8 = 14;
/// The deepest nesting of emphasis and the like: Typst applies no more than 64 nested rules.
const SPANS_DEEP: u8 = 24;
/// The deepest nesting of elements of any sort: each takes some of the stack.
const DEEP: u16 = 300;

/// Turns one document into Typst's elements.
pub struct Typesetter<'a> {
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

/// The surroundings of what is typeset.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// The number of boxes, quotes and lists around it.
    blocks: u8,
    /// The number of spans around it.
    spans: u8,
    /// The number of elements around it.
    depth: u16,
    /// Within something that a page can't break from outside: a box, a list, a cell.
    boxed: bool,
    /// The width there, in points, as far as it is known.
    width: f64,
    /// The font size there, in points.
    size: f64,
    /// Whether spaces and line ends stay.
    keep_spaces: bool,
    linked: bool,
    /// Whether a check box is the list's marker, and not shown again.
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

    /// The whole text, for this width of the text and this font size, in points.
    ///
    /// # Errors
    /// If it is more than can be typeset.
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

/// An invisible element with a label, as a target of links.
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
