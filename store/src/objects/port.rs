//! The port of an object store.

use std::fmt;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use futures::{StreamExt, stream::BoxStream};
use ruche_schemas::{Claim, JobRef};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    #[error("{0} is not in the object store: it was deleted, or never put there")]
    Missing(String),
    /// The content differs from the claim.
    #[error("{key} in the object store is not what was put there: {what}")]
    Corrupt {
        /// Of the object.
        key: String,
        what: String,
    },
    /// Temporary: the store can't be reached, refuses, or does not answer.
    #[error("the object store is not available: {0}")]
    Unavailable(String),
}

pub type Pieces = BoxStream<'static, Result<Bytes, ObjectError>>;

/// An object store. Keys are those of claims, `<tenant>/<job>/..`; the caller has checked [`Claim::is_of`].
#[async_trait]
pub trait Objects: fmt::Debug + Send + Sync + 'static {
    /// Stores bytes under the claim's key; returns when they are durable. Idempotent.
    async fn put(&self, claim: &Claim, bytes: Bytes) -> Result<(), ObjectError>;

    /// Streams an object. The last piece is released only after the whole object is verified against the claim;
    /// otherwise an error takes its place. Never reads more than [`Claim::bytes`].
    async fn open(&self, claim: &Claim) -> Result<Pieces, ObjectError>;

    /// Idempotent.
    async fn delete(&self, claim: &Claim) -> Result<(), ObjectError>;

    async fn delete_all(&self, job: &JobRef) -> Result<(), ObjectError>;

    /// Jobs with objects stored before this time, unordered, possibly with duplicates.
    fn older(&self, than: DateTime<Utc>) -> BoxStream<'static, Result<JobRef, ObjectError>>;
}

/// Reads a whole object, verified.
pub(super) async fn whole(objects: &dyn Objects, claim: &Claim) -> Result<Bytes, ObjectError> {
    let mut pieces = objects.open(claim).await?;
    let mut all = BytesMut::new();
    while let Some(piece) = pieces.next().await {
        all.extend_from_slice(&piece?);
    }
    Ok(all.freeze())
}

/// The job that a key belongs to; `None` for keys that Ruche did not create.
pub(super) fn owner(key: &str) -> Option<JobRef> {
    let (tenant, rest) = key.split_once('/')?;
    let (id, _) = rest.split_once('/')?;
    Some(JobRef { tenant: tenant.parse().ok()?, id: id.parse().ok()? })
}
