//! What CSS can say of an element, in types: lengths in points (1 px = 0.75 pt), colours in sRGB.
//!
//! `None` is "nothing was said": the template decides. Inheritance is Typst's matter (its style chain has it),
//! except for `font_size`, which is absolute here, and for what [`Style`]'s fields say.

/// An sRGB colour with alpha, 0 to 255 each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rgba(pub u8, pub u8, pub u8, pub u8);

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Length {
    /// In points.
    Pt(f64),
    /// In font sizes of the element.
    Em(f64),
    /// Of the container's width, 0 to 100 and over.
    Percent(f64),
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Sides<T> {
    pub top: T,
    pub right: T,
    pub bottom: T,
    pub left: T,
}

/// A border's line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Border {
    /// Width in points; 0 is none.
    pub width: f64,
    /// Solid, dashed or dotted.
    pub line: Line,
    /// `None` is the text's colour.
    pub color: Option<Rgba>,
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// No line, whatever its width.
    None,
    /// ____
    Solid,
    /// - - -
    Dashed,
    /// . . .
    Dotted,
}

/// How lines of text stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// At the beginning.
    Left,
    /// In the middle.
    Center,
    /// At the end.
    Right,
    /// From edge to edge.
    Justify,
}

/// How cells stand in their row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerticalAlign {
    Top,
    Middle,
    Bottom,
    /// Raised (inline).
    Super,
    /// Lowered (inline).
    Sub,
}

/// A break before, after or inside an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// Wherever it fits.
    Auto,
    Page,
    /// A new page, of the kind named: a left one.
    Left,
    Right,
    Column,
    /// None here.
    Avoid,
}

/// A list's marker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListStyle {
    /// No marker.
    None,
    /// A filled circle.
    Disc,
    Circle,
    Square,
    /// 1. 2. 3.
    Decimal,
    /// 01. 02. 03.
    DecimalLeadingZero,
    /// a. b. c.
    LowerAlpha,
    /// A. B. C.
    UpperAlpha,
    /// i. ii. iii.
    LowerRoman,
    /// I. II. III.
    UpperRoman,
    /// α. β. γ.
    LowerGreek,
    /// A text of one's own.
    Text(String),
}

/// What becomes of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Display {
    /// It is not there.
    None,
    Block,
    /// In the line.
    Inline,
    /// A box in the line.
    InlineBlock,
}

/// What letters become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transform {
    /// As written.
    None,
    Uppercase,
    Lowercase,
    /// First Letters.
    Capitalize,
}

/// What CSS says of an element.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Style {
    /// Families in order; generic ones (`serif`, `sans-serif`, `monospace`, `system-ui`) by their names.
    pub font_family: Option<Vec<String>>,
    /// In points, absolute: `em` and `%` were resolved against the parent.
    pub font_size: Option<f64>,
    /// 100 to 900.
    pub font_weight: Option<u16>,
    pub italic: Option<bool>,
    /// Whether small capitals.
    pub small_caps: Option<bool>,
    /// The text's colour.
    pub color: Option<Rgba>,
    /// The colour behind it.
    pub background: Option<Rgba>,
    /// How lines stand.
    pub text_align: Option<Align>,
    /// Cells, superscripts.
    pub vertical_align: Option<VerticalAlign>,
    /// The distance of lines, in font sizes: `line-height: 1.5`, `150%` and `1.5em` are 1.5.
    pub line_height: Option<f64>,
    pub letter_spacing: Option<Length>,
    pub word_spacing: Option<Length>,
    /// Of a paragraph's first line.
    pub text_indent: Option<Length>,
    /// What letters become.
    pub text_transform: Option<Transform>,
    pub underline: Option<bool>,
    pub strike: Option<bool>,
    /// Whether words are divided.
    pub hyphens: Option<bool>,
    /// Around it. `None` in a side: nothing was said. `Auto` is [`Margin::Auto`].
    pub margin: Sides<Option<Margin>>,
    /// Inside it.
    pub padding: Sides<Option<Length>>,
    /// Its lines.
    pub border: Sides<Option<Border>>,
    /// Its corners: top left, top right, bottom right, bottom left.
    pub border_radius: [Option<Length>; 4],
    pub width: Option<Length>,
    /// At most so wide.
    pub max_width: Option<Length>,
    pub height: Option<Length>,
    pub list_style: Option<ListStyle>,
    pub break_before: Option<Break>,
    pub break_after: Option<Break>,
    /// Inside it: [`Break::Auto`] or [`Break::Avoid`].
    pub break_inside: Option<Break>,
    /// In how many columns its content is set.
    pub columns: Option<u16>,
    /// Between them.
    pub column_gap: Option<Length>,
    /// What becomes of it.
    pub display: Option<Display>,
    /// 0 to 1.
    pub opacity: Option<f64>,
    /// Whether spaces and line ends are kept (`white-space: pre`, `pre-wrap`).
    pub keep_spaces: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Margin {
    /// What is left: centres a block.
    Auto,
    /// So much.
    Length(Length),
}

/// What `@page` says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// Width and height in points.
    pub size: Option<(f64, f64)>,
    /// In points.
    pub margin: Sides<Option<f64>>,
    /// What stands in the margins of all pages, of the first, of left and of right ones.
    pub boxes: Vec<MarginBox>,
    /// The colour of the paper.
    pub background: Option<Rgba>,
}

/// Which pages a margin box is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pages {
    All,
    First,
    /// Even numbers.
    Left,
    /// Odd numbers.
    Right,
}

/// A text in the page's margin ("CSS Paged Media Module Level 3", section 5).
#[derive(Debug, Clone, PartialEq)]
pub struct MarginBox {
    pub pages: Pages,
    /// Whether at the top; else at the bottom.
    pub top: bool,
    /// Left, in the middle, or right.
    pub align: Align,
    /// What stands there; empty (`content: none`) takes it away.
    pub content: Vec<Piece>,
    /// How.
    pub style: Style,
}

/// A piece of generated content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Text(String),
    /// The page's number, in a style of [`ListStyle`]'s.
    Page(ListStyle),
    /// How many pages there are.
    Pages(ListStyle),
    /// The document's title: `string(title)`.
    Title,
    /// Its date: `string(date)`.
    Date,
    /// The last heading of the first level: `string(chapter)`.
    Chapter,
}

/// A font of `@font-face`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FontFace {
    /// By which name CSS calls it.
    pub family: String,
    /// The attached file's name.
    pub file: String,
    pub line: u32,
}

/// What an element's `::before` or `::after` is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Content(pub Vec<Bit>);

impl Content {
    /// Whether it never has a text.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|bit| matches!(bit, Bit::Text(text) if text.is_empty()))
    }
}

/// A piece of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Bit {
    Text(String),
    /// An attribute of the element: `attr(href)`.
    Attribute(String),
}
