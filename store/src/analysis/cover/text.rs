//! The words of a text, and what it states: a number of things, a price, a time.

use std::collections::HashSet;

use super::{ALIKE, BEGINNING, Need, OPPOSITE, Word};
use crate::analysis::{
    asking::{asking, folded, is_asking},
    language::{compounds, is_stop_word},
    tokens::tokens,
};

/// What stands in front of the number of a thing: `Invoice No. 7`, `Rechnungs-Nr. 7`.
const NUMBER_SIGNS: [&str; 9] = ["no", "nr", "n°", "nº", "№", "num", "núm", "nro", "n"];

/// The words of a text.
#[derive(Debug, Clone, Default)]
pub struct Text {
    words: Vec<Word>,
    /// Those behind a number, and those with one word between.
    behind_numbers: Vec<Word>,
    has_compounds: bool,
    /// Whether it states the number of a thing.
    has_number: bool,
    has_currency: bool,
}

impl Text {
    #[must_use]
    pub fn of(text: &str, language: &str) -> Self {
        let words: HashSet<Word> = tokens(text).into_iter().map(|token| Word::of(&token.term, language)).collect();
        let written: Vec<&str> = text.split_whitespace().collect();
        let behind = written.iter().enumerate().filter(|(_, word)| states_number(word, language));
        let behind = behind.flat_map(|(at, _)| written.iter().skip(at + 1).take(2));
        Self {
            words: words.into_iter().collect(),
            behind_numbers: behind.flat_map(|word| folded(word)).map(|word| Word::of(&word, language)).collect(),
            has_compounds: compounds(language),
            has_number: written.windows(2).any(|pair| is_number_sign(pair[0]) && pair[1].contains(char::is_numeric)),
            has_currency: text.contains(['€', '$', '£', '¥', '₹']),
        }
    }

    /// How much of a word it has, from 0 to 1.
    #[must_use]
    pub fn share(&self, need: &Need) -> f32 {
        let of = |word: &Word| self.words.iter().map(|other| word.is_in(other, self.has_compounds)).fold(0.0, f32::max);
        let of_all = |words: &Vec<Word>| words.iter().map(of).fold(1.0, f32::min);
        let of_any = |words: &Vec<Word>| words.iter().map(of).fold(0.0, f32::max);
        let own = need.ways.iter().map(of_all).fold(0.0, f32::max);
        let span = if need.span.is_empty() { 0.0 } else { of_all(&need.span) };
        let other = of_any(&need.others).max(span).max(if need.is_number && self.has_number { 1.0 } else { 0.0 });
        own.max(ALIKE * other).max(OPPOSITE * of_any(&need.opposites))
    }

    #[must_use]
    pub fn has(&self, need: &Need) -> bool {
        self.share(need) > 0.0
    }

    /// Whether it has a word that is none of these texts', no number, and no word of asking, such as its subject.
    #[must_use]
    pub fn has_other_than(&self, texts: &[&Self], language: &str) -> bool {
        let is_said = |word: &Word| {
            let known = || {
                asking(language)
                    .is_some_and(|known| known.numerals.contains(&word.folded) || known.refer.contains(&word.folded))
            };
            word.folded.chars().count() < BEGINNING
                || word.folded.contains(|c: char| c.is_ascii_digit())
                || is_stop_word(&word.folded, language)
                || is_asking(&word.folded, language)
                || known()
        };
        let is_had = |word: &Word| texts.iter().flat_map(|text| &text.words).any(|other| word.is_in(other, true) > 0.0);
        self.words.iter().any(|word| !is_said(word) && !is_had(word))
    }

    /// Whether it says how many of these things there are.
    #[must_use]
    pub fn counts(&self, thing: &str, language: &str) -> bool {
        let thing = Word::of(thing, language);
        self.behind_numbers.iter().any(|word| thing.is_in(word, false) > 0.0)
    }

    /// Whether it has a number.
    #[must_use]
    pub fn has_digit(&self) -> bool {
        self.words.iter().any(|word| word.folded.contains(|c: char| c.is_ascii_digit()))
    }

    /// Whether it has a day of the week or a number, in digits or not.
    #[must_use]
    pub fn has_time(&self, language: &str) -> bool {
        let days = || asking(language).into_iter().flat_map(|known| &known.days);
        let is_day = |word: &Word| days().any(|day| Word::of(day, language).is_in(word, false) > 0.0);
        let is_numeral = |word: &Word| asking(language).is_some_and(|known| known.numerals.contains(&word.folded));
        self.has_digit() || self.words.iter().any(|word| is_day(word) || is_numeral(word))
    }

    /// Whether it has a word for prices or a sign of a currency.
    #[must_use]
    pub fn has_price_word(&self, language: &str) -> bool {
        let is_price = |word: &Word| asking(language).is_none_or(|known| known.price.contains(&word.folded));
        self.has_currency || self.words.iter().any(is_price)
    }
}

/// Whether a word is a number, in digits or not.
fn states_number(word: &str, language: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    word.starts_with(|c: char| c.is_ascii_digit())
        || asking(language).is_some_and(|known| folded(word).iter().any(|word| known.numerals.contains(word)))
}

fn is_number_sign(word: &str) -> bool {
    let lower = word.to_lowercase();
    let last =
        lower.rsplit('-').next().unwrap_or_default().trim_start_matches(|c: char| !c.is_alphanumeric() && c != '№');
    let sign = last.trim_end_matches(['.', ':']);
    (NUMBER_SIGNS.contains(&sign) && (sign.len() < last.len() || !sign.is_ascii()))
        || last.ends_with("nr.")
        || sign == "nr"
}
