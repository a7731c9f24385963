//! What a search depends on besides its query: the number of matching chunks, whether an index exists, the languages,
//! and word frequencies. What changes slowly is cached.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use ruche_schemas::{TenantId, config::Search};
use sqlx::{self, AssertSqlSafe, PgPool, Row as _};

use super::{
    part::{Part, parts},
    statement,
    words::{Lexemes, Marked},
};
use crate::{
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
/// Documents that are sampled for their languages.
const DOCUMENTS: u32 = 20_000;

/// Tenant, model, collections, and the filter as text.
type Key = (TenantId, i32, Vec<String>, String);
/// The share of all chunks that contain a word.
type Frequencies = Arc<HashMap<String, f32>>;

#[derive(Debug, Default)]
pub(super) struct Memory {
    parts: Mutex<HashMap<Key, (Instant, Part)>>,
    totals: Mutex<HashMap<Key, (Instant, u64)>>,
    languages: Mutex<HashMap<Key, (Instant, Vec<String>)>>,
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
    ) -> Result<Vec<Part>, StoreError> {
        let mut parts = parts(lookup);
        let filter = if lookup.filter.is_empty() { String::new() } else { format!("{:?}", lookup.filter) };
        if self.recall(tenant, &mut parts, &filter) {
            return Ok(parts);
        }
        let sizes = statement::sizes(tenant, &lookup.filter, &parts, settings.exact_below)?;
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
        let sizes = statement::sizes(tenant, &Filter::default(), std::slice::from_ref(part), COUNTED)?;
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

    /// The lexemes of the words, in each language of the collections.
    pub(super) async fn lexemes(
        &self,
        pool: &PgPool,
        tenant: &TenantId,
        parts: &[Part],
        marked: &Marked,
    ) -> Result<Lexemes, StoreError> {
        let languages = self.languages(pool, tenant, parts).await?;
        let rows = sqlx::query(LEXEMES)
            .bind(languages)
            .bind(&marked.words)
            .bind(&marked.phrases)
            .bind(&marked.without)
            .fetch_all(pool)
            .await?;
        let mut lexemes = Lexemes::default();
        let mut phrases: BTreeMap<i64, Vec<String>> = BTreeMap::new();
        for row in rows {
            let (part, term): (i64, String) = (row.try_get("part")?, row.try_get("term")?);
            match part {
                0 => lexemes.words.push(term),
                phrase if phrase > 0 => phrases.entry(phrase).or_default().push(format!("({term})")),
                _ => lexemes.without.push(term),
            }
        }
        // A match in any of the languages counts.
        lexemes.phrases = phrases.into_values().map(|forms| forms.join(" | ")).collect();
        Ok(lexemes)
    }

    async fn languages(&self, pool: &PgPool, tenant: &TenantId, parts: &[Part]) -> Result<Vec<String>, StoreError> {
        let collections: Vec<String> = parts.iter().flat_map(|part| part.collections.clone()).collect();
        let key = (tenant.clone(), 0, collections.clone(), String::new());
        let is_large = parts.iter().any(|part| !part.exact);
        if is_large && let Some(known) = recall(&self.languages, &key, REMEMBERED) {
            return Ok(known);
        }
        let languages: Vec<String> = sqlx::query_scalar(LANGUAGES)
            .bind(tenant.as_str())
            .bind(collections)
            .bind(i64::from(DOCUMENTS))
            .fetch_all(pool)
            .await?;
        if is_large {
            keep(&self.languages, key, languages.clone());
        }
        Ok(languages)
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

/// The text search configurations of the collections and their documents that this database has.
const LANGUAGES: &str = "
SELECT DISTINCT g.cfgname::text FROM pg_ts_config g
WHERE g.cfgname IN (
  SELECT language FROM collections WHERE tenant = $1 AND name = ANY($2)
  UNION
  SELECT language FROM (SELECT language FROM documents WHERE tenant = $1 AND collection = ANY($2) LIMIT $3) d)
ORDER BY 1";

/// Lexemes of words (part 0), phrases (from 1) and excluded words (from -1), in each language.
const LEXEMES: &str = "
SELECT DISTINCT part, term FROM (
  SELECT 0::bigint AS part, l.lexeme AS term
  FROM unnest($1::text[]) AS g (config), unnest(to_tsvector(g.config::regconfig, $2)) l
  UNION ALL
  SELECT p.n, phraseto_tsquery(g.config::regconfig, p.phrase)::text
  FROM unnest($1::text[]) AS g (config), unnest($3::text[]) WITH ORDINALITY AS p (phrase, n)
  UNION ALL
  SELECT -p.n, phraseto_tsquery(g.config::regconfig, p.word)::text
  FROM unnest($1::text[]) AS g (config), unnest($4::text[]) WITH ORDINALITY AS p (word, n)
) t
WHERE term <> ''
ORDER BY part, term";

/// Common lexemes, and the share of chunks that contain each. The array of shares ends with extra values that belong
/// to no lexeme.
const FREQUENCIES: &str = "
SELECT most_common_elems::text::text[] AS lexemes, most_common_elem_freqs AS shares
FROM pg_stats WHERE schemaname = current_schema() AND tablename = 'chunks' AND attname = 'search'";
