//! Which sentences are about what a question asks for. The others share a word with it by chance.

use ruche_store::analysis::{
    cover::{Need, Needs, Text, asks_price, needs},
    named::Name,
};

use super::candidate::{ABOVE, Candidate};

/// What a word counts that stands elsewhere in the sentence's passage.
const ELSEWHERE: f32 = 0.5;
/// The share of the needed words that a sentence must have.
const ENOUGH: f32 = 0.6;
/// The same where words of asking are among them.
const SOME: f32 = 0.3;
/// A sentence that has less than the best one by this answers less.
const MARGIN: f32 = 0.25;
/// One of so many needed words may be in no passage.
const MISSING: usize = 3;
/// Numbers of so many bytes name what is asked for.
const LONG: usize = 5;

/// A passage.
#[derive(Debug)]
pub(super) struct Source {
    /// The title of its document and the headings above it.
    above: Text,
    all: Text,
}

impl Source {
    pub(super) fn of(above: &str, text: &str, language: &str) -> Self {
        Self { above: Text::of(above, language), all: Text::of(text, language) }
    }

    fn has(&self, need: &Need) -> bool {
        self.all.has(need) || self.above.has(need)
    }
}

/// What a question asks for.
#[derive(Debug)]
pub(super) struct Covering {
    /// `None` where words are not written apart.
    needs: Option<Needs>,
    asks_price: bool,
    language: &'static str,
}

impl Covering {
    pub(super) fn of(question: &str, language: &'static str) -> Self {
        Self { needs: needs(question, language), asks_price: asks_price(question, language), language }
    }

    /// Whether a sentence that covers what is needed answers, so that no model has to judge it.
    pub(super) fn is_sure(&self) -> bool {
        self.needs.as_ref().is_some_and(|needs| needs.is_exact)
    }

    /// How much less each sentence, of the passage with this number, is about the question than the best one, in shares: 0 or less,
    /// minus infinity if it is not about it.
    pub(super) fn covered(
        &self,
        names: &[Name],
        candidates: &[Candidate],
        numbers: &[usize],
        sources: &[Source],
    ) -> Vec<f32> {
        let is_named = |number: usize| candidates.iter().any(|one| one.named[number] > 0.0);
        let decides = |name: &Name| name.is_identifier || name.is_compound || name.range.len() >= LONG;
        let has_name = (0..names.len()).any(|number| decides(&names[number]) && is_named(number));
        let Some(needs) = self.needs.as_ref().filter(|_| !has_name) else { return vec![0.0; candidates.len()] };
        let is_about_a_number = needs.words.is_empty() && !self.asks_price && !names.is_empty();
        if is_about_a_number {
            return vec![0.0; candidates.len()];
        }
        if !self.may_be_answered(needs, sources) {
            return vec![f32::NEG_INFINITY; candidates.len()];
        }
        let share = |(one, number): (&Candidate, &usize)| self.share(needs, one, &sources[*number]);
        let shares: Vec<f32> = candidates.iter().zip(numbers).map(share).collect();
        let best = shares.iter().copied().fold(0.0, f32::max);
        let least = (best - MARGIN).max(if needs.is_exact { ENOUGH } else { SOME });
        shares.into_iter().map(|share| if share >= least { share - best } else { f32::NEG_INFINITY }).collect()
    }

    /// Whether few words, and no name, are missing everywhere.
    fn may_be_answered(&self, needs: &Needs, sources: &[Source]) -> bool {
        let missing = needs.words.iter().filter(|need| !sources.iter().any(|source| source.has(need)));
        let missing: Vec<&Need> = missing.collect();
        match needs.is_exact {
            true => missing.len() <= needs.words.len() / MISSING && !missing.iter().any(|need| need.is_name),
            false => missing.len() <= needs.words.len() / 2,
        }
    }

    /// How much a sentence has of what is needed, from 0 to 1.
    fn share(&self, needs: &Needs, one: &Candidate, source: &Source) -> f32 {
        let (own, whole) = (Text::of(&one.text, self.language), Text::of(&one.whole, self.language));
        if !one.answers || (self.asks_price && !whole.has_price(self.language)) {
            return 0.0;
        }
        let of = |need: &Need| {
            let above = whole.share(need).max(source.above.share(need));
            own.share(need).max(ABOVE * above).max(ELSEWHERE * source.all.share(need))
        };
        let found: f32 = needs.words.iter().map(of).sum();
        #[expect(clippy::cast_precision_loss, reason = "a few words")]
        let share = found / needs.words.len().max(1) as f32;
        if needs.words.is_empty() && self.asks_price { 1.0 } else { share }
    }
}
