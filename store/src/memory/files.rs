//! Rendered documents in memory.

use std::cmp::Reverse;

use async_trait::async_trait;
use ruche_schemas::{JobId, JobRef, TenantId};

use super::tables::{Memory, page};
use crate::{
    error::StoreError,
    files::{Files, StoredFile},
};

impl Memory {
    pub fn put_file(&self, file: StoredFile) {
        self.lock().files.push(file);
    }
}

#[async_trait]
impl Files for Memory {
    async fn files(
        &self,
        tenant: &TenantId,
        limit: u64,
        after: Option<JobId>,
    ) -> Result<Option<Vec<StoredFile>>, StoreError> {
        let mut all: Vec<StoredFile> =
            self.tables()?.files.iter().filter(|one| one.job.tenant == *tenant).cloned().collect();
        all.sort_by_key(|one| Reverse((one.created_at, one.job.id)));
        Ok(page(all, |one| one.job.id, limit, after))
    }

    async fn file(&self, job: &JobRef) -> Result<Option<StoredFile>, StoreError> {
        Ok(self.tables()?.files.iter().find(|one| one.job == *job).cloned())
    }

    async fn forget_file(&self, job: &JobRef) -> Result<bool, StoreError> {
        let all = &mut self.tables()?.files;
        let before = all.len();
        all.retain(|one| one.job != *job);
        Ok(all.len() < before)
    }
}
