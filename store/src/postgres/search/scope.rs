//! What a search depends on besides its query: the number of matching chunks, whether an index exists, the languages
//! of the documents, and word frequencies. What changes slowly is cached.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use ruche_schemas::{TenantId, config::Search};
use sqlx::{self, AssertSqlSafe, PgPool, Row as _};

use super::{
    part::{Part, parts},
    statement,
};
use crate::{
    analysis::query::{Query, parse},
    error::StoreError,
    search::{Filter, Lookup},
};

/// Cache lifetime of large sizes and of word frequencies.
const REMEMBERED: Duration = Duration::from_secs(60);
/// Cache lifetime of small sizes: they may grow, and an exact scan of many chunks is slow. Emptiness is never cached,
/// so additions are found at once.
const BRIEFLY: Duration = Duration::from_secs(5);
/// Capacity of each cache.
const SCOPES: usize = 1_000;
/// Upper bound of a count of chunks.
const COUNTED: u32 = 2_000_000;

/// Tenant, model, collections, and as text what restricts the chunks.
type Key = (TenantId, i32, Vec<String>, String);
/// The share of all chunks that contain a word.
type Frequencies = Arc<HashMap<String, f32>>;

#[derive(Debug, Default)]
pub(super) struct Memory {
    parts: Mutex<HashMap<Key, (Instant, Part)>>,
    totals: Mutex<HashMap<Key, (Instant, u64)>>,
    frequencies: Mutex<Option<(Instant, Frequencies)>>,
}

impl Memory {
    /// The parts, with their sizes and scan methods.
    pub(super) async fn sized(
        &self,
        pool: &PgPool,
        settings: &Search,
        tenant: &TenantId,
        lookup: &Lookup,
        constraint: Option<&str>,
    ) -> Result<Vec<Part>, StoreError> {
        let mut parts = parts(lookup);
        let limits = (&lookup.filter, constraint);
        let filter =
            if lookup.filter.is_empty() && constraint.is_none() { String::new() } else { format!("{limits:?}") };
        if self.recall(tenant, &mut parts, &filter) {
            return Ok(parts);
        }
        let sizes = statement::sizes(tenant, limits, &parts, settings.exact_below)?;
        let rows = sqlx::query_with(AssertSqlSafe(sizes.sql), sizes.arguments).fetch_all(pool).await?;
        for (part, row) in parts.iter_mut().zip(rows) {
            let counted: i64 = row.try_get("size")?;
            let indexed: bool = row.try_get("indexed")?;
            part.size = u64::try_from(counted).unwrap_or_default();
            let is_large = part.size > u64::from(settings.exact_below);
            part.exact = !is_large || !indexed;
            if is_large {
                part.size = self.total(pool, tenant, part).await?.max(part.size);
            }
            if part.size > 0 {
                keep(&self.parts, key(tenant, part, &filter), part.clone());
            }
        }
        Ok(parts)
    }

    /// The number of chunks without a filter, which decides how rare a word is. Only for large parts.
    async fn total(&self, pool: &PgPool, tenant: &TenantId, part: &Part) -> Result<u64, StoreError> {
        let key = key(tenant, part, "");
        if let Some(known) = recall(&self.totals, &key, REMEMBERED) {
            return Ok(known);
        }
        let sizes = statement::sizes(tenant, (&Filter::default(), None), std::slice::from_ref(part), COUNTED)?;
        let row = sqlx::query_with(AssertSqlSafe(sizes.sql), sizes.arguments).fetch_one(pool).await?;
        let total = u64::try_from(row.try_get::<i64, _>("size")?).unwrap_or_default();
        keep(&self.totals, key, total);
        Ok(total)
    }

    fn recall(&self, tenant: &TenantId, parts: &mut [Part], filter: &str) -> bool {
        parts.iter_mut().all(|part| {
            let key = key(tenant, part, filter);
            let known = recall(&self.parts, &key, BRIEFLY)
                .or_else(|| recall(&self.parts, &key, REMEMBERED).filter(|part| !part.exact));
            known.map(|known| *part = known).is_some()
        })
    }

    /// The words of the lookup's text, in the languages of the collections' documents.
    pub(super) async fn query(
        &self,
        pool: &PgPool,
        tenant: &TenantId,
        lookup: &Lookup,
    ) -> Result<Option<Query>, StoreError> {
        let Some(text) = &lookup.text else { return Ok(None) };
        let collections: Vec<&str> = lookup.collections.iter().map(|one| one.name.as_str()).collect();
        let languages: Vec<String> =
            sqlx::query_scalar(LANGUAGES).bind(tenant.as_str()).bind(collections).fetch_all(pool).await?;
        Ok(Some(parse(text, &languages)))
    }

    /// The share of all chunks that contain each common word, from the database's statistics; empty before there are
    /// any.
    pub(super) async fn frequencies(&self, pool: &PgPool) -> Result<Frequencies, StoreError> {
        let known = self.frequencies.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, known)) = known.filter(|(at, _)| at.elapsed() < REMEMBERED) {
            return Ok(known);
        }
        let row = sqlx::query(FREQUENCIES).fetch_optional(pool).await?;
        let mut frequencies = HashMap::new();
        if let Some(row) = row {
            let lexemes: Option<Vec<String>> = row.try_get("lexemes")?;
            let shares: Option<Vec<f32>> = row.try_get("shares")?;
            frequencies.extend(lexemes.unwrap_or_default().into_iter().zip(shares.unwrap_or_default()));
        }
        let frequencies = Arc::new(frequencies);
        // Statistics appear after the first chunks; until then every search reads them.
        if !frequencies.is_empty() {
            *self.frequencies.lock().unwrap_or_else(PoisonError::into_inner) =
                Some((Instant::now(), Arc::clone(&frequencies)));
        }
        Ok(frequencies)
    }
}

fn key(tenant: &TenantId, part: &Part, filter: &str) -> Key {
    (tenant.clone(), part.model, part.collections.clone(), filter.to_owned())
}

fn recall<T: Clone>(memory: &Mutex<HashMap<Key, (Instant, T)>>, key: &Key, age: Duration) -> Option<T> {
    let known = memory.lock().unwrap_or_else(PoisonError::into_inner);
    known.get(key).filter(|(at, _)| at.elapsed() < age).map(|(_, value)| value.clone())
}

fn keep<T>(memory: &Mutex<HashMap<Key, (Instant, T)>>, key: Key, value: T) {
    let mut known = memory.lock().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= SCOPES {
        known.clear();
    }
    known.insert(key, (Instant::now(), value));
}

/// Steps from each language of a collection to the next by an index, however many documents there are.
const LANGUAGES: &str = "
WITH RECURSIVE found AS (
  SELECT c.name, (SELECT min(d.language) FROM documents d WHERE d.tenant = $1 AND d.collection = c.name) AS language
  FROM unnest($2::text[]) AS c (name)
  UNION ALL
  SELECT f.name, (SELECT min(d.language) FROM documents d
                  WHERE d.tenant = $1 AND d.collection = f.name AND d.language > f.language)
  FROM found f WHERE f.language IS NOT NULL)
SELECT DISTINCT language FROM found WHERE language IS NOT NULL ORDER BY 1";

/// Common lexemes, and the share of chunks that contain each. The array of shares ends with extra values that belong
/// to no lexeme.
const FREQUENCIES: &str = "
SELECT most_common_elems::text::text[] AS lexemes, most_common_elem_freqs AS shares
FROM pg_stats WHERE schemaname = current_schema() AND tablename = 'chunks' AND attname = 'search'";
