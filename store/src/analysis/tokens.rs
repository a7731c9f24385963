//! Cuts a text into words. Each takes a position, so that phrases can be found; what is joined by a hyphen, a dot or
//! the like is one compound of several words ([`super::compound`]).

use std::ops::Range;

use super::{
    compound,
    letters::{Class, Letter, letters},
};

/// Characters between two words that still make one compound: `https://`.
const JOINT: usize = 3;
/// Most bytes of a term; longer ones are cut. A lexeme of Postgres has at most 2,046.
const TERM: usize = 128;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A word, or a part of a compound.
    Word,
    /// A compound, or neighbours within it, written as one.
    Joined,
    /// Two characters of a script without spaces.
    Pair,
    /// The last character of a script without spaces; all others begin a pair.
    Last,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) term: String,
    pub(super) form: Form,
    /// In words, from 0. A joined form has the position of its first part.
    pub(super) position: u32,
    /// In the text, in bytes.
    pub(super) range: Range<usize>,
    /// Numbers compounds and words outside of them, from 0.
    pub(super) group: u32,
}

pub(super) fn tokens(text: &str) -> Vec<Token> {
    let letters = letters(text);
    let mut tokens = Tokens::default();
    let mut at = 0;
    while at < letters.len() {
        at = match letters[at].class {
            Class::Unspaced => tokens.unspaced(&letters, at),
            Class::Symbol => tokens.symbol(&letters, at),
            Class::Letter | Class::Digit => tokens.compound(&letters, at),
            Class::Joiner | Class::Break => at + 1,
        };
    }
    tokens.found
}

#[derive(Default)]
pub(super) struct Tokens {
    found: Vec<Token>,
    position: u32,
    group: u32,
}

impl Tokens {
    pub(super) fn push(&mut self, letters: &[Letter], form: Form, position: u32) {
        self.push_as(letters.iter().map(|letter| letter.folded).collect(), letters, form, position);
    }

    pub(super) fn push_as(&mut self, mut term: String, letters: &[Letter], form: Form, position: u32) {
        let (Some(first), Some(last)) = (letters.first(), letters.last()) else { return };
        term.truncate(term.floor_char_boundary(TERM));
        self.found.push(Token { term, form, position, range: first.range.start..last.range.end, group: self.group });
    }

    pub(super) fn take_position(&mut self) -> u32 {
        self.position += 1;
        self.position - 1
    }

    pub(super) const fn next_position(&self) -> u32 {
        self.position
    }

    fn unspaced(&mut self, letters: &[Letter], from: usize) -> usize {
        let to = end(letters, from, |letter| letter.class == Class::Unspaced);
        for at in from..to {
            let position = self.take_position();
            match at + 1 < to {
                true => self.push(&letters[at..at + 2], Form::Pair, position),
                false => self.push(&letters[at..=at], Form::Last, position),
            }
        }
        self.group += 1;
        to
    }

    fn symbol(&mut self, letters: &[Letter], at: usize) -> usize {
        let position = self.take_position();
        self.push(&letters[at..=at], Form::Word, position);
        self.group += 1;
        at + 1
    }

    fn compound(&mut self, letters: &[Letter], from: usize) -> usize {
        let is_word = |letter: &Letter| matches!(letter.class, Class::Letter | Class::Digit);
        let mut segments = Vec::new();
        let mut at = from;
        loop {
            let to = end(letters, at, is_word);
            segments.push(at..to);
            let joint = end(letters, to, |letter| letter.class == Class::Joiner);
            let goes_on = joint > to && joint - to <= JOINT && letters.get(joint).is_some_and(is_word);
            if !goes_on {
                compound::push(self, letters, &segments);
                self.group += 1;
                return to;
            }
            at = joint;
        }
    }
}

fn end(letters: &[Letter], from: usize, is_in: impl Fn(&Letter) -> bool) -> usize {
    letters[from..].iter().position(|letter| !is_in(letter)).map_or(letters.len(), |length| from + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|token| token.term).collect()
    }

    #[test]
    fn words_are_cut_at_spaces_and_marks() {
        assert_eq!(words("They fly, (of course)."), ["they", "fly", "of", "course"]);
        assert_eq!(words("List<Integer> Press <Enter>"), ["list", "integer", "press", "enter"]);
        assert_eq!(words("👍 ok 🐝"), ["👍", "ok", "🐝"]);
        assert_eq!(words(" - . ... ' -- "), Vec::<String>::new());
    }

    #[test]
    fn scripts_without_spaces_are_cut_into_pairs() {
        assert_eq!(words("借书证,书"), ["借书", "书证", "证", "书"]);
        assert_eq!(words("회사는"), ["회사", "사는", "는"]);
        assert_eq!(words("図書館A4"), ["図書", "書館", "館", "a4", "a", "4"]);
    }

    #[test]
    fn positions_count_words() {
        let text = "to be-or not";
        let positions: Vec<_> = tokens(text).into_iter().map(|token| (token.term, token.position)).collect();
        let expected = [("to", 0), ("be", 1), ("or", 2), ("beor", 1), ("not", 3)];
        assert_eq!(positions, expected.map(|(term, position)| (term.to_owned(), position)));
    }

    #[test]
    fn a_token_knows_where_it_stands() {
        let text = "L’œuf au vélo-cargo";
        let found: Vec<_> = tokens(text).into_iter().map(|token| (token.term, &text[token.range])).collect();
        let expected = [
            ("l", "L"),
            ("oeuf", "œuf"),
            ("loeuf", "L’œuf"),
            ("au", "au"),
            ("velo", "vélo"),
            ("cargo", "cargo"),
            ("velocargo", "vélo-cargo"),
        ];
        assert_eq!(found, expected.map(|(term, text)| (term.to_owned(), text)));
    }

    #[test]
    fn long_words_are_cut() {
        let long = "é".repeat(10_000);
        assert_eq!(words(&long), ["e".repeat(TERM)]);
        let many = vec!["ab"; 10_000].join("-");
        assert!(words(&many).len() < 40_000);
    }
}
