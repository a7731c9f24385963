//! Documents that render jobs have stored, and the templates that tenants have uploaded.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{Claim, JobId, JobRef, TenantId};

use crate::jobs::StoreError;

/// A document in the object store. Its job's worker keeps the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDocument {
    /// The job that made it.
    pub job: JobRef,
    /// Where it is.
    pub claim: Claim,
    /// `application/pdf` or `image/png`.
    pub media_type: String,
    /// How many pages it has.
    pub pages: u32,
    /// Its title, where it has one.
    pub title: Option<String>,
    /// The name of the template that it was made with.
    pub template: String,
    /// How many warnings there were.
    pub warnings: u32,
    /// When its job ended.
    pub created_at: DateTime<Utc>,
}

/// A version of a tenant's template, without its package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateVersion {
    /// The template's name.
    pub name: String,
    /// Which version, from 1.
    pub version: u32,
    /// The length of the package.
    pub bytes: u64,
    /// The package's BLAKE3 hash, in lower-case hexadecimal.
    pub blake3: String,
    /// What it is for.
    pub description: Option<String>,
    /// When it was uploaded.
    pub created_at: DateTime<Utc>,
}

/// A version to be.
#[derive(Debug, Clone)]
pub struct NewTemplate {
    /// The template's name.
    pub name: String,
    /// A gzipped tar.
    pub package: Vec<u8>,
    /// Its BLAKE3 hash, in lower-case hexadecimal.
    pub blake3: String,
    /// What it is for.
    pub description: Option<String>,
    /// When it was uploaded.
    pub at: DateTime<Utc>,
}

/// What a tenant's templates may take.
#[derive(Debug, Clone, Copy)]
pub struct TemplateBounds {
    /// Versions of one name.
    pub versions: u64,
    /// Names.
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

/// The part of the store that has documents and templates.
#[async_trait]
pub trait Documents: Send + Sync + 'static {
    /// Up to `limit` documents, the newest first; those after the named one, when one is named. `None` where the tenant
    /// has no document of that name.
    async fn documents(
        &self,
        tenant: &TenantId,
        limit: u64,
        after: Option<JobId>,
    ) -> Result<Option<Vec<StoredDocument>>, StoreError>;

    /// The document of a job.
    async fn document(&self, job: &JobRef) -> Result<Option<StoredDocument>, StoreError>;

    /// Forgets the document of a job: its object is gone by then. Tells whether there was one.
    async fn forget_document(&self, job: &JobRef) -> Result<bool, StoreError>;

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
    ) -> Result<Option<(TemplateVersion, Vec<u8>)>, StoreError>;

    /// Deletes a version, or all of them; tells how many there were.
    async fn delete_template(&self, tenant: &TenantId, name: &str, version: Option<u32>) -> Result<u64, StoreError>;
}
