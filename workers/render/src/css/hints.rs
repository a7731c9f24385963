//! Reads HTML's older attributes, such as `border` and `cellpadding`, as declarations that every rule of the document
//! overrides (HTML, section 15.1: presentational hints).

use std::collections::HashMap;

use cssparser::Parser;
use scraper::node::Element;

use super::Log;
use super::blocks::block;
use super::rules::{Declaration, declarations};
use super::tree::Tree;
use crate::Warnings;

/// The most different texts.
const TEXTS: usize = 5_000;
/// The most elements between a cell and its table.
const MAX_STEPS: usize = 4;

#[derive(Debug, Default)]
pub(super) struct Hints {
    numbers: HashMap<String, u32>,
    pub read: Vec<Vec<Declaration>>,
}

impl Hints {
    /// The number of an element's declarations.
    pub fn number(&mut self, tree: &Tree<'_>, index: usize) -> Option<u32> {
        let text = text(tree, index);
        if text.is_empty() {
            return None;
        }
        if let Some(number) = self.numbers.get(&text) {
            return Some(*number);
        }
        if self.read.len() == TEXTS {
            return None;
        }
        let raw = block(&mut Parser::new(&text), false).declarations;
        let mut warnings = Warnings::default();
        let number = u32::try_from(self.read.len()).unwrap_or(u32::MAX);
        self.read.push(declarations(raw, &mut Log { source: "markdown", warnings: &mut warnings }));
        self.numbers.insert(text, number);
        Some(number)
    }
}

/// The declarations as CSS.
fn text(tree: &Tree<'_>, index: usize) -> String {
    let element = tree.elements[index].element;
    let mut css = Css(String::new());
    if element.attr("hidden").is_some() {
        css.add("display", "none");
    }
    match element.name() {
        "img" => of_picture(element, &mut css),
        "table" => of_table(element, &mut css),
        "tr" => css.of(element, &[("height", "height"), ("valign", "vertical-align")]),
        "thead" | "tbody" | "tfoot" => css.of(element, &[("valign", "vertical-align")]),
        "td" | "th" => {
            css.of(element, &[("height", "height"), ("valign", "vertical-align")]);
            let up = std::iter::successors(tree.elements[index].parent(), |at| tree.elements[*at].parent());
            let table = up.take(MAX_STEPS).map(|at| tree.elements[at].element).find(|around| around.name() == "table");
            if let Some(table) = table {
                css.of(table, &[("cellpadding", "padding")]);
                if has_border(table) {
                    css.add("border", "1px solid");
                }
            }
        }
        "hr" => of_rule(element, &mut css),
        _ => {}
    }
    css.0
}

struct Css(String);

impl Css {
    fn add(&mut self, property: &str, value: &str) {
        self.0.push_str(&format!("{property}: {value};"));
    }

    /// Attributes with the properties that they are.
    fn of(&mut self, element: &Element, attributes: &[(&str, &str)]) {
        for (attribute, property) in attributes {
            if let Some(value) = value(element, attribute) {
                self.add(property, &value);
            }
        }
    }
}

/// A number is one of pixels. What is no single value has no effect.
fn value(element: &Element, name: &str) -> Option<String> {
    let text = element.attr(name)?.trim().to_ascii_lowercase();
    let is_value = |c: char| c.is_ascii_alphanumeric() || "#.%".contains(c);
    if text.is_empty() || text.len() > 40 {
        return None;
    }
    if !text.chars().all(is_value) {
        return dimension(&text);
    }
    Some(if text.parse::<f64>().is_ok() { format!("{text}px") } else { text })
}

/// The number that a text begins with, as browsers read `100px;`: of pixels, or a percentage.
pub(crate) fn dimension(text: &str) -> Option<String> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    number.parse::<f64>().ok()?;
    Some(format!("{number}{}", if rest.starts_with('%') { "%" } else { "px" }))
}

fn has_border(table: &Element) -> bool {
    table.attr("border").is_some_and(|border| border.trim() != "0")
}

fn of_picture(picture: &Element, css: &mut Css) {
    if let Some(side @ ("left" | "right")) = value(picture, "align").as_deref() {
        css.add("float", side);
    }
    if let Some(border) = value(picture, "border").filter(|border| border != "0px") {
        css.add("border", &format!("{border} solid"));
    }
    let margins = [("hspace", "margin-left"), ("hspace", "margin-right"), ("vspace", "margin-top")];
    css.of(picture, &margins);
    css.of(picture, &[("vspace", "margin-bottom")]);
}

fn of_table(table: &Element, css: &mut Css) {
    match value(table, "align").as_deref() {
        Some("center") => css.add("margin-inline", "auto"),
        Some(side @ ("left" | "right")) => css.add("float", side),
        _ => {}
    }
    if has_border(table) {
        let width = value(table, "border").filter(|border| border.ends_with("px"));
        css.add("border", &format!("{} solid", width.as_deref().unwrap_or("1px")));
    }
    if let Some(spacing) = value(table, "cellspacing").filter(|spacing| spacing != "0px") {
        css.add("border-spacing", &spacing);
        css.add("border-collapse", "separate");
    }
    css.of(table, &[("bgcolor", "background-color"), ("height", "height"), ("width", "width")]);
}

fn of_rule(rule: &Element, css: &mut Css) {
    css.of(rule, &[("width", "width"), ("color", "border-top-color")]);
    if rule.attr("width").is_some() {
        let (left, right) = match value(rule, "align").as_deref() {
            Some("left") => ("0", "auto"),
            Some("right") => ("auto", "0"),
            _ => ("auto", "auto"),
        };
        css.add("margin-left", left);
        css.add("margin-right", right);
    }
}
