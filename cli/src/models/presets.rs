//! The models that the kinds name.

pub(super) use ruche_schemas::models::Preset;
use ruche_schemas::{
    kinds,
    models::{Family, ModelSlot},
};

/// Of all kinds, each once.
pub(super) fn families() -> Vec<&'static Family> {
    let mut families: Vec<&Family> = Vec::new();
    for slot in slots() {
        if !families.contains(&slot.family) {
            families.push(slot.family);
        }
    }
    families
}

pub(super) fn slots() -> impl Iterator<Item = &'static ModelSlot> {
    kinds::all().into_iter().flat_map(|kind| kind.models)
}
