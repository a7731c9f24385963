//! Finds the text with inline content in a source, and steps over what binds first in it: escapes, code, tags.

use std::collections::HashMap;

use comrak::{
    Arena, Options,
    nodes::{Node, NodeValue},
};

/// Where text with inline content is, in bytes.
#[must_use]
pub fn of(markdown: &str, options: &Options<'_>) -> Vec<(usize, usize)> {
    let mut options = options.clone();
    (options.extension.math_dollars, options.extension.math_code) = (false, false);
    let arena = Arena::new();
    let root = comrak::parse_document(&arena, markdown, &options);
    let mut begins = vec![0];
    begins.extend(markdown.match_indices('\n').map(|(at, _)| at + 1));
    let begin = |line: usize| begins.get(line).copied().unwrap_or(markdown.len());
    let mut found = Vec::new();
    for node in root.descendants() {
        let data = node.data();
        let place = data.sourcepos;
        let Some(first) = place.start.line.checked_sub(1) else { continue };
        let (from, to) = (begin(first), begin(place.end.line.max(place.start.line)));
        match &data.value {
            NodeValue::TableRow(_) => cells(markdown, from, to, &mut found),
            NodeValue::TableCell => {}
            value if value.contains_inlines() && is_in_one(node) => found.push((from, to)),
            _ => {}
        }
    }
    found
}

/// A footnote in a line is a paragraph in another.
fn is_in_one(node: Node<'_>) -> bool {
    !node.ancestors().skip(1).any(|around| around.data().value.contains_inlines())
}

/// The cells of a row: pipes divide them, even within code.
fn cells(markdown: &str, from: usize, to: usize, found: &mut Vec<(usize, usize)>) {
    let (mut start, mut before) = (from, b' ');
    for (at, byte) in (from..to).zip(markdown[from..to].bytes()) {
        if byte == b'|' && before != b'\\' {
            found.push((start, at));
            start = at + 1;
        }
        before = byte;
    }
    found.push((start, to));
}

/// One such text.
pub struct Text<'t> {
    pub text: &'t str,
    /// The places of runs of backticks, by their length.
    ticks: HashMap<usize, Vec<usize>>,
}

impl<'t> Text<'t> {
    #[must_use]
    pub fn of(text: &'t str) -> Self {
        let mut ticks: HashMap<usize, Vec<usize>> = HashMap::new();
        let mut at = 0;
        while let Some(next) = text[at..].find('`') {
            let run = run(text, at + next);
            ticks.entry(run).or_default().push(at + next);
            at += next + run;
        }
        Self { text, ticks }
    }

    /// The place after an escaped character, a code span or a tag that begins here, or after this character.
    #[must_use]
    pub fn after(&self, at: usize) -> usize {
        let rest = &self.text[at..];
        let mut characters = rest.chars();
        let first = characters.next();
        let one = at + first.map_or(0, char::len_utf8);
        match first {
            Some('\\') => one + characters.next().map_or(0, char::len_utf8),
            Some('`') => self.code(at).unwrap_or_else(|| at + run(self.text, at)),
            Some('<') if rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c)) => {
                match rest[1..].find(['<', '>']) {
                    Some(end) => one + end + usize::from(rest.as_bytes()[1 + end] == b'>'),
                    None => one,
                }
            }
            _ => one,
        }
    }

    /// The end of the code span that begins here.
    #[must_use]
    pub fn code(&self, at: usize) -> Option<usize> {
        let run = run(self.text, at);
        let same = self.ticks.get(&run)?;
        let next = same.partition_point(|other| *other < at + run);
        same.get(next).map(|end| end + run)
    }
}

/// How often the byte here repeats.
#[must_use]
pub fn run(text: &str, at: usize) -> usize {
    let bytes = &text.as_bytes()[at..];
    bytes.iter().take_while(|byte| **byte == bytes[0]).count()
}
