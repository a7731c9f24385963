//! Whether a text is about what a question asks for. A question needs each of its words that is no stop word and no word of
//! asking; a text has it in another form, in a compound, or as a word that stands for it.

use std::collections::HashSet;

use super::{
    asking::{Asking, asking, folded},
    identifier,
    language::{compounds, is_stop_word, stem},
    token::Form,
    tokens::tokens,
};

/// Shorter beginnings that two words share make them no forms of one word.
const BEGINNING: usize = 4;
/// The same for words that each have another ending.
const SHARED: usize = 5;
/// Letters that two forms of a word may have behind what they share.
const ENDINGS: usize = 3;
/// What a form of a word counts beside the word, and what another word that stands for it.
const FORM: f32 = 0.95;
const ALIKE: f32 = 0.9;
/// Words of a question that are looked at.
const MOST: usize = 64;

/// A word of a question: each way to find it is one or several words that a text must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    ways: Vec<Vec<Word>>,
    /// Other words that stand for it.
    others: Vec<Word>,
    /// Whether it is written as a name, which nothing else can stand for.
    pub is_name: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Word {
    folded: String,
    stem: String,
}

impl Word {
    fn of(folded: &str, language: &str) -> Self {
        Self { folded: folded.to_owned(), stem: stem(folded, language).into_owned() }
    }

    /// How much a word of a text says of it: it is the same, a form of it, or in a language that writes them as one, a compound.
    fn is_in(&self, other: &Self, has_compounds: bool) -> f32 {
        let is_long = |word: &str| word.chars().count() >= SHARED;
        let is_form = self.stem == other.stem
            || are_forms(&self.stem, &other.stem)
            || (is_long(&self.stem) && other.folded.starts_with(&self.stem))
            || (is_long(&self.folded) && has_compounds && other.folded.ends_with(&self.folded));
        match () {
            () if self.folded == other.folded => 1.0,
            () if is_form => FORM,
            () => 0.0,
        }
    }
}

fn are_forms(one: &str, other: &str) -> bool {
    let shared = one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
    let (rest, other_rest) = (one.chars().count() - shared, other.chars().count() - shared);
    match rest == 0 || other_rest == 0 {
        true => shared >= BEGINNING && (rest + other_rest <= 1 || (shared >= SHARED && rest + other_rest < ENDINGS)),
        false => shared >= SHARED && rest + other_rest <= ENDINGS,
    }
}

/// What a question needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needs {
    pub words: Vec<Need>,
    /// Whether no word of asking is among these: the language's are known, and there are others.
    pub is_exact: bool,
}

/// What a question of this language asks for. `None` where words are not written apart.
#[must_use]
pub fn needs(question: &str, language: &str) -> Option<Needs> {
    if tokens(question).iter().any(|token| matches!(token.form, Form::Pair | Form::Last)) {
        return None;
    }
    let known = asking(language);
    let exact = words(question, language, known, true);
    Some(match exact.is_empty() && !asks_price(question, language) {
        true => Needs { words: words(question, language, known, false), is_exact: false },
        false => Needs { words: exact, is_exact: known.is_some() },
    })
}

fn words(question: &str, language: &str, known: Option<&Asking>, without_asking: bool) -> Vec<Need> {
    let all: HashSet<String> = folded(question).into_iter().collect();
    let is_said = |word: &str| {
        let is_asking = |known: &Asking| (without_asking && known.ask.contains(word)) || known.price.contains(word);
        word.chars().count() == 1 || is_stop_word(word, language) || known.is_some_and(is_asking)
    };
    let mut words: Vec<Need> = Vec::new();
    for (number, written) in identifier::words(question).flat_map(|word| word.split(['\'', '’'])).take(MOST).enumerate()
    {
        if written.contains(char::is_numeric) {
            continue;
        }
        let need = need(written, language, known, &all, &is_said);
        let is_capital = written.starts_with(char::is_uppercase) && number > 0 && language != "german";
        let need = need.map(|need| Need { is_name: is_capital, ..need });
        words.extend(need.filter(|need| !words.iter().any(|other| other.ways == need.ways)));
    }
    words
}

fn need(
    written: &str,
    language: &str,
    known: Option<&Asking>,
    question: &HashSet<String>,
    is_said: &dyn Fn(&str) -> bool,
) -> Option<Need> {
    let says_no_more = |word: &String| {
        known.is_some_and(|known| {
            let mut groups = known.alike.iter().filter(|group| group.beside.contains(word));
            groups.any(|group| group.words.iter().any(|word| question.contains(word)))
        })
    };
    let parts = tokens(written).into_iter().filter(|token| token.form == Form::Word).map(|token| token.term);
    let parts: Vec<String> = parts.filter(|word| !is_said(word) && !says_no_more(word)).collect();
    let whole = folded(written).pop().filter(|whole| !parts.is_empty() && !is_said(whole))?;
    let word = |word: &str| Word::of(word, language);
    let ways = vec![parts.iter().map(|part| word(part)).collect(), vec![word(&whole)]];
    let mut others = Vec::new();
    if let Some(known) = known {
        others.extend(self::others(&whole, language, known).iter().map(|other| word(other)));
        others.extend(compounds(language).then(|| without_tail(&whole, known)).flatten().map(word));
    }
    Some(Need { ways, others, is_name: false })
}

/// The words that stand for this one.
fn others(word: &str, language: &str, known: &Asking) -> Vec<String> {
    let own = Word::of(word, language);
    // Short stems are those of many words: `gare` and `garer`.
    let is_long = own.stem.chars().count() >= BEGINNING;
    let is_own = |other: &String| other == word || (is_long && stem(other, language) == own.stem);
    let alike = known.alike.iter().filter(|group| group.words.iter().any(is_own)).flat_map(|group| &group.words);
    let means = known.means.iter().filter(|(of, _)| is_own(of)).flat_map(|(_, others)| others);
    alike.chain(means).cloned().collect()
}

/// `Versand` of `Versandkosten`: the tail is a word of asking.
fn without_tail<'w>(word: &'w str, known: &Asking) -> Option<&'w str> {
    let tails = known.ask.iter().chain(&known.price).filter(|tail| tail.len() >= BEGINNING);
    let heads = tails.filter_map(|tail| word.strip_suffix(tail.as_str()));
    heads.filter(|head| head.chars().count() >= BEGINNING).min_by_key(|head| head.len())
}

/// The words of a text.
#[derive(Debug, Clone, Default)]
pub struct Text {
    words: Vec<Word>,
    has_compounds: bool,
}

impl Text {
    #[must_use]
    pub fn of(text: &str, language: &str) -> Self {
        let words: HashSet<Word> = tokens(text).into_iter().map(|token| Word::of(&token.term, language)).collect();
        Self { words: words.into_iter().collect(), has_compounds: compounds(language) }
    }

    /// How much of a word it has, from 0 to 1.
    #[must_use]
    pub fn share(&self, need: &Need) -> f32 {
        let of = |word: &Word| self.words.iter().map(|other| word.is_in(other, self.has_compounds)).fold(0.0, f32::max);
        let of_way = |way: &Vec<Word>| way.iter().map(of).fold(1.0, f32::min);
        let own = need.ways.iter().map(of_way).fold(0.0, f32::max);
        own.max(ALIKE * need.others.iter().map(of).fold(0.0, f32::max))
    }

    #[must_use]
    pub fn has(&self, need: &Need) -> bool {
        self.share(need) > 0.0
    }

    /// Whether it states a price or an amount.
    #[must_use]
    pub fn has_price(&self, language: &str) -> bool {
        let has_digit = |word: &Word| word.folded.contains(|c: char| c.is_ascii_digit());
        let is_price = |word: &Word| asking(language).is_none_or(|known| known.price.contains(&word.folded));
        self.words.iter().any(|word| has_digit(word) || is_price(word))
    }
}

/// Whether a question of this language asks for a price.
#[must_use]
pub fn asks_price(question: &str, language: &str) -> bool {
    let words = folded(question);
    asking(language).is_some_and(|known| words.iter().any(|word| known.price.contains(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(question: &str, text: &str, language: &str) -> bool {
        let text = Text::of(text, language);
        needs(question, language).expect("words").words.iter().all(|need| text.has(need))
    }

    #[test]
    fn a_text_has_a_word_in_its_forms_compounds_and_likes() {
        for (language, question, text) in [
            ("english", "How long does delivery take?", "We deliver within a day."),
            ("english", "Where can I park my car?", "Parking"),
            ("english", "What is your phone number?", "Telephone: 55"),
            ("german", "Was kosten die Räder?", "Ersatzräder"),
            ("german", "Wie hoch sind die Versandkosten?", "Der Versand kostet 6 Euro."),
            ("german", "Wie lang ist die Lieferzeit?", "Lieferung in 3 Tagen"),
            ("german", "Wann haben Sie geöffnet?", "Öffnungszeiten"),
            ("german", "Wie lange hält die Garantie des Akkus?", "Der Akku ist garantiert."),
            ("french", "Comment annuler ma réservation ?", "Une réservation peut être annulée."),
            ("french", "À quelle heure est le petit-déjeuner ?", "petit déjeuner"),
            ("dutch", "Wanneer wordt mijn kleding bezorgd?", "Wij bezorgen kleding."),
            ("polish", "Czy mogę zwrócić książkę?", "Zwroty książek"),
            ("spanish", "¿Dónde puedo aparcar?", "Aparcamiento"),
            ("english", "Are you open at the weekend?", "Opening on Sunday"),
        ] {
            assert!(has(question, text, language), "{question}: {:?}", needs(question, language));
        }
    }

    #[test]
    fn another_word_is_no_form() {
        for (language, question, text) in [
            ("english", "Who is the mayor?", "mayonnaise, major"),
            ("english", "Can I contact you?", "It contains nuts."),
            ("english", "Do you rent cars?", "Parking"),
            ("english", "Are you open on Saturday?", "Opening on Sunday"),
            ("german", "Sind Hunde erlaubt?", "hundert"),
            ("german", "Was kostet Butter?", "Mutter, Button"),
            ("german", "Was kostet ein Fahrradhelm?", "Fahrrad"),
        ] {
            assert!(!has(question, text, language), "{question}: {:?}", needs(question, language));
        }
    }

    #[test]
    fn the_word_itself_says_more_than_a_form_and_than_another_word() {
        let needs = needs("Was kostet der Versand?", "german").expect("words");
        let share = |text: &str| Text::of(text, "german").share(&needs.words[0]);
        let shares = ["Der Versand ist frei.", "Versandkosten", "Lieferung", "Ware"].map(share);
        assert_eq!(shares, [1.0, FORM, ALIKE, 0.0]);
    }

    #[test]
    fn words_of_asking_are_not_needed() {
        let count = |question: &str, language: &str| needs(question, language).expect("words").words.len();
        assert!(!needs("How long does it take?", "english").expect("words").is_exact);
        assert!(has("How long does it take?", "long, takes", "english"), "where there is no other word, they are");
        assert_eq!(count("How much does it cost?", "english"), 0);
        assert_eq!(count("Wie viel kostet das?", "german"), 0);
        assert_eq!(count("What does AX-4410/B cost?", "english"), 0);
        assert_eq!(needs("図書館", "japanese"), None);
        assert!(needs("Who met Maria?", "english").expect("words").words.last().is_some_and(|need| need.is_name));
    }
}
