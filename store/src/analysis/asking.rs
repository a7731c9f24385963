//! How people ask in some languages: which words of a question say nothing about what is asked for, which words stand for each
//! other, and which language a question is in.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use super::{
    language::{SIMPLE, detect, is_stop_word, stem},
    token::Form,
    tokens::tokens,
};
use ruche_schemas::language::LANGUAGES;

/// Words of one language, folded.
#[derive(Debug, Default)]
pub(super) struct Asking {
    /// Those of asking.
    pub(super) ask: HashSet<String>,
    /// Those that ask for a price or state one.
    pub(super) price: HashSet<String>,
    pub(super) alike: Vec<Alike>,
    /// Each with what answers it.
    pub(super) means: Vec<(String, Vec<String>)>,
}

/// Words that stand for each other.
#[derive(Debug)]
pub(super) struct Alike {
    pub(super) words: Vec<String>,
    /// They say no more beside one of the words.
    pub(super) beside: Vec<String>,
}

static ASKING: LazyLock<HashMap<&'static str, Asking>> = LazyLock::new(|| {
    let mut all: HashMap<&str, Asking> = HashMap::new();
    let mut language = SIMPLE;
    for line in include_str!("asking.txt").lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            language = name;
        }
        let Some((kind, words)) = line.split_once(' ') else { continue };
        let asking = all.entry(language).or_default();
        match kind {
            "ask" => asking.ask.extend(folded(words)),
            "price" => asking.price.extend(folded(words)),
            "alike" => {
                let (words, beside) = words.split_once(" + ").unwrap_or((words, ""));
                asking.alike.push(Alike { words: folded(words), beside: folded(beside) });
            }
            "means" => {
                let mut words = folded(words).into_iter();
                asking.means.extend(words.next().map(|word| (word, words.collect())));
            }
            _ => {}
        }
    }
    all.remove(SIMPLE);
    all
});

/// The words of a language, if they are known.
pub(super) fn asking(language: &str) -> Option<&'static Asking> {
    ASKING.get(language)
}

/// Words that ask for a price or state one, in this language and those that prices are often written in.
pub fn prices(language: &str) -> impl Iterator<Item = &'static str> {
    let all = [language, "english", "french"].map(asking).into_iter().flatten();
    all.flat_map(|asking| &asking.price).map(String::as_str)
}

/// The words, each as one.
pub(super) fn folded(text: &str) -> Vec<String> {
    let word = |word: &str| {
        let tokens = tokens(word);
        let longest = tokens.into_iter().max_by_key(|token| (token.range.len(), token.form.is_joined()));
        longest.map(|token| token.term)
    };
    text.split_whitespace().filter_map(word).collect()
}

/// The language of a question, which is often too short for its letters to tell: the one most of whose stop words and words of
/// asking it has. [`SIMPLE`] if it is not clear.
#[must_use]
pub fn language(question: &str) -> &'static str {
    let detected = detect(question);
    if question.contains(['¿', '¡']) {
        return "spanish";
    }
    let words: HashSet<String> = tokens(question)
        .into_iter()
        .filter(|token| token.form == Form::Word && token.term.len() > 1)
        .map(|token| token.term)
        .collect();
    let has = |word: &String, language: &str| {
        let is_asking = |asking: &Asking| asking.ask.contains(word) || asking.price.contains(word);
        is_stop_word(word, language) || asking(language).is_some_and(is_asking)
    };
    let count = |language: &str| words.iter().filter(|word| has(word, language)).count();
    let counted: Vec<(usize, &str)> = LANGUAGES.iter().map(|(language, _)| (count(language), *language)).collect();
    let most = counted.iter().map(|(count, _)| *count).max().unwrap_or_default();
    let mut best = counted.iter().filter(|(count, _)| *count == most && most > 0).map(|(_, language)| *language);
    match (best.next(), best.next()) {
        (Some(language), None) => language,
        (Some(_), Some(_)) if !counted.contains(&(most, detected)) => SIMPLE,
        _ => detected,
    }
}

/// Words of a language that stand for each other, as terms of a text.
#[must_use]
pub fn alike(language: &str) -> Vec<Vec<String>> {
    let groups = asking(language).map(|asking| asking.alike.as_slice()).unwrap_or_default();
    let stems = |group: &Alike| group.words.iter().map(|word| stem(word, language).into_owned()).collect();
    groups.iter().map(stems).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_question_has_a_language() {
        for (question, expected) in [
            ("Was kostet Butter?", "german"),
            ("How much is a taxi?", "english"),
            ("Wat kost boter?", "dutch"),
            ("Is er een parkeerplaats?", "dutch"),
            ("Hebben jullie wifi?", "dutch"),
            ("¿Hay aparcamiento?", "spanish"),
            ("Cuanto cuesta la mantequilla", "spanish"),
            ("Quién es el alcalde?", "spanish"),
            ("Combien coûte le beurre ?", "french"),
            ("Ile kosztuje masło?", "polish"),
            ("Czy jest parking?", "polish"),
            ("Quanto custa a manteiga?", "portuguese"),
            ("Quanto costa il burro?", "italian"),
            ("Где находится музей?", "russian"),
            ("ZX-9", SIMPLE),
            ("REFUNDS", SIMPLE),
            ("", SIMPLE),
        ] {
            assert_eq!(language(question), expected, "{question}");
        }
    }

    #[test]
    fn every_list_is_of_a_language_that_is_known() {
        assert_eq!(ASKING.len(), 8);
        for (name, asking) in &*ASKING {
            assert!(LANGUAGES.iter().any(|(known, _)| known == name), "{name}");
            assert!(asking.ask.len() > 50 && asking.price.len() > 10 && asking.alike.len() > 5, "{name}");
        }
    }
}
