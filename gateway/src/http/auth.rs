//! Who is calling: a bearer key, checked against the store and remembered for a while.
//!
//! A key that was checked goes on working while the database is down: jobs need the bus, not the database. A
//! revoked key therefore works for up to `gateway.key_cache_seconds`, and longer only during an outage.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    extract::{FromRequestParts, Query},
    http::{HeaderMap, header, request::Parts},
};
use ruche_schemas::TenantId;
use serde::Deserialize;

use super::{error::ApiError, limits};
use crate::{
    app::parts::App,
    keys::ApiKey,
    ports::{Role, Store, StoredKey},
};

/// An authenticated caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// On whose behalf.
    pub tenant: TenantId,
    /// The public part of its key.
    pub key: String,
    /// What the key may do.
    pub role: Role,
}

impl Caller {
    /// That it is an operator.
    ///
    /// # Errors
    /// 403 that says how to get to be one.
    pub fn admin(&self) -> Result<(), ApiError> {
        match self.role {
            Role::Admin => Ok(()),
            Role::Member => Err(ApiError::forbidden(
                "this is for operators: use a key that was made with `ruche-gateway keys create --role admin`",
            )),
        }
    }

    /// The same caller, on behalf of this tenant.
    ///
    /// # Errors
    /// 403 where it may not, 400 where it is no tenant's name.
    fn acting_for(self, tenant: &str) -> Result<Self, ApiError> {
        let tenant = tenant.parse().map_err(|error| ApiError::invalid("tenant", format!("{error}")))?;
        if self.tenant != tenant {
            self.admin().map_err(|error| error.param("tenant"))?;
        }
        Ok(Self { tenant, ..self })
    }
}

/// `?tenant=`, on every route: an operator acts for somebody else.
#[derive(Deserialize)]
struct ActingFor {
    tenant: Option<String>,
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let key = bearer(&parts.headers)?.ok_or_else(|| {
            ApiError::unauthenticated("no API key was given: send the header `Authorization: Bearer rk_...`")
        })?;
        let caller = app.authenticate(key).await?;
        match Query::<ActingFor>::try_from_uri(&parts.uri)?.0.tenant {
            Some(tenant) => caller.acting_for(&tenant),
            None => Ok(caller),
        }
    }
}

/// The key in the `Authorization` header, if there is the header.
///
/// # Errors
/// When the header has another scheme.
pub fn bearer(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let parts = value.to_str().ok().and_then(|value| value.trim().split_once(' '));
    match parts {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(key.trim())),
        _ => Err(ApiError::unauthenticated("the Authorization header is not `Bearer rk_...`")),
    }
}

/// The keys that were checked lately.
#[derive(Debug)]
pub struct Keys {
    cache: Mutex<HashMap<String, Checked>>,
    trust: Duration,
}

#[derive(Debug, Clone)]
struct Checked {
    key: StoredKey,
    /// Until when it is trusted without asking.
    until: Instant,
}

impl Keys {
    /// Remembers a checked key for this long.
    #[must_use]
    pub fn new(trust: Duration) -> Self {
        Self { cache: Mutex::default(), trust }
    }

    /// The caller with this key.
    ///
    /// # Errors
    /// 401 for a key that is not one, unknown, revoked or wrong; 503 when the store has to be asked and does not
    /// answer.
    pub async fn check(&self, store: &dyn Store, key: &str, now: Instant) -> Result<Caller, ApiError> {
        let wrong = || ApiError::unauthenticated("the API key is not valid: it may be mistyped or revoked");
        let key = ApiKey::parse(key).ok_or_else(wrong)?;
        let stored = self.find(store, key.id, now).await?.ok_or_else(wrong)?;
        match key.matches(&stored.hash) {
            true => Ok(Caller { tenant: stored.tenant, key: key.id.to_owned(), role: stored.role }),
            false => Err(wrong()),
        }
    }

    async fn find(&self, store: &dyn Store, id: &str, now: Instant) -> Result<Option<StoredKey>, ApiError> {
        let known = self.lock().get(id).cloned();
        if let Some(checked) = known.as_ref().filter(|checked| now < checked.until) {
            return Ok(Some(checked.key.clone()));
        }
        match (store.find_key(id).await, known) {
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
    use crate::{adapters::memory::Memory, keys};

    async fn with_key() -> (Memory, String) {
        let (store, key) = (Memory::default(), keys::generate());
        let tenant = "acme".parse().expect("a name");
        store.create_key(&tenant, "test", Role::Member, ApiKey::parse(&key).expect("a key")).await.expect("stored");
        (store, key)
    }

    #[tokio::test]
    async fn a_key_is_asked_for_again_only_when_its_time_is_over() {
        let ((store, key), keys, now) = (with_key().await, Keys::new(Duration::from_secs(60)), Instant::now());
        assert_eq!(keys.check(&store, &key, now).await.expect("valid").tenant.as_str(), "acme");
        store.revoke(ApiKey::parse(&key).expect("a key").id);
        assert!(keys.check(&store, &key, now + Duration::from_secs(59)).await.is_ok());
        let error = keys.check(&store, &key, now + Duration::from_secs(61)).await.expect_err("revoked");
        assert_eq!(error.status(), 401);
    }

    #[tokio::test]
    async fn a_known_key_works_while_the_database_is_down_and_an_unknown_one_is_a_503() {
        let ((store, key), keys, now) = (with_key().await, Keys::new(Duration::from_secs(1)), Instant::now());
        assert!(keys.check(&store, &key, now).await.is_ok());
        store.fail(true);
        let later = now + Duration::from_secs(3600);
        assert!(keys.check(&store, &key, later).await.is_ok());
        let wrong_secret = format!("{}{}", &key[..16], keys::generate().split_off(16));
        assert_eq!(keys.check(&store, &wrong_secret, later).await.expect_err("wrong").status(), 401);
        assert_eq!(keys.check(&store, &keys::generate(), later).await.expect_err("down").status(), 503);
        store.fail(false);
        store.revoke(ApiKey::parse(&key).expect("a key").id);
        assert!(keys.check(&store, &key, later + Duration::from_secs(3600)).await.is_err());
    }
}
