//! The templates that tenants have uploaded. A version never changes; a name without a version is its newest.

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use ruche_schemas::TenantId;

use crate::error::StoreError;

/// A version of a template, without its package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateVersion {
    /// The template's name.
    pub name: String,
    /// From 1.
    pub version: u32,
    /// The length of the package.
    pub bytes: u64,
    /// The package's BLAKE3 hash, in lower-case hexadecimal.
    pub blake3: String,
    pub description: Option<String>,
    /// When it was uploaded.
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Clone)]
pub struct NewTemplate {
    pub name: String,
    /// A Typst package: a gzipped tar, at most 8 MiB.
    pub package: Bytes,
    /// Its BLAKE3 hash, in lower-case hexadecimal.
    pub blake3: String,
    pub description: Option<String>,
    pub at: DateTime<Utc>,
}

/// What a tenant's templates may take.
#[derive(Debug, Clone, Copy)]
pub struct TemplateBounds {
    /// Versions of one name.
    pub versions: u64,
    pub names: u64,
    /// Bytes of all packages together.
    pub bytes: u64,
}

/// What became of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Uploaded {
    /// It is this new version.
    New(TemplateVersion),
    /// The last version has the same package: nothing was added.
    Same(TemplateVersion),
    /// The template has as many versions as one may have.
    ManyVersions,
    /// The tenant has as many templates as it may have.
    ManyNames,
    /// All packages together would be larger than they may be; they have so many bytes now.
    ManyBytes(u64),
}

#[async_trait]
pub trait Templates: Send + Sync + 'static {
    /// Keeps a template's next version, within these bounds.
    async fn put_template(
        &self,
        tenant: &TenantId,
        template: NewTemplate,
        bounds: TemplateBounds,
    ) -> Result<Uploaded, StoreError>;

    /// The last version of each of the tenant's templates, by name.
    async fn templates(&self, tenant: &TenantId) -> Result<Vec<TemplateVersion>, StoreError>;

    /// All versions of a template, the last first; none where the tenant has no such template.
    async fn template_versions(&self, tenant: &TenantId, name: &str) -> Result<Vec<TemplateVersion>, StoreError>;

    /// A version, else the last one, with its package.
    async fn template_package(
        &self,
        tenant: &TenantId,
        name: &str,
        version: Option<u32>,
    ) -> Result<Option<(TemplateVersion, Bytes)>, StoreError>;

    /// Deletes a version, or all of them; tells how many there were.
    async fn delete_template(&self, tenant: &TenantId, name: &str, version: Option<u32>) -> Result<u64, StoreError>;
}
