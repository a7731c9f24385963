//! Types the computed style of pages.

use super::style::{Align, ListStyle, Rgba, Sides, Style};

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// Width and height in points.
    pub size: Option<(f64, f64)>,
    /// In points.
    pub margin: Sides<Option<f64>>,
    /// Margin boxes of all pages, of the first, of left and of right ones.
    pub boxes: Vec<MarginBox>,
    pub background: Option<Rgba>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pages {
    All,
    First,
    /// Even numbers.
    Left,
    /// Odd numbers.
    Right,
}

/// Text in the page's margin ("CSS Paged Media Module Level 3", section 5).
#[derive(Debug, Clone, PartialEq)]
pub struct MarginBox {
    pub pages: Pages,
    /// At the top; else at the bottom.
    pub top: bool,
    /// Left, center or right.
    pub align: Align,
    /// Empty (`content: none`) removes the box.
    pub content: Vec<MarginItem>,
    pub style: Style,
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
