//! Puts text beside floats: the blocks that follow them, up to about their height. Typst sets no text around a box.

use ego_tree::NodeRef;
use scraper::{ElementRef, Node};

use super::{Place, Typesetter, block_or_line::is_blank, lengths, names};
use crate::css::{Break, Display, Style};

/// The least width for text beside a float, in font sizes.
const MIN_WIDTH: f64 = 12.0;
/// The height of a line, in font sizes; base.css has the same.
const LINE_HEIGHT: f64 = 1.38;
/// The bytes of an inline box that may be higher than a page.
const LONG: usize = 500;
/// The height of a box in a line, as a part of the page, from which it becomes a block.
const MAX_HEIGHT: f64 = 0.7;
/// What the margins between blocks take, in font sizes.
const GAP: f64 = 0.4;

impl Typesetter<'_> {
    /// The pictures that float in a paragraph, and whether there is nothing else in it.
    pub(super) fn floated_pictures<'e>(&self, paragraph: ElementRef<'e>) -> (Vec<ElementRef<'e>>, bool) {
        let is_floated = |child: &ElementRef<'_>| child.value().name() == "img" && self.floats_aside(*child);
        let children = paragraph.child_elements().filter(|_| paragraph.value().name() == "p");
        let pictures: Vec<_> = children.filter(is_floated).collect();
        let is_all = || {
            let mut children = paragraph.children().filter(|child| !is_blank(*child));
            children.all(|child| ElementRef::wrap(child).as_ref().is_some_and(is_floated))
        };
        let is_all = !pictures.is_empty() && is_all();
        (pictures, is_all)
    }

    /// Whether a box in a line is about as high as a page. In a line it could not break.
    pub(super) fn is_tall_box(&self, element: ElementRef<'_>, place: Place) -> bool {
        let Some(style) = self.style(element) else { return false };
        // Few words are on no page alone.
        let is_long = || element.text().map(str::len).sum::<usize>() > LONG;
        if style.display != Some(Display::InlineBlock) || !(names::is_block_name(element.value().name()) || is_long()) {
            return false;
        }
        let width = style.width.map_or(place.width, |width| lengths::outer_width(width, style, place));
        self.float_height(element, width.min(place.width), place) > MAX_HEIGHT * place.height
    }

    /// How many of the nodes after floats are beside them, where `width` points are free.
    pub(super) fn beside(
        &self,
        floats: &[(ElementRef<'_>, f64)],
        nodes: &[NodeRef<'_, Node>],
        width: f64,
        place: Place,
    ) -> usize {
        if width < MIN_WIDTH * place.size || floats.is_empty() {
            return 0;
        }
        let height = floats.iter().map(|(float, width)| self.float_height(*float, *width, place)).fold(0.0, f64::max);
        let (mut used, mut count) = (0.0, 0);
        for node in nodes {
            // A line of the next block still begins beside the float.
            if used + LINE_HEIGHT * place.size > height || !self.can_be_beside(*node) {
                break;
            }
            used += self.text_height(*node, width, place);
            count += 1;
        }
        // Blank text is not worth a row.
        if nodes[..count].iter().all(|node| is_blank(*node)) { 0 } else { count }
    }

    fn can_be_beside(&self, node: NodeRef<'_, Node>) -> bool {
        let Some(element) = ElementRef::wrap(node) else { return true };
        let name = element.value().name();
        let is_text = matches!(name, "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol" | "blockquote");
        let stays = |style: &Style| {
            let breaks = |value: Option<Break>| !matches!(value, None | Some(Break::Auto | Break::Avoid));
            style.row.is_clear != Some(true)
                && style.page.is_none()
                && !breaks(style.break_before)
                && !breaks(style.break_after)
        };
        (is_text || !self.is_block(element)) && self.style(element).is_none_or(stays)
    }

    /// About, in points.
    fn float_height(&self, float: ElementRef<'_>, width: f64, place: Place) -> f64 {
        let inner = Place { width: width.max(1.0), ..place };
        let pictures = float.descendent_elements().filter(|element| element.value().name() == "img");
        let pictures: f64 = pictures.map(|picture| self.picture_height(picture, inner)).sum();
        let own = self.style(float).map_or(0.0, |style| {
            let (above, below) = lengths::margins(style, place);
            lengths::frame_height(style, place) + above + below
        });
        pictures + own + self.text_height(*float, inner.width, place)
    }

    /// About, in points.
    fn text_height(&self, node: NodeRef<'_, Node>, width: f64, place: Place) -> f64 {
        let element = ElementRef::wrap(node);
        let style = element.and_then(|element| self.style(element));
        let size = style.and_then(|style| style.font_size).map_or(place.size, |size| size * place.scale);
        let blocks: Vec<_> = element
            .into_iter()
            .flat_map(|element| element.child_elements())
            .filter(|child| self.is_block(*child) && child.value().name() != "img")
            .collect();
        if !blocks.is_empty() {
            return blocks.into_iter().map(|block| self.text_height(*block, width, place)).sum();
        }
        let text: String = match (node.value(), element) {
            (Node::Text(text), _) => text.to_string(),
            (_, Some(element)) => element.text().collect(),
            _ => String::new(),
        };
        if text.trim().is_empty() {
            return 0.0;
        }
        let lines = (self.text_width(text.trim(), Place { size, ..place }) / width.max(1.0)).ceil();
        lines * LINE_HEIGHT * size + GAP * size
    }
}
