//! Holds the result of the cascade: a style for each element that has one.

use std::collections::HashMap;

use ego_tree::NodeId;
use scraper::node::Element;

use super::inheritance::hand_down;
use super::style::{Break, Content, Display, Style};

/// `::before` or `::after`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Generated {
    pub content: Content,
    pub style: Style,
}

impl Generated {
    /// `counted`: its text if it has counters.
    fn shown(&self, element: &Element, counted: Option<String>) -> (String, &Style) {
        let text = counted.unwrap_or_else(|| self.content.text(element, |_, _, _| String::new()));
        (text, &self.style)
    }
}

/// The generated texts of an element that have counters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Counted {
    pub marker: Option<String>,
    pub before: Option<String>,
    pub after: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct Shared {
    pub style: Style,
    pub before: Option<Generated>,
    pub after: Option<Generated>,
    pub marker: Option<(Style, Option<Content>)>,
}

/// The styles of a document's elements. Equal styles are stored once.
#[derive(Debug, Default)]
pub struct Styles {
    pub(super) of: HashMap<NodeId, u32>,
    pub(super) shared: Vec<Shared>,
    pub(super) counted: HashMap<NodeId, Counted>,
}

impl Styles {
    fn get(&self, node: NodeId) -> Option<&Shared> {
        self.shared.get(*self.of.get(&node)? as usize)
    }

    /// `None` if no rule applies.
    #[must_use]
    pub fn of(&self, node: NodeId) -> Option<&Style> {
        self.get(node).map(|shared| &shared.style)
    }

    /// The text and style of `::before`.
    #[must_use]
    pub fn before(&self, node: NodeId, element: &Element) -> Option<(String, &Style)> {
        let counted = self.counted.get(&node).and_then(|counted| counted.before.clone());
        self.get(node)?.before.as_ref().map(|before| before.shown(element, counted))
    }

    /// The text and style of `::after`.
    #[must_use]
    pub fn after(&self, node: NodeId, element: &Element) -> Option<(String, &Style)> {
        let counted = self.counted.get(&node).and_then(|counted| counted.after.clone());
        self.get(node)?.after.as_ref().map(|after| after.shown(element, counted))
    }

    /// Gives the body what it inherits from the root. The text has the body's style; nothing else reads the root's.
    pub(super) fn hand_down(&mut self, root: NodeId, body: NodeId) {
        let Some(from) = self.of(root).cloned() else { return };
        let own = self.get(body);
        let mut shared = Shared {
            style: own.map(|own| own.style.clone()).unwrap_or_default(),
            before: own.and_then(|own| own.before.clone()),
            after: own.and_then(|own| own.after.clone()),
            marker: None,
        };
        hand_down(&from, &mut shared.style);
        self.of.insert(body, u32::try_from(self.shared.len()).unwrap_or(0));
        self.shared.push(shared);
    }

    /// Whether an element begins or ends a page.
    #[must_use]
    pub fn break_pages(&self) -> bool {
        let is_break = |place: Option<Break>| matches!(place, Some(Break::Page | Break::Left | Break::Right));
        let of = |shared: &Shared| {
            let style = &shared.style;
            is_break(style.break_before) || is_break(style.break_after) || style.page.is_some()
        };
        self.shared.iter().any(of)
    }

    /// Whether an element is a flexible box or grid.
    #[must_use]
    pub fn has_rows(&self) -> bool {
        self.shared.iter().any(|shared| matches!(shared.style.display, Some(Display::Flex | Display::Grid)))
    }

    /// The style of a list item's marker, and its text if `content` specifies one.
    #[must_use]
    pub fn marker(&self, node: NodeId, element: &Element) -> Option<(&Style, Option<String>)> {
        let (style, content) = self.get(node)?.marker.as_ref()?;
        let counted = self.counted.get(&node).and_then(|counted| counted.marker.clone());
        let text =
            content.as_ref().map(|content| counted.unwrap_or_else(|| content.text(element, |_, _, _| String::new())));
        Some((style, text))
    }

    #[must_use]
    pub fn distinct(&self) -> usize {
        self.shared.len()
    }
}
