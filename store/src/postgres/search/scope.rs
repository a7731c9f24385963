//! What a search depends on besides its query: how many chunks come into question, whether there is an index, which languages
//! there are, how common words are. What changes slowly is remembered for a while.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use ruche_schemas::{TenantId, config::Search};
use sea_orm::sqlx::{self, AssertSqlSafe, PgPool, Row as _};

use super::{
    part::{Part, parts},
    statement,
    words::{Lexemes, Marked},
};
use crate::{
    error::StoreError,
    search::{Filter, Lookup},
};

/// How long it is remembered that there is much to search in, and how common words are.
const REMEMBERED: Duration = Duration::from_secs(60);
/// How long it is remembered that there is little: it may become much, and then comparing each one takes long. That there is
/// nothing is never remembered, so what is added is found at once.
const BRIEFLY: Duration = Duration::from_secs(5);
/// Of how many scopes.
const SCOPES: usize = 1_000;
/// Chunks that are counted at most.
const COUNTED: u32 = 2_000_000;
/// Documents whose languages are looked at.
const DOCUMENTS: u32 = 20_000;

/// Whose, the model, the collections, and the filter as a text.
type Key = (TenantId, i32, Vec<String>, String);
/// The share of all chunks that a word is in.
type Frequencies = Arc<HashMap<String, f32>>;

/// What is remembered.
#[derive(Debug, Default)]
pub(super) struct Memory {
    parts: Mutex<HashMap<Key, (Instant, Part)>>,
    totals: Mutex<HashMap<Key, (Instant, u64)>>,
    languages: Mutex<HashMap<Key, (Instant, Vec<String>)>>,
    frequencies: Mutex<Option<(Instant, Frequencies)>>,
}

impl Memory {
    /// The parts, with their sizes and how they are searched.
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

    /// How many chunks there are without a filter, where there are many: how rare a word is depends on it.
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

    /// What the database makes of the words, in each language that the collections have.
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
        // In any of the languages.
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

    /// The share of all chunks that common words are in, as the database's statistics have it; none before it has any.
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
        // Statistics come with the first chunks: until then, each search looks for them.
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

/// The text search configurations of the collections and of their documents that this database has.
const LANGUAGES: &str = "
SELECT DISTINCT g.cfgname::text FROM pg_ts_config g
WHERE g.cfgname IN (
  SELECT language FROM collections WHERE tenant = $1 AND name = ANY($2)
  UNION
  SELECT language FROM (SELECT language FROM documents WHERE tenant = $1 AND collection = ANY($2) LIMIT $3) d)
ORDER BY 1";

/// Stems of words (part 0), phrases (from 1) and what must not occur (from -1), in each language.
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

/// Common stems, and the share of chunks that each is in. The shares end with some that belong to no stem.
const FREQUENCIES: &str = "
SELECT most_common_elems::text::text[] AS lexemes, most_common_elem_freqs AS shares
FROM pg_stats WHERE schemaname = current_schema() AND tablename = 'chunks' AND attname = 'search'";
