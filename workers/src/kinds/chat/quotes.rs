//! The sentences that a small model may answer with. Those that share words with the question are preferred, because
//! such a model knows few words.

use ruche_schemas::kinds::chat::{Grounding, Message, Role};
use ruche_store::analysis::{
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
    own: Vec<String>,
    /// Terms of the headings and questions above it.
    above: Vec<String>,
    answers: bool,
}

/// Each sentence of the shown passages with its citation, and what the model says where none fits. No answer begins
/// like a heading.
pub(super) fn quotes(grounding: &Grounding, shown: &[Shown], conversation: &[Message]) -> Vec<Quote> {
    let asked = conversation.iter().rfind(|message| message.role == Role::User);
    // Quotation marks and minus signs are operators of a search.
    let asked = asked.map(|message| message.content.replace(['"', '-'], " ")).unwrap_or_default();
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
    let quote = |candidate: &Candidate| Quote {
        text: candidate.text.clone(),
        bonus: if candidate.answers { bonus(candidate) } else { f32::NEG_INFINITY },
    };
    candidates.iter().map(quote).chain(nothing_found(grounding)).collect()
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
    let (mut candidates, mut above) = (Vec::<Candidate>::new(), Vec::new());
    for sentence in prose(text.unwrap_or_default()) {
        let own: Vec<String> = terms(&sentence.text, language).into_iter().map(|(term, _)| term).collect();
        if !sentence.answers {
            if candidates.last().is_some_and(|before| before.answers) {
                above.clear();
            }
            above.extend_from_slice(&own);
        }
        let text = format!("{} [{n}]", line(&sentence.text));
        candidates.push(Candidate { text, own, above: above.clone(), answers: sentence.answers });
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
