//! Authenticates bearer keys, by the store and a cache.
//!
//! A cached key keeps working while the database is down: jobs need the bus, not the database. So a revoked key works
//! for up to `gateway.key_cache_seconds`, and longer only during an outage.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::http::{HeaderMap, header};
use ruche_schemas::TenantId;
use ruche_store::{
    Store,
    keys::{ApiKey, Role, StoredKey},
};

use super::{error::ApiError, limits};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The tenant that it acts for.
    pub tenant: TenantId,
    /// The public part of its key.
    pub key: String,
    pub role: Role,
}

impl Caller {
    /// # Errors
    /// 403 unless the caller is an operator.
    pub fn admin(&self) -> Result<(), ApiError> {
        match self.role {
            Role::Admin => Ok(()),
            Role::Member => Err(ApiError::forbidden(
                "this is for operators: use a key of the role admin, which `ruche keys create --tenant NAME --name WHAT --role admin` makes",
            )),
        }
    }

    /// # Errors
    /// 403 unless the caller is an operator or the tenant itself; 400 for an invalid name.
    pub(super) fn acting_for(self, tenant: &str) -> Result<Self, ApiError> {
        let tenant = tenant.parse().map_err(|error| ApiError::invalid("tenant", format!("{error}")))?;
        if self.tenant != tenant {
            self.admin().map_err(|error| error.param("tenant"))?;
        }
        Ok(Self { tenant, ..self })
    }
}

/// Headers in which Anthropic's clients and Azure's send a key.
const OTHER_HEADERS: [&str; 2] = ["x-api-key", "api-key"];

/// The key in the header `Authorization`, or else in `x-api-key` or `api-key`.
///
/// # Errors
/// When there is only an `Authorization` of another scheme.
pub fn sent_key(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let authorization = headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap_or_default().trim());
    let parts = authorization.and_then(|value| value.split_once(' '));
    if let Some((_, key)) = parts.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")) {
        return Ok(Some(key.trim()));
    }
    let mut others = OTHER_HEADERS.iter().filter_map(|name| headers.get(*name)?.to_str().ok());
    match (others.next(), authorization) {
        (Some(key), _) => Ok(Some(key.trim())),
        (None, None) => Ok(None),
        (None, Some(_)) => Err(ApiError::unauthenticated(
            "the Authorization header is not `Bearer rk_...`: write `Bearer`, a space and the key",
        )),
    }
}

/// API keys, with a cache of recent checks.
pub struct Keys {
    store: Arc<dyn Store>,
    cache: Mutex<HashMap<String, Checked>>,
    trust: Duration,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("trust", &self.trust).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone)]
struct Checked {
    key: StoredKey,
    /// Until when it is trusted without the store.
    until: Instant,
}

impl Keys {
    /// `trust`: how long a checked key is cached.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, trust: Duration) -> Self {
        Self { store, cache: Mutex::default(), trust }
    }

    /// The caller with this key, recorded in the request's span.
    ///
    /// # Errors
    /// As [`Keys::check`].
    pub async fn authenticate(&self, key: &str) -> Result<Caller, ApiError> {
        let caller = self.check(key, Instant::now()).await?;
        tracing::Span::current().record("ruche.tenant", caller.tenant.as_str());
        Ok(caller)
    }

    /// # Errors
    /// 401 for a key that is malformed, unknown, revoked or wrong; 503 when the store is needed and does not answer.
    pub async fn check(&self, key: &str, now: Instant) -> Result<Caller, ApiError> {
        let wrong = || ApiError::unauthenticated("the API key is not valid: it may be mistyped or revoked");
        let key = ApiKey::parse(key).ok_or_else(wrong)?;
        let stored = self.find(key.id, now).await?.ok_or_else(wrong)?;
        match key.matches(&stored.hash) {
            true => Ok(Caller { tenant: stored.tenant, key: key.id.to_owned(), role: stored.role }),
            false => Err(wrong()),
        }
    }

    async fn find(&self, id: &str, now: Instant) -> Result<Option<StoredKey>, ApiError> {
        let known = self.lock().get(id).cloned();
        if let Some(checked) = known.as_ref().filter(|checked| now < checked.until) {
            return Ok(Some(checked.key.clone()));
        }
        match (self.store.find_key(id).await, known) {
            (Ok(Some(key)), _) => {
                self.remember(key.clone(), now + self.trust, now);
                Ok(Some(key))
            }
            (Ok(None), _) => {
                self.lock().remove(id);
                Ok(None)
            }
            (Err(_), Some(checked)) => {
                tracing::warn!(api_key.id = id, "the database is not available: a key checked before is trusted");
                self.remember(checked.key.clone(), now + limits::STALE_KEY_TIME, now);
                Ok(Some(checked.key))
            }
            (Err(error), None) => Err(error.into()),
        }
    }

    fn remember(&self, key: StoredKey, until: Instant, now: Instant) {
        let mut cache = self.lock();
        if cache.len() >= limits::CACHED_KEYS {
            cache.retain(|_, checked| now < checked.until);
            if cache.len() >= limits::CACHED_KEYS {
                cache.clear();
            }
        }
        cache.insert(key.id.clone(), Checked { key, until });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Checked>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruche_store::{
        keys::{self, Keys as _},
        memory::Memory,
    };

    async fn with_key() -> (Arc<Memory>, String) {
        let (store, key) = (Arc::new(Memory::default()), keys::generate());
        let tenant = "acme".parse().expect("a name");
        store.create_key(&tenant, "test", Role::Member, ApiKey::parse(&key).expect("a key")).await.expect("stored");
        (store, key)
    }

    #[test]
    fn a_key_is_read_from_the_headers_of_other_clients_too() {
        for (sent, expected) in [
            (&[("authorization", "Bearer rk_1")][..], Ok(Some("rk_1"))),
            (&[("authorization", "bearer  rk_1 ")], Ok(Some("rk_1"))),
            (&[("x-api-key", "rk_1")], Ok(Some("rk_1"))),
            (&[("api-key", "rk_1")], Ok(Some("rk_1"))),
            (&[("authorization", "Bearer rk_1"), ("x-api-key", "rk_2")], Ok(Some("rk_1"))),
            (&[("authorization", "Basic YTpi"), ("api-key", "rk_2")], Ok(Some("rk_2"))),
            (&[], Ok(None)),
            (&[("authorization", "rk_1")], Err(401)),
            (&[("authorization", "Basic YTpi")], Err(401)),
            (&[("authorization", "")], Err(401)),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in sent {
                headers.insert(*name, value.parse().expect("a value"));
            }
            let found = sent_key(&headers).map_err(|error| error.status().as_u16());
            assert_eq!(found, expected, "{sent:?}");
        }
    }

    #[tokio::test]
    async fn a_key_is_asked_for_again_only_when_its_time_is_over() {
        let ((store, key), now) = (with_key().await, Instant::now());
        let keys = Keys::new(store.clone(), Duration::from_secs(60));
        assert_eq!(keys.check(&key, now).await.expect("valid").tenant.as_str(), "acme");
        store.revoke(ApiKey::parse(&key).expect("a key").id);
        assert!(keys.check(&key, now + Duration::from_secs(59)).await.is_ok());
        let error = keys.check(&key, now + Duration::from_secs(61)).await.expect_err("revoked");
        assert_eq!(error.status(), 401);
    }

    #[tokio::test]
    async fn a_known_key_works_while_the_database_is_down_and_an_unknown_one_is_a_503() {
        let ((store, key), now) = (with_key().await, Instant::now());
        let keys = Keys::new(store.clone(), Duration::from_secs(1));
        assert!(keys.check(&key, now).await.is_ok());
        store.fail(true);
        let later = now + Duration::from_secs(3600);
        assert!(keys.check(&key, later).await.is_ok());
        let wrong_secret = format!("{}{}", &key[..16], keys::generate().split_off(16));
        assert_eq!(keys.check(&wrong_secret, later).await.expect_err("wrong").status(), 401);
        assert_eq!(keys.check(&keys::generate(), later).await.expect_err("down").status(), 503);
        store.fail(false);
        store.revoke(ApiKey::parse(&key).expect("a key").id);
        assert!(keys.check(&key, later + Duration::from_secs(3600)).await.is_err());
    }
}
