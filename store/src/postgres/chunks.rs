//! Writes the rows of a document's chunks: unchanged ones stay, new ones are inserted.

use std::{collections::HashMap, fmt::Write as _};

use sea_orm::sqlx::{self, PgConnection, Row as _};
use serde_json::json;

use super::documents;
use crate::{
    analysis::index::vector,
    documents::{Chunk, DocumentKey, DocumentMeta, Indexing},
    error::StoreError,
    ledger::text,
};

/// The number of new chunks from which COPY is used.
const COPY_FROM: usize = 200;
/// Rows per INSERT from the temporary table.
const SLICE: usize = 1_000;
/// Bytes per COPY message.
const SENT: usize = 256 << 10;

/// Keeps the rows of unchanged chunks, at their new positions, and deletes the others. Returns the positions without
/// a row.
pub(super) async fn keep_known(db: &mut PgConnection, indexing: &Indexing, model: i32) -> Result<Vec<i32>, StoreError> {
    let known = "SELECT id, hash, position FROM chunks WHERE document_id = $1 AND model_id = $2 ORDER BY position DESC";
    let rows = sqlx::query(known).bind(indexing.document).bind(model).fetch_all(&mut *db).await?;
    let mut by_hash = HashMap::<_, Vec<(i64, i32)>>::new();
    for row in rows {
        let hash: Vec<u8> = row.try_get(1)?;
        let found = (row.try_get(0)?, row.try_get(2)?);
        by_hash.entry(documents::read_hash(&hash)?).or_default().push(found);
    }
    let (mut new, mut ids, mut positions) = (Vec::new(), Vec::new(), Vec::new());
    for (position, chunk) in (0..).zip(&indexing.chunks) {
        match by_hash.get_mut(&chunk.hash).and_then(Vec::pop) {
            Some((_, before)) if before == position => {}
            Some((id, _)) => {
                ids.push(id);
                positions.push(position);
            }
            None => new.push(position),
        }
    }
    let gone: Vec<i64> = by_hash.into_values().flatten().map(|(id, _)| id).collect();
    if !gone.is_empty() {
        sqlx::query("DELETE FROM chunks WHERE id = ANY ($1)").bind(gone).execute(&mut *db).await?;
    }
    if !ids.is_empty() {
        let moved = "UPDATE chunks c SET position = m.position FROM unnest($1::bigint[], $2::integer[]) AS m (id, position) \
                     WHERE c.id = m.id";
        sqlx::query(moved).bind(ids).bind(positions).execute(&mut *db).await?;
    }
    Ok(new)
}

/// Writes the words of the kept chunks anew, of all models.
pub(super) async fn index_again(db: &mut PgConnection, indexing: &Indexing) -> Result<(), StoreError> {
    let shared = Shared::of(&indexing.meta, &indexing.chunks);
    let rows = sqlx::query("SELECT id, path, text FROM chunks WHERE document_id = $1").bind(indexing.document);
    for slice in rows.fetch_all(&mut *db).await?.chunks(SLICE) {
        let (mut ids, mut words) = (Vec::<i64>::new(), Vec::new());
        for row in slice {
            let (path, text): (Vec<String>, String) = (row.try_get(1)?, row.try_get(2)?);
            ids.push(row.try_get(0)?);
            words.push(shared.search(&path, &text));
        }
        let update = "UPDATE chunks c SET search = w.search::tsvector \
                      FROM unnest($1::bigint[], $2::text[]) AS w (id, search) WHERE c.id = w.id";
        sqlx::query(update).bind(ids).bind(words).execute(&mut *db).await?;
    }
    Ok(())
}

/// What a document gives to the words of its chunks.
#[derive(Clone, Copy)]
struct Shared<'a> {
    /// The title, unless it is a heading: that one counts where it stands, as any heading does.
    title: Option<&'a str>,
    language: &'a str,
}

impl<'a> Shared<'a> {
    fn of(meta: &'a DocumentMeta, chunks: &[Chunk]) -> Self {
        let is_heading = |title: &&String| chunks.iter().any(|chunk| chunk.path.contains(*title));
        let title = meta.title.as_ref().filter(|title| !is_heading(title)).map(String::as_str);
        Self { title, language: &meta.language }
    }

    /// The words of a chunk.
    fn search(&self, path: &[String], text: &str) -> String {
        let headings: Vec<&str> = self.title.into_iter().chain(path.iter().map(String::as_str)).collect();
        vector(&headings, text, self.language)
    }
}

/// Inserts the chunks at these positions.
pub(super) async fn insert(
    db: &mut PgConnection,
    key: &DocumentKey,
    indexing: &Indexing,
    model: i32,
    positions: &[i32],
) -> Result<(), StoreError> {
    let shared = Shared::of(&indexing.meta, &indexing.chunks);
    let rows: Vec<(i32, &Chunk)> =
        (0..).zip(&indexing.chunks).filter(|(position, _)| positions.contains(position)).collect();
    match rows.len() >= COPY_FROM {
        true => insert_by_copy(db, key, shared, model, &rows).await,
        false => insert_few(db, key, shared, model, &rows).await,
    }
}

/// Inserts new rows from a table or from arrays. COPY goes to a temporary table, and from there
/// in slices that stay within the statement timeout however many indexes there are; few rows are not worth it and go
/// as arrays.
fn insertion(from: &str) -> sqlx::AssertSqlSafe<String> {
    sqlx::AssertSqlSafe(format!(
        "INSERT INTO chunks (document_id, model_id, position, tenant, collection, path, text, tokens, hash, search, embedding) \
         SELECT $1, $2, position, $3, $4, path, text, tokens, hash, search::tsvector, embedding::public.vector FROM ({from}) AS new"
    ))
}

/// A JSON path as an array.
const PATH: &str = "ARRAY(SELECT jsonb_array_elements_text(path::jsonb)) AS path";

async fn insert_few(
    db: &mut PgConnection,
    key: &DocumentKey,
    shared: Shared<'_>,
    model: i32,
    rows: &[(i32, &Chunk)],
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let from = format!(
        "SELECT position, {PATH}, text, tokens, hash, search, embedding FROM unnest($5::integer[], $6::text[], $7::text[], \
         $8::integer[], $9::bytea[], $10::text[], $11::text[]) AS r (position, path, text, tokens, hash, search, embedding)"
    );
    sqlx::query(insertion(&from))
        .bind(key.document)
        .bind(model)
        .bind(key.tenant.as_str())
        .bind(&key.collection)
        .bind(rows.iter().map(|(position, _)| *position).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, chunk)| path(chunk)).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, chunk)| text(&chunk.text)).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, chunk)| tokens(chunk)).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, chunk)| chunk.hash.to_vec()).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, chunk)| shared.search(&chunk.path, &text(&chunk.text))).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, chunk)| embedding(&chunk.vector)).collect::<Vec<_>>())
        .execute(db)
        .await?;
    Ok(())
}

async fn insert_by_copy(
    db: &mut PgConnection,
    key: &DocumentKey,
    shared: Shared<'_>,
    model: i32,
    rows: &[(i32, &Chunk)],
) -> Result<(), StoreError> {
    // One per session, empty again at the end of each transaction.
    let table = "CREATE TEMPORARY TABLE IF NOT EXISTS new_chunks (position integer NOT NULL, path text NOT NULL, \
                 text text NOT NULL, tokens integer NOT NULL, hash bytea NOT NULL, search text NOT NULL, embedding text NOT NULL) \
                 ON COMMIT DELETE ROWS";
    sqlx::query(table).execute(&mut *db).await?;
    let mut copy = db
        .copy_in_raw("COPY pg_temp.new_chunks (position, path, text, tokens, hash, search, embedding) FROM STDIN")
        .await?;
    let mut sent = String::with_capacity(SENT);
    for (position, chunk) in rows {
        line(&mut sent, shared, *position, chunk);
        if sent.len() >= SENT {
            copy.send(std::mem::take(&mut sent).into_bytes()).await?;
        }
    }
    copy.send(sent.into_bytes()).await?;
    copy.finish().await?;
    sqlx::query("CREATE INDEX IF NOT EXISTS new_chunks_position ON pg_temp.new_chunks (position)")
        .execute(&mut *db)
        .await?;
    let from = format!(
        "SELECT position, {PATH}, text, tokens, hash, search, embedding FROM pg_temp.new_chunks WHERE position BETWEEN $5 AND $6"
    );
    for slice in rows.chunks(SLICE) {
        let (Some((first, _)), Some((last, _))) = (slice.first(), slice.last()) else { continue };
        sqlx::query(insertion(&from))
            .bind(key.document)
            .bind(model)
            .bind(key.tenant.as_str())
            .bind(&key.collection)
            .bind(first)
            .bind(last)
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

/// A row in COPY's text format (PostgreSQL documentation, COPY).
fn line(to: &mut String, shared: Shared<'_>, position: i32, chunk: &Chunk) {
    let hash: String = chunk.hash.iter().fold(String::with_capacity(64), |mut hash, byte| {
        let _ = write!(hash, "{byte:02x}");
        hash
    });
    let _ = write!(to, "{position}\t");
    escaped(to, &path(chunk));
    to.push('\t');
    escaped(to, &text(&chunk.text));
    let _ = write!(to, "\t{}\t\\\\x{hash}\t", tokens(chunk));
    escaped(to, &shared.search(&chunk.path, &text(&chunk.text)));
    let _ = writeln!(to, "\t{}", embedding(&chunk.vector));
}

fn escaped(to: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '\\' => to.push_str("\\\\"),
            '\n' => to.push_str("\\n"),
            '\r' => to.push_str("\\r"),
            '\t' => to.push_str("\\t"),
            letter => to.push(letter),
        }
    }
}

fn path(chunk: &Chunk) -> String {
    json!(chunk.path.iter().map(|heading| text(heading)).collect::<Vec<_>>()).to_string()
}

fn tokens(chunk: &Chunk) -> i32 {
    i32::try_from(chunk.tokens).unwrap_or(i32::MAX)
}

/// In pgvector's format: `[1,2,3]`.
fn embedding(numbers: &[f32]) -> String {
    let mut vector = String::with_capacity(numbers.len() * 12 + 2);
    for (index, number) in numbers.iter().enumerate() {
        let _ = write!(vector, "{}{number}", if index == 0 { '[' } else { ',' });
    }
    vector.push(']');
    vector
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_written_so_that_copy_reads_the_same() {
        let chunk = Chunk {
            path: vec!["A\\b".to_owned(), "c\td".to_owned()],
            text: "one\ntwo\\.\r\0".to_owned(),
            tokens: 7,
            hash: [0xab; 32],
            vector: vec![0.5, -1.0e-7],
        };
        let mut row = String::new();
        line(&mut row, Shared { title: None, language: "" }, 3, &chunk);
        let hash = "ab".repeat(32);
        let expected = format!(
            "3\t[\"A\\\\\\\\b\",\"c\\\\td\"]\tone\\ntwo\\\\.\\r\u{fffd}\t7\t\\\\x{hash}\t'a':1A 'ab':1A 'b':2A 'c':10A 'd':11A 'one':19B 'two':20B \t[0.5,-0.0000001]\n"
        );
        assert_eq!(row, expected);
    }

    #[test]
    fn a_title_that_is_a_heading_counts_only_below_it() {
        let chunk = |path: &[&str]| Chunk {
            path: path.iter().map(|heading| (*heading).to_owned()).collect(),
            text: "It costs more.".to_owned(),
            tokens: 3,
            hash: [0; 32],
            vector: Vec::new(),
        };
        let chunks = [chunk(&["RT-7000"]), chunk(&["RT-7001"])];
        let named = |title: &str| {
            let meta = DocumentMeta { title: Some(title.to_owned()), ..DocumentMeta::default() };
            let shared = Shared::of(&meta, &chunks);
            chunks.each_ref().map(|chunk| shared.search(&chunk.path, &chunk.text).contains("rt7000"))
        };
        assert_eq!(named("RT-7000"), [true, false]);
        assert_eq!(named("The RT-7000 and RT-7001"), [true, true]);
    }
}
