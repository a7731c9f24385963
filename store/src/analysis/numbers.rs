//! Numbers that are written in groups: `978-3-16-148410-0`, `441 0227`, `+49 30 12345678`, `00:1A:2B:3C:4D:5E`, `1,299.00`.
//! Each also has the form without the marks between its groups, by which every way to write it finds the others.

use std::ops::Range;

use super::letters::{Class, Letter};

/// What stands between two joiners, of one compound.
pub(super) type Segments = Vec<Range<usize>>;

/// Fewer characters as one would be another number: 2.14 is not 214.
const LEAST: usize = 6;
/// The same for numbers with spaces between them, which may be two numbers.
const LEAST_SPACED: usize = 7;
/// The most characters of an account number (IBAN, ISO 13616).
const MOST_SPACED: usize = 34;
/// The most groups of such a number. More are a row of values.
const GROUPS: usize = 9;
/// A group of letters alone is longer only in a name.
const LETTERS: usize = 4;
/// The most segments of a compound that is a number.
const SEGMENTS: usize = 16;
/// The most characters between two groups.
const GAP: usize = 3;
/// Digits of an area code in front of ` / ` and ` - `.
const AREA: usize = 6;

/// The compound as one word without marks, where it is a number or code in groups of digits.
pub(super) fn plain(letters: &[Letter], segments: &[Range<usize>]) -> Option<String> {
    let own = |segment: &Range<usize>| &letters[segment.clone()];
    let is_group = |segment: &Range<usize>| segment.len() <= LETTERS || own(segment).iter().any(is_digit);
    let joints = || segments.windows(2).map(|pair| &letters[pair[0].end..pair[1].start]);
    let is_joint = |joint: &[Letter]| matches!(joint, [mark] if is_hyphen(mark.folded) || "./:_".contains(mark.folded));
    let meet =
        segments.windows(2).any(|pair| own(&pair[0]).last().is_some_and(is_digit) && is_digit(&letters[pair[1].start]));
    let is_number = (2..=SEGMENTS).contains(&segments.len())
        && meet
        && segments.iter().all(is_group)
        && joints().all(is_joint)
        && !is_decimal(letters, segments);
    let term = folded(letters, segments);
    (is_number && term.chars().count() >= LEAST).then_some(term)
}

/// `48.5` and `1299.00`.
fn is_decimal(letters: &[Letter], segments: &[Range<usize>]) -> bool {
    match segments {
        [whole, part] => {
            is_of_digits(letters, whole)
                && is_of_digits(letters, part)
                && part.len() <= 3
                && letters[whole.end].folded == '.'
        }
        _ => false,
    }
}

/// A number with marks between its thousands.
pub(super) struct Amount {
    /// The segments of its whole part.
    pub(super) whole: usize,
    pub(super) plain: String,
}

/// `1,299.00`, `1.299` and `1'500'000`.
pub(super) fn amount(letters: &[Letter], segments: &[Range<usize>]) -> Option<Amount> {
    let [first, rest @ ..] = segments else { return None };
    let mark = |pair: &[Range<usize>]| match &letters[pair[0].end..pair[1].start] {
        [mark] => Some(mark.folded).filter(|mark| matches!(mark, ',' | '.' | '\'' | '\u{2019}')),
        _ => None,
    };
    let thousands = mark(segments.get(..2)?)?;
    if first.len() > 3 || !is_of_digits(letters, first) || !rest.iter().all(|part| is_of_digits(letters, part)) {
        return None;
    }
    let is_thousand = |pair: &[Range<usize>]| pair[1].len() == 3 && mark(pair) == Some(thousands);
    let whole = 1 + segments.windows(2).take_while(|pair| is_thousand(pair)).count();
    let is_amount = whole > 1
        && match segments.len() - whole {
            0 => true,
            1 => mark(&segments[whole - 1..]).is_some_and(|mark| mark != thousands && ",.".contains(mark)),
            _ => false,
        };
    is_amount.then(|| Amount { whole, plain: folded(letters, &segments[..whole]) })
}

/// The compounds from this one on that are one number together with it; itself alone if there are none.
pub(super) struct Row {
    pub(super) compounds: Vec<Segments>,
    /// As one word.
    pub(super) plain: Option<String>,
    /// Whether its groups are no numbers of their own.
    pub(super) is_one: bool,
}

/// `next` reads the compound at a place.
pub(super) fn row(letters: &[Letter], first: Segments, next: impl Fn(usize) -> Segments) -> Row {
    if let Some(compounds) = account(letters, &first, &next) {
        let plain = Some(compounds.iter().map(|segments| folded(letters, segments)).collect());
        return Row { compounds, plain, is_one: true };
    }
    let mut compounds = vec![first];
    while let Some(last) = compounds.last().filter(|last| is_number(letters, last)) {
        let Some(end) = last.last().map(|segment| segment.end) else { break };
        let Some(after) = gap(letters, end, &compounds).map(|length| next(end + length)) else { break };
        if !is_number(letters, &after) {
            break;
        }
        compounds.push(after);
    }
    let (plain, is_one) = match &compounds[..] {
        [_] => (None, false),
        all => match spaced_thousands(letters, all) {
            Some(plain) => (Some(plain), false),
            None => (spaced(letters, all), true),
        },
    };
    let is_one = is_one && plain.is_some();
    Row { compounds, plain, is_one }
}

/// The characters between a number at this place and the next one, if both may be one.
fn gap(letters: &[Letter], from: usize, before: &[Segments]) -> Option<usize> {
    let is_mark = |c: char| is_hyphen(c) || matches!(c, '/' | '(' | ')' | '\u{2012}' | '\u{2013}');
    let length = letters[from..].iter().take(GAP + 1).position(is_digit)?;
    let gap: Vec<char> = letters[from..from + length].iter().map(|letter| letter.folded).collect();
    let is_area = || from - before[0][0].start <= AREA;
    let is_gap = match gap[..] {
        [' '] | [' ', '('] | [')', ' '] => true,
        [mark] => is_mark(mark),
        // `030 / 12345678` is one number, `441 0227 / 441 0228` are two.
        [' ', mark, ' '] => is_mark(mark) && before.len() == 1 && is_area(),
        _ => false,
    };
    is_gap.then_some(length)
}

/// Digits alone, or two groups of them.
fn is_number(letters: &[Letter], segments: &[Range<usize>]) -> bool {
    segments.len() <= 2 && segments.iter().all(|segment| is_of_digits(letters, segment))
}

fn spaced(letters: &[Letter], compounds: &[Segments]) -> Option<String> {
    let is_group = |segments: &Segments| match &segments[..] {
        [one, other] => match &letters[one.end..other.start] {
            [mark] => is_hyphen(mark.folded) || mark.folded == '/',
            _ => false,
        },
        _ => true,
    };
    let plain: String = compounds.iter().map(|segments| folded(letters, segments)).collect();
    let length = plain.chars().count();
    let is_one = compounds.len() <= GROUPS && compounds.iter().all(is_group);
    (is_one && (LEAST_SPACED..=MOST_SPACED).contains(&length)).then_some(plain)
}

/// `1 299` and `1 500 000,00`, as one number without the decimals.
fn spaced_thousands(letters: &[Letter], compounds: &[Segments]) -> Option<String> {
    let [first, rest @ ..] = compounds else { return None };
    let is_space = |pair: &[Segments]| {
        let end = pair[0].last().map_or(0, |last| last.end);
        pair[1][0].start == end + 1 && letters[end].folded == ' '
    };
    let starts = first.len() == 1 && first[0].len() <= 3 && letters[first[0].start].folded != '0';
    let is_thousand = |(number, segments): (usize, &Segments)| {
        let is_last = number + 1 == rest.len();
        let decimals = segments.len() == 1 || (is_last && ",.".contains(letters[segments[0].end].folded));
        segments[0].len() == 3 && decimals
    };
    let all = starts && compounds.windows(2).all(is_space) && rest.iter().enumerate().all(is_thousand);
    all.then(|| compounds.iter().map(|segments| folded(letters, &segments[..1])).collect())
}

/// An account number in groups of four, such as `DE89 3704 0044 0532 0130 00`.
fn account(letters: &[Letter], first: &Segments, next: impl Fn(usize) -> Segments) -> Option<Vec<Segments>> {
    let [begin] = &first[..] else { return None };
    let own = &letters[begin.clone()];
    let classes = [Class::Letter, Class::Letter, Class::Digit, Class::Digit];
    if own.len() != 4 || !own.iter().zip(classes).all(|(letter, class)| letter.class == class) {
        return None;
    }
    let mut compounds = vec![first.clone()];
    let mut end = begin.end;
    while compounds.len() < GROUPS && letters.get(end).is_some_and(|letter| letter.folded == ' ') {
        let Some(Class::Letter | Class::Digit) = letters.get(end + 1).map(|letter| letter.class) else { break };
        let after = next(end + 1);
        let [group] = &after[..] else { break };
        let own = &letters[group.clone()];
        if own.len() > 4 || !own.iter().all(|letter| is_digit(letter) || letter.is_upper) && !own.iter().any(is_digit) {
            break;
        }
        end = group.end;
        let is_last = own.len() < 4;
        compounds.push(after);
        if is_last {
            break;
        }
    }
    let length: usize = compounds.iter().flatten().map(Range::len).sum();
    (length >= 15).then_some(compounds)
}

fn folded(letters: &[Letter], segments: &[Range<usize>]) -> String {
    segments.iter().flat_map(|segment| &letters[segment.clone()]).map(|letter| letter.folded).collect()
}

fn is_of_digits(letters: &[Letter], segment: &Range<usize>) -> bool {
    letters[segment.clone()].iter().all(is_digit)
}

fn is_digit(letter: &Letter) -> bool {
    letter.class == Class::Digit
}

const fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}' | '\u{2011}')
}

#[cfg(test)]
mod tests {
    use crate::analysis::{query::parse, tokens::tokens};

    /// Whether the term that tells the question's number from others is in the text.
    fn finds(question: &str, text: &str) -> bool {
        let terms: Vec<String> = tokens(text).into_iter().map(|token| token.term).collect();
        let words = parse(question, &["simple".to_owned()]).words;
        words.iter().filter(|word| word.weight >= 1.0).any(|word| terms.iter().any(|term| word.matches(term)))
    }

    #[test]
    fn each_way_to_write_a_number_finds_the_others() {
        for ways in [
            &["9783161484100", "978-3-16-148410-0", "978 3 16 148410 0", "978–3–16–148410–0", "978.3.16.148410.0"][..],
            &["4410227", "441-0227", "44-10227", "441 0227", "44.10.227", "441/0227", "44-10-227"],
            &["001A2B3C4D5E", "00:1A:2B:3C:4D:5E", "00-1a-2b-3c-4d-5e", "001a.2b3c.4d5e"],
            &["03012345678", "030/12345678", "030 / 123 456 78", "(030) 123 45-678", "030-12345678", "030 12345678"],
            &["+493012345678", "+49 30 12345678", "+49 (30) 123-45678", "+49-30-12345678", "+49 30/12345678"],
            &["+49 30 12345678", "03012345678", "+49 (0)30 123 456 78", "030/12345678"],
            &["+49 421 5550123", "421-555-0123"],
            &["+44 20 7946 0123", "20 7946 0123"],
            &["0049 421 555 0123", "+49 421 5550123", "+494215550123", "0049 (0)421 5550123"],
            &["0049 421 5550123", "0421/5550123"],
            &["1299", "1,299.00", "1.299,00 EUR", "1.299", "1'299.00", "1 299,00 €", "1\u{202f}299"],
            &["DE89370400440532013000", "DE89 3704 0044 0532 0130 00", "de89 3704 0044 0532 0130 00"],
            &["GB29NWBK60161331926819", "GB29 NWBK 6016 1331 9268 19"],
            &["4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111"],
            &["20261130", "2026-11-30", "2026/11/30"],
            &["KV220252", "KV22025/2", "KV-22025-2"],
            &["550e8400e29b41d4a716446655440000", "550e8400-e29b-41d4-a716-446655440000"],
            &["316148410X", "3-16-148410-X"],
        ] {
            for (one, other) in ways.iter().flat_map(|one| ways.iter().map(move |other| (one, other))) {
                assert!(finds(one, other), "{one}: {other}: {:?}", tokens(other));
            }
        }
    }

    #[test]
    fn a_digit_more_or_fewer_is_another_number() {
        for (question, texts) in [
            ("9783161484100", &["978-3-16-148410-1", "978-3-16-14841-0", "1978-3-16-148410-0"][..]),
            ("978-3-16-148410-0", &["9783161484101", "97831614841000", "978-3-16-148411-0"]),
            ("4410227", &["441-0228", "441-02271", "44-1022", "441 0228", "441 02270", "14-410-227"]),
            ("441 0227", &["44102271", "441 022"]),
            ("001A2B3C4D5E", &["00:1A:2B:3C:4D:5F", "00:1A:2B:3C:4D"]),
            ("+493012345678", &["+49 30 1234567", "+49 30 123456789"]),
            ("03012345678", &["+49 30 1234567", "+49 31 12345678"]),
            ("1299", &["1,290.00", "12,990.00", "1,299,000", "299.00", "12.99"]),
            ("15", &["1.5"]),
            ("129900", &["1,299.00", "1299.00"]),
            ("214", &["2.14", "v2.1.4"]),
        ] {
            for text in texts {
                assert!(!finds(question, text), "{question}: {text}: {:?}", tokens(text));
            }
        }
    }

    #[test]
    fn numbers_beside_each_other_stay_apart() {
        for (text, whole) in [
            ("441 0227 / 441 0228", &["4410227", "4410228"][..]),
            ("12.50 13.00 14.20 15.90", &[]),
            ("1 2 3 4 5 6 7 8 9 10 11 12", &[]),
            ("1, 2 and 3456789", &[]),
            ("441  0227\n441\t0227", &[]),
            ("4410227\n0228", &[]),
            ("BE71 0961 2345 6769 oder bar", &["be71096123456769"]),
            ("MH17 shot down over land", &[]),
        ] {
            let joined = tokens(text).into_iter().filter(|token| token.form == super::super::token::Form::Plain);
            assert_eq!(joined.map(|token| token.term).collect::<Vec<_>>(), whole, "{text}");
        }
    }
}
