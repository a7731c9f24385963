//! Tells dollar signs that enclose formulas from others, before comrak reads the text.
//!
//! comrak takes `$10 and `$` for a formula: the sign of a code span would end it. Here code binds first, and a formula
//! follows the rules of Pandoc and GitHub. Signs that enclose no formula become character references.

use std::borrow::Cow;

use comrak::Options;

use super::texts::{self, Text, run};
use crate::fonts::is_wide;

/// A dollar sign that is text.
const SIGN: &str = "&#36;";
/// How many characters before a sign are looked at for the begin of an address.
const ADDRESS: usize = 300;

/// The text with as many lines.
#[must_use]
pub fn read<'m>(markdown: &'m str, options: &Options<'_>) -> Cow<'m, str> {
    if !markdown.contains('$') {
        return Cow::Borrowed(markdown);
    }
    let mut signs = Vec::new();
    for (from, to) in texts::of(markdown, options) {
        let text = &markdown[from..to];
        if text.contains('$') {
            add_signs(&Text::of(text), from, &mut signs);
        }
    }
    signs.sort_unstable();
    signs.dedup();
    replaced(markdown, &signs)
}

fn replaced<'m>(markdown: &'m str, signs: &[usize]) -> Cow<'m, str> {
    if signs.is_empty() {
        return Cow::Borrowed(markdown);
    }
    let mut out = String::with_capacity(markdown.len() + signs.len() * SIGN.len());
    let mut written = 0;
    for at in signs {
        out.push_str(&markdown[written..*at]);
        out.push_str(SIGN);
        written = at + 1;
    }
    out.push_str(&markdown[written..]);
    Cow::Owned(out)
}

/// Adds the places of dollar signs that are text.
fn add_signs(text: &Text<'_>, from: usize, signs: &mut Vec<usize>) {
    let mut at = 0;
    while let Some(next) = text.text[at..].find(['\\', '`', '<', '$']) {
        at += next;
        if text.text.as_bytes()[at] != b'$' {
            at = text.after(at);
            continue;
        }
        let count = run(text.text, at);
        let end = match count {
            // An address keeps its signs.
            _ if is_in_address(&text.text[..at]) => Some(at + count),
            1 => inline(text, at),
            2 => display(text, at),
            _ => Some(at + count),
        };
        if end.is_none() {
            signs.extend((at..at + count).map(|at| from + at));
        }
        at = end.unwrap_or(at + count);
    }
}

/// Whether the word that this ends with is an address, of which comrak makes a link.
fn is_in_address(before: &str) -> bool {
    let bound = before.char_indices().rev().take(ADDRESS).last().map_or(before.len(), |(at, _)| at);
    let word = before[bound..].rsplit(char::is_whitespace).next().unwrap_or_default();
    word.contains("://") || word.contains("www.")
}

/// The end of the formula that one sign begins here.
fn inline(text: &Text<'_>, at: usize) -> Option<usize> {
    let inner = at + 1;
    let first = text.text[inner..].chars().next()?;
    if first == '`' {
        return text.code(inner).filter(|end| text.text[*end..].starts_with('$')).map(|end| end + 1);
    }
    let before = text.text[..at].chars().next_back();
    if first.is_whitespace() || (first.is_ascii_digit() && before.is_some_and(is_of_word)) {
        return None;
    }
    let mut end = inner;
    loop {
        end += text.text[end..].find(['\\', '`', '$'])?;
        match text.text.as_bytes()[end] {
            b'$' => break,
            b'`' if text.code(end).is_some() => return None,
            _ => end = text.after(end),
        }
    }
    let formula = &text.text[inner..end];
    let is_script = formula.starts_with(['^', '_', '\\']);
    let ends_here = match text.text[end + 1..].chars().next() {
        Some('$') => false,
        Some(next) if is_of_word(next) => !next.is_ascii_digit() && is_script,
        _ => true,
    };
    (ends_here && !formula.ends_with(char::is_whitespace)).then_some(end + 1)
}

/// The end of the formula that two signs begin here.
fn display(text: &Text<'_>, at: usize) -> Option<usize> {
    let mut end = at + 2;
    loop {
        end += text.text[end..].find(['`', '$'])?;
        match text.text.as_bytes()[end] {
            b'$' => match run(text.text, end) {
                2 => return (!text.text[at + 2..end].trim().is_empty()).then_some(end + 2),
                count => end += count,
            },
            _ => end = text.after(end),
        }
    }
}

/// Whether a formula beside the character would be part of a word. Chinese and Japanese have no spaces.
fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() && !is_wide(c)
}

#[cfg(test)]
mod tests {
    use crate::markdown::to_html;

    /// The formulas of a text.
    fn formulas(markdown: &str) -> Vec<String> {
        let html = to_html(markdown);
        let formulas = html.split("data-math-style").skip(1).filter_map(|part| part.split_once('>')?.1.split_once('<'));
        formulas.map(|(formula, _)| formula.to_owned()).collect()
    }

    #[test]
    fn code_binds_first_and_prices_are_text() {
        for text in [
            "It costs $10 and `$PATH` is set.",
            "Run `$HOME/bin` for $10.",
            "Costs $10, run `echo $HOME`.",
            "It costs $10 to run `$HOME/bin/x` and $20 for `$PATH`.",
            "From $5 to $6; US$5, 5$ and 6$.",
            "$FOO and $BAR, $HOME/$USER, $ x$, $x $.",
            "| a | b |\n|---|---|\n| $5 | $6 |",
            "http://a.org/$b and http://a.org/$c",
            "> a $5\n> `b$`",
            "$$ a",
            "$$ $$",
        ] {
            let html = to_html(text);
            assert!(formulas(text).is_empty() && !html.contains("#36"), "{text}: {html}");
            assert_eq!(
                html.matches('$').count(),
                text.matches('$').count() + html.matches("href=\"http://a.org/$").count()
            );
        }
        assert!(to_html("It costs $10 and `$PATH` is set.").contains(">$PATH</code>"));
    }

    #[test]
    fn formulas_stay() {
        for (text, expected) in [
            ("a $x$ b, $x+1$.", vec!["x", "x+1"]),
            ("Cost $5 and $x$; `a` $y$", vec!["x", "y"]),
            ("$`a+b`$ and `$x$`", vec!["a+b"]),
            ("H$_2$O, 10$^{-3}$", vec!["_2", "^{-3}"]),
            ("\u{516c}\u{5f0f}$x$\u{4e3a}", vec!["x"]),
            ("$$x \\text{ in \\$}$$", vec!["x \\text{ in \\$}"]),
            ("> $$\n> a\n> $$", vec!["\na\n"]),
            ("| a | b |\n|---|---|\n| $x$ | $y$ |", vec!["x", "y"]),
            ("Price: $1,000 or $\\alpha \\$ 5$.", vec!["\\alpha \\$ 5"]),
        ] {
            assert_eq!(formulas(text), expected, "{text}: {}", to_html(text));
        }
    }
}
