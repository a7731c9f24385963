//! Builds the search statement: a ranking by vectors, a ranking by words, and their fusion. Every table is filtered
//! by tenant. pgvector's names are in `public`, which is not in the search path.

use ruche_schemas::{TenantId, vectors::index_name};

use super::{arguments::Statement, filter::metadata, part::Part, words::Terms};
use crate::{
    error::StoreError,
    fusion::{Near, Question},
    search::{Filter, Lookup, Mode, Probe},
};

/// The maximal number of texts whose words are counted.
const COUNTED: u32 = 50_000;
/// In bytes; Postgres may compress longer values.
const PLAIN: u32 = 1_900;

/// What restricts the chunks: the filter, and a `tsquery` that each must match.
pub(super) type Limits<'a> = (&'a Filter, Option<&'a str>);

/// The matching chunks: `FROM` and `WHERE`, with chunks as `c`.
pub(super) struct Source {
    tenant: String,
    filter: String,
    constraint: String,
}

impl Source {
    pub(super) fn bind(
        statement: &mut Statement,
        tenant: &TenantId,
        (filter, constraint): Limits<'_>,
    ) -> Result<Self, StoreError> {
        let tenant = statement.bind(tenant.as_str().to_owned())?;
        let mut conditions = Vec::new();
        if !filter.sources.is_empty() {
            conditions.push(format!("d.source = ANY({})", statement.bind(filter.sources.clone())?));
        }
        for condition in &filter.metadata {
            conditions.push(metadata(statement, condition)?);
        }
        for (time, than) in [(filter.published_after, ">="), (filter.published_before, "<")] {
            if let Some(time) = time {
                let time = statement.bind(time.to_rfc3339())?;
                conditions.push(format!("d.published_at {than} {time}::text::timestamptz"));
            }
        }
        let constraint = match constraint {
            Some(constraint) => format!(" AND c.search @@ {}::text::tsquery", statement.bind(constraint.to_owned())?),
            None => String::new(),
        };
        Ok(Self { tenant, filter: conditions.join(" AND "), constraint })
    }

    /// Chunks of these collections, embedded by this model.
    pub(super) fn chunks(&self, statement: &mut Statement, part: &Part) -> Result<String, StoreError> {
        let (tenant, model) = (&self.tenant, part.model);
        let collections = statement.bind(part.collections.clone())?;
        let constraint = &self.constraint;
        let mine =
            format!("c.model_id = {model} AND c.tenant = {tenant} AND c.collection = ANY({collections}){constraint}");
        Ok(match self.filter.is_empty() {
            true => format!("FROM chunks c WHERE {mine}"),
            false => format!(
                "FROM chunks c JOIN documents d ON d.id = c.document_id WHERE {mine} AND d.tenant = {tenant} AND {}",
                self.filter
            ),
        })
    }
}

/// Number of matching chunks, up to `most` + 1, and whether their model has an index.
pub(super) fn sizes(tenant: &TenantId, limits: Limits<'_>, parts: &[Part], most: u32) -> Result<Statement, StoreError> {
    let mut statement = Statement::default();
    let source = Source::bind(&mut statement, tenant, limits)?;
    let mut columns = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        let chunks = source.chunks(&mut statement, part)?;
        let index = statement.bind(index_name(part.model))?;
        columns.push(format!(
            "SELECT {number} AS part, (SELECT count(*) FROM (SELECT {chunks} LIMIT {}) s) AS size, \
             EXISTS (SELECT FROM pg_index i JOIN pg_class k ON k.oid = i.indexrelid \
               WHERE i.indrelid = 'chunks'::regclass AND i.indisvalid AND k.relname = {index}) AS indexed",
            u64::from(most) + 1
        ));
    }
    statement.sql = format!("{} ORDER BY part", columns.join(" UNION ALL "));
    Ok(statement)
}

pub(super) struct Wanted<'a> {
    pub(super) tenant: &'a TenantId,
    pub(super) lookup: &'a Lookup,
    pub(super) parts: &'a [Part],
    /// None if the text has no words.
    pub(super) terms: Option<&'a Terms>,
    /// A `tsquery` that every hit matches.
    pub(super) constraint: Option<&'a str>,
    pub(super) total: u64,
    pub(super) candidates: u32,
    /// Hits that are read, of which those with equal texts become one.
    pub(super) read: u32,
}

impl Wanted<'_> {
    pub(super) fn by_vectors(&self) -> bool {
        self.lookup.mode != Mode::Text && !self.lookup.probes.is_empty()
    }
}

/// The statement, whose columns [`super::run`] reads. It also checks which models the collections use, in the same
/// snapshot.
pub(super) fn search(wanted: &Wanted<'_>) -> Result<Statement, StoreError> {
    let Wanted { tenant, lookup, parts, constraint, .. } = wanted;
    let mut statement = Statement::default();
    let source = Source::bind(&mut statement, tenant, (&lookup.filter, *constraint))?;
    // A literal: with a parameter, the generic plan looks so expensive that every search would be planned anew.
    let limit = wanted.candidates.to_string();
    let mut steps = Vec::new();
    if wanted.by_vectors() {
        vectors(&mut statement, &source, wanted, &limit, &mut steps)?;
    }
    let by_words = wanted.terms.filter(|_| lookup.mode != Mode::Vector);
    if let Some(terms) = by_words {
        steps.push(words(&mut statement, &source, wanted, &limit, terms)?);
        if wanted.by_vectors() {
            steps.push(far(&mut statement, wanted)?);
        }
    }
    let score = match lookup.mode {
        Mode::Vector if parts.len() == 1 => "cosine",
        Mode::Text => "text_score",
        _ => "fused",
    };
    let question = Question::of(lookup.text.as_deref().unwrap_or_default(), lookup.models());
    let (ranked, read) = (ranked(wanted.by_vectors(), by_words.is_some(), question), wanted.read);
    let order = "final DESC, text_score DESC NULLS LAST, cosine DESC NULLS LAST, id";
    steps.push(format!(
        "ranked AS ({ranked}), best AS MATERIALIZED (SELECT *, {score} AS final FROM ranked ORDER BY {order} LIMIT {read})"
    ));
    let nearby = if wanted.by_vectors() { "(SELECT count(*) FROM vectors)" } else { "0::bigint" };
    let names = statement.bind(lookup.collections.iter().map(|one| one.name.clone()).collect::<Vec<_>>())?;
    let models = lookup.collections.iter().map(|one| one.model.as_ref().map(|model| model.id));
    let models = statement.bind(models.collect::<Vec<_>>())?;
    let tenant = &source.tenant;
    statement.sql = format!(
        "WITH {} SELECT b.*, {nearby} AS nearby, \
           (SELECT count(*) FROM unnest({names}::text[], {models}::int[]) AS w (name, model) JOIN collections k \
             ON k.tenant = {tenant} AND k.name = w.name AND k.model_id IS NOT DISTINCT FROM w.model) AS unchanged, c.document_id, c.collection, c.path, c.text, \
           d.source, d.title, d.url, d.language, d.metadata, d.published_at \
         FROM best b JOIN chunks c ON c.id = b.id AND c.tenant = {tenant} \
           JOIN documents d ON d.id = c.document_id AND d.tenant = {tenant} \
         ORDER BY b.final DESC, b.text_score DESC NULLS LAST, b.cosine DESC NULLS LAST, b.id",
        steps.join(", ")
    );
    Ok(statement)
}

/// Fuses the rankings as [`crate::fusion::Fusion`] does. A candidate of one ranking also gets its score of the other,
/// from `far` and `scored`.
fn ranked(by_vectors: bool, by_words: bool, question: Question) -> String {
    let absolute = "CASE WHEN v.cosine IS NULL THEN 0 WHEN v.least >= 1 THEN 1 \
                    ELSE sqrt(greatest(0, (v.cosine - v.least) / (1 - v.least))) END";
    let relative = "CASE WHEN v.cosine IS NULL OR v.best <= v.least THEN 0 \
                    ELSE least(1, greatest(0, (v.cosine - v.least) / (v.best - v.least))) END";
    // A text that repeats some of the words may score more than one that has each of them once.
    let text =
        "coalesce(t.score / nullif(greatest((SELECT sum(idf) FROM rarity), (SELECT max(score) FROM scored)), 0), 0)";
    let most = "(SELECT least(1, coalesce(max(score) / nullif((SELECT sum(idf) FROM rarity), 0), 0)) FROM scored)";
    let near = match question.near() {
        Near::RootOfAbsolute => absolute.to_owned(),
        Near::RootOfRelative => format!("sqrt({relative})"),
        Near::Relative => relative.to_owned(),
    };
    let weight = question.words().sql(most);
    match (by_vectors, by_words) {
        (true, true) => format!(
            "SELECT v.id, v.rank AS vector_rank, v.cosine, v.exact, \
               (SELECT rank FROM texts WHERE id = v.id) AS text_rank, t.score AS text_score, \
               (1 - w.words) * {near} + w.words * {text} AS fused \
             FROM (SELECT id, cosine, least, best, rank, exact FROM vectors \
                   UNION ALL SELECT id, cosine, least, best, NULL, true FROM far) v LEFT JOIN scored t ON t.id = v.id \
               CROSS JOIN (SELECT {weight} AS words) w"
        ),
        (true, false) => format!(
            "SELECT v.id, v.rank AS vector_rank, v.cosine, v.exact, NULL::bigint AS text_rank, \
               NULL::float8 AS text_score, {absolute} AS fused FROM vectors v"
        ),
        (false, true) => format!(
            "SELECT t.id, NULL::bigint AS vector_rank, NULL::float8 AS cosine, NULL::boolean AS exact, \
               t.rank AS text_rank, t.score AS text_score, {text} AS fused FROM texts t"
        ),
        (false, false) => "SELECT NULL::bigint AS id, NULL::bigint AS vector_rank, NULL::float8 AS cosine, \
             NULL::boolean AS exact, NULL::bigint AS text_rank, NULL::float8 AS text_score, NULL::float8 AS fused LIMIT 0"
            .to_owned(),
    }
}

/// The step `far`: the cosines of what only words found.
fn far(statement: &mut Statement, wanted: &Wanted<'_>) -> Result<String, StoreError> {
    let mut cosines = String::new();
    for Probe { model, vector } in &wanted.lookup.probes {
        let vector = statement.bind(vector.clone())?;
        cosines.push_str(&format!(
            " WHEN {} THEN 1 - (c.embedding OPERATOR(public.<=>) (SELECT {vector}::real[]::public.vector))",
            model.id
        ));
    }
    Ok(format!(
        "far AS MATERIALIZED (SELECT id, nullif(cosine, 'NaN'::float8) AS cosine, \
           (SELECT least FROM vectors v WHERE v.part = f.part LIMIT 1) AS least, \
           (SELECT best FROM vectors v WHERE v.part = f.part LIMIT 1) AS best FROM ( \
           SELECT c.id, c.model_id AS part, CASE c.model_id{cosines} END AS cosine \
           FROM texts t JOIN chunks c ON c.id = t.id WHERE NOT EXISTS (SELECT FROM vectors v WHERE v.id = t.id)) f)"
    ))
}

/// The ranking `vectors`: a list per model, because cosines of two models can't be compared. The nearest come from
/// the half-precision index and are reordered by the full vectors, or from an expression that no index serves. The
/// model's id is a literal, because the index is partial.
fn vectors(
    statement: &mut Statement,
    source: &Source,
    wanted: &Wanted<'_>,
    limit: &str,
    steps: &mut Vec<String>,
) -> Result<(), StoreError> {
    let mut lists = Vec::new();
    for part in wanted.parts {
        let Some(probe) = wanted.lookup.probes.iter().find(|probe| probe.model.id == part.model) else { continue };
        let Probe { model, vector } = probe;
        let (number, dimensions) = (model.id, model.dimensions);
        // In a subquery each; otherwise the vector is parsed again for every chunk.
        let vector = format!("{}::real[]::public.vector", statement.bind(vector.clone())?);
        let (whole, half) = (format!("(SELECT {vector})"), format!("(SELECT {vector}::public.halfvec({dimensions}))"));
        let chunks = source.chunks(statement, part)?;
        let distance = format!("c.embedding OPERATOR(public.<=>) {whole}");
        steps.push(match part.exact {
            true => format!(
                "near_{number} AS MATERIALIZED (SELECT c.id, {distance} AS distance {chunks} \
                 ORDER BY distance, c.id LIMIT {limit})"
            ),
            false => format!(
                "near_{number} AS MATERIALIZED (SELECT c.id, {distance} AS distance FROM (SELECT c.id, c.embedding {chunks} \
                 ORDER BY (c.embedding::public.halfvec({dimensions})) OPERATOR(public.<=>) \
                   {half} LIMIT {limit}) c)"
            ),
        });
        lists.push(format!(
            "SELECT id, {number} AS part, 1 - distance AS cosine, row_number() OVER (ORDER BY distance, id) AS rank, {} AS exact, \
               (1 - max(distance) OVER ()) * (1 - 1.0 / count(*) OVER ()) AS least, 1 - min(distance) OVER () AS best \
             FROM near_{number} WHERE distance <> 'NaN'::float8",
            part.exact
        ));
    }
    steps.push(format!("vectors AS MATERIALIZED ({})", lists.join(" UNION ALL ")));
    Ok(())
}

/// The ranking `texts`: BM25 (Robertson & Zaragoza, 2009; k1 = 1.5, b = 0.75), because `ts_rank` ignores how rare a
/// word is. The term frequency is `ts_rank_cd` of one word with equal weights; in a heading (weight A) it counts
/// twice. The parts of a compound share a weight.
fn words(
    statement: &mut Statement,
    source: &Source,
    wanted: &Wanted<'_>,
    limit: &str,
    terms: &Terms,
) -> Result<String, StoreError> {
    let matches = statement.bind(terms.matches.clone())?;
    let each = statement.bind(terms.terms.clone())?;
    let weights = statement.bind(terms.weights.clone())?;
    let known = statement.bind(terms.known.clone())?;
    let total = statement.bind(wanted.total.max(1) as f64)?;
    let mut found = Vec::new();
    for part in wanted.parts {
        let chunks = source.chunks(statement, part)?;
        // Appending an empty vector detoasts the text's words once, not once per word. Short ones are stored as they
        // are.
        found.push(format!(
            "(SELECT c.id, c.tokens::float8 AS tokens, \
                CASE WHEN pg_column_size(c.search) < {PLAIN} THEN c.search ELSE c.search || ''::tsvector END AS search {chunks} \
              AND c.search @@ {matches}::text::tsquery LIMIT {COUNTED})"
        ));
    }
    Ok(format!(
        "counts AS MATERIALIZED (SELECT m.id, m.tokens, t.n, 2 * ts_rank_cd('{{0.5,0.5,0.5,1}}', m.search, t.query)::float8 AS tf \
           FROM ({}) m CROSS JOIN LATERAL (SELECT n, query FROM unnest({each}::text[]::tsquery[]) WITH ORDINALITY AS t (query, n) \
             WHERE m.search @@ t.query OFFSET 0) t), \
         rarity AS (SELECT n, ({weights}::float8[])[n::int] * ln(1 + ({total} - df + 0.5) / (df + 0.5)) AS idf \
           FROM (SELECT n, least(greatest(count(*), ({known}::float8[])[n::int]), {total}::float8) AS df FROM counts GROUP BY n) d), \
         scored AS (SELECT c.id, sum(r.idf * c.tf * 2.5 / (c.tf + 1.5 * (0.25 + 0.75 * c.tokens / a.tokens))) AS score \
           FROM counts c JOIN rarity r USING (n) \
             CROSS JOIN (SELECT greatest(avg(tokens), 1) AS tokens FROM counts) a GROUP BY c.id), \
         texts AS MATERIALIZED (SELECT id, score, row_number() OVER (ORDER BY score DESC, id) AS rank \
           FROM scored ORDER BY rank LIMIT {limit})",
        found.join(" UNION ALL ")
    ))
}
