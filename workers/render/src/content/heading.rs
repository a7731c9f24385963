//! Typesets headings, and what tables of contents, bookmarks and page headers have of them: their words only, without
//! notes, pictures and lines.

use std::num::NonZeroUsize;

use scraper::{ElementRef, Node};
use typst::{
    foundations::{Content, Label, NativeElement, Recipe, Selector, Smart, Style, Transformation},
    model::{HeadingElem, OutlineElem},
    syntax::Span,
    text::SpaceElem,
    utils::PicoStr,
};

use super::{Place, Typesetter, notes};
use crate::dom::{self, Document};

/// The words of a heading in its place, where what is shown replaces them.
const WORDS: &str = "heading-words";

impl Typesetter<'_> {
    /// The table of contents, where the text says.
    pub(super) fn contents(&self) -> Content {
        let depth = self.contents_depth.and_then(|depth| NonZeroUsize::new(depth.into()));
        OutlineElem::new().with_title(Smart::Custom(None)).with_depth(depth).pack()
    }

    pub(super) fn heading(&self, element: ElementRef<'_>, place: Place) -> Content {
        let line = self.generated_line(element, place);
        let words = self.is_more_than_words(element).then(|| self.words(element, place, false));
        self.aligned(element, self.listed(element, line, words))
    }

    /// A heading whose children are a row.
    pub(super) fn heading_in_row(&self, element: ElementRef<'_>, row: Content, place: Place) -> Content {
        let words = self.words(element, place, true);
        self.listed(element, row, Some(words))
    }

    /// A heading that is listed by its words, if they are not all of what it shows.
    fn listed(&self, element: ElementRef<'_>, shown: Content, words: Option<Content>) -> Content {
        let listed = words.as_ref().unwrap_or(&shown);
        let is_listed = self.is_listed(element) && !listed.plain_text().trim().is_empty();
        let words = words.filter(|_| is_listed).zip(Label::new(PicoStr::intern(WORDS)));
        let (body, rule) = match words {
            // Only in the heading itself, the words are replaced.
            Some((words, label)) => {
                let selector = Some(Selector::Label(label));
                let rule = Recipe::new(selector, Transformation::Content(shown), Span::detached());
                // A sequence would lose its label where a number is put before it, so it is in an element with a style.
                (words.set(HeadingElem::bookmarked, Smart::Auto).labelled(label), Some(rule))
            }
            None => (shown, None),
        };
        let level = dom::heading_level(element.value().name()).unwrap_or(1);
        let level = NonZeroUsize::new(level.into()).unwrap_or(NonZeroUsize::MIN);
        let mut heading = HeadingElem::new(body).with_level(Smart::Custom(level));
        if has_class(element, "unnumbered") {
            heading = heading.with_numbering(None);
        }
        if !is_listed {
            heading = heading.with_outlined(false);
        }
        let heading = self.labelled(element, heading.pack());
        match rule {
            Some(rule) => heading.styled(Style::Recipe(rule)),
            None => heading,
        }
    }

    /// Whether tables of contents list a heading: not if it is there more than once.
    fn is_listed(&self, element: ElementRef<'_>) -> bool {
        let mut around = element.ancestors().filter_map(ElementRef::wrap);
        !has_class(element, "unlisted")
            && !around.any(|around| around.value().name() == "thead" || notes::is_section(around))
    }

    /// Whether a heading has notes, pictures or lines of its own.
    fn is_more_than_words(&self, element: ElementRef<'_>) -> bool {
        let is_more = |inner: ElementRef<'_>| {
            matches!(inner.value().name(), "br" | "img" | "svg")
                || notes::is_reference(inner)
                || self.is_block(inner)
                || self.generates_blocks(inner) != (false, false)
        };
        self.generates_blocks(element) != (false, false) || element.descendent_elements().skip(1).any(is_more)
    }

    /// The words of a heading.
    fn words(&self, element: ElementRef<'_>, place: Place, is_row: bool) -> Content {
        let place = Place { is_words: true, linked: true, keep_spaces: false, ..place };
        let space = || SpaceElem::shared().clone();
        let generated = self.generates_blocks(element);
        let mut pieces = vec![self.before(element, place)];
        pieces.extend(generated.0.then(space));
        for child in element.children() {
            self.span(child, place, &mut pieces);
            pieces.extend(is_row.then(space));
        }
        pieces.extend(generated.1.then(space));
        pieces.push(self.after(element, place));
        single_spaced(pieces)
    }
}

/// Whether a paragraph of this text stands for the table of contents.
pub(super) fn is_contents(text: &str) -> bool {
    matches!(text, "[TOC]" | "[toc]" | "[[TOC]]" | "[[toc]]" | "[[_TOC_]]")
}

/// Whether the text says where its table of contents is.
#[must_use]
pub fn has_contents(doc: &Document) -> bool {
    let mut elements = doc.html.root_element().descendent_elements();
    elements.any(|element| only_text(element).is_some_and(|text| is_contents(text.trim())))
}

/// The text of a heading without its notes; its lines stand apart.
#[must_use]
pub fn words_of(heading: ElementRef<'_>) -> String {
    let mut words = String::new();
    for node in heading.descendants() {
        let mut around = node.ancestors().take_while(|around| around.id() != heading.id()).filter_map(ElementRef::wrap);
        match node.value() {
            Node::Text(text) if !around.any(notes::is_reference) => words.push_str(text),
            Node::Element(element) if element.name() == "br" => words.push(' '),
            _ => {}
        }
    }
    words
}

/// The text of a paragraph that has nothing else.
pub(super) fn only_text(element: ElementRef<'_>) -> Option<&str> {
    let mut children = element.children();
    match (element.value().name(), children.next()?.value(), children.next()) {
        ("p", Node::Text(text), None) => Some(text),
        _ => None,
    }
}

/// Without spaces at the ends, and with one between pieces.
fn single_spaced(pieces: Vec<Content>) -> Content {
    let mut out: Vec<Content> = Vec::with_capacity(pieces.len());
    for piece in pieces.into_iter().filter(|piece| !piece.is_empty()) {
        if !piece.is::<SpaceElem>() || out.last().is_some_and(|last| !last.is::<SpaceElem>()) {
            out.push(piece);
        }
    }
    out.pop_if(|last| last.is::<SpaceElem>());
    Content::sequence(out)
}

fn has_class(element: ElementRef<'_>, class: &str) -> bool {
    element.value().classes().any(|known| known == class)
}
