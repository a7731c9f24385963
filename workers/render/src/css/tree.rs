//! Lists the elements in document order, for the matching of selectors.
//!
//! Each step between elements costs the same and is counted, so that the document's size bounds the work of a style
//! sheet.

use std::cell::Cell;

use ego_tree::NodeId;
use scraper::{CaseSensitivity, Html, Node as Html5Node, node::Element as Html5Element};
use selectors::attr::{AttrSelectorOperation, NamespaceConstraint};
use selectors::bloom::BloomFilter;
use selectors::matching::{ElementSelectorFlags, MatchingContext};
use selectors::{Element, OpaqueElement};

use super::select::{Css, Name, Namespace, Pseudo, State, Text};

/// The most steps of matching: a constant, plus some for each element.
const STEPS: u64 = 10_000_000;
const STEPS_PER_ELEMENT: u64 = 150;

/// No such element.
const NONE: u32 = u32::MAX;

#[derive(Debug)]
pub(super) struct Flat<'a> {
    pub id: NodeId,
    pub element: &'a Html5Element,
    parent: u32,
    previous: u32,
    next: u32,
    first: u32,
    last: u32,
    empty: bool,
}

impl Flat<'_> {
    pub fn parent(&self) -> Option<usize> {
        (self.parent != NONE).then_some(self.parent as usize)
    }
}

/// Parents come before children.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    pub elements: Vec<Flat<'a>>,
    left: Cell<u64>,
}

impl<'a> Tree<'a> {
    pub fn new(html: &'a Html) -> Self {
        let mut elements: Vec<Flat<'a>> = Vec::new();
        let mut open: Vec<(NodeId, u32)> = Vec::new();
        for node in html.tree.root().descendants() {
            while open.last().is_some_and(|(id, _)| node.parent().is_none_or(|parent| parent.id() != *id)) {
                open.pop();
            }
            let parent = open.last().map_or(NONE, |(_, index)| *index);
            match node.value() {
                Html5Node::Element(element) => {
                    let index = u32::try_from(elements.len()).unwrap_or(NONE);
                    let previous = link(&mut elements, parent, index);
                    let id = node.id();
                    elements.push(Flat {
                        id,
                        element,
                        parent,
                        previous,
                        next: NONE,
                        first: NONE,
                        last: NONE,
                        empty: true,
                    });
                    open.push((id, index));
                }
                Html5Node::Text(text) if !text.is_empty() => {
                    if let Some(parent) = elements.get_mut(parent as usize) {
                        parent.empty = false;
                    }
                }
                _ => {}
            }
        }
        let left = Cell::new(STEPS + STEPS_PER_ELEMENT * elements.len() as u64);
        Self { elements, left }
    }

    /// Whether the budget is spent, so that some rules may not have matched.
    pub fn exhausted(&self) -> bool {
        self.left.get() == 0
    }

    /// Counts work other than steps; false when the budget is spent.
    pub fn spend(&self, steps: u64) -> bool {
        self.left.set(self.left.get().saturating_sub(steps));
        self.left.get() > 0
    }

    pub fn node(&'a self, index: usize) -> Node<'a> {
        Node { tree: self, index: u32::try_from(index).unwrap_or(NONE) }
    }
}

/// Links a new child to its parent and previous sibling; returns the sibling.
fn link(elements: &mut [Flat<'_>], parent: u32, index: u32) -> u32 {
    let Some(above) = elements.get_mut(parent as usize) else { return NONE };
    let previous = above.last;
    above.last = index;
    above.empty = false;
    if previous == NONE {
        above.first = index;
    }
    if let Some(elder) = elements.get_mut(previous as usize) {
        elder.next = index;
    }
    previous
}

/// An element for the `selectors` crate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node<'a> {
    tree: &'a Tree<'a>,
    index: u32,
}

impl<'a> Node<'a> {
    fn flat(&self) -> &'a Flat<'a> {
        &self.tree.elements[self.index as usize]
    }

    fn step(&self, index: u32) -> Option<Self> {
        let left = self.tree.left.get();
        if index == NONE || left == 0 {
            return None;
        }
        self.tree.left.set(left - 1);
        Some(Self { tree: self.tree, index })
    }
}

impl Element for Node<'_> {
    type Impl = Css;

    fn opaque(&self) -> OpaqueElement {
        OpaqueElement::new(self.flat())
    }

    fn parent_element(&self) -> Option<Self> {
        self.step(self.flat().parent)
    }

    fn parent_node_is_shadow_root(&self) -> bool {
        false
    }

    fn containing_shadow_host(&self) -> Option<Self> {
        None
    }

    fn is_pseudo_element(&self) -> bool {
        false
    }

    fn prev_sibling_element(&self) -> Option<Self> {
        self.step(self.flat().previous)
    }

    fn next_sibling_element(&self) -> Option<Self> {
        self.step(self.flat().next)
    }

    fn first_element_child(&self) -> Option<Self> {
        self.step(self.flat().first)
    }

    fn is_html_element_in_html_document(&self) -> bool {
        true
    }

    fn has_local_name(&self, name: &Name) -> bool {
        self.flat().element.name.local == name.0
    }

    fn has_namespace(&self, namespace: &Namespace) -> bool {
        self.flat().element.name.ns == *namespace
    }

    fn is_same_type(&self, other: &Self) -> bool {
        self.flat().element.name == other.flat().element.name
    }

    fn attr_matches(
        &self,
        _: &NamespaceConstraint<&Namespace>,
        name: &Name,
        operation: &AttrSelectorOperation<&Text>,
    ) -> bool {
        self.flat().element.attrs.iter().any(|(key, value)| name.0 == key.local && operation.eval_str(value))
    }

    fn match_non_ts_pseudo_class(&self, state: &State, _: &mut MatchingContext<'_, Css>) -> bool {
        let element = self.flat().element;
        match state {
            State::Link => element.name() == "a" && element.attr("href").is_some(),
            State::Checked => element.attr("checked").is_some(),
            State::Disabled => element.attr("disabled").is_some(),
            State::Never => false,
        }
    }

    fn match_pseudo_element(&self, _: &Pseudo, _: &mut MatchingContext<'_, Css>) -> bool {
        false
    }

    fn apply_selector_flags(&self, _: ElementSelectorFlags) {}

    fn is_link(&self) -> bool {
        false
    }

    fn is_html_slot_element(&self) -> bool {
        false
    }

    fn has_id(&self, id: &Name, case: CaseSensitivity) -> bool {
        self.flat().element.id().is_some_and(|own| case.eq(id.0.as_bytes(), own.as_bytes()))
    }

    fn has_class(&self, name: &Name, case: CaseSensitivity) -> bool {
        self.flat().element.has_class(&name.0, case)
    }

    fn has_custom_state(&self, _: &Name) -> bool {
        false
    }

    fn imported_part(&self, _: &Name) -> Option<Name> {
        None
    }

    fn is_part(&self, _: &Name) -> bool {
        false
    }

    fn is_empty(&self) -> bool {
        self.flat().empty
    }

    fn is_root(&self) -> bool {
        self.flat().parent == NONE
    }

    fn add_element_unique_hashes(&self, _: &mut BloomFilter) -> bool {
        false
    }
}
