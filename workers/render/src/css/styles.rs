//! What the cascade found: a style for each element that has one.

use std::collections::HashMap;

use ego_tree::NodeId;
use scraper::node::Element;

use super::style::Style;
use super::style::{Bit, Content};

/// What stands before or after an element's content: `::before`, `::after`.
#[derive(Debug, Clone, PartialEq)]
pub struct Generated {
    pub(super) content: Content,
    /// How.
    pub style: Style,
}

impl Generated {
    /// Its text, for the element that it belongs to: `attr(href)` is that element's.
    #[must_use]
    pub fn text(&self, element: &Element) -> String {
        let mut text = String::new();
        for bit in &self.content.0 {
            text.push_str(match bit {
                Bit::Text(text) => text,
                Bit::Attribute(name) => element.attr(name).unwrap_or_default(),
            });
        }
        text
    }
}

/// A style that one or more elements have.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub style: Style,
    pub before: Option<Generated>,
    pub after: Option<Generated>,
}

/// The styles of a document's elements. Elements that are styled alike share one.
#[derive(Debug, Default)]
pub struct Styles {
    pub(super) of: HashMap<NodeId, u32>,
    pub(super) shared: Vec<Shared>,
}

impl Styles {
    fn get(&self, node: NodeId) -> Option<&Shared> {
        self.shared.get(*self.of.get(&node)? as usize)
    }

    /// What CSS says of an element; `None` where it says nothing.
    #[must_use]
    pub fn of(&self, node: NodeId) -> Option<&Style> {
        self.get(node).map(|shared| &shared.style)
    }

    /// Its `::before`.
    #[must_use]
    pub fn before(&self, node: NodeId) -> Option<&Generated> {
        self.get(node)?.before.as_ref()
    }

    /// Its `::after`.
    #[must_use]
    pub fn after(&self, node: NodeId) -> Option<&Generated> {
        self.get(node)?.after.as_ref()
    }

    /// How many different styles there are.
    #[must_use]
    pub fn distinct(&self) -> usize {
        self.shared.len()
    }
}
