//! Divides words that are wider than their line.

use crate::fonts::is_wide;

/// A long word is divided after these characters.
const AFTER: &str = "/\\_-.,:;=&?@#%+~|)]}>";
/// The least characters of a piece.
const LEAST: usize = 2;

/// The pieces of a word: after punctuation, and before a capital that follows a small letter.
pub fn pieces(word: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut from, mut count, mut before) = (0, 0, None::<char>);
    for (at, c) in word.char_indices() {
        let is_place = before.is_some_and(|before| {
            let punctuated = AFTER.contains(before) && c.is_alphanumeric();
            let humped = before.is_lowercase() && c.is_uppercase();
            (count >= LEAST && (punctuated || humped)) || is_wide(before) || is_wide(c)
        });
        if is_place {
            pieces.push(&word[from..at]);
            (from, count) = (at, 0);
        }
        count += 1;
        before = Some(c);
    }
    pieces.push(&word[from..]);
    pieces
}

/// The pieces of a word; those that do not fit are divided anywhere.
pub fn divided(word: &str, fits: impl Fn(&str) -> bool) -> Vec<&str> {
    let mut out = Vec::new();
    for piece in pieces(word) {
        match fits(piece) {
            true => out.push(piece),
            false => out.extend(letters(piece)),
        }
    }
    out
}

/// Parts of so many characters, of at least one.
pub fn parts(word: &str, characters: usize) -> Vec<&str> {
    let mut out = Vec::new();
    let (mut from, mut at) = (0, 0);
    for (i, letter) in letters(word).into_iter().enumerate() {
        if i > 0 && i % characters.max(1) == 0 {
            out.push(&word[from..at]);
            from = at;
        }
        at += letter.len();
    }
    out.push(&word[from..]);
    out
}

/// Each character, with the marks that combine with it.
fn letters(word: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let (mut from, mut joined) = (0, true);
    for (at, c) in word.char_indices() {
        let alone = c.is_ascii() || c.is_alphanumeric() || is_wide(c);
        if alone && !joined {
            out.push(&word[from..at]);
            from = at;
        }
        joined = c == '\u{200d}';
    }
    out.push(&word[from..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_divided_where_that_reads_well() {
        assert_eq!(pieces("services/ingest_2026.yaml"), ["services/", "ingest_", "2026.", "yaml"]);
        assert_eq!(pieces("NormalisationStep"), ["Normalisation", "Step"]);
        assert_eq!(pieces("--flag"), ["--", "flag"]);
        assert_eq!(pieces("\u{6f22}\u{5b57}a"), ["\u{6f22}", "\u{5b57}", "a"]);
        assert_eq!(pieces(""), [""]);
    }

    #[test]
    fn a_very_long_word_is_divided_into_parts() {
        assert_eq!(parts("abcde\u{301}f", 2), ["ab", "cd", "e\u{301}f"]);
        assert_eq!(parts("ab", 0), ["a", "b"]);
        assert_eq!(parts("", 3), [""]);
    }

    #[test]
    fn what_does_not_fit_is_divided_anywhere_and_nothing_is_lost() {
        let word = "path/9f86d081884c7d65e\u{301}x";
        let out = divided(word, |piece| piece.chars().count() <= 6);
        assert_eq!(out.concat(), word);
        assert_eq!(out[..3], ["path/", "9", "f"]);
        assert!(out.contains(&"e\u{301}"), "{out:?}");
    }
}
