//! Collapses the margins of blocks, as CSS 2.1 states in section 8.3.1.

use ego_tree::NodeRef;
use scraper::{ElementRef, Node};

use super::{Place, Typesetter, box_style, lengths, names, row};
use crate::css::Display;

/// The deepest first or last child whose margin collapses with those of its parents.
const MAX_DEPTH: usize = 16;

/// Above and below, in points.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Margins(pub f64, pub f64);

/// The larger of two margins; of negative ones, the smaller is added.
pub(super) fn collapsed(one: f64, other: f64) -> f64 {
    one.max(other).max(0.0) + one.min(other).min(0.0)
}

impl Typesetter<'_> {
    /// The margins of a block, collapsed with those of its first and last children.
    pub(super) fn margins(&self, element: ElementRef<'_>, place: Place) -> Margins {
        self.margins_within(element, place, 0)
    }

    fn margins_within(&self, element: ElementRef<'_>, place: Place, depth: usize) -> Margins {
        let style = self.style(element);
        let (mut above, mut below) = style.map_or((0.0, 0.0), |style| lengths::margins(style, place));
        if let Some(style) = self.only_picture(element).and_then(|picture| self.style(picture)) {
            let (top, bottom) = lengths::margins(style, place);
            (above, below) = (collapsed(above, top), collapsed(below, bottom));
        }
        if depth == MAX_DEPTH || !names::margins_reach_out(element.value().name()) {
            return Margins(above, below);
        }
        let closed = match style.is_some_and(row::is_column) {
            true => (true, true),
            false => style.map_or((false, false), box_style::contains_margins),
        };
        let inner = self.within(element, place, style);
        let first = self.edge(element.children()).filter(|_| !closed.0);
        let last = self.edge(element.children().rev()).filter(|_| !closed.1);
        let of = |child: ElementRef<'_>| self.margins_within(child, inner, depth + 1);
        // An only child is looked at once: twice at each level would double the time with each.
        let of_first = first.map(of);
        let of_last = match (first, last) {
            (Some(first), Some(last)) if first.id() == last.id() => of_first,
            (_, last) => last.map(of),
        };
        above = of_first.map_or(above, |margins| collapsed(above, margins.0));
        below = of_last.map_or(below, |margins| collapsed(below, margins.1));
        Margins(above, below)
    }

    /// The first child, if it is a block.
    fn edge<'e>(&self, children: impl Iterator<Item = NodeRef<'e, Node>>) -> Option<ElementRef<'e>> {
        for child in children {
            match child.value() {
                Node::Text(text) if text.trim().is_empty() => {}
                Node::Element(_) => {
                    let element = ElementRef::wrap(child)?;
                    let hidden = self.style(element).is_some_and(|style| style.display == Some(Display::None));
                    if !hidden {
                        return Some(element).filter(|element| self.is_block(*element));
                    }
                }
                Node::Text(_) => return None,
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn margins_collapse_to_the_larger_and_negative_ones_are_taken_off() {
        for (one, other, both) in [(10.0, 4.0, 10.0), (0.0, 0.0, 0.0), (10.0, -4.0, 6.0), (-3.0, -4.0, -4.0)] {
            assert!((collapsed(one, other) - both).abs() < 1e-9, "{one} {other}");
        }
    }
}
