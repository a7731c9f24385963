//! Markers of lists, and text that CSS generates.

use super::{
    boxes::{LEFT, at, close},
    seen::{Seen, job, seen},
};

fn words(seen: &Seen) -> Vec<&str> {
    seen.words.iter().map(|word| word.text.as_str()).collect()
}

#[test]
fn an_item_whose_display_or_style_takes_its_marker_has_none() {
    let lists = "- dot\n\n1. number\n2. more\n";
    for css in [
        "li { display: block }",
        "li { display: flex }",
        "ul li, ol li { list-style: none }",
        "li { list-style-type: none }",
    ] {
        assert_eq!(words(&seen(&job(lists, css))), ["dot", "number", "more"], "{css}");
    }
    let shown = words(&seen(&job(lists, "li { display: list-item }"))).len();
    assert_eq!(shown, 6, "markers stay");
}

#[test]
fn one_item_without_a_marker_leaves_the_others_theirs() {
    let html = "<ol><li>one<li class=n>none<li>two<li class=d>block<li>three</ol>";
    let seen = seen(&job(html, ".n { list-style: none } .d { display: block }"));
    assert_eq!(words(&seen), ["1.", "one", "none", "3.", "two", "block", "4.", "three"]);
    let gap = |one: &str, other: &str| at(&seen, other).top - at(&seen, one).top;
    let height = gap("one", "none");
    assert!(close(height, gap("two", "block"), 0.5) && height < 18.0, "{:?}", seen.words);
    assert!(close(at(&seen, "one").left, at(&seen, "none").left, 0.5), "{:?}", seen.words);
}

#[test]
fn reversed_lists_count_down_past_an_item_without_a_marker() {
    let seen = seen(&job("<ol reversed><li>a<li class=n>b<li>c</ol>", ".n { list-style: none }"));
    assert_eq!(words(&seen), ["3.", "a", "b", "1.", "c"]);
}

#[test]
fn clauses_have_the_number_of_the_counter_only() {
    let html = "<ol><li>Terms<ol><li>First<li>Second</ol><li>End</ol>";
    let css = "ol { counter-reset: item } li { display: block } li:before { content: counters(item, '.') '. '; counter-increment: item }";
    assert_eq!(words(&seen(&job(html, css))), ["1.", "Terms", "1.1.", "First", "1.2.", "Second", "2.", "End"]);
}

#[test]
fn generated_blocks_stand_on_lines_of_their_own() {
    let css = "h1::before { content: 'Chapter'; display: block } .a::before { content: 'Above'; display: block } .a::after { content: 'Below'; display: block }";
    for html in [
        "<div class=a>text</div>",
        "<div class=a><p>text</p></div>",
        "<div class=a>\n<p>text</p>\n</div>",
        "<p class=a>text</p>",
        "<ul><li class=a>text</ul>",
    ] {
        let seen = seen(&job(&format!("# Intro\n\n{html}\n\nend\n"), css));
        let top = |word: &str| at(&seen, word).top;
        assert!(top("Chapter") + 5.0 < top("Intro"), "{:?}", seen.words);
        let order = ["Above", "text", "Below", "end"].map(top);
        assert!(order.windows(2).all(|pair| pair[0] + 5.0 < pair[1]), "{html}: {:?}", seen.words);
        assert!(order[3] - order[0] < 70.0, "no empty lines: {order:?}");
    }
}

#[test]
fn a_table_of_contents_has_a_heading_and_its_generated_block_in_one_line() {
    let css = "h1::before { content: 'Chapter'; display: block }";
    let seen = seen(&job("[TOC]\n\n# Intro\n\ntext\n", css));
    assert!(close(at(&seen, "Chapter").top, at(&seen, "Intro").top, 1.0), "{:?}", seen.words);
}

#[test]
fn a_caption_with_a_number_of_its_own_gets_no_other() {
    let picture = "<img src='data:image/svg+xml,<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"/>'>";
    for caption in ["Figure 3: Own", "Fig. 1.1 Own", "Abbildung 2 Own", "Exhibit 4: Own", "Fig. 2 – Own"] {
        let html = format!("<figure>{picture}<figcaption>{caption}</figcaption></figure>");
        assert_eq!(words(&seen(&job(&html, ""))).join(" "), caption);
    }
    for caption in ["Own caption", "Sales 2024 by region", "A4 paper", "3 apples"] {
        let html = format!("<figure>{picture}<figcaption>{caption}</figcaption></figure>");
        let shown = words(&seen(&job(&html, ""))).join(" ").replace('\u{a0}', " ");
        assert_eq!(shown, format!("Figure 1: {caption}"));
    }
    let css = "figcaption::before { content: 'Scheme ' }";
    let html = format!("<figure>{picture}<figcaption>own</figcaption></figure>");
    assert_eq!(words(&seen(&job(&html, css))), ["Scheme", "own"]);
    let html = "<table><caption>Table 7. Sales</caption><tr><td>x</table>";
    assert_eq!(words(&seen(&job(html, ""))), ["Table", "7.", "Sales", "x"]);
}

#[test]
fn margins_of_words_make_space() {
    for html in ["a<span class=m>b</span>c", "a<code class=m>b</code>c", "a<a class=m href='https://x.y'>b</a>c"] {
        let gaps = |css: &str| {
            let seen = seen(&job(html, css));
            seen.words.last().expect("a word").area.right - seen.words[0].area.left
        };
        let more = gaps(".m { margin: 0 30pt }") - gaps("");
        assert!(close(more, 60.0, 0.5), "{html}: {more}");
    }
    let seen = seen(&job("<p>text</p>", "p::before { content: 'x'; margin-right: 20pt }"));
    assert!(close(at(&seen, "text").left - at(&seen, "x").right, 20.0, 0.5), "{:?}", seen.words);
}

#[test]
fn rows_keep_the_text_that_css_generates() {
    let css = ".r { display: flex; gap: 20pt } .r::before { content: 'Note' } .r::after { content: 'End' }";
    let seen = seen(&job("<div class=r><div>one</div><div>two</div></div>", css));
    let [note, one, end] = ["Note", "one", "End"].map(|word| at(&seen, word));
    assert!(note.right < one.left && at(&seen, "two").right < end.left && seen.words.len() == 4, "{:?}", seen.words);
    assert!(close(note.top, end.top, 0.1) && close(one.top, end.top, 0.1), "{:?}", seen.words);
}

#[test]
fn generated_text_has_its_own_case_and_spaces() {
    let css =
        "p::before { content: 'one two'; text-transform: uppercase } p::after { content: 'a\\A b'; white-space: pre }";
    let seen = seen(&job("<p>text</p>", css));
    assert_eq!(words(&seen)[..2], ["ONE", "TWOtexta"]);
    assert!(at(&seen, "b").top > at(&seen, "ONE").top + 5.0, "{:?}", seen.words);
}

#[test]
fn terms_that_float_stand_beside_their_descriptions() {
    let css = "dt { float: left; clear: left; width: 100px } dd { margin-left: 120px }";
    let markdown = "<dl><dt>Name</dt><dd>Anna Example</dd><dt>Born</dt><dd>1990 in Lyon</dd></dl>\n";
    let seen = seen(&job(markdown, css));
    for (term, text) in [("Name", "Anna"), ("Born", "1990")] {
        assert!(close(at(&seen, term).top, at(&seen, text).top, 0.5), "{term}");
        assert!(close(at(&seen, text).left, LEFT + 90.0, 0.5), "{:?}", at(&seen, text));
    }
    assert!(at(&seen, "Born").top > at(&seen, "Name").bottom - 2.0);
}
