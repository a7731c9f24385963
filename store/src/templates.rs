//! Templates that tenants have uploaded. A version never changes; a name without a version means the newest.

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use ruche_schemas::TenantId;

use crate::error::StoreError;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateVersion {
    pub name: String,
    /// From 1.
    pub version: u32,
    pub bytes: u64,
    /// Of the package, in lower-case hexadecimal.
    pub blake3: String,
    pub description: Option<String>,
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Clone)]
pub struct NewTemplate {
    pub name: String,
    /// A Typst package: a gzipped tar, at most 8 MiB.
    pub package: Bytes,
    /// In lower-case hexadecimal.
    pub blake3: String,
    pub description: Option<String>,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy)]
pub struct TemplateBounds {
    /// Per name.
    pub versions: u64,
    pub names: u64,
    /// Sum over all packages.
    pub bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Uploaded {
    New(TemplateVersion),
    /// The newest version has the same package; nothing was added.
    Same(TemplateVersion),
    ManyVersions,
    ManyNames,
    /// The packages would exceed their limit; holds their current size in bytes.
    ManyBytes(u64),
}

#[async_trait]
pub trait Templates: Send + Sync + 'static {
    /// Stores a template's next version, within these limits.
    async fn put_template(
        &self,
        tenant: &TenantId,
        template: NewTemplate,
        bounds: TemplateBounds,
    ) -> Result<Uploaded, StoreError>;

    /// The newest version of each template, by name.
    async fn templates(&self, tenant: &TenantId) -> Result<Vec<TemplateVersion>, StoreError>;

    /// Newest first; empty if the tenant has no such template.
    async fn template_versions(&self, tenant: &TenantId, name: &str) -> Result<Vec<TemplateVersion>, StoreError>;

    /// A version, or the newest one, with its package.
    async fn template_package(
        &self,
        tenant: &TenantId,
        name: &str,
        version: Option<u32>,
    ) -> Result<Option<(TemplateVersion, Bytes)>, StoreError>;

    /// Deletes a version, or all; returns the number of deleted versions.
    async fn delete_template(&self, tenant: &TenantId, name: &str, version: Option<u32>) -> Result<u64, StoreError>;
}
