//! Markdown as people and chatbots write it: formulas, containers, anchors, deep nesting, headings at a page's foot.

use super::seen::{Seen, job, seen};

/// The right edge of the text on A4 with margins of 22 mm.
const RIGHT: f64 = 595.28 - 62.36;

/// The left edge of the text.
const LEFT: f64 = 62.36;

fn sum(terms: usize) -> String {
    (1..=terms).map(|i| format!("a_{{{i}}}+")).collect::<String>() + "z"
}

#[test]
fn a_long_formula_is_divided_before_its_operators() {
    let seen = seen(&job(&format!("Word\n\n$$y = {}$$\n\nEnd\n", sum(120)), ""));
    seen.assert_on_paper();
    assert!(seen.words.iter().all(|word| word.area.right < RIGHT + 1.0), "{:?}", seen.words);
    let lines = seen.word("End").area.top - seen.word("Word").area.bottom;
    assert!(lines > 55.0, "{lines}");
    // Subscripts are smaller than the text, but can be read.
    let size = seen.word("120").area.height() / seen.word("Word").area.height();
    assert!(size > 0.5, "{size}");
    assert_eq!(seen.warnings(), "");
}

#[test]
fn a_formula_that_is_scaled_down_is_reported() {
    let a_bit = seen(&job(&format!("Word\n\n$${}$$\n", sum(22)), ""));
    assert!(a_bit.warnings().contains("markdown:3: the formula is wider than its line"), "{}", a_bit.warnings());
    assert!(a_bit.words.iter().all(|word| word.area.right < RIGHT + 1.0));
    let fraction = seen(&job(&format!("---\ntitle: T\n---\n\n$$\\frac{{{}}}{{2}}$$\n", sum(40)), ""));
    assert!(fraction.warnings().contains("markdown:5: the formula is wider than its line"), "{}", fraction.warnings());
    assert!(fraction.words.iter().all(|word| word.area.right < RIGHT + 1.0));
    assert_eq!(seen(&job("$$a = b$$\n", "")).warnings(), "");
}

#[test]
fn a_named_anchor_is_a_target() {
    let markdown = "<a name=\"here\"></a>\n\n### Target\n\n[go](#here) [go](#b2) [go](#d4)\n\nText <a name=\"b2\"></a> inline\n\n## <a name=\"d4\"></a>Heading\n";
    let seen = seen(&job(markdown, ""));
    assert_eq!(seen.warnings(), "");
}

#[test]
fn deep_quotes_keep_their_blocks_apart() {
    let mut markdown = String::new();
    for depth in 1..=16 {
        markdown.push_str(&format!("{} word{depth}\n", ">".repeat(depth)));
    }
    let deepest = ">".repeat(16);
    markdown.push_str(&format!("{deepest}\n{deepest} - item one\n{deepest} - item two\n{deepest}\n{deepest} ```\n{deepest} code here\n{deepest} ```\n{deepest} | t | u |\n{deepest} |---|---|\n{deepest} | v | w |\n"));
    let seen = seen(&job(&markdown, ""));
    for depth in 1..16 {
        let (one, other) = (seen.word(&format!("word{depth}")), seen.word(&format!("word{}", depth + 1)));
        assert!(other.area.top > one.area.top + 5.0, "{one:?} {other:?}");
    }
    let text = seen.text();
    for words in ["\u{2022} item one", "\u{2022} item two", "code here", "v w"] {
        assert!(text.contains(words), "{words} in {text}");
    }
    assert!(seen.word("two").area.top > seen.word("one").area.top + 5.0);
    assert!(seen.warnings().starts_with("markdown:8: this is level 8 of nested quotes"), "{}", seen.warnings());
    assert_eq!(seen.output.warnings.len(), 1, "{}", seen.warnings());
}

#[test]
fn no_style_sheet_makes_deep_lists_fail() {
    let list: String = (0..20).map(|depth| format!("{}- item{depth}\n", "  ".repeat(depth))).collect();
    let mixed: String = (0..20).map(|depth| format!("{}1. > item{depth}\n", "   > ".repeat(depth))).collect();
    for css in [
        "",
        "li { border-bottom: 1px solid }",
        "li { border: 1px solid; padding: 2px; break-inside: avoid }",
        "ul { border: 1px solid; padding: 2px } li { background: #eee } li::before { content: 'x' }",
        "ul, ol, li, blockquote { border: 1px solid; min-height: 3px }",
        "* { border: 1px solid; padding: 1px; break-inside: avoid }",
    ] {
        for markdown in [&list, &mixed] {
            let seen = seen(&job(markdown, css));
            let letters = seen.letters();
            for depth in 0..20 {
                assert!(letters.contains(&format!("item{depth}")), "{css}: item{depth} in {letters}");
            }
            assert!(seen.warnings().contains("nested"), "{css}: {}", seen.warnings());
        }
    }
}

#[test]
fn a_word_of_any_length_is_shown() {
    for letters in [20_001, 60_000, 200_000] {
        let word: String = (0..letters).map(|i| char::from(b'a' + (i % 26) as u8)).collect();
        let seen = seen(&job(&format!("Before {word} after.\n"), ""));
        assert!(seen.letters().contains(&format!("Before{word}after.")), "{letters}");
        assert!(seen.words.iter().all(|word| word.area.right < RIGHT + 1.0));
    }
}

/// Whether what is kept with the next is on its page, wherever on the page it is.
fn assert_kept(before: &str, after: &str, css: &str) {
    for lines in 24..52 {
        let markdown = format!("{}{before}\n\n{after}\n", "Line\n\n".repeat(lines));
        let seen = seen(&job(&markdown, css));
        let page = |word: &str| seen.word(word).area.page;
        assert_eq!(page("Kept"), page("Following"), "{lines} lines, {css}: {before} {after}");
    }
}

#[test]
fn a_heading_in_a_box_is_on_the_page_of_what_follows() {
    for css in [
        "h2 { border-bottom: 1px solid; padding-bottom: .3em }",
        "h2 { background: #eee; margin-left: 1em }",
        "h2 { width: 50% }",
        "h2 { display: flex }",
    ] {
        assert_kept("## Kept", "Following paragraph", css);
    }
}

#[test]
fn a_heading_before_a_rule_or_details_is_on_the_page_of_the_text() {
    assert_kept("## Kept", "---\n\nFollowing", "");
    assert_kept("## Kept", "<details><summary>Summary</summary>\n\nFollowing\n\n</details>", "");
    assert_kept("<details><summary>Kept</summary>", "Following\n\n</details>", "");
}

#[test]
fn a_boxed_heading_is_in_the_table_of_contents() {
    let css = "h2 { border-bottom: 1px solid; padding-bottom: .3em }";
    let seen = seen(&job("[TOC]\n\n## Boxed heading\n\nText\n", css));
    assert_eq!(seen.text().matches("Boxed").count(), 2, "{}", seen.text());
}

#[test]
fn alerts_from_right_to_left_have_bar_and_title_on_the_right() {
    let text = "\u{645}\u{644}\u{627}\u{62d}\u{638}\u{629} \u{639}\u{631}\u{628}\u{64a}\u{629}";
    for markdown in [
        format!("> [!NOTE]\n> {text}\n"),
        format!("---\nlang: ar\n---\n\n> [!NOTE]\n> {text}\n"),
        format!("<div dir=\"rtl\">\n\n> [!NOTE]\n> {text}\n\n</div>\n"),
    ] {
        let seen = seen(&job(&markdown, ""));
        let bar = seen.drawn([9, 105, 218])[0];
        assert!(bar.left > RIGHT - 10.0, "{markdown}: {bar:?}");
        assert!(seen.word("Note").area.right > RIGHT - 30.0, "{markdown}: {:?}", seen.word("Note"));
    }
    let seen = seen(&job("> [!NOTE]\n> English\n", ""));
    assert!(seen.word("Note").area.left < LEFT + 30.0);
}

fn warnings(markdown: &str, css: &str) -> String {
    Seen::warnings(&seen(&job(markdown, css)))
}

#[test]
fn warnings_have_the_lines_of_the_document() {
    let front = "---\ntitle: x\ncss: |\n  p { color: red }\n  p { colr: red }\n---\n\n";
    let markdown = format!(
        "{front}<div style=\"flot: left\">a</div>\n\ntext \u{1fadf}\n\n<div>\n<br>\n<video src=\"x\"></video>\n</div>\n\n<hr/>\n<input>\n"
    );
    let found = warnings(&markdown, "");
    for part in [
        "front matter:5: there is no property `colr`",
        "markdown:8: there is no property `flot`",
        "markdown:10: no font has",
        "markdown:14: <video>",
        "markdown:18: <input>",
    ] {
        assert!(found.contains(part), "{part} in {found}");
    }
}

#[test]
fn messages_name_no_library() {
    let found = warnings("```mermaid\ngitGraph\n  commit\n```\n", "");
    assert!(!found.contains("feature"), "{found}");
}

#[test]
fn containers_look_like_alerts() {
    let seen = seen(&job(":::note[Docusaurus]\nText here\n:::\n\n::: danger STOP\nText there\n:::\n", ""));
    assert_eq!(seen.color("Docusaurus"), [9, 105, 218]);
    assert_eq!(seen.color("STOP"), [209, 36, 47]);
}

#[test]
fn words_in_angle_brackets_and_prices_are_shown() {
    let seen = seen(&job("A List<Integer>, press <Enter>; it costs $10 and `$PATH` is set.\n", ""));
    let text = seen.text();
    assert!(text.contains("List<Integer>, press <Enter>; it costs $10 and $PATH is set."), "{text}");
    assert_eq!(seen.warnings(), "");
}
