//! The documents: a page of minutes, and a text as long as big READMEs. No two are alike, so that no cache helps:
//! `%N%` is the document's number, in every paragraph, item, row and program of the long one, and in most of the
//! short one.

use std::fmt::Write;

/// One page: headings, text, list, table, code, link.
pub const SHORT: &str = include_str!("short.md");
/// The same in Typst.
pub const SHORT_TYPST: &str = include_str!("short.typ");
/// Lines of a README that md-to-pdf's users measured with.
pub const LONG_LINES: usize = 2_165;

const WORDS: &str = "worker stream message queue gateway page token answer between after before every other under which \
    holds takes gives reads writes keeps waits until never always one two three small large first last open closed and \
    the a of to in with from by for is are was not its their";

pub fn numbered(text: &str, number: usize) -> String {
    text.replace("%N%", &number.to_string())
}

/// Chapters of text, lists, tables and programs, always the same.
pub fn long() -> String {
    let mut text = Text { words: WORDS.split_whitespace().collect(), random: Random::new(7) };
    let mut out = String::from("# A long document, %N%\n\n");
    let mut lines = 2;
    let mut chapter = 0;
    while lines < LONG_LINES {
        chapter += 1;
        let piece = text.chapter(chapter);
        lines += piece.lines().count();
        out.push_str(&piece);
    }
    out.split_inclusive('\n').take(LONG_LINES).collect()
}

/// Numbers that are the same in each run: Knuth's linear congruence.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 40).unwrap_or(0) % n.max(1)
    }
}

struct Text {
    words: Vec<&'static str>,
    random: Random,
}

impl Text {
    fn words(&mut self, count: usize) -> String {
        let places: Vec<usize> = (0..count).map(|_| self.random.below(self.words.len())).collect();
        let words: Vec<&str> = places.into_iter().map(|at| self.words[at]).collect();
        words.join(" ")
    }

    /// About 60 lines.
    fn chapter(&mut self, number: usize) -> String {
        let mut out = format!("## Chapter {number}: {}\n\n", self.words(4));
        for _ in 0..3 {
            let _ = writeln!(out, "In %N%, **{}** {}", self.words(2), self.words(14));
            let _ = writeln!(out, "{} `{}` {}", self.words(10), self.words(1), self.words(7));
            let _ = writeln!(
                out,
                "{} [{}](https://example.org/%N%/{number}) {}.\n",
                self.words(8),
                self.words(2),
                self.words(5)
            );
        }
        for _ in 0..8 {
            let _ = writeln!(out, "- %N%: *{}* {}", self.words(1), self.words(12));
        }
        let _ = writeln!(out, "\n### Settings of {}\n", self.words(2));
        out.push_str("| Name | Default | What for |\n|:-----|--------:|:---------|\n");
        for row in 0..8 {
            let _ =
                writeln!(out, "| `{}_{row}` | {} | %N% {} |", self.words(1), self.random.below(1000), self.words(8));
        }
        let _ = writeln!(out, "\n```rust\n/// {} (%N%).", self.words(6));
        let _ = writeln!(out, "pub fn chapter_{number}(text: &str) -> Option<usize> {{");
        for line in 0..10 {
            let _ = writeln!(
                out,
                "    let value_{line} = text.find(\"{}\")? + {}; // %N%",
                self.words(2),
                self.random.below(99)
            );
        }
        let _ = writeln!(out, "    Some(value_0)\n}}\n```\n\n> %N%: {}\n", self.words(16));
        for step in 1..=5 {
            let _ = writeln!(out, "{step}. {} %N% {}", self.words(4), self.words(6));
        }
        out.push('\n');
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_long_document_is_always_the_same_and_as_long_as_it_says() {
        assert_eq!(long(), long());
        assert_eq!(long().lines().count(), LONG_LINES);
        assert_ne!(numbered(&long(), 1), numbered(&long(), 2));
    }
}
