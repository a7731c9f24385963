//! Indexes rules by what an element must have to match: an id, a class, a name.

use std::collections::HashMap;

use scraper::node::Element as Html5Element;
use selectors::matching::{
    MatchingContext, MatchingForInvalidation, MatchingMode, NeedsSelectorFlags, QuirksMode, SelectorCaches,
    matches_selector,
};
use selectors::parser::Component;

use super::rules::{Rule, Sheet};
use super::select::{Css, Pseudo, Target};
use super::tree::Tree;

#[derive(Clone, Copy)]
struct Candidate<'a> {
    rule: u32,
    target: &'a Target,
}

/// Added to the specificity of the document's own rules: they win over those of base.css.
pub(super) const AUTHOR: u32 = 1 << 31;

/// Specificity and rule.
pub(super) type Match = (u32, u32);

/// The rules that match an element, in ascending precedence.
#[derive(Debug, Default)]
pub(super) struct Matches {
    pub element: Vec<Match>,
    pub before: Vec<Match>,
    pub after: Vec<Match>,
    pub marker: Vec<Match>,
}

impl Matches {
    fn clear(&mut self) {
        self.element.clear();
        self.before.clear();
        self.after.clear();
        self.marker.clear();
    }

    fn sort(&mut self) {
        for list in [&mut self.element, &mut self.before, &mut self.after, &mut self.marker] {
            // Each rule once, by its most specific selector.
            list.sort_unstable_by_key(|(specificity, rule)| (*rule, std::cmp::Reverse(*specificity)));
            list.dedup_by_key(|(_, rule)| *rule);
            list.sort_unstable();
        }
    }
}

pub(super) struct Index<'a> {
    /// With the index of the sheet.
    pub rules: Vec<(usize, &'a Rule)>,
    /// Whether a rule is the document's own.
    authors: Vec<bool>,
    by_id: HashMap<&'a str, Vec<Candidate<'a>>>,
    by_class: HashMap<&'a str, Vec<Candidate<'a>>>,
    by_name: HashMap<&'a str, Vec<Candidate<'a>>>,
    others: Vec<Candidate<'a>>,
    caches: SelectorCaches,
    caches_of_pseudo: SelectorCaches,
}

impl<'a> Index<'a> {
    /// In ascending precedence.
    pub fn new(sheets: &'a [Sheet]) -> Self {
        let mut index = Self {
            rules: Vec::new(),
            authors: Vec::new(),
            by_id: HashMap::new(),
            by_class: HashMap::new(),
            by_name: HashMap::new(),
            others: Vec::new(),
            caches: SelectorCaches::default(),
            caches_of_pseudo: SelectorCaches::default(),
        };
        for (number, sheet) in sheets.iter().enumerate() {
            for rule in &sheet.rules {
                let id = u32::try_from(index.rules.len()).unwrap_or(u32::MAX);
                index.rules.push((number, rule));
                index.authors.push(!sheet.quiet);
                for target in &rule.targets {
                    index.add(Candidate { rule: id, target });
                }
            }
        }
        index
    }

    fn add(&mut self, candidate: Candidate<'a>) {
        let (mut id, mut class, mut name) = (None, None, None);
        let mut parts = candidate.target.selector.iter();
        if candidate.target.pseudo.is_some() {
            // Skip the pseudo-element: what precedes it matches the element.
            while parts.next().is_some() {}
            parts.next_sequence();
        }
        for part in parts {
            match part {
                Component::ID(value) => id = Some(&*value.0),
                Component::Class(value) => class = Some(&*value.0),
                Component::LocalName(value) => name = Some(&*value.lower_name.0),
                _ => {}
            }
        }
        match (id, class, name) {
            (Some(id), _, _) => self.by_id.entry(id).or_default().push(candidate),
            (None, Some(class), _) => self.by_class.entry(class).or_default().push(candidate),
            (None, None, Some(name)) => self.by_name.entry(name).or_default().push(candidate),
            (None, None, None) => self.others.push(candidate),
        }
    }

    pub fn find<'t>(&mut self, tree: &'t Tree<'t>, index: usize, found: &mut Matches) {
        found.clear();
        let element: &Html5Element = tree.elements[index].element;
        let node = tree.node(index);
        let mut plain = context(MatchingMode::Normal, &mut self.caches);
        let mut pseudo = context(MatchingMode::ForStatelessPseudoElement, &mut self.caches_of_pseudo);
        let authors = &self.authors;
        let mut attempt = |candidates: Option<&Vec<Candidate<'a>>>| {
            for Candidate { rule, target } in candidates.into_iter().flatten() {
                if !tree.spend(target.cost) {
                    return;
                }
                let origin = if authors.get(*rule as usize) == Some(&true) { AUTHOR } else { 0 };
                let (context, list) = match target.pseudo {
                    None => (&mut plain, &mut found.element),
                    Some(Pseudo::Before) => (&mut pseudo, &mut found.before),
                    Some(Pseudo::After) => (&mut pseudo, &mut found.after),
                    Some(Pseudo::Marker) => (&mut pseudo, &mut found.marker),
                };
                if matches_selector(&target.selector, 0, None, &node, context) {
                    list.push((target.selector.specificity() | origin, *rule));
                }
            }
        };
        if let Some(id) = element.id() {
            attempt(self.by_id.get(id));
        }
        for class in element.classes() {
            attempt(self.by_class.get(class));
        }
        attempt(self.by_name.get(element.name()));
        attempt(Some(&self.others));
        found.sort();
    }
}

fn context(mode: MatchingMode, caches: &mut SelectorCaches) -> MatchingContext<'_, Css> {
    MatchingContext::new(mode, None, caches, QuirksMode::NoQuirks, NeedsSelectorFlags::No, MatchingForInvalidation::No)
}
