//! Turns md-to-pdf's `pdf_options`, which are Chromium's, into CSS.

use serde_json::{Map, Value};

use crate::{Warnings, front};

/// Chromium's `pdf` options as CSS.
pub(super) fn page_rule(options: &Map<String, Value>, warnings: &mut Warnings) -> String {
    let mut css = String::from("@page {");
    let landscape = options.get("landscape").and_then(Value::as_bool) == Some(true);
    let length = |value: &Value| match value {
        Value::Number(pixels) => Some(format!("{pixels}px")),
        Value::String(text) => Some(text.clone()),
        _ => None,
    };
    let format = options.get("format").and_then(Value::as_str);
    match (options.get("width").and_then(length), options.get("height").and_then(length), format) {
        (Some(width), Some(height), _) => css.push_str(&format!(" size: {width} {height};")),
        (_, _, Some(format)) => {
            css.push_str(&format!(" size: {}{};", format.to_lowercase(), if landscape { " landscape" } else { "" }));
        }
        _ if landscape => css.push_str(" size: landscape;"),
        _ => {}
    }
    match options.get("margin") {
        Some(Value::Object(sides)) => {
            for (side, value) in sides {
                if let Some(value) = length(value) {
                    css.push_str(&format!(" margin-{side}: {value};"));
                }
            }
        }
        Some(value) => css.push_str(&length(value).map(|margin| format!(" margin: {margin};")).unwrap_or_default()),
        None => {}
    }
    for (key, place) in [("headerTemplate", "top"), ("footerTemplate", "bottom")] {
        if let Some(html) = options.get(key).and_then(Value::as_str) {
            css.push_str(&margin_box(html, place, warnings));
        }
    }
    for key in options.keys() {
        let known = ["format", "width", "height", "landscape", "margin", "headerTemplate", "footerTemplate"];
        let silent = ["printBackground", "displayHeaderFooter", "preferCSSPageSize"];
        if !known.contains(&&**key) && !silent.contains(&&**key) {
            warnings.add(front::SOURCE, None, format!("pdf_options.{key} has no effect here"));
        }
    }
    css.push('}');
    css
}

/// Chromium's header or footer: its text, with the classes that Chromium fills.
fn margin_box(html: &str, place: &str, warnings: &mut Warnings) -> String {
    let tree = scraper::Html::parse_fragment(html);
    let mut content = String::new();
    for node in tree.root_element().descendants() {
        let Some(text) = node.value().as_text() else {
            let Some(element) = node.value().as_element() else { continue };
            let filled = element.classes().find_map(|class| match class {
                "pageNumber" => Some("counter(page) "),
                "totalPages" => Some("counter(pages) "),
                "title" => Some("string(title) "),
                "date" => Some("string(date) "),
                "url" => Some("\"\" "),
                _ => None,
            });
            content.push_str(filled.unwrap_or_default());
            continue;
        };
        let inside = node.ancestors().any(|around| around.value().as_element().is_some_and(|e| e.name() == "style"));
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if inside || words.is_empty() {
            continue;
        }
        let (before, after) = (text.starts_with(char::is_whitespace), text.ends_with(char::is_whitespace));
        let words = words.replace('\\', "\\\\").replace('"', "\\\"");
        let space = |is: bool| if is { " " } else { "" };
        content.push_str(&format!("\"{}{words}{}\" ", space(before && !content.is_empty()), space(after)));
    }
    if html.contains("<style") {
        let message =
            format!("the style of the {place} template has no effect: use @page {{ @{place}-center {{ .. }} }}");
        warnings.add(front::SOURCE, None, message);
    }
    match content.trim().is_empty() {
        true => String::new(),
        false => format!(" @{place}-center {{ content: {content}; }}"),
    }
}
