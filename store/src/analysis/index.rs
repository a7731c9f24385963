//! The vector of words that Postgres stores for a chunk (`tsvector`).

use std::{collections::BTreeMap, fmt::Write as _};

use super::{
    heads::head,
    language::stem,
    token::{Form, Token},
    tokens::tokens,
};

/// Words between the headings and the text: no phrase goes from one to the other.
const GAP: u32 = 8;
/// The last position that Postgres keeps.
const LAST: u32 = 16_383;
/// Positions of one word that Postgres keeps.
const POSITIONS: usize = 255;

/// The text form of a `tsvector`: words in headings have weight A, words in the text weight B.
#[must_use]
pub fn vector(headings: &[&str], text: &str, language: &str) -> String {
    let mut words: BTreeMap<String, Vec<(u32, char)>> = BTreeMap::new();
    let mut from = 1;
    for (text, weight) in headings.iter().map(|heading| (*heading, 'A')).chain([(text, 'B')]) {
        let mut last = from;
        for token in tokens(text) {
            let position = from + token.position;
            last = last.max(position);
            for term in all(&token, language) {
                let found = words.entry(term).or_default();
                if found.len() < POSITIONS && found.last().is_none_or(|(before, _)| *before < position.min(LAST)) {
                    found.push((position.min(LAST), weight));
                }
            }
        }
        from = last + GAP;
    }
    let mut written = String::with_capacity(text.len() * 2);
    for (word, positions) in &words {
        written.push_str(&quoted(word));
        for (number, (position, weight)) in positions.iter().enumerate() {
            let _ = write!(written, "{}{position}{weight}", if number == 0 { ':' } else { ',' });
        }
        written.push(' ');
    }
    written
}

/// The terms of a text, each with its position in words.
#[must_use]
pub fn terms(text: &str, language: &str) -> Vec<(String, u32)> {
    let all = |token: &Token| all(token, language).map(|term| (term, token.position)).collect::<Vec<_>>();
    tokens(text).iter().flat_map(all).collect()
}

/// The terms of a token of a text.
pub(super) fn all(token: &Token, language: &str) -> impl Iterator<Item = String> {
    [Some(term(token, language)), head(token, language)].into_iter().flatten()
}

/// The term of a token in a text of this language.
pub(super) fn term(token: &Token, language: &str) -> String {
    match token.form {
        Form::Word | Form::Joined | Form::Plain | Form::Spaced => stem(&token.term, language).into_owned(),
        Form::Pair | Form::Last => token.term.clone(),
    }
}

/// A lexeme, quoted for `tsvector` and `tsquery`.
pub(super) fn quoted(lexeme: &str) -> String {
    format!("'{}'", lexeme.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_has_stems_positions_and_weights() {
        assert_eq!(
            vector(&["Wi-Fi"], "Companies pay, companies", "english"),
            "'compani':10B,12B 'fi':2A 'pay':11B 'wi':1A 'wifi':1A "
        );
        assert_eq!(vector(&[], "", "english"), "");
    }

    #[test]
    fn positions_end_where_those_of_postgres_do() {
        let text = "word ".repeat(20_000) + "last";
        let vector = vector(&[], &text, "simple");
        assert!(vector.starts_with("'last':16383B "), "{}", &vector[..40]);
        assert_eq!(vector.matches(',').count(), POSITIONS - 1);
    }

    #[test]
    fn quotes_are_written_twice() {
        assert_eq!(quoted("a'b\\c"), "'a''b\\\\c'");
    }
}
