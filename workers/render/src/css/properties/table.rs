//! Lists every property that has an effect, in one table.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::super::content::of_element;
use super::super::property::{Property, Side};
use super::{PropertySpec, boxes, flow, font, rows, text};

/// The initial value of each longhand, for `initial`.
pub(in super::super) const INITIAL: &[(&str, &str)] = &[
    ("font-family", "serif"),
    ("font-size", "medium"),
    ("font-weight", "normal"),
    ("font-style", "normal"),
    ("font-variant", "normal"),
    ("color", "black"),
    ("background-color", "transparent"),
    ("text-align", "left"),
    ("vertical-align", "baseline"),
    ("line-height", "normal"),
    ("letter-spacing", "0"),
    ("word-spacing", "0"),
    ("text-indent", "0"),
    ("text-transform", "none"),
    ("text-decoration", "none"),
    ("hyphens", "manual"),
    ("margin-top", "0"),
    ("margin-right", "0"),
    ("margin-bottom", "0"),
    ("margin-left", "0"),
    ("padding-top", "0"),
    ("padding-right", "0"),
    ("padding-bottom", "0"),
    ("padding-left", "0"),
    ("border-top-style", "none"),
    ("border-right-style", "none"),
    ("border-bottom-style", "none"),
    ("border-left-style", "none"),
    ("border-top-left-radius", "0"),
    ("border-top-right-radius", "0"),
    ("border-bottom-right-radius", "0"),
    ("border-bottom-left-radius", "0"),
    ("width", "auto"),
    ("max-width", "none"),
    ("height", "auto"),
    ("row-gap", "normal"),
    ("flex-grow", "0"),
    ("flex-basis", "auto"),
    ("flex-direction", "row"),
    ("flex-wrap", "nowrap"),
    ("justify-content", "start"),
    ("align-items", "stretch"),
    ("grid-template-columns", "none"),
    ("grid-column", "auto"),
    ("float", "none"),
    ("clear", "none"),
    ("box-sizing", "content-box"),
    ("text-decoration-color", "currentcolor"),
    ("min-height", "auto"),
    ("max-height", "none"),
    ("object-fit", "fill"),
    ("border-collapse", "separate"),
    ("border-spacing", "0"),
    ("list-style", "disc"),
    ("break-before", "auto"),
    ("break-after", "auto"),
    ("break-inside", "auto"),
    ("orphans", "2"),
    ("widows", "2"),
    ("page", "auto"),
    ("column-count", "auto"),
    ("column-gap", "normal"),
    ("display", "inline"),
    ("opacity", "1"),
    ("white-space", "normal"),
    ("content", "normal"),
    ("counter-reset", "none"),
    ("counter-increment", "none"),
    ("counter-set", "none"),
];

const FONT: &[&str] = &["font-family", "font-size", "font-weight", "font-style", "font-variant", "line-height"];
const BORDER_WIDTH: &[&str] = &["border-top-width", "border-right-width", "border-bottom-width", "border-left-width"];
const BORDER_STYLE: &[&str] = &["border-top-style", "border-right-style", "border-bottom-style", "border-left-style"];
const BORDER_COLOR: &[&str] = &["border-top-color", "border-right-color", "border-bottom-color", "border-left-color"];
const BORDER: &[&str] = &[
    "border-top-width",
    "border-right-width",
    "border-bottom-width",
    "border-left-width",
    "border-top-style",
    "border-right-style",
    "border-bottom-style",
    "border-left-style",
    "border-top-color",
    "border-right-color",
    "border-bottom-color",
    "border-left-color",
];
const BORDER_TOP: &[&str] = &["border-top-width", "border-top-style", "border-top-color"];
const BORDER_RIGHT: &[&str] = &["border-right-width", "border-right-style", "border-right-color"];
const BORDER_BOTTOM: &[&str] = &["border-bottom-width", "border-bottom-style", "border-bottom-color"];
const BORDER_LEFT: &[&str] = &["border-left-width", "border-left-style", "border-left-color"];
const MARGIN: &[&str] = &["margin-top", "margin-right", "margin-bottom", "margin-left"];
const PADDING: &[&str] = &["padding-top", "padding-right", "padding-bottom", "padding-left"];
const RADIUS: &[&str] =
    &["border-top-left-radius", "border-top-right-radius", "border-bottom-right-radius", "border-bottom-left-radius"];

const COLOR: &str = "a colour, such as `#336699`, `navy` or `rgb(0 0 0 / 50%)`";
const LENGTH: &str = "a length, such as `12pt`, `1.5em` or `20%`";
const LENGTHS: &str = "one to four lengths, such as `1em 12pt`";
const COUNTERS: &str = "none, or names, each with a whole number or without one";
const LINES: &str = "none, solid, dashed or dotted";
const EDGE: &str = "a width, a style and a colour, such as `1px solid #ccc`";
const BREAK: &str = "auto, page (always), left, right, column or avoid";

macro_rules! properties {
    ($($name:literal, $longhands:expr, $parse:expr, $takes:expr;)*) => {
        &[$(PropertySpec { name: $name, longhands: $longhands, parse: $parse, takes: $takes }),*]
    };
}

#[rustfmt::skip]
pub(in super::super) static TABLE: &[PropertySpec] = properties! {
    "font", FONT, font::shorthand, "a style, weight, size and families, such as `italic bold 12pt/1.4 Georgia, serif`";
    "font-family", &["font-family"], font::family, "names of families, such as `\"Source Sans\", sans-serif`";
    "font-size", &["font-size"], font::size, "a length, a percentage, or small, medium, large, larger and the like";
    "font-weight", &["font-weight"], font::weight, "normal, bold, bolder, lighter or 100 to 900";
    "font-style", &["font-style"], font::style, "normal, italic or oblique";
    "font-variant", &["font-variant"], font::variant, "normal or small-caps";
    "font-variant-caps", &["font-variant"], font::variant, "normal or small-caps";
    "line-height", &["line-height"], font::line_height, "normal, a number, a length or a percentage";
    "color", &["color"], text::color, COLOR;
    "background", &["background-color"], text::background, "a colour; images are not supported";
    "background-color", &["background-color"], text::background_color, COLOR;
    "background-image", &["background-color"], text::background_image, "a gradient, of which the first colour counts";
    "text-align", &["text-align"], text::align, "left, center, right, justify, start or end";
    "vertical-align", &["vertical-align"], text::vertical_align, "baseline, top, middle, bottom, super or sub";
    "letter-spacing", &["letter-spacing"], |c| text::spacing(c, Property::LetterSpacing), "normal or a length";
    "word-spacing", &["word-spacing"], |c| text::spacing(c, Property::WordSpacing), "normal or a length";
    "text-indent", &["text-indent"], text::indent, LENGTH;
    "text-transform", &["text-transform"], text::transform, "none, uppercase, lowercase or capitalize";
    "text-decoration", &["text-decoration", "text-decoration-color"], text::decoration, "none, underline or line-through";
    "text-decoration-line", &["text-decoration"], text::decoration, "none, underline or line-through";
    "text-decoration-color", &["text-decoration-color"], text::decoration_color, COLOR;
    "hyphens", &["hyphens"], text::hyphens, "none, manual or auto";
    "white-space", &["white-space"], text::white_space, "normal, nowrap, pre or pre-wrap";
    "margin", MARGIN, boxes::margin, "one to four lengths or `auto`, such as `1em auto`";
    "margin-top", &["margin-top"], |c| boxes::margin_of(c, Side::Top), LENGTH;
    "margin-right", &["margin-right"], |c| boxes::margin_of(c, Side::Right), LENGTH;
    "margin-bottom", &["margin-bottom"], |c| boxes::margin_of(c, Side::Bottom), LENGTH;
    "margin-left", &["margin-left"], |c| boxes::margin_of(c, Side::Left), LENGTH;
    "margin-block-start", &["margin-top"], |c| boxes::margin_of(c, Side::Top), LENGTH;
    "margin-block-end", &["margin-bottom"], |c| boxes::margin_of(c, Side::Bottom), LENGTH;
    "margin-inline-start", &["margin-left"], |c| boxes::margin_of(c, Side::Left), LENGTH;
    "margin-inline-end", &["margin-right"], |c| boxes::margin_of(c, Side::Right), LENGTH;
    "margin-block", &["margin-top", "margin-bottom"], |c| boxes::margin_pair(c, Side::Top, Side::Bottom), LENGTHS;
    "margin-inline", &["margin-left", "margin-right"], |c| boxes::margin_pair(c, Side::Left, Side::Right), LENGTHS;
    "padding", PADDING, boxes::padding, LENGTHS;
    "padding-top", &["padding-top"], |c| boxes::padding_of(c, Side::Top), LENGTH;
    "padding-right", &["padding-right"], |c| boxes::padding_of(c, Side::Right), LENGTH;
    "padding-bottom", &["padding-bottom"], |c| boxes::padding_of(c, Side::Bottom), LENGTH;
    "padding-left", &["padding-left"], |c| boxes::padding_of(c, Side::Left), LENGTH;
    "padding-block-start", &["padding-top"], |c| boxes::padding_of(c, Side::Top), LENGTH;
    "padding-block-end", &["padding-bottom"], |c| boxes::padding_of(c, Side::Bottom), LENGTH;
    "padding-inline-start", &["padding-left"], |c| boxes::padding_of(c, Side::Left), LENGTH;
    "padding-inline-end", &["padding-right"], |c| boxes::padding_of(c, Side::Right), LENGTH;
    "padding-block", &["padding-top", "padding-bottom"], |c| boxes::padding_pair(c, Side::Top, Side::Bottom), LENGTHS;
    "padding-inline", &["padding-left", "padding-right"], |c| boxes::padding_pair(c, Side::Left, Side::Right), LENGTHS;
    "border", BORDER, boxes::border, EDGE;
    "border-top", BORDER_TOP, |c| boxes::border_of(c, &[Side::Top]), EDGE;
    "border-right", BORDER_RIGHT, |c| boxes::border_of(c, &[Side::Right]), EDGE;
    "border-bottom", BORDER_BOTTOM, |c| boxes::border_of(c, &[Side::Bottom]), EDGE;
    "border-left", BORDER_LEFT, |c| boxes::border_of(c, &[Side::Left]), EDGE;
    "border-inline-start", BORDER_LEFT, |c| boxes::border_of(c, &[Side::Left]), EDGE;
    "border-inline-end", BORDER_RIGHT, |c| boxes::border_of(c, &[Side::Right]), EDGE;
    "border-block-start", BORDER_TOP, |c| boxes::border_of(c, &[Side::Top]), EDGE;
    "border-block-end", BORDER_BOTTOM, |c| boxes::border_of(c, &[Side::Bottom]), EDGE;
    "border-width", BORDER_WIDTH, boxes::border_width, "one to four lengths, or thin, medium, thick";
    "border-style", BORDER_STYLE, boxes::border_style, LINES;
    "border-color", BORDER_COLOR, boxes::border_color, "one to four colours";
    "border-top-width", &["border-top-width"], |c| boxes::width_of(c, Side::Top), LENGTH;
    "border-right-width", &["border-right-width"], |c| boxes::width_of(c, Side::Right), LENGTH;
    "border-bottom-width", &["border-bottom-width"], |c| boxes::width_of(c, Side::Bottom), LENGTH;
    "border-left-width", &["border-left-width"], |c| boxes::width_of(c, Side::Left), LENGTH;
    "border-top-style", &["border-top-style"], |c| boxes::style_of(c, Side::Top), LINES;
    "border-right-style", &["border-right-style"], |c| boxes::style_of(c, Side::Right), LINES;
    "border-bottom-style", &["border-bottom-style"], |c| boxes::style_of(c, Side::Bottom), LINES;
    "border-left-style", &["border-left-style"], |c| boxes::style_of(c, Side::Left), LINES;
    "border-top-color", &["border-top-color"], |c| boxes::color_of(c, Side::Top), COLOR;
    "border-right-color", &["border-right-color"], |c| boxes::color_of(c, Side::Right), COLOR;
    "border-bottom-color", &["border-bottom-color"], |c| boxes::color_of(c, Side::Bottom), COLOR;
    "border-left-color", &["border-left-color"], |c| boxes::color_of(c, Side::Left), COLOR;
    "border-radius", RADIUS, boxes::radius, LENGTHS;
    "border-top-left-radius", &["border-top-left-radius"], |c| boxes::radius_of(c, 0), LENGTH;
    "border-top-right-radius", &["border-top-right-radius"], |c| boxes::radius_of(c, 1), LENGTH;
    "border-bottom-right-radius", &["border-bottom-right-radius"], |c| boxes::radius_of(c, 2), LENGTH;
    "border-bottom-left-radius", &["border-bottom-left-radius"], |c| boxes::radius_of(c, 3), LENGTH;
    "border-collapse", &["border-collapse"], boxes::collapse, "collapse or separate";
    "border-spacing", &["border-spacing"], boxes::spacing, "one or two lengths";
    "width", &["width"], |c| boxes::size(c, "auto", Property::Width), "auto, a length or a percentage";
    "inline-size", &["width"], |c| boxes::size(c, "auto", Property::Width), "auto, a length or a percentage";
    "max-width", &["max-width"], |c| boxes::size(c, "none", Property::MaxWidth), "none, a length or a percentage";
    "max-inline-size", &["max-width"], |c| boxes::size(c, "none", Property::MaxWidth), "none or a length";
    "height", &["height"], |c| boxes::size(c, "auto", Property::Height), "auto, a length or a percentage";
    "block-size", &["height"], |c| boxes::size(c, "auto", Property::Height), "auto, a length or a percentage";
    "min-height", &["min-height"], |c| boxes::size(c, "auto", Property::MinHeight), "auto, a length or a percentage";
    "max-height", &["max-height"], |c| boxes::size(c, "none", Property::MaxHeight), "none, a length or a percentage";
    "object-fit", &["object-fit"], boxes::object_fit, "fill, contain, cover, none or scale-down";
    "box-sizing", &["box-sizing"], boxes::sizing, "content-box or border-box";
    "list-style", &["list-style"], flow::list_style, "none, disc, decimal, lower-alpha and the like, or a text";
    "list-style-type", &["list-style"], flow::list_style, "none, disc, decimal, lower-alpha and the like, or a text";
    "break-before", &["break-before"], |c| flow::break_at(c, Property::BreakBefore), BREAK;
    "break-after", &["break-after"], |c| flow::break_at(c, Property::BreakAfter), BREAK;
    "break-inside", &["break-inside"], flow::break_inside, "auto or avoid";
    "page-break-before", &["break-before"], |c| flow::break_at(c, Property::BreakBefore), BREAK;
    "page-break-after", &["break-after"], |c| flow::break_at(c, Property::BreakAfter), BREAK;
    "page-break-inside", &["break-inside"], flow::break_inside, "auto or avoid";
    "orphans", &["orphans"], |c| flow::lone_lines(c, Property::Orphans), "1, or a greater number, which is 2";
    "widows", &["widows"], |c| flow::lone_lines(c, Property::Widows), "1, or a greater number, which is 2";
    "page", &["page"], flow::page, "auto, or a name that an `@page` rule has";
    "columns", &["column-count"], flow::columns, "a number of columns";
    "column-count", &["column-count"], flow::columns, "auto or a number of columns";
    "column-gap", &["column-gap"], flow::gap, "normal, a length or a percentage";
    "gap", &["row-gap", "column-gap"], rows::gaps, "one or two lengths";
    "grid-gap", &["row-gap", "column-gap"], rows::gaps, "one or two lengths";
    "row-gap", &["row-gap"], rows::row_gap, LENGTH;
    "flex", &["flex-grow", "flex-basis"], rows::flex, "numbers and a length, such as `1` or `0 0 30%`";
    "flex-grow", &["flex-grow"], rows::grow, "a number";
    "flex-shrink", &[], rows::shrink, "a number; boxes always shrink";
    "flex-basis", &["flex-basis"], rows::basis, "auto, a length or a percentage";
    "flex-direction", &["flex-direction"], rows::flow, "row or column";
    "flex-wrap", &["flex-wrap"], rows::flow, "wrap or nowrap";
    "flex-flow", &["flex-direction", "flex-wrap"], rows::flow, "row or column, wrap or nowrap";
    "justify-content", &["justify-content"], rows::justify, "start, center, end, space-between or space-around";
    "align-items", &["align-items"], rows::items, "start, center, end or stretch";
    "grid-template-columns", &["grid-template-columns"], rows::tracks, "widths, such as `1fr 2fr` or `repeat(3, 1fr)`";
    "grid-column", &["grid-column"], rows::grid_column, "`2`, `span 2`, `1 / 3` or `1 / -1`";
    "float", &["float"], rows::float, "none, left or right";
    "clear", &["clear"], rows::clear, "none, left, right or both";
    "display", &["display"], flow::display, "none, block, inline, inline-block, flex, grid, inline-flex or inline-grid";
    "opacity", &["opacity"], flow::opacity, "a number from 0 to 1, or a percentage";
    "content", &["content"], of_element, "texts, `attr(name)`, `counter(name)` and `counters(name, \".\")`, in `::before` and `::after`";
    "counter-reset", &["counter-reset"], |c| flow::counters(c, 0, Property::CounterReset), COUNTERS;
    "counter-increment", &["counter-increment"], |c| flow::counters(c, 1, Property::CounterIncrement), COUNTERS;
    "counter-set", &["counter-set"], |c| flow::counters(c, 0, Property::CounterSet), COUNTERS;
};

pub(super) fn find(name: &str) -> Option<&'static PropertySpec> {
    static BY_NAME: LazyLock<HashMap<&'static str, &'static PropertySpec>> =
        LazyLock::new(|| TABLE.iter().map(|spec| (spec.name, spec)).collect());
    BY_NAME.get(name).copied()
}

/// What these do not take, or do otherwise than browsers.
#[cfg(test)]
#[rustfmt::skip]
pub(in super::super) const IN_PART: &[(&str, &str)] = &[
    ("font", "system fonts"),
    ("font-style", "an angle"),
    ("font-variant", "figures and ligatures"),
    ("background", "images and their positions; of a gradient the first visible colour that is not transparent"),
    ("background-image", "images; of a gradient the first visible colour that is not transparent"),
    ("vertical-align", "lengths"),
    ("letter-spacing", "%"),
    ("text-indent", "`hanging`"),
    ("text-decoration", "waves and double lines are one solid line"),
    ("white-space", "`pre-line`; `nowrap` makes columns of tables and boxes of rows wide enough where there is room"),
    ("border", "`double`, `groove` and the like are one solid line"),
    ("border-style", "`double`, `groove` and the like are one solid line"),
    ("border-width", "%"),
    ("border-radius", "two radii of one corner"),
    ("border-collapse", "`separate` without `border-spacing` has the spacing of browsers; with 0, lines are drawn once"),
    ("width", "`fit-content`; no box is wider than the available width; of a percentage and a length in `min()` and `max()`, the length counts"),
    ("height", "the least height: content is never cut off; of a box around without a `height`, %"),
    ("object-fit", "`none` is `cover`, `scale-down` is `contain`"),
    ("list-style", "images, `inside`"),
    ("orphans", "more than 2 lines"),
    ("widows", "more than 2 lines"),
    ("page", "in boxes, lists, quotes and cells, whose pages do not change"),
    ("columns", "the width of columns"),
    ("flex", "shrinking: boxes shrink by their content, never below their words; where these do not fit, the row wraps"),
    ("flex-direction", "reverse orders"),
    ("align-items", "`baseline` is `start`"),
    ("grid-template-columns", "names of lines; the least width of `minmax()`"),
    ("grid-column", "columns beyond the grid's; boxes follow each other from row to row"),
    ("justify-content", "`space-evenly` is `space-around`"),
    ("float", "text under a box: text stands beside it, up to about its height; floats that follow each other stand in rows"),
    ("clear", "sides: text after it is below all floats"),
    ("display", "`table-cell` and the like; `inline-grid` is `grid`"),
    ("margin", "less than nothing over other text or off the paper"),
    ("opacity", "on the body; drawings in SVG; in words, what has a colour of its own"),
    ("content", "images; a box without a text has `display: block` or `inline-block`"),
];
