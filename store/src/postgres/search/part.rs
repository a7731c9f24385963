//! What is searched with one model.

use std::collections::BTreeMap;

use crate::search::Lookup;

/// Collections that are searched with one model.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    /// The model's number.
    pub(super) model: i32,
    /// Their names, in order.
    pub(super) collections: Vec<String>,
    /// How many of their chunks come into question, as far as they were counted.
    pub(super) size: u64,
    /// Whether each one is compared.
    pub(super) exact: bool,
}

/// The collections by their models. Those without one have no documents.
pub(super) fn parts(lookup: &Lookup) -> Vec<Part> {
    let mut by_model: BTreeMap<i32, Vec<String>> = BTreeMap::new();
    for collection in &lookup.collections {
        if let Some(model) = &collection.model {
            by_model.entry(model.id).or_default().push(collection.name.clone());
        }
    }
    let part = |(model, mut collections): (i32, Vec<String>)| {
        collections.sort_unstable();
        collections.dedup();
        Part { model, collections, size: 0, exact: true }
    };
    by_model.into_iter().map(part).collect()
}
