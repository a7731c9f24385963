//! Characters, folded so that spellings of one word are equal: compatibility forms (NFKC, Unicode Standard Annex
//! #15), case, accents, ligatures, and digits of all scripts.

use std::ops::Range;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Letter,
    Digit,
    /// Of a script without spaces between words, or with particles attached to them: Chinese, Japanese, Korean, Thai.
    Unspaced,
    /// A pictograph, such as an emoji: a word of its own.
    Symbol,
    /// Joins words if it stands between two, such as a hyphen.
    Joiner,
    Break,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Letter {
    pub(super) folded: char,
    pub(super) class: Class,
    pub(super) is_upper: bool,
    /// The original characters, in bytes.
    pub(super) range: Range<usize>,
}

/// Hyphens, apostrophes, and marks within paths, addresses, versions and names of programs.
const JOINERS: &str = "-_./:@&'+#\\~=,\u{2010}\u{2011}\u{2018}\u{2019}\u{02bc}\u{2044}\u{00b7}\u{30fb}";

/// What stands between the numbers of a size; the last one is Cyrillic.
const SIZES: &str = "x×*✕х";

/// Folds the characters of a text. One may become several: `œ`, `½`.
pub(super) fn letters(text: &str) -> Vec<Letter> {
    let mut letters = Vec::with_capacity(text.len());
    let mut rest = text.char_indices().peekable();
    while let Some((start, first)) = rest.next() {
        if is_transparent(first) {
            continue;
        }
        if let Some(sign) = sign_of_unit(text, start, first) {
            let range = start..start + first.len_utf8();
            letters.extend(sign.chars().map(|folded| letter(folded, false, range.clone())));
            continue;
        }
        let mut end = start + first.len_utf8();
        if first.is_ascii() && !rest.peek().is_some_and(|(_, next)| is_mark(*next)) {
            letters.push(letter(first.to_ascii_lowercase(), first.is_ascii_uppercase(), start..end));
            continue;
        }
        let is_upper = first.is_uppercase();
        // `1½` is no eleven.
        if is_fraction(first) && letters.last().is_some_and(|before: &Letter| before.class == Class::Digit) {
            letters.push(letter(' ', false, start..start));
        }
        while let Some((at, mark)) = rest.next_if(|(_, next)| is_mark(*next)) {
            end = at + mark.len_utf8();
        }
        for folded in text[start..end].nfkc().flat_map(char::to_lowercase) {
            fold(folded, |folded| letters.push(letter(folded, is_upper, start..end)));
        }
    }
    with_signs_of_sizes(letters)
}

/// Writes the sign between two numbers of a size as `x`, without spaces: `8 x 25`, `8×25` and `8*25` are `8x25`.
fn with_signs_of_sizes(letters: Vec<Letter>) -> Vec<Letter> {
    let is = |at: Option<usize>, class: Class| at.and_then(|at| letters.get(at)).is_some_and(|one| one.class == class);
    let is_space = |at: usize| letters.get(at).is_some_and(|one| one.folded == ' ');
    let (mut left_out, mut signs) = (Vec::new(), Vec::new());
    for at in letters.iter().enumerate().filter(|(_, one)| SIZES.contains(one.folded)).map(|(at, _)| at) {
        let before = at.checked_sub(1).filter(|before| is_space(*before));
        let after = Some(at + 1).filter(|after| is_space(*after));
        let is_between =
            is(before.unwrap_or(at).checked_sub(1), Class::Digit) && is(Some(after.unwrap_or(at) + 1), Class::Digit);
        if is_between {
            signs.push(at);
            left_out.extend(before.into_iter().chain(after));
        }
    }
    let (mut signs, mut left_out) = (signs.into_iter().peekable(), left_out.into_iter().peekable());
    let of_sizes = letters.iter().enumerate().filter_map(|(at, one)| match left_out.next_if_eq(&at) {
        Some(_) => None,
        None if signs.next_if_eq(&at).is_some() => Some(letter('x', one.is_upper, one.range.clone())),
        None => Some(one.clone()),
    });
    of_sizes.collect()
}

fn is_fraction(c: char) -> bool {
    !c.is_ascii() && c.is_numeric() && c.nfkc().any(|folded| folded == '\u{2044}')
}

/// Whether it belongs to the letter before it, as the voicing marks of half-width kana do.
fn is_mark(c: char) -> bool {
    is_combining_mark(c) || matches!(c, '\u{ff9e}' | '\u{ff9f}')
}

/// What people write for the sign of a unit where they lack its key.
fn sign_of_unit(text: &str, at: usize, c: char) -> Option<&'static str> {
    match c {
        _ if c.is_ascii() => None,
        'º' | '˚' if text[at + c.len_utf8()..].starts_with(['C', 'F']) => Some("°"),
        'µ' | 'μ' if is_micro(text, at, c) => Some("u"),
        _ if is_ohm(text, at, c) => Some("ohm"),
        _ => None,
    }
}

fn is_greek(c: char) -> bool {
    matches!(c, '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}') && c != 'μ'
}

/// The prefix of a unit: in front of a Latin letter or of the sign of the ohm, and in no Greek word.
fn is_micro(text: &str, at: usize, c: char) -> bool {
    let next = at + c.len_utf8();
    let is_unit = |unit: char| unit.is_ascii_alphabetic() || is_ohm(text, next, unit);
    !text[..at].ends_with(is_greek) && text[next..].chars().next().is_some_and(is_unit)
}

/// The sign of the unit, for which an omega also stands where it is in no Greek word.
fn is_ohm(text: &str, at: usize, c: char) -> bool {
    let is_free = || {
        let (before, after) = (&text[..at], &text[at + c.len_utf8()..]);
        !before.ends_with(is_greek) && !after.starts_with(|c: char| is_greek(c) || is_mark(c))
    };
    c == '\u{2126}' || (c == 'Ω' && is_free())
}

/// Soft hyphens, joiners of zero width, and selectors of variants are no part of a word's spelling.
const fn is_transparent(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200c}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}')
}

fn letter(folded: char, is_upper: bool, range: Range<usize>) -> Letter {
    Letter { folded, class: class(folded), is_upper, range }
}

fn class(c: char) -> Class {
    if c.is_ascii() {
        return match c {
            'a'..='z' => Class::Letter,
            '0'..='9' => Class::Digit,
            c if JOINERS.contains(c) => Class::Joiner,
            _ => Class::Break,
        };
    }
    match c {
        c if JOINERS.contains(c) => Class::Joiner,
        // Thai to Myanmar, Hangul, Khmer, kana, ideographs.
        '\u{e00}'..='\u{eff}'
        | '\u{1000}'..='\u{109f}'
        | '\u{1100}'..='\u{11ff}'
        | '\u{1780}'..='\u{17ff}'
        | '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{30ff}'
        | '\u{3130}'..='\u{318f}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7ff}'
        | '\u{20000}'..='\u{3ffff}' => Class::Unspaced,
        '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}' => Class::Symbol,
        c if c.is_numeric() => Class::Digit,
        c if c.is_alphabetic() || is_combining_mark(c) => Class::Letter,
        _ => Class::Break,
    }
}

/// Removes what writers leave out: accents of Latin and Greek letters, vowel marks of Arabic and Hebrew. Arabic letters are
/// folded as Larkey, Ballesteros and Connell's light10 stemmer does, and katakana become hiragana.
fn fold(c: char, mut push: impl FnMut(char)) {
    let mut all = |text: &str| text.chars().for_each(&mut push);
    match c {
        'a'..='z' | '0'..='9' => push(c),
        'œ' => all("oe"),
        'æ' => all("ae"),
        'ß' => all("ss"),
        'þ' => all("th"),
        'ø' => push('o'),
        '\u{2212}' => push('-'),
        'đ' | 'ð' => push('d'),
        'ł' => push('l'),
        'ħ' => push('h'),
        'ı' => push('i'),
        'ς' => push('σ'),
        'ё' => push('е'),
        'أ' | 'إ' | 'آ' | 'ٱ' => push('ا'),
        'ى' => push('ي'),
        'ة' => push('ه'),
        '\u{30a1}'..='\u{30f6}' | '\u{30fd}' | '\u{30fe}' => push(hiragana(c)),
        '\u{591}'..='\u{5c7}' | '\u{640}' | '\u{64b}'..='\u{652}' | '\u{670}' => {}
        '\u{660}'..='\u{669}' => push(digit(c, '\u{660}')),
        '\u{6f0}'..='\u{6f9}' => push(digit(c, '\u{6f0}')),
        '\u{966}'..='\u{96f}' => push(digit(c, '\u{966}')),
        c if is_accented(c) => c.nfd().filter(|c| !is_combining_mark(*c)).for_each(push),
        c => push(c),
    }
}

/// The two blocks have the same order.
fn hiragana(katakana: char) -> char {
    char::from_u32(u32::from(katakana) - 0x60).unwrap_or(katakana)
}

const fn is_accented(c: char) -> bool {
    matches!(c, '\u{c0}'..='\u{3ff}' | '\u{1e00}'..='\u{1fff}')
}

fn digit(c: char, zero: char) -> char {
    u8::try_from(u32::from(c) - u32::from(zero)).map_or(c, |value| char::from(b'0' + value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        letters(text).iter().map(|letter| letter.folded).collect()
    }

    #[test]
    fn spellings_of_one_word_are_equal() {
        for (one, other) in [
            ("Château", "chateau"),
            ("ＡＸ－４４１０", "ax-4410"),
            ("Œuf", "oeuf"),
            ("oﬃce", "office"),
            ("soft\u{ad}ware", "software"),
            ("Straße", "strasse"),
            ("CO₂", "co2"),
            ("m³", "m3"),
            ("ÎLE", "ile"),
            ("e\u{301}te\u{301}", "ete"),
            ("Ελλάδα", "ελλαδα"),
            ("ещё", "еще"),
            ("٣٤", "34"),
            ("10 µm", "10 μm"),
            ("İstanbul", "istanbul"),
            ("10 Ω", "10 ohm"),
            ("100 µF", "100 uf"),
            ("100 \u{3bc}F", "100 uf"),
            ("4 µΩ", "4 uohm"),
            ("20 ºC", "20 °c"),
            ("\u{2212}20", "-20"),
            ("4.7 k\u{2126}", "4.7 kohm"),
            ("المكتبة", "المكتبه"),
            ("エレベーター", "えれべーたー"),
            ("ｴﾚﾍﾞｰﾀｰ", "エレベーター"),
            ("パン", "ﾊﾟﾝ"),
            ("ヴ", "ゔ"),
        ] {
            assert_eq!(folded(one), folded(other), "{one}");
        }
        assert_eq!(folded("й가が"), "й가が", "no accent: another letter");
        assert_eq!(folded("ΩΡΑ Ωρα μΩρα μας µ"), "ωρα ωρα μωρα μασ μ", "a letter within a word");
    }

    #[test]
    fn sizes_are_equal_in_each_spelling() {
        for (one, other) in [
            ("M8x25", &["M8 x 25", "m8×25", "M8 × 25", "m8*25", "M8X25", "M8 * 25", "m8х25", "M8x 25"][..]),
            ("60x80x120", &["60 x 80 x 120", "60×80×120", "60 × 80 x120", "60*80*120"]),
            ("2.5x4", &["2.5 x 4", "2.5 × 4"]),
        ] {
            assert!(other.iter().all(|other| folded(other) == folded(one)), "{one}");
        }
        for text in ["a x b", "3 x daily", "** 5 **", "x 5", "5 x", "*", "5\n* 3", "5  x  3"] {
            assert_eq!(folded(text), text);
        }
        assert_eq!(folded("1½ in 2¼ ½"), "1 1\u{2044}2 in 2 1\u{2044}4 1\u{2044}2");
        let text = "an M8 × 25 bolt";
        let ranges: Vec<_> = letters(text).into_iter().map(|letter| &text[letter.range]).collect();
        assert_eq!(ranges[3..8], ["M", "8", "×", "2", "5"]);
    }

    #[test]
    fn a_letter_knows_where_it_came_from() {
        let text = "aœ\u{ad}e\u{301}½";
        let ranges: Vec<_> = letters(text).into_iter().map(|letter| (letter.folded, &text[letter.range])).collect();
        let half = [('1', "½"), ('\u{2044}', "½"), ('2', "½")];
        assert_eq!(ranges, [&[('a', "a"), ('o', "œ"), ('e', "œ"), ('e', "e\u{301}")][..], &half].concat());
    }
}
