//! Texts of a given number of tokens, all different, so that no cache helps.

use rand::{RngExt, SeedableRng, rngs::StdRng};

/// Each is one token of BERT's English vocabulary.
const WORDS: [&str; 64] = [
    "time",
    "year",
    "people",
    "way",
    "day",
    "man",
    "thing",
    "woman",
    "life",
    "child",
    "world",
    "school",
    "state",
    "family",
    "student",
    "group",
    "country",
    "problem",
    "hand",
    "part",
    "place",
    "case",
    "week",
    "company",
    "system",
    "program",
    "question",
    "work",
    "government",
    "number",
    "night",
    "point",
    "home",
    "water",
    "room",
    "mother",
    "area",
    "money",
    "story",
    "fact",
    "month",
    "lot",
    "right",
    "study",
    "book",
    "eye",
    "job",
    "word",
    "business",
    "issue",
    "side",
    "kind",
    "head",
    "house",
    "service",
    "friend",
    "father",
    "power",
    "hour",
    "game",
    "line",
    "end",
    "member",
    "law",
];

#[derive(Debug, Clone, Copy)]
pub struct Lengths {
    /// The name in tables.
    pub name: &'static str,
    /// In tokens, taken in turn.
    tokens: &'static [usize],
}

/// Short ones, those of a chunk, and mixed ones.
pub const LENGTHS: [Lengths; 3] = [
    Lengths { name: "16", tokens: &[16] },
    Lengths { name: "256", tokens: &[256] },
    Lengths { name: "8 to 500", tokens: &[8, 300, 16, 40, 500, 24, 120, 64, 200] },
];

pub const SECTION: Lengths = Lengths { name: "24 to 64", tokens: &[24, 40, 64] };

impl Lengths {
    /// The text of this number, and its tokens, the model's two special tokens included.
    pub fn text(&self, number: usize) -> (String, usize) {
        let tokens = self.tokens[number % self.tokens.len()];
        let mut random = StdRng::seed_from_u64(number as u64);
        let words: Vec<_> = (2..tokens).map(|_| WORDS[random.random_range(0..WORDS.len())]).collect();
        (words.join(" "), tokens)
    }
}
