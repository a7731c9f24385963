//! The words of a query, as in a web search: phrases in quotes must occur, words after a minus must not, and any of
//! the others may; the rank decides. Words in very many texts are left out where there are better ones, because they
//! cost the most and discriminate least (without a language also "the" and "is").

use std::collections::HashMap;

/// Maximal number of ranked words.
const WORDS: usize = 32;
/// Maximal number of phrases, and of excluded words.
const MARKED: usize = 8;
/// Words in a larger share of all texts are dropped if others remain.
const COMMON: f64 = 0.4;
/// Estimated upper bound of texts that match any word; the rarest words are sought first.
const MATCHES: f64 = 5_000.0;

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Marked {
    /// All words that are not excluded.
    pub(super) words: String,
    pub(super) phrases: Vec<String>,
    pub(super) without: Vec<String>,
}

/// Parses a query. An unclosed quote, or a minus before a space, has no effect.
pub(super) fn marked(text: &str) -> Marked {
    let mut marked = Marked::default();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let starts_word = marked.words.chars().next_back().is_none_or(char::is_whitespace);
        let minus = rest.strip_prefix('-').filter(|after| {
            starts_word && after.starts_with(|c: char| c.is_alphanumeric() || c == '"') && marked.without.len() < MARKED
        });
        if let Some(after) = minus {
            let (out, left) = quoted(after).unwrap_or_else(|| after.split_at(word_end(after)));
            marked.without.push(out.to_owned());
            rest = left;
        } else if let Some((phrase, left)) = quoted(rest).filter(|_| marked.phrases.len() < MARKED) {
            marked.phrases.push(phrase.to_owned());
            marked.words.push_str(&format!(" {phrase} "));
            rest = left;
        } else {
            marked.words.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    marked
}

/// The quoted text at the start, and the rest.
fn quoted(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix('"')?.split_once('"')
}

fn word_end(text: &str) -> usize {
    text.find(char::is_whitespace).unwrap_or(text.len())
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Lexemes {
    pub(super) words: Vec<String>,
    /// A `tsquery` per phrase.
    pub(super) phrases: Vec<String>,
    /// A `tsquery` per excluded word.
    pub(super) without: Vec<String>,
}

/// As `tsquery` texts.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Terms {
    /// Selects the texts that are ranked.
    pub(super) matches: String,
    /// Any of the words, for highlighting.
    pub(super) any: String,
    pub(super) terms: Vec<String>,
    /// For each term, the estimated number of texts that contain it; 0 if it is counted in the selected texts.
    pub(super) known: Vec<f64>,
}

/// Selects the ranked words among `total` texts; `frequencies` has the share of texts of common words. `None` if
/// nothing can match.
pub(super) fn choose(lexemes: &Lexemes, frequencies: &HashMap<String, f32>, total: u64) -> Option<Terms> {
    let frequency = |word: &String| frequencies.get(word).map_or(0.0, |share| f64::from(*share));
    let mut words: Vec<(&String, f64)> = lexemes.words.iter().map(|word| (word, frequency(word))).collect();
    words.sort_by(|(word, share), (other, than)| share.total_cmp(than).then_with(|| word.cmp(other)));
    words.dedup();
    words.truncate(WORDS);
    let rare = words.iter().filter(|(_, share)| *share <= COMMON).count();
    words.truncate(rare.max(1));
    let (mut terms, mut sought, mut expected) = (Terms::default(), Vec::new(), 0.0);
    for (word, share) in &words {
        let texts = share * total as f64;
        let is_sought = sought.is_empty() || expected + texts <= MATCHES;
        terms.terms.push(quote(word));
        terms.known.push(if is_sought { 0.0 } else { texts });
        if is_sought {
            expected += texts;
            sought.push(quote(word));
        }
    }
    let mut parts: Vec<String> = lexemes.phrases.iter().map(|phrase| format!("({phrase})")).collect();
    if parts.is_empty() && !sought.is_empty() {
        parts.push(format!("({})", sought.join(" | ")));
    }
    if parts.is_empty() {
        return None;
    }
    parts.extend(lexemes.without.iter().map(|word| format!("!({word})")));
    terms.matches = parts.join(" & ");
    terms.any = terms.terms.join(" | ");
    Some(terms)
}

fn quote(lexeme: &str) -> String {
    format!("'{}'", lexeme.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, Vec<String>, Vec<String>) {
        let Marked { words, phrases, without } = marked(text);
        (words.split_whitespace().collect::<Vec<_>>().join(" "), phrases, without)
    }

    #[test]
    fn quotes_and_a_minus_are_marks_as_in_a_web_search() {
        let text = |text: &str| text.to_owned();
        assert_eq!(parts("when are refunds paid?"), (text("when are refunds paid?"), vec![], vec![]));
        assert_eq!(
            parts("\"make run\" starts what -docker"),
            (text("make run starts what"), vec![text("make run")], vec![text("docker")])
        );
        assert_eq!(parts("x -\"a b\" y"), (text("x y"), vec![], vec![text("a b")]));
    }

    #[test]
    fn what_only_looks_like_a_mark_is_text() {
        for text in ["an \"open quote", "a - b", "what does --json do", "well-known", "-", "\"", "-é\"", "日本-語"]
        {
            let (_, phrases, without) = parts(text);
            assert!(phrases.is_empty() && (without.is_empty() || text == "-é\""), "{text}");
        }
        let many = "-x ".repeat(100);
        assert_eq!(marked(&many).without.len(), MARKED);
    }

    fn lexemes(words: &[&str]) -> Lexemes {
        Lexemes { words: words.iter().map(|word| (*word).to_owned()).collect(), ..Lexemes::default() }
    }

    #[test]
    fn common_words_do_not_count_beside_others_and_count_alone() {
        let frequencies = HashMap::from([("the".to_owned(), 0.9), ("worker".to_owned(), 0.2)]);
        let terms = choose(&lexemes(&["the", "worker", "drain"]), &frequencies, 1000).expect("words");
        assert_eq!(terms.terms, ["'drain'", "'worker'"]);
        assert_eq!((terms.matches.as_str(), terms.known), ("('drain' | 'worker')", vec![0.0, 0.0]));
        assert_eq!(choose(&lexemes(&["the"]), &frequencies, 1000).expect("a word").terms, ["'the'"]);
        assert_eq!(choose(&lexemes(&[]), &frequencies, 1000), None);
    }

    #[test]
    fn among_many_texts_only_the_rarest_words_are_looked_for() {
        let frequencies = HashMap::from([("a".to_owned(), 0.3), ("b".to_owned(), 0.004)]);
        let terms = choose(&lexemes(&["a", "b", "c"]), &frequencies, 1_000_000).expect("words");
        assert_eq!(terms.matches, "('c' | 'b')");
        assert_eq!(terms.terms.len(), 3);
        assert!(terms.known[..2] == [0.0, 0.0] && (terms.known[2] - 300_000.0).abs() < 1.0, "{:?}", terms.known);
    }

    #[test]
    fn phrases_must_occur_and_others_must_not() {
        let marked = Lexemes {
            words: vec!["o'clock".into(), "back\\slash".into()],
            phrases: vec!["'make' <-> 'run'".into()],
            without: vec!["'docker'".into()],
        };
        let terms = choose(&marked, &HashMap::new(), 10).expect("words");
        assert_eq!(terms.matches, "('make' <-> 'run') & !('docker')");
        assert_eq!(terms.any, "'back\\\\slash' | 'o''clock'");
        let only_without = Lexemes { without: vec!["'docker'".into()], ..Lexemes::default() };
        assert_eq!(choose(&only_without, &HashMap::new(), 10), None);
    }
}
