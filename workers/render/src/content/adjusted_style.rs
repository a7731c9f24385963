//! Adjusts a block's style: leaves out what the element draws itself, mirrors it in text from right to left, and
//! reduces margins and padding that leave no width for the text.

use std::borrow::Cow;

use scraper::ElementRef;

use super::{Place, Typesetter, code, columns, lengths, row};
use crate::css::{self, Margin, Style};

/// The part of the available width that margins, padding and borders may take.
const MAX_SIDES: f64 = 0.8;

impl Typesetter<'_> {
    /// The style of a block's box, without what the element draws itself.
    pub(super) fn adjusted_style<'s>(
        &self,
        element: ElementRef<'_>,
        place: Place,
        style: &'s Style,
        from_right: bool,
    ) -> Cow<'s, Style> {
        let style = match element.value().name() {
            "table" => Cow::Owned(bare(style)),
            "ul" | "ol" | "menu" | "dir" if !row::has_items(style) => Cow::Owned(unindented(style)),
            "img" | "svg" => Cow::Owned(Style { break_after: style.break_after, ..Style::default() }),
            "pre" if code::is_drawn(element) => {
                Cow::Owned(Style { break_after: style.break_after, font_size: style.font_size, ..Style::default() })
            }
            _ if self.is_tall_box(element, place) && style.width.is_none() => {
                let inner = self.within(element, place, Some(style));
                let width = self.content_width(element, inner).max_content * columns::SLACK;
                let sides = lengths::frame_width(style, place) + lengths::side_margins(style, place).max(0.0);
                let available = place.width - sides;
                let width = css::Length::Pt(width.min(available).max(1.0));
                Cow::Owned(Style { width: Some(width), border_box: None, ..style.clone() })
            }
            _ if place.fills => Cow::Owned(Style { width: None, max_width: None, ..style.clone() }),
            "blockquote" if from_right => Cow::Owned(mirrored(style)),
            _ if from_right && element.value().classes().any(|class| class == "markdown-alert") => {
                Cow::Owned(mirrored(style))
            }
            _ => Cow::Borrowed(style),
        };
        let style = match on_paper(&style, place) {
            Some(clamped) => {
                self.warn(
                    *element,
                    "a negative margin would move this off the paper, so it was reduced: specify a smaller one",
                );
                Cow::Owned(clamped)
            }
            None => style,
        };
        let Some(reduced) = reduced(&style, place) else { return style };
        self.warn(
            *element,
            "the margins and padding at the sides leave no room for the text, so they were reduced: specify smaller ones",
        );
        Cow::Owned(reduced)
    }
}

/// A table's style without what its cells draw.
fn bare(style: &Style) -> Style {
    Style { background: None, border: Default::default(), padding: Default::default(), height: None, ..style.clone() }
}

/// A list's style without the indent, which its items have.
fn unindented(style: &Style) -> Style {
    let margin = css::Sides { left: None, ..style.margin };
    Style { margin, padding: css::Sides { left: None, ..style.padding }, ..style.clone() }
}

/// A style with left and right exchanged.
fn mirrored(style: &Style) -> Style {
    let mut style = style.clone();
    std::mem::swap(&mut style.border.left, &mut style.border.right);
    std::mem::swap(&mut style.padding.left, &mut style.padding.right);
    std::mem::swap(&mut style.margin.left, &mut style.margin.right);
    style
}

/// A style whose negative margins at the sides end at the paper's edges; `None` if they do already.
fn on_paper(style: &Style, place: Place) -> Option<Style> {
    let clamped = |margin: Option<Margin>, aside: f64| match margin {
        Some(Margin::Length(length)) if lengths::points(length, style, place) < -aside - 0.1 => {
            Some(Some(Margin::Length(css::Length::Pt(-aside))))
        }
        _ => None,
    };
    let (left, right) = (clamped(style.margin.left, place.aside.0), clamped(style.margin.right, place.aside.1));
    if left.is_none() && right.is_none() {
        return None;
    }
    let mut clamped = style.clone();
    clamped.margin.left = left.unwrap_or(style.margin.left);
    clamped.margin.right = right.unwrap_or(style.margin.right);
    Some(clamped)
}

/// A style with smaller margins and padding at the sides; `None` if they leave width for the text already.
fn reduced(style: &Style, place: Place) -> Option<Style> {
    let frame = lengths::frame_width(style, place) + lengths::side_margins(style, place);
    let most = MAX_SIDES * place.width;
    if frame <= most {
        return None;
    }
    let factor = most / frame;
    let smaller = |length| css::Length::Pt(lengths::points(length, style, place) * factor);
    let margin = |margin| match margin {
        Some(Margin::Length(length)) => Some(Margin::Length(smaller(length))),
        other => other,
    };
    let mut reduced = style.clone();
    (reduced.margin.left, reduced.margin.right) = (margin(style.margin.left), margin(style.margin.right));
    (reduced.padding.left, reduced.padding.right) = (style.padding.left.map(smaller), style.padding.right.map(smaller));
    Some(reduced)
}
