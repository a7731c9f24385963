//! Reads `<font>` of older HTML.

use scraper::ElementRef;

/// The attributes of `<font>` as CSS, before its own `style`.
pub(super) fn style(font: ElementRef<'_>) -> Option<String> {
    let value = |name: &str| font.attr(name).map(str::trim).filter(|value| !value.contains([';', '{', '}', '"', '\\']));
    let mut css = String::new();
    if let Some(color) = value("color") {
        css.push_str(&format!("color: {color};"));
    }
    if let Some(face) = value("face") {
        css.push_str(&format!("font-family: {face};"));
    }
    if let Some(size) = value("size").and_then(|size| Some((size.starts_with(['+', '-']), size.parse::<i64>().ok()?))) {
        // 3 is the usual size, and a sign counts from it.
        let step = if size.0 { size.1.saturating_add(3) } else { size.1 }.clamp(1, 7);
        let sizes = ["x-small", "small", "medium", "large", "x-large", "xx-large", "300%"];
        css.push_str(&format!("font-size: {};", sizes[usize::try_from(step - 1).unwrap_or(2)]));
    }
    (!css.is_empty()).then(|| css + font.attr("style").unwrap_or_default())
}
