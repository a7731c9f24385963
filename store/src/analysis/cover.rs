//! Whether a text is about what a question asks for. A question needs each of its words that is no stop word and no word of
//! asking; a text has it in another form, in a compound, or as a word that stands for it.

use std::collections::HashSet;

use super::{
    asking::{Alike, Asking, asking, asks_price, folded},
    identifier,
    language::{compounds, is_stop_word, stem},
    token::Form,
    tokens::tokens,
};

mod text;

pub use text::Text;

/// Shorter beginnings that two words share make them no forms of one word.
const BEGINNING: usize = 4;
/// The same for words that each have another ending.
const SHARED: usize = 5;
/// Letters that two forms of a word may have behind what they share.
const ENDINGS: usize = 3;
/// What a form of a word counts beside the word, and what another word that stands for it.
const FORM: f32 = 0.95;
const ALIKE: f32 = 0.9;
/// The same for one that says the opposite, as `closed` answers `Is it open?`
const OPPOSITE: f32 = 0.75;
/// Endings of words that are made of others: `washable`, `waschbar`.
const DERIVED: [&str; 8] = ["able", "abl", "ible", "ibl", "ing", "ung", "bar", "er"];
/// Words of a question that are looked at.
const MOST: usize = 64;

/// A word of a question: each way to find it is one or several words that a text must have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Need {
    ways: Vec<Vec<Word>>,
    /// Other words that stand for it.
    others: Vec<Word>,
    /// Words that say the opposite, and so answer it too.
    opposites: Vec<Word>,
    /// Days that together mean it, as from Monday to Friday.
    span: Vec<Word>,
    /// Whether it is the word for the number of a thing.
    is_number: bool,
    /// Whether it is a day of the week.
    pub is_day: bool,
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
            || is_derived(&self.stem, &other.folded)
            || is_derived(&other.stem, &self.folded)
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

/// Whether a word is made of this one.
fn is_derived(of: &str, word: &str) -> bool {
    of.chars().count() >= BEGINNING && word.strip_prefix(of).is_some_and(|ending| DERIVED.contains(&ending))
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
        let is_asking = |known: &Asking| {
            (without_asking && (known.ask.contains(word) || known.numerals.contains(word)))
                || known.price.contains(word)
        };
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
    let whole = folded(written).pop().filter(|whole| !is_said(whole))?;
    // `pH` is cut into letters, which say nothing.
    let is_cut = || tokens(written).iter().all(|token| token.form.is_joined() || token.term.chars().count() == 1);
    if parts.is_empty() && !is_cut() {
        return None;
    }
    let word = |word: &str| Word::of(word, language);
    let in_parts = Some(parts.iter().map(|part| word(part)).collect::<Vec<Word>>()).filter(|parts| !parts.is_empty());
    let ways = in_parts.into_iter().chain([vec![word(&whole)]]).collect();
    let all = |others: Vec<String>| others.iter().map(|other| word(other)).collect::<Vec<Word>>();
    let mut need = Need { ways, others: Vec::new(), opposites: Vec::new(), span: Vec::new(), ..Need::default() };
    if let Some(known) = known {
        need.others = all(others(&whole, language, known));
        need.others.extend(compounds(language).then(|| without_tail(&whole, known)).flatten().map(word));
        need.opposites = all(opposites(&whole, language, known));
        need.is_number = known.number.contains(&whole);
        let day = known.days.iter().position(|day| is_own(&whole, day, language));
        need.is_day = day.is_some();
        if let Some(day) = day {
            need.others.extend(all(known.daily.clone()));
            // From Monday to Friday.
            need.span = if (1..4).contains(&day) {
                all(vec![known.days[0].clone(), known.days[4].clone()])
            } else {
                Vec::new()
            };
        }
    }
    Some(need)
}

/// Whether two words are one in different forms.
fn is_own(word: &str, other: &str, language: &str) -> bool {
    let own = stem(word, language);
    // Short stems are those of many words: `gare` and `garer`.
    other == word || (own.chars().count() >= BEGINNING && stem(other, language) == own)
}

/// The words that say the opposite of this one.
fn opposites(word: &str, language: &str, known: &Asking) -> Vec<String> {
    let has = |words: &[String]| words.iter().any(|other| is_own(word, other, language));
    let of = |group: &Alike| match (has(&group.words), has(&group.opposites)) {
        (true, false) => group.opposites.clone(),
        (false, true) => group.words.clone(),
        _ => Vec::new(),
    };
    known.alike.iter().flat_map(of).collect()
}

/// The words that stand for this one.
fn others(word: &str, language: &str, known: &Asking) -> Vec<String> {
    let is_own = |other: &String| is_own(word, other, language);
    let sides = known.alike.iter().flat_map(|group| [&group.words, &group.opposites]);
    let alike = sides.filter(|words| words.iter().any(is_own)).flatten();
    let means = known.means.iter().filter(|(of, _)| is_own(of)).flat_map(|(_, others)| others);
    alike.chain(means).cloned().collect()
}

/// `Versand` of `Versandkosten`: the tail is a word of asking.
fn without_tail<'w>(word: &'w str, known: &Asking) -> Option<&'w str> {
    let tails = known.ask.iter().chain(&known.price).chain(&known.number).filter(|tail| tail.len() >= BEGINNING);
    let heads = tails.filter_map(|tail| word.strip_suffix(tail.as_str()));
    heads.filter(|head| head.chars().count() >= BEGINNING).min_by_key(|head| head.len())
}

#[cfg(test)]
mod tests;
