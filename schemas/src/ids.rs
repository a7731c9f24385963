//! Names that are safe in a subject, a path and a log line; their constructors refuse all others.

use std::{borrow::Cow, fmt, str::FromStr};

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Says which names are allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {value:?} is not valid: {allowed}")]
pub struct InvalidName {
    what: &'static str,
    value: String,
    allowed: &'static str,
}

impl InvalidName {
    /// Keeps the beginning of the value.
    fn of(what: &'static str, value: &str, allowed: &'static str) -> Self {
        Self { what, value: value.chars().take(80).collect(), allowed }
    }
}

pub(crate) fn is_name(value: &str, max: usize) -> bool {
    let mut bytes = value.bytes();
    value.len() <= max
        && bytes.next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-')
}

/// A kind of job, such as `chat`. 1 to 32 of `a-z 0-9 _ -`, beginning with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Kind(Cow<'static, str>);

impl Kind {
    /// For a kind known at compile time; does not check the name.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Kind {
    type Err = InvalidName;
    fn from_str(value: &str) -> Result<Self, InvalidName> {
        let allowed = "1 to 32 of a-z, 0-9, _ and -, beginning with a letter or digit";
        match is_name(value, 32) {
            true => Ok(Self(Cow::Owned(value.to_owned()))),
            false => Err(InvalidName::of("kind", value, allowed)),
        }
    }
}

/// Who a job, a row and a key belong to. 1 to 63 of `a-z 0-9 _ -`, beginning with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct TenantId(String);

impl TenantId {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TenantId {
    type Err = InvalidName;
    fn from_str(value: &str) -> Result<Self, InvalidName> {
        let allowed = "1 to 63 of a-z, 0-9, _ and -, beginning with a letter or digit";
        match is_name(value, 63) {
            true => Ok(Self(value.to_owned())),
            false => Err(InvalidName::of("tenant", value, allowed)),
        }
    }
}

/// A job. A UUIDv7 (RFC 9562), or a UUIDv8 made from the client's idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct JobId(pub Uuid);

impl JobId {
    /// Ids made later sort later.
    #[must_use]
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }

    /// When the id was made, by its maker's clock, in milliseconds; `None` if it is not a UUIDv7.
    #[must_use]
    pub fn made_at(&self) -> Option<DateTime<Utc>> {
        let (seconds, nanos) = self.0.get_timestamp().filter(|_| self.0.get_version_num() == 7)?.to_unix();
        DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanos)
    }

    /// A tenant's idempotency key gives the same id for a kind every time, so a repeated submission is the same job.
    #[must_use]
    pub fn from_idempotency_key(tenant: &TenantId, kind: &Kind, key: &str) -> Self {
        let parts = [tenant.as_str(), kind.as_str(), key].map(str::as_bytes);
        Self::hashed("ruche 2026 idempotency key -> job id", &parts)
    }

    /// The id of a job that results from this one: `on_success.0`, `replay.17`.
    #[must_use]
    pub fn derived(&self, what: &str) -> Self {
        Self::hashed("ruche 2026 job id -> derived id", &[self.0.as_bytes(), what.as_bytes()])
    }

    /// The id of one firing of a recurring schedule, whose jobs all carry this id. `firing` is the position of the
    /// fired message in its queue, which is the same at each redelivery.
    #[must_use]
    pub fn fired(&self, firing: u64) -> Self {
        Self::hashed("ruche 2026 schedule -> job id", &[self.0.as_bytes(), &firing.to_le_bytes()])
    }

    fn hashed(purpose: &str, parts: &[&[u8]]) -> Self {
        Self(hashed(purpose, parts))
    }
}

/// A UUIDv8 (RFC 9562) of these parts.
fn hashed(purpose: &str, parts: &[&[u8]]) -> Uuid {
    let mut hash = blake3::Hasher::new_derive_key(purpose);
    for part in parts {
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let mut bytes = [0; 16];
    hash.finalize_xof().fill(&mut bytes);
    Uuid::new_v8(bytes)
}

/// The same source in the same collection of a tenant always has the same id.
#[must_use]
pub fn document_id(tenant: &TenantId, collection: &str, source: &str) -> Uuid {
    let parts = [tenant.as_str(), collection, source].map(str::as_bytes);
    hashed("ruche 2026 source -> document id", &parts)
}

/// Derived from the name, which is unique within its tenant only.
#[must_use]
pub fn collection_id(tenant: &TenantId, collection: &str) -> Uuid {
    hashed("ruche 2026 collection -> collection id", &[tenant.as_str(), collection].map(str::as_bytes))
}

/// 1 to 64 of `a-z 0-9 _ -`, beginning with a letter or digit.
#[must_use]
pub fn is_collection(name: &str) -> bool {
    is_name(name, 64)
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for JobId {
    type Err = uuid::Error;
    fn from_str(value: &str) -> Result<Self, uuid::Error> {
        value.parse().map(Self)
    }
}

/// A job and its owner, which identify its events. The same id of another tenant is another job.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct JobRef {
    pub tenant: TenantId,
    pub id: JobId,
}

impl fmt::Display for JobRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.tenant, self.id)
    }
}

/// The priority of a job. Workers prefer the first lane and never starve the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    /// A person waits for the answer; highest priority.
    Interactive,
    /// A program waits for the answer; normal priority.
    #[default]
    Normal,
    /// Background work; lowest priority.
    Bulk,
}

impl Lane {
    pub const ALL: [Self; 3] = [Self::Interactive, Self::Normal, Self::Bulk];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Interactive => "interactive",
            Self::Normal => "normal",
            Self::Bulk => "bulk",
        }
    }

    /// The number of queues of the lane. Shards keep one tenant's many jobs from delaying all others.
    #[must_use]
    pub const fn shards(self) -> u32 {
        match self {
            Self::Interactive | Self::Normal => 1,
            Self::Bulk => 8,
        }
    }

    /// The tenant's queue in the lane: the CRC-32 of its name (gzip's, RFC 1952) modulo the number of shards.
    /// Producers in any language can compute it.
    #[must_use]
    pub fn shard(self, tenant: &TenantId) -> u32 {
        crc32fast::hash(tenant.as_str().as_bytes()) % self.shards()
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Lane {
    type Err = InvalidName;
    fn from_str(value: &str) -> Result<Self, InvalidName> {
        let wrong = || InvalidName::of("lane", value, "interactive, normal or bulk");
        Self::ALL.into_iter().find(|lane| lane.as_str() == value).ok_or_else(wrong)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Kind {
    type Error = InvalidName;
    fn try_from(value: String) -> Result<Self, InvalidName> {
        value.parse()
    }
}

impl From<Kind> for String {
    fn from(kind: Kind) -> Self {
        kind.0.into_owned()
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for TenantId {
    type Error = InvalidName;
    fn try_from(value: String) -> Result<Self, InvalidName> {
        value.parse()
    }
}

impl From<TenantId> for String {
    fn from(tenant: TenantId) -> Self {
        tenant.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn a_name_that_could_change_a_subject_is_refused() {
        for bad in ["", "a.b", "a*", ">", "A", "é", "-a", "a b", &"x".repeat(64)] {
            assert!(bad.parse::<TenantId>().is_err(), "{bad:?}");
            assert!(bad.parse::<Kind>().is_err(), "{bad:?}");
        }
        assert_eq!("acme-2".parse::<TenantId>().map(String::from), Ok("acme-2".to_owned()));
    }

    #[test]
    fn an_idempotency_key_gives_one_id_per_tenant_and_kind() -> Result<(), InvalidName> {
        let (a, b): (TenantId, TenantId) = ("a".parse()?, "b".parse()?);
        let chat = Kind::new("chat");
        assert_eq!(JobId::from_idempotency_key(&a, &chat, "k"), JobId::from_idempotency_key(&a, &chat, "k"));
        assert_ne!(JobId::from_idempotency_key(&a, &chat, "k"), JobId::from_idempotency_key(&b, &chat, "k"));
        assert_ne!(JobId::from_idempotency_key(&a, &chat, "k"), JobId::from_idempotency_key(&a, &Kind::new("x"), "k"));
        Ok(())
    }

    #[test]
    fn only_an_id_that_nothing_else_decides_tells_when_it_was_made() {
        let before = clock::now() - chrono::TimeDelta::milliseconds(1);
        let made = JobId::generate().made_at().expect("a time");
        assert!(made >= before && made <= clock::now(), "{made}");
        let derived = JobId::generate().derived("on_success.0");
        assert_eq!(derived.made_at(), None);
        assert_eq!(JobId(Uuid::nil()).made_at(), None);
    }

    #[test]
    fn a_tenants_shard_is_the_one_that_other_languages_compute() -> Result<(), InvalidName> {
        // The check value of the CRC catalogue, and python3 -c 'import zlib; print(zlib.crc32(b"acme") % 8)'.
        assert_eq!(crc32fast::hash(b"123456789"), 0xCBF4_3926);
        for (name, shard) in [("acme", 6), ("globex", 2), ("tenant-1", 7)] {
            let tenant = name.parse()?;
            assert_eq!(Lane::ALL.map(|lane| lane.shard(&tenant)), [0, 0, shard], "{name}");
        }
        Ok(())
    }
}
