//! The terms of a compound: its parts, its neighbouring parts written as one, and all of it written as one. So each
//! spelling finds the others: `AX-4410/B`, `AX4410 B`, `4410/B`; `e-mail`, `email`; `get_user_name`, `getUserName`,
//! `user name`.

use std::ops::Range;

use super::{
    letters::{Class, Letter},
    numbers::{amount, plain},
    token::{Form, Tokens},
};

/// Compounds of more segments have no joined form of the whole.
const SEGMENTS: usize = 16;
/// Segments that change between letters and digits more often are no words, but sums and keys.
const PARTS: usize = 8;
/// Between two numbers, which would be another number if written as one: 1.5 is not 15.
pub(super) const BETWEEN_NUMBERS: char = '\u{b7}';

/// What people divide an inch, a cup or an hour by.
const FRACTIONS: [&str; 9] = ["2", "3", "4", "5", "6", "8", "16", "32", "64"];

/// A segment is what stands between two joiners.
pub(super) fn push(tokens: &mut Tokens, letters: &[Letter], segments: &[Range<usize>]) {
    let mut positions = Vec::with_capacity(segments.len());
    for (number, segment) in segments.iter().enumerate() {
        let own = &letters[segment.clone()];
        positions.push(tokens.next_position());
        let marks = marks(letters, segments, number);
        if marks > 0 {
            tokens.push(&letters[segment.start..segment.end + marks], Form::Joined, tokens.next_position());
        }
        let parts = parts(own);
        // `S21+` is another than `S21`, whose parts find both.
        let is_other = marks > 0 && own.iter().any(|letter| letter.class == Class::Digit);
        if parts.len() > 1 && !is_other {
            tokens.push(own, Form::Joined, tokens.next_position());
        }
        for part in parts {
            let position = tokens.take_position();
            tokens.push(&own[part], Form::Word, position);
        }
    }
    if let Some(term) = mixed(letters, segments) {
        // Its fraction alone is another number.
        let all = segments[0].start..segments[2].end;
        return tokens.push_as(term, &letters[all], Form::Joined, positions[0]);
    }
    for (number, pair) in segments.windows(2).enumerate() {
        join(tokens, letters, pair, Form::Joined, positions[number]);
    }
    if (3..=SEGMENTS).contains(&segments.len()) {
        join(tokens, letters, segments, Form::Joined, positions[0]);
    }
    without_prefix(tokens, letters, segments, positions[0]);
    without_marks(tokens, letters, segments, positions[0]);
}

/// `1 1/2` and `1-1/2`: a whole number and a fraction as people measure with them.
pub(super) fn mixed(letters: &[Letter], segments: &[Range<usize>]) -> Option<String> {
    let [whole, above, below] = segments else { return None };
    let of = |segment: &Range<usize>| letters[segment.clone()].iter().map(|one| one.folded).collect::<String>();
    let between = |one: &Range<usize>, other: &Range<usize>| match &letters[one.end..other.start] {
        [mark] => Some(mark.folded),
        _ => None,
    };
    let is_mixed = matches!(between(whole, above), Some(' ' | '-' | '\u{2011}'))
        && matches!(between(above, below), Some('/' | '\u{2044}'));
    let (above, below) = (of(above), of(below));
    let number = |text: &str| text.parse::<u8>().ok();
    let is_less = number(&above).zip(number(&below)).is_some_and(|(above, below)| 0 < above && above < below);
    (is_mixed && number(&of(whole)).is_some() && is_less && FRACTIONS.contains(&below.as_str()))
        .then(|| format!("{}+{above}{BETWEEN_NUMBERS}{below}", of(whole)))
}

/// `22025/2` of `KV22025/2`, and `2.14.3` of `v2.14.3`.
fn without_prefix(tokens: &mut Tokens, letters: &[Letter], segments: &[Range<usize>], position: u32) {
    let [first, rest @ ..] = segments else { return };
    let parts = parts(&letters[first.clone()]);
    let begin = parts.last().map_or(first.start, |last| first.start + last.start);
    let is_number = letters[begin].class == Class::Digit;
    if parts.len() > 1 && is_number && (1..SEGMENTS).contains(&rest.len()) {
        let number = std::iter::once(begin..first.end).chain(rest.iter().cloned()).collect::<Vec<_>>();
        let position = position + u32::try_from(parts.len() - 1).unwrap_or_default();
        join(tokens, letters, &number, Form::Plain, position);
    }
}

fn without_marks(tokens: &mut Tokens, letters: &[Letter], segments: &[Range<usize>], position: u32) {
    let range = |segments: &[Range<usize>]| &letters[segments[0].start..segments[segments.len() - 1].end];
    if let Some(amount) = amount(letters, segments) {
        if let Some(decimals) = segments.get(amount.whole) {
            let decimals = letters[decimals.clone()].iter().map(|letter| letter.folded);
            let exact = amount.plain.chars().chain([BETWEEN_NUMBERS]).chain(decimals).collect();
            tokens.push_as(exact, range(segments), Form::Plain, position);
        }
        tokens.push_as(amount.plain, range(&segments[..amount.whole]), Form::Plain, position);
    } else if let Some(plain) = plain(letters, segments) {
        tokens.push_as(plain, range(segments), Form::Plain, position);
    }
}

fn join(tokens: &mut Tokens, letters: &[Letter], segments: &[Range<usize>], form: Form, position: u32) {
    let all = segments[0].start..segments[segments.len() - 1].end;
    tokens.push_as(joined(letters, segments), &letters[all], form, position);
}

fn joined(letters: &[Letter], segments: &[Range<usize>]) -> String {
    let mut term = String::new();
    for segment in segments {
        let own = &letters[segment.clone()];
        let after = term.chars().next_back().is_some_and(|last| last.is_ascii_digit());
        if after && own.first().is_some_and(|first| first.class == Class::Digit) {
            term.push(BETWEEN_NUMBERS);
        }
        term.extend(own.iter().map(|letter| letter.folded));
    }
    term
}

/// How many marks after the last segment are part of a name: C#, C++, S21+.
fn marks(letters: &[Letter], segments: &[Range<usize>], number: usize) -> usize {
    let end = segments[number].end;
    let after = |at: usize, mark: char| letters.get(end + at).is_some_and(|letter| letter.folded == mark);
    match () {
        () if number + 1 < segments.len() => 0,
        () if after(0, '+') && after(1, '+') => 2,
        () if after(0, '#') || after(0, '+') => 1,
        () => 0,
    }
}

/// Whether a number at this place has a minus in front of it. In `10 -20` it may be a hyphen.
pub(super) fn is_negative(letters: &[Letter], at: usize) -> bool {
    let mut before = letters[..at].iter().rev();
    let is_minus = before.next().is_some_and(|minus| matches!(minus.folded, '-' | '\u{2013}'));
    let is_free = match before.next() {
        Some(one) if one.folded == ' ' => before.next().is_none_or(|one| one.class != Class::Digit),
        other => other.is_none_or(|one| matches!(one.class, Class::Break | Class::Unspaced)),
    };
    is_minus && is_free && letters[at].class == Class::Digit
}

/// A number with its minus, also with its decimals and the letter of its unit: `-20`, `-1.5`, `-20C`.
pub(super) fn push_negative(tokens: &mut Tokens, letters: &[Letter], segments: &[Range<usize>], position: u32) {
    let (Some(first), Some(last)) = (segments.first(), segments.last()) else { return };
    let own = &letters[first.start..last.end];
    let is_number = own.iter().all(|one| one.class == Class::Digit || matches!(one.folded, '.' | ','));
    let has_unit = segments.len() == 1
        && own.split_last().is_some_and(|(_, digits)| digits.iter().all(|one| one.class == Class::Digit));
    if segments.len() <= 2 && (is_number || has_unit) && is_negative(letters, first.start) {
        let term = format!("-{}", joined(letters, segments));
        tokens.push_as(term, &letters[first.start - 1..last.end], Form::Joined, position);
    }
}

/// Letters and digits apart, and words in one that begin with a capital: `getUserName`.
fn parts(segment: &[Letter]) -> Vec<Range<usize>> {
    let is_cut = |pair: &[Letter]| {
        let (one, other) = (&pair[0], &pair[1]);
        one.class != other.class
            || (other.is_upper && !one.is_upper && one.class == Class::Letter && one.range != other.range)
    };
    let cuts = segment.windows(2).enumerate().filter(|(_, pair)| is_cut(pair)).map(|(at, _)| at + 1);
    let mut ends: Vec<usize> = cuts.collect();
    if ends.len() >= PARTS {
        ends.clear();
    }
    ends.push(segment.len());
    let mut start = 0;
    ends.into_iter().map(|end| std::mem::replace(&mut start, end)..end).collect()
}

/// Whether a compound is a product code, a version and the like.
pub(super) fn is_identifier(term: &str) -> bool {
    let numbers = term.split(BETWEEN_NUMBERS).count();
    term.contains(|c: char| c.is_ascii_digit()) && (numbers > 2 || term.contains(char::is_alphabetic))
}

#[cfg(test)]
mod tests {
    use crate::analysis::tokens::tokens;

    fn terms(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|token| token.term).collect()
    }

    fn meet(one: &str, other: &str) -> bool {
        let other = terms(other);
        terms(one).iter().any(|term| other.contains(term) && term.chars().count() > 1)
    }

    #[test]
    fn a_compound_has_its_parts_and_joined_forms() {
        assert_eq!(terms("AX-4410/B"), ["ax", "4410", "b", "ax4410", "4410b", "ax4410b"]);
        assert_eq!(terms("e-mail"), ["e", "mail", "email"]);
        assert_eq!(terms("/etc/fstab"), ["etc", "fstab", "etcfstab"]);
        assert_eq!(terms("getUserName"), ["getusername", "get", "user", "name"]);
        assert_eq!(terms("v2.14"), ["v2", "v", "2", "14", "v2·14", "2·14"]);
        assert_eq!(terms("1.5M"), ["1", "5m", "5", "m", "1·5m"]);
        assert_eq!(terms("C# C++,"), ["c#", "c", "c++", "c"]);
        assert_eq!(terms("1,500"), ["1", "500", "1·500", "1500"]);
        assert_eq!(terms("24/12/2026"), ["24", "12", "2026", "24·12", "12·2026", "24·12·2026", "24122026"]);
        assert_eq!(terms("1,299.50").split_off(5), ["1·299·50", "1299·50", "1299"]);
        assert_eq!(terms("KV22025/2"), ["kv22025", "kv", "22025", "2", "kv22025·2", "22025·2", "kv220252"]);
    }

    #[test]
    fn spellings_of_one_compound_meet() {
        for (one, other) in [
            ("AX4410", "AX-4410/B"),
            ("4410/B", "AX-4410/B"),
            ("wifi", "Wi-Fi"),
            ("ISO9001", "ISO 9001:2015"),
            ("username", "get_user_name()"),
            ("CocaCola", "Coca-Cola"),
            ("aujourd'hui", "aujourd’hui"),
            ("3.5", "3,5"),
            ("1/2", "½"),
            ("miel-exemple.fr", "support@miel-exemple.fr"),
            ("https://miel-exemple.fr/aide", "See https://miel-exemple.fr/aide."),
            ("U.S.", "US"),
            ("AT&T", "att"),
        ] {
            assert!(meet(one, other), "{one:?} {:?}, {other:?} {:?}", terms(one), terms(other));
        }
        assert!(!terms("1.5").contains(&"15".to_owned()));
    }

    #[test]
    fn a_number_is_known_without_the_letters_in_front_of_it() {
        assert!(terms("KV22025/2").contains(&"22025·2".to_owned()) && terms("v2.14.3").contains(&"2·14·3".to_owned()));
    }

    #[test]
    fn a_fraction_behind_a_whole_number_is_no_number_of_its_own() {
        for text in ["1 1/2", "1-1/2", "1½", "1 ½"] {
            assert_eq!(terms(text), ["1", "1", "2", "1+1·2"], "{text}");
        }
        assert_eq!(terms("1/2"), ["1", "2", "1·2"]);
        for (text, other) in [("12 3/4 in", "3·4"), ("2-5/8\"", "5·8"), ("3⅓ cups", "1·3")] {
            assert!(!terms(text).contains(&other.to_owned()), "{text}");
        }
        for text in ["1-1/20", "5 12/2026", "3-4/2"] {
            assert!(!terms(text).iter().any(|term| term.contains('+')), "{text}");
        }
    }

    #[test]
    fn a_minus_before_a_number_is_its_sign() {
        assert_eq!(terms("-20"), ["20", "-20"]);
        assert_eq!(terms("at -20 °C"), ["at", "20", "-20", "c", "-20c"]);
        assert_eq!(terms("20°C, 20 °C"), ["20", "c", "20", "20c", "c", "20c"]);
        for text in ["\u{2212}20 °C", "\u{2013}20°C", "-20C", "-20 \u{2103}", "(-20 ºC)", "from 0, -20 C"] {
            assert!(terms(text).contains(&"-20c".to_owned()), "{text}: {:?}", terms(text));
        }
        assert!(terms("-1.5 V").contains(&"-1·5".to_owned()));
        for text in ["10 -20", "10-20", "- 20", "AX -4410/B", "a-20", "-AX"] {
            assert!(!terms(text).iter().any(|term| term.starts_with('-')), "{text}: {:?}", terms(text));
        }
    }

    #[test]
    fn a_mark_behind_a_name_is_a_part_of_it() {
        assert_eq!(terms("S21+"), ["s21+", "s", "21"]);
        assert_eq!(terms("S21, A+."), ["s21", "s", "21", "a+", "a"]);
        assert_eq!(terms("Disney+ a+b"), ["disney+", "disney", "a", "b", "ab"]);
    }

    #[test]
    fn sums_are_one_word() {
        assert_eq!(terms("9f86d081884c7d659a2feaa0c55ad015"), ["9f86d081884c7d659a2feaa0c55ad015"]);
    }
}
