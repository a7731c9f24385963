//! Counts elements for `counter()` and `counters()` in generated text (CSS Lists 3, 4): a counter is made by an element,
//! and known in it and in the siblings after it.

use std::collections::HashMap;

use ego_tree::NodeId;
use scraper::node::Element;

use super::numerals;
use super::style::{Content, ContentItem, Counters, Display};
use super::styles::{Counted, Generated, Shared};
use super::tree::Tree;

/// The counter of lists, which HTML counts.
const LIST_ITEM: &str = "list-item";
/// The most numbers that `counters()` joins: those of the innermost elements.
const JOINED: usize = 32;

/// A counter that an element made.
#[derive(Debug)]
struct Made {
    /// Within this element it is known; none for the root's.
    within: Option<usize>,
    value: i32,
}

#[derive(Debug)]
struct Counting<'a> {
    tree: &'a Tree<'a>,
    places: &'a [u32],
    shared: &'a [Shared],
    /// The innermost last.
    known: HashMap<&'a str, Vec<Made>>,
    /// Their names in the order in which they were made.
    order: Vec<(Option<usize>, &'a str)>,
    found: HashMap<NodeId, Counted>,
}

/// `places`: for each element of the tree, its entry of `shared`.
pub(super) fn count(tree: &Tree<'_>, places: &[u32], shared: &[Shared]) -> HashMap<NodeId, Counted> {
    let generated = |shared: &Shared| {
        let mut texts = [&shared.before, &shared.after].into_iter().flatten().map(|generated| &generated.content);
        texts.any(has_counter) || marker(shared).is_some_and(has_counter)
    };
    if !shared.iter().any(generated) {
        return HashMap::new();
    }
    let (known, order, found) = (HashMap::new(), Vec::new(), HashMap::new());
    let mut counting = Counting { tree, places, shared, known, order, found };
    let mut open: Vec<usize> = Vec::new();
    // What is in an element that is not shown does not count.
    let mut hidden: Option<usize> = None;
    for (index, flat) in tree.elements.iter().enumerate() {
        while let Some(last) = open.pop_if(|last| Some(*last) != flat.parent()) {
            match hidden {
                Some(own) if own == last => hidden = None,
                Some(_) => {}
                None => counting.end(last),
            }
        }
        open.push(index);
        if hidden.is_none() {
            hidden = (!counting.begin(index)).then_some(index);
        }
    }
    while let Some(last) = open.pop() {
        if hidden.is_none_or(|own| own > last) {
            counting.end(last);
        }
    }
    counting.found
}

/// What `::marker` generates.
fn marker(shared: &Shared) -> Option<&Content> {
    shared.marker.as_ref()?.1.as_ref()
}

fn has_counter(content: &Content) -> bool {
    content.0.iter().any(|item| matches!(item, ContentItem::Counter { .. }))
}

impl<'a> Counting<'a> {
    fn shared(&self, index: usize) -> Option<&'a Shared> {
        self.places.get(index).and_then(|place| self.shared.get(*place as usize))
    }

    /// Whether the element is shown.
    fn begin(&mut self, index: usize) -> bool {
        let Some(shared) = self.shared(index) else { return true };
        if shared.style.display == Some(Display::None) {
            return false;
        }
        let flat = &self.tree.elements[index];
        let is_list_item = shared.style.display.is_none_or(|display| display == Display::ListItem);
        self.count_list(flat.element, flat.parent(), is_list_item);
        self.apply(&shared.style.counters, flat.parent());
        if let Some(content) = marker(shared).filter(|content| is_list_item && has_counter(content)) {
            let text = self.text(content, flat.element);
            self.found.entry(flat.id).or_default().marker = Some(text);
        }
        if let Some(text) = shared.before.as_ref().and_then(|before| self.generated(before, index)) {
            self.found.entry(flat.id).or_default().before = Some(text);
        }
        true
    }

    fn end(&mut self, index: usize) {
        let after = self.shared(index).and_then(|shared| shared.after.as_ref());
        if let Some(text) = after.and_then(|after| self.generated(after, index)) {
            self.found.entry(self.tree.elements[index].id).or_default().after = Some(text);
        }
        self.leave(index);
    }

    /// The text of `::before` or `::after` of this element, if it has counters.
    fn generated(&mut self, generated: &'a Generated, index: usize) -> Option<String> {
        self.apply(&generated.style.counters, Some(index));
        has_counter(&generated.content).then(|| self.text(&generated.content, self.tree.elements[index].element))
    }

    /// `parent`: that of the element which has these.
    fn apply(&mut self, counters: &'a Counters, parent: Option<usize>) {
        for (name, value) in counters.reset.iter().flatten() {
            self.make(name, *value, parent);
        }
        for (name, by) in counters.increment.iter().flatten() {
            let value = self.value(name, parent);
            *value = value.saturating_add(*by);
        }
        for (name, to) in counters.set.iter().flatten() {
            *self.value(name, parent) = *to;
        }
    }

    fn count_list(&mut self, element: &Element, parent: Option<usize>, is_list_item: bool) {
        let number = |name: &str| element.attr(name).and_then(|number| number.trim().parse::<i32>().ok());
        match element.name() {
            "ol" | "ul" | "menu" => self.make(LIST_ITEM, number("start").unwrap_or(1).saturating_sub(1), parent),
            "li" if is_list_item => {
                let value = self.value(LIST_ITEM, parent);
                *value = number("value").unwrap_or(value.saturating_add(1));
            }
            _ => {}
        }
    }

    /// One that a sibling made is made anew.
    fn make(&mut self, name: &'a str, value: i32, within: Option<usize>) {
        let known = self.known.entry(name).or_default();
        match known.last_mut().filter(|made| made.within == within) {
            Some(made) => made.value = value,
            None => {
                known.push(Made { within, value });
                self.order.push((within, name));
            }
        }
    }

    /// One that nobody made is made here.
    fn value(&mut self, name: &'a str, within: Option<usize>) -> &mut i32 {
        let known = self.known.entry(name).or_default();
        if known.is_empty() {
            known.push(Made { within, value: 0 });
            self.order.push((within, name));
        }
        let last = known.len() - 1;
        &mut known[last].value
    }

    /// What was made within this element is known no more.
    fn leave(&mut self, index: usize) {
        while let Some((_, name)) = self.order.pop_if(|(within, _)| *within == Some(index)) {
            if let Some(known) = self.known.get_mut(name) {
                known.pop();
            }
        }
    }

    fn text(&self, content: &Content, element: &Element) -> String {
        content.text(element, |name, separator, style| {
            let known = self.known.get(name).map_or(&[][..], Vec::as_slice);
            let shown = match separator {
                Some(_) => &known[known.len().saturating_sub(JOINED)..],
                None => &known[known.len().saturating_sub(1)..],
            };
            let numbers: Vec<String> = shown.iter().map(|made| numerals::text(made.value, style)).collect();
            // A counter that nobody made is 0.
            if numbers.is_empty() { numerals::text(0, style) } else { numbers.join(separator.unwrap_or_default()) }
        })
    }
}
