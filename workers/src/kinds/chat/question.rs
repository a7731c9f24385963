//! What a small model is asked, and how much each sentence of the passages says about it. Sentences that share words with
//! the question are preferred, because such a model knows few words.

use std::ops::Range;

use ruche_schemas::kinds::chat::{Message, Role};
use ruche_store::analysis::{
    identifier,
    index::terms,
    language,
    query::{Asked, Lexeme, Phrase, parse},
};

use super::prose::prose;

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
    words: Vec<Asked>,
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
}

impl Question {
    /// The last question of a conversation, without what is an operator of a search.
    pub(super) fn of(conversation: &[Message]) -> Self {
        let asked = conversation.iter().rfind(|message| message.role == Role::User);
        let text = asked.map(|message| message.content.replace('"', " ").replace(" -", " ")).unwrap_or_default();
        let language = language::detect(&text);
        let mut words = parse(&text, &[language.to_owned()]).words;
        let lower = text.to_lowercase();
        if ASKS_A_PRICE.iter().any(|asks| lower.contains(asks)) {
            let asking = any_of(ASKING, language);
            let price = any_of(PRICES, language);
            let is_of = |word: &Asked, other: &Asked| word.forms.iter().any(|form| other.matches(&form.text));
            words.retain(|word| !is_of(word, &asking) && !is_of(word, &price));
            words.push(price);
        }
        Self { text, language, words }
    }

    /// The sentences of a passage.
    pub(super) fn candidates(&self, passage: &str) -> Vec<Candidate> {
        let (mut candidates, mut above, mut all) = (Vec::<Candidate>::new(), Vec::new(), String::new());
        let mut heading = String::new();
        for sentence in prose(passage) {
            let own: Vec<String> = terms(&sentence.text, self.language).into_iter().map(|(term, _)| term).collect();
            if !sentence.answers {
                if candidates.last().is_some_and(|before| before.answers) {
                    above.clear();
                    all.clear();
                }
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
            });
        }
        candidates
    }

    /// What each sentence is preferred by, in logits; minus infinity if it does not answer.
    pub(super) fn bonuses(&self, candidates: &[Candidate]) -> Vec<f32> {
        let weights: Vec<(&Asked, f32)> = self.words.iter().map(|word| (word, weight(word, candidates))).collect();
        let all: f32 = weights.iter().map(|(_, weight)| weight).sum();
        let bonus = |candidate: &Candidate| {
            let found = weights.iter().map(|(word, weight)| weight * candidate.has(word)).sum::<f32>();
            if all > 0.0 { BONUS * found / all } else { 0.0 }
        };
        let of = |(candidate, is_about): (&Candidate, bool)| {
            if candidate.answers && is_about { bonus(candidate) } else { f32::NEG_INFINITY }
        };
        candidates.iter().zip(about(&self.text, self.language, candidates)).map(of).collect()
    }

    /// For each identifier of the question, if there are several, the best sentence that names it.
    pub(super) fn best_of_each(&self, candidates: &[Candidate], bonuses: &[f32]) -> Vec<usize> {
        let wholes: Vec<String> = candidates.iter().map(|one| one.whole.clone()).collect();
        let mut best: Vec<usize> = Vec::new();
        for word in identifier::words(&self.text).filter(|word| identifier::names_one(word)) {
            let lookalikes = identifier::lookalikes(word, &wholes);
            let names = |n: usize| !lookalikes[n] && identifier::names_one_of(word, &wholes[n]);
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
        let numbers: Vec<&str> = identifier::words(&self.text).filter(|word| is_number(word)).collect();
        let has_a_number =
            |text: &str| terms(text, language::SIMPLE).iter().any(|(term, _)| numbers.contains(&term.as_str()));
        let names = |text: &&str| identifier::names_one_of(&self.text, text) || has_a_number(text);
        let asks = identifier::names_one(&self.text) || !numbers.is_empty();
        terms(&self.text, language::SIMPLE).is_empty() || (asks && !passages.iter().any(names))
    }
}

/// A word that any of these words is.
fn any_of(words: &str, language: &str) -> Asked {
    let forms = terms(words, language).into_iter().map(|(text, _)| Lexeme { text, is_prefix: false });
    Asked { forms: forms.collect(), weight: 1.0 }
}

/// Whether each sentence has the question's numbers that any sentence has, and is about none of its lookalikes. A number
/// behind the same word, as in "clause 42", comes before one that stands elsewhere.
fn about(asked: &str, language: &str, candidates: &[Candidate]) -> Vec<bool> {
    let wholes: Vec<Vec<(String, u32)>> = candidates.iter().map(|one| terms(&one.whole, language)).collect();
    let occurs = |phrase: &Phrase| wholes.iter().any(|whole| phrase.occurs(whole));
    let words: Vec<&str> = identifier::words(asked).collect();
    let phrase = |words: &[&str]| parse(&format!("\"{}\"", words.join(" ")), &[language.to_owned()]).phrases.pop();
    let numbers = (0..words.len()).filter(|n| is_number(words[*n]));
    let best = |n: usize| [n.saturating_sub(1), n].into_iter().find_map(|from| phrase(&words[from..=n]).filter(occurs));
    let phrases: Vec<Phrase> = numbers.filter_map(best).collect();
    let texts: Vec<String> = candidates.iter().map(|one| one.whole.clone()).collect();
    let lookalikes = identifier::lookalikes(asked, &texts);
    let has_all = |whole: &[(String, u32)]| phrases.iter().all(|phrase| phrase.occurs(whole));
    wholes.iter().zip(lookalikes).map(|(whole, is_lookalike)| !is_lookalike && has_all(whole)).collect()
}

/// Whether a word is a number of two digits at least that stands alone: 42, 2024.
fn is_number(word: &str) -> bool {
    word.len() >= 2 && word.bytes().all(|b| b.is_ascii_digit())
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

/// How much a word of the question tells about the sentences.
fn weight(word: &Asked, candidates: &[Candidate]) -> f32 {
    let found = candidates.iter().filter(|one| one.answers && one.has(word) > 0.0).count().max(1);
    let all = candidates.iter().filter(|one| one.answers).count().max(1);
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a few sentences")]
    let weight = (EVERYWHERE + (all as f32 / found as f32).ln()) * word.weight as f32;
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
