//! The numbers and codes that a question names, and whether a text has them: in any spelling that search knows, and in
//! letters and digits apart, as `LH465` and `LH 465`.

use std::{collections::HashSet, ops::Range};

use super::{
    compound::{BETWEEN_NUMBERS, is_identifier},
    token::{Form, Token},
    tokens::tokens,
};

/// The most of one question.
const MOST: usize = 64;
/// Bytes between two words of one code: a space, also one of three bytes.
const SPACE: usize = 3;

/// A number or code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// Where it is in the question, in bytes.
    pub range: Range<usize>,
    /// Whether it is a product code, a version and the like, and not a number.
    pub is_identifier: bool,
    /// Whether it is several words to the analyzer.
    pub is_compound: bool,
    /// Its longest term.
    pub(super) term: String,
    /// The terms of the whole.
    whole: Vec<String>,
    /// The terms without the letter in front, as 1.0.0 of v1.0.0. Another letter makes another code.
    bare: Vec<String>,
    /// All of its parts as one word, if it has letters.
    written: Option<String>,
    /// The parts of a size, such as `60x80`: a text has it in another order and in a longer one too.
    size: Vec<String>,
}

/// Those of a question. A time, a decimal and a number of one digit is none: a text may answer with others.
#[must_use]
pub fn names(question: &str) -> Vec<Name> {
    let (spaced, mut tokens): (Vec<_>, Vec<_>) =
        tokens(question).into_iter().partition(|token| token.form == Form::Spaced);
    tokens.sort_by_key(|token| (token.range.start, std::cmp::Reverse(token.range.end)));
    let mut spans: Vec<(Range<usize>, Vec<Token>)> = Vec::new();
    for token in tokens {
        match spans.last_mut().filter(|(range, _)| token.range.start < range.end) {
            Some((range, inside)) => {
                range.end = range.end.max(token.range.end);
                inside.push(token);
            }
            None => spans.push((token.range.clone(), vec![token])),
        }
    }
    let mut names: Vec<Name> =
        spans.into_iter().filter_map(|(range, tokens)| Name::of(range, &tokens)).take(MOST).collect();
    for name in &mut names {
        let is_around = |token: &&Token| token.range.start <= name.range.start && name.range.end <= token.range.end;
        name.whole.extend(spaced.iter().filter(is_around).map(|token| token.term.clone()));
    }
    names
}

impl Name {
    fn of(range: Range<usize>, tokens: &[Token]) -> Option<Self> {
        let parts = parts(tokens);
        let digits = parts.iter().flat_map(|part| part.term.bytes()).filter(u8::is_ascii_digit).count();
        if digits == 0 {
            return None;
        }
        let is_compound = parts.len() > 1;
        let is_one_group = parts.windows(2).all(|pair| pair[0].group == pair[1].group);
        let is_whole = |token: &&Token| token.range == range && (token.form.is_joined() || !is_compound);
        let is_short = |token: &&Token| is_one_group && token.form == Form::Plain && token.range != range;
        let is_begin = |token: &Token| token.range.start == range.start;
        // Of an amount, its number without the decimals.
        let whole = tokens.iter().filter(|token| is_whole(token) || (is_short(token) && is_begin(token)));
        let has_one_letter = parts[0].term.chars().count() == 1 && parts[0].term.contains(char::is_alphabetic);
        let bare = tokens.iter().filter(|token| has_one_letter && is_short(token) && !is_begin(token));
        let joined = || tokens.iter().filter(|token| token.form.is_joined());
        let longest = joined().rev().max_by_key(|token| token.range.len()).map(|token| token.term.clone());
        let term = longest.unwrap_or_else(|| parts[0].term.clone());
        let is_identifier = is_compound && is_identifier(&term);
        let is_size = is_compound && is_one_group && parts.iter().all(|part| part.term == "x" || is_number(part));
        let numbers = || parts.iter().map(|part| part.term.clone()).collect();
        let size = if is_identifier && is_size { numbers() } else { Vec::new() };
        let has_letters = parts.iter().any(|part| part.term.contains(char::is_alphabetic));
        let has_number = digits > 1 && (!is_compound || joined().any(|token| token.form == Form::Plain));
        let written = (is_compound && has_letters).then(|| written(&parts));
        (is_identifier || has_number).then(|| Self {
            whole: whole.map(|token| token.term.clone()).collect(),
            bare: bare.map(|token| token.term.clone()).collect(),
            range: range.clone(),
            is_identifier,
            is_compound,
            term,
            written,
            size,
        })
    }
}

fn is_number(part: &Token) -> bool {
    part.term.bytes().all(|b| b.is_ascii_digit())
}

/// The words, in order.
fn parts(tokens: &[Token]) -> Vec<&Token> {
    let mut parts: Vec<&Token> = tokens.iter().filter(|token| !token.form.is_joined()).collect();
    parts.sort_by_key(|token| token.position);
    parts
}

fn written(parts: &[&Token]) -> String {
    parts.iter().fold(String::new(), |mut written, part| {
        append(&mut written, &part.term);
        written
    })
}

/// As the analyzer joins the parts of a compound.
fn append(written: &mut String, part: &str) {
    let is_digit = |c: char| c.is_ascii_digit();
    if written.ends_with(is_digit) && part.starts_with(is_digit) {
        written.push(BETWEEN_NUMBERS);
    }
    written.push_str(part);
}

/// What a text has.
pub struct Terms {
    all: HashSet<String>,
    /// Those that are no part of a longer code by leaving out its letters.
    own: HashSet<String>,
    parts: Vec<Token>,
}

impl Terms {
    #[must_use]
    pub fn of(text: &str) -> Self {
        let tokens = tokens(text);
        Self {
            all: tokens.iter().map(|token| token.term.clone()).collect(),
            own: tokens.iter().filter(|token| token.form != Form::Plain).map(|token| token.term.clone()).collect(),
            parts: parts(&tokens).into_iter().cloned().collect(),
        }
    }

    #[must_use]
    pub fn has(&self, name: &Name) -> bool {
        name.whole.iter().any(|term| self.all.contains(term))
            || name.bare.iter().any(|term| self.own.contains(term))
            || name.written.as_deref().is_some_and(|written| self.has_written(written))
            || (!name.size.is_empty() && self.has_size(&name.size))
    }

    fn has_size(&self, asked: &[String]) -> bool {
        let sorted = |mut terms: Vec<String>| {
            terms.sort_unstable();
            terms
        };
        let asked = sorted(asked.to_vec());
        // `4x30` is not in `2.4x30`.
        let is_apart = |one: Option<&Token>, other: &Token| {
            one.is_none_or(|one| one.group != other.group || !is_number(one) || !is_number(other))
        };
        self.parts.windows(asked.len()).enumerate().any(|(at, row)| {
            let (first, last) = (&row[0], &row[row.len() - 1]);
            first.group == last.group
                && is_number(first)
                && is_apart(at.checked_sub(1).and_then(|before| self.parts.get(before)), first)
                && is_apart(self.parts.get(at + row.len()), last)
                && sorted(row.iter().map(|part| part.term.clone()).collect()) == asked
        })
    }

    /// Whether words are written so if they are joined. The last letter or digit of a longer code is not left out.
    fn has_written(&self, asked: &str) -> bool {
        let group = |at: usize| self.parts.get(at).map(|part| part.group);
        let mut starts = (0..self.parts.len()).filter(|at| *at == 0 || group(at - 1) != group(*at));
        starts.any(|start| {
            let mut written = String::new();
            for at in start..self.parts.len() {
                let part = &self.parts[at];
                let is_near = at == start || part.range.start <= self.parts[at - 1].range.end + SPACE;
                append(&mut written, &part.term);
                if !is_near || !asked.starts_with(&written) {
                    return false;
                }
                if written == asked {
                    return group(at) != group(at + 1);
                }
            }
            false
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(question: &str, text: &str) -> bool {
        let (names, terms) = (names(question), Terms::of(text));
        names.iter().any(|name| terms.has(name))
    }

    #[test]
    fn a_name_is_found_in_each_spelling() {
        for (one, other) in [
            ("v1.0.0", "1.0.0"),
            ("978-3-16-148410-0", "9783161484100"),
            ("NL91 ABNA 0417 1643 00", "NL91ABNA0417164300"),
            ("0421-555-0110", "+49 421 5550110"),
            ("(0421) 555 01 10", "+49 421 5550110"),
            ("EN12464-1", "EN 12464-1"),
            ("J45909", "J45.909"),
            ("LH465", "LH 465"),
            ("230V", "230 V"),
            ("14.07.2026", "14-07-2026"),
            ("AX-4401/B", "ax 4401 b"),
            ("1,299.00", "1299"),
        ] {
            assert!(has(one, &format!("It is {other}, or so.")), "{one}: {other}: {:?}", names(one));
            assert!(has(other, &format!("It is {one}, or so.")), "{other}: {one}: {:?}", names(other));
        }
        for (question, text) in
            [("2,5kW", "2,5 kW"), ("pH7.4", "pH 7.4"), ("ph7.4", "pH 7.4"), ("5550110", "+49 421 5550110")]
        {
            assert!(has(question, text), "{question}: {text}");
        }
    }

    #[test]
    fn a_size_is_had_in_another_order_and_within_a_longer_one() {
        for text in ["60x80 mm", "80 x 60", "60 × 80 × 120", "A60x80"] {
            assert!(has("60 x 80", text), "{text}");
        }
        for text in ["60x81", "60x8", "60, 80"] {
            assert!(!has("60x80", text), "{text}");
        }
        assert!(has("M 8x25", "M8x25") && has("M8 x 25", "M8x25") && !has("M8 x 25", "M8x30"));
        assert!(has("E 272700 K", "E272700K") && has("E272700K", "E 272700 K") && !has("E272700K", "E 272700 L"));
    }

    #[test]
    fn a_near_one_is_another() {
        for (question, text) in [
            ("(0421) 555 01 10", "(0421) 555 01 40"),
            ("4711-0817", "4711-0815"),
            ("2026-004520", "2026-004521"),
            ("DIN EN 12464-3", "DIN EN 12464-1 and 12464-2"),
            ("01 84 88 77 68", "01 84 88 77 66"),
            ("J45.909", "K45.909"),
            ("KV22025/2", "KW22025/2, KW 22025/2"),
            ("X-1", "X 1A, X 10, X-11"),
            ("LH465", "LH 4655, BA 465"),
        ] {
            assert!(!has(question, text), "{question}: {text}");
        }
    }

    #[test]
    fn quantities_and_words_are_no_names() {
        for text in ["", "8 days", "18:30", "1.5 bar", "12.50", "24/7", "1/2", "e-mail", "-", "½ cup"] {
            assert_eq!(names(text), [], "{text}");
        }
        let ranges = |text: &str| names(text).into_iter().map(|name| text[name.range].to_owned()).collect::<Vec<_>>();
        assert_eq!(
            ranges("Call (0421) 555 01 10 in 2026 about X-1, 4711-0815."),
            ["0421) 555 01 10", "2026", "X-1", "4711-0815"]
        );
        assert_eq!(names(&"12-34567 ".repeat(1_000)).len(), MOST);
    }
}
