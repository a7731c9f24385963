//! A reference to a body or a result that is too large for a message ("claim check", Hohpe and Woolf, Enterprise
//! Integration Patterns).
//!
//! The object's name contains the hash of its content. So a late writer (an attempt that was presumed dead, a second
//! submission under the same id) can't replace what a claim refers to.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{JobRef, TenantId};

/// The largest body or result in a message; larger ones go to the object store.
pub const CLAIM_BYTES: usize = 256 << 10;

/// A reference to an object in the object store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Claim {
    /// The object's name: `<tenant>/<job>/body.<blake3>`, or `output` or `document` in place of `body`.
    pub key: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its BLAKE3 hash, in lower-case hexadecimal.
    pub blake3: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Body,
    Output,
    /// A document that the job made and that its output names.
    Document,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Body => "body",
            Self::Output => "output",
            Self::Document => "document",
        })
    }
}

impl Claim {
    #[must_use]
    pub fn of(job: &JobRef, part: Part, bytes: &[u8]) -> Self {
        let blake3 = blake3::hash(bytes).to_hex().to_string();
        Self { key: key(job, part, &blake3), bytes: bytes.len() as u64, blake3 }
    }

    /// Whether the claim names an object of this tenant in the form that [`Claim::of`] writes. Then its key is a safe
    /// path.
    #[must_use]
    pub fn is_of(&self, tenant: &TenantId) -> bool {
        let Some((owner, rest)) = self.key.split_once('/') else { return false };
        let Some((id, name)) = rest.split_once('/') else { return false };
        let (Ok(id), Some((part, _))) = (id.parse(), name.split_once('.')) else { return false };
        let part = [Part::Body, Part::Output, Part::Document].into_iter().find(|known| known.to_string() == part);
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        let job = JobRef { tenant: tenant.clone(), id };
        // The key must equal what its parts give: this refuses other spellings of an id, `..` and a suffix.
        owner == tenant.as_str()
            && self.blake3.len() == 64
            && self.blake3.bytes().all(hex)
            && part.is_some_and(|part| key(&job, part, &self.blake3) == self.key)
    }
}

fn key(job: &JobRef, part: Part, blake3: &str) -> String {
    format!("{job}/{part}.{blake3}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::JobId;

    #[test]
    fn a_claim_is_of_its_tenant_and_of_nobody_else() {
        let tenant: TenantId = "acme".parse().expect("a name");
        let job = JobRef { tenant: tenant.clone(), id: JobId::generate() };
        let claim = Claim::of(&job, Part::Body, b"hello");
        assert_eq!((claim.bytes, claim.is_of(&tenant)), (5, true));
        assert!(claim.key.starts_with(&format!("acme/{}/body.ea8f163db38682", job.id)), "{}", claim.key);
        assert!(!claim.is_of(&"other".parse().expect("a name")));
        assert_ne!(claim.key, Claim::of(&job, Part::Output, b"hello").key);
        let (id, hash) = (job.id.to_string(), claim.blake3.clone());
        for wrong in [
            String::new(),
            "acme".to_owned(),
            format!("acme/{id}"),
            format!("acme/{id}/body"),
            format!("acme/{id}/secret.{hash}"),
            format!("acme/../other/{id}/body.{hash}"),
            format!("acme/{id}/../{id}/body.{hash}"),
            format!("acme/{id}/body.{hash}/x"),
            format!("acme/{}/body.{hash}", id.to_uppercase()),
            format!("/acme/{id}/body.{hash}"),
            format!("acme//{id}/body.{hash}"),
        ] {
            let claim = Claim { key: wrong, ..claim.clone() };
            assert!(!claim.is_of(&tenant), "{}", claim.key);
        }
        let traversal = "../".repeat(20) + "etc";
        let claim = Claim { key: format!("acme/{id}/body.{traversal}"), blake3: traversal, ..claim };
        assert!(!claim.is_of(&tenant), "{}", claim.key);
    }
}
