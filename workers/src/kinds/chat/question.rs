//! What a small model is asked, and how much each sentence of the passages says about it. Sentences that share words with
//! the question are preferred, because such a model knows few words.

use std::collections::VecDeque;

use ruche_schemas::kinds::chat::{Message, Passage, Role};
use ruche_store::analysis::{
    asking::{self, alike, answered_by, asks_price, prices, refers},
    identifier,
    index::terms,
    language,
    named::{Name, Terms, names},
    query::{Asked, Lexeme, parse},
};

use super::{
    about::{about, leave_out_near, names_another},
    candidate::{ABOVE, Candidate, OUTSIDE},
    covering::{Covering, Source},
    prose::{Sentence, prose},
    row::asked,
    small_talk::{SmallTalk, small_talk},
};

/// The bonus of a sentence that has all of the question's words, in logits.
pub(super) const BONUS: f32 = 9.0;
/// What a sentence loses that is about nothing of what the best one is about.
const LESS: f32 = 6.0 * BONUS;
/// The most headings and questions in a row that count for a sentence below them.
const HEADINGS: usize = 8;
/// The weight of a word that all sentences have; a rarer one adds the logarithm of its rarity.
const EVERYWHERE: f32 = 0.1;
/// The level of a question among headings.
const QUESTION: usize = 7;
/// How people ask for a price without a word for it.
const HOW_MUCH: [&str; 2] = ["how much", "combien"];

#[derive(Debug)]
pub(super) struct Question {
    text: String,
    language: &'static str,
    /// Without those of `names` that are several words.
    words: Vec<Asked>,
    /// The numbers and codes.
    names: Vec<Name>,
    covering: Covering,
}

/// A heading or question, or another text that a sentence is about.
struct Heading {
    text: String,
    /// Of a heading, from 1; below all headings for a question.
    level: usize,
    /// What a number in it counts.
    weight: f32,
    terms: Vec<String>,
    named: Vec<f32>,
}

impl Question {
    /// The last question of a conversation, without what is an operator of a search. One that is in no language is in that of
    /// the passages.
    pub(super) fn of(conversation: &[Message], passages: &[Passage]) -> Self {
        let asked = conversation.iter().rfind(|message| message.role == Role::User);
        let text = asked.map(|message| message.content.replace('"', " ")).unwrap_or_default();
        let text = without_operators(&text);
        let is_clear = |language: &&str| *language != language::SIMPLE;
        let own = Some(asking::language(&text)).filter(is_clear);
        let of_passages = || passages.iter().map(|passage| language::detect(&passage.text)).find(is_clear);
        let language = own.or_else(of_passages).unwrap_or(language::SIMPLE);
        let names = names(&text);
        let mut words = words(&text, language, &names);
        let lower = text.to_lowercase();
        if HOW_MUCH.iter().any(|asks| lower.contains(asks)) || asks_price(&text, language) {
            let asking = any_of(HOW_MUCH.into_iter(), language);
            let price = any_of(prices(language), language);
            let is_of = |word: &Asked, other: &Asked| word.forms.iter().any(|form| other.matches(&form.text));
            words.retain(|word| !is_of(word, &asking) && !is_of(word, &price));
            words.push(price);
        }
        let covering = Covering::of(&text, language);
        Self { text, language, words, names, covering }
    }

    /// The sentences of a passage, below the title of its document and its headings.
    pub(super) fn candidates(&self, outside: &str, passage: &str) -> Vec<Candidate> {
        let (mut candidates, mut above) = (Vec::<Candidate>::new(), VecDeque::<Heading>::new());
        let outside = Heading {
            text: if outside.trim().is_empty() { String::new() } else { outside.trim().to_owned() + "\n" },
            weight: OUTSIDE,
            ..self.heading(outside)
        };
        let mut heading = String::new();
        for sentence in prose(passage) {
            let own = self.heading(&sentence.text);
            if !sentence.answers {
                let level = level(&passage[sentence.range.clone()]);
                if candidates.last().is_some_and(|before| before.answers) {
                    above.retain(|above| above.level < level);
                }
                let outer = above.iter_mut().filter(|above| above.level < level);
                outer.for_each(|above| above.weight = OUTSIDE);
                if above.len() == HEADINGS {
                    above.pop_front();
                }
                heading.clone_from(&sentence.text);
                above.push_back(Heading { text: heading.clone() + "\n", level, ..self.heading(&heading) });
            }
            let before = candidates.last().filter(|before| is_behind(before, &sentence, passage));
            let referred = before.filter(|_| refers(&sentence.text, self.language));
            let referred = referred.map(|before| before.referred.clone().unwrap_or_else(|| before.text.clone()));
            let referring = referred.as_deref().map(|text| self.heading(text));
            let named = |(n, own): (usize, &f32)| {
                let around = [&outside].into_iter().chain(&above).chain(&referring);
                around.map(|around| around.weight * around.named[n]).fold(*own, f32::max)
            };
            let lines = [&outside].into_iter().chain(&above).map(|above| above.text.as_str());
            let around = [&outside].into_iter().chain(&above).chain(&referring);
            let referred_line = referred.iter().flat_map(|text| [text.as_str(), "\n"]);
            candidates.push(Candidate {
                whole: lines.chain(referred_line).chain([sentence.text.as_str()]).collect(),
                named: own.named.iter().enumerate().map(named).collect(),
                above: around.flat_map(|above| above.terms.iter().cloned()).collect(),
                before: before.map(|before| before.text.clone()),
                referred,
                text: sentence.text,
                answers: sentence.answers,
                values: sentence.values,
                range: sentence.range,
                heading: heading.clone(),
                own: own.terms,
            });
        }
        candidates
    }

    fn heading(&self, text: &str) -> Heading {
        let terms = terms(text, self.language).into_iter().map(|(term, _)| term).collect();
        Heading { text: text.to_owned(), level: QUESTION, weight: ABOVE, terms, named: self.named(text) }
    }

    /// 1 for each number or code that a text has, else 0.
    fn named(&self, text: &str) -> Vec<f32> {
        if self.names.is_empty() {
            return Vec::new();
        }
        let terms = Terms::of(text);
        self.names.iter().map(|name| if terms.has(name) { 1.0 } else { 0.0 }).collect()
    }

    /// What each sentence is preferred by, in logits; minus infinity if it does not answer.
    pub(super) fn bonuses(&self, candidates: &[Candidate]) -> Vec<f32> {
        let has = |word: &Asked| candidates.iter().map(|one| one.has(word)).collect::<Vec<_>>();
        let words = self.words.iter().map(|word| (word.weight, has(word)));
        let names = self.names.iter().enumerate().filter(|(_, name)| name.is_compound);
        let names = names.map(|(n, _)| (1.0, candidates.iter().map(|one| one.named[n]).collect()));
        let weights: Vec<(f32, Vec<f32>)> =
            words.chain(names).map(|(weight, has)| (self::weight(weight, &has, candidates), has)).collect();
        let all: f32 = weights.iter().map(|(weight, _)| weight).sum();
        let bonus = |at: usize| {
            let found = weights.iter().map(|(weight, has)| weight * has[at]).sum::<f32>();
            if all > 0.0 { BONUS * found / all } else { 0.0 }
        };
        let about = about(&self.text, &self.names, candidates);
        let of = |(at, is_about): (usize, bool)| {
            if candidates[at].answers && is_about { bonus(at) } else { f32::NEG_INFINITY }
        };
        let mut bonuses: Vec<f32> = about.into_iter().enumerate().map(of).collect();
        leave_out_near(&self.text, self.language, candidates, &mut bonuses);
        bonuses
    }

    /// The first values of a row and those that it asks for, as far as they fit; all that fit if it asks for none of its columns.
    pub(super) fn of_row(&self, values: &[String], fits: &dyn Fn(&[String]) -> bool) -> Vec<String> {
        let score = |value: &str| {
            let own: Vec<String> = terms(value, self.language).into_iter().map(|(term, _)| term).collect();
            let words = self.words.iter().filter(|word| own.iter().any(|term| word.matches(term)));
            #[expect(clippy::cast_possible_truncation, reason = "from 0 to 1")]
            let words: f32 = words.map(|word| word.weight as f32).sum();
            words + self.named(value).into_iter().sum::<f32>()
        };
        let name = |value: &String| value.split_once(": ").map_or(0.0, |(name, _)| score(name));
        let scores: Vec<f32> = values.iter().map(|value| score(value)).collect();
        let has_column = values.iter().any(|value| name(value) > 0.0);
        asked(values, &scores, has_column, fits)
    }

    /// What each sentence, of the passage with this number, is preferred by, as far as it is about what is asked for.
    pub(super) fn preferences(&self, candidates: &[Candidate], numbers: &[usize], sources: &[Source]) -> Vec<f32> {
        let less = self.covering.covered(&self.names, candidates, numbers, sources);
        if names_another(&self.text, self.language, candidates) {
            return vec![f32::NEG_INFINITY; candidates.len()];
        }
        self.bonuses(candidates).into_iter().zip(less).map(|(bonus, less)| bonus + LESS * less).collect()
    }

    /// Whether these sentences answer, so that no model has to judge it.
    pub(super) fn is_sure(&self) -> bool {
        self.covering.is_sure()
    }

    /// What the message is, if it asks nothing about documents.
    pub(super) fn small_talk(&self) -> Option<&'static SmallTalk> {
        small_talk(&self.text)
    }

    pub(super) const fn language(&self) -> &'static str {
        self.language
    }

    /// For each number or code of the question, if there are several, the best sentence that names it.
    pub(super) fn best_of_each(&self, candidates: &[Candidate], bonuses: &[f32]) -> Vec<usize> {
        let wholes: Vec<String> = candidates.iter().map(|one| one.whole.clone()).collect();
        let mut best: Vec<usize> = Vec::new();
        for (number, name) in self.names.iter().enumerate() {
            let lookalikes = identifier::lookalikes(&self.text[name.range.clone()], &wholes);
            let names = |n: usize| !lookalikes[n] && candidates[n].named[number] > 0.0;
            let naming = (0..candidates.len()).filter(|n| bonuses[*n] > 0.0 && names(*n));
            // The first among equals.
            best.extend(naming.rev().max_by(|a, b| bonuses[*a].total_cmp(&bonuses[*b])));
        }
        best.dedup();
        best
    }

    /// A sentence, below the heading that names an identifier of the question if the sentence does not.
    pub(super) fn with_heading(&self, candidate: &Candidate) -> String {
        let names = |text: &str| identifier::names_one_of(&self.text, text);
        let Candidate { text, heading, .. } = candidate;
        if names(text) || !names(heading) { candidate.quoted() } else { format!("{heading} {}", candidate.quoted()) }
    }

    /// Whether nothing is to be answered from the passages: it has no words, or it names an identifier or a number and
    /// the passages have none of them. A model that can only quote would answer about another one.
    pub(super) fn is_elsewhere(&self, passages: &[&str]) -> bool {
        let asked = terms(&self.text, language::SIMPLE);
        let has_all = |text: &&str| {
            let found = terms(text, language::SIMPLE);
            asked.iter().all(|(term, _)| found.iter().any(|(other, _)| other == term))
        };
        let has_a_name = |text: &&str| self.named(text).into_iter().any(|has| has > 0.0);
        match (self.names.is_empty(), self.text.contains(char::is_alphabetic)) {
            (false, _) => !passages.iter().any(has_a_name),
            // It is a number that may be a quantity, and asks nothing else.
            (true, false) => asked.is_empty() || !passages.iter().any(has_all),
            (true, true) => asked.is_empty(),
        }
    }
}

/// Without what excludes words from a search; the sign of a number stays.
fn without_operators(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (n, piece) in text.split(" -").enumerate() {
        let is_number = piece.starts_with(|c: char| c.is_ascii_digit());
        out.push_str(if n == 0 {
            ""
        } else if is_number {
            " -"
        } else {
            " "
        });
        out.push_str(piece);
    }
    out
}

/// The level of a heading or question.
pub(super) fn level(line: &str) -> usize {
    match line.chars().take_while(|c| *c == '#').count() {
        0 => QUESTION,
        level => level,
    }
}

/// Whether a sentence stands behind this one in the same paragraph, and neither is a row.
fn is_behind(before: &Candidate, sentence: &Sentence, passage: &str) -> bool {
    let gap = passage.get(before.range.end..sentence.range.start).unwrap_or_default();
    let begins_item = passage[sentence.range.clone()].starts_with(['-', '*', '+', '|', '#', '>']);
    let are_rows = !before.values.is_empty() || !sentence.values.is_empty();
    before.answers && sentence.answers && !are_rows && !begins_item && !gap.contains("\n\n") && gap.trim().is_empty()
}

/// The words of a text, without those of the numbers and codes that are several.
fn words(text: &str, language: &str, names: &[Name]) -> Vec<Asked> {
    // A sign in front of a number is no operator of a search here, and the places stay the same.
    let read = |text: &str| parse(&text.replace(" -", "  "), &[language.to_owned()]).words;
    let compounds = names.iter().filter(|name| name.is_compound);
    let of_names: Vec<Asked> = compounds.flat_map(|name| read(&text[name.range.clone()])).collect();
    let is_of_name = |word: &Asked| of_names.iter().any(|other| other.forms == word.forms);
    let (alike, answers) = (alike(language), answered_by(language));
    let with_alike = |mut word: Asked| {
        let others = alike.iter().filter(|group| group.iter().any(|term| word.matches(term))).flatten();
        let answers = answers.iter().filter(|(term, _)| word.matches(term)).flat_map(|(_, others)| others);
        let others = others.chain(answers);
        let others: Vec<Lexeme> = others.map(|term| Lexeme { text: term.clone(), is_prefix: false }).collect();
        word.forms.extend(others);
        word
    };
    let mut words: Vec<Asked> = read(text).into_iter().filter(|word| !is_of_name(word)).collect();
    // `hoch` is a stop word, and asks for what `Höhe` says.
    let asked = terms(text, language).into_iter().filter(|(term, _)| answers.iter().any(|(of, _)| of == term));
    for (text, _) in asked {
        if !words.iter().any(|word| word.matches(&text)) {
            words.push(Asked { forms: vec![Lexeme { text, is_prefix: false }], weight: 1.0 });
        }
    }
    words.into_iter().map(with_alike).collect()
}

/// A word that any of these words is.
fn any_of<'w>(words: impl Iterator<Item = &'w str>, language: &str) -> Asked {
    let terms = words.flat_map(|word| terms(word, language));
    let forms = terms.map(|(text, _)| Lexeme { text, is_prefix: false });
    Asked { forms: forms.collect(), weight: 1.0 }
}

/// How much a word of the question tells about the sentences, of which each has so much.
fn weight(weight: f64, has: &[f32], candidates: &[Candidate]) -> f32 {
    let found = candidates.iter().zip(has).filter(|(one, has)| one.answers && **has > 0.0).count().max(1);
    let all = candidates.iter().filter(|one| one.answers).count().max(1);
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a few sentences")]
    let weight = (EVERYWHERE + (all as f32 / found as f32).ln()) * weight as f32;
    weight
}

#[cfg(test)]
mod tests;
