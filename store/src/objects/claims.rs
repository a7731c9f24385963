//! Makes claims of bytes and reads claims back, within their limits.

use std::sync::Arc;

use bytes::Bytes;
use ruche_schemas::{
    Claim, JobRef, TenantId,
    claim::{CLAIM_BYTES, Part},
    config,
};

use super::{
    port::{ObjectError, Objects, Pieces, whole},
    store::{OpenError, Store},
};

/// Exchanges payloads that are too large for a message for a claim check, and back. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Claims {
    objects: Option<Arc<dyn Objects>>,
    max_bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    #[error("more than {CLAIM_BYTES} bytes need an object store, and none is configured: set objects.url")]
    NoStore,
    /// More bytes than allowed.
    #[error("{bytes} bytes are too many: at most {max} are allowed (objects.max_bytes)")]
    TooLarge {
        bytes: u64,
        /// The limit.
        max: u64,
    },
    /// The key belongs to another tenant, or is no key of an object.
    #[error("{0:?} is no key of an object of this tenant: leave `claim` out, and let the gateway keep what is large")]
    Foreign(String),
    /// The object is missing or corrupt, or the store is unavailable.
    #[error(transparent)]
    Object(#[from] ObjectError),
}

impl ClaimError {
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::NoStore | Self::Object(ObjectError::Unavailable(_)))
    }
}

impl Claims {
    /// Without an object store: accepts only what fits a message.
    #[must_use]
    pub const fn none() -> Self {
        Self { objects: None, max_bytes: CLAIM_BYTES as u64 }
    }

    /// `max_bytes` limits each object.
    #[must_use]
    pub fn new(objects: Arc<dyn Objects>, max_bytes: u64) -> Self {
        Self { objects: Some(objects), max_bytes }
    }

    /// Opens the configured store. The error names the wrong setting.
    pub fn open(settings: &config::Objects) -> Result<Self, OpenError> {
        match settings.url.is_empty() {
            true => Ok(Self::none()),
            false => Ok(Self::new(Arc::new(Store::open(settings)?), settings.max_bytes)),
        }
    }

    #[must_use]
    pub fn objects(&self) -> Option<&Arc<dyn Objects>> {
        self.objects.as_ref()
    }

    #[must_use]
    pub const fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    /// Checks the size alone: fails with [`ClaimError::NoStore`] or [`ClaimError::TooLarge`].
    pub const fn fits(&self, bytes: usize) -> Result<(), ClaimError> {
        let (bytes, max) = (bytes as u64, self.max_bytes);
        match (&self.objects, bytes > max) {
            (None, true) => Err(ClaimError::NoStore),
            (Some(_), true) => Err(ClaimError::TooLarge { bytes, max }),
            (_, false) => Ok(()),
        }
    }

    /// Stores a part of a job durably.
    pub async fn put(&self, job: &JobRef, part: Part, bytes: Bytes) -> Result<Claim, ClaimError> {
        self.fits(bytes.len())?;
        let objects = self.objects.as_ref().ok_or(ClaimError::NoStore)?;
        let claim = Claim::of(job, part, &bytes);
        objects.put(&claim, bytes).await?;
        Ok(claim)
    }

    /// The claim's bytes, verified.
    pub async fn get(&self, tenant: &TenantId, claim: &Claim) -> Result<Bytes, ClaimError> {
        Ok(whole(self.allowed(tenant, claim)?, claim).await?)
    }

    /// The claim's bytes as a stream, like [`Objects::open`].
    pub async fn read(&self, tenant: &TenantId, claim: &Claim) -> Result<Pieces, ClaimError> {
        Ok(self.allowed(tenant, claim)?.open(claim).await?)
    }

    /// Checks a claim, which is untrusted input of whoever published the job: it must name an object of the tenant
    /// and stay within the size limit.
    fn allowed(&self, tenant: &TenantId, claim: &Claim) -> Result<&dyn Objects, ClaimError> {
        if !claim.is_of(tenant) {
            return Err(ClaimError::Foreign(claim.key.chars().take(SHOWN).collect()));
        }
        let objects = self.objects.as_deref().ok_or(ClaimError::NoStore)?;
        match claim.bytes > self.max_bytes {
            true => Err(ClaimError::TooLarge { bytes: claim.bytes, max: self.max_bytes }),
            false => Ok(objects),
        }
    }
}

/// Characters of an invalid key in an error message.
const SHOWN: usize = 120;
