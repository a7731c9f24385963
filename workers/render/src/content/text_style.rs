//! Turns CSS's properties of text and lines into Typst's.

use typst::{
    foundations::{Content, Dict, IntoValue, NativeElement, Smart, Styles, dict},
    layout::{AlignElem, Alignment, Em, HAlignment, Length, Ratio, Rel, VAlignment},
    model::ParElem,
    text::{
        BottomEdge, FontFamily, FontList, FontStyle, FontWeight, SmallcapsElem, StrikeElem, TextElem, TextSize,
        TopEdge, UnderlineElem,
    },
    visualize::Stroke,
};

use super::{
    Place,
    color::paint,
    lengths::{length, pt},
};
use crate::{
    css::{Align, Style, VerticalAlign},
    fonts::{Fonts, SCRIPTS},
};

/// How far the middle of a line lies above its baseline, in font sizes: about the same in all fonts.
const MIDDLE: f64 = 0.35;

/// The line height of text without CSS, in font sizes.
pub const LINE_HEIGHT: f64 = 1.38;

/// The margins of paragraphs without CSS, in font sizes; base.css has the same.
pub const GAP: f64 = 0.4;

/// The line box of CSS: ascent and descent with half of the leading above and half below. In font sizes.
#[must_use]
pub fn line_box(height: f64) -> (Em, Em) {
    (Em::new(height / 2.0 + MIDDLE), Em::new(MIDDLE - height / 2.0))
}

fn set_line_box(styles: &mut Styles, height: f64) {
    let (top, bottom) = line_box(height);
    styles.set(TextElem::top_edge, TopEdge::Length(top.into()));
    styles.set(TextElem::bottom_edge, BottomEdge::Length(bottom.into()));
    styles.set(ParElem::leading, Length::zero());
}

/// The lines and paragraphs of the text; they override those of the template.
#[must_use]
pub fn body(content: Content, line_height: Option<f64>) -> Content {
    let mut styles = Styles::new();
    set_line_box(&mut styles, line_height.unwrap_or(LINE_HEIGHT));
    styles.set(ParElem::spacing, Em::new(GAP).into());
    content.styled_with_map(styles)
}

fn align(align: Align) -> (HAlignment, bool) {
    match align {
        Align::Left => (HAlignment::Left, false),
        Align::Center => (HAlignment::Center, false),
        Align::Right => (HAlignment::Right, false),
        Align::Justify => (HAlignment::Start, true),
    }
}

/// Styles of text and lines. Everything inside inherits them.
#[must_use]
pub fn styles(style: &Style, place: Place, fonts: &Fonts) -> Styles {
    let mut styles = Styles::new();
    if let Some(families) = font_list(style, fonts) {
        styles.set(TextElem::font, families);
    }
    if let Some(size) = style.font_size {
        styles.set(TextElem::size, TextSize(pt(size * place.scale)));
    }
    if let Some(weight) = style.font_weight {
        styles.set(TextElem::weight, FontWeight::from_number(weight));
    }
    if let Some(italic) = style.italic {
        styles.set(TextElem::style, if italic { FontStyle::Italic } else { FontStyle::Normal });
    }
    if let Some(color) = style.color {
        styles.set(TextElem::fill, paint(color));
    }
    if let Some(spacing) = style.letter_spacing {
        styles.set(TextElem::tracking, length(spacing));
    }
    if let Some(spacing) = style.word_spacing {
        // Typst's is the width of a space, CSS's is added to it.
        styles.set(TextElem::spacing, Rel::new(Ratio::one(), length(spacing)));
    }
    if let Some(hyphens) = style.hyphens {
        styles.set(TextElem::hyphenate, Smart::Custom(hyphens));
    }
    if let Some(height) = style.line_height {
        set_line_box(&mut styles, height);
    }
    if style.orphans.is_some() || style.widows.is_some() {
        let cost = |is_avoided: Option<bool>| is_avoided.map(|is_avoided| if is_avoided { 1.0 } else { 0.0 });
        let costs = [("orphan", cost(style.orphans)), ("widow", cost(style.widows))];
        let costs = costs.into_iter().filter_map(|(name, cost)| Some((name.into(), Ratio::new(cost?).into_value())));
        if let Ok(costs) = costs.collect::<Dict>().into_value().cast() {
            styles.set(TextElem::costs, costs);
        }
    }
    if let Some(indent) = style.text_indent {
        let value = dict! { "amount" => length(indent), "all" => true };
        if let Ok(indent) = value.into_value().cast() {
            styles.set(ParElem::first_line_indent, indent);
        }
    }
    if let Some(text_align) = style.text_align {
        let (alignment, justify) = align(text_align);
        styles.set(AlignElem::alignment, Alignment::H(alignment));
        styles.set(ParElem::justify, justify);
    }
    styles
}

/// The styles of text alone: a style of lines within a line would end it.
#[must_use]
pub fn inline_styles(style: &Style, place: Place, fonts: &Fonts) -> Styles {
    if (style.text_align, style.text_indent, style.line_height) == (None, None, None) {
        return styles(style, place, fonts);
    }
    let own = Style { text_align: None, text_indent: None, line_height: None, ..style.clone() };
    let mut styles = styles(&own, place, fonts);
    if let Some(height) = style.line_height {
        let (top, bottom) = line_box(height);
        styles.set(TextElem::top_edge, TopEdge::Length(top.into()));
        styles.set(TextElem::bottom_edge, BottomEdge::Length(bottom.into()));
    }
    styles
}

/// The families of a style that exist.
#[must_use]
pub fn font_list(style: &Style, fonts: &Fonts) -> Option<FontList> {
    let names = style.font_family.as_deref().unwrap_or_default();
    let mut families: Vec<&str> = names.iter().filter_map(|name| fonts.family(name)).collect();
    if !families.is_empty() {
        families.extend(SCRIPTS);
    }
    FontList::new(families.into_iter().map(FontFamily::new).collect()).ok()
}

pub fn alignment(style: &Style) -> Option<Alignment> {
    let vertical = style.vertical_align.and_then(|vertical| match vertical {
        VerticalAlign::Top => Some(VAlignment::Top),
        VerticalAlign::Middle => Some(VAlignment::Horizon),
        VerticalAlign::Bottom => Some(VAlignment::Bottom),
        VerticalAlign::Super | VerticalAlign::Sub => None,
    });
    let horizontal = style.text_align.map(|text_align| align(text_align).0);
    match (horizontal, vertical) {
        (Some(h), Some(v)) => Some(Alignment::Both(h, v)),
        (Some(h), None) => Some(Alignment::H(h)),
        (None, Some(v)) => Some(Alignment::V(v)),
        (None, None) => None,
    }
}

/// Line-through, underline and small capitals.
pub fn decorated(mut content: Content, style: &Style) -> Content {
    if style.underline == Some(true) {
        content = UnderlineElem::new(content).with_stroke(decoration_stroke(style)).pack();
    }
    if style.strike == Some(true) {
        content = StrikeElem::new(content).with_stroke(decoration_stroke(style)).pack();
    }
    if style.small_caps == Some(true) {
        content = SmallcapsElem::new(content).pack();
    }
    content
}

fn decoration_stroke(style: &Style) -> Smart<Stroke> {
    let stroke = |color| Stroke { paint: Smart::Custom(paint(color)), ..Stroke::default() };
    super::custom(style.line_color.map(stroke))
}
