//! The sentences that a small model may answer with. Those that share words with the question are preferred, because
//! such a model knows few words.

use ruche_schemas::kinds::chat::{Grounding, Message, Role};
use ruche_store::analysis::{
    identifier,
    index::terms,
    language,
    query::{Asked, parse},
};

use super::{
    passages::{Shown, line},
    prose::prose,
};
use crate::inference::engine::Quote;

/// The bonus of a sentence that has all of the question's words, in logits.
const BONUS: f32 = 9.0;
/// What a word in the headings above a sentence counts beside one in the sentence.
const ABOVE: f32 = 0.8;
/// What the demo model answers where no passage fits.
const NOTHING_FOUND: [&str; 2] =
    ["I could not find that in the documents.", "Je n'ai pas trouvé cela dans les documents."];
/// The weight of a word that all sentences have; a rarer one adds the logarithm of its rarity.
const EVERYWHERE: f32 = 0.1;

struct Candidate {
    text: String,
    /// With the headings and questions above it.
    whole: String,
    own: Vec<String>,
    /// Terms of the headings and questions above it.
    above: Vec<String>,
    answers: bool,
}

/// Each sentence of the shown passages with its citation, and what the model says where none fits. No answer begins
/// like a heading.
pub(super) fn quotes(grounding: &Grounding, shown: &[Shown], conversation: &[Message]) -> Vec<Quote> {
    let asked = asked(conversation);
    let language = language::detect(&asked);
    let candidates: Vec<Candidate> =
        (1..).zip(shown).flat_map(|(n, shown)| candidates(grounding, n, *shown, language)).collect();
    let words = parse(&asked, &[language.to_owned()]).words;
    let weights: Vec<(&Asked, f32)> = words.iter().map(|word| (word, weight(word, &candidates))).collect();
    let all: f32 = weights.iter().map(|(_, weight)| weight).sum();
    let bonus = |candidate: &Candidate| {
        let found = weights.iter().map(|(word, weight)| weight * candidate.has(word)).sum::<f32>();
        if all > 0.0 { BONUS * found / all } else { 0.0 }
    };
    let is_about = about(&asked, &candidates);
    let quote = |(candidate, is_about): (&Candidate, bool)| Quote {
        text: candidate.text.clone(),
        bonus: if candidate.answers && is_about { bonus(candidate) } else { f32::NEG_INFINITY },
    };
    candidates.iter().zip(is_about).map(quote).chain(nothing_found(grounding)).collect()
}

/// Whether each sentence has the question's numbers that any sentence has, and is about none of its lookalikes.
fn about(asked: &str, candidates: &[Candidate]) -> Vec<bool> {
    let has =
        |candidate: &Candidate, number: &str| candidate.own.iter().chain(&candidate.above).any(|term| term == number);
    let numbers: Vec<&str> = numbers(asked).filter(|number| candidates.iter().any(|one| has(one, number))).collect();
    let texts: Vec<String> = candidates.iter().map(|one| one.whole.clone()).collect();
    let lookalikes = identifier::lookalikes(asked, &texts);
    let has_all = |candidate: &Candidate| numbers.iter().all(|number| has(candidate, number));
    candidates.iter().zip(lookalikes).map(|(one, is_lookalike)| !is_lookalike && has_all(one)).collect()
}

/// Whether a question names an identifier or a number, and the shown passages have none of them: a model that can only
/// quote would answer about another one.
pub(super) fn is_elsewhere(passages: &[&str], conversation: &[Message]) -> bool {
    let asked = asked(conversation);
    let numbers: Vec<&str> = numbers(&asked).collect();
    let has_a_number =
        |text: &str| terms(text, language::SIMPLE).iter().any(|(term, _)| numbers.contains(&term.as_str()));
    let asks = identifier::names_one(&asked) || !numbers.is_empty();
    asks && !passages.iter().any(|text| identifier::names_one_of(&asked, text) || has_a_number(text))
}

/// The numbers of a text that stand alone and have two digits at least: 42, 2024.
fn numbers(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
    words.filter(|word| word.len() >= 2 && word.bytes().all(|b| b.is_ascii_digit()))
}

/// The last question, without what is an operator of a search.
fn asked(conversation: &[Message]) -> String {
    let asked = conversation.iter().rfind(|message| message.role == Role::User);
    asked.map(|message| message.content.replace('"', " ").replace(" -", " ")).unwrap_or_default()
}

/// In the language that the bot's own sentence is in, if the model speaks it.
fn nothing_found(grounding: &Grounding) -> [Quote; 2] {
    let own = grounding.nothing_found.as_deref().filter(|own| NOTHING_FOUND.contains(own));
    NOTHING_FOUND.map(|text| {
        let bonus = if own.is_some_and(|own| own != text) { f32::NEG_INFINITY } else { 0.0 };
        Quote { text: text.to_owned(), bonus }
    })
}

fn candidates(grounding: &Grounding, n: usize, shown: Shown, language: &str) -> Vec<Candidate> {
    let text = grounding.passages.get(shown.place).and_then(|passage| passage.text.get(..shown.end));
    let (mut candidates, mut above, mut heading) = (Vec::<Candidate>::new(), Vec::new(), String::new());
    for sentence in prose(text.unwrap_or_default()) {
        let own: Vec<String> = terms(&sentence.text, language).into_iter().map(|(term, _)| term).collect();
        if !sentence.answers {
            if candidates.last().is_some_and(|before| before.answers) {
                above.clear();
                heading.clear();
            }
            above.extend_from_slice(&own);
            heading += &(sentence.text.clone() + "\n");
        }
        let (text, whole) = (format!("{} [{n}]", line(&sentence.text)), heading.clone() + &sentence.text);
        candidates.push(Candidate { text, whole, own, above: above.clone(), answers: sentence.answers });
    }
    candidates
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
    use ruche_schemas::kinds::chat::Passage;

    use super::*;

    fn of(text: &str, question: &str) -> Vec<(String, f32)> {
        let passage = Passage { text: text.to_owned(), ..Passage::default() };
        let grounding = Grounding { passages: vec![passage], ..Grounding::default() };
        let shown = [Shown { place: 0, end: text.len() }];
        let question = Message { role: Role::User, content: question.to_owned() };
        quotes(&grounding, &shown, &[question]).into_iter().map(|quote| (quote.text, quote.bonus)).collect()
    }

    #[test]
    fn each_sentence_has_its_citation_and_the_most_alike_is_preferred() {
        let found = of("# Opening\n- Saturday: 9:00\n- Sunday: closed [2]", "Are you \"open\" on Sunday?");
        let texts: Vec<_> = found.iter().map(|(text, _)| text.as_str()).collect();
        let expected = ["Opening. [1]", "Saturday: 9:00. [1]", "Sunday: closed (2). [1]"];
        assert_eq!(texts[..3], expected);
        assert_eq!(texts[3..], NOTHING_FOUND);
        assert!(found[0].1 == f32::NEG_INFINITY, "a heading is no answer");
        assert!(found[2].1 > found[1].1 && found[1].1 > 0.0, "{found:?}: `open` stands above both");
        assert!(found[3].1 == 0.0);
    }

    #[test]
    fn numbers_and_identifiers_of_the_question_decide() {
        let forbidden = |text: &str, question: &str| {
            let found = of(text, question).into_iter().filter(|(_, bonus)| *bonus == f32::NEG_INFINITY);
            found.map(|(text, _)| text).collect::<Vec<_>>()
        };
        let toasters = "The toaster TS 1000 has 4 slots. The toaster TS 100 has 2 slots.";
        assert_eq!(forbidden(toasters, "Slots of TS 100?"), ["The toaster TS 1000 has 4 slots. [1]"]);
        assert_eq!(forbidden(toasters, "Slots of TS 500?"), [""; 0]);
        let parts = "# X-1\n\nPower: 99 W\n\n# X-10\n\nPower: 450 W\n";
        assert_eq!(forbidden(parts, "Power of X-10?"), ["X-1. [1]", "Power: 99 W. [1]", "X-10. [1]"]);
    }

    #[test]
    fn what_no_passage_names_is_elsewhere() {
        let is = |passages: &[&str], question: &str| {
            is_elsewhere(passages, &[Message { role: Role::User, content: question.to_owned() }])
        };
        let passages = ["SP-02 costs 18.90.", "Order 10054 was sent in 2024."];
        for (question, expected) in [
            ("How much is P-400?", true),
            ("How much is SP-02?", false),
            ("When was order 10099 sent?", true),
            ("When was order 10054 sent?", false),
            ("Was order 10054 or 10099 sent?", false),
            ("What was sent in 3 days?", false),
            ("What was sent?", false),
            ("", false),
        ] {
            assert_eq!(is(&passages, question), expected, "{question}");
        }
    }

    #[test]
    fn nothing_is_found_in_the_language_of_the_chat() {
        let bonuses = |own: Option<&str>| {
            let own = Grounding { nothing_found: own.map(str::to_owned), ..Grounding::default() };
            nothing_found(&own).map(|quote| quote.bonus)
        };
        assert_eq!(bonuses(Some(NOTHING_FOUND[0])), [0.0, f32::NEG_INFINITY]);
        assert_eq!(bonuses(Some(NOTHING_FOUND[1])), [f32::NEG_INFINITY, 0.0]);
        assert_eq!((bonuses(Some("No idea.")), bonuses(None)), ([0.0, 0.0], [0.0, 0.0]));
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
