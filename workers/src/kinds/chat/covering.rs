//! Which sentences are about what a question asks for. The others share a word with it by chance.

use ruche_store::analysis::{
    asking::{asks_price, asks_time, counted},
    cover::{Need, Needs, Text, needs},
    named::Name,
};

use super::candidate::{ABOVE, Candidate, OUTSIDE};

/// What a word counts that stands elsewhere in the sentence's passage.
const ELSEWHERE: f32 = 0.45;
/// The same in the sentence before in its paragraph, and in the one that it refers to.
const BEFORE: f32 = 0.7;
const REFERRED: f32 = 0.95;
/// What a price counts that stands below a word for prices, and what a sentence about prices without a number.
const BELOW_PRICE: f32 = 0.95;
const WITHOUT_NUMBER: f32 = 0.9;
/// A day of the week counts as so many words.
const DAY: f32 = 2.0;
/// What a sentence loses that is of another kind than what is asked for.
const OTHER_KIND: f32 = 0.12;
/// What it loses for each word, and for so many at most: what says little else answers better.
const PER_WORD: f32 = 0.002;
const MOST_WORDS: usize = 20;
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
    /// The last heading above it.
    nearest: Text,
    all: Text,
}

impl Source {
    pub(super) fn of(above: &str, text: &str, language: &str) -> Self {
        let nearest = above.trim_end().lines().last().unwrap_or_default();
        Self { above: Text::of(above, language), nearest: Text::of(nearest, language), all: Text::of(text, language) }
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
    asks_time: bool,
    /// The things that it asks for the number of.
    counted: Option<String>,
    language: &'static str,
}

/// How much a sentence is about the question, and what it loses beside others.
#[derive(Debug, Clone, Copy)]
struct Share {
    share: f32,
    loss: f32,
}

impl Covering {
    pub(super) fn of(question: &str, language: &'static str) -> Self {
        Self {
            needs: needs(question, language),
            asks_price: asks_price(question, language),
            asks_time: asks_time(question, language),
            counted: counted(question, language),
            language,
        }
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
        // A number in the title of the document does not decide: all of its sentences have it.
        let is_named = |number: usize| candidates.iter().any(|one| one.answers && one.named[number] > OUTSIDE);
        let decides = |name: &Name| name.is_identifier || name.is_compound || name.range.len() >= LONG;
        let has_name = (0..names.len()).any(|number| decides(&names[number]) && is_named(number));
        let Some(needs) = self.needs.as_ref().filter(|_| !has_name) else { return vec![0.0; candidates.len()] };
        let is_about_a_number = needs.words.is_empty() && !self.asks_price && !names.is_empty();
        if is_about_a_number {
            return vec![0.0; candidates.len()];
        }
        let needs = self.without_said(needs, candidates, sources);
        if !self.may_be_answered(&needs, sources) {
            return vec![f32::NEG_INFINITY; candidates.len()];
        }
        let share = |(one, number): (&Candidate, &usize)| self.share(&needs, one, &sources[*number]);
        let shares: Vec<Share> = candidates.iter().zip(numbers).map(share).collect();
        let best = shares.iter().map(|one| one.share).fold(0.0, f32::max);
        let least = (best - MARGIN).max(if needs.is_exact { ENOUGH } else { SOME });
        let is_enough = |one: &Share| one.share >= least;
        let value = |one: &Share| one.share - one.loss;
        let most = shares.iter().filter(|one| is_enough(one)).map(value).fold(f32::NEG_INFINITY, f32::max);
        let less = |one: &Share| if is_enough(one) { value(one) - most } else { f32::NEG_INFINITY };
        shares.iter().map(less).collect()
    }

    /// Without a word that no passage has, if the question asks for a number of things and a sentence states one: `Combien de livres
    /// puis-je emprunter ?`
    fn without_said(&self, needs: &Needs, candidates: &[Candidate], sources: &[Source]) -> Needs {
        let counts = |one: &Candidate| {
            let counts = |thing: &String| Text::of(&one.text, self.language).counts(thing, self.language);
            one.answers && self.counted.as_ref().is_some_and(counts)
        };
        let is_missing = |need: &&Need| !sources.iter().any(|source| source.has(need));
        let missing: Vec<&Need> = needs.words.iter().filter(is_missing).collect();
        let mut needs = needs.clone();
        if let [missing] = missing[..]
            && !missing.is_name
            && needs.words.len() > 1
            && candidates.iter().any(counts)
        {
            let missing = missing.clone();
            needs.words.retain(|need| *need != missing);
        }
        needs
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
    fn share(&self, needs: &Needs, one: &Candidate, source: &Source) -> Share {
        let text = |text: &str| Text::of(text, self.language);
        let (own, whole) = (text(&one.text), text(&one.whole));
        let price = if self.asks_price { self.price(&own, &whole) } else { 1.0 };
        if !one.answers || price == 0.0 {
            return Share { share: 0.0, loss: 0.0 };
        }
        let [referred, before] =
            [&one.referred, &one.before].map(|before| before.as_deref().map(text).unwrap_or_default());
        let of = |need: &Need| {
            let above = whole.share(need).max(source.above.share(need));
            let near = (REFERRED * referred.share(need)).max(BEFORE * before.share(need));
            own.share(need).max(near).max(ABOVE * above).max(ELSEWHERE * source.all.share(need))
        };
        let is_of_another = || self.is_of_another(needs, one, source, [&own, &referred]);
        if self.asks_price && is_of_another() {
            return Share { share: 0.0, loss: 0.0 };
        }
        let weight = |need: &Need| if need.is_day { DAY } else { 1.0 };
        let found: f32 = needs.words.iter().map(|need| weight(need) * of(need)).sum();
        let all: f32 = needs.words.iter().map(weight).sum();
        let share = if needs.words.is_empty() && self.asks_price { 1.0 } else { found / all.max(1.0) };
        Share { share: share * price, loss: self.loss(&one.text, &own) }
    }

    /// Whether a price is that of another thing: what is asked for stands in the document's title alone, and the sentence and the
    /// heading above it name something else. `What does the Orion cost?` is not answered by what its repair costs.
    fn is_of_another(&self, needs: &Needs, one: &Candidate, source: &Source, texts: [&Text; 2]) -> bool {
        let is_named = |need: &Need| texts.iter().any(|text| text.has(need));
        if needs.words.is_empty() || needs.words.iter().any(is_named) {
            return false;
        }
        let title = one.whole.lines().next().map(|title| Text::of(title, self.language)).unwrap_or_default();
        let heading = Text::of(&one.heading, self.language);
        let heading = if one.heading.is_empty() { &source.nearest } else { &heading };
        let is_below = needs.words.iter().any(|need| heading.has(need)) || heading.has_price_word(self.language);
        !is_below && texts.iter().any(|text| text.has_other_than(&[&title], self.language))
    }

    /// How much a sentence states a price.
    fn price(&self, own: &Text, whole: &Text) -> f32 {
        let has_price_word = |text: &Text| text.has_price_word(self.language);
        match (own.has_digit(), has_price_word(own), has_price_word(whole)) {
            (true, true, _) => 1.0,
            (true, false, true) => BELOW_PRICE,
            (false, true, _) => WITHOUT_NUMBER,
            _ => 0.0,
        }
    }

    /// What a sentence loses because it is of another kind than what is asked for, or says much else.
    fn loss(&self, text: &str, own: &Text) -> f32 {
        let is_price = !self.asks_price && own.has_digit() && own.has_price_word(self.language);
        let is_no_time = self.asks_time && !own.has_time(self.language);
        let counts = |thing: &String| own.counts(thing, self.language);
        let is_no_count = self.counted.as_ref().is_some_and(|thing| !counts(thing));
        let kinds = [is_price, is_no_time, is_no_count].into_iter().filter(|is_other| *is_other).count();
        #[expect(clippy::cast_precision_loss, reason = "a few words")]
        let [kinds, words] = [kinds, text.split_whitespace().take(MOST_WORDS).count()].map(|count| count as f32);
        OTHER_KIND * kinds + PER_WORD * words
    }
}
