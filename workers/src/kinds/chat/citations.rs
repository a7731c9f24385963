//! Finds the passages that an answer cites: `[1]`, `[1][3]` and `[1, 3]`, if passages with these numbers exist.

use std::{collections::BTreeSet, ops::Range};

use ruche_schemas::kinds::chat::{Citation, Passage};

use super::{
    passages::Shown,
    row::is_rule,
    sentences::{sentences, words},
};

/// Longest quote, in bytes of UTF-8.
const QUOTE_BYTES: usize = 600;
/// Longest text between the brackets of a mark, in bytes.
const INSIDE_BYTES: usize = 40;

/// A mark in an answer: its position and its numbers.
type Mark = (usize, Vec<u32>);

/// The citations of an answer, each passage once, in the order of first mention.
pub(super) fn citations(answer: &str, passages: &[Passage], shown: &[Shown]) -> Vec<Citation> {
    let (marks, prose) = read(answer);
    let claims = sentences(&prose);
    let (mut cited, mut seen) = (Vec::new(), BTreeSet::new());
    for (at, numbers) in marks {
        for n in numbers {
            let place = usize::try_from(n).ok().and_then(|n| n.checked_sub(1));
            let Some(shown) = place.and_then(|place| shown.get(place)) else { continue };
            let Some(passage) = passages.get(shown.place).filter(|_| seen.insert(n)) else { continue };
            let claim = claim(&claims, at).map_or("", |range| &prose[range]);
            cited.push(Citation::of(n, passage, quote(claim, &shown.text)));
        }
    }
    cited
}

/// The marks of an answer, and the answer with each mark replaced by spaces.
fn read(answer: &str) -> (Vec<Mark>, String) {
    let (mut marks, mut prose) = (Vec::new(), String::with_capacity(answer.len()));
    let mut rest = answer;
    while let Some(at) = rest.find('[') {
        let inside = &rest[at + 1..];
        let end = inside.bytes().take(INSIDE_BYTES).position(|b| b == b']');
        prose.push_str(&rest[..at]);
        match end.and_then(|end| Some((end, numbers(inside.get(..end)?)?))) {
            Some((end, numbers)) => {
                marks.push((prose.len(), numbers));
                prose.push_str(&" ".repeat(end + 2));
                rest = &inside[end + 1..];
            }
            None => {
                prose.push('[');
                rest = inside;
            }
        }
    }
    prose.push_str(rest);
    (marks, prose)
}

/// Parses `1` or `1, 3`.
fn numbers(inside: &str) -> Option<Vec<u32>> {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    inside.split([',', ';']).map(str::trim).map(|text| text.parse().ok().filter(|_| digits(text))).collect()
}

/// The sentence that a mark is in or behind; the first sentence if it precedes all.
fn claim(sentences: &[Range<usize>], at: usize) -> Option<Range<usize>> {
    let before = sentences.iter().rfind(|sentence| sentence.start < at);
    before.or(sentences.first()).cloned()
}

/// The sentence of a passage that shares the most words with a claim; the first among equals. Headings, and the lines
/// above a table's rows, say nothing.
fn quote(claim: &str, text: &str) -> String {
    let claimed = words(claim);
    let mut best: Option<(f64, Range<usize>)> = None;
    let all = sentences(text);
    let is_rule = |range: Option<&Range<usize>>| range.is_some_and(|range| is_rule(&text[range.clone()]));
    let says = |n: usize| !text[all[n].clone()].starts_with('#') && !is_rule(all.get(n)) && !is_rule(all.get(n + 1));
    let said: Vec<_> = (0..all.len()).filter(|n| says(*n)).map(|n| all[n].clone()).collect();
    for range in if said.is_empty() { all } else { said } {
        let own = words(&text[range.clone()]);
        // Dice's coefficient, so that long sentences have no advantage.
        let likeness = 2.0 * own.intersection(&claimed).count() as f64 / (own.len() + claimed.len()).max(1) as f64;
        if best.as_ref().is_none_or(|(most, _)| likeness > *most) {
            best = Some((likeness, range));
        }
    }
    let sentence = best.map_or(text, |(_, range)| &text[range]);
    sentence[..sentence.floor_char_boundary(QUOTE_BYTES)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: &str = "The shop in Lyon opens at nine. Dogs are welcome.";
    const REFUNDS: &str = "Parcels are sent on Mondays. Refunds are paid\nwithin 5 business days.";

    fn passage(text: &str) -> Passage {
        Passage { text: text.to_owned(), chunk: Some(7), title: Some("Help".to_owned()), ..Passage::default() }
    }

    /// Numbers and quotes of citations, with the passages shown whole.
    fn cited(answer: &str) -> Vec<(u32, String)> {
        let passages = [passage(SHOP), passage(REFUNDS)];
        let shown: Vec<Shown> =
            (0..).zip(&passages).map(|(place, one)| Shown { place, text: one.text.clone() }).collect();
        citations(answer, &passages, &shown).into_iter().map(|citation| (citation.n, citation.quote)).collect()
    }

    fn numbers_of(answer: &str) -> Vec<u32> {
        cited(answer).into_iter().map(|(n, _)| n).collect()
    }

    #[test]
    fn a_citation_quotes_the_sentence_that_says_it_as_it_is_there() {
        let (refunds, opens) = ("Refunds are paid\nwithin 5 business days.", "The shop in Lyon opens at nine.");
        for answer in [
            "Refunds are paid within 5 business days. [2]",
            "You get your refunds within 5 days [2].",
            "[2] says that refunds are paid within 5 days.",
            "Hello! **Refunds** within 5 days[2], I think.",
        ] {
            assert_eq!(cited(answer), [(2, refunds.to_owned())], "{answer}");
        }
        let both = cited("Refunds take 5 business days. [2] It opens at nine. [1]\n\nDogs are welcome [1].");
        assert_eq!(both, [(2, refunds.to_owned()), (1, opens.to_owned())], "each once, by first mention");
        let list = cited("- dogs: welcome [1]\n- refunds within 5 days [2]");
        assert_eq!(list, [(1, "Dogs are welcome.".to_owned()), (2, refunds.to_owned())]);
    }

    #[test]
    fn a_row_is_quoted_and_not_the_line_with_the_columns_names() {
        let table = "# Parts\n\n| Code | Part | Price EUR | Stock |\n|---|---|--:|:-:|\n| SP-01 | Seal | 2.10 | 7 |\n| SP-02 | Impeller | 18.90 | 4 |\n";
        let shown = [Shown { place: 0, text: table.to_owned() }];
        let quoted = |answer: &str| citations(answer, &[passage(table)], &shown)[0].quote.clone();
        let answer = "Code: SP-02, Part: Impeller, Price EUR: 18.90, Stock: 4. [1]";
        assert_eq!(quoted(answer), "| SP-02 | Impeller | 18.90 | 4 |");
        assert_eq!(quoted("Parts [1]"), "| SP-01 | Seal | 2.10 | 7 |");
        let heading = [Shown { place: 0, text: "# Parts".to_owned() }];
        assert_eq!(citations("Parts [1]", &[passage(table)], &heading)[0].quote, "# Parts");
    }

    #[test]
    fn several_numbers_may_share_a_place() {
        for answer in ["Yes [1][2].", "Yes [1, 2].", "Yes [1,2]", "Yes [ 1; 2 ].", "[1] [2]"] {
            assert_eq!(numbers_of(answer), [1, 2], "{answer}");
        }
        assert_eq!(numbers_of("[2][1][2]"), [2, 1]);
    }

    #[test]
    fn a_number_of_no_passage_is_no_citation() {
        for answer in [
            "",
            "No.",
            "[0] [3] [99999999999]",
            "[]",
            "[,]",
            "[1",
            "1]",
            "[a]",
            "[1a]",
            "[+1]",
            "[-1]",
            "[1.0]",
            "[[",
            "]",
            "[\u{200b}1]",
            "[é",
            "(1)",
        ] {
            assert_eq!(numbers_of(answer), Vec::<u32>::new(), "{answer}");
        }
        assert_eq!(numbers_of("[3, 2] [[1]]"), [2, 1], "the others are");
        assert_eq!(numbers_of(&format!("[{}1]", " ".repeat(100))), Vec::<u32>::new());
        assert_eq!(citations("Yes [1].", &[passage(SHOP)], &[]), []);
    }

    #[test]
    fn only_what_was_shown_is_quoted() {
        let shown = [Shown { place: 1, text: "Parcels are sent on Mondays.".to_owned() }];
        let found = citations("Refunds are paid within 5 days. [1]", &[passage(SHOP), passage(REFUNDS)], &shown);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].n, found[0].quote.as_str(), found[0].chunk), (1, "Parcels are sent on Mondays.", Some(7)));
        assert_eq!(found[0].title.as_deref(), Some("Help"));
    }

    #[test]
    fn a_quote_has_an_end_and_is_the_first_sentence_where_none_is_near() {
        assert_eq!(cited("Xyzzy [1]"), [(1, "The shop in Lyon opens at nine.".to_owned())]);
        let long = passage(&"é".repeat(1_000));
        let found =
            citations("[1]", std::slice::from_ref(&long), &[Shown { place: 0, text: long.text[..2_000].to_owned() }]);
        assert_eq!(found[0].quote, "é".repeat(300));
    }
}
