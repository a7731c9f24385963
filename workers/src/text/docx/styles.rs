//! The styles of paragraphs, with what they are based on.

use std::collections::HashMap;

use roxmltree::Document;

use super::xml::{attribute, child, name, value};

/// Styles based on each other.
const CHAIN: usize = 16;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Role {
    #[default]
    Text,
    Title,
    /// From 1 to 6.
    Heading(usize),
    /// An entry of a table of contents.
    Contents,
}

/// A list and its level.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    pub(super) list: Option<String>,
    pub(super) level: Option<usize>,
}

#[derive(Debug, Default)]
struct Style {
    based_on: Option<String>,
    role: Option<Role>,
    place: Place,
}

#[derive(Debug, Default)]
pub(super) struct Styles(HashMap<String, Style>);

impl Styles {
    pub(super) fn of(document: &Document<'_>) -> Self {
        let all = document.root_element().children().filter(|node| name(*node) == "style");
        let style = |node| {
            let id = attribute(node, "styleId")?.to_owned();
            let of_paragraph = child(node, "pPr");
            let named = value(node, "name").and_then(role);
            let outline = of_paragraph.and_then(outline);
            let place = of_paragraph.map(place).unwrap_or_default();
            let based_on = value(node, "basedOn").map(str::to_owned);
            Some((id, Style { based_on, role: named.or(outline), place }))
        };
        Self(all.filter_map(style).collect())
    }

    /// What a style says, or else those that it is based on.
    pub(super) fn find(&self, id: &str) -> (Role, Place) {
        let (mut role, mut place, mut next) = (None, Place::default(), Some(id));
        for _ in 0..CHAIN {
            let Some(style) = next.and_then(|id| self.0.get(id)) else { break };
            role = role.or(style.role);
            place.list = place.list.or_else(|| style.place.list.clone());
            place.level = place.level.or(style.place.level);
            next = style.based_on.as_deref();
        }
        (role.unwrap_or_default(), place)
    }
}

/// Built-in styles have English names in every language.
fn role(name: &str) -> Option<Role> {
    let name = name.trim().to_ascii_lowercase();
    if name == "title" {
        return Some(Role::Title);
    }
    if name.starts_with("toc ") || name == "table of figures" {
        return Some(Role::Contents);
    }
    let level: usize = name.strip_prefix("heading ")?.parse().ok()?;
    Some(Role::Heading(level.clamp(1, 6)))
}

/// The level of a paragraph in the outline; the tenth is that of text.
pub(super) fn outline(of_paragraph: roxmltree::Node<'_, '_>) -> Option<Role> {
    let level: usize = value(of_paragraph, "outlineLvl")?.parse().ok()?;
    (level < 9).then(|| Role::Heading((level + 1).min(6)))
}

pub(super) fn place(of_paragraph: roxmltree::Node<'_, '_>) -> Place {
    let Some(found) = child(of_paragraph, "numPr") else { return Place::default() };
    Place {
        list: value(found, "numId").map(str::to_owned),
        level: value(found, "ilvl").and_then(|level| level.parse().ok()),
    }
}
