//! Sorts elements by name: blocks, containers, dropped ones.

use crate::dom;

pub(super) fn is_container(name: &str) -> bool {
    matches!(name, "blockquote" | "ul" | "ol" | "menu" | "dir" | "dl" | "table" | "figure" | "td" | "th" | "li" | "dd")
}

/// Whether the margins of its first and last child collapse with its own.
pub(super) fn margins_reach_out(name: &str) -> bool {
    matches!(
        name,
        "div"
            | "section"
            | "article"
            | "header"
            | "footer"
            | "main"
            | "nav"
            | "aside"
            | "hgroup"
            | "address"
            | "blockquote"
            | "details"
            | "center"
            | "form"
            | "search"
    )
}

/// Blocks without other blocks in them.
pub(super) fn is_leaf(name: &str) -> bool {
    dom::heading_level(name).is_some() || matches!(name, "p" | "pre" | "hr" | "summary" | "dt")
}

/// Whether an element begins a line of its own.
pub(super) fn is_block_name(name: &str) -> bool {
    is_container(name)
        || margins_reach_out(name)
        || dom::heading_level(name).is_some()
        || matches!(
            name,
            "p" | "pre"
                | "xmp"
                | "listing"
                | "hr"
                | "figcaption"
                | "summary"
                | "fieldset"
                | "legend"
                | "body"
                | "html"
                | "dt"
                | "thead"
                | "tbody"
                | "tfoot"
                | "tr"
                | "caption"
                | "colgroup"
                | "col"
                | "optgroup"
                | "option"
        )
}

pub(super) fn is_dropped(name: &str) -> bool {
    matches!(
        name,
        "script"
            | "style"
            | "template"
            | "iframe"
            | "object"
            | "embed"
            | "noscript"
            | "head"
            | "title"
            | "meta"
            | "link"
            | "base"
            | "frame"
            | "frameset"
            | "noframes"
            | "applet"
            | "audio"
            | "video"
            | "canvas"
            | "select"
            | "textarea"
            | "button"
            | "map"
            | "param"
            | "source"
            | "track"
            | "math"
            | "dialog"
            | "datalist"
    )
}

/// Inline elements that are typeset as their text.
pub(super) fn is_known(name: &str) -> bool {
    matches!(
        name,
        "span"
            | "abbr"
            | "acronym"
            | "bdi"
            | "bdo"
            | "data"
            | "font"
            | "label"
            | "nobr"
            | "output"
            | "progress"
            | "meter"
            | "ruby"
            | "rb"
            | "rt"
            | "rp"
            | "time"
            | "picture"
            | "summary"
            | "legend"
            | "caption"
            | "center"
            | "tbody"
            | "html"
            | "body"
    )
}
