//! Splits sections into chunks that fit the model.

use std::ops::Range;

use super::{
    count::Count,
    pieces::{ChunkBudget, Piece},
    rows,
    sections::{Section, sections},
    tables,
};

/// Joins the headings of a path in front of the text.
const ARROW: &str = " > ";

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
    /// Position of the text in the document, in bytes; without a table's header that is repeated in front.
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

/// Splits Markdown into chunks, in order; none for empty text. Never panics: the overlap stays below the budget for
/// text.
#[must_use]
pub fn chunks(markdown: &str, size: Size, count: &dyn Count) -> Vec<Chunk> {
    let fit = |titles: &[String]| fitting(titles.to_vec(), size, count).0.len();
    let cut = |section| of_section(markdown, section, size, count);
    sections(markdown, &fit).into_iter().flat_map(cut).collect()
}

/// Splits plain text, in which nothing counts as a heading.
#[must_use]
pub fn chunks_of_text(text: &str, size: Size, count: &dyn Count) -> Vec<Chunk> {
    match text.trim().is_empty() {
        true => Vec::new(),
        false => of_section(text, Section { path: Vec::new(), range: 0..text.len() }, size, count),
    }
}

/// Splits text of which each line is a row of values: a row is in one chunk, unless it is longer.
#[must_use]
pub fn chunks_of_rows(text: &str, size: Size, count: &dyn Count) -> Vec<Chunk> {
    let budget = ChunkBudget { tokens: size.tokens.max(1), overlap: 0, header: 0 };
    let pieces = rows::of_lines(text, budget, count);
    pieces.into_iter().map(|Piece { text, range }| Chunk { path: Vec::new(), text, range }).collect()
}

fn of_section(markdown: &str, section: Section, size: Size, count: &dyn Count) -> Vec<Chunk> {
    let Section { path, range } = section;
    if range.is_empty() {
        return vec![Chunk { path, text: String::new(), range }];
    }
    let (path, budget) = fitting(path, size, count);
    let budget = ChunkBudget { tokens: budget, overlap: size.overlap.min(budget / 2), header: size.tokens / 4 };
    let pieces = tables::split(markdown, range, budget, count);
    pieces.into_iter().map(|Piece { text, range }| Chunk { path: path.clone(), text, range }).collect()
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
    fn headings_leave_room_for_text_and_are_not_lost() {
        let heading = "very long heading ".repeat(10);
        let heading = heading.trim();
        let text = format!("# {heading}\n\n## Short\n\nText here.\n");
        let found = chunks(&text, SIZE, &Words);
        let (last, others) = found.split_last().expect("chunks");
        assert_eq!((last.path.as_slice(), last.text.as_str()), (&["Short".to_owned()][..], "Text here."));
        let words: String = others.iter().map(|chunk| format!(" {}", chunk.text)).collect();
        assert_eq!(words, format!(" # {heading}"));
        let found = chunks(&format!("# Bees\n\n## {heading}\n\nText here.\n\n## {heading}"), SIZE, &Words);
        let words: Vec<&str> = found.iter().flat_map(|chunk| chunk.text.split_whitespace()).collect();
        assert_eq!(words.join(" "), format!("# Bees ## {heading} Text here. ## {heading}"));
        assert!(found.iter().all(|chunk| Words.count(&chunk.embedded()) <= SIZE.tokens), "{found:?}");
    }

    #[test]
    fn plain_text_has_no_headings() {
        let chunks = chunks_of_text("# not one\n\nText.", SIZE, &Words);
        assert_eq!(chunks.iter().map(Chunk::embedded).collect::<Vec<_>>(), ["# not one\n\nText."]);
        assert_eq!(chunks_of_text(" \n", SIZE, &Words), []);
    }

    #[test]
    fn a_row_is_in_one_chunk_unless_it_is_longer() {
        let row = |n: usize| format!("Name: Bracket {n}; Price: {n}.50");
        let long = "word ".repeat(50);
        let text = [row(1), row(2), String::new(), long.trim().to_owned(), row(3)].join("\n");
        let found = chunks_of_rows(&text, SIZE, &Words);
        let texts: Vec<&str> = found.iter().map(|chunk| chunk.text.as_str()).collect();
        assert_eq!(texts[0], format!("{}\n{}", row(1), row(2)));
        assert_eq!(texts.last(), Some(&row(3).as_str()));
        assert_eq!(texts.iter().map(|text| text.matches("word").count()).sum::<usize>(), 50);
        assert!(
            found
                .iter()
                .all(|chunk| Words.count(&chunk.text) <= SIZE.tokens && text[chunk.range.clone()] == chunk.text)
        );
        assert_eq!(chunks_of_rows(" \n\n", SIZE, &Words), []);
    }

    #[test]
    fn rows_are_whole_in_chunks_of_any_size_and_a_title_is_a_line_of_its_own() {
        let row = |n: usize| format!("Part: AX-{n}; About: {}; Price: {n}.50", "word ".repeat(n % 7).trim());
        let rows: Vec<String> = (0..40).map(row).collect();
        let text = format!("Report of May\n{}\n", rows.join("\n"));
        for tokens in 14..60 {
            let found = chunks_of_rows(&text, Size { tokens, overlap: 5 }, &Words);
            let lines: Vec<&str> = found.iter().flat_map(|chunk| chunk.text.lines()).collect();
            assert_eq!(lines, text.lines().collect::<Vec<_>>(), "{tokens}");
        }
    }

    #[test]
    fn each_part_of_a_long_row_says_of_what_it_is() {
        let about = (0..60).map(|n| format!("w{n}")).collect::<Vec<_>>().join(" ");
        let text = format!("Part: AX-1; About: {about}; Price: 3\nPart: AX-2; Price: 4");
        let found = chunks_of_rows(&text, SIZE, &Words);
        assert!(found.len() > 3 && found.iter().all(|chunk| Words.count(&chunk.text) <= SIZE.tokens), "{found:?}");
        let (last, parts) = found.split_last().expect("chunks");
        assert!(parts[1..].iter().all(|chunk| chunk.text.starts_with("Part: AX-1; About: w")), "{found:?}");
        assert_eq!(last.text, "Part: AX-2; Price: 4");
        let words: String = parts.iter().map(|chunk| format!("{} ", &text[chunk.range.clone()])).collect();
        assert!(words.contains(&about), "{words}");
    }

    #[test]
    fn a_value_of_a_long_row_stands_with_its_column() {
        for words in 30..70 {
            let about = vec!["word"; words].join(" ");
            let text = format!("Part: AX-1; About: {about}; Supplier: Smith; Price: 21.50");
            let found = chunks_of_rows(&text, SIZE, &Words);
            let has = |part: &str| found.iter().any(|chunk| chunk.text.contains(part));
            assert!(has("Supplier: Smith") && has("Price: 21.50"), "{found:?}");
            assert!(!has(": ;"), "{found:?}");
            assert!(found.iter().all(|chunk| chunk.text.starts_with("Part: AX-1")), "{found:?}");
            assert!(found.iter().all(|chunk| Words.count(&chunk.text) <= SIZE.tokens), "{found:?}");
        }
    }

    #[test]
    fn words_in_angle_brackets_are_in_the_text_and_in_the_path() {
        let text = "# The List<Integer> of `Map<K, V>`\n\nPress <Enter> or <kbd>Esc</kbd>; a Vec<u8> and List<Integer>.\n\n<Enter>\n\n## A <b>bold</b> word<br/>\n\nx\n";
        let found = chunks(text, Size { tokens: 100, overlap: 0 }, &Words);
        assert_eq!(found[0].path, ["The List<Integer> of Map<K, V>"]);
        assert_eq!(found[0].text, "Press <Enter> or <kbd>Esc</kbd>; a Vec<u8> and List<Integer>.\n\n<Enter>");
        assert_eq!(found[1].path, ["The List<Integer> of Map<K, V>", "A bold word"]);
    }

    #[test]
    fn what_has_no_text_has_no_chunks() {
        for text in ["", "   \n\n", "---\ntitle: x\n---\n"] {
            assert_eq!(chunks(text, SIZE, &Words), [], "{text:?}");
        }
    }
}
