//! Types the properties of CSS with their specified values.

use super::color::SpecifiedColor;
use super::length::Len;
use super::style::{
    Align, Break, Content, Display, Float, Items, Justify, LineStyle, ListStyle, ObjectFit, Sides, Transform,
    VerticalAlign,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Top,
    Right,
    Bottom,
    Left,
}

/// In CSS's order.
pub(super) const SIDES: [Side; 4] = [Side::Top, Side::Right, Side::Bottom, Side::Left];

impl Side {
    pub fn of<T>(self, sides: &mut Sides<T>) -> &mut T {
        match self {
            Self::Top => &mut sides.top,
            Self::Right => &mut sides.right,
            Self::Bottom => &mut sides.bottom,
            Self::Left => &mut sides.left,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Size {
    /// `%` and `em` are of the parent.
    Len(Len),
    /// Of the document's size: `small`, `x-large`.
    Step(f64),
    /// Of the parent's: `larger`, `smaller`.
    Factor(f64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Of(u16),
    Bolder,
    Lighter,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum LineHeight {
    Normal,
    /// In font sizes.
    Factor(f64),
    Len(Len),
}

/// A track of a grid as written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum TrackSize {
    Auto,
    Content,
    Share(f64),
    Len(Len),
    /// As many tracks of at least this width as fit.
    Fill(Len),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Property {
    FontFamily(Vec<String>),
    FontSize(Size),
    FontWeight(Weight),
    Italic(bool),
    SmallCaps(bool),
    Color(SpecifiedColor),
    Background(SpecifiedColor),
    TextAlign(Align),
    VerticalAlign(Option<VerticalAlign>),
    LineHeight(LineHeight),
    LetterSpacing(Len),
    WordSpacing(Len),
    TextIndent(Len),
    TextTransform(Transform),
    TextDecoration {
        underline: bool,
        strike: bool,
        color: Option<SpecifiedColor>,
    },
    LineColor(SpecifiedColor),
    Hyphens(bool),
    /// `None` is `auto`.
    Margin(Side, Option<Len>),
    Padding(Side, Len),
    BorderWidth(Side, Len),
    BorderLine(Side, LineStyle),
    BorderColor(Side, SpecifiedColor),
    Radius(usize, Len),
    Width(Option<Len>),
    MaxWidth(Option<Len>),
    Height(Option<Len>),
    MinHeight(Option<Len>),
    MaxHeight(Option<Len>),
    ObjectFit(ObjectFit),
    BorderBox(bool),
    /// `border-collapse`.
    Collapse(bool),
    /// Across, and down.
    BorderSpacing(Len, Len),
    ListStyle(ListStyle),
    BreakBefore(Break),
    BreakAfter(Break),
    BreakInside(Break),
    /// Whether a paragraph's first line stays with the second.
    Orphans(bool),
    /// Whether a paragraph's last line stays with the one before.
    Widows(bool),
    /// `None` is `auto`.
    Page(Option<String>),
    Columns(Option<u16>),
    ColumnGap(Option<Len>),
    RowGap(Option<Len>),
    Grow(f64),
    Basis(Option<Len>),
    ColumnDirection(bool),
    Wrap(bool),
    /// Whether a row stands in a line.
    InlineRow(bool),
    Justify(Justify),
    Items(Items),
    Tracks(Vec<TrackSize>),
    Span(u16),
    Float(Option<Float>),
    Clear(bool),
    Display(Display),
    /// `display` of a part of a table, with the elements that are such parts.
    TablePart(&'static str, &'static [&'static str]),
    Opacity(f64),
    KeepSpaces(bool),
    Wraps(bool),
    Content(Content),
    CounterReset(Vec<(String, i32)>),
    CounterIncrement(Vec<(String, i32)>),
    CounterSet(Vec<(String, i32)>),
}
