//! What a page has and a reader does not see: programs, controls, and what is hidden by an attribute or by a simple
//! rule of the page's own style sheets.

use std::collections::HashSet;

use ego_tree::NodeRef;
use scraper::{Html, Node, node::Element};

use super::names::{HEADINGS, is_one_of};

/// Never text of the page.
const NO_TEXT: [&str; 21] = [
    "audio", "canvas", "datalist", "embed", "head", "iframe", "input", "map", "meter", "noscript", "object",
    "optgroup", "option", "progress", "script", "select", "style", "svg", "template", "textarea", "video",
];
/// The most bytes of style sheets that are read.
const STYLES: usize = 512 << 10;
/// Beside headings: a question that is folded open is a button in its heading.
const HOLDERS: [&str; 3] = ["dt", "legend", "summary"];

/// Classes and ids that a style sheet hides: `.class`, `#id`, each with an element's name in front or without.
#[derive(Debug, Default)]
pub(super) struct Hidden {
    selectors: HashSet<String>,
}

impl Hidden {
    pub(super) fn of(page: &Html) -> Self {
        let mut sheets = String::new();
        for element in page.root_element().descendent_elements() {
            let value = element.value();
            let on_screen = value.attr("media").is_none_or(|media| media.contains("screen") || media.contains("all"));
            if value.name() == "style" && on_screen && sheets.len() < STYLES {
                sheets.extend(element.text().map(str::to_ascii_lowercase));
            }
        }
        Self { selectors: hiding(&sheets) }
    }

    /// Whether nothing in this element is text, whatever is in it.
    pub(super) fn hides(&self, node: NodeRef<'_, Node>, element: &Element) -> bool {
        let name = element.name();
        if NO_TEXT.contains(&name) || (name == "dialog" && element.attr("open").is_none()) {
            // MathJax keeps a formula's TeX in a script.
            return !element.attr("type").is_some_and(|of_type| of_type.starts_with("math/tex"));
        }
        if name == "math" {
            return false;
        }
        if name == "button" {
            return !node.ancestors().take(3).any(|above| is_one_of(above, &HOLDERS) || is_one_of(above, &HEADINGS));
        }
        let by_attribute = element.attr("hidden").is_some_and(|value| !value.eq_ignore_ascii_case("until-found"))
            || element.attr("aria-hidden") == Some("true")
            || element.attr("style").is_some_and(|style| hides(&squeezed(style)));
        by_attribute || self.by_style(element)
    }

    fn by_style(&self, element: &Element) -> bool {
        if self.selectors.is_empty() {
            return false;
        }
        let name = element.name();
        let classes =
            element.attr("class").into_iter().flat_map(str::split_whitespace).map(|class| format!(".{class}"));
        let ids = element.attr("id").map(|id| format!("#{id}"));
        classes
            .chain(ids)
            .map(|part| part.to_ascii_lowercase())
            .any(|part| self.selectors.contains(&part) || self.selectors.contains(&format!("{name}{part}")))
    }
}

fn squeezed(style: &str) -> String {
    style.to_ascii_lowercase().split_whitespace().collect()
}

fn hides(declarations: &str) -> bool {
    declarations
        .split(';')
        .any(|declaration| declaration.starts_with("display:none") || declaration.starts_with("visibility:hidden"))
}

/// The selectors of rules that hide. A class that another rule shows again, as with the open one of several tabs, hides
/// nothing: its text is read.
fn hiding(sheets: &str) -> HashSet<String> {
    let (mut hiding, mut showing) = (HashSet::new(), String::new());
    for (prelude, body) in rules(&without_comments(sheets)) {
        let body: String = body.split_whitespace().collect();
        if hides(&body) {
            hiding.extend(prelude.split(',').map(str::trim).filter(|one| is_simple(one)).map(str::to_owned));
        } else if body.split(';').any(|part| part.starts_with("display:") || part.starts_with("visibility:")) {
            showing.push_str(prelude);
            showing.push(' ');
        }
    }
    let shown: HashSet<&str> = showing.split(|c: char| !is_part(c) && c != '.' && c != '#').flat_map(parts).collect();
    hiding.retain(|selector| parts(selector).all(|part| !shown.contains(part)));
    hiding
}

/// `.a` and `#b` of `div.a#b`.
fn parts(selector: &str) -> impl Iterator<Item = &str> {
    let begins = selector.match_indices(['.', '#']).map(|(at, _)| at);
    begins.map(|at| {
        let rest = &selector[at..];
        &rest[..rest[1..].find(['.', '#']).map_or(rest.len(), |end| end + 1)]
    })
}

fn is_part(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '-' | '_')
}

/// One class or id, with an element's name in front or without.
fn is_simple(selector: &str) -> bool {
    let Some(at) = selector.find(['.', '#']) else { return false };
    let (name, part) = (&selector[..at], &selector[at + 1..]);
    !part.is_empty() && name.chars().chain(part.chars()).all(is_part)
}

fn without_comments(sheet: &str) -> String {
    let mut parts = sheet.split("/*");
    let first = parts.next().unwrap_or_default();
    let rest = parts.map(|part| part.split_once("*/").map_or("", |(_, rest)| rest));
    std::iter::once(first).chain(rest).collect()
}

/// The rules outside of at-rules: selectors and declarations.
fn rules(sheet: &str) -> Vec<(&str, &str)> {
    let (mut found, mut depth, mut begin, mut prelude) = (Vec::new(), 0_usize, 0, "");
    for (at, letter) in sheet.match_indices(['{', '}', ';']) {
        match (letter, depth) {
            ("{", 0) => {
                prelude = sheet[begin..at].trim();
                (begin, depth) = (at + 1, 1);
            }
            ("{", _) => depth += 1,
            ("}", 1) => {
                if !prelude.starts_with('@') {
                    found.push((prelude, &sheet[begin..at]));
                }
                (begin, depth) = (at + 1, 0);
            }
            ("}", _) => depth = depth.saturating_sub(1),
            (_, 0) => begin = at + 1,
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selectors(sheet: &str) -> Vec<String> {
        let mut found: Vec<_> = hiding(sheet).into_iter().collect();
        found.sort();
        found
    }

    #[test]
    fn simple_rules_hide_and_others_are_left() {
        let sheet = "@import 'x'; /* .no { display: none } */ .a , #b{color:red; display : none !important}\n\
            div.c{visibility:hidden} p{display:none} .d .e{display:none} .f:hover{display:none}\n\
            @media print { .g { display: none } .h { display: none } } .i{display:none";
        assert_eq!(selectors(sheet), ["#b", ".a", "div.c"]);
    }

    #[test]
    fn what_another_rule_shows_again_is_not_hidden() {
        let sheet = ".tab{display:none} .tab.active{display:block} .x{display:none} .y > .xx{display:grid}";
        assert_eq!(selectors(sheet), [".x"]);
    }

    #[test]
    fn broken_sheets_do_no_harm() {
        for sheet in ["}", "{", "a{b", "{}}}{", "/*", ".{display:none}", "é{display:none}", ".#{display:none}"] {
            assert_eq!(selectors(sheet), [""; 0], "{sheet}");
        }
    }
}
