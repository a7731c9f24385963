//! Rendered documents: objects that jobs have stored, a row each to list them.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{Claim, JobId, JobRef, TenantId};

use crate::error::StoreError;

/// A document that a job has stored, as its worker writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Where it is.
    pub claim: Claim,
    /// `application/pdf` or `image/png`.
    pub media_type: String,
    pub pages: u32,
    pub title: Option<String>,
    /// The name of its template.
    pub template: String,
    /// How many things in the input had no effect.
    pub warnings: u32,
}

/// A document in the object store, as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// The job that made it.
    pub job: JobRef,
    pub file: File,
    /// When its job ended.
    pub created_at: DateTime<Utc>,
}

#[async_trait]
pub trait Files: Send + Sync + 'static {
    /// Up to `limit` files, the newest first; those after that of the named job, when one is named. `None` where the tenant
    /// has no file of that job.
    async fn files(
        &self,
        tenant: &TenantId,
        limit: u64,
        after: Option<JobId>,
    ) -> Result<Option<Vec<StoredFile>>, StoreError>;

    async fn file(&self, job: &JobRef) -> Result<Option<StoredFile>, StoreError>;

    /// Deletes the row of a file whose object is deleted. Tells whether there was one.
    async fn forget_file(&self, job: &JobRef) -> Result<bool, StoreError>;
}
