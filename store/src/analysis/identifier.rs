//! Identifiers, such as product codes and versions: compounds with digits. Those of one shape are easily mistaken for
//! each other, above all by a small model.

use std::collections::HashSet;

use super::{
    compound::is_identifier,
    named::{Name, Terms, names},
    token::Form,
    tokens::tokens,
};

/// A number in groups of so many characters is an identifier, such as a phone number.
const LONG: usize = 7;

/// For each text, whether it names only lookalikes of the question's identifiers, and none of these identifiers. A
/// lookalike of `AX-4401/B` has the same shape, such as `AX-4402/C`, or the same letters and digits first, such as `AX-4401`
/// and `AX-44`. If no text names the identifier itself, one that names a longer identifier with it names it
/// too, and a lookalike must also have the same first letters or digits.
#[must_use]
pub fn lookalikes(question: &str, texts: &[String]) -> Vec<bool> {
    let asked = asked(question);
    if asked.is_empty() {
        return vec![false; texts.len()];
    }
    let texts: Vec<Named> = texts.iter().map(|text| Named::of(text)).collect();
    let asked: Vec<Asked> = asked.into_iter().map(|name| Asked::new(name, &texts)).collect();
    let is_lookalike =
        |text: &Named| !asked.iter().any(|one| one.is_named(text)) && asked.iter().any(|one| one.is_like(text));
    texts.iter().map(is_lookalike).collect()
}

/// What a text names.
struct Named {
    whole: HashSet<String>,
    /// Also joined parts of compounds.
    all: HashSet<String>,
    terms: Terms,
}

impl Named {
    fn of(text: &str) -> Self {
        Self { whole: identifiers(text).into_iter().collect(), all: compounds(text), terms: Terms::of(text) }
    }

    /// Whether it has the identifier in a spelling that gives other terms.
    fn has_otherwise(&self, name: &Name) -> bool {
        !self.all.contains(&name.term) && self.terms.has(name)
    }
}

/// An identifier of the question.
struct Asked {
    name: Name,
    shape: String,
    /// Whether a text names just this.
    whole: bool,
    /// Whether a text names this or a longer one with it.
    found: bool,
}

impl Asked {
    fn new(name: Name, texts: &[Named]) -> Self {
        let whole = texts.iter().any(|text| text.whole.contains(&name.term));
        let found = texts.iter().any(|text| text.all.contains(&name.term) || text.has_otherwise(&name));
        Self { shape: shape(&name.term), whole, found, name }
    }

    fn is_named(&self, text: &Named) -> bool {
        let terms = if self.whole { &text.whole } else { &text.all };
        terms.contains(&self.name.term) || text.has_otherwise(&self.name)
    }

    fn is_like(&self, text: &Named) -> bool {
        // and X-1A for X-10; 2.31 for 2.3.1.
        let is_variant = |other: &String| {
            let common = other.chars().zip(self.name.term.chars()).take_while(|(one, other)| one == other);
            common.map(|(c, _)| c).any(|c| c.is_ascii_digit())
        };
        let is_near = |other: &String| self.found || beginning(other) == beginning(&self.name.term);
        text.all.iter().any(|other| shape(other) == self.shape && is_near(other)) || text.whole.iter().any(is_variant)
    }
}

/// The words between spaces, without the punctuation around them.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
    words.filter(|word| !word.is_empty())
}

/// Whether a text names an identifier.
#[must_use]
pub fn names_one(text: &str) -> bool {
    !identifiers(text).is_empty()
}

/// Whether a text names an identifier, or a number in groups that is long enough for one.
#[must_use]
pub fn names_number(text: &str) -> bool {
    names_one(text) || tokens(text).iter().any(|token| token.form == Form::Plain && token.term.len() >= LONG)
}

/// Whether a text names one of the question's identifiers.
#[must_use]
pub fn names_one_of(question: &str, text: &str) -> bool {
    let asked = asked(question);
    !asked.is_empty() && {
        let terms = Terms::of(text);
        asked.iter().any(|name| terms.has(name))
    }
}

/// The identifiers of a question.
fn asked(question: &str) -> Vec<Name> {
    names(question).into_iter().filter(|name| name.is_identifier).collect()
}

/// The text without the lines and sentences that name only lookalikes of the question's identifiers. If none names an
/// identifier itself, the whole text.
#[must_use]
pub fn without_lookalikes(question: &str, text: &str) -> String {
    if !names_one_of(question, text) {
        return text.to_owned();
    }
    let pieces = pieces(text);
    let lookalikes = lookalikes(question, &pieces);
    pieces.into_iter().zip(lookalikes).filter(|(_, is)| !is).map(|(piece, _)| piece).collect()
}

/// Lines, and the sentences of a line, each with the space behind it.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    for line in text.split_inclusive('\n') {
        let (mut begin, mut ends) = (0, false);
        for (at, c) in line.char_indices() {
            if ends && !c.is_whitespace() {
                pieces.push(line[begin..at].to_owned());
                begin = at;
            }
            let is_end = matches!(c, '.' | '!' | '?') && line[at + 1..].starts_with(char::is_whitespace);
            ends = is_end || (ends && c.is_whitespace());
        }
        pieces.push(line[begin..].to_owned());
    }
    pieces
}

/// Each compound with digits as one word. A number alone, or a decimal, is none.
fn identifiers(text: &str) -> Vec<String> {
    let mut longest: Vec<(u32, usize, String)> = Vec::new();
    let is_one = |form: Form| matches!(form, Form::Joined | Form::Plain);
    for token in tokens(text).into_iter().filter(|token| is_one(token.form)) {
        let length = token.range.len();
        match longest.last_mut().filter(|(group, ..)| *group == token.group) {
            Some(known) if length > known.1 => *known = (token.group, length, token.term),
            Some(_) => {}
            None => longest.push((token.group, length, token.term)),
        }
    }
    longest.into_iter().map(|(.., term)| term).filter(|term| is_identifier(term)).collect()
}

/// All compounds and joined parts of compounds.
fn compounds(text: &str) -> HashSet<String> {
    tokens(text).into_iter().filter(|token| token.form == Form::Joined).map(|token| token.term).collect()
}

/// The sequence of character classes, without repeats: letters are `a`, digits are `0`, other characters stay.
/// `ax4401b` becomes `a0a`.
fn shape(term: &str) -> String {
    let class = |c: char| match c {
        c if c.is_ascii_digit() => '0',
        c if c.is_alphabetic() => 'a',
        c => c,
    };
    let mut shape: Vec<char> = term.chars().map(class).collect();
    shape.dedup();
    shape.into_iter().collect()
}

/// The first letters or digits.
fn beginning(term: &str) -> &str {
    let is_digits = term.starts_with(|c: char| c.is_ascii_digit());
    let end = term.find(|c: char| c.is_ascii_digit() != is_digits || !c.is_alphanumeric());
    &term[..end.unwrap_or(term.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept<'t>(question: &str, texts: &[&'t str]) -> Vec<&'t str> {
        let owned: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        let lookalikes = lookalikes(question, &owned);
        texts.iter().zip(lookalikes).filter(|(_, is)| !is).map(|(text, _)| *text).collect()
    }

    #[test]
    fn a_text_that_names_a_lookalike_alone_is_told() {
        let texts =
            ["AX-4401/C costs 4.30.", "AX-4401/B costs 4.00.", "Unlike AX-4401/B, the AX-4402/B is red.", "Hoses."];
        for question in ["What does AX-4401/B cost?", "ax4401b", "4401/B, please"] {
            assert_eq!(kept(question, &texts), texts[1..], "{question}");
        }
        assert_eq!(kept("Is AX-4401/B or AX-4401/C better?", &texts), texts);
        assert_eq!(kept("What changed in v2.14.3?", &["v2.14.1: less", "v2.14.3: more"]), ["v2.14.3: more"]);
    }

    #[test]
    fn a_longer_or_shorter_identifier_is_a_lookalike() {
        for (question, right, wrong) in [
            (
                "How much is the KT-50?",
                "KT-50 costs 29.",
                &["KT-500 costs 9.", "KT-50/A costs 31.", "KT-50-B costs 37."][..],
            ),
            ("Flow of KT-50/A?", "KT-50/A: 9 l", &["KT-50: 7 l", "KT-50/B: 8 l"]),
            (
                "What does driver v2.3.1 support?",
                "v2.3.1 supports more.",
                &["v2.3 supports less.", "v2.31 supports all."],
            ),
            ("Power of X-10?", "X-10: 450 W", &["X-1: 99 W", "X-100: 900 W", "X-1A: 220 W"]),
            ("How much is X-1A?", "X-1A: 105", &["X-1: 99", "X-10: 120"]),
        ] {
            let texts: Vec<&str> = [right, "Hoses."].into_iter().chain(wrong.iter().copied()).collect();
            assert_eq!(kept(question, &texts), texts[..2], "{question}");
        }
        assert_eq!(kept("What is KT-50?", &["KT-50/A is red.", "Hoses."]), ["KT-50/A is red.", "Hoses."]);
    }

    #[test]
    fn where_no_text_names_the_very_one_those_that_begin_alike_are_told() {
        let texts = ["AX-4401/C costs 4.30.", "See form HR-12.", "Hoses."];
        assert_eq!(kept("What does AX-9999/B cost?", &texts), texts[1..]);
        assert_eq!(kept("What changed in 3.4.7?", &["3.4.2: less", "4.4.7: more"]), ["4.4.7: more"]);
        for question in ["What are the rules for COVID-19?", "What does it cost?", ""] {
            assert_eq!(kept(question, &texts), texts, "{question}");
        }
    }

    #[test]
    fn sentences_and_rows_that_name_a_lookalike_alone_are_cut_out() {
        let prose = "Hoses fit 10 mm. AX-4401/B costs 4.00 euros. AX-4401/C costs 4.30 euros! Unlike AX-4401/C, AX-4401/B is red.";
        let question = "What does AX-4401/B cost?";
        assert_eq!(
            without_lookalikes(question, prose),
            "Hoses fit 10 mm. AX-4401/B costs 4.00 euros. Unlike AX-4401/C, AX-4401/B is red."
        );
        let table = "| part | price |\n|---|---|\n| AX-4401/B | 4.00 |\n| AX-4401/C | 4.30 |\n";
        assert_eq!(without_lookalikes(question, table), "| part | price |\n|---|---|\n| AX-4401/B | 4.00 |\n");
        for unchanged in ["AX-4401/C costs 4.30. Hoses.", "No code.", "", "v1.5 is out.\n"] {
            assert_eq!(without_lookalikes(question, unchanged), unchanged);
        }
        assert_eq!(without_lookalikes("What does it cost?", prose), prose);
    }

    #[test]
    fn another_spelling_is_no_lookalike() {
        for (question, texts) in [
            ("NL91 ABNA 0417 1643 00", ["IBAN NL91ABNA0417164300", "IBAN NL91ABNA0417164301"]),
            ("NL91ABNA0417164300", ["IBAN NL91 ABNA 0417 1643 00", "IBAN NL91 ABNA 0417 1643 01"]),
            ("0421-555-0110", ["Phone +49 421 5550110, fax 0421-555-0140", "Phone 0421-555-0140"]),
            ("LH465", ["LH 465 and LH466", "LH466"]),
            ("v1.0.0", ["1.0.0: first", "v1.0.1: second"]),
        ] {
            assert_eq!(kept(question, &texts), texts[..1], "{question}");
            assert!(names_one_of(question, texts[0]) && !names_one_of(question, texts[1]), "{question}");
        }
    }

    #[test]
    fn numbers_and_words_are_no_identifiers() {
        for text in ["2023", "1.5", "1,500", "e-mail", "get_user_name", "24/7", "C#"] {
            assert_eq!(identifiers(text), Vec::<String>::new(), "{text}");
        }
        assert_eq!(identifiers("AX-4401/B, 2.14.3 and ISO9001:2015"), ["ax4401b", "2·14·3", "iso9001·2015"]);
    }
}
