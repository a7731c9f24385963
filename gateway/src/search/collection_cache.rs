//! Which collections are searched with which models, as it was when they were last asked for.
//!
//! What is searched tells whether it still is so ([`crate::ports::Search::search`]), so nothing here grows old: a search of
//! known collections needs one statement instead of two.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use ruche_schemas::TenantId;

use crate::{http::limits, ports::search::Searchable};

/// Whose, and their names as they are asked for.
type Key = (TenantId, Vec<String>);

/// Remembers them.
#[derive(Debug, Default)]
pub struct Scopes(Mutex<HashMap<Key, Arc<[Searchable]>>>);

impl Scopes {
    /// What is known of the collections of these names.
    pub(crate) fn get(&self, tenant: &TenantId, names: &[String]) -> Option<Arc<[Searchable]>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&(tenant.clone(), names.to_vec())).cloned()
    }

    /// Remembers it.
    pub(crate) fn put(&self, tenant: &TenantId, names: &[String], collections: &Arc<[Searchable]>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= limits::SEARCH_SCOPES {
            known.clear();
        }
        known.insert((tenant.clone(), names.to_vec()), Arc::clone(collections));
    }

    /// It is not so any more.
    pub(crate) fn forget(&self, tenant: &TenantId, names: &[String]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&(tenant.clone(), names.to_vec()));
    }
}
