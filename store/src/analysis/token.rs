//! A word of a text, and the list of them while it is made.

use std::ops::Range;

use super::letters::Letter;

/// Most bytes of a term; longer ones are cut. A lexeme of Postgres has at most 2,046.
pub(super) const TERM: usize = 128;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A word, or a part of a compound.
    Word,
    /// A compound, or neighbours within it, written as one.
    Joined,
    /// A number in groups, without the marks and spaces between these or without the letters in front of it.
    Plain,
    /// Neighbours with a space between them, written as one: a number and the letters beside it.
    Spaced,
    /// Two characters of a script without spaces.
    Pair,
    /// The last character of a script without spaces; all others begin a pair.
    Last,
}

impl Form {
    /// Whether it is several words written as one.
    pub(super) const fn is_joined(self) -> bool {
        matches!(self, Self::Joined | Self::Plain | Self::Spaced)
    }
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

#[derive(Default)]
pub(super) struct Tokens {
    pub(super) found: Vec<Token>,
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

    pub(super) fn end_group(&mut self) {
        self.group += 1;
    }

    pub(super) const fn next_position(&self) -> u32 {
        self.position
    }
}
