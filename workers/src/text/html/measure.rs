//! How much text each element has, how much of it is in links, and where it lies in the page: in one pass.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasherDefault, Hasher},
};

use ego_tree::{NodeId, NodeRef, iter::Edge};
use scraper::{Html, Node, node::Element};

use super::{hidden::Hidden, names::is_inline};

/// Text outside of links that is a sentence, in characters.
pub(super) const SENTENCE: usize = 25;
/// Blocks in a cell that mean that the table sets out a page.
const SECTIONS: [&str; 11] = ["table", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote", "article", "hr"];

/// Of an element, without what is hidden. Lengths are in characters that are no space.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stats {
    pub(super) text: usize,
    /// Of that, in links.
    pub(super) linked: usize,
    pub(super) links: usize,
    pub(super) first_headings: usize,
    /// The places of its begin and its end among all begins and ends.
    pub(super) begin: usize,
    pub(super) end: usize,
    /// Of the text outside of links that stands directly in a block, or in its inline elements.
    pub(super) own: usize,
    /// How many blocks in it have a sentence.
    pub(super) sentences: usize,
    /// Whether a reader does not see it; what is in it has no stats.
    pub(super) hidden: bool,
}

impl Stats {
    pub(super) const fn plain(&self) -> usize {
        self.text - self.linked
    }

    /// Whether at least this share of the text, in percent, is in links.
    pub(super) const fn links_are(&self, percent: usize) -> bool {
        self.text > 0 && self.linked * 100 >= self.text * percent
    }
}

/// Ids count up from 1 in the order of the page: neighbours lie side by side in the map, which is asked in that order.
#[derive(Debug, Default)]
struct Counted(u64);

impl Hasher for Counted {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_usize(&mut self, id: usize) {
        // The map tells the entries of a group apart by the upper bits.
        self.0 = (id as u64) ^ ((id as u64) << 57);
    }
}

#[derive(Debug, Default)]
pub(super) struct Measure {
    elements: HashMap<NodeId, Stats, BuildHasherDefault<Counted>>,
    layout: HashSet<NodeId>,
}

struct Open {
    id: NodeId,
    stats: Stats,
    is_link: bool,
    is_inline: bool,
}

impl Measure {
    pub(super) fn of(page: &Html, hidden: &Hidden) -> Self {
        let mut this = Self::default();
        let mut pass = Pass::default();
        for edge in page.tree.root().traverse() {
            match edge {
                Edge::Open(node) if pass.skipped.is_none() => match node.value() {
                    Node::Text(text) => pass.text(text),
                    Node::Element(element) if hidden.hides(node, element) => {
                        this.elements.insert(node.id(), Stats { hidden: true, ..Stats::default() });
                        pass.skipped = Some(node.id());
                    }
                    Node::Element(element) => pass.open(node, element, &mut this.layout),
                    _ => {}
                },
                Edge::Close(node) if pass.skipped == Some(node.id()) => pass.skipped = None,
                Edge::Close(node) if pass.skipped.is_none() && node.value().is_element() => {
                    if let Some((id, stats)) = pass.close() {
                        this.elements.insert(id, stats);
                    }
                }
                Edge::Open(_) | Edge::Close(_) => {}
            }
        }
        this
    }

    pub(super) fn stats(&self, id: NodeId) -> Stats {
        self.elements.get(&id).copied().unwrap_or_default()
    }

    /// Whether a table sets out a page, and has no rows of values.
    pub(super) fn is_layout(&self, id: NodeId) -> bool {
        self.layout.contains(&id)
    }
}

#[derive(Default)]
struct Pass {
    open: Vec<Open>,
    tables: Vec<NodeId>,
    links: usize,
    place: usize,
    skipped: Option<NodeId>,
}

impl Pass {
    fn text(&mut self, text: &str) {
        let length = text.chars().filter(|c| !c.is_whitespace()).count();
        let linked = if self.links > 0 { length } else { 0 };
        if let Some(open) = self.open.last_mut() {
            open.stats.text += length;
            open.stats.linked += linked;
            open.stats.own += length - linked;
        }
    }

    fn open(&mut self, node: NodeRef<'_, Node>, element: &Element, layout: &mut HashSet<NodeId>) {
        let name = element.name();
        if SECTIONS.contains(&name) {
            // Those around it were marked when it began.
            layout.extend(self.tables.last());
        }
        if name == "table" {
            self.tables.push(node.id());
            if matches!(element.attr("role"), Some("presentation" | "none")) {
                layout.insert(node.id());
            }
        }
        self.place += 1;
        let is_link = name == "a" && element.attr("href").is_some();
        self.links += usize::from(is_link);
        let stats = Stats {
            links: usize::from(is_link),
            first_headings: usize::from(name == "h1"),
            begin: self.place,
            ..Stats::default()
        };
        self.open.push(Open { id: node.id(), stats, is_link, is_inline: is_inline(name) });
    }

    fn close(&mut self) -> Option<(NodeId, Stats)> {
        let Open { id, mut stats, is_link, is_inline } = self.open.pop()?;
        self.place += 1;
        stats.end = self.place;
        self.links -= usize::from(is_link);
        if self.tables.last() == Some(&id) {
            self.tables.pop();
        }
        if is_inline {
            if let Some(above) = self.open.last_mut() {
                above.stats.own += stats.own;
            }
            stats.own = 0;
        }
        stats.sentences += usize::from(stats.own >= SENTENCE);
        if let Some(above) = self.open.last_mut() {
            above.stats.text += stats.text;
            above.stats.linked += stats.linked;
            above.stats.links += stats.links;
            above.stats.first_headings += stats.first_headings;
            above.stats.sentences += stats.sentences;
        }
        Some((id, stats))
    }
}
