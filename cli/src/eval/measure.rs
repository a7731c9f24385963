//! The quality of a ranking against the expected sources.
//!
//! With the ranks of the first k chunks, from 1, where an expected source counts at its first chunk and its others
//! count nothing:
//! - **recall@k**: the share of the expected sources that are there.
//! - **MRR@k**: 1 / rank of the first of them, 0 without any (Voorhees, TREC-8 Question Answering, 1999).
//! - **nDCG@k**: the sum of 1 / log2(1 + rank) of all of them, divided by its value if they were the first ones
//!   (Järvelin & Kekäläinen, 2002; each is as relevant as the others).
//!
//! Of several questions: the mean.

use std::collections::BTreeSet;

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Quality {
    pub(super) recall: f64,
    pub(super) reciprocal: f64,
    pub(super) gain: f64,
}

/// Of one question: `found` has the sources of its chunks, best first.
pub(super) fn quality(found: &[String], expected: &BTreeSet<String>, k: usize) -> Quality {
    let discount = |place: usize| 1.0 / ((place + 1) as f64).log2();
    let (mut seen, mut quality) = (BTreeSet::new(), Quality::default());
    for (place, source) in (1..).zip(found.iter().take(k)) {
        if expected.contains(source) && seen.insert(source) {
            if seen.len() == 1 {
                quality.reciprocal = 1.0 / place as f64;
            }
            quality.gain += discount(place);
        }
    }
    quality.recall = seen.len() as f64 / expected.len().max(1) as f64;
    quality.gain /= (1..=expected.len().min(k).max(1)).map(discount).sum::<f64>();
    quality
}

pub(super) fn mean(all: &[Quality]) -> Quality {
    let of = |value: fn(&Quality) -> f64| all.iter().map(value).sum::<f64>() / all.len().max(1) as f64;
    Quality { recall: of(|one| one.recall), reciprocal: of(|one| one.reciprocal), gain: of(|one| one.gain) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(found: &[&str], expected: &[&str], k: usize) -> Quality {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        quality(&texts(found), &texts(expected).into_iter().collect(), k)
    }

    #[test]
    fn the_first_place_is_perfect_and_nothing_is_zero() {
        assert_eq!(of(&["a", "b"], &["a"], 5), Quality { recall: 1.0, reciprocal: 1.0, gain: 1.0 });
        assert_eq!(of(&["b", "c"], &["a"], 5), Quality::default());
        assert_eq!(of(&["b", "c", "a"], &["a"], 2), Quality::default(), "only the first two count");
    }

    #[test]
    fn later_places_count_less_and_a_source_counts_once() {
        let quality = of(&["b", "a", "a", "c"], &["a", "c"], 4);
        assert_eq!((quality.recall, quality.reciprocal), (1.0, 0.5));
        // (1/log2(3) + 1/log2(5)) / (1/log2(2) + 1/log2(3))
        assert!((quality.gain - (0.630_929_753 + 0.430_676_558) / 1.630_929_753).abs() < 1e-8, "{quality:?}");
        assert_eq!(of(&["a"], &["a", "c"], 1).gain, 1.0, "of two only one fits");
    }

    #[test]
    fn of_several_questions_it_is_the_mean() {
        let all = [of(&["a"], &["a"], 1), Quality::default()];
        assert_eq!(mean(&all), Quality { recall: 0.5, reciprocal: 0.5, gain: 0.5 });
        assert_eq!(mean(&[]), Quality::default());
    }
}
