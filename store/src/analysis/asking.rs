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
    /// How people ask for a price without a word for it.
    sums: Vec<Vec<String>>,
    /// How people ask for a number of things, and for a time.
    many: Vec<Vec<String>>,
    when: Vec<Vec<String>>,
    /// Words for what the sentence before is about, and words that begin a sentence about it.
    pub(super) refer: HashSet<String>,
    verbs: HashSet<String>,
    /// Words for the number of a thing.
    pub(super) number: HashSet<String>,
    /// The days of the week from Monday, and words for each day.
    pub(super) days: Vec<String>,
    pub(super) daily: Vec<String>,
    /// Small numbers in words.
    pub(super) numerals: HashSet<String>,
}

/// Words that stand for each other.
#[derive(Debug)]
pub(super) struct Alike {
    pub(super) words: Vec<String>,
    /// They answer these too.
    pub(super) opposites: Vec<String>,
    /// They say no more beside one of the words.
    pub(super) beside: Vec<String>,
}

impl Alike {
    fn of(line: &str) -> Self {
        let (words, beside) = line.split_once(" + ").unwrap_or((line, ""));
        let (words, opposites) = words.split_once(" - ").unwrap_or((words, ""));
        Self { words: folded(words), opposites: folded(opposites), beside: folded(beside) }
    }
}

impl Asking {
    fn read(&mut self, kind: &str, words: &str) {
        let phrases = || words.split(';').map(folded);
        match kind {
            "ask" => self.ask.extend(folded(words)),
            "price" => self.price.extend(folded(words)),
            "alike" => self.alike.push(Alike::of(words)),
            "forms" => self.alike.extend(words.split(';').map(Alike::of)),
            "means" => {
                let mut words = folded(words).into_iter();
                self.means.extend(words.next().map(|word| (word, words.collect())));
            }
            "sum" => self.sums.extend(phrases()),
            "many" => self.many.extend(phrases()),
            "when" => self.when.extend(phrases()),
            "refer" => self.refer.extend(folded(words)),
            "verb" => self.verbs.extend(folded(words)),
            "numerals" => self.numerals.extend(folded(words)),
            "number" => self.number.extend(folded(words)),
            "days" => {
                let (days, daily) = words.split_once(" + ").unwrap_or((words, ""));
                self.days.extend(folded(days));
                self.daily.extend(folded(daily));
            }
            _ => {}
        }
    }
}

static ASKING: LazyLock<HashMap<&'static str, Asking>> = LazyLock::new(|| {
    let mut all: HashMap<&str, Asking> = HashMap::new();
    let mut language = SIMPLE;
    for line in include_str!("asking.txt").lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            language = name;
        }
        let Some((kind, words)) = line.split_once(' ') else { continue };
        all.entry(language).or_default().read(kind, words);
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

/// Where one of these phrases ends in the words of a question.
fn end_of(phrases: &[Vec<String>], question: &[String]) -> Option<usize> {
    let end = |phrase: &Vec<String>| {
        let at = question.windows(phrase.len().max(1)).position(|words| words == phrase)?;
        Some(at + phrase.len())
    };
    phrases.iter().filter_map(end).max()
}

/// Whether a question of this language asks for a price: by a word for it, or as `How much is …?`
#[must_use]
pub fn asks_price(question: &str, language: &str) -> bool {
    let words = folded(question);
    let is_asked =
        |known: &Asking| words.iter().any(|word| known.price.contains(word)) || end_of(&known.sums, &words).is_some();
    asking(language).is_some_and(is_asked) && counted(question, language).is_none()
}

/// Whether a word says nothing about what is asked for, or asks for a price.
pub(super) fn is_asking(word: &str, language: &str) -> bool {
    asking(language).is_some_and(|known| known.ask.contains(word) || known.price.contains(word))
}

/// Whether a question of this language asks for a time or a day.
#[must_use]
pub fn asks_time(question: &str, language: &str) -> bool {
    asking(language).is_some_and(|known| end_of(&known.when, &folded(question)).is_some())
}

/// The word for the things that a question of this language asks for the number of.
#[must_use]
pub fn counted(question: &str, language: &str) -> Option<String> {
    let words = folded(question);
    let known = asking(language)?;
    let thing = words.get(end_of(&known.many, &words)?)?;
    let is_thing =
        !is_stop_word(thing, language) && !is_asking(thing, language) && end_of(&known.sums, &words).is_none();
    is_thing.then(|| thing.clone())
}

/// Words in front of the one that speaks of the sentence before: `Never send it to …`
const BEFORE_REFERRING: usize = 3;

/// Whether a sentence is about what the one before is about, because it begins with a pronoun or has no subject.
#[must_use]
pub fn refers(sentence: &str, language: &str) -> bool {
    let Some(known) = asking(language) else { return false };
    let begin: Vec<&str> = sentence.split_whitespace().take(BEFORE_REFERRING).collect();
    let words = folded(&begin.join(" "));
    words.first().is_some_and(|first| known.verbs.contains(first))
        || words.iter().any(|word| known.refer.contains(word))
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
    let stems = |group: &Alike| {
        group.words.iter().chain(&group.opposites).map(|word| stem(word, language).into_owned()).collect()
    };
    groups.iter().map(stems).collect()
}

/// Words of a language, each with those that answer it, as terms of a text.
#[must_use]
pub fn answered_by(language: &str) -> Vec<(String, Vec<String>)> {
    let means = asking(language).map(|asking| asking.means.as_slice()).unwrap_or_default();
    let term = |word: &String| stem(word, language).into_owned();
    means.iter().map(|(word, others)| (term(word), others.iter().map(term).collect())).collect()
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
    fn a_question_says_what_answers_it() {
        for (question, language, expected) in [
            ("How much is a parking permit?", "english", true),
            ("How much does the pump weigh?", "english", false),
            ("How much water does it hold?", "english", false),
            ("Wie viel zahle ich für Kinder?", "german", true),
            ("Combien vaut une carte ?", "french", true),
            ("¿Cuánto es la fianza?", "spanish", true),
            ("Quanto viene il biglietto?", "italian", true),
            ("Hoeveel is de borg?", "dutch", true),
            ("Ile płaci dziecko?", "polish", true),
            ("Quanto fica o aluguer?", "portuguese", true),
        ] {
            assert_eq!(asks_price(question, language), expected, "{question}");
        }
        let things = |question: &str, language: &str| counted(question, language).unwrap_or_default();
        assert_eq!(things("How many samples were taken?", "english"), "samples");
        assert_eq!(things("Combien de livres puis-je emprunter ?", "french"), "livres");
        assert_eq!(things("How much is it?", "english"), "");
        assert!(asks_time("At what time do you close?", "english") && !asks_time("Where is it?", "english"));
    }

    #[test]
    fn a_sentence_without_its_own_subject_refers_to_the_one_before() {
        for (sentence, language, expected) in [
            ("It costs 18 euros.", "english", true),
            ("Send them to Leeds.", "english", true),
            ("Breakfast costs 18 euros.", "english", false),
            ("Sie kostet 3 Euro.", "german", true),
            ("Elle est fermée le lundi.", "french", true),
            ("Cuesta 3 euros.", "spanish", true),
            ("La entrada cuesta 3 euros.", "spanish", false),
            ("", "english", false),
            ("It", SIMPLE, false),
        ] {
            assert_eq!(refers(sentence, language), expected, "{sentence}");
        }
    }

    #[test]
    fn every_list_is_of_a_language_that_is_known() {
        assert_eq!(ASKING.len(), 8);
        for (name, asking) in &*ASKING {
            assert!(LANGUAGES.iter().any(|(known, _)| known == name), "{name}");
            assert!(asking.ask.len() > 50 && asking.price.len() > 10 && asking.alike.len() > 5, "{name}");
            assert!(asking.days.len() == 7 && !asking.refer.is_empty() && !asking.sums.is_empty(), "{name}");
        }
    }
}
