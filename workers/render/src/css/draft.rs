//! Applies declarations to a style, one after the other.

use super::color::SpecifiedColor;
use super::inheritance::inherit;
use super::length::{Len, Measure};
use super::property::{LineHeight, Property, SIDES, Side, TrackSize, Weight};
use super::style::{Border, Content, LineStyle, Margin, Rgba, Sides, Style, Track};

/// What relative values are resolved against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Surroundings {
    pub measure: Measure,
    pub weight: u16,
    /// The inherited text colour, if CSS sets one.
    pub color: Option<Rgba>,
}

/// A border while its parts are collected.
#[derive(Debug, Clone, Copy, Default)]
struct Edge {
    width: Option<Len>,
    line: Option<LineStyle>,
    color: Option<SpecifiedColor>,
}

/// A style while declarations are applied.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// `font_size` is set beforehand.
    pub style: Style,
    /// For `::before` and `::after` only.
    pub content: Option<Content>,
    edges: Sides<Edge>,
    background: Option<SpecifiedColor>,
}

impl Draft {
    /// Applies a declaration. [`Property::FontSize`] has no effect here: it is resolved earlier.
    pub fn apply(&mut self, property: &Property, around: &Surroundings) {
        let by = around.measure;
        let style = &mut self.style;
        match property {
            Property::FontFamily(families) => style.font_family = Some(families.clone()),
            Property::FontSize(_) => {}
            Property::FontWeight(weight) => style.font_weight = Some(computed_weight(*weight, around.weight)),
            Property::Italic(italic) => style.italic = Some(*italic),
            Property::SmallCaps(small) => style.small_caps = Some(*small),
            Property::Color(SpecifiedColor::Rgba(color)) => style.color = Some(*color),
            Property::Color(SpecifiedColor::Current) => style.color = around.color,
            Property::Background(color) => self.background = Some(*color),
            Property::TextAlign(align) => style.text_align = Some(*align),
            Property::VerticalAlign(align) => style.vertical_align = *align,
            Property::LineHeight(height) => style.line_height = computed_line_height(*height, by),
            Property::LetterSpacing(len) => style.letter_spacing = Some(len.resolved(by)),
            Property::WordSpacing(len) => style.word_spacing = Some(len.resolved(by)),
            Property::TextIndent(len) => style.text_indent = Some(len.resolved(by)),
            Property::TextTransform(transform) => style.text_transform = Some(*transform),
            Property::TextDecoration { underline, strike, color } => {
                style.underline = Some(*underline);
                style.strike = Some(*strike);
                style.line_color = match color {
                    Some(SpecifiedColor::Rgba(color)) => Some(*color),
                    Some(SpecifiedColor::Current) | None => None,
                };
            }
            Property::LineColor(SpecifiedColor::Rgba(color)) => style.line_color = Some(*color),
            Property::LineColor(SpecifiedColor::Current) => style.line_color = None,
            Property::Hyphens(hyphens) => style.hyphens = Some(*hyphens),
            Property::Margin(side, len) => {
                *side.of(&mut style.margin) = Some(len.map_or(Margin::Auto, |len| Margin::Length(len.resolved(by))));
            }
            Property::Padding(side, len) => *side.of(&mut style.padding) = Some(len.resolved(by)),
            Property::BorderWidth(side, len) => side.of(&mut self.edges).width = Some(*len),
            Property::BorderLine(side, line) => side.of(&mut self.edges).line = Some(*line),
            Property::BorderColor(side, color) => side.of(&mut self.edges).color = Some(*color),
            Property::ListStyle(list) => style.list_style = Some(list.clone()),
            Property::BreakBefore(place) => style.break_before = Some(*place),
            Property::BreakAfter(place) => style.break_after = Some(*place),
            Property::BreakInside(place) => style.break_inside = Some(*place),
            Property::Orphans(avoided) => style.orphans = Some(*avoided),
            Property::Widows(avoided) => style.widows = Some(*avoided),
            Property::Page(name) => style.page.clone_from(name),
            Property::Columns(count) => style.columns = *count,
            Property::ColumnGap(len) => style.column_gap = len.map(|len| len.resolved(by)),
            Property::Display(display) => style.display = Some(*display),
            Property::TablePart(..) => style.display = None,
            Property::Opacity(opacity) => style.opacity = Some(*opacity),
            Property::KeepSpaces(keep) => style.keep_spaces = Some(*keep),
            Property::Wraps(wraps) => style.wraps = Some(*wraps),
            Property::Content(content) => self.content = Some(content.clone()),
            Property::CounterReset(counters) => style.counters.reset = Some(counters.clone()),
            Property::CounterIncrement(counters) => style.counters.increment = Some(counters.clone()),
            Property::CounterSet(counters) => style.counters.set = Some(counters.clone()),
            other => self.apply_to_box(other, by),
        }
    }

    /// Sizes of boxes, and rows of them.
    fn apply_to_box(&mut self, property: &Property, by: Measure) {
        let style = &mut self.style;
        match property {
            Property::Radius(corner, len) => {
                if let Some(corner) = style.border_radius.get_mut(*corner) {
                    *corner = Some(len.resolved(by));
                }
            }
            Property::Width(len) => style.width = len.map(|len| len.resolved(by)),
            Property::MaxWidth(len) => style.max_width = len.map(|len| len.resolved(by)),
            Property::Height(len) => style.height = len.map(|len| len.resolved(by)),
            Property::MinHeight(len) => style.min_height = len.map(|len| len.resolved(by)),
            Property::MaxHeight(len) => style.max_height = len.map(|len| len.resolved(by)),
            Property::BorderBox(border_box) => style.border_box = Some(*border_box),
            Property::Collapse(collapse) => style.collapse = Some(*collapse),
            Property::BorderSpacing(across, down) => {
                style.border_spacing = Some((across.resolved(by), down.resolved(by)));
            }
            Property::ObjectFit(fit) => style.object_fit = Some(*fit),
            Property::RowGap(len) => style.row.gap = len.map(|len| len.resolved(by)),
            Property::Grow(grow) => style.row.grow = Some(*grow),
            Property::Basis(len) => style.row.basis = len.map(|len| len.resolved(by)),
            Property::ColumnDirection(is_column) => style.row.is_column = Some(*is_column),
            Property::InlineRow(is_inline) => style.row.is_inline = is_inline.then_some(true),
            Property::Wrap(wrap) => style.row.wrap = Some(*wrap),
            Property::Justify(justify) => style.row.justify = Some(*justify),
            Property::Items(items) => style.row.items = Some(*items),
            Property::Tracks(tracks) => {
                let tracks = tracks.iter().map(|track| match track {
                    TrackSize::Auto => Track::Auto,
                    TrackSize::Content => Track::Content,
                    TrackSize::Share(share) => Track::Share(*share),
                    TrackSize::Len(len) => Track::Length(len.resolved(by)),
                    TrackSize::Fill(len) => Track::Fill(len.resolved(by)),
                });
                style.row.tracks = Some(tracks.collect());
            }
            Property::Span(span) => style.row.span = Some(*span),
            Property::Clear(is_clear) => style.row.is_clear = Some(*is_clear),
            Property::Float(float) => style.row.float = *float,
            _ => {}
        }
    }

    /// Resets a property: `revert`.
    pub fn reset(&mut self, longhand: &str) {
        let nothing = Style::default();
        inherit(longhand, &nothing, &mut self.style);
        match longhand {
            "background-color" => self.background = None,
            "content" => self.content = None,
            _ => {
                if let Some((side, part)) = edge(longhand) {
                    let edge = side.of(&mut self.edges);
                    match part {
                        "width" => edge.width = None,
                        "style" => edge.line = None,
                        _ => edge.color = None,
                    }
                }
            }
        }
    }

    /// Copies a property from another style: `inherit`.
    pub fn copy_from(&mut self, longhand: &str, from: &mut Style) {
        if longhand == "background-color" {
            self.background = from.background.map(SpecifiedColor::Rgba);
        } else if let Some((side, part)) = edge(longhand) {
            let from = *side.of(&mut from.border);
            let edge = side.of(&mut self.edges);
            match part {
                "width" => edge.width = from.map(|border| Len::pt(border.width)),
                "style" => edge.line = from.map(|border| border.line),
                _ => edge.color = from.map(|border| border.color.map_or(SpecifiedColor::Current, SpecifiedColor::Rgba)),
            }
        } else {
            inherit(longhand, from, &mut self.style);
        }
    }

    /// The style with its borders, and whether a border has a width or colour but no style.
    pub fn finish(mut self, around: &Surroundings) -> (Style, Option<Content>, bool) {
        let text = self.style.color.or(around.color);
        self.style.background = match self.background {
            Some(SpecifiedColor::Rgba(color)) => Some(color),
            Some(SpecifiedColor::Current) => text,
            None => None,
        };
        let mut lineless = false;
        for side in SIDES {
            let edge = *side.of(&mut self.edges);
            lineless |= edge.line.is_none() && (edge.color.is_some() || edge.width.is_some_and(|w| w != Len::pt(0.0)));
            *side.of(&mut self.style.border) = border(edge, around.measure, text);
        }
        (self.style, self.content, lineless)
    }
}

/// `text` is the colour of the text, which a border without a colour has.
fn border(edge: Edge, by: Measure, text: Option<Rgba>) -> Option<Border> {
    let none = Border { width: 0.0, line: LineStyle::None, color: None };
    let width = edge.width.map(|width| width.points(by, 0.0).max(0.0));
    match (edge.line, width) {
        (None, Some(0.0)) | (Some(LineStyle::None), _) => Some(none),
        (None, _) => None,
        (Some(line), width) => {
            let color = match edge.color {
                Some(SpecifiedColor::Rgba(color)) => Some(color),
                Some(SpecifiedColor::Current) | None => text,
            };
            Some(Border { width: width.unwrap_or(2.25), line, color })
        }
    }
}

fn computed_weight(weight: Weight, parent: u16) -> u16 {
    match (weight, parent) {
        (Weight::Of(weight), _) => weight,
        (Weight::Bolder, 0..350) => 400,
        (Weight::Bolder, 350..550) => 700,
        (Weight::Bolder, _) => 900,
        (Weight::Lighter, 0..550) => 100,
        (Weight::Lighter, 550..750) => 400,
        (Weight::Lighter, _) => 700,
    }
}

fn computed_line_height(height: LineHeight, by: Measure) -> Option<f64> {
    match height {
        LineHeight::Normal => None,
        LineHeight::Factor(factor) => Some(factor),
        LineHeight::Len(len) => Some(len.points(by, by.em) / by.em.max(0.1)),
    }
}

/// Splits `border-top-width` into a side and `width`.
fn edge(longhand: &str) -> Option<(Side, &str)> {
    let (side, part) = longhand.strip_prefix("border-")?.split_once('-')?;
    let side = match side {
        "top" => Side::Top,
        "right" => Side::Right,
        "bottom" => Side::Bottom,
        "left" => Side::Left,
        _ => return None,
    };
    matches!(part, "width" | "style" | "color").then_some((side, part))
}
