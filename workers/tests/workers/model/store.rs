//! The object store of a worker's life: it fails as the seed says, and crashes before or after a put.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;
use ruche_schemas::{Claim, JobId, JobRef};
use ruche_store::objects::{ObjectError, Objects, Pieces};

use crate::model::faults::Life;

impl fmt::Debug for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Life").field("seed", &self.world.seed).finish_non_exhaustive()
    }
}

fn owner(claim: &Claim) -> JobId {
    claim.key.split('/').nth(1).and_then(|id| id.parse().ok()).expect("a claim's key names its job")
}

fn injected() -> ObjectError {
    ObjectError::Unavailable("injected".to_owned())
}

#[async_trait]
impl Objects for Life {
    async fn put(&self, claim: &Claim, bytes: Bytes) -> Result<(), ObjectError> {
        self.call("put", owner(claim), injected, self.world.objects.put(claim, bytes)).await
    }

    async fn open(&self, claim: &Claim) -> Result<Pieces, ObjectError> {
        self.call("open", owner(claim), injected, self.world.objects.open(claim)).await
    }

    async fn delete(&self, claim: &Claim) -> Result<(), ObjectError> {
        self.world.objects.delete(claim).await
    }

    async fn delete_all(&self, job: &JobRef) -> Result<(), ObjectError> {
        self.world.objects.delete_all(job).await
    }

    fn older(&self, than: DateTime<Utc>) -> BoxStream<'static, Result<JobRef, ObjectError>> {
        self.world.objects.older(than)
    }
}
