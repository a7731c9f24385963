//! Cascades: finds the declarations of each element, in order. Elements with the same declarations inside elements with
//! the same style share one style, so that all cells of a long table cost one.

use std::collections::{HashMap, HashSet};

use scraper::Html;

use super::Log;
use super::apply::{Applier, Declared, kind};
use super::base::Base;
use super::counters;
use super::hints::Hints;
use super::index::{AUTHOR, Index, Match, Matches};
use super::inline::Inline;
use super::rules::{Declaration, Rule, Sheet, Value, check_table_part};
use super::style::{Content, Style};
use super::styles::{Generated, Shared, Styles};
use super::tree::Tree;
use super::variables::VariableScopes;
use crate::Warnings;

/// Rules without a match: this many of a sheet get a warning each, and this many more are listed by line.
const UNMATCHED: usize = 20;
const LINES: usize = 500;

/// The most different styles of a document.
const STYLES: usize = 20_000;

/// Finds the style of each element.
///
/// Later sheets win over earlier ones, and `style="..."` over both; its warnings have the source "markdown". Rules
/// that match no element give a warning.
#[must_use]
pub fn cascade(html: &Html, sheets: &[Sheet], base: impl Into<Base>, warnings: &mut Warnings) -> Styles {
    let tree = Tree::new(html);
    let mut work = Work {
        sheets,
        index: Index::new(sheets),
        inline: Inline::default(),
        hints: Hints::default(),
        applier: Applier::new(base.into(), warnings),
        known: HashMap::new(),
        shared: vec![Shared::default()],
        key: Vec::new(),
    };
    let mut matched = vec![false; work.index.rules.len()];
    let mut places: Vec<u32> = Vec::with_capacity(tree.elements.len());
    let table_parts = table_parts(&work.index);
    let mut styles = Styles::default();
    let mut found = Matches::default();
    for (index, flat) in tree.elements.iter().enumerate() {
        work.index.find(&tree, index, &mut found);
        for (_, rule) in found.element.iter().chain(&found.before).chain(&found.after).chain(&found.marker) {
            matched[*rule as usize] = true;
        }
        for (_, rule) in &found.element {
            if table_parts.contains(rule) {
                work.check_table_part(*rule, flat.element.name());
            }
        }
        let parent = flat.parent().map_or(0, |parent| places[parent]);
        let inline = work.inline.number(flat.element, work.applier.warnings);
        let own = Own { hints: work.hints.number(&tree, index), inline };
        let place = work.place(parent, kind(flat.element.name()), &found, own);
        if index == 0 {
            work.applier.root = work.applier.inherited[place as usize].font_size;
        }
        places.push(place);
        let shared = &work.shared[place as usize];
        if shared.style != Style::default()
            || shared.before.is_some()
            || shared.after.is_some()
            || shared.marker.is_some()
        {
            styles.of.insert(flat.id, place);
        }
    }
    if tree.exhausted() {
        let message = "the selectors of this style sheet ask for too much work on a document of this size; some were not \
                       looked for";
        Log { source: "css", warnings: work.applier.warnings }.add(None, message);
    } else {
        unmatched(sheets, &work.index, &matched, work.applier.warnings);
    }
    styles.counted = counters::count(&tree, &places, &work.shared);
    styles.shared = work.shared;
    let body = tree.elements.iter().find(|flat| flat.element.name() == "body");
    if let (Some(root), Some(body)) = (tree.elements.first(), body) {
        styles.hand_down(root.id, body.id);
    }
    styles
}

struct Work<'a> {
    sheets: &'a [Sheet],
    index: Index<'a>,
    inline: Inline<'a>,
    hints: Hints,
    applier: Applier<'a>,
    known: HashMap<Box<[u32]>, u32>,
    /// Indexed like [`Applier::inherited`]; entry 0 belongs to no element.
    shared: Vec<Shared>,
    key: Vec<u32>,
}

impl Work<'_> {
    /// The index of the style that these declarations make inside `parent`.
    fn place(&mut self, parent: u32, kind: u32, found: &Matches, own: Own) -> u32 {
        let number = |number: Option<u32>| number.map_or(0, |number| number + 1);
        self.key.clear();
        self.key.extend([parent, kind, number(own.hints), number(own.inline), found.element.len() as u32]);
        self.key.extend(found.element.iter().map(|(_, rule)| *rule));
        self.key.push(found.before.len() as u32);
        self.key.push(found.marker.len() as u32);
        self.key.extend(found.before.iter().chain(&found.after).chain(&found.marker).map(|(_, rule)| *rule));
        if let Some(place) = self.known.get(self.key.as_slice()) {
            return *place;
        }
        if self.shared.len() > STYLES {
            let message = format!("a document has up to {STYLES} different styles; what came after them has none");
            Log { source: "css", warnings: self.applier.warnings }.add(None, message);
            return 0;
        }
        let place = u32::try_from(self.shared.len()).unwrap_or(0);
        let declared = declared(self.sheets, &self.index, (&self.inline, &self.hints), &found.element, own);
        let inherited = self.applier.element(parent as usize, kind, &declared);
        let style = inherited.style.clone();
        self.applier.inherited.push(inherited);
        let before = self.generated(place, &found.before);
        let after = self.generated(place, &found.after);
        let marker = self.marker(place, &found.marker);
        self.shared.push(Shared { style, before, after, marker });
        self.known.insert(self.key.as_slice().into(), place);
        place
    }

    fn check_table_part(&mut self, rule: u32, name: &str) {
        let (sheet, rule) = self.index.rules[rule as usize];
        let mut log = Log { source: &self.sheets[sheet].source, warnings: self.applier.warnings };
        check_table_part(&rule.declarations, name, &mut log);
    }

    fn marker(&mut self, place: u32, matches: &[Match]) -> Option<(Style, Option<Content>)> {
        if matches.is_empty() {
            return None;
        }
        let declared = declared(self.sheets, &self.index, (&self.inline, &self.hints), matches, Own::default());
        Some(self.applier.pseudo_element(place as usize, &declared))
    }

    fn generated(&mut self, place: u32, matches: &[Match]) -> Option<Generated> {
        if matches.is_empty() {
            return None;
        }
        let declared = declared(self.sheets, &self.index, (&self.inline, &self.hints), matches, Own::default());
        let rules = matches.iter().map(|(_, rule)| self.index.rules[*rule as usize].1);
        let meant = rules.filter(|rule| is_meant(rule)).map(|rule| rule.text.as_str()).next_back();
        self.applier.generated(place as usize, &declared, meant)
    }
}

/// The rules that make something a part of a table.
fn table_parts(index: &Index<'_>) -> HashSet<u32> {
    let is_part = |(_, rule): &(usize, &Rule)| rule.declarations.iter().any(|own| own.table_part().is_some());
    (0..).zip(&index.rules).filter(|(_, rule)| is_part(rule)).map(|(number, _)| number).collect()
}

/// Whether a rule is for generated text alone, and shows something: `*, *::before { box-sizing: border-box }` is not.
fn is_meant(rule: &Rule) -> bool {
    let is_hidden = |name: &str| {
        let families = ["margin", "padding", "--"];
        matches!(name, "box-sizing" | "display" | "position") || families.iter().any(|family| name.starts_with(family))
    };
    rule.targets.iter().all(|target| target.pseudo.is_some())
        && rule.declarations.iter().any(|declaration| !is_hidden(&declaration.name))
}

/// What an element's attributes declare, by number.
#[derive(Debug, Clone, Copy, Default)]
struct Own {
    hints: Option<u32>,
    inline: Option<u32>,
}

/// Declarations in the order of application: rules of base.css, older attributes, rules of the document, the element's
/// own, important ones of rules, important ones of the element.
fn declared<'a>(
    sheets: &'a [Sheet],
    index: &Index<'a>,
    (inline, hints): (&'a Inline<'_>, &'a Hints),
    matches: &[Match],
    numbers: Own,
) -> Vec<Declared<'a>> {
    let own: &[Declaration] = numbers.inline.map_or(&[], |number| &inline.read[number as usize]);
    let hints: &[Declaration] = numbers.hints.map_or(&[], |number| &hints.read[number as usize]);
    let (base, authors) = matches.split_at(matches.partition_point(|(specificity, _)| *specificity < AUTHOR));
    let mut all = Vec::new();
    for important in [false, true] {
        let of_attribute = |declarations: &'a [Declaration]| {
            let chosen = declarations.iter().filter(move |declaration| declaration.important == important);
            chosen.map(|declaration| ("markdown", declaration))
        };
        let of_rules = |matches: &[Match]| {
            let mut found = Vec::new();
            for (_, rule) in matches {
                let (sheet, rule) = index.rules[*rule as usize];
                let source = sheets[sheet].source.as_str();
                let chosen = rule.declarations.iter().filter(|declaration| declaration.important == important);
                found.extend(chosen.map(|declaration| (source, declaration)));
            }
            found
        };
        all.extend(of_rules(base));
        all.extend(of_attribute(hints));
        all.extend(of_rules(authors));
        all.extend(of_attribute(own));
    }
    all
}

/// The class of the whole text in GitHub's style sheets.
const BODY_CLASS: &str = ".markdown-body";

/// Warns of rules without a match. If there are many, as in a sheet for a whole site, the rest are listed by line
/// only, because the number of warnings is bounded.
fn unmatched(sheets: &[Sheet], index: &Index<'_>, matched: &[bool], warnings: &mut Warnings) {
    let mut found: Vec<Vec<&Rule>> = vec![Vec::new(); sheets.len()];
    let is_of_body = |rule: &Rule| rule.text.contains(BODY_CLASS);
    let has_body = index.rules.iter().zip(matched).any(|((_, rule), matched)| *matched && is_of_body(rule));
    for ((sheet, rule), matched) in index.rules.iter().zip(matched) {
        if !*matched && !sheets[*sheet].quiet && !rule.declarations.is_empty() {
            found[*sheet].push(rule);
        }
    }
    for (sheet, rules) in sheets.iter().zip(found) {
        let mut log = Log { source: &sheet.source, warnings: &mut *warnings };
        let (of_body, rules): (Vec<_>, Vec<_>) = rules.into_iter().partition(|rule| !has_body && is_of_body(rule));
        if let Some(rule) = of_body.first() {
            let message = format!(
                "`{BODY_CLASS}` is no class of this document, so {} rules have no effect: set `body_class: {}` in the front matter",
                of_body.len(),
                &BODY_CLASS[1..]
            );
            log.add(Some(rule.line), message);
        }
        let (first, rest) = rules.split_at(rules.len().min(UNMATCHED));
        for rule in first {
            log.add(Some(rule.line), format!("`{}` matches no element of this document", rule.text));
        }
        if let Some(next) = rest.first() {
            let lines: Vec<String> = rest.iter().take(LINES).map(|rule| rule.line.to_string()).collect();
            let more = rest.len().saturating_sub(LINES);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let message = format!(
                "{} more rules match no element of this document, in lines {}{more}",
                rest.len(),
                lines.join(", ")
            );
            log.add(Some(next.line), message);
        }
    }
}

/// The custom properties of `:root`, `html` and `*`, for pages, which are no elements.
pub(super) fn root_variables(sheets: &[Sheet], scopes: &mut VariableScopes) -> u32 {
    let is_root = |rule: &&Rule| matches!(rule.text.as_str(), ":root" | "html" | "*" | ":root, html" | "html, :root");
    let mut own = Vec::new();
    for declaration in sheets.iter().flat_map(|sheet| &sheet.rules).filter(is_root).flat_map(|rule| &rule.declarations)
    {
        if let Value::Custom(value) = &declaration.value {
            own.push((declaration.name.as_str(), value.as_str()));
        }
    }
    scopes.extend(0, &own).0
}
