//! An in-memory object store for tests.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use ruche_schemas::{Claim, JobRef, clock};

use super::{
    port::{ObjectError, Objects, Pieces, owner},
    verified::verified,
};

/// Objects by key, with the time of their `put`.
#[derive(Debug, Default)]
pub struct Memory(Mutex<BTreeMap<String, (Bytes, DateTime<Utc>)>>);

impl Memory {
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        self.kept().keys().cloned().collect()
    }

    /// Ignores poisoning: no change spans a panic, so the state is always consistent.
    fn kept(&self) -> MutexGuard<'_, BTreeMap<String, (Bytes, DateTime<Utc>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Objects for Memory {
    async fn put(&self, claim: &Claim, bytes: Bytes) -> Result<(), ObjectError> {
        self.kept().insert(claim.key.clone(), (bytes, clock::now()));
        Ok(())
    }

    async fn open(&self, claim: &Claim) -> Result<Pieces, ObjectError> {
        let found = self.kept().get(&claim.key).map(|(bytes, _)| bytes.clone());
        let bytes = found.ok_or_else(|| ObjectError::Missing(claim.key.clone()))?;
        Ok(verified(stream::iter([Ok(bytes)]).boxed(), claim.clone()))
    }

    async fn delete(&self, claim: &Claim) -> Result<(), ObjectError> {
        self.kept().remove(&claim.key);
        Ok(())
    }

    async fn delete_all(&self, job: &JobRef) -> Result<(), ObjectError> {
        self.kept().retain(|key, _| owner(key).as_ref() != Some(job));
        Ok(())
    }

    fn older(&self, than: DateTime<Utc>) -> BoxStream<'static, Result<JobRef, ObjectError>> {
        let kept = self.kept();
        let old = kept.iter().filter(|(_, (_, at))| *at < than).filter_map(|(key, _)| owner(key));
        stream::iter(old.map(Ok).collect::<Vec<_>>()).boxed()
    }
}
