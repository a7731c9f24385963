//! What belongs together with a space between: a number and the letters beside it, as in `E 272700 K`, `205/50 R 16` and `3.3 kV`,
//! the parts of a code (`6ES7 214-1AG40`), and a letter behind a word (`Model Y`). Written as one word they find `E272700K`,
//! `E-272700-K` and `3.3kV`, and tell a unit, a code or a type from another.

use std::ops::Range;

use super::{
    compound::{BETWEEN_NUMBERS, is_negative},
    letters::{Class, Letter},
    token::{Form, Tokens},
};

/// The most words of a chain.
const WORDS: usize = 6;
/// The most letters in front of a number; more than one are capitals, because words stand there too.
const BEFORE: usize = 4;
/// The most letters behind a number, as of a unit.
const BEHIND: usize = 3;
/// The most characters of a word with digits, and of two parts of a code.
const LONGEST: usize = 20;
/// The least digits of a part of a code.
const PART: usize = 3;
/// The least characters of a code that is also written without all marks.
const CODE: usize = 6;

/// Words with one space between them, of which each is a number or stands beside one.
#[derive(Default)]
pub(super) struct Chain {
    /// Letters and position of each word.
    words: Vec<(Range<usize>, u32)>,
}

impl Chain {
    /// Goes on with a word, or ends and begins anew.
    pub(super) fn link(&mut self, tokens: &mut Tokens, letters: &[Letter], word: Range<usize>, position: u32) {
        let is_beside = |(last, _): &&(Range<usize>, u32)| is_space(letters, last.end..word.start);
        let last = self.words.last().filter(is_beside);
        let goes_on = last.is_some_and(|(last, _)| may_join(&letters[last.clone()], &letters[word.clone()]));
        let named = last.filter(|(last, _)| is_named(letters, last, &word)).map(|(last, at)| (last.start, *at));
        if let Some((start, position)) = named {
            let own = &letters[start..word.end];
            tokens.push_as(written(own), own, Form::Spaced, position);
            tokens.end_group();
        }
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
            let (start, position) = (row[0].0.start, row[0].1);
            let own = &letters[start..row[row.len() - 1].0.end];
            let written = written(own);
            if let Some(plain) = without_marks(row, letters, &written) {
                tokens.push_as(plain, own, Form::Spaced, position);
            }
            match is_negative(letters, start) {
                true => tokens.push_as(format!("-{written}"), own, Form::Spaced, position),
                false => tokens.push_as(written, own, Form::Spaced, position),
            }
        }
        if words.len() > 1 {
            tokens.end_group();
        }
    }
}

/// Whether this is one space, or stands between a temperature and its unit.
fn is_space(letters: &[Letter], between: Range<usize>) -> bool {
    let is_between = |marks: &str| {
        let own = letters.get(between.clone()).unwrap_or_default();
        own.len() == marks.chars().count() && own.iter().zip(marks.chars()).all(|(one, mark)| one.folded == mark)
    };
    let is_unit = || letters.get(between.end).is_some_and(|one| matches!(one.folded, 'c' | 'f'));
    is_between(" ") || ([" °", "°", "° "].into_iter().any(is_between) && is_unit())
}

/// Whether a capital letter stands alone behind a word, as in `Model Y`. In `when I pay` it is a word.
fn is_named(letters: &[Letter], word: &Range<usize>, letter: &Range<usize>) -> bool {
    let is_word = word.len() > 1 && is_word(&letters[word.clone()]);
    let is_lower = || letters.get(letter.end + 1).is_some_and(|next| next.class == Class::Letter && !next.is_upper);
    match &letters[letter.clone()] {
        [one] if one.class == Class::Letter && one.is_upper => is_word && !(one.folded == 'i' && is_lower()),
        _ => false,
    }
}

fn is_word(word: &[Letter]) -> bool {
    word.iter().all(|letter| letter.class == Class::Letter)
}

/// Whether it has letters and digits.
fn is_code(word: &[Letter]) -> bool {
    let has = |class: Class| word.iter().any(|letter| letter.class == class);
    has(Class::Letter) && has(Class::Digit) && !word.iter().any(|letter| letter.folded == ' ')
}

/// Whether two words are parts of a code that has letters and digits in one of them.
fn are_code(one: &[Letter], other: &[Letter]) -> bool {
    let is_number = |word: &[Letter]| word.len() >= PART && word.iter().all(|letter| letter.class == Class::Digit);
    let is_part = |word: &[Letter]| is_code(word) || is_number(word);
    (is_code(one) || is_code(other)) && is_part(one) && is_part(other) && one.len() + other.len() <= LONGEST
}

/// A code as one word, as it is also written. A decimal number is another one without its mark.
fn without_marks(row: &[(Range<usize>, u32)], letters: &[Letter], written: &str) -> Option<String> {
    let own = &letters[row[0].0.start..row[row.len() - 1].0.end];
    let has_code = row.iter().any(|(word, _)| is_code(&letters[word.clone()]));
    let is_decimal = own.iter().any(|letter| matches!(letter.folded, '.' | ',' | '\u{2044}'));
    let is_code = has_code && !is_decimal && written.contains(BETWEEN_NUMBERS);
    let plain = is_code.then(|| written.replace(BETWEEN_NUMBERS, ""))?;
    (plain.chars().count() >= CODE).then_some(plain)
}

/// Whether letters follow a number, or a number letters, or both are parts of a code.
fn may_join(one: &[Letter], other: &[Letter]) -> bool {
    let is_number = |word: &[Letter]| {
        word.len() <= LONGEST
            && word.iter().any(|letter| letter.class == Class::Digit)
            && !word.iter().any(|letter| letter.folded == ' ')
    };
    let is_before =
        is_word(one) && (one.len() == 1 || (one.len() <= BEFORE && one.iter().all(|letter| letter.is_upper)));
    // An ohm is one sign or three letters.
    let is_ohm = other.len() == BEHIND + 1 && other[1..].iter().map(|letter| letter.folded).eq("ohm".chars());
    let is_behind = is_word(other) && (other.len() <= BEHIND || is_ohm);
    let (Some(end), Some(begin)) = (one.last(), other.first()) else { return false };
    are_code(one, other)
        || (end.class != begin.class && (is_number(one) || is_before) && (is_number(other) || is_behind))
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
            ("6es7-214-1ag40-0xb0", "6ES7 214-1AG40-0XB0"),
            ("100uF", "100 µF"),
            ("10kOhm", "10 kΩ"),
            ("10 kohm", "10kΩ"),
            ("20C", "20 °C"),
            ("ModelY", "Model Y"),
        ] {
            assert!(meet(one, other), "{one} {:?}, {other} {:?}", tokens(one), tokens(other));
        }
        for spelling in [
            "6ES72141AG400XB0",
            "6es7-214-1ag40-0xb0",
            "6ES7 214 1AG40 0XB0",
            "6ES7214-1AG40-0XB0",
            "6ES7 214-1AG40-0XB0",
        ] {
            let plain = "6es72141ag400xb0";
            assert!(tokens(spelling).iter().any(|token| token.term == plain), "{spelling}: {:?}", tokens(spelling));
        }
        for (one, other) in [
            ("3.3kV", "3.3 V"),
            ("100uF", "100 pF"),
            ("-20 °C", "20 °C"),
            ("3.3V", "3.3 mV"),
            ("E272700K", "E 272700 L"),
            ("A480g", "B 480 g"),
        ] {
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
