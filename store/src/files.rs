//! Rendered documents: objects that jobs have stored, with one row each for listing.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{Claim, JobId, JobRef, TenantId};

use crate::error::StoreError;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub claim: Claim,
    /// `application/pdf` or `image/png`.
    pub media_type: String,
    pub pages: u32,
    pub title: Option<String>,
    pub template: String,
    /// Number of input items without effect.
    pub warnings: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    pub job: JobRef,
    pub file: File,
    pub created_at: DateTime<Utc>,
}

#[async_trait]
pub trait Files: Send + Sync + 'static {
    /// Up to `limit` files, newest first, after the file of job `after`. `None` if the tenant has no file of that
    /// job.
    async fn files(
        &self,
        tenant: &TenantId,
        limit: u64,
        after: Option<JobId>,
    ) -> Result<Option<Vec<StoredFile>>, StoreError>;

    async fn file(&self, job: &JobRef) -> Result<Option<StoredFile>, StoreError>;

    /// Deletes the row of a file whose object is already deleted; returns whether there was one.
    async fn forget_file(&self, job: &JobRef) -> Result<bool, StoreError>;
}
