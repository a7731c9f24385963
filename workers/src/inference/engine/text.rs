//! Converts token bytes to publishable text: whole characters only, and never a possible beginning of a stop string,
//! so published text is never revoked. The stop string that is complete first ends the answer, wherever the token
//! boundaries are.

#[derive(Debug)]
pub(super) struct Text {
    /// The whole answer so far, up to a stop string.
    text: String,
    /// The incomplete last character: at most 3 bytes.
    half: Vec<u8>,
    published: usize,
    stops: Vec<String>,
    longest: usize,
    stopped: bool,
}

impl Text {
    pub(super) fn new(stops: Vec<String>) -> Self {
        let stops: Vec<_> = stops.into_iter().filter(|stop| !stop.is_empty()).collect();
        let longest = stops.iter().map(String::len).max().unwrap_or(0);
        Self { text: String::new(), half: Vec::new(), published: 0, stops, longest, stopped: false }
    }

    /// Appends the bytes of a token. Returns whether a stop string has ended the answer.
    pub(super) fn push(&mut self, bytes: &[u8]) -> bool {
        if self.stopped || bytes.is_empty() {
            return self.stopped;
        }
        let before = self.text.len();
        if self.half.is_empty() {
            decode(bytes, &mut self.text, &mut self.half);
        } else {
            let mut joined = std::mem::take(&mut self.half);
            joined.extend_from_slice(bytes);
            decode(&joined, &mut self.text, &mut self.half);
        }
        if let Some(at) = self.find_stop(before) {
            self.text.truncate(at);
            self.half.clear();
            self.stopped = true;
        }
        self.stopped
    }

    /// The start of the stop string that is complete first, in text that has grown from `before` bytes.
    fn find_stop(&self, before: usize) -> Option<usize> {
        if self.stops.is_empty() {
            return None;
        }
        let from = (before + 1).saturating_sub(self.longest);
        let grown = &self.text.as_bytes()[from..];
        let ends = |stop: &String| find(grown, stop.as_bytes()).map(|at| (from + at + stop.len(), from + at));
        self.stops.iter().filter_map(ends).min().map(|(_, start)| start)
    }

    /// The text that is publishable and not published yet.
    pub(super) fn take(&mut self) -> String {
        let upto = self.text.len() - if self.stopped { 0 } else { self.held() };
        self.take_upto(upto)
    }

    /// All unpublished text; an incomplete last character is dropped.
    pub(super) fn take_rest(&mut self) -> String {
        self.take_upto(self.text.len())
    }

    fn take_upto(&mut self, upto: usize) -> String {
        let piece = self.text.get(self.published..upto).unwrap_or_default().to_owned();
        self.published = self.published.max(upto);
        piece
    }

    /// The length of the longest suffix that begins a stop string.
    fn held(&self) -> usize {
        let text = self.text.as_bytes();
        let begins = |stop: &String| {
            let stop = stop.as_bytes();
            (1..stop.len().min(text.len() + 1)).rev().find(|&length| text.ends_with(&stop[..length]))
        };
        self.stops.iter().filter_map(begins).max().unwrap_or(0)
    }

    /// Marks the first bytes as published by an earlier attempt.
    pub(super) fn skip(&mut self, bytes: usize) {
        let bytes = bytes.min(self.text.len());
        self.published = (0..=bytes).rev().find(|&at| self.text.is_char_boundary(at)).unwrap_or(0);
    }

    pub(super) fn stopped(&self) -> bool {
        self.stopped
    }

    pub(super) fn into_whole(self) -> String {
        self.text
    }
}

/// Appends whole characters, with U+FFFD for invalid bytes, and leaves the incomplete rest in `half`.
fn decode(bytes: &[u8], text: &mut String, half: &mut Vec<u8>) {
    let mut rest = bytes;
    while !rest.is_empty() {
        let error = match std::str::from_utf8(rest) {
            Ok(whole) => return text.push_str(whole),
            Err(error) => error,
        };
        let (whole, broken) = rest.split_at(error.valid_up_to());
        text.push_str(&String::from_utf8_lossy(whole));
        match error.error_len() {
            None => return half.extend_from_slice(broken),
            Some(length) => {
                text.push(char::REPLACEMENT_CHARACTER);
                rest = &broken[length..];
            }
        }
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Publishes piece by piece like the scheduler; returns the pieces and whether a stop string ended it.
    fn publish(pieces: &[&[u8]], stops: &[&str]) -> (Vec<String>, bool) {
        let mut text = Text::new(stops.iter().map(|stop| (*stop).to_owned()).collect());
        let mut out = Vec::new();
        for piece in pieces {
            let stopped = text.push(piece);
            out.push(text.take());
            if stopped {
                return (out, true);
            }
        }
        out.push(text.take_rest());
        (out, false)
    }

    fn one_by_one(text: &str) -> Vec<&[u8]> {
        text.as_bytes().chunks(1).collect()
    }

    #[test]
    fn half_a_character_waits_for_its_other_half() {
        let (out, _) = publish(&["é".as_bytes(), &[0xf0, 0x9f], &[0x90], &[0x9d], b"!"], &[]);
        assert_eq!(out, ["é", "", "", "🐝", "!", ""]);
    }

    #[test]
    fn broken_bytes_become_a_replacement_character_and_a_half_at_the_end_is_dropped() {
        let (out, _) = publish(&[&[b'a', 0xff, b'b'], &[0xc3], b"c", &[0xe2, 0x82]], &[]);
        assert_eq!(out.concat(), "a\u{fffd}b\u{fffd}c");
    }

    #[test]
    fn a_stop_string_never_leaks_wherever_the_tokens_end() {
        for cut in 0..=13 {
            let text = "hello END bye";
            let (out, stopped) = publish(&[&text.as_bytes()[..cut], &text.as_bytes()[cut..]], &["END"]);
            assert!(stopped);
            assert_eq!(out.concat(), "hello ", "cut at {cut}");
        }
        assert_eq!(publish(&one_by_one("hello END bye"), &["END"]).0.concat(), "hello ");
    }

    #[test]
    fn what_only_looked_like_a_stop_string_is_published_in_the_end() {
        let (out, stopped) = publish(&one_by_one("EEN EN"), &["END"]);
        assert!(!stopped);
        assert_eq!(out, ["", "E", "", "EN ", "", "", "EN"]);
    }

    #[test]
    fn the_stop_string_that_is_complete_first_ends_the_answer() {
        for pieces in [vec![b"xabcX".as_slice()], one_by_one("xabcX")] {
            assert_eq!(publish(&pieces, &["abcX", "bc"]).0.concat(), "xa");
        }
        assert_eq!(publish(&[b"xab"], &["b", "ab"]).0.concat(), "x");
    }

    #[test]
    fn a_stop_string_of_wide_characters_is_found_across_split_characters() {
        let text = "oui… voilà🐝fin";
        assert_eq!(publish(&one_by_one(text), &["à🐝"]).0.concat(), "oui… voil");
        assert_eq!(publish(&one_by_one(text), &["🐝🐝"]).0.concat(), text);
    }

    #[test]
    fn a_resumed_text_publishes_only_what_is_new() {
        let whole = "one 🐝 two EN three";
        for cut in 0..=whole.len() {
            let mut first = Text::new(vec!["END".to_owned()]);
            first.push(&whole.as_bytes()[..cut]);
            let emitted = first.take();
            let mut second = Text::new(vec!["END".to_owned()]);
            second.push(&whole.as_bytes()[..cut]);
            second.skip(emitted.len());
            let mut rest = second.take();
            second.push(&whole.as_bytes()[cut..]);
            rest.push_str(&second.take_rest());
            assert_eq!(emitted + &rest, whole, "cut at {cut}");
        }
    }

    #[test]
    fn a_length_that_is_no_character_border_is_rounded_down() {
        let mut text = Text::new(Vec::new());
        text.push("aé".as_bytes());
        text.skip(2);
        assert_eq!(text.take(), "é");
        text.skip(1000);
        assert_eq!(text.take(), "");
    }
}
