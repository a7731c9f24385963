//! How hybrid search weighs words and meaning: a convex sum of scores, after Bruch, Gai and Ingber, *An Analysis of
//! Fusion Functions for Hybrid Retrieval* (2023). Sums of ranks put a near part number before the one asked for.

use crate::analysis::identifier;

/// From this share of the question's words on, words count as much as meaning.
pub(crate) const FULL: f64 = 0.7;

/// How a search weighs its two rankings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fusion {
    /// Whether the question names an identifier. Cosines tell identifiers badly apart, so the nearest text gets no full
    /// score for being the nearest.
    pub names_one: bool,
    /// The weight of words, at most one half.
    pub words: f64,
}

/// The range of the cosines of a ranking's candidates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cosines {
    pub least: f64,
    pub best: f64,
    pub candidates: u32,
}

impl Fusion {
    /// `best`: the share of the question's words, by weight, that the best text has, from 0 to 1. Where no text has
    /// more than a few of the words, they tell little.
    #[must_use]
    pub fn new(question: &str, best: f64) -> Self {
        let names_one = identifier::names_one(question);
        Self { names_one, words: if names_one { 0.5 } else { 0.5 * (best / FULL).min(1.0) } }
    }

    /// A hit's score, from 0 to 1. `text`: the share of the question's words that it has, by its BM25: of the
    /// weights of all words that any text has, or of the best text's BM25 if that is more.
    #[must_use]
    pub fn score(&self, cosine: Option<f64>, cosines: &Cosines, text: f64) -> f64 {
        let near = cosine.map_or(0.0, |cosine| match self.names_one {
            true => cosines.absolute(cosine).sqrt(),
            false => cosines.relative(cosine),
        });
        (1.0 - self.words) * near + self.words * text
    }
}

impl Cosines {
    /// The fewer candidates there are, the less their least tells of the range of a model's cosines: of one, nothing.
    fn lower(&self) -> f64 {
        self.least * (1.0 - 1.0 / f64::from(self.candidates.max(1)))
    }

    /// From 0 for the least of the candidates to 1 for a cosine of 1.
    #[must_use]
    pub fn absolute(&self, cosine: f64) -> f64 {
        let lower = self.lower();
        if lower >= 1.0 { 1.0 } else { ((cosine - lower) / (1.0 - lower)).max(0.0) }
    }

    /// From 0 for the least of the candidates to 1 for the best, whatever range a model's cosines have.
    #[must_use]
    pub fn relative(&self, cosine: f64) -> f64 {
        let lower = self.lower();
        if self.best <= lower { 0.0 } else { ((cosine - lower) / (self.best - lower)).clamp(0.0, 1.0) }
    }
}
