//! Pages that an `@page` rule names, and the blocks on them.

use typst::foundations::{Content, Styles};

#[derive(Debug, Clone)]
pub struct NamedPage {
    pub name: String,
    /// Of the area for the text, in points.
    pub width: f64,
    /// Of the area for the text, in points.
    pub height: f64,
    /// Typst's settings of such pages.
    pub styles: Styles,
}

/// The blocks of a flow that are on named pages.
#[derive(Debug)]
pub(super) struct Section {
    pub page: usize,
    pub styles: Styles,
}

impl Section {
    pub fn turned(self, blocks: Vec<Content>) -> Content {
        Content::sequence(blocks).styled_with_map(self.styles)
    }
}
