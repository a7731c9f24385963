//! Types the computed style of an element: lengths in points (1 px = 0.75 pt), colours in sRGB.
//!
//! `None` is "not set": the template decides. Typst's style chain inherits, except for `font_size`, which is absolute
//! here, and where a field of [`Style`] says so.

use scraper::node::Element;

/// sRGB with alpha, 0 to 255 each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rgba(pub u8, pub u8, pub u8, pub u8);

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Length {
    /// In points.
    Pt(f64),
    /// Font sizes of the element.
    Em(f64),
    /// Of the container's width; may exceed 100.
    Percent(f64),
    /// A percentage and points to be added: `calc(100% - 12pt)`.
    Sum(f64, f64),
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Sides<T> {
    pub top: T,
    pub right: T,
    pub bottom: T,
    pub left: T,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Border {
    /// In points; 0 is none.
    pub width: f64,
    pub line: LineStyle,
    /// `None` is the text's colour.
    pub color: Option<Rgba>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineStyle {
    /// No line, whatever the width.
    None,
    Solid,
    Dashed,
    Dotted,
}

/// `text-align`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    Left,
    Center,
    Right,
    Justify,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerticalAlign {
    Top,
    Middle,
    Bottom,
    /// Raised, inline.
    Super,
    /// Lowered, inline.
    Sub,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    Auto,
    Page,
    /// A new left page.
    Left,
    Right,
    Column,
    Avoid,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListStyle {
    None,
    Disc,
    Circle,
    Square,
    Decimal,
    DecimalLeadingZero,
    LowerAlpha,
    UpperAlpha,
    LowerRoman,
    UpperRoman,
    LowerGreek,
    /// A string from the style sheet.
    Text(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Display {
    None,
    Block,
    /// A block with a marker.
    ListItem,
    Inline,
    InlineBlock,
    /// Its children are a row.
    Flex,
    Grid,
}

/// `justify-content`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Justify {
    Start,
    Center,
    End,
    /// The space is between boxes.
    Between,
    /// The space is around boxes.
    Around,
}

/// `align-items`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Items {
    /// As high as the row.
    Stretch,
    Start,
    Center,
    End,
}

/// `float`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Float {
    Left,
    Right,
}

/// A column of a grid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Track {
    /// As wide as its content, and stretched.
    Auto,
    /// As wide as its content.
    Content,
    /// Of the space that is left.
    Share(f64),
    Length(Length),
    /// As many columns of at least this width as fit.
    Fill(Length),
}

/// The properties of rows of boxes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    pub grow: Option<f64>,
    pub basis: Option<Length>,
    /// One box below the other.
    pub is_column: Option<bool>,
    pub wrap: Option<bool>,
    /// Whether it stands in a line, as wide as its boxes.
    pub is_inline: Option<bool>,
    pub justify: Option<Justify>,
    pub items: Option<Items>,
    pub gap: Option<Length>,
    pub tracks: Option<Vec<Track>>,
    /// The columns of a grid that a box takes.
    pub span: Option<u16>,
    pub float: Option<Float>,
    /// Whether it is below all floats.
    pub is_clear: Option<bool>,
}

/// `object-fit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectFit {
    Fill,
    Contain,
    Cover,
}

/// `text-transform`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transform {
    None,
    Uppercase,
    Lowercase,
    Capitalize,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Style {
    /// In order; generic families (`serif`, `sans-serif`, `monospace`, `system-ui`) by name.
    pub font_family: Option<Vec<String>>,
    /// In points, absolute: `em` and `%` are resolved against the parent.
    pub font_size: Option<f64>,
    /// 100 to 900.
    pub font_weight: Option<u16>,
    pub italic: Option<bool>,
    pub small_caps: Option<bool>,
    pub color: Option<Rgba>,
    pub background: Option<Rgba>,
    pub text_align: Option<Align>,
    pub vertical_align: Option<VerticalAlign>,
    /// In font sizes: `line-height: 1.5`, `150%` and `1.5em` are 1.5.
    pub line_height: Option<f64>,
    pub letter_spacing: Option<Length>,
    pub word_spacing: Option<Length>,
    pub text_indent: Option<Length>,
    pub text_transform: Option<Transform>,
    pub underline: Option<bool>,
    pub strike: Option<bool>,
    /// Of the line under or through the text; `None` is the text's colour.
    pub line_color: Option<Rgba>,
    pub hyphens: Option<bool>,
    /// `None`: not set. `auto` is [`Margin::Auto`].
    pub margin: Sides<Option<Margin>>,
    pub padding: Sides<Option<Length>>,
    pub border: Sides<Option<Border>>,
    /// Top left, top right, bottom right, bottom left.
    pub border_radius: [Option<Length>; 4],
    pub width: Option<Length>,
    pub max_width: Option<Length>,
    pub height: Option<Length>,
    pub min_height: Option<Length>,
    pub max_height: Option<Length>,
    pub object_fit: Option<ObjectFit>,
    /// Whether widths and heights hold padding and border.
    pub border_box: Option<bool>,
    /// Whether the borders of a table's cells collapse.
    pub collapse: Option<bool>,
    /// Between cells whose borders do not collapse: across, and down.
    pub border_spacing: Option<(Length, Length)>,
    pub list_style: Option<ListStyle>,
    pub break_before: Option<Break>,
    pub break_after: Option<Break>,
    /// [`Break::Auto`] or [`Break::Avoid`].
    pub break_inside: Option<Break>,
    /// Whether a paragraph's first line stays with the second.
    pub orphans: Option<bool>,
    /// Whether a paragraph's last line stays with the one before.
    pub widows: Option<bool>,
    /// The name of the pages that the element is on.
    pub page: Option<String>,
    pub columns: Option<u16>,
    pub column_gap: Option<Length>,
    pub row: Row,
    pub display: Option<Display>,
    /// 0 to 1.
    pub opacity: Option<f64>,
    /// Whether white space is preserved (`white-space: pre`, `pre-wrap`).
    pub keep_spaces: Option<bool>,
    /// Whether lines wrap: a cell whose lines do not is as wide as they are, if there is room.
    pub wraps: Option<bool>,
    pub counters: Counters,
}

/// `counter-reset`, `counter-increment` and `counter-set`: names of counters with a number each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    pub reset: Option<Vec<(String, i32)>>,
    pub increment: Option<Vec<(String, i32)>>,
    pub set: Option<Vec<(String, i32)>>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Margin {
    /// Centres a block.
    Auto,
    Length(Length),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Content(pub Vec<ContentItem>);

impl Content {
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|item| matches!(item, ContentItem::Text(text) if text.is_empty()))
    }

    /// `counter` writes a counter, by its name, separator and style.
    pub fn text(&self, element: &Element, counter: impl Fn(&str, Option<&str>, &ListStyle) -> String) -> String {
        let item = |item: &ContentItem| match item {
            ContentItem::Text(text) => text.clone(),
            ContentItem::Attribute(name) => element.attr(name).unwrap_or_default().to_owned(),
            ContentItem::Counter { name, separator, style } => counter(name, separator.as_deref(), style),
        };
        self.0.iter().map(item).collect()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ContentItem {
    Text(String),
    /// An attribute of the element: `attr(href)`.
    Attribute(String),
    /// `counter(name, style)`; with a separator, `counters(name, separator, style)`.
    Counter {
        name: String,
        separator: Option<String>,
        style: ListStyle,
    },
}
