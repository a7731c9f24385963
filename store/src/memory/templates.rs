//! Templates that are forgotten with the process: the same contract without a database, for tests.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use bytes::Bytes;
use ruche_schemas::TenantId;

use crate::templates::{Package, Templates, Unavailable};

/// Keeps the versions of each template in their order.
#[derive(Debug, Default)]
pub struct MemoryTemplates(Mutex<HashMap<(TenantId, String), Vec<Package>>>);

impl MemoryTemplates {
    /// Without any template.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a version, of this hash, as a gateway does.
    pub fn add(&self, tenant: &TenantId, name: &str, blake3: &str, bytes: Bytes) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let versions = all.entry((tenant.clone(), name.to_owned())).or_default();
        let version = versions.last().map_or(1, |last| last.version.saturating_add(1));
        versions.push(Package { version, blake3: blake3.to_owned(), bytes });
    }
}

#[async_trait]
impl Templates for MemoryTemplates {
    async fn package(
        &self,
        tenant: &TenantId,
        name: &str,
        version: Option<u32>,
    ) -> Result<Option<Package>, Unavailable> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(versions) = all.get(&(tenant.clone(), name.to_owned())) else { return Ok(None) };
        Ok(match version {
            Some(version) => versions.iter().find(|package| package.version == version).cloned(),
            None => versions.last().cloned(),
        })
    }
}
