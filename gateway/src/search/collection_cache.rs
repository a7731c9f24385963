//! Caches which models collections are searched with.
//!
//! The search statement checks that this is still so ([`ruche_store::search::Search::search`]), so a stale entry is
//! always noticed. A search of cached collections needs one statement instead of two.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use ruche_schemas::TenantId;
use ruche_store::search::Searchable;

use crate::http::limits;

/// The tenant, and the names as requested.
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
