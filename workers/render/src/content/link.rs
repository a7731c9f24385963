//! Typesets links: to addresses, and to elements of the document.

use std::num::NonZeroUsize;

use ego_tree::NodeId;
use percent_encoding::percent_decode_str;
use scraper::{ElementRef, Node};
use typst::{
    foundations::{Content, NativeElement},
    introspection::PagedPosition,
    layout::Point,
    model::{Destination, LinkElem, LinkTarget, Url},
    text::TextElem,
};

use super::{MAX_BLOCK_DEPTH, Place, Typesetter, anchors, names, notes};
use crate::css::Display;

impl Typesetter<'_> {
    pub(super) fn link(&self, element: ElementRef<'_>, place: Place) -> Content {
        if element.attr("data-footnote-backref").is_some() {
            return Content::empty();
        }
        if let Some(note) =
            Some(element).filter(|_| notes::is_reference(element)).and_then(|link| self.note(link, place))
        {
            return note;
        }
        let inner = Place { linked: true, ..place };
        let target = element.attr("href").map(str::trim).filter(|href| !href.is_empty() && !place.linked);
        let Some(href) = target else { return self.line(*element, inner) };
        let mut body = self.line(*element, inner);
        if let Some(id) = href.strip_prefix('#') {
            return self.cross_reference(element, id, body);
        }
        match Url::new(href) {
            Ok(url) if is_supported(href) => {
                if body.is_empty() {
                    body = TextElem::packed(href);
                }
                LinkElem::new(LinkTarget::Dest(Destination::Url(url)), body).pack()
            }
            _ => {
                let shown: String = href.chars().take(80).collect();
                self.warn(
                    *element,
                    format!("{shown:?} is shown without its link: links may begin with http, https, mailto and tel"),
                );
                body
            }
        }
    }

    /// A link within the document; without a text it shows its heading's text.
    fn cross_reference(&self, element: ElementRef<'_>, id: &str, mut body: Content) -> Content {
        let decoded = percent_decode_str(id).decode_utf8_lossy();
        let known = |id: &str| {
            let id = self.doc.within.get(id).map_or(id, String::as_str);
            self.doc.ids.get_key_value(id).map(|(id, target)| (id.as_str(), *target))
        };
        // GitHub's HTML has ids with a prefix, and links without.
        let found = known(id).or_else(|| known(&decoded)).or_else(|| known(&format!("user-content-{decoded}")));
        let Some((id, target)) = found else {
            if id.is_empty() || id.eq_ignore_ascii_case("top") {
                let top = PagedPosition { page: NonZeroUsize::MIN, point: Point::zero() };
                return LinkElem::new(LinkTarget::Dest(Destination::Position(top)), body).pack();
            }
            let shown: String = id.chars().take(80).collect();
            self.warn(*element, format!("links to #{shown}, which is not in the document"));
            return body;
        };
        if body.is_empty()
            && let Some(target) = self.doc.element(target)
        {
            let text = self.visible_text(target);
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            if text.is_empty() {
                let shown: String = id.chars().take(80).collect();
                self.warn(*element, format!("links to #{shown}, which shows no text: write the link's text"));
                return Content::empty();
            }
            body = TextElem::packed(text);
        }
        match anchors::label(id) {
            Some(label) if self.has_label(target) => {
                self.anchors.wanted.borrow_mut().entry(id.to_owned()).or_insert_with(|| element.id());
                LinkElem::new(LinkTarget::Label(label), body).pack()
            }
            _ => body,
        }
    }

    /// The text of an element without notes, and without what is not shown.
    fn visible_text(&self, element: ElementRef<'_>) -> String {
        let is_shown = |element: ElementRef<'_>| {
            !self.is_hidden(element) && !notes::is_reference(element) && !names::is_dropped(element.value().name())
        };
        let mut text = String::new();
        for node in element.descendants() {
            if let Node::Text(own) = node.value()
                && node.ancestors().filter_map(ElementRef::wrap).all(is_shown)
            {
                text.push_str(own);
            }
        }
        text
    }

    /// Whether an element gets its label. Hidden and dropped ones do not, and Typst refuses links to a missing label.
    fn has_label(&self, node: NodeId) -> bool {
        let Some(element) = self.doc.element(node) else { return false };
        let mut around = std::iter::once(*element).chain(element.ancestors()).filter_map(ElementRef::wrap);
        let mut depth = 0;
        around.all(|element| {
            depth += 1;
            let hidden = self.style(element).is_some_and(|style| style.display == Some(Display::None));
            let note = notes::is_section(element);
            !hidden && !note && !names::is_dropped(element.value().name()) && depth < usize::from(MAX_BLOCK_DEPTH)
        })
    }
}

fn is_supported(href: &str) -> bool {
    let Some((scheme, rest)) = href.split_once(':') else { return false };
    let known = ["http", "https", "mailto", "tel"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    known && !rest.is_empty() && !href.chars().any(char::is_control)
}
