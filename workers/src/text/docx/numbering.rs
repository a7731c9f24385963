//! The numbers of list items and headings, counted as Word does.

use std::collections::{HashMap, HashSet};

use roxmltree::{Document, Node};

use super::xml::{attribute, child, name, value};

const LEVELS: usize = 9;

#[derive(Debug, Clone, Default)]
struct Level {
    start: u32,
    format: String,
    /// Such as `%1.%2.`
    text: String,
}

#[derive(Debug, Default)]
struct List {
    /// Lists of the same definition continue each other.
    definition: String,
    /// The number that a level begins with, once, in place of its own.
    starts: HashMap<usize, u32>,
}

#[derive(Debug, Default)]
pub(super) struct Numbering {
    lists: HashMap<String, List>,
    definitions: HashMap<String, Vec<Level>>,
    counts: HashMap<String, [Option<u32>; LEVELS]>,
    started: HashSet<String>,
}

impl Numbering {
    pub(super) fn of(document: &Document<'_>) -> Self {
        let mut this = Self::default();
        for node in document.root_element().children() {
            match name(node) {
                "abstractNum" => {
                    let id = attribute(node, "abstractNumId").unwrap_or_default().to_owned();
                    this.definitions.insert(id, levels(node));
                }
                "num" => {
                    let id = attribute(node, "numId").unwrap_or_default().to_owned();
                    this.lists.insert(id, list(node));
                }
                _ => {}
            }
        }
        this
    }

    /// The label of the next item: `-` for a mark, such as `3.` or `2.1` for a number, none for neither.
    pub(super) fn label(&mut self, list: &str, level: usize) -> Option<String> {
        // List 0 takes a paragraph out of the list of its style.
        if list == "0" {
            return None;
        }
        let level = level.min(LEVELS - 1);
        let bullet = Some("-".to_owned());
        let Some(found) = self.lists.get(list) else { return bullet };
        let Some(levels) = self.definitions.get(&found.definition) else { return bullet };
        let Some(own) = levels.get(level) else { return bullet };
        let counts = self.counts.entry(found.definition.clone()).or_default();
        if self.started.insert(list.to_owned()) {
            for (level, start) in &found.starts {
                if let Some(count) = counts.get_mut(*level) {
                    *count = start.checked_sub(1);
                }
            }
        }
        counts[level] = Some(counts[level].map_or(own.start, |count| count.saturating_add(1)));
        counts[level + 1..].fill(None);
        match own.format.as_str() {
            "bullet" => bullet,
            "none" => None,
            _ => Some(filled(&own.text, levels, counts)).filter(|label| !label.is_empty()),
        }
    }
}

fn levels(definition: Node<'_, '_>) -> Vec<Level> {
    let mut levels = Vec::new();
    for node in definition.children().filter(|node| name(*node) == "lvl").take(LEVELS) {
        let text = |wanted| value(node, wanted).unwrap_or_default().to_owned();
        let start = value(node, "start").and_then(|start| start.parse().ok()).unwrap_or(1);
        levels.push(Level { start, format: text("numFmt"), text: text("lvlText") });
    }
    levels
}

fn list(node: Node<'_, '_>) -> List {
    let overrides = node.children().filter(|node| name(*node) == "lvlOverride");
    let start = |node: Node<'_, '_>| {
        let level = attribute(node, "ilvl")?.parse().ok()?;
        Some((level, value(node, "startOverride")?.parse().ok()?))
    };
    let definition =
        child(node, "abstractNumId").and_then(|node| attribute(node, "val")).unwrap_or_default().to_owned();
    List { definition, starts: overrides.filter_map(start).collect() }
}

/// Puts the numbers of the levels in place of `%1` to `%9`.
fn filled(text: &str, levels: &[Level], counts: &[Option<u32>; LEVELS]) -> String {
    let mut parts = text.split('%');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digit = part.chars().next().and_then(|digit| digit.to_digit(10)).filter(|digit| *digit > 0);
        let level = digit.and_then(|digit| usize::try_from(digit - 1).ok());
        match level.and_then(|level| Some((levels.get(level)?, counts[level]))) {
            Some((level, count)) => {
                out.push_str(&shown(count.unwrap_or(level.start), &level.format));
                out.push_str(&part[1..]);
            }
            None => out.push_str(part),
        }
    }
    out.trim().to_owned()
}

fn shown(number: u32, format: &str) -> String {
    match format {
        "lowerLetter" => letters(number),
        "upperLetter" => letters(number).to_uppercase(),
        "lowerRoman" => roman(number),
        "upperRoman" => roman(number).to_uppercase(),
        "decimalZero" => format!("{number:02}"),
        _ => number.to_string(),
    }
}

/// `a` to `z`, then `aa` to `zz`, and so on.
fn letters(number: u32) -> String {
    match (number.checked_sub(1).and_then(|number| char::from_u32(u32::from('a') + number % 26)), number) {
        (Some(letter), 1..=520) => (0..=(number - 1) / 26).map(|_| letter).collect(),
        _ => number.to_string(),
    }
}

fn roman(number: u32) -> String {
    const SIGNS: [(u32, &str); 13] = [
        (1000, "m"),
        (900, "cm"),
        (500, "d"),
        (400, "cd"),
        (100, "c"),
        (90, "xc"),
        (50, "l"),
        (40, "xl"),
        (10, "x"),
        (9, "ix"),
        (5, "v"),
        (4, "iv"),
        (1, "i"),
    ];
    if number == 0 || number >= 4000 {
        return number.to_string();
    }
    let (mut rest, mut out) = (number, String::new());
    for (worth, sign) in SIGNS {
        while rest >= worth {
            out.push_str(sign);
            rest -= worth;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_each_way() {
        for (number, format, expected) in [
            (3, "decimal", "3"),
            (3, "decimalZero", "03"),
            (1, "lowerLetter", "a"),
            (28, "upperLetter", "BB"),
            (14, "lowerRoman", "xiv"),
            (1999, "upperRoman", "MCMXCIX"),
            (0, "lowerLetter", "0"),
            (0, "lowerRoman", "0"),
            (u32::MAX, "lowerRoman", "4294967295"),
            (u32::MAX, "lowerLetter", "4294967295"),
        ] {
            assert_eq!(shown(number, format), expected);
        }
    }
}
