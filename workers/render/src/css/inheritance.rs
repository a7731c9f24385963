//! Separates inherited properties from others, and copies one longhand from style to style.

use super::style::{Row, Style};

/// The properties that children inherit.
const INHERITED: [&str; 19] = [
    "font-family",
    "font-size",
    "font-weight",
    "font-style",
    "font-variant",
    "color",
    "text-align",
    "line-height",
    "letter-spacing",
    "word-spacing",
    "text-indent",
    "text-transform",
    "hyphens",
    "list-style",
    "border-collapse",
    "border-spacing",
    "white-space",
    "orphans",
    "widows",
];

pub(super) fn is_inherited(longhand: &str) -> bool {
    INHERITED.contains(&longhand)
}

/// Gives the body what it inherits from the root, and the root's background, which is the paper's.
pub(super) fn hand_down(root: &Style, body: &mut Style) {
    let nothing = Style::default();
    for longhand in INHERITED {
        let mut own = Style::default();
        inherit(longhand, body, &mut own);
        if own == nothing {
            inherit(longhand, root, body);
        }
    }
    body.background = body.background.filter(|color| color.3 > 0).or(root.background);
}

pub(super) fn inherit(longhand: &str, from: &Style, to: &mut Style) {
    match longhand {
        "font-family" => to.font_family.clone_from(&from.font_family),
        "font-size" => to.font_size = from.font_size,
        "font-weight" => to.font_weight = from.font_weight,
        "font-style" => to.italic = from.italic,
        "font-variant" => to.small_caps = from.small_caps,
        "color" => to.color = from.color,
        "text-align" => to.text_align = from.text_align,
        "vertical-align" => to.vertical_align = from.vertical_align,
        "line-height" => to.line_height = from.line_height,
        "letter-spacing" => to.letter_spacing = from.letter_spacing,
        "word-spacing" => to.word_spacing = from.word_spacing,
        "text-indent" => to.text_indent = from.text_indent,
        "text-transform" => to.text_transform = from.text_transform,
        "text-decoration" => (to.underline, to.strike) = (from.underline, from.strike),
        "hyphens" => to.hyphens = from.hyphens,
        "margin-top" => to.margin.top = from.margin.top,
        "margin-right" => to.margin.right = from.margin.right,
        "margin-bottom" => to.margin.bottom = from.margin.bottom,
        "margin-left" => to.margin.left = from.margin.left,
        "padding-top" => to.padding.top = from.padding.top,
        "padding-right" => to.padding.right = from.padding.right,
        "padding-bottom" => to.padding.bottom = from.padding.bottom,
        "padding-left" => to.padding.left = from.padding.left,
        "border-top-left-radius" => to.border_radius[0] = from.border_radius[0],
        "border-top-right-radius" => to.border_radius[1] = from.border_radius[1],
        "border-bottom-right-radius" => to.border_radius[2] = from.border_radius[2],
        "border-bottom-left-radius" => to.border_radius[3] = from.border_radius[3],
        "border-collapse" => to.collapse = from.collapse,
        "border-spacing" => to.border_spacing = from.border_spacing,
        "width" => to.width = from.width,
        "max-width" => to.max_width = from.max_width,
        "height" => to.height = from.height,
        "min-height" => to.min_height = from.min_height,
        "max-height" => to.max_height = from.max_height,
        "box-sizing" => to.border_box = from.border_box,
        "text-decoration-color" => to.line_color = from.line_color,
        "object-fit" => to.object_fit = from.object_fit,
        "list-style" => to.list_style.clone_from(&from.list_style),
        "break-before" => to.break_before = from.break_before,
        "break-after" => to.break_after = from.break_after,
        "break-inside" => to.break_inside = from.break_inside,
        "orphans" => to.orphans = from.orphans,
        "widows" => to.widows = from.widows,
        "page" => to.page.clone_from(&from.page),
        "column-count" => to.columns = from.columns,
        "column-gap" => to.column_gap = from.column_gap,
        "display" => (to.display, to.row.is_inline) = (from.display, from.row.is_inline),
        "opacity" => to.opacity = from.opacity,
        "white-space" => (to.keep_spaces, to.wraps) = (from.keep_spaces, from.wraps),
        "counter-reset" => to.counters.reset.clone_from(&from.counters.reset),
        "counter-increment" => to.counters.increment.clone_from(&from.counters.increment),
        "counter-set" => to.counters.set.clone_from(&from.counters.set),
        _ => inherit_row(longhand, &from.row, &mut to.row),
    }
}

fn inherit_row(longhand: &str, from: &Row, to: &mut Row) {
    match longhand {
        "row-gap" => to.gap = from.gap,
        "flex-grow" => to.grow = from.grow,
        "flex-basis" => to.basis = from.basis,
        "flex-direction" => to.is_column = from.is_column,
        "flex-wrap" => to.wrap = from.wrap,
        "justify-content" => to.justify = from.justify,
        "align-items" => to.items = from.items,
        "grid-template-columns" => to.tracks.clone_from(&from.tracks),
        "grid-column" => (to.column, to.span) = (from.column, from.span),
        "clear" => to.is_clear = from.is_clear,
        "float" => to.float = from.float,
        _ => {}
    }
}
