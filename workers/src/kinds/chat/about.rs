//! Which sentences are about the numbers and codes of a question.

use ruche_store::analysis::{
    identifier,
    index::terms,
    named::Name,
    query::{Phrase, parse},
};

use super::candidate::Candidate;

/// Whether each sentence has the question's numbers that any sentence has, and is about none of its lookalikes. Where none
/// has all of them, one of them is enough. A number behind the same word, as in "clause 42", comes before one that stands
/// elsewhere.
pub(super) fn about(asked: &str, language: &str, names: &[Name], candidates: &[Candidate]) -> Vec<bool> {
    if names.is_empty() {
        return vec![true; candidates.len()];
    }
    let texts: Vec<String> = candidates.iter().map(|one| one.whole.clone()).collect();
    let wholes: Vec<Vec<(String, u32)>> = texts.iter().map(|text| terms(text, language)).collect();
    let lookalikes = identifier::lookalikes(asked, &texts);
    let occurs = |phrase: &Phrase| wholes.iter().any(|whole| phrase.occurs(whole));
    let numbers: Vec<(usize, Option<Phrase>)> = (0..names.len())
        .filter(|n| !names[*n].is_identifier && candidates.iter().any(|one| one.named[*n] > 0.0))
        .map(|n| (n, behind_its_word(asked, language, &names[n]).filter(occurs)))
        .collect();
    let has = |at: usize, (n, phrase): &(usize, Option<Phrase>)| match phrase {
        Some(phrase) => phrase.occurs(&wholes[at]),
        None => candidates[at].named[*n] > 0.0,
    };
    let has_all = |at: usize| !lookalikes[at] && numbers.iter().all(|number| has(at, number));
    let has_one = |at: usize| !lookalikes[at] && numbers.iter().any(|number| has(at, number));
    let all: Vec<bool> = (0..candidates.len()).map(has_all).collect();
    match candidates.iter().zip(&all).any(|(one, has)| one.answers && *has) {
        true => all,
        false => (0..candidates.len()).map(has_one).collect(),
    }
}

/// The number with the word before it.
fn behind_its_word(asked: &str, language: &str, name: &Name) -> Option<Phrase> {
    let before = identifier::words(&asked[..name.range.start]).last()?;
    let phrase = format!("\"{before} {}\"", &asked[name.range.clone()]);
    parse(&phrase, &[language.to_owned()]).phrases.pop()
}
