//! The fragments of a text that hold the words of a query.

use std::{collections::HashSet, ops::Range};

use super::{
    index::all,
    query::{Asked, Query},
    token::Token,
    tokens::tokens,
};

const FRAGMENTS: usize = 3;
/// Words of a fragment.
const WORDS: u32 = 24;
/// Words before the first that is marked.
const BEFORE: u32 = 5;

struct Found {
    position: u32,
    range: Range<usize>,
    /// Which of the words asked for it is.
    word: usize,
    weight: f64,
}

/// Up to three fragments, those with the most words first, as HTML: the text is escaped, the words are in `<mark>`.
#[must_use]
pub fn highlights(text: &str, language: &str, query: &Query) -> Vec<String> {
    let tokens = tokens(text);
    let mut found: Vec<Found> = tokens.iter().filter_map(|token| found(token, language, query)).collect();
    found.sort_by_key(|one| (one.position, one.range.start));
    let mut fragments = Vec::new();
    let mut taken: Vec<Range<u32>> = Vec::new();
    while fragments.len() < FRAGMENTS
        && let Some(window) = best(&found, &taken)
    {
        let start = window.start.saturating_sub(BEFORE);
        let start = taken.iter().map(|other| other.end).filter(|end| *end <= window.start).fold(start, u32::max);
        let window = start..start + WORDS;
        fragments.push(html(text, &bytes(text, &tokens, &window), &found, &window));
        taken.push(window);
    }
    fragments
}

fn found(token: &Token, language: &str, query: &Query) -> Option<Found> {
    let terms: Vec<String> = all(token, language).collect();
    let is_asked = |asked: &Asked| terms.iter().any(|term| asked.matches(term));
    let matching = query.words.iter().enumerate().filter(|(_, asked)| is_asked(asked));
    let (word, asked) = matching.max_by(|(_, one), (_, other)| one.weight.total_cmp(&other.weight))?;
    Some(Found { position: token.position, range: token.range.clone(), word, weight: asked.weight })
}

/// The free window whose different words weigh the most; the first of equals.
fn best(found: &[Found], taken: &[Range<u32>]) -> Option<Range<u32>> {
    let is_free = |position: u32| !taken.iter().any(|window| window.contains(&position));
    let mut best: Option<(f64, Range<u32>)> = None;
    for (at, first) in found.iter().enumerate().filter(|(_, one)| is_free(one.position)) {
        let end = first.position + WORDS - BEFORE;
        let (mut words, mut sum) = (HashSet::new(), 0.0);
        for one in found[at..].iter().take_while(|one| one.position < end && is_free(one.position)) {
            sum += if words.insert(one.word) { one.weight } else { 0.01 };
        }
        if best.as_ref().is_none_or(|(most, _)| sum > *most) {
            best = Some((sum, first.position..end));
        }
    }
    best.map(|(_, window)| window)
}

fn bytes(text: &str, tokens: &[Token], window: &Range<u32>) -> Range<usize> {
    let inside = || tokens.iter().filter(|token| window.contains(&token.position) && !token.form.is_joined());
    let start = inside().map(|token| token.range.start).min().unwrap_or_default();
    let end = inside().map(|token| token.range.end).max().unwrap_or(text.len());
    let is_last = tokens.iter().all(|token| token.position < window.end);
    (if window.start == 0 { 0 } else { start })..(if is_last { text.len() } else { end })
}

fn html(text: &str, bytes: &Range<usize>, found: &[Found], window: &Range<u32>) -> String {
    let mut marks: Vec<Range<usize>> = Vec::new();
    let inside = found.iter().filter(|one| window.contains(&one.position) && one.range.end <= bytes.end);
    for one in inside {
        match marks.last_mut() {
            Some(last) if one.range.start <= last.end => last.end = last.end.max(one.range.end),
            _ => marks.push(one.range.clone()),
        }
    }
    let mut html = String::with_capacity(bytes.len() + 64);
    let mut at = bytes.start;
    for mark in marks {
        escape(&mut html, &text[at..mark.start]);
        html.push_str("<mark>");
        escape(&mut html, &text[mark.clone()]);
        html.push_str("</mark>");
        at = mark.end;
    }
    escape(&mut html, &text[at..bytes.end]);
    html.trim().to_owned()
}

fn escape(html: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::query::parse;

    fn marked(text: &str, query: &str, language: &str) -> Vec<String> {
        highlights(text, language, &parse(query, &[language.to_owned()]))
    }

    #[test]
    fn the_words_asked_for_are_marked() {
        assert_eq!(marked("The refunds are paid.", "refund", "english"), ["The <mark>refunds</mark> are paid."]);
        assert_eq!(marked("Re-enter the pass-word", "password", "english"), ["Re-enter the <mark>pass-word</mark>"]);
        assert_eq!(marked("借书证办理需要", "借书证", "simple"), ["<mark>借书证</mark>办理需要"]);
        assert_eq!(marked("nothing", "refund", "english"), Vec::<String>::new());
    }

    #[test]
    fn what_is_highlighted_is_safe_within_a_page() {
        let found = marked("a <script>x</script> & \"b\" y's", "script", "simple");
        assert_eq!(found, ["a &lt;<mark>script</mark>&gt;x&lt;/<mark>script</mark>&gt; &amp; &quot;b&quot; y&#39;s"]);
    }

    #[test]
    fn the_fragment_with_the_most_words_comes_first() {
        let text = format!("a bee {} the bee and the hive {} bee", "x ".repeat(60), "y ".repeat(60));
        let found = marked(&text, "bee hive", "english");
        assert_eq!(found.len(), 3);
        assert!(found[0].contains("<mark>bee</mark> and the <mark>hive</mark>"), "{found:?}");
        assert!(found.iter().all(|one| one.split_whitespace().count() <= WORDS as usize), "{found:?}");
    }

    #[test]
    fn any_text_is_highlighted() {
        for text in ["", "é", "œ½ﬁ e\u{301}", "a\u{ad}b", "借", "1,500.5-x/借a👍\u{fe0f}"] {
            for query in ["e", "1", "b", "借", "ab", "👍", "fi"] {
                let _ = marked(text, query, "german");
            }
        }
    }
}
