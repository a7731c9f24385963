//! The port of an object store.

use std::fmt;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use futures::{StreamExt, stream::BoxStream};
use ruche_schemas::{Claim, JobRef};

/// Why an object could not be had or kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// There is none under this key.
    #[error("{0} is not in the object store: it was deleted, or never put there")]
    Missing(String),
    /// It is not what the claim says.
    #[error("{key} in the object store is not what was put there: {what}")]
    Corrupt {
        /// Which object.
        key: String,
        /// How it differs.
        what: String,
    },
    /// The store can't be reached, refuses, or does not answer: try again later.
    #[error("the object store is not available: {0}")]
    Unavailable(String),
}

/// An object's bytes, piece by piece.
pub type Pieces = BoxStream<'static, Result<Bytes, ObjectError>>;

/// An object store. Keys are those of claims, `<tenant>/<job>/..`; whoever asks has checked [`Claim::is_of`].
#[async_trait]
pub trait Objects: fmt::Debug + Send + Sync + 'static {
    /// Keeps these bytes under the claim's key: returns when they are durable. Again is always safe.
    async fn put(&self, claim: &Claim, bytes: Bytes) -> Result<(), ObjectError>;

    /// Opens an object. Its last piece comes only once all of it is known to be what the claim says; else an error
    /// comes in its place, and no more than [`Claim::bytes`] are read in any case.
    async fn open(&self, claim: &Claim) -> Result<Pieces, ObjectError>;

    /// Deletes an object, if there is one.
    async fn delete(&self, claim: &Claim) -> Result<(), ObjectError>;

    /// Deletes all objects of a job.
    async fn delete_all(&self, job: &JobRef) -> Result<(), ObjectError>;

    /// The jobs that have objects which were put there before this time, in no order, some perhaps more than once.
    fn older(&self, than: DateTime<Utc>) -> BoxStream<'static, Result<JobRef, ObjectError>>;
}

/// Reads an object whole, and verified.
pub(super) async fn whole(objects: &dyn Objects, claim: &Claim) -> Result<Bytes, ObjectError> {
    let mut pieces = objects.open(claim).await?;
    let mut all = BytesMut::new();
    while let Some(piece) = pieces.next().await {
        all.extend_from_slice(&piece?);
    }
    Ok(all.freeze())
}

/// The job that a key belongs to; `None` for what is not ours.
pub(super) fn owner(key: &str) -> Option<JobRef> {
    let (tenant, rest) = key.split_once('/')?;
    let (id, _) = rest.split_once('/')?;
    Some(JobRef { tenant: tenant.parse().ok()?, id: id.parse().ok()? })
}
