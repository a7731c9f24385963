//! How hybrid search weighs words and meaning: a convex sum of scores, after Bruch, Gai and Ingber, *An Analysis of
//! Fusion Functions for Hybrid Retrieval* (2023). Sums of ranks put a near part number before the one asked for.

use crate::analysis::{
    identifier,
    language::{SIMPLE, detect},
};

/// The weight of words that are all found.
const HALF: f64 = 0.5;
/// The weight of words where the question has an identifier.
const IDENTIFIER: f64 = 0.6;
/// The weight of words where the question is in a language that the model does not know.
const UNKNOWN_LANGUAGE: f64 = 0.7;

/// What a question says about the weights of its two rankings. The bounds were chosen by measuring (ADR 0096).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    /// It names an identifier. Cosines tell identifiers badly apart, so the nearest text gets no full score for being
    /// the nearest.
    Identifier,
    /// A model was trained on another language.
    UnknownLanguage,
    /// A model was trained on English alone. Such models are small and less sure, so that words count early.
    English,
    Other,
}

/// How much the words of a question count, by the share of them that the best text has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum WordsWeight {
    Always(f64),
    /// Nothing up to the first share, half from the second on.
    Grows(f64, f64),
}

/// What a cosine counts, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Near {
    /// The square root of [`Cosines::absolute`].
    RootOfAbsolute,
    /// The square root of [`Cosines::relative`].
    RootOfRelative,
    Relative,
}

impl Question {
    /// `models`: the names of those that embedded the question.
    pub(crate) fn of<'m>(text: &str, mut models: impl Iterator<Item = &'m str>) -> Self {
        if identifier::names_number(text) {
            return Self::Identifier;
        }
        match (models.any(is_english), detect(text)) {
            (true, SIMPLE | "english") => Self::English,
            (true, _) => Self::UnknownLanguage,
            (false, _) => Self::Other,
        }
    }

    pub(crate) const fn words(self) -> WordsWeight {
        match self {
            Self::Identifier => WordsWeight::Always(IDENTIFIER),
            Self::UnknownLanguage => WordsWeight::Always(UNKNOWN_LANGUAGE),
            Self::English => WordsWeight::Grows(0.3, 0.7),
            Self::Other => WordsWeight::Grows(0.5, 1.0),
        }
    }

    pub(crate) const fn near(self) -> Near {
        match self {
            Self::Identifier => Near::RootOfAbsolute,
            Self::English => Near::RootOfRelative,
            Self::UnknownLanguage | Self::Other => Near::Relative,
        }
    }
}

impl WordsWeight {
    fn at(self, share: f64) -> f64 {
        match self {
            Self::Always(weight) => weight,
            Self::Grows(from, to) => HALF * ((share - from) / (to - from)).clamp(0.0, 1.0),
        }
    }

    /// As SQL. `share`: the expression of the share.
    pub(crate) fn sql(self, share: &str) -> String {
        match self {
            Self::Always(weight) => weight.to_string(),
            Self::Grows(from, to) => format!("{HALF} * least(1, greatest(0, ({share} - {from}) / ({to} - {from})))"),
        }
    }
}

/// Whether a model of this name was trained on English alone, by the names under which such models are published.
fn is_english(model: &str) -> bool {
    let name = model.to_lowercase();
    let families = ["all-minilm", "all-mpnet", "all-distilroberta", "msmarco", "multi-qa", "nomic-embed-text-v1"];
    families.iter().any(|family| name.starts_with(family)) || name.split(['-', '_', '.']).any(|part| part == "en")
}

/// How a search weighs its two rankings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fusion {
    near: Near,
    /// The weight of words.
    words: f64,
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
    pub(crate) fn new(question: Question, best: f64) -> Self {
        Self { near: question.near(), words: question.words().at(best) }
    }

    /// A hit's score, from 0 to 1. `text`: the share of the question's words that it has, by its BM25: of the
    /// weights of all words that any text has, or of the best text's BM25 if that is more.
    #[must_use]
    pub fn score(&self, cosine: Option<f64>, cosines: &Cosines, text: f64) -> f64 {
        let near = cosine.map_or(0.0, |cosine| match self.near {
            Near::RootOfAbsolute => cosines.absolute(cosine).sqrt(),
            Near::RootOfRelative => cosines.relative(cosine).sqrt(),
            Near::Relative => cosines.relative(cosine),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_of_one_language_counts_less_in_others() {
        let french = "Combien coûte la pompe, et quand est-elle livrée ?";
        let english = "How much is the pump, and when is it delivered?";
        for model in ["all-minilm-l6-v2", "bge-small-en-v1.5", "all-MiniLM-L12-v2"] {
            assert_eq!(Question::of(french, [model].into_iter()), Question::UnknownLanguage, "{model}");
            assert_eq!(Question::of(english, [model].into_iter()), Question::English, "{model}");
            assert_eq!(
                Question::of("pompe 42", [model].into_iter()),
                Question::English,
                "a text without a clear language"
            );
        }
        for model in ["multilingual-e5-small", "bge-m3", "opener"] {
            assert_eq!(Question::of(french, [model].into_iter()), Question::Other, "{model}");
        }
        assert_eq!(
            Question::of("Combien coûte la pompe AX-4410/B ?", ["all-minilm-l6-v2"].into_iter()),
            Question::Identifier
        );
        assert_eq!(Question::of("+49 6131 5550152", ["all-minilm-l6-v2"].into_iter()), Question::Identifier);
    }

    #[test]
    fn words_count_by_how_many_of_them_are_found() {
        let cosines = Cosines { least: 0.0, best: 0.5, candidates: 10 };
        let score = |question, best, near| Fusion::new(question, best).score(Some(near), &cosines, 1.0);
        let of_words = |question, share| (score(question, share, 0.0) * 100.0).round();
        for (question, from, to) in [(Question::English, 0.3, 0.7), (Question::Other, 0.5, 1.0)] {
            let shares = [0.0, from, (from + to) / 2.0, to, 1.0];
            assert_eq!(shares.map(|share| of_words(question, share)), [0.0, 0.0, 25.0, 50.0, 50.0], "{question:?}");
        }
        assert_eq!(score(Question::English, 0.0, 0.125), 0.5);
        assert_eq!(score(Question::Other, 0.0, 0.125), 0.25);
        assert_eq!(score(Question::UnknownLanguage, 0.1, 0.0), UNKNOWN_LANGUAGE);
        assert_eq!(score(Question::Identifier, 0.1, 0.25), 0.8);
    }
}
