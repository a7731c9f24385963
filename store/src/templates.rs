//! Reads the templates that tenants have uploaded. A version never changes; a name without one is its newest.
//!
//! Everything is asked for with its tenant, so that somebody else's template is as unknown as one that never was.

use async_trait::async_trait;
use bytes::Bytes;
use ruche_schemas::TenantId;

/// Reads templates.
#[async_trait]
pub trait Templates: Send + Sync + 'static {
    /// This version of the tenant's template, or its newest; `None` when the tenant has no such template or version.
    ///
    /// # Errors
    /// [`Unavailable`]: try again later.
    async fn package(
        &self,
        tenant: &TenantId,
        name: &str,
        version: Option<u32>,
    ) -> Result<Option<Package>, Unavailable>;
}

/// A version of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Which version, from 1.
    pub version: u32,
    /// Its BLAKE3 hash, in lower-case hexadecimal.
    pub blake3: String,
    /// A Typst package: a gzipped tar, at most 8 MiB, as it was uploaded.
    pub bytes: Bytes,
}

/// The templates can't be read now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the templates can't be read now: {0}")]
pub struct Unavailable(pub String);
