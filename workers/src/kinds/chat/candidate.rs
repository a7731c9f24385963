//! A sentence of a passage that may answer a question.

use std::ops::Range;

use ruche_store::analysis::query::Asked;

/// What a word in the headings above a sentence counts beside one in the sentence.
pub(super) const ABOVE: f32 = 0.8;
/// What a number in the title of a document or in the headings above a passage counts.
pub(super) const OUTSIDE: f32 = 0.7;

/// A sentence that may answer.
pub(super) struct Candidate {
    pub(super) text: String,
    /// Headings and questions answer nothing.
    pub(super) answers: bool,
    /// Where it is in the passage, in bytes.
    pub(super) range: Range<usize>,
    /// The last heading or question above it.
    pub(super) heading: String,
    /// The sentence before it that says what it is about, where it does not say so itself: `It costs 3 euros.`
    pub(super) referred: Option<String>,
    /// The sentence before it in its paragraph.
    pub(super) before: Option<String>,
    /// With the title, headings and questions above it, and the sentence that it refers to.
    pub(super) whole: String,
    pub(super) own: Vec<String>,
    /// Terms of the title, headings and questions above it, and of the sentence that it refers to.
    pub(super) above: Vec<String>,
    /// How much it has of each of the question's numbers and codes.
    pub(super) named: Vec<f32>,
    /// Of a row, each with the name of its column.
    pub(super) values: Vec<String>,
}

impl Candidate {
    /// The sentence with the one that it refers to.
    pub(super) fn quoted(&self) -> String {
        match &self.referred {
            Some(referred) => format!("{referred} {}", self.text),
            None => self.text.clone(),
        }
    }

    /// How much a sentence has of a word, from 0 to 1.
    pub(super) fn has(&self, word: &Asked) -> f32 {
        let among = |terms: &[String]| terms.iter().any(|term| word.matches(term));
        match (among(&self.own), among(&self.above)) {
            (true, _) => 1.0,
            (false, true) => ABOVE,
            (false, false) => 0.0,
        }
    }
}
