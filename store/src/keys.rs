//! API keys: `rk_<id>_<secret>`. The id finds the row; only the BLAKE3 hash of the secret is stored. A fast hash is
//! enough, because the secret has 43 random characters of 62 (256 bits) from the operating system's generator.

use async_trait::async_trait;
use rand::distr::{Alphanumeric, SampleString};
use ruche_schemas::TenantId;
use subtle::ConstantTimeEq;

use crate::error::StoreError;

/// Characters of the public part.
const ID: usize = 12;
/// Characters of the secret part.
const SECRET: usize = 43;

/// An API key as its owner presents it. `Debug` never prints the secret.
#[derive(Clone, Copy)]
pub struct ApiKey<'a> {
    /// The public part.
    pub id: &'a str,
    secret: &'a str,
}

impl std::fmt::Debug for ApiKey<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "rk_{}_***", self.id)
    }
}

impl<'a> ApiKey<'a> {
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let (id, secret) = text.strip_prefix("rk_")?.split_once('_')?;
        let is = |part: &str, len| part.len() == len && part.bytes().all(|b| b.is_ascii_alphanumeric());
        (is(id, ID) && is(secret, SECRET)).then_some(Self { id, secret })
    }

    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        *blake3::hash(self.secret.as_bytes()).as_bytes()
    }

    /// Compares in constant time.
    #[must_use]
    pub fn matches(&self, hash: &[u8]) -> bool {
        self.hash().ct_eq(hash).into()
    }
}

/// A new random key, complete with its secret: to be shown once.
#[must_use]
pub fn generate() -> String {
    let mut rng = rand::rng();
    format!("rk_{}_{}", Alphanumeric.sample_string(&mut rng, ID), Alphanumeric.sample_string(&mut rng, SECRET))
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Role {
    #[default]
    Member,
    /// May also inspect and control queues, workers, pauses and other tenants.
    Admin,
}

impl Role {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Admin => "admin",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = String;
    fn from_str(role: &str) -> Result<Self, String> {
        match role {
            "member" => Ok(Self::Member),
            "admin" => Ok(Self::Admin),
            other => Err(format!("{other:?} is no role: there are member and admin")),
        }
    }
}

/// The row of an API key that is not revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// The public part.
    pub id: String,
    pub tenant: TenantId,
    pub role: Role,
    /// BLAKE3 of the secret part, 32 bytes.
    pub hash: Vec<u8>,
}

#[async_trait]
pub trait Keys: Send + Sync + 'static {
    async fn find_key(&self, id: &str) -> Result<Option<StoredKey>, StoreError>;

    /// Stores a key, and creates its tenant if needed.
    async fn create_key(&self, tenant: &TenantId, name: &str, role: Role, key: ApiKey<'_>) -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_key_is_one_and_matches_only_its_own_hash() {
        let (one, other) = (generate(), generate());
        let key = ApiKey::parse(&one).expect("a key");
        assert!(key.matches(&key.hash()));
        assert!(!key.matches(&ApiKey::parse(&other).expect("a key").hash()));
        assert!(!format!("{key:?}").contains(&one[16..]));
    }

    #[test]
    fn what_can_not_be_a_key_is_refused_without_asking_anybody() {
        for bad in ["", "rk_", "sk-abc", "rk_abc_def", &format!("{}x", generate()), &generate().replace("rk_", "rk-")] {
            assert!(ApiKey::parse(bad).is_none(), "{bad}");
        }
    }
}
