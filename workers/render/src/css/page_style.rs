//! Types the computed style of pages.

use super::style::{ListStyle, Rgba, Sides, Style};

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// Width and height in points.
    pub size: Option<(f64, f64)>,
    /// In points.
    pub margin: Sides<Option<f64>>,
    pub boxes: Vec<MarginBox>,
    pub background: Option<Rgba>,
    /// Whether the margins at the left and right are the inner and the outer ones.
    pub is_mirrored: bool,
    /// What is different on the first, left, right and named pages.
    pub variants: Vec<PageVariant>,
}

impl Page {
    /// What is different on these pages without a name.
    #[must_use]
    pub fn variant(&self, pages: Pages) -> Option<&PageVariant> {
        self.variants.iter().find(|variant| variant.selector == PageSelector { name: None, pages })
    }
}

/// Which pages a rule is for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct PageSelector {
    /// In lower case; elements ask for such pages by the property `page`.
    pub name: Option<String>,
    pub pages: Pages,
}

/// What some pages have instead of what all have.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PageVariant {
    pub selector: PageSelector,
    /// Width and height in points.
    pub size: Option<(f64, f64)>,
    /// The orientation, if `size` names nothing else.
    pub is_landscape: Option<bool>,
    /// In points.
    pub margin: Sides<Option<f64>>,
    pub background: Option<Rgba>,
    /// The sheet of its last declaration, and the line.
    pub source: String,
    pub line: Option<u32>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Pages {
    #[default]
    All,
    First,
    /// Even numbers.
    Left,
    /// Odd numbers.
    Right,
}

/// The names of the boxes around a page.
pub(super) const MARGIN_BOXES: [&str; 16] = [
    "top-left-corner",
    "top-left",
    "top-center",
    "top-right",
    "top-right-corner",
    "right-top",
    "right-middle",
    "right-bottom",
    "bottom-right-corner",
    "bottom-right",
    "bottom-center",
    "bottom-left",
    "bottom-left-corner",
    "left-bottom",
    "left-middle",
    "left-top",
];

/// Text in the page's margin ("CSS Paged Media Module Level 3", section 5).
#[derive(Debug, Clone, PartialEq)]
pub struct MarginBox {
    pub selector: PageSelector,
    /// One of [`MARGIN_BOXES`].
    pub place: &'static str,
    /// Empty (`content: none`) removes the box.
    pub content: Vec<MarginItem>,
    pub style: Style,
    /// The sheet of its last rule, and the line.
    pub source: String,
    pub line: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MarginItem {
    Text(String),
    /// The page's number in this style.
    Page(ListStyle),
    /// The number of pages in this style.
    Pages(ListStyle),
    /// The document's title: `string(title)`.
    Title,
    /// Its date: `string(date)`.
    Date,
    /// The last heading of level 1: `string(chapter)`.
    Chapter,
}
