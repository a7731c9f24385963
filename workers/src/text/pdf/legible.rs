//! Tells text whose letters are not known: the codes of glyphs, which a font without a map to letters leaves.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;

use super::words::Word;

/// Letters by which a font is judged.
const LETTERS: usize = 60;
/// The fewest letters of a word that is judged.
const WORD: usize = 5;
/// Fewer of the Latin letters of a language are vowels in no text of some length.
const VOWELS: f64 = 0.2;

/// How many letters a font has, how many of them are Latin ones, and how many of these are vowels.
#[derive(Debug, Default)]
struct Counts {
    all: usize,
    latin: usize,
    vowels: usize,
}

fn is_vowel(letter: char) -> bool {
    matches!(letter.to_ascii_lowercase(), 'a' | 'e' | 'i' | 'o' | 'u' | 'y')
}

/// The fonts whose text has no words.
fn illegible(pages: &[Vec<Word>]) -> Vec<u32> {
    let mut fonts: HashMap<u32, Counts> = HashMap::new();
    for word in pages.iter().flatten() {
        let letters: Vec<char> = word.text.nfd().filter(|c| c.is_alphabetic()).collect();
        // Formulas have single letters.
        if letters.len() < WORD {
            continue;
        }
        let counts = fonts.entry(word.font).or_default();
        counts.all += letters.len();
        counts.latin += letters.iter().filter(|letter| letter.is_ascii()).count();
        counts.vowels += letters.iter().filter(|letter| is_vowel(**letter)).count();
    }
    let is_latin = |counts: &Counts| counts.latin >= LETTERS && counts.latin * 5 >= counts.all * 4;
    let is_none = |counts: &Counts| is_latin(counts) && (counts.vowels as f64) < VOWELS * counts.latin as f64;
    fonts.into_iter().filter(|(_, counts)| is_none(counts)).map(|(font, _)| font).collect()
}

/// Takes the words without letters out of the pages. Tells which pages had some, and the part of all words that they are.
pub(super) fn remove(pages: &mut [Vec<Word>]) -> (Vec<usize>, f64) {
    let fonts = illegible(pages);
    let (mut found, mut gone, mut all) = (Vec::new(), 0, 0);
    for (index, words) in pages.iter_mut().enumerate() {
        let before = words.len();
        words.retain(|word| !fonts.contains(&word.font));
        all += before;
        gone += before - words.len();
        if words.len() < before {
            found.push(index + 1);
        }
    }
    (found, gone as f64 / all.max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::{super::rows::tests::word, *};

    #[test]
    fn codes_of_glyphs_are_no_text() {
        let text =
            "Paragraphs begin where the miller counted his sacks and looked at the water for a long time. ".repeat(2);
        // The codes of a font without a map to letters: the numbers of its glyphs.
        let coded =
            |word: &str| word.bytes().map(|byte| char::from(byte.saturating_sub(29).max(33))).collect::<String>();
        let words = |font: u32, is_coded: bool| {
            let each = text.split_whitespace().map(move |text| if is_coded { coded(text) } else { text.to_owned() });
            each.map(|text| Word { font, ..word(&text, 50.0, 100.0, 10.0) }).collect::<Vec<_>>()
        };
        let formula = ["x,", "f(n)", "k", "m,n", "pq"].map(|text| Word { font: 3, ..word(text, 50.0, 120.0, 10.0) });
        let mut pages = vec![words(1, false), [words(2, true), vec![formula.to_vec(); 40].concat()].concat()];
        let (found, share) = remove(&mut pages);
        assert_eq!(found, [2]);
        assert!(share > 0.1 && share < 0.15, "{share}");
        assert_eq!((pages[0].len(), pages[1].len()), (34, 200));
    }
}
