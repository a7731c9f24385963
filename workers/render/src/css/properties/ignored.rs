//! Sorts properties without effect: those that mean nothing on paper give no warning, the others a hint.

/// Whether the document looks the same without it.
pub(super) fn is_silent(name: &str, value: &str) -> bool {
    if asks_for_nothing(name, value) {
        return true;
    }
    match name {
        // Screens, pointers and time.
        "cursor"
        | "pointer-events"
        | "user-select"
        | "touch-action"
        | "scroll-behavior"
        | "will-change"
        | "appearance"
        | "resize"
        | "caret-color"
        | "accent-color"
        | "color-scheme"
        | "tap-highlight-color"
        | "overscroll-behavior"
        | "scrollbar-width"
        | "scrollbar-color"
        | "scrollbar-gutter"
        | "contain"
        | "isolation"
        | "speak" => true,
        // A printer does these anyway.
        "print-color-adjust"
        | "color-adjust"
        | "text-size-adjust"
        | "font-smoothing"
        | "text-rendering"
        | "font-kerning"
        | "font-display"
        | "font-optical-sizing"
        | "font-synthesis"
        | "image-rendering"
        | "zoom" => true,
        // Long words are broken, text is never clipped.
        "overflow-wrap" | "word-wrap" | "word-break" | "line-break" | "text-overflow" | "text-wrap" => true,
        "overflow" | "overflow-x" | "overflow-y" => matches!(value, "visible" | "auto" | "scroll"),
        "position" => matches!(value, "static" | "relative"),
        "outline" | "outline-width" | "outline-style" => matches!(value, "none" | "0"),
        "min-width" => matches!(value, "0" | "auto" | "none"),
        "list-style-position" => value == "outside",
        "column-fill" | "text-underline-offset" | "text-decoration-skip" | "text-decoration-skip-ink" => true,
        _ => ["transition", "animation", "scroll-margin", "scroll-padding", "scroll-snap"]
            .iter()
            .any(|family| name.starts_with(family)),
    }
}

/// Whether the value is the initial one: what would be without it.
fn asks_for_nothing(name: &str, value: &str) -> bool {
    match value {
        "initial" | "unset" | "revert" | "revert-layer" => reason(name).is_some(),
        "none" => matches!(
            name,
            "transform"
                | "rotate"
                | "scale"
                | "translate"
                | "perspective"
                | "filter"
                | "backdrop-filter"
                | "mask"
                | "box-shadow"
                | "text-shadow"
                | "clip-path"
                | "shape-outside"
                | "border-image"
                | "list-style-image"
                | "column-rule"
                | "column-rule-style"
                | "column-span"
        ),
        "auto" => matches!(
            name,
            "z-index"
                | "top"
                | "right"
                | "bottom"
                | "left"
                | "inset"
                | "clip"
                | "quotes"
                | "align-self"
                | "justify-self"
                | "aspect-ratio"
                | "table-layout"
                | "column-width"
                | "text-align-last"
                | "text-justify"
        ),
        "normal" => {
            matches!(name, "mix-blend-mode" | "unicode-bidi" | "font-stretch" | "font-feature-settings")
                || name.starts_with("place-")
                || name.starts_with("align-")
                || name.starts_with("justify-")
                || name.starts_with("font-variant-")
                || name == "font-variation-settings"
        }
        "stretch" => matches!(name, "justify-items" | "place-items" | "align-content"),
        "0" => name == "order",
        "top" => name == "caption-side",
        "visible" => name == "visibility",
        "ltr" => name == "direction",
        "horizontal-tb" => name == "writing-mode",
        "solid" => name == "text-decoration-style",
        _ => false,
    }
}

/// Why a known property has no effect, and what to use.
pub(super) fn reason(name: &str) -> Option<&'static str> {
    Some(match name {
        "clip" | "clip-path" | "shape-outside" => "text doesn't flow around boxes here",
        "position" | "top" | "right" | "bottom" | "left" | "inset" | "z-index" => {
            "boxes stand where the text puts them; use margins, or a margin box of `@page` for what stands on every page"
        }
        "order" | "align-content" | "align-self" | "justify-items" | "justify-self" | "place-items"
        | "place-content" => "of rows of boxes only `justify-content` and `align-items` are supported",
        "transform" | "rotate" | "scale" | "translate" | "perspective" => "boxes can't be turned or moved",
        "filter" | "backdrop-filter" | "mix-blend-mode" | "mask" => "use opacity and colours",
        "box-shadow" | "text-shadow" => "shadows are not supported; use a border",
        "background-size"
        | "background-position"
        | "background-repeat"
        | "background-attachment"
        | "background-clip"
        | "background-origin" => "only a background's colour is supported: `background-color`",
        "border-image" | "outline" | "outline-width" | "outline-style" | "outline-color" | "outline-offset" => {
            "use a border"
        }
        "min-width" | "min-inline-size" => "use width",
        "min-block-size" | "max-block-size" | "aspect-ratio" => "use height",
        "overflow" | "overflow-x" | "overflow-y" => "content is never cut off",
        "object-position" => "pictures stand in the middle",
        "visibility" => "use `display: none`",
        "table-layout" => "columns of tables are as wide as their content asks",
        "caption-side" | "empty-cells" => "this side of tables can't be set",
        "list-style-position" => "markers always stand outside",
        "list-style-image" => "use `list-style-type` with a text in quotes",
        _ if name.starts_with("flex") || name.starts_with("grid") => {
            "of grids only `grid-template-columns`, `gap` and `grid-column` are supported"
        }
        _ => return reason_of_text(name),
    })
}

/// The same, for text, columns and pages.
fn reason_of_text(name: &str) -> Option<&'static str> {
    Some(match name {
        "column-width" => "use column-count",
        "column-rule" | "column-rule-width" | "column-rule-style" | "column-rule-color" => {
            "lines between columns are not supported"
        }
        "column-span" => "an element can't span columns; begin the columns after it",
        "string-set" => "`string(title)`, `string(date)` and `string(chapter)` are set by the document",
        "quotes" => "quotation marks follow the document's language",
        "direction" | "writing-mode" | "text-orientation" | "unicode-bidi" => {
            "the direction of text follows the document's language"
        }
        "text-decoration-style" | "text-decoration-thickness" => {
            "lines of text are solid and as thick as the font says"
        }
        "text-align-last"
        | "text-justify"
        | "hanging-punctuation"
        | "tab-size"
        | "hyphenate-character"
        | "hyphenate-limit-chars" => "how lines are filled can't be set more finely than by text-align and hyphens",
        "font-stretch"
        | "font-size-adjust"
        | "font-feature-settings"
        | "font-variation-settings"
        | "font-variant-ligatures"
        | "font-variant-numeric"
        | "font-variant-east-asian" => "this feature of fonts can't be set",
        "bleed" | "marks" => "trim marks are not supported",
        "size" => "it belongs into `@page`",
        "src" | "unicode-range" => "it belongs into `@font-face`",
        "all" => "name the properties one by one",
        "fill" | "stroke" | "stroke-width" => "drawings have their own styles",
        _ => return None,
    })
}
