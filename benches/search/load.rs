//! The chunks: documents of ten, loaded by COPY. A number always gives the same chunks and queries.

use std::fmt::Write as _;

use anyhow::Result;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use ruche_store::analysis::{index::vector, language::SIMPLE};
use sea_orm::sqlx::{self, Executor as _, PgPool, postgres::PgPoolCopyExt as _};
use uuid::Uuid;

pub const COLLECTION: &str = "bench";
/// The metadata of one document in a hundred.
pub const FILTERED: &str = r#"{"part":7}"#;
/// The first words are common and the last ones rare.
pub const QUESTION: &str = "how does b f ea help with haa or bfaa";

const CHUNKS: usize = 10;
/// Chunks around a centre.
const AROUND: usize = 250;
/// Their distance from it in each dimension; a centre has length 1 in each.
const SPREAD: f32 = 0.6;
/// The vocabulary, and the words of a chunk.
const WORDS: (f64, usize) = (20_000.0, 80);
/// Chunks that are sent at once.
const AT_ONCE: usize = 2_000;

pub async fn load(pool: &PgPool, chunks: usize, dimensions: usize) -> Result<()> {
    let model: i32 = sqlx::query_scalar(
        "INSERT INTO embedding_models (name, version, dimensions) VALUES ('bench', '1', $1) RETURNING id",
    )
    .bind(i32::try_from(dimensions)?)
    .fetch_one(pool)
    .await?;
    sqlx::query("INSERT INTO collections (tenant, name, model_id) VALUES ('bench', $1, $2)")
        .bind(COLLECTION)
        .bind(model)
        .execute(pool)
        .await?;
    documents(pool, chunks.div_ceil(CHUNKS)).await?;
    let centres = centres(chunks, dimensions);
    let mut random = StdRng::seed_from_u64(2);
    let mut copy = pool
        .copy_in_raw(
            "COPY chunks (document_id, model_id, position, tenant, collection, path, text, tokens, hash, search, embedding) \
             FROM STDIN",
        )
        .await?;
    let mut lines = String::new();
    for number in 0..chunks {
        let document = id(number / CHUNKS);
        let (text, lexemes) = words(&mut random);
        let position = number % CHUNKS;
        write!(lines, "{document}\t{model}\t{position}\tbench\t{COLLECTION}\t{{}}\t{text}\t{}\t\\\\x", WORDS.1)?;
        lines.push_str(&"00".repeat(32));
        write!(lines, "\t{lexemes}\t[")?;
        let centre = &centres[number % centres.len()];
        for (at, value) in centre.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(lines, "{comma}{:.5}", value + SPREAD * normal(&mut random))?;
        }
        lines.push_str("]\n");
        if (number + 1) % AT_ONCE == 0 {
            copy.send(std::mem::take(&mut lines).into_bytes()).await?;
        }
    }
    copy.send(lines.into_bytes()).await?;
    copy.finish().await?;
    pool.execute("ANALYZE documents").await?;
    Ok(())
}

async fn documents(pool: &PgPool, count: usize) -> Result<()> {
    let mut copy = pool
        .copy_in_raw(
            "COPY documents (id, tenant, collection, source, language, metadata, format, content, hash, job_id, accepted_at, \
             updated_at) FROM STDIN",
        )
        .await?;
    let mut lines = String::new();
    for number in 0..count {
        let (id, part, hash) = (id(number), number % 100, "00".repeat(32));
        writeln!(
            lines,
            "{id}\tbench\t{COLLECTION}\tsource-{number}\tsimple\t{{\"part\":{part}}}\ttext\t\t\\\\x{hash}\t{id}\t2026-01-01\t2026-01-01"
        )?;
    }
    copy.send(lines.into_bytes()).await?;
    copy.finish().await?;
    Ok(())
}

fn id(document: usize) -> Uuid {
    Uuid::from_u128(document as u128 + 1)
}

/// Queries around the same centres.
pub fn queries(chunks: usize, dimensions: usize, count: usize) -> Vec<Vec<f32>> {
    let centres = centres(chunks, dimensions);
    let mut random = StdRng::seed_from_u64(3);
    let query = |number: usize| {
        let centre = &centres[number * 31 % centres.len()];
        centre.iter().map(|value| value + SPREAD * normal(&mut random)).collect()
    };
    (0..count).map(query).collect()
}

fn centres(chunks: usize, dimensions: usize) -> Vec<Vec<f32>> {
    let mut random = StdRng::seed_from_u64(1);
    let count = chunks.div_ceil(AROUND);
    (0..count).map(|_| (0..dimensions).map(|_| normal(&mut random)).collect()).collect()
}

/// Of the normal distribution (Box and Muller, 1958).
fn normal(random: &mut StdRng) -> f32 {
    let (length, angle): (f32, f32) = (random.random(), random.random());
    (-2.0 * (1.0 - length).ln()).sqrt() * (std::f32::consts::TAU * angle).cos()
}

/// A text, and its words as they are indexed. The n-th word's frequency is about 1 / n (Zipf).
fn words(random: &mut StdRng) -> (String, String) {
    let mut text = String::new();
    for _ in 0..WORDS.1 {
        text.push_str(&word(WORDS.0.powf(random.random::<f64>()) as u32));
        text.push(' ');
    }
    let indexed = vector(&[], &text, SIMPLE);
    (text, indexed)
}

/// The n-th word, in letters.
fn word(number: u32) -> String {
    number.to_string().chars().map(|digit| char::from(b'a' + (digit as u8 - b'0'))).collect()
}
