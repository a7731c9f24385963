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

#[test]
fn greek_letters_and_leading_zeros_are_those_of_counters() {
    let list = |style: &str| {
        let css = format!("ol {{ list-style-type: {style} }}");
        words(&seen(&job("<ol start=5><li>e<li>f<li value=9>i<li>j<li>k<li value=24>x<li>y</ol>", &css))).join(" ")
    };
    assert_eq!(list("lower-greek"), "ε. e ζ. f ι. i κ. j λ. k ω. x αα. y");
    assert_eq!(list("decimal-leading-zero"), "05. e 06. f 09. i 10. j 11. k 24. x 25. y");
    let css = "@page { @bottom-left { content: counter(page, lower-greek) } @bottom-right { content: counter(pages, decimal-leading-zero) } }";
    let pages = seen(&job(&"a\n\n\\newpage\n\n".repeat(11), css));
    let last: Vec<&str> =
        pages.words.iter().filter(|word| word.area.page == 5).map(|word| word.text.as_str()).collect();
    assert_eq!(last, ["a", "ζ", "11"]);
}

#[test]
fn markers_have_the_content_that_css_generates() {
    let ordered = "<ol><li>a<li>b<ol><li>c</ol><li value=12>d</ol>";
    for (css, expected) in [
        ("li::marker { content: '(' counter(list-item) ') ' }", "(1) a (2) b (1) c (12) d"),
        ("li::marker { content: counters(list-item, '.') ' ' }", "1 a 2 b 2.1 c 12 d"),
        ("li::marker { content: counter(list-item, lower-greek) ') '; color: red }", "α) a β) b α) c μ) d"),
        ("li::marker { content: '→ ' }", "→ a → b → c → d"),
        ("ol ol li::marker { content: '- ' }", "1. a 2. b - c 12. d"),
    ] {
        assert_eq!(words(&seen(&job(ordered, css))).join(" "), expected, "{css}");
    }
    let html = "<ul><li data-n=x>a<li data-n=y>b</ul>";
    let shown = words(&seen(&job(html, "li::marker { content: attr(data-n) ':' }"))).join(" ");
    assert_eq!(shown, "x: a y: b");
    let seen = seen(&job("<ul><li>a<li class=n>b<li>c</ul>", ".n::marker { content: '→ ' }"));
    assert_eq!(words(&seen).join(" "), "• a → b • c");
}

#[test]
fn markers_of_one_list_end_at_one_place() {
    let seen = seen(&job("<ol><li>one<li value=100>two</ol>", "ol { list-style: decimal-leading-zero }"));
    assert!(close(at(&seen, "one").left, at(&seen, "two").left, 0.5), "{:?}", seen.words);
    assert!(close(at(&seen, "01.").right, at(&seen, "100.").right, 0.5), "{:?}", seen.words);
}

#[test]
fn a_task_has_its_box_only() {
    let seen = seen(&job("- [x] done\n- plain\n- [ ] open\n  - under\n", ""));
    assert_eq!(words(&seen).join(" "), "☑ done • plain ☐ open ‣ under");
    let line = at(&seen, "under").top - at(&seen, "open").top;
    assert!(close(at(&seen, "plain").top - at(&seen, "done").top, line, 0.5), "{:?}", seen.words);
}

#[test]
fn terms_of_one_description_have_lines_of_their_own() {
    let seen = seen(&job("<dl><dt>alpha</dt><dt>beta</dt><dd>text</dd></dl>", ""));
    assert!(at(&seen, "beta").top > at(&seen, "alpha").top + 8.0, "{:?}", seen.words);
    assert!(close(at(&seen, "beta").left, at(&seen, "alpha").left, 0.5), "{:?}", seen.words);
    assert_eq!(words(&seen).join(" "), "alpha beta text");
}

#[test]
fn captions_with_letters_words_and_points_have_their_own_number() {
    let table = |caption: &str| {
        let html = format!("<table><caption>{caption}</caption><tr><td>x</table>");
        words(&seen(&job(&html, ""))).join(" ").replace('\u{a0}', " ")
    };
    for caption in ["<b>Table A.1</b> – own", "Table: own", "3. Own", "Table IV. Own", "Table S2 own", "Tabelle B: own"]
    {
        let shown = caption.replace("<b>", "").replace("</b>", "");
        assert!(!table(caption).starts_with("Table 1:"), "{caption}: {}", table(caption));
        assert!(table(caption).starts_with(&shown), "{caption}: {}", table(caption));
    }
    for caption in ["3 apples", "Table of words", "Table a is long", "1.5 litres", "Image B2B"] {
        assert!(table(caption).starts_with("Table 1: "), "{caption}: {}", table(caption));
    }
}

#[test]
fn quotations_and_figures_without_caption_are_not_counted() {
    let picture = "<img src='data:image/svg+xml,<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"/>'>";
    let html = format!(
        "<figure><blockquote>Words</blockquote><figcaption>— Author</figcaption></figure>\n\n<figure>{picture}</figure>\n\n<figure>{picture}<figcaption>Last</figcaption></figure>"
    );
    let shown = words(&seen(&job(&html, ""))).join(" ").replace('\u{a0}', " ");
    assert_eq!(shown, "Words — Author Figure 1: Last");
}
