//! What a small model is asked, and how much each sentence of the passages says about it. Sentences that share words with
//! the question are preferred, because such a model knows few words.

use std::ops::Range;

use ruche_schemas::kinds::chat::{Message, Role};
use ruche_store::analysis::{
    identifier,
    index::terms,
    language,
    named::{Name, Terms, names},
    query::{Asked, Lexeme, parse},
};

use super::{about::about, prose::prose};

/// The bonus of a sentence that has all of the question's words, in logits.
pub(super) const BONUS: f32 = 9.0;
/// What a word in the headings above a sentence counts beside one in the sentence.
const ABOVE: f32 = 0.8;
/// The weight of a word that all sentences have; a rarer one adds the logarithm of its rarity.
const EVERYWHERE: f32 = 0.1;
/// How people ask for a price, and how texts state one.
const ASKS_A_PRICE: [&str; 8] = ["how much", "price", "cost", "cheap", "expensive", "combien", "prix", "coût"];
const ASKING: &str = "much cheap cheaper cheapest expensive combien";
const PRICES: &str = "price prices cost costs euro euros dollar dollars prix coûte coûtent tarif tarifs";

#[derive(Debug)]
pub(super) struct Question {
    text: String,
    language: &'static str,
    /// Without those of `names` that are several words.
    words: Vec<Asked>,
    /// The numbers and codes.
    names: Vec<Name>,
}

/// A sentence that may answer.
pub(super) struct Candidate {
    pub(super) text: String,
    /// Headings and questions answer nothing.
    pub(super) answers: bool,
    /// Where it is in the passage, in bytes.
    pub(super) range: Range<usize>,
    /// The last heading or question above it.
    pub(super) heading: String,
    /// With all headings and questions above it.
    pub(super) whole: String,
    own: Vec<String>,
    /// Terms of the headings and questions above it.
    above: Vec<String>,
    /// How much it has of each of the question's numbers and codes.
    pub(super) named: Vec<f32>,
}

impl Question {
    /// The last question of a conversation, without what is an operator of a search.
    pub(super) fn of(conversation: &[Message]) -> Self {
        let asked = conversation.iter().rfind(|message| message.role == Role::User);
        let text = asked.map(|message| message.content.replace('"', " ").replace(" -", " ")).unwrap_or_default();
        let language = language::detect(&text);
        let names = names(&text);
        let mut words = words(&text, language, &names);
        let lower = text.to_lowercase();
        if ASKS_A_PRICE.iter().any(|asks| lower.contains(asks)) {
            let asking = any_of(ASKING, language);
            let price = any_of(PRICES, language);
            let is_of = |word: &Asked, other: &Asked| word.forms.iter().any(|form| other.matches(&form.text));
            words.retain(|word| !is_of(word, &asking) && !is_of(word, &price));
            words.push(price);
        }
        Self { text, language, words, names }
    }

    /// The sentences of a passage.
    pub(super) fn candidates(&self, passage: &str) -> Vec<Candidate> {
        let (mut candidates, mut above, mut all) = (Vec::<Candidate>::new(), Vec::new(), String::new());
        let mut heading = String::new();
        let mut above_named = vec![0.0; self.names.len()];
        for sentence in prose(passage) {
            let own: Vec<String> = terms(&sentence.text, self.language).into_iter().map(|(term, _)| term).collect();
            let own_named = self.named(&sentence.text);
            if !sentence.answers {
                if candidates.last().is_some_and(|before| before.answers) {
                    above.clear();
                    all.clear();
                    above_named.fill(0.0);
                }
                let most = |(above, own): (&mut f32, &f32)| *above = above.max(ABOVE * own);
                above_named.iter_mut().zip(&own_named).for_each(most);
                above.extend_from_slice(&own);
                heading.clone_from(&sentence.text);
                all += &(sentence.text.clone() + "\n");
            }
            candidates.push(Candidate {
                whole: all.clone() + &sentence.text,
                text: sentence.text,
                answers: sentence.answers,
                range: sentence.range,
                heading: heading.clone(),
                own,
                above: above.clone(),
                named: own_named.iter().zip(&above_named).map(|(own, above)| own.max(*above)).collect(),
            });
        }
        candidates
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
        let about = about(&self.text, self.language, &self.names, candidates);
        let of = |(at, is_about): (usize, bool)| {
            if candidates[at].answers && is_about { bonus(at) } else { f32::NEG_INFINITY }
        };
        about.into_iter().enumerate().map(of).collect()
    }

    /// Whether it has a digit: no greeting has one.
    pub(super) fn has_digits(&self) -> bool {
        self.text.contains(char::is_numeric)
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
        if names(text) || !names(heading) { text.clone() } else { format!("{heading} {text}") }
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

/// The words of a text, without those of the numbers and codes that are several.
fn words(text: &str, language: &str, names: &[Name]) -> Vec<Asked> {
    let read = |text: &str| parse(text, &[language.to_owned()]).words;
    let compounds = names.iter().filter(|name| name.is_compound);
    let of_names: Vec<Asked> = compounds.flat_map(|name| read(&text[name.range.clone()])).collect();
    let is_of_name = |word: &Asked| of_names.iter().any(|other| other.forms == word.forms);
    read(text).into_iter().filter(|word| !is_of_name(word)).collect()
}

/// A word that any of these words is.
fn any_of(words: &str, language: &str) -> Asked {
    let forms = terms(words, language).into_iter().map(|(text, _)| Lexeme { text, is_prefix: false });
    Asked { forms: forms.collect(), weight: 1.0 }
}

impl Candidate {
    /// How much a sentence has of a word, from 0 to 1.
    fn has(&self, word: &Asked) -> f32 {
        let among = |terms: &[String]| terms.iter().any(|term| word.matches(term));
        match (among(&self.own), among(&self.above)) {
            (true, _) => 1.0,
            (false, true) => ABOVE,
            (false, false) => 0.0,
        }
    }
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
mod tests {
    use super::*;

    fn asking(question: &str) -> Question {
        Question::of(&[Message { role: Role::User, content: question.to_owned() }])
    }

    fn of(text: &str, question: &str) -> Vec<(String, f32)> {
        let question = asking(question);
        let candidates = question.candidates(text);
        let bonuses = question.bonuses(&candidates);
        candidates.into_iter().map(|one| one.text).zip(bonuses).collect()
    }

    #[test]
    fn the_most_alike_sentence_is_preferred() {
        let found = of("# Opening\n- Saturday: 9:00\n- Sunday: closed", "Are you \"open\" on Sunday?");
        assert!(found[0].1 == f32::NEG_INFINITY, "a heading is no answer");
        assert!(found[2].1 > found[1].1 && found[1].1 > 0.0, "{found:?}: `open` stands above both");
    }

    #[test]
    fn a_price_is_asked_in_many_words() {
        let pump = "# Pump P-100\n\n- Flow: 40 litres\n- Price: 99 euros\n- Width: 12 cm\n";
        for question in ["How much is the P-100?", "Cost of the P-100", "Combien coûte la P-100 ?", "p100 price"] {
            let found = of(pump, question);
            assert!(found[2].1 > 8.0 && found[2].1 > found[1].1 + 0.5, "{question}: {found:?}");
        }
        let found = of(pump, "What flow does the P-100 have?");
        assert!(found[1].1 > found[2].1, "{found:?}");
    }

    #[test]
    fn numbers_and_identifiers_of_the_question_decide() {
        let forbidden = |text: &str, question: &str| {
            let found = of(text, question).into_iter().filter(|(_, bonus)| *bonus == f32::NEG_INFINITY);
            found.map(|(text, _)| text).collect::<Vec<_>>()
        };
        let toasters = "The toaster TS 1000 has 4 slots. The toaster TS 100 has 2 slots.";
        assert_eq!(forbidden(toasters, "Slots of TS 100?"), ["The toaster TS 1000 has 4 slots."]);
        assert_eq!(forbidden(toasters, "Slots of TS 500?"), [""; 0]);
        let clauses = "Clause 14 costs 42 euros. Clause 42 costs 126 euros.";
        assert_eq!(forbidden(clauses, "What does clause 42 say?"), ["Clause 14 costs 42 euros."]);
        assert_eq!(forbidden(clauses, "Who pays 42 euros?"), [""; 0]);
        let parts = "# X-1\n\nPower: 99 W\n\n# X-10\n\nPower: 450 W\n";
        assert_eq!(forbidden(parts, "Power of X-10?"), ["X-1.", "Power: 99 W.", "X-10."]);
    }

    #[test]
    fn a_number_is_known_in_each_spelling_and_no_near_one_is() {
        let best = |text: &str, question: &str| {
            let found = of(text, question).into_iter().max_by(|a, b| a.1.total_cmp(&b.1));
            found.filter(|(_, bonus)| *bonus > f32::NEG_INFINITY).map(|(text, _)| text)
        };
        let phones = "Sales: +49 421 5550110\n\nService: (0421) 555 01 40\n";
        for (question, expected) in [
            ("(0421) 555 01 10", "Sales: +49 421 5550110."),
            ("Whose is 0421-555-0110?", "Sales: +49 421 5550110."),
            ("0421 5550140", "Service: (0421) 555 01 40."),
        ] {
            assert_eq!(best(phones, question).as_deref(), Some(expected), "{question}");
            let (_, bonus) = of(phones, question).into_iter().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
            assert!(bonus > 2.0, "{question}: {bonus}");
        }
        let parts = "4711-0815 Dichtung, 2,10 €\n\nOrder 2026-004521 was cancelled.\n\nDIN EN 12464-1 is for rooms.\n";
        for (question, is_elsewhere) in [
            ("(0421) 555 01 99", true),
            ("Was kostet 4711-0817?", true),
            ("Was kostet 4711-0815?", false),
            ("What happened to order 2026-004520?", true),
            ("DIN EN 12464-3", true),
            ("EN12464-1", false),
            ("Ist um 18:30 offen?", false),
        ] {
            assert_eq!(asking(question).is_elsewhere(&[phones, parts]), is_elsewhere, "{question}");
        }
        let orders = "Order 10054 was sent. Order 10099 was lost. Order 10100 is new.";
        let found = of(orders, "Was order 10054 or 10099 sent?");
        let forbidden: Vec<bool> = found.iter().map(|(_, bonus)| *bonus == f32::NEG_INFINITY).collect();
        assert_eq!(forbidden, [false, false, true], "no sentence has both");
    }

    #[test]
    fn what_no_passage_names_is_elsewhere() {
        let passages = ["SP-02 costs 18.90.", "Order 10054 was sent in 2024."];
        for (question, expected) in [
            ("How much is P-400?", true),
            ("How much is SP-02?", false),
            ("When was order 10099 sent?", true),
            ("When was order 10054 sent?", false),
            ("Was order 10054 or 10099 sent?", false),
            ("What was sent in 3 days?", false),
            ("What was sent?", false),
            ("7", true),
            ("18:30", true),
            ("18.90", false),
            ("", true),
            ("???", true),
        ] {
            assert_eq!(asking(question).is_elsewhere(&passages), expected, "{question}");
        }
    }

    #[test]
    fn a_word_that_no_sentence_has_weighs_as_well() {
        let text = "The owner is Marie. Dogs are welcome.";
        let best = |question: &str| of(text, question).iter().map(|(_, bonus)| *bonus).fold(0.0, f32::max);
        assert!(best("Who is the owner?") > 8.0);
        assert!(best("Who is the owner of the bakery in Paris?") < 5.0);
        assert!(best("What is the weather?") < 1.0);
        assert!(best("") == 0.0);
    }
}
