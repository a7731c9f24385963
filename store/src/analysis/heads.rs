//! Further terms of a text's word: the word with which a German compound ends, by which `Vertrag` finds `Arbeitsvertrag`, and a
//! Hebrew word without the article or preposition that is written as one with it.

use std::{collections::HashSet, sync::LazyLock};

use super::{
    language::stem,
    token::{Form, Token},
    tokens::tokens,
};

/// The letters that a compound has in front of its last word.
const FRONT: usize = 3;
/// The least letters of a last word. Shorter ones end other words too.
const LEAST: usize = 4;
/// The least letters of a Hebrew word behind the letters in front of it.
const ROOT: usize = 3;

/// Usual last words of compounds, as texts of offices, shops and manuals have them; by their stems.
static GERMAN: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let words = tokens(include_str!("heads.txt")).into_iter();
    words.map(|token| stem(&token.term, "german").into_owned()).filter(|stem| letters(stem) >= LEAST).collect()
});

/// The term beside its own that a word of a text in this language has.
pub(super) fn head(token: &Token, language: &str) -> Option<String> {
    if token.form != Form::Word {
        return None;
    }
    match language {
        "german" => german(&stem(&token.term, language)),
        _ => without_prefix(&token.term).map(str::to_owned),
    }
}

/// The longest usual last word.
fn german(stem: &str) -> Option<String> {
    if GERMAN.contains(stem) {
        return None;
    }
    let starts = stem.char_indices().skip(FRONT).map(|(at, _)| &stem[at..]);
    starts.take_while(|end| letters(end) >= LEAST).find(|end| GERMAN.contains(*end)).map(str::to_owned)
}

/// A Hebrew word without "the", "and", "in", "to", "from", "that" or "as".
pub(super) fn without_prefix(word: &str) -> Option<&str> {
    let rest = word.strip_prefix(['ה', 'ו', 'ב', 'ל', 'מ', 'ש', 'כ'])?;
    (letters(rest) >= ROOT).then_some(rest)
}

fn letters(word: &str) -> usize {
    word.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heads(text: &str, language: &str) -> Vec<String> {
        tokens(text).iter().filter_map(|token| head(token, language)).collect()
    }

    #[test]
    fn a_german_compound_has_its_last_word() {
        for (compound, last) in [
            ("Haftpflichtversicherung", "Versicherung"),
            ("Arbeitsvertrag", "Vertrag"),
            ("Arbeitsverträge", "Vertrag"),
            ("Kündigungsfristen", "Frist"),
            ("Rechnungsnummer", "Nummer"),
            ("Versandkosten", "Kosten"),
            ("Hauptstraße", "Straße"),
        ] {
            assert_eq!(heads(compound, "german"), [stem(&tokens(last)[0].term, "german")], "{compound}");
        }
        for text in ["Versicherung", "Vertrag", "die Frist", "Haus", "AX-4410", ""] {
            assert_eq!(heads(text, "german"), Vec::<String>::new(), "{text}");
        }
        assert_eq!(heads("Arbeitsvertrag", "english"), Vec::<String>::new());
    }

    #[test]
    fn a_hebrew_word_is_known_without_its_prefix() {
        assert_eq!(heads("המשרד בעיר", "simple"), ["משרד", "עיר"]);
        assert_eq!(heads("הוא", "simple"), Vec::<String>::new());
    }
}
