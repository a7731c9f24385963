//! Ids of elements, which links go to.

use std::collections::HashSet;

use comrak::Anchorizer;
use ego_tree::NodeId;
use scraper::ElementRef;

use super::{Document, attributes::set, heading_level};
use crate::warnings::{SOURCE, Warnings};

impl Document {
    /// Gives `<a name="x">` of older HTML an id, unless another element has it.
    pub(super) fn name_anchors(&mut self) {
        let elements = || self.html.root_element().descendent_elements();
        let mut taken: HashSet<String> =
            elements().filter_map(|element| Some(element.value().id()?.to_owned())).collect();
        let mut named = Vec::new();
        for anchor in elements().filter(|element| element.value().name() == "a" && element.value().id().is_none()) {
            let Some(name) = anchor.attr("name").filter(|name| !name.is_empty() && name.len() <= 256) else { continue };
            if taken.insert(name.to_owned()) {
                named.push((anchor.id(), name.to_owned()));
            }
        }
        for (id, name) in named {
            set(&mut self.html, id, "id", &name);
        }
    }

    /// Gives headings ids from their text (GitHub's rule), and records the ids of all elements. The first element
    /// keeps an id that occurs twice.
    pub(super) fn name_elements(&mut self, warnings: &mut Warnings) {
        let mut anchors = Anchorizer::new();
        let (mut unnamed, mut given) = (Vec::new(), HashSet::new());
        for element in self.html.root_element().descendent_elements() {
            match element.value().id() {
                Some(id) if !id.is_empty() && id.len() <= 256 => match given.insert(id.to_owned()) {
                    true => drop(self.ids.insert(id.to_owned(), element.id())),
                    // The parser repeats an element that another one closed, such as `<a id="x"/>`.
                    false if self.ids.get(id).is_some_and(|first| self.is_repeated(*first, element)) => {}
                    false => {
                        let message = format!("the id {id:?} is there twice: links go to the first");
                        warnings.add(SOURCE, self.line(*element), message);
                    }
                },
                _ if heading_level(element.value().name()).is_some() => unnamed.push(element.id()),
                _ => {}
            }
        }
        for id in unnamed {
            let Some(text) = self.element(id).map(|element| element.text().collect::<String>()) else { continue };
            let text = match text.trim() {
                "" => "section",
                text => text,
            };
            let mut name = anchors.anchorize(text);
            while given.contains(&name) || name.is_empty() {
                name = anchors.anchorize(if name.is_empty() { "section" } else { text });
            }
            given.insert(name.clone());
            set(&mut self.html, id, "id", &name);
            self.ids.insert(name, id);
        }
    }

    fn is_repeated(&self, first: NodeId, element: ElementRef<'_>) -> bool {
        let is_same = |first: ElementRef<'_>| first.value().attrs == element.value().attrs;
        element.value().name() == "a" && element.attr("href").is_none() && self.element(first).is_some_and(is_same)
    }

    /// Removes ids from what is typeset more than once: parts of headings (in tables of contents, in page headers),
    /// and heads of tables (on each page).
    pub(super) fn single_out(&mut self) {
        let mut gone = Vec::new();
        for (id, node) in &self.ids {
            let Some(element) = self.element(*node) else { continue };
            let around = element.ancestors().filter_map(ElementRef::wrap);
            let repeated = around.into_iter().find(|around| {
                let name = around.value().name();
                heading_level(name).is_some() || name == "thead"
            });
            if let Some(repeated) = repeated {
                let heading = repeated.value().id().filter(|_| repeated.value().name() != "thead");
                gone.push((id.clone(), heading.map(str::to_owned)));
            }
        }
        for (id, heading) in gone {
            self.ids.remove(&id);
            if let Some(heading) = heading {
                self.within.insert(id, heading);
            }
        }
    }
}
