//! Splits text at the largest boundaries that fit: blocks, sentences, words (text-splitter).

use std::ops::Range;

use text_splitter::{ChunkConfig, ChunkSizer, MarkdownSplitter};

use super::count::Count;

/// Words longer than this, in characters, are cut before text-splitter sees them, so that text without boundaries
/// costs no more than other text.
const WORD: usize = 1_000;

/// In tokens.
#[derive(Debug, Clone, Copy)]
pub(super) struct ChunkBudget {
    pub(super) tokens: usize,
    /// Less than half of the tokens.
    pub(super) overlap: usize,
    /// The longest header of a table that is repeated.
    pub(super) header: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) text: String,
    /// Position in the document, in bytes.
    pub(super) range: Range<usize>,
}

struct Sizer<'a>(&'a dyn Count);

impl ChunkSizer for Sizer<'_> {
    fn size(&self, chunk: &str) -> usize {
        self.0.count(chunk)
    }
}

/// The positions of the pieces, in order, without the space around them.
pub(super) fn split(text: &str, range: Range<usize>, budget: ChunkBudget, count: &dyn Count) -> Vec<Range<usize>> {
    let config = ChunkConfig::new(budget.tokens.max(1)).with_sizer(Sizer(count)).with_overlap(budget.overlap);
    let splitter = config.map(MarkdownSplitter::new);
    let Ok(splitter) = splitter else { return Vec::new() };
    let mut found: Vec<Range<usize>> = Vec::new();
    for part in parts(text, range) {
        for (at, piece) in splitter.chunk_indices(&text[part.clone()]) {
            let begin = part.start + at;
            let range = begin..begin + piece.len();
            // With an overlap, the last piece may only repeat the end of the one before.
            if found.last().is_none_or(|last| last.end < range.end) {
                found.push(range);
            }
        }
    }
    found
}

fn parts(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let (mut cuts, mut run, begin) = (vec![range.start], 0, range.start);
    for (at, letter) in text[range.clone()].char_indices() {
        run = if letter.is_whitespace() { 0 } else { run + 1 };
        if run > WORD {
            cuts.push(begin + at);
            run = 1;
        }
    }
    cuts.push(range.end);
    cuts.windows(2).map(|pair| pair[0]..pair[1]).collect()
}
