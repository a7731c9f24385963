//! Sets attributes of elements.

use ego_tree::NodeId;
use html5ever::{LocalName, QualName, ns};
use scraper::{Html, Node};

/// Appends to `class`, replaces any other attribute.
pub(super) fn add(html: &mut Html, node: NodeId, name: &str, value: &str) {
    let before = html.tree.get(node).and_then(|node| node.value().as_element()?.attr(name)).map(str::to_owned);
    match before.filter(|_| name == "class") {
        Some(before) => set(html, node, name, &format!("{before} {value}")),
        None => set(html, node, name, value),
    }
}

pub(super) fn set(html: &mut Html, node: NodeId, name: &str, value: &str) {
    let Some(mut node) = html.tree.get_mut(node) else { return };
    let Node::Element(element) = node.value() else { return };
    let name = QualName::new(None, ns!(), LocalName::from(name));
    // scraper finds attributes by binary search, and caches id and classes: keep them sorted, and drop the cache.
    let mut attributes = element.attrs.clone();
    match attributes.binary_search_by(|(known, _)| known.cmp(&name)) {
        Ok(at) => attributes[at].1 = value.into(),
        Err(at) => attributes.insert(at, (name, value.into())),
    }
    let mut renewed = scraper::node::Element::new(element.name.clone(), Vec::new());
    renewed.attrs = attributes;
    *element = renewed;
}
