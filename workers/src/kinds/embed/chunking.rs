//! Splits a document's text into chunks that the model can read.

use ruche_schemas::kinds::embed::Format;
use ruche_store::documents::Hash;

use super::counter::Counter;
use crate::text::chunks::{Chunk, Count, Size, chunks, chunks_of_rows, chunks_of_text};

/// Most attempts with a smaller chunk size while a chunk is too long for the model.
const TRIES: u32 = 4;

pub(super) struct Embeddable {
    pub(super) chunk: Chunk,
    pub(super) embedded: String,
    pub(super) tokens: u32,
    pub(super) hash: Hash,
}

/// The document's title is embedded with each chunk that does not have it among its headings, if that leaves three
/// quarters of the tokens for the text.
///
/// A tokenizer counts the whole text differently from its parts. If a chunk is longer than `most` tokens, all are
/// split again, a quarter smaller.
pub(super) fn chunk_text(
    text: &str,
    title: Option<&str>,
    format: Format,
    mut size: Size,
    (counter, prefix, most): (&Counter, &str, usize),
) -> Vec<Embeddable> {
    let cost = title.map_or(0, |title| counter.count(title) + 1);
    let title = title.filter(|title| !title.trim().is_empty() && cost <= size.tokens / 4);
    size.tokens -= title.map_or(0, |_| cost);
    let mut found = Vec::new();
    for _ in 0..TRIES {
        let pieces = match format {
            Format::Text => chunks_of_text(text, size, counter),
            Format::Csv | Format::Tsv => chunks_of_rows(text, size, counter),
            Format::Markdown | Format::Html | Format::Pdf | Format::Docx => chunks(text, size, counter),
        };
        let embeddable = |chunk: Chunk| {
            let embedded = match title.filter(|title| !chunk.path.iter().any(|heading| heading == title)) {
                Some(title) => format!("{title}\n{}", chunk.embedded()),
                None => chunk.embedded(),
            };
            let tokens = counter.count(&format!("{prefix}{embedded}")) + counter.marks();
            let hash = *blake3::hash(embedded.as_bytes()).as_bytes();
            Embeddable { chunk, embedded, tokens: u32::try_from(tokens).unwrap_or(u32::MAX), hash }
        };
        // A chunk without tokens can't be found.
        found = pieces.into_iter().map(embeddable).filter(|chunk| chunk.tokens > 0).collect();
        if found.iter().all(|chunk| usize::try_from(chunk.tokens).is_ok_and(|tokens| tokens <= most)) {
            break;
        }
        size.tokens = (size.tokens * 3 / 4).max(1);
        size.overlap = size.overlap.min(size.tokens / 2);
    }
    found
}
