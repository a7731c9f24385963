//! Finds the boxes of a row among the children of an element.

use ego_tree::NodeRef;
use scraper::{ElementRef, Node};

use super::SPACE;
use crate::{
    content::{Place, Typesetter, box_style, columns::ContentWidth, lengths, names},
    css::{Display, Float, Margin, Style, Track},
};

/// A child of a row: an element, or the text between two.
pub(in crate::content) enum Part<'a> {
    Element(ElementRef<'a>),
    Text(Vec<NodeRef<'a, Node>>),
    /// Blocks and text beside floats.
    Beside(Vec<NodeRef<'a, Node>>),
    /// The `::before` of an element.
    Before(ElementRef<'a>),
    /// The `::after` of an element.
    After(ElementRef<'a>),
}

/// Whether the children of an element are boxes in rows.
pub(in crate::content) fn has_items(style: &Style) -> bool {
    matches!(style.display, Some(Display::Flex | Display::Grid))
}

/// Whether the boxes of a flexible box or grid stand below each other.
pub(in crate::content) fn is_column(style: &Style) -> bool {
    let has_tracks = || style.row.tracks.as_ref().is_some_and(|tracks| !tracks.is_empty());
    match style.display {
        Some(Display::Flex) => style.row.is_column == Some(true),
        Some(Display::Grid) => !has_tracks(),
        _ => false,
    }
}

impl Typesetter<'_> {
    pub(super) fn part_style(&self, part: &Part<'_>) -> Option<&Style> {
        match part {
            Part::Element(element) => self.style(*element),
            Part::Before(element) => self.styles.before(element.id(), element.value()).map(|(_, style)| style),
            Part::After(element) => self.styles.after(element.id(), element.value()).map(|(_, style)| style),
            Part::Text(_) | Part::Beside(_) => None,
        }
    }

    /// The space between the items of a list that stand in a line, in font sizes; `None` if they stand one below the other.
    pub(super) fn gap_of_items(&self, list: ElementRef<'_>) -> Option<f64> {
        let is_list = matches!(list.value().name(), "ul" | "ol" | "menu" | "dir");
        let mut items = list.child_elements().filter(|_| is_list).peekable();
        items.peek()?;
        let displays: Option<Vec<bool>> = items
            .map(|item| {
                let style = self.style(item)?;
                let is_inline = matches!(style.display, Some(Display::Inline | Display::InlineBlock));
                (is_inline || style.row.float == Some(Float::Left)).then_some(style.row.float.is_none())
            })
            .collect();
        // Between words there is a space, between floats nothing.
        Some(if displays?.contains(&true) { SPACE } else { 0.0 })
    }

    /// The items of a flexible box or grid, with its generated texts.
    pub(super) fn items_of<'e>(&self, element: ElementRef<'e>, place: Place) -> Vec<Part<'e>> {
        let (id, name) = (element.id(), element.value());
        self.mark_items(element, place);
        let mut parts = Vec::new();
        if self.styles.before(id, name).is_some() {
            parts.push(Part::Before(element));
        }
        for part in self.row_parts(element) {
            match &part {
                // What is left out is told, and takes no column.
                Part::Element(child) if names::is_dropped(child.value().name()) => {
                    self.span(**child, place, &mut Vec::new());
                }
                _ => parts.push(part),
            }
        }
        if self.styles.after(id, name).is_some() {
            parts.push(Part::After(element));
        }
        parts
    }

    /// Whether the margins of a box at the left and right take the space that is left in its row.
    pub(super) fn auto_margins(&self, part: &Part<'_>) -> (bool, bool) {
        let auto = |margin: Option<Margin>| margin == Some(Margin::Auto);
        self.part_style(part).map_or((false, false), |style| (auto(style.margin.left), auto(style.margin.right)))
    }

    /// Whether something in a box is as wide as the space around it, whatever its content is.
    pub(in crate::content) fn is_filling(&self, element: ElementRef<'_>) -> bool {
        let fills = |inner: ElementRef<'_>| {
            let is_cell = matches!(inner.value().name(), "td" | "th" | "tr" | "thead" | "tbody" | "tfoot");
            let style = self.style(inner).filter(|_| !is_cell);
            style.is_some_and(|style| has_items(style) || box_style::is_box(style) && self.is_block(inner))
        };
        element.descendent_elements().any(fills)
    }

    pub(super) fn row_parts<'e>(&self, element: ElementRef<'e>) -> Vec<Part<'e>> {
        let mut parts = Vec::new();
        for child in element.children() {
            match (child.value(), ElementRef::wrap(child)) {
                (_, Some(element)) => {
                    let hidden = self.style(element).is_some_and(|style| style.display == Some(Display::None));
                    if !hidden && element.value().name() != "br" {
                        parts.push(Part::Element(element));
                    }
                }
                (Node::Text(text), None) if !text.trim().is_empty() => match parts.last_mut() {
                    Some(Part::Text(nodes)) => nodes.push(child),
                    _ => parts.push(Part::Text(vec![child])),
                },
                _ => {}
            }
        }
        parts
    }

    /// The width of the items of a flexible box or grid, with the gaps between them.
    pub(in crate::content) fn measure_row(
        &self,
        element: ElementRef<'_>,
        style: &Style,
        place: Place,
        depth: usize,
    ) -> ContentWidth {
        let widths: Vec<ContentWidth> =
            self.items_of(element, place).iter().map(|part| self.measure_item(part, place, depth)).collect();
        let is_grid = style.display == Some(Display::Grid);
        let tracks = style.row.tracks.as_deref().unwrap_or_default();
        let widest = widths.iter().fold(ContentWidth::default(), |all, one| all.max(*one));
        if is_column(style) {
            return widest;
        }
        let columns: Vec<ContentWidth> = match is_grid {
            true => tracks
                .iter()
                .enumerate()
                .map(|(x, track)| {
                    let own = widths.iter().skip(x).step_by(tracks.len());
                    match track {
                        Track::Length(length) if !lengths::is_relative(*length) => {
                            ContentWidth::default().plus(lengths::points(*length, style, place))
                        }
                        _ => own.fold(ContentWidth::default(), |all, one| all.max(*one)),
                    }
                })
                .collect(),
            false => widths,
        };
        let gap = style.column_gap.map_or(0.0, |gap| lengths::points(gap, style, place));
        let sum = columns.iter().fold(ContentWidth::default(), |sum, one| ContentWidth {
            max_content: sum.max_content + one.max_content,
            min_content: sum.min_content + one.min_content,
            min_divided: sum.min_divided + one.min_divided,
        });
        #[allow(clippy::cast_precision_loss)]
        let sum = sum.plus(gap * columns.len().saturating_sub(1) as f64);
        match style.row.wrap == Some(true) && !is_grid {
            true => ContentWidth { max_content: sum.max_content, ..widest },
            false => sum,
        }
    }

    fn measure_item(&self, part: &Part<'_>, place: Place, depth: usize) -> ContentWidth {
        let generated = |generated| self.content_width_of_generated(generated, place);
        match part {
            Part::Element(element) => self.content_width_of_item(**element, place, depth),
            Part::Text(nodes) | Part::Beside(nodes) => self.content_width_of_nodes(nodes, place),
            Part::Before(element) => generated(self.styles.before(element.id(), element.value())),
            Part::After(element) => generated(self.styles.after(element.id(), element.value())),
        }
    }
}
