//! A PDF has the text of the HTML that CommonMark's and GitHub's specifications give.
//!
//! Each example is a document on a page so wide that no line breaks. Examples that differ are listed with the reason;
//! an unlisted difference fails the test, and so does a listed example that no longer differs.

mod examples;
mod html;
mod pdf;

use std::sync::atomic::{AtomicUsize, Ordering};

use ruche_render::{Renderer, Resources};
use ruche_schemas::kinds::render::Render;

use examples::Example;

const COMMONMARK: &str = include_str!("commonmark.txt");
const GFM: &str = include_str!("gfm.txt");

/// Wide enough that no line breaks.
const WIDE: &str = "@page { size: 1500mm 500mm }";
/// The least percentage of equal examples.
const EQUAL: usize = 98;

type Listed = [(usize, &'static str)];

const NO_GLYPH: &str = "no font that is compiled in has Malayalam and Kannada: a warning says so";
const APART: &str = "the box of a missing picture stands apart from the text, which reads as a space";
const COMMENTS: &str = "CommonMark 0.31 takes more for comments than 0.29, on which GitHub's specification stands";
const OPEN: &str = "a style that is not ended is shown, where a browser would take all that follows for it";
const WORD: &str = "a word in angle brackets that names no element is shown, as for List<Integer>";

const LISTED_OF_COMMONMARK: &Listed =
    &[(27, NO_GLYPH), (150, WORD), (163, WORD), (173, OPEN), (201, WORD), (475, APART), (613, WORD), (623, WORD)];
const LISTED_OF_GFM: &Listed = &[
    (120, WORD),
    (133, WORD),
    (142, OPEN),
    (170, WORD),
    (323, NO_GLYPH),
    (484, APART),
    (632, WORD),
    (642, WORD),
    (645, COMMENTS),
    (646, COMMENTS),
];

#[test]
fn every_example_of_commonmark_says_in_a_pdf_what_it_says_in_html() {
    check(&examples::parse(COMMONMARK), 652, LISTED_OF_COMMONMARK);
}

#[test]
fn every_example_of_githubs_markdown_says_in_a_pdf_what_it_says_in_html() {
    check(&examples::parse(GFM), 673, LISTED_OF_GFM);
}

fn check(examples: &[Example], count: usize, listed: &Listed) {
    assert_eq!(examples.len(), count, "all examples are found");
    let mut wrong = Vec::new();
    let mut differ = 0;
    for (number, difference) in differences(examples) {
        let reason = listed.iter().find(|(listed, _)| *listed == number);
        differ += usize::from(difference.is_some());
        match (difference, reason) {
            (Some(difference), None) => wrong.push(difference),
            (None, Some((_, reason))) => wrong.push(format!("example {number} is equal, but listed: {reason}")),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    assert!((count - differ) * 100 >= EQUAL * count, "{differ} of {count} differ");
}

fn differences(examples: &[Example]) -> Vec<(usize, Option<String>)> {
    let next = AtomicUsize::new(0);
    let work = || {
        let renderer = Renderer::new();
        let mut found = Vec::new();
        while let Some(example) = examples.get(next.fetch_add(1, Ordering::Relaxed)) {
            found.push((example.number, difference(&renderer, example)));
        }
        found
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut all: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
    });
    all.sort_by_key(|(number, _)| *number);
    all
}

fn difference(renderer: &Renderer, example: &Example) -> Option<String> {
    let Example { number, section, markdown, html } = example;
    let job = Render { markdown: markdown.clone(), css: WIDE.to_owned(), ..Render::default() };
    let expected = html::text(html);
    let got = match renderer.render(&job, &Resources::default()) {
        Ok(output) => html::squeezed(&pdf::text(&output.bytes)),
        Err(failure) => format!("no PDF: {failure}"),
    };
    (got != expected)
        .then(|| format!("example {number} ({section}): {markdown:?}\n  expected {expected:?}\n  got      {got:?}"))
}
