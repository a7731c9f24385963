//! Which sentences are about the numbers and codes of a question.

use ruche_store::analysis::{
    identifier,
    named::Name,
    sequence::{Fit, Sequence, runs},
};

use super::candidate::Candidate;

/// Whether each sentence has the question's numbers that any sentence has, and is about none of its lookalikes. Where none
/// has all of them, one of them is enough.
pub(super) fn about(asked: &str, names: &[Name], candidates: &[Candidate]) -> Vec<bool> {
    if names.is_empty() {
        return vec![true; candidates.len()];
    }
    let texts: Vec<String> = candidates.iter().map(|one| one.whole.clone()).collect();
    let lookalikes = identifier::lookalikes(asked, &texts);
    let has = |at: usize, n: usize| candidates[at].named[n] > 0.0;
    let is_had = |n: &usize| (0..candidates.len()).any(|at| has(at, *n));
    let numbers: Vec<usize> = (0..names.len()).filter(|n| !names[*n].is_identifier).filter(is_had).collect();
    let has_all = |at: usize| !lookalikes[at] && numbers.iter().all(|n| has(at, *n));
    let has_one = |at: usize| !lookalikes[at] && numbers.iter().any(|n| has(at, *n));
    let all: Vec<bool> = (0..candidates.len()).map(has_all).collect();
    match candidates.iter().zip(&all).any(|(one, has)| one.answers && *has) {
        true => all,
        false => (0..candidates.len()).map(has_one).collect(),
    }
}

/// Whether the question names a code that is none of the passages', though it begins like one of them: `S21+` beside `S21`.
pub(super) fn names_another(asked: &str, language: &str, candidates: &[Candidate]) -> bool {
    let asked = Sequence::of(asked);
    asked.has_numbers() && {
        let texts: Vec<Sequence> = candidates.iter().map(|one| Sequence::of(&one.whole)).collect();
        asked.names_another(&texts, language)
    }
}

/// Leaves out the sentences about another size, unit or code, also a longer or shorter one, where a sentence about the very one
/// says enough.
pub(super) fn leave_out_near(asked: &str, language: &str, candidates: &[Candidate], bonuses: &mut [f32]) {
    let asked = Sequence::of(asked);
    if !asked.has_numbers() {
        return;
    }
    let texts: Vec<Sequence> = candidates.iter().map(|one| Sequence::of(&one.whole)).collect();
    let runs = runs(&asked, &texts, language);
    let fits: Vec<Vec<Fit>> =
        runs.iter().map(|run| texts.iter().map(|text| run.fit(text, &asked, language)).collect()).collect();
    let before = bonuses.to_vec();
    let best = |fits: &[Fit], fit: Fit| {
        let better = fits.iter().zip(&before).filter(|(other, _)| **other > fit);
        better.map(|(_, bonus)| *bonus).fold(f32::NEG_INFINITY, f32::max)
    };
    for (at, bonus) in bonuses.iter_mut().enumerate() {
        let is_about_another = runs.iter().zip(&fits).any(|(run, fits)| run.is_code && fits[at] >= Fit::Near(1.0));
        let is_near = |fits: &Vec<Fit>| match fits[at] {
            // Of a question about two.
            Fit::Near(0.0) if is_about_another => false,
            Fit::Near(share) => {
                let best = best(fits, fits[at]);
                best > f32::NEG_INFINITY && best >= share * *bonus
            }
            Fit::Exact | Fit::Other => false,
        };
        if fits.iter().any(is_near) {
            *bonus = f32::NEG_INFINITY;
        }
    }
}
