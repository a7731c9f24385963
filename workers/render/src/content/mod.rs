//! Turns the tree into Typst's elements, in Rust: no text goes through Typst's parser.
//!
//! An element without an arm in a `match` gives a warning and its text, or nothing if it could run (`script`). Typst
//! refuses deep nesting, a page break in a box and a link to a missing label, so none of them is produced.

mod adjusted_style;
mod anchors;
mod beside;
mod block;
mod block_in_line;
mod block_or_line;
mod box_style;
mod boxes;
mod code;
mod color;
mod columns;
mod content_width;
mod direction;
mod emoji;
mod figure;
mod fit;
mod flat;
mod flow;
mod formula;
mod generated;
mod heading;
mod inline;
mod inline_box;
mod lengths;
mod link;
mod list;
mod margins;
mod named_page;
mod names;
mod notes;
mod opacity;
mod page_breaks;
mod page_sections;
mod picture;
mod row;
mod show_rule;
mod table;
mod text;
mod text_style;
mod word_breaks;

use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, HashSet},
};

use ego_tree::{NodeId, NodeRef};
use ruche_schemas::Failure;
use scraper::{ElementRef, Node};
use typst::{
    foundations::{Content, NativeElement, Smart, Styles},
    layout::{Spacing, VElem},
    utils::PicoStr,
};

use anchors::Anchors;

pub use box_style::stroke;
pub use color::paint;
pub use heading::{has_contents, words_of};
pub use lengths::length;
pub use named_page::NamedPage;
pub use notes::Notes;
pub use picture::{Pictures, file_name};
pub use text_style::line_box;

use crate::{
    Warnings,
    css::{self, Style, Transform},
    dom::Document,
    fonts::{Fonts, MONO, Ruler, RulerFace},
    warnings,
};

/// The deepest nesting of boxes, quotes and lists. Typst lays out 72 levels; each of ours takes up to four.
const MAX_BLOCK_DEPTH: u8 = 14;
/// The deepest nesting of emphasis and the like. Typst applies 64 nested rules.
const MAX_SPAN_DEPTH: u8 = 24;
/// The deepest nesting of any elements: each takes some of the stack.
const MAX_DEPTH: u16 = 300;

pub struct Typesetter<'a> {
    doc: &'a Document,
    styles: &'a css::Styles,
    pictures: &'a Pictures,
    notes: Notes<'a>,
    anchors: Anchors,
    fonts: &'a Fonts,
    ruler: Ruler<'a>,
    squeezed: Squeezed,
    /// The lowest level in tables of contents; by default all.
    contents_depth: Option<u8>,
    named_pages: &'a [NamedPage],
    /// The settings of the first page, if it ends with a page break.
    first_page: Option<Styles>,
    has_blocks: HashSet<NodeId>,
    /// Whether the document has flexible boxes or grids.
    has_rows: bool,
    /// Pictures that float beside their paragraph.
    floated: RefCell<HashSet<NodeId>>,
    /// The markers of the items of lists that are flexible boxes or grids.
    markers: RefCell<HashMap<NodeId, Content>>,
    /// What is nested too deep, by its element, width and size.
    flattened: RefCell<HashMap<(NodeId, u64, u64), Content>>,
    warnings: RefCell<&'a mut Warnings>,
    failure: RefCell<Option<Failure>>,
    cells: Cell<usize>,
}

/// What is done because the first layout did not succeed: blocks are scaled down, because something of them left the
/// paper, and boxes are nested less.
#[derive(Debug, Clone, Default)]
pub struct Squeezed {
    /// Of the source.
    pub lines: Vec<u32>,
    /// The outermost block around such a line, not the innermost.
    pub outermost: bool,
    /// The most levels of boxes, where Typst lays out no more.
    pub blocks: Option<u8>,
}

/// The area of a page that holds the text, and the text's font.
#[derive(Debug, Clone, Copy)]
pub struct TextArea {
    /// In points.
    pub width: f64,
    /// In points.
    pub height: f64,
    /// The page's margins at the left and right, in points.
    pub aside: (f64, f64),
    /// Above the first block and below the last, in points.
    pub inset: (f64, f64),
    /// Whether the document's language is written from right to left.
    pub from_right: bool,
    /// The text's size, in points.
    pub size: f64,
    pub face: RulerFace,
}

/// Where an element is typeset: the space for it, and what it inherits.
#[derive(Debug, Clone, Copy)]
struct Place {
    blocks: u8,
    spans: u8,
    depth: u16,
    /// The named pages that it is on.
    page: Option<usize>,
    /// In a box, list or cell, which a page break outside can't split.
    boxed: bool,
    /// In a box that is laid out more than once: it does not break, or its columns are balanced. Nothing inside is laid
    /// out more than once itself, because the number of layouts would grow with each level.
    in_relayout: bool,
    /// Whether the block is as wide as its column of a row, whatever width CSS specifies.
    fills: bool,
    /// Whether the block is as high as its row.
    stretches: bool,
    /// Whether the height of the box around is known when its content is laid out.
    is_high: bool,
    /// The least height of the box around without padding and border, in points; 0 if it is not known.
    least_height: f64,
    /// Whether the margin above the first child and below the last stay inside their parent.
    contains_margins: (bool, bool),
    /// The available width in points, as far as it is known.
    width: f64,
    /// What percentages of a picture's width are of, in points, if not of the available width.
    whole: Option<f64>,
    /// What is free of text to the left and right of the available width, in points.
    aside: (f64, f64),
    /// The height of a page's text, in points.
    height: f64,
    /// The height that CSS specifies for the box around, in points.
    box_height: Option<f64>,
    /// In points.
    size: f64,
    /// What CSS adds to each letter's width, in points.
    letter_spacing: f64,
    /// Of CSS's font sizes: less than 1 in a table whose text is reduced.
    scale: f64,
    face: RulerFace,
    /// Whether the text is written from right to left.
    from_right: bool,
    /// The line of the source.
    line: Option<u32>,
    keep_spaces: bool,
    /// Whether CSS lets lines wrap.
    wraps: bool,
    linked: bool,
    /// Whether the check box is the list's marker already.
    skip_check: bool,
    /// In the words that are listed of a heading: no notes, pictures, lines or boxes.
    is_words: bool,
    transform: Transform,
}

impl<'a> Typesetter<'a> {
    pub fn new(
        doc: &'a Document,
        styles: &'a css::Styles,
        pictures: &'a Pictures,
        fonts: &'a Fonts,
        warnings: &'a mut Warnings,
    ) -> Self {
        Self {
            doc,
            styles,
            pictures,
            fonts,
            ruler: Ruler::new(fonts),
            squeezed: Squeezed::default(),
            contents_depth: None,
            named_pages: &[],
            first_page: None,
            has_blocks: block_or_line::with_blocks(doc),
            has_rows: styles.has_rows(),
            floated: RefCell::default(),
            markers: RefCell::default(),
            notes: Notes::find(doc),
            anchors: Anchors::default(),
            flattened: RefCell::default(),
            warnings: RefCell::new(warnings),
            failure: RefCell::default(),
            cells: Cell::new(0),
        }
    }

    #[must_use]
    pub fn with_pages(mut self, named: &'a [NamedPage], first: Option<Styles>) -> Self {
        (self.named_pages, self.first_page) = (named, first);
        self
    }

    #[must_use]
    pub const fn with_contents_depth(mut self, depth: Option<u8>) -> Self {
        self.contents_depth = depth;
        self
    }

    #[must_use]
    pub fn squeezing(mut self, squeezed: &Squeezed) -> Self {
        self.squeezed = squeezed.clone();
        self
    }

    /// # Errors
    /// When the text is more than can be typeset.
    pub fn typeset(self, area: TextArea) -> Result<Content, Failure> {
        let Some(body) = self.doc.body() else { return Ok(Content::empty()) };
        let style = self.style(body);
        let place = Place {
            blocks: 0,
            spans: 0,
            depth: 0,
            page: None,
            boxed: false,
            in_relayout: false,
            fills: false,
            stretches: false,
            is_high: false,
            least_height: 0.0,
            contains_margins: (false, false),
            width: area.width,
            whole: None,
            aside: area.aside,
            height: area.height,
            box_height: None,
            size: area.size,
            letter_spacing: style
                .and_then(|style| Some(lengths::em_points(style.letter_spacing?, area.size)))
                .unwrap_or_default(),
            scale: 1.0,
            face: area.face,
            from_right: area.from_right,
            line: None,
            keep_spaces: style.and_then(|style| style.keep_spaces).unwrap_or(false),
            wraps: style.and_then(|style| style.wraps).unwrap_or(true),
            linked: false,
            skip_check: false,
            is_words: false,
            transform: style.and_then(|style| style.text_transform).unwrap_or(Transform::None),
        };
        let space = |points: f64| match points > 0.0 {
            true => VElem::new(Spacing::Rel(lengths::pt(points).into())).pack(),
            false => Content::empty(),
        };
        let mut flow = self.collected(*body, place);
        if let Some(first) = &self.first_page {
            flow.set_first_page(first);
        }
        let body = flow.finish();
        let content = space(area.inset.0) + body + self.missing_anchors() + space(area.inset.1);
        let content = match style {
            // Templates apply the others.
            Some(&Style { text_align, text_indent, word_spacing, .. }) => {
                let own = Style { text_align, text_indent, word_spacing, ..Style::default() };
                content.styled_with_map(text_style::styles(&own, place, self.fonts))
            }
            None => content,
        };
        let content = text_style::body(content, style.and_then(|style| style.line_height));
        match self.failure.take() {
            Some(failure) => Err(failure),
            None => Ok(content),
        }
    }

    /// The family of code.
    fn mono(&self) -> PicoStr {
        PicoStr::intern(self.fonts.family("monospace").unwrap_or(MONO))
    }

    fn style(&self, element: ElementRef<'_>) -> Option<&'a Style> {
        self.styles.of(element.id())
    }

    fn warn(&self, node: NodeRef<'_, Node>, message: impl Into<String>) {
        self.warnings.borrow_mut().add(warnings::SOURCE, self.doc.line(node), message);
    }

    fn fail(&self, failure: Failure) {
        self.failure.borrow_mut().get_or_insert(failure);
    }
}

fn custom<T>(value: Option<T>) -> Smart<T> {
    value.map_or(Smart::Auto, Smart::Custom)
}
