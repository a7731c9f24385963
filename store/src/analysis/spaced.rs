//! A number and the letters beside it, with a space between them: `E 272700 K`, `205/50 R 16`, `3.3 kV`. Written as one word
//! they find `E272700K`, `E-272700-K` and `3.3kV`, and tell a unit from another.

use std::ops::Range;

use super::{
    compound::BETWEEN_NUMBERS,
    letters::{Class, Letter},
    token::{Form, Tokens},
};

/// The most words of a chain.
const WORDS: usize = 6;
/// The most letters in front of a number; more than one are capitals, because words stand there too.
const BEFORE: usize = 4;
/// The most letters behind a number, as of a unit.
const BEHIND: usize = 3;
/// The most characters of a word with digits.
const LONGEST: usize = 20;

/// Words with one space between them, of which each is a number or stands beside one.
#[derive(Default)]
pub(super) struct Chain {
    /// Letters and position of each word.
    words: Vec<(Range<usize>, u32)>,
}

impl Chain {
    /// Goes on with a word, or ends and begins anew.
    pub(super) fn link(&mut self, tokens: &mut Tokens, letters: &[Letter], word: Range<usize>, position: u32) {
        let goes_on = self.words.last().is_some_and(|(last, _)| {
            last.end + 1 == word.start
                && letters[last.end].folded == ' '
                && may_join(&letters[last.clone()], &letters[word.clone()])
        });
        if !goes_on || self.words.len() == WORDS {
            self.end(tokens, letters);
        }
        self.words.push((word, position));
    }

    /// Each two and three neighbours, and all.
    pub(super) fn end(&mut self, tokens: &mut Tokens, letters: &[Letter]) {
        let words = std::mem::take(&mut self.words);
        let lengths = [2, 3, words.len()];
        let lengths = if words.len() > 3 { &lengths[..] } else { &lengths[..2] };
        for row in lengths.iter().flat_map(|length| words.windows(*length)) {
            let own = &letters[row[0].0.start..row[row.len() - 1].0.end];
            tokens.push_as(written(own), own, Form::Spaced, row[0].1);
        }
        if words.len() > 1 {
            tokens.end_group();
        }
    }
}

/// Whether letters follow a number, or a number letters.
fn may_join(one: &[Letter], other: &[Letter]) -> bool {
    let is_word = |word: &[Letter]| word.iter().all(|letter| letter.class == Class::Letter);
    let is_number = |word: &[Letter]| {
        word.len() <= LONGEST
            && word.iter().any(|letter| letter.class == Class::Digit)
            && !word.iter().any(|letter| letter.folded == ' ')
    };
    let is_before =
        is_word(one) && (one.len() == 1 || (one.len() <= BEFORE && one.iter().all(|letter| letter.is_upper)));
    let is_behind = is_word(other) && other.len() <= BEHIND;
    let (Some(end), Some(begin)) = (one.last(), other.first()) else { return false };
    end.class != begin.class && (is_number(one) || is_before) && (is_number(other) || is_behind)
}

/// As a compound of the same letters is written.
fn written(letters: &[Letter]) -> String {
    let mut written = String::new();
    let mut is_apart = false;
    for letter in letters {
        if !matches!(letter.class, Class::Letter | Class::Digit) {
            is_apart = true;
            continue;
        }
        let is_digit = |c: char| c.is_ascii_digit();
        if is_apart && letter.class == Class::Digit && written.ends_with(is_digit) {
            written.push(BETWEEN_NUMBERS);
        }
        written.push(letter.folded);
        is_apart = false;
    }
    written
}

#[cfg(test)]
mod tests {
    use crate::analysis::{token::Form, tokens::tokens};

    fn meet(one: &str, other: &str) -> bool {
        let whole = |text: &str| {
            let all = tokens(text).into_iter().filter(|token| matches!(token.form, Form::Joined | Form::Spaced));
            all.max_by_key(|token| token.range.len()).map(|token| token.term)
        };
        let has = |text: &str, term: Option<String>| {
            term.is_some_and(|term| tokens(text).iter().any(|token| token.term == term))
        };
        has(one, whole(other)) && has(other, whole(one))
    }

    #[test]
    fn codes_are_found_with_and_without_spaces() {
        for (one, other) in [
            ("E272700K", "E 272700 K"),
            ("E-272700-K", "E 272700 K"),
            ("e272700k", "e 272700 k"),
            ("A480g", "A 480 g"),
            ("205/50R16", "205/50 R 16"),
            ("205/50R16", "205/50 R16"),
            ("195/65r15", "195/65 R 15"),
            ("M8x25", "M 8 x 25"),
            ("M10×40", "M 10x40"),
            ("KV22025B", "KV 22025 B"),
            ("PX-310/A", "PX 310 A"),
            ("3.3kV", "3.3 kV"),
            ("T-90S", "T-90 S"),
        ] {
            assert!(meet(one, other), "{one} {:?}, {other} {:?}", tokens(one), tokens(other));
        }
        for (one, other) in [("3.3kV", "3.3 V"), ("3.3V", "3.3 mV"), ("E272700K", "E 272700 L"), ("A480g", "B 480 g")] {
            assert!(!meet(one, other), "{one}, {other}");
        }
    }

    #[test]
    fn words_of_a_sentence_are_not_written_as_one() {
        for text in ["order 10054 was", "a big house", "12, g", "12\ng", "12 13", "in the year", "12  g", "12. A"] {
            let spaced = tokens(text).into_iter().filter(|token| token.form == Form::Spaced);
            let terms: Vec<String> = spaced.map(|token| token.term).collect();
            assert!(terms.iter().all(|term| term == "10054was"), "{text}: {terms:?}");
        }
        let many = tokens(&"A 1 ".repeat(10_000));
        assert!(many.len() < 80_000, "{}", many.len());
    }
}
