//! Signed links to documents: whoever has one may read the document until it expires, without a key.
//!
//! The signature is BLAKE3, keyed with the gateway's secret, over tenant, document and time. So no link is stored,
//! any gateway with the secret accepts it, and a new secret ends all links.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use ruche_schemas::{JobId, JobRef, config::Secret};

use crate::http::error::ApiError;

/// The context of the key derivation: other uses of the secret give other signatures.
const CONTEXT: &str = "ruche 2026-11-26 links to documents v1";

/// The parts of a link's query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signed<'a> {
    pub(crate) tenant: &'a str,
    /// In seconds since 1970.
    pub(crate) expires: &'a str,
    /// In hexadecimal.
    pub(crate) signature: &'a str,
}

#[derive(Clone)]
pub struct Links(Arc<Secret>);

impl Links {
    /// With `gateway.link_secret`.
    #[must_use]
    pub fn new(secret: Secret) -> Self {
        Self(Arc::new(secret))
    }

    /// As [`sign`].
    pub(crate) fn sign(&self, job: &JobRef, expires: DateTime<Utc>) -> Result<String, ApiError> {
        sign(&self.0, job, expires)
    }

    /// As [`check`].
    pub(crate) fn check(&self, id: &str, link: &Signed<'_>, now: DateTime<Utc>) -> Result<JobRef, ApiError> {
        check(&self.0, id, link, now)
    }
}

fn signature(secret: &Secret, job: &JobRef, expires: i64) -> Result<blake3::Hash, ApiError> {
    if secret.0.is_empty() {
        let message = "this gateway can't sign links: it has no secret (gateway.link_secret, \
                       RUCHE_GATEWAY__LINK_SECRET)";
        return Err(ApiError::not_set_up("no_link_secret", message));
    }
    let key = blake3::derive_key(CONTEXT, secret.0.as_bytes());
    Ok(blake3::keyed_hash(&key, format!("{job}/{expires}").as_bytes()))
}

/// # Errors
/// 501 without a secret.
fn sign(secret: &Secret, job: &JobRef, expires: DateTime<Utc>) -> Result<String, ApiError> {
    let expires = expires.timestamp();
    let signature = signature(secret, job, expires)?;
    let JobRef { tenant, id } = job;
    Ok(format!("/v1/renders/{id}/file?tenant={tenant}&expires={expires}&signature={signature}"))
}

/// # Errors
/// 403 for a forged or expired link, 501 without a secret.
fn check(secret: &Secret, id: &str, link: &Signed<'_>, now: DateTime<Utc>) -> Result<JobRef, ApiError> {
    let forged =
        || ApiError::refused_link("link_invalid", "the signature of this link is not valid: request a new link");
    let tenant = link.tenant.parse().map_err(|_| forged())?;
    let job = JobRef { tenant, id: id.parse::<JobId>().map_err(|_| forged())? };
    let expires: i64 = link.expires.parse().map_err(|_| forged())?;
    let given = blake3::Hash::from_hex(link.signature).map_err(|_| forged())?;
    // Hashes are compared in constant time.
    if signature(secret, &job, expires)? != given {
        return Err(forged());
    }
    match now.timestamp() < expires {
        true => Ok(job),
        false => Err(ApiError::refused_link("link_expired", "this link has expired: request a new one")),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use ruche_schemas::clock;

    use super::*;

    fn check_link(secret: &Secret, link: &str, now: DateTime<Utc>) -> Result<JobRef, ApiError> {
        let (path, query) = link.split_once('?').expect("a query");
        let part =
            |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap_or("");
        let id = path.split('/').nth(3).expect("an id");
        let signed = Signed { tenant: part("tenant"), expires: part("expires"), signature: part("signature") };
        check(secret, id, &signed, now)
    }

    #[test]
    fn a_link_is_good_for_its_document_and_its_time_and_nothing_else() {
        let secret = Secret("0123456789abcdef0123456789abcdef".to_owned());
        let job = JobRef { tenant: "acme".parse().expect("a name"), id: JobId::generate() };
        let now = clock::now();
        let link = sign(&secret, &job, now + TimeDelta::seconds(60)).expect("a link");
        assert_eq!(check_link(&secret, &link, now), Ok(job.clone()));
        let code = |link: &str, at| check_link(&secret, link, at).map_err(|e| e.code_name().map(str::to_owned));
        let refused = |name: &str| Err(Some(name.to_owned()));
        assert_eq!(code(&link, now + TimeDelta::seconds(61)), refused("link_expired"));
        for (from, to) in [
            ("tenant=acme", "tenant=other"),
            ("expires=", "expires=9"),
            ("signature=", "signature=x"),
            (&*job.id.to_string(), &*JobId::generate().to_string()),
        ] {
            assert_eq!(code(&link.replacen(from, to, 1), now), refused("link_invalid"), "{to}");
        }
        let other = Secret("another secret of thirty-two characters".to_owned());
        assert!(check_link(&other, &link, now).is_err());
        let none = Secret(String::new());
        assert_eq!(sign(&none, &job, now).expect_err("no secret").status(), 501);
        assert_eq!(check_link(&none, &link, now).expect_err("no secret").status(), 501);
    }
}
