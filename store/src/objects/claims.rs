//! Claims of bytes, and bytes of claims, within their bounds.

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

/// Turns what is too large for a message into a claim, and back. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Claims {
    objects: Option<Arc<dyn Objects>>,
    max_bytes: u64,
}

/// Why there is no claim for these bytes, or there are no bytes for this claim.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// This process has no object store.
    #[error("more than {CLAIM_BYTES} bytes need an object store, and none is configured: set objects.url")]
    NoStore,
    /// More than is allowed.
    #[error("{bytes} bytes are too many: at most {max} are allowed (objects.max_bytes)")]
    TooLarge {
        /// How many there are.
        bytes: u64,
        /// How many there may be.
        max: u64,
    },
    /// The claim names no object of this tenant.
    #[error("{0:?} is no key of an object of this tenant: leave `claim` out, and let the gateway keep what is large")]
    Foreign(String),
    /// The store has it not, or can't say.
    #[error(transparent)]
    Object(#[from] ObjectError),
}

impl ClaimError {
    /// Whether it may go better another time.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::NoStore | Self::Object(ObjectError::Unavailable(_)))
    }
}

impl Claims {
    /// Without an object store: whatever fits a message, and nothing else.
    #[must_use]
    pub const fn none() -> Self {
        Self { objects: None, max_bytes: CLAIM_BYTES as u64 }
    }

    /// With this store, for up to so many bytes each.
    #[must_use]
    pub fn new(objects: Arc<dyn Objects>, max_bytes: u64) -> Self {
        Self { objects: Some(objects), max_bytes }
    }

    /// As the settings say.
    ///
    /// # Errors
    /// When the store can't be used: the message names the setting.
    pub fn open(settings: &config::Objects) -> Result<Self, OpenError> {
        match settings.url.is_empty() {
            true => Ok(Self::none()),
            false => Ok(Self::new(Arc::new(Store::open(settings)?), settings.max_bytes)),
        }
    }

    /// The store, where there is one.
    #[must_use]
    pub fn objects(&self) -> Option<&Arc<dyn Objects>> {
        self.objects.as_ref()
    }

    /// The most bytes that a body or a result may have.
    #[must_use]
    pub const fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    /// Whether so many bytes can be kept at all.
    ///
    /// # Errors
    /// [`ClaimError::NoStore`] or [`ClaimError::TooLarge`].
    pub const fn fits(&self, bytes: usize) -> Result<(), ClaimError> {
        let (bytes, max) = (bytes as u64, self.max_bytes);
        match (&self.objects, bytes > max) {
            (None, true) => Err(ClaimError::NoStore),
            (Some(_), true) => Err(ClaimError::TooLarge { bytes, max }),
            (_, false) => Ok(()),
        }
    }

    /// Keeps these bytes as a part of this job, durably.
    ///
    /// # Errors
    /// When it can't be kept, now or ever.
    pub async fn put(&self, job: &JobRef, part: Part, bytes: Bytes) -> Result<Claim, ClaimError> {
        self.fits(bytes.len())?;
        let objects = self.objects.as_ref().ok_or(ClaimError::NoStore)?;
        let claim = Claim::of(job, part, &bytes);
        objects.put(&claim, bytes).await?;
        Ok(claim)
    }

    /// What this tenant's claim is for, whole and verified.
    ///
    /// # Errors
    /// When it can't be read, now or ever.
    pub async fn get(&self, tenant: &TenantId, claim: &Claim) -> Result<Bytes, ClaimError> {
        Ok(whole(self.allowed(tenant, claim)?, claim).await?)
    }

    /// The same piece by piece, as [`Objects::open`] has it.
    ///
    /// # Errors
    /// As [`Claims::get`].
    pub async fn read(&self, tenant: &TenantId, claim: &Claim) -> Result<Pieces, ClaimError> {
        Ok(self.allowed(tenant, claim)?.open(claim).await?)
    }

    /// A claim is data of whoever published the job: it may name nothing but the tenant's own, and no more than is
    /// allowed.
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

/// How much of a key that is none an error shows, in characters.
const SHOWN: usize = 120;
