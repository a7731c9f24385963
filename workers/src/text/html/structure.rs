//! The content of a page by its elements, roles, classes and links: the default, which leaves out only what is surely
//! none.
//!
//! A page with `main`, or with articles that have most of its text, has its content there. On other pages, blocks of
//! mere links are left out as well, where enough text remains.

use std::collections::HashSet;

use ego_tree::{NodeId, NodeRef, iter::Edge};
use scraper::{Html, Node, node::Element};

use super::{
    main_content::{MainContent, Selection},
    margins::Margins,
    measure::{Measure, SENTENCE, Stats},
};

/// Text outside of links that is enough, however much there is around it, in characters.
const ENOUGH: usize = 250;

pub(super) struct Structure;

impl MainContent for Structure {
    fn select(&self, page: &Html, measure: &Measure) -> Selection {
        let top = *page.root_element();
        let all = measure.stats(top.id()).text;
        let margins = Margins { all, span: (0, 0) };
        if let Some(root) = main_part(top, measure, &margins).and_then(|id| page.tree.get(id)) {
            let margins = Margins { all: measure.stats(root.id()).text, ..margins };
            let selection = select(root, measure, |node, element, stats| margins.is_margin(node, element, stats));
            if remaining(measure, &selection) > 0 {
                return selection;
            }
        }
        let plain = select(top, measure, |node, element, stats| margins.is_margin(node, element, stats));
        let margins = Margins { span: span(top, measure, &plain), ..margins };
        let dense = select(top, measure, |node, element, stats| {
            margins.is_margin(node, element, stats) || margins.is_of_links(node, element, stats)
        });
        let rest = remaining(measure, &dense);
        // A page that is mere links keeps them.
        if rest >= ENOUGH || (rest > 0 && rest * 7 >= all) {
            return dense;
        }
        match remaining(measure, &plain) {
            0 => Selection::whole(page),
            _ => plain,
        }
    }
}

/// The visible `main`, else what holds all articles, where it has enough of the text.
fn main_part(top: NodeRef<'_, Node>, measure: &Measure, margins: &Margins) -> Option<NodeId> {
    let navigation = select(top, measure, |node, element, stats| margins.is_navigation(node, element, stats));
    let around = remaining(measure, &navigation);
    let all_of = |wanted: &dyn Fn(&Element) -> bool| -> Vec<NodeId> {
        let is_wanted = |node: &NodeRef<'_, Node>| {
            matches!(node.value(), Node::Element(element) if wanted(element)) && measure.stats(node.id()).text > 0
        };
        top.descendants().filter(is_wanted).map(|node| node.id()).collect()
    };
    let mains = all_of(&|element| element.name() == "main" || element.attr("role") == Some("main"));
    if let Some(root) = common(top, &mains) {
        let stats = measure.stats(root);
        return (stats.text * 4 >= around || stats.plain() >= ENOUGH).then_some(root);
    }
    let root = common(top, &all_of(&|element| element.name() == "article"))?;
    (measure.stats(root).text * 2 >= around).then_some(root)
}

/// The innermost element that holds all of these, which are in the document's order.
fn common(top: NodeRef<'_, Node>, ids: &[NodeId]) -> Option<NodeId> {
    let (first, last) = (*ids.first()?, *ids.last()?);
    let path = |id: NodeId| {
        let node = top.tree().get(id);
        node.into_iter().flat_map(|node| std::iter::once(node.id()).chain(node.ancestors().map(|above| above.id())))
    };
    let above: HashSet<NodeId> = path(first).collect();
    path(last).find(|id| above.contains(id))
}

/// All of a part but the visible elements for which this is true; what is in these is not asked for.
fn select<'a>(
    root: NodeRef<'a, Node>,
    measure: &Measure,
    leave_out: impl Fn(NodeRef<'a, Node>, &'a Element, &Stats) -> bool,
) -> Selection {
    let (mut left_out, mut skipped) = (HashSet::new(), None);
    for edge in root.traverse() {
        match edge {
            Edge::Open(node) if skipped.is_none() => {
                let Node::Element(element) = node.value() else { continue };
                let stats = measure.stats(node.id());
                if stats.hidden {
                    skipped = Some(node.id());
                } else if node.id() != root.id() && leave_out(node, element, &stats) {
                    left_out.insert(node.id());
                    skipped = Some(node.id());
                }
            }
            Edge::Close(node) if skipped == Some(node.id()) => skipped = None,
            Edge::Open(_) | Edge::Close(_) => {}
        }
    }
    Selection { root: root.id(), left_out }
}

fn remaining(measure: &Measure, selection: &Selection) -> usize {
    let all = measure.stats(selection.root).text;
    selection.left_out.iter().fold(all, |rest, id| rest.saturating_sub(measure.stats(*id).text))
}

/// The places of the first and of the last sentence or first heading outside of the margins.
fn span(top: NodeRef<'_, Node>, measure: &Measure, selection: &Selection) -> (usize, usize) {
    let (mut first, mut last, mut skipped) = (usize::MAX, 0, None);
    for edge in top.traverse() {
        match edge {
            Edge::Open(node) if skipped.is_none() => {
                let stats = measure.stats(node.id());
                if selection.left_out.contains(&node.id()) {
                    skipped = Some(node.id());
                } else if stats.own >= SENTENCE {
                    (first, last) = (first.min(stats.begin), last.max(stats.end));
                }
            }
            Edge::Close(node) if skipped == Some(node.id()) => skipped = None,
            Edge::Open(_) | Edge::Close(_) => {}
        }
    }
    (first, last)
}
