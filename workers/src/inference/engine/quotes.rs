//! Keeps an answer to the sentences that it may quote. A small model picks the right sentence well, and copies rare words
//! and numbers badly: what it begins, this completes.

use super::{port::Vocabulary, request::Quote};

/// Among quotes that begin alike, such as the rows of a table, those with a bonus lower by this are left out: a small model
/// can't tell them apart.
const MARGIN: f32 = 2.0;

#[derive(Debug, Default)]
pub(super) struct Quotes {
    quotes: Vec<Quote>,
    /// The bytes of the answer so far.
    written: Vec<u8>,
}

impl Quotes {
    pub(super) fn new(quotes: Vec<Quote>) -> Self {
        Self { quotes, written: Vec::new() }
    }

    pub(super) fn accept(&mut self, bytes: &[u8]) {
        if !self.quotes.is_empty() {
            self.written.extend_from_slice(bytes);
        }
    }

    pub(super) fn is_complete(&self) -> bool {
        self.quotes.iter().any(|quote| quote.text.as_bytes() == self.written)
    }

    /// The likeliest token that goes on with a quote; the longest if only one is left, so that it needs no more tokens than it has
    /// to. `None` if there is nothing to quote.
    pub(super) fn choose(&self, logits: &[f32], vocabulary: &dyn Vocabulary) -> Option<i32> {
        let mut open: Vec<(&[u8], f32)> = self
            .quotes
            .iter()
            .filter_map(|Quote { text, bonus }| Some((text.as_bytes().strip_prefix(&*self.written)?, *bonus)))
            .collect();
        if self.quotes.is_empty() {
            return None;
        }
        if !self.written.is_empty() {
            let best = open.iter().map(|(_, bonus)| *bonus).fold(f32::NEG_INFINITY, f32::max);
            open.retain(|(_, bonus)| *bonus >= best - MARGIN);
        }
        let is_decided = open.len() == 1;
        let (mut best, mut piece) = (None, Vec::new());
        for (token, &logit) in (0..).zip(logits) {
            piece.clear();
            vocabulary.piece(token, &mut piece);
            let fitting = open.iter().filter(|(rest, _)| !piece.is_empty() && rest.starts_with(&piece));
            if let Some(bonus) = fitting.map(|(_, bonus)| *bonus).reduce(f32::max) {
                #[expect(clippy::cast_precision_loss, reason = "a few bytes")]
                let length = piece.len() as f32;
                keep(&mut best, token, if is_decided { length } else { logit + bonus });
            }
        }
        best.map(|(token, _)| token)
    }
}

/// Keeps the better one.
fn keep(best: &mut Option<(i32, f32)>, token: i32, score: f32) {
    if best.is_none_or(|(_, most)| score > most) {
        *best = Some((token, score));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each byte of the alphabet is a token; 26 ends.
    #[derive(Debug)]
    struct Letters;

    impl Vocabulary for Letters {
        fn tokenize(&self, _: &str, _: bool) -> Vec<i32> {
            Vec::new()
        }
        fn piece(&self, token: i32, into: &mut Vec<u8>) {
            into.extend(u8::try_from(token).ok().filter(|token| *token < 26).map(|token| b'a' + token));
        }
        fn is_end(&self, token: i32) -> bool {
            token == 26
        }
        fn begin(&self) -> Option<i32> {
            None
        }
        fn controls(&self) -> &[String] {
            &[]
        }
    }

    /// What becomes of an answer whose logits prefer the letters of `wanted`, one after the other.
    fn written(quotes: &[(&str, f32)], wanted: &str) -> String {
        let quotes = quotes.iter().map(|(text, bonus)| Quote { text: (*text).to_owned(), bonus: *bonus });
        let (mut quotes, mut text) = (Quotes::new(quotes.collect()), String::new());
        for wanted in wanted.bytes() {
            let mut logits = [0.0; 27];
            logits[usize::from(wanted - b'a')] = 5.0;
            let token = quotes.choose(&logits, &Letters).unwrap_or(i32::from(wanted - b'a'));
            let mut piece = Vec::new();
            Letters.piece(token, &mut piece);
            quotes.accept(&piece);
            text.push_str(&String::from_utf8_lossy(&piece));
            if quotes.is_complete() {
                break;
            }
        }
        text
    }

    #[test]
    fn what_begins_like_a_quote_is_completed() {
        let quotes = [("abcd", 0.0), ("abef", 0.0), ("xyz", 0.0)];
        assert_eq!(written(&quotes, "azzzzz"), "abcd");
        assert_eq!(written(&quotes, "azezzz"), "abef");
        assert_eq!(written(&quotes, "hello"), "abcd", "nothing begins so");
        assert_eq!(written(&[], "hello"), "hello");
    }

    /// The tokens are `ab`, `a`, `abc`, `b` and `c`.
    #[derive(Debug)]
    struct Pieces;

    impl Vocabulary for Pieces {
        fn tokenize(&self, _: &str, _: bool) -> Vec<i32> {
            Vec::new()
        }
        fn piece(&self, token: i32, into: &mut Vec<u8>) {
            let pieces = ["ab", "a", "abc", "b", "c"];
            into.extend(usize::try_from(token).ok().and_then(|token| pieces.get(token)).unwrap_or(&"").bytes());
        }
        fn is_end(&self, _: i32) -> bool {
            false
        }
        fn begin(&self) -> Option<i32> {
            None
        }
        fn controls(&self) -> &[String] {
            &[]
        }
    }

    #[test]
    fn the_only_quote_left_is_written_in_long_tokens() {
        let quote = |text: &str| Quote { text: text.to_owned(), bonus: 0.0 };
        let logits = [1.0, 9.0, -5.0, 0.0, 0.0];
        assert_eq!(Quotes::new(vec![quote("abcabc")]).choose(&logits, &Pieces), Some(2));
        assert_eq!(Quotes::new(vec![quote("abcabc"), quote("abb")]).choose(&logits, &Pieces), Some(1));
    }

    #[test]
    fn a_bonus_prefers_a_quote_and_a_penalty_forbids_its_beginning() {
        assert_eq!(written(&[("abcd", 0.0), ("xyz", 9.0)], "aaaa"), "xyz");
        assert_eq!(written(&[("abcd", 0.0), ("abef", 9.0)], "azcz"), "abef", "they begin alike");
        assert_eq!(written(&[("abcd", f32::NEG_INFINITY), ("axyz", 0.0)], "abbb"), "axyz", "another begins so");
        assert_eq!(written(&[("abcd", f32::NEG_INFINITY), ("xyz", 0.0)], "aaa"), "xyz", "a quote is wanted");
    }
}
