//! A cache of which collections are searched with which models.
//!
//! The search statement checks that it is still so ([`ruche_store::search::Search::search`]), so no entry can go stale unnoticed: a
//! search of known collections needs one statement instead of two.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use ruche_schemas::TenantId;
use ruche_store::search::Searchable;

use crate::http::limits;

/// Whose, and their names as they are asked for.
type Key = (TenantId, Vec<String>);

#[derive(Debug, Default)]
pub struct CollectionCache(Mutex<HashMap<Key, Arc<[Searchable]>>>);

impl CollectionCache {
    pub(crate) fn get(&self, tenant: &TenantId, names: &[String]) -> Option<Arc<[Searchable]>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&(tenant.clone(), names.to_vec())).cloned()
    }

    pub(crate) fn put(&self, tenant: &TenantId, names: &[String], collections: &Arc<[Searchable]>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= limits::CACHED_COLLECTION_SETS {
            known.clear();
        }
        known.insert((tenant.clone(), names.to_vec()), Arc::clone(collections));
    }

    pub(crate) fn forget(&self, tenant: &TenantId, names: &[String]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&(tenant.clone(), names.to_vec()));
    }
}
