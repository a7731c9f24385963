//! The part of a search that uses one model.

use std::collections::BTreeMap;

use crate::search::Lookup;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    pub(super) model: i32,
    /// Sorted.
    pub(super) collections: Vec<String>,
    /// Number of matching chunks, as far as counted.
    pub(super) size: u64,
    pub(super) exact: bool,
}

/// Groups the collections by model. Those without a model have no documents.
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
