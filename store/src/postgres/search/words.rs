//! BM25 in SQL, by ourselves: Postgres has none, and a second search engine would need its own copy of the texts. All
//! words of a query rank; among many texts only the rarest words select the texts that are ranked, because common ones
//! cost the most and discriminate least.

use std::collections::HashMap;

use crate::analysis::query::{Asked, Query};

/// Maximal number of ranked words.
const WORDS: usize = 48;
/// Estimated upper bound of texts that match any word; the rarest words are sought first.
const MATCHES: f64 = 5_000.0;

/// Words that give a text less than this, of what the rarest word gives, are left out: they cost as much as others and
/// can't change the order of what the rarest tells apart.
const NEGLIGIBLE: f64 = 0.05;

/// As `tsquery` texts.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Terms {
    /// Selects the texts that are ranked.
    pub(super) matches: String,
    pub(super) terms: Vec<String>,
    /// What each term counts, from 0 to 1.
    pub(super) weights: Vec<f64>,
    /// For each term, the estimated number of texts that contain it; 0 if it is counted in the selected texts.
    pub(super) known: Vec<f64>,
}

/// What every text must match, whatever its rank: the phrases, and none of the excluded words. A `tsquery`.
pub(super) fn constraint(query: &Query) -> Option<String> {
    let phrases = query.phrases.iter().map(|phrase| format!("({})", phrase.sql()));
    let without = query.without.iter().map(|words| format!("!({})", words.sql()));
    let all: Vec<String> = phrases.chain(without).collect();
    (!all.is_empty()).then(|| all.join(" & "))
}

/// Selects the ranked words among `total` texts; `frequencies` has the share of texts of common words. `None` if
/// nothing can match.
pub(super) fn choose(query: &Query, frequencies: &HashMap<String, f32>, total: u64) -> Option<Terms> {
    let frequency = |asked: &Asked| -> f64 {
        asked.forms.iter().map(|form| frequencies.get(&form.text).map_or(0.0, |share| f64::from(*share))).sum()
    };
    let mut words: Vec<(&Asked, f64)> = query.words.iter().map(|asked| (asked, frequency(asked))).collect();
    words.sort_by(|(_, share), (_, other)| share.total_cmp(other));
    words.truncate(WORDS);
    let worth = |(asked, share): &(&Asked, f64)| asked.weight * idf(share * total as f64, total as f64);
    let most = words.iter().map(worth).fold(0.0, f64::max);
    words.retain(|word| worth(word) >= NEGLIGIBLE * most);
    let (mut terms, mut sought, mut expected) = (Terms::default(), Vec::new(), 0.0);
    for (asked, share) in &words {
        let texts = share * total as f64;
        let is_sought = sought.is_empty() || expected + texts <= MATCHES;
        terms.terms.push(asked.sql());
        terms.weights.push(asked.weight);
        terms.known.push(if is_sought { 0.0 } else { texts });
        if is_sought {
            expected += texts;
            sought.push(format!("({})", asked.sql()));
        }
    }
    if sought.is_empty() {
        return None;
    }
    let any = format!("({})", sought.join(" | "));
    // Phrases select fewer texts than their words do.
    terms.matches = match constraint(query) {
        Some(constraint) if !query.phrases.is_empty() => constraint,
        Some(constraint) => format!("{any} & {constraint}"),
        None => any,
    };
    Some(terms)
}

/// How rare a word is that this many of the texts have, as BM25 weighs it.
fn idf(texts: f64, total: f64) -> f64 {
    let texts = texts.clamp(1.0, total.max(1.0));
    (1.0 + (total - texts + 0.5) / (texts + 0.5)).ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::query::parse;

    fn query(text: &str) -> Query {
        parse(text, &["simple".to_owned()])
    }

    #[test]
    fn the_rarest_words_select() {
        let frequencies = HashMap::from([("worker".to_owned(), 0.2)]);
        let terms = choose(&query("worker drain"), &frequencies, 1000).expect("words");
        assert_eq!(terms.terms, ["'drain'", "'worker'"]);
        assert_eq!((terms.matches.as_str(), terms.known), ("(('drain') | ('worker'))", vec![0.0, 0.0]));
        assert_eq!(choose(&query(""), &frequencies, 1000), None);
    }

    #[test]
    fn among_many_texts_only_the_rarest_words_are_looked_for() {
        let frequencies = HashMap::from([("aa".to_owned(), 0.3), ("bb".to_owned(), 0.004)]);
        let terms = choose(&query("aa bb cc"), &frequencies, 1_000_000).expect("words");
        assert_eq!(terms.matches, "(('cc') | ('bb'))");
        assert_eq!(terms.terms.len(), 3);
        assert!(terms.known[..2] == [0.0, 0.0] && (terms.known[2] - 300_000.0).abs() < 1.0, "{:?}", terms.known);
    }

    #[test]
    fn words_of_nearly_every_text_are_left_out_beside_rare_ones() {
        let frequencies = HashMap::from([("aa".to_owned(), 0.99), ("bb".to_owned(), 0.5)]);
        let terms = |text| choose(&query(text), &frequencies, 100_000).expect("words").terms;
        assert_eq!(terms("aa bb cc"), ["'cc'", "'bb'"]);
        assert_eq!(terms("aa"), ["'aa'"]);
    }

    #[test]
    fn phrases_must_occur_and_others_must_not() {
        let terms = choose(&query("\"make run\" -docker"), &HashMap::new(), 10).expect("words");
        assert_eq!(terms.matches, "(('make' <1> 'run')) & !(('docker'))");
        let terms = choose(&query("make -docker"), &HashMap::new(), 10).expect("words");
        assert_eq!(terms.matches, "(('make')) & !(('docker'))");
        assert_eq!(choose(&query("-docker"), &HashMap::new(), 10), None);
        assert_eq!(constraint(&query("-docker")), Some("!(('docker'))".to_owned()));
    }
}
