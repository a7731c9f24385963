//! Cuts a text into words. Each takes a position, so that phrases can be found; what is joined by a hyphen, a dot or
//! the like is one compound of several words ([`super::compound`]).

use super::{
    compound,
    letters::{Class, Letter, letters},
    numbers::{self, Row, Segments},
    phone::national,
    spaced::Chain,
    token::{Form, Token, Tokens},
};

/// Characters between two words that still make one compound: `https://`.
const JOINT: usize = 3;

pub(super) fn tokens(text: &str) -> Vec<Token> {
    let letters = letters(text);
    let (mut tokens, mut chain) = (Tokens::default(), Chain::default());
    let mut at = 0;
    while at < letters.len() {
        let (from, position) = (at, tokens.next_position());
        at = match letters[at].class {
            Class::Unspaced => unspaced(&mut tokens, &letters, at),
            Class::Symbol => symbol(&mut tokens, &letters, at),
            Class::Letter | Class::Digit => compound(&mut tokens, &letters, at),
            Class::Joiner | Class::Break => at + 1,
        };
        if matches!(letters[from].class, Class::Letter | Class::Digit) {
            chain.link(&mut tokens, &letters, from..at, position);
        }
    }
    chain.end(&mut tokens, &letters);
    tokens.found
}

fn unspaced(tokens: &mut Tokens, letters: &[Letter], from: usize) -> usize {
    let to = end(letters, from, |letter| letter.class == Class::Unspaced);
    for at in from..to {
        let position = tokens.take_position();
        match at + 1 < to {
            true => tokens.push(&letters[at..at + 2], Form::Pair, position),
            false => tokens.push(&letters[at..=at], Form::Last, position),
        }
    }
    tokens.end_group();
    to
}

fn symbol(tokens: &mut Tokens, letters: &[Letter], at: usize) -> usize {
    let position = tokens.take_position();
    tokens.push(&letters[at..=at], Form::Word, position);
    tokens.end_group();
    at + 1
}

fn compound(tokens: &mut Tokens, letters: &[Letter], from: usize) -> usize {
    let Row { compounds, plain, is_one } = numbers::row(letters, segments(letters, from), |at| segments(letters, at));
    let compounds = with_mixed(letters, compounds);
    let position = tokens.next_position();
    for (number, segments) in compounds.iter().enumerate() {
        if number > 0 && !is_one {
            tokens.end_group();
        }
        compound::push(tokens, letters, segments);
    }
    let to = compounds.last().and_then(|segments| segments.last()).map_or(from, |last| last.end);
    let row = &letters[from..to];
    if let Some(plain) = plain {
        if !is_one {
            tokens.end_group();
        }
        tokens.push_as(plain, row, Form::Plain, position);
    }
    if let [segments] = &compounds[..] {
        compound::push_negative(tokens, letters, segments, position);
    }
    let plus = from > 0 && letters[from - 1].folded == '+';
    for other in other_ways(row, plus) {
        tokens.push_as(other, row, Form::Plain, position);
    }
    tokens.end_group();
    to
}

/// The compounds, with a whole number and the fraction behind it as one.
fn with_mixed(letters: &[Letter], compounds: Vec<Segments>) -> Vec<Segments> {
    let all = compounds.concat();
    if compounds.len() == 2 && compound::mixed(letters, &all).is_some() { vec![all] } else { compounds }
}

/// The other ways to write a phone number with a country code, after a `+` or `00`.
fn other_ways(row: &[Letter], plus: bool) -> Vec<String> {
    let digits: String = row.iter().map(|letter| letter.folded).filter(char::is_ascii_digit).collect();
    if row.iter().any(|letter| letter.class == Class::Letter) {
        return Vec::new();
    }
    match digits.strip_prefix("00") {
        _ if plus => national(&digits).unwrap_or_default(),
        Some(digits) => {
            national(digits).into_iter().flat_map(|ways| [vec![digits.to_owned()], ways].concat()).collect()
        }
        None => Vec::new(),
    }
}

/// What stands between the joiners of the compound at this place.
fn segments(letters: &[Letter], from: usize) -> Segments {
    let is_word = |letter: &Letter| matches!(letter.class, Class::Letter | Class::Digit);
    let mut segments = Vec::new();
    let mut at = from;
    loop {
        let to = end(letters, at, is_word);
        segments.push(at..to);
        let joint = end(letters, to, |letter| letter.class == Class::Joiner);
        let goes_on = joint > to && joint - to <= JOINT && letters.get(joint).is_some_and(is_word);
        if !goes_on {
            return segments;
        }
        at = joint;
    }
}

fn end(letters: &[Letter], from: usize, is_in: impl Fn(&Letter) -> bool) -> usize {
    letters[from..].iter().position(|letter| !is_in(letter)).map_or(letters.len(), |length| from + length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::token::TERM;

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
