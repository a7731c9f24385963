//! Splits sections into chunks that fit the model.

use std::ops::Range;

use text_splitter::{ChunkConfig, ChunkSizer, MarkdownSplitter};

use super::sections::{Section, sections};

/// Joins the headings of a path in front of the text.
const ARROW: &str = " > ";

/// Words longer than this, in characters, are cut before text-splitter sees them, so that text without boundaries
/// costs no more than other text.
const WORD: usize = 1_000;

/// Chunk size in the model's tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Maximum, the path included.
    pub tokens: usize,
    /// Tokens repeated from the end of the previous chunk of the section.
    pub overlap: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// The headings above it, outermost first.
    pub path: Vec<String>,
    pub text: String,
    /// Position of the text in the document, in bytes.
    pub range: Range<usize>,
}

impl Chunk {
    /// The text to embed: the path, then the text.
    #[must_use]
    pub fn embedded(&self) -> String {
        match (self.path.is_empty(), self.text.is_empty()) {
            (true, _) => self.text.clone(),
            (false, true) => self.path.join(ARROW),
            (false, false) => format!("{}\n{}", self.path.join(ARROW), self.text),
        }
    }
}

pub trait Count {
    /// Number of tokens, without the special tokens that the model adds.
    fn count(&self, text: &str) -> usize;
}

struct Sizer<'a>(&'a dyn Count);

impl ChunkSizer for Sizer<'_> {
    fn size(&self, chunk: &str) -> usize {
        self.0.count(chunk)
    }
}

/// Splits Markdown into chunks, in order; none for empty text. Never panics: the overlap stays below the room for
/// text.
#[must_use]
pub fn chunks(markdown: &str, size: Size, count: &dyn Count) -> Vec<Chunk> {
    let cut = |section| of_section(markdown, section, size, count);
    sections(markdown).into_iter().flat_map(cut).collect()
}

/// Splits plain text, in which nothing counts as a heading.
#[must_use]
pub fn chunks_of_text(text: &str, size: Size, count: &dyn Count) -> Vec<Chunk> {
    match text.trim().is_empty() {
        true => Vec::new(),
        false => of_section(text, Section { path: Vec::new(), range: 0..text.len() }, size, count),
    }
}

fn of_section(markdown: &str, section: Section, size: Size, count: &dyn Count) -> Vec<Chunk> {
    let Section { path, range } = section;
    if range.is_empty() {
        return vec![Chunk { path, text: String::new(), range }];
    }
    let (path, room) = fitting(path, size, count);
    let overlap = size.overlap.min(room / 2);
    let config = ChunkConfig::new(room).with_sizer(Sizer(count)).with_overlap(overlap);
    let splitter = config.map(MarkdownSplitter::new);
    let Ok(splitter) = splitter else { return Vec::new() };
    let mut found: Vec<Chunk> = Vec::new();
    for piece in pieces(markdown, range) {
        for (at, text) in splitter.chunk_indices(&markdown[piece.clone()]) {
            let begin = piece.start + at;
            let range = begin..begin + text.len();
            // With an overlap, the last chunk may only repeat the end of the one before.
            if found.last().is_some_and(|last| last.range.end >= range.end) {
                continue;
            }
            found.push(Chunk { path: path.clone(), text: text.to_owned(), range });
        }
    }
    found
}

/// The innermost headings that leave three quarters of the tokens for the text, and the number of tokens left.
fn fitting(mut path: Vec<String>, size: Size, count: &dyn Count) -> (Vec<String>, usize) {
    loop {
        // The newline is one token in some vocabularies.
        let taken = if path.is_empty() { 0 } else { count.count(&path.join(ARROW)) + 1 };
        if taken <= size.tokens / 4 {
            return (path, (size.tokens - taken).max(1));
        }
        path.remove(0);
    }
}

fn pieces(markdown: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let (mut cuts, mut run, begin) = (vec![range.start], 0, range.start);
    for (at, letter) in markdown[range.clone()].char_indices() {
        run = if letter.is_whitespace() { 0 } else { run + 1 };
        if run > WORD {
            cuts.push(begin + at);
            run = 1;
        }
    }
    cuts.push(range.end);
    cuts.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Words;

    impl Count for Words {
        fn count(&self, text: &str) -> usize {
            text.split_whitespace().map(|word| word.len().div_ceil(12)).sum()
        }
    }

    const SIZE: Size = Size { tokens: 20, overlap: 0 };

    #[test]
    fn no_chunk_is_larger_than_it_may_be() {
        let sentence = "The bees of the east meadow are counted again on Friday. ".repeat(40);
        let text = format!("# Bees\n\n{sentence}\n\n## Hives\n\n{sentence}");
        for size in [SIZE, Size { tokens: 20, overlap: 5 }, Size { tokens: 5, overlap: 5 }] {
            let chunks = chunks(&text, size, &Words);
            assert!(chunks.len() > 40);
            for chunk in &chunks {
                assert!(Words.count(&chunk.embedded()) <= size.tokens, "{chunk:?}");
                assert_eq!(text[chunk.range.clone()], chunk.text);
            }
        }
    }

    #[test]
    fn a_chunk_is_of_one_section_and_has_its_headings() {
        let chunks = chunks("# Bees\n\nThey fly.\n\n## Hives\n\nOf wood.\n", SIZE, &Words);
        let embedded: Vec<_> = chunks.iter().map(Chunk::embedded).collect();
        assert_eq!(embedded, ["Bees\nThey fly.", "Bees > Hives\nOf wood."]);
    }

    #[test]
    fn text_is_not_lost_between_chunks() {
        let text = (0..500).map(|n| format!("word{n}")).collect::<Vec<_>>().join(" ");
        let joined: Vec<_> = chunks(&text, SIZE, &Words).into_iter().map(|chunk| chunk.text).collect();
        assert_eq!(joined.join(" "), text);
    }

    #[test]
    fn an_overlap_repeats_the_end_of_the_chunk_before() {
        let text = (0..100).map(|n| format!("w{n}")).collect::<Vec<_>>().join(" ");
        let chunks = chunks(&text, Size { tokens: 10, overlap: 3 }, &Words);
        for pair in chunks.windows(2) {
            assert!(pair[1].range.start < pair[0].range.end && pair[1].range.end > pair[0].range.end, "{pair:?}");
        }
    }

    #[test]
    fn a_word_without_an_end_is_cut() {
        let text = "a".repeat(1_000_000);
        let chunks = chunks(&text, Size { tokens: 256, overlap: 32 }, &Words);
        assert!(chunks.iter().all(|chunk| Words.count(&chunk.text) <= 256));
        assert_eq!(chunks.last().map(|chunk| chunk.range.end), Some(text.len()));
        assert!(chunks.len() < 1_100, "{}", chunks.len());
    }

    #[test]
    fn headings_leave_room_for_text() {
        let heading = "very long heading ".repeat(10);
        let text = format!("# {heading}\n\n## Short\n\nText here.\n");
        let chunks = chunks(&text, SIZE, &Words);
        assert_eq!(chunks[0].path, ["Short"]);
    }

    #[test]
    fn plain_text_has_no_headings() {
        let chunks = chunks_of_text("# not one\n\nText.", SIZE, &Words);
        assert_eq!(chunks.iter().map(Chunk::embedded).collect::<Vec<_>>(), ["# not one\n\nText."]);
        assert_eq!(chunks_of_text(" \n", SIZE, &Words), []);
    }

    #[test]
    fn what_has_no_text_has_no_chunks() {
        for text in ["", "   \n\n", "---\ntitle: x\n---\n"] {
            assert_eq!(chunks(text, SIZE, &Words), [], "{text:?}");
        }
    }
}
