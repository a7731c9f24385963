//! Text and HTML in the spellings that people use.

use super::seen::{job, seen};

#[test]
fn block_elements_begin_lines() {
    let markdown = "<div>Narrow</div><div>Wide</div>\n\n<section><p>First</p><p>Second</p></section>\n\n<div>text<p>para</p>tail</div>\n\n<div><div>A1</div><div>B1</div></div>\n\n<address>Addr<br>Street</address><footer>Foot</footer><header>Head</header><main>Main</main>\n";
    let seen = seen(&job(markdown, ""));
    let order = [
        "Narrow", "Wide", "First", "Second", "text", "para", "tail", "A1", "B1", "Addr", "Street", "Foot", "Head",
        "Main",
    ];
    for pair in order.windows(2) {
        let (one, other) = (seen.word(pair[0]), seen.word(pair[1]));
        assert_eq!((one.text.as_str(), other.text.as_str()), (pair[0], pair[1]));
        assert!(other.area.top > one.area.top + 8.0, "{pair:?}");
    }
}

#[test]
fn an_open_tag_ends_with_its_block() {
    let bold = seen(&job("- one\n- two <b>bold\n- three\n\nAfter the list.\n", ""));
    let width = |seen: &super::seen::Seen, word: &str| seen.word(word).area.width();
    let plain = seen(&job("three After\n", ""));
    assert!((width(&bold, "three") - width(&plain, "three")).abs() < 0.1);
    assert!((width(&bold, "After") - width(&plain, "After")).abs() < 0.1);
}

#[test]
fn emphasis_beside_chinese_and_japanese_is_read() {
    for markdown in [
        "\u{91cc}\u{9762}\u{6709}**\u{91cd}\u{70b9}\u{3002}**\u{540e}",
        "**\u{6ce8}\u{610f}\u{ff1a}**\u{6b63}\u{6587}",
        "\u{662f}**\"quoted\"**\u{6587}",
    ] {
        let html = ruche_render::markdown::to_html(markdown);
        assert!(html.contains("<strong") && !html.contains("**"), "{html}");
    }
}

#[test]
fn emoji_with_a_selector_are_in_colour() {
    let font = |markdown: &str, letter: &str| {
        let seen = seen(&job(markdown, ""));
        let found = seen.fonts.iter().find(|(_, text)| text.contains(letter));
        found.unwrap_or_else(|| panic!("{letter}: {:?}", seen.fonts)).0.clone()
    };
    for emoji in ["\u{26a0}\u{fe0f}", "\u{2764}\u{fe0f}", "\u{2714}\u{fe0f}", "1\u{fe0f}\u{20e3}", "\u{1f600}"] {
        let first = emoji.chars().next().expect("a character").to_string();
        assert!(font(&format!("a {emoji} b"), &first).contains("Twemoji"), "{emoji}");
        assert!(font(&format!("| a |\n|---|\n| **{emoji}** |\n"), &first).contains("Twemoji"), "{emoji} in a cell");
    }
    assert!(!font("a \u{260e}\u{fe0e} b", "\u{260e}").contains("Twemoji"), "a letter");
    assert!(!font("a 1 b", "1").contains("Twemoji"));
    for letter in ["\u{2611}", "\u{2709}", "\u{260e}", "\u{2660}", "\u{2666}", "\u{2194}", "\u{2122}"] {
        assert!(!font(&format!("a {letter} b"), letter).contains("Twemoji"), "{letter} is text");
        assert!(!font(&format!("# a {letter} b"), letter).contains("Twemoji"), "{letter} is text in a heading");
    }
    for emoji in ["\u{2757}", "\u{2705}", "\u{231a}"] {
        assert!(font(&format!("a {emoji} b"), emoji).contains("Twemoji"), "{emoji} is in colour");
    }
}

#[test]
fn hebrew_and_arabic_have_faces_of_their_own() {
    let (hebrew, arabic) = ("\u{5e9}\u{5dc}\u{5d5}\u{5dd}", "\u{645}\u{631}\u{62d}\u{628}\u{627}");
    for css in ["", "p { font-family: sans-serif }"] {
        let seen = seen(&job(&format!("# {hebrew}\n\nand {hebrew}, **{arabic}**, {arabic}.\n"), css));
        for letter in hebrew.chars().chain(arabic.chars()) {
            let fonts = seen.fonts.iter().filter(|(_, text)| text.contains(letter)).map(|(font, _)| font);
            let fonts: Vec<_> = fonts.collect();
            assert!(!fonts.is_empty() && fonts.iter().all(|font| font.contains("Noto")), "{letter}: {fonts:?}");
        }
    }
}

#[test]
fn notes_that_are_lost_are_reported() {
    let seen = seen(&job(
        "Text[^a] and[^none].\n\n[^a]: First paragraph.\n\n    Second one.\n\n[^unused]: Never called.\n",
        "",
    ));
    let warnings = seen.warnings();
    assert!(warnings.contains("markdown:1: [^none] refers to no note"), "{warnings}");
    assert!(warnings.contains("markdown:7: nothing refers to the note [^unused]"), "{warnings}");
    assert!(seen.text().contains("First paragraph. Second one."), "{}", seen.text());
    let numbers = seen.words.iter().filter(|word| word.text.starts_with("1First")).count();
    assert_eq!(numbers, 1, "the note begins beside its number: {}", seen.text());
}

#[test]
fn formulas_in_brackets_are_typeset() {
    let seen = seen(&job("Inline \\(a+b\\), and\n\n\\[ \\int_0^1 x^2\\,dx = \\frac13 \\]\n\nA \\(very\\_long\n", ""));
    let text = seen.text();
    assert!(!text.contains("int") && !text.contains("frac") && text.contains('\u{222b}'), "{text}");
    assert!(text.contains("(very_long"), "{text}");
}

#[test]
fn a_formula_that_is_too_wide_is_scaled_down() {
    let terms: String = (1..60).map(|i| format!("a_{{{i}}} + ")).collect();
    let seen = seen(&job(&format!("$$ {terms} a_{{60}} = S $$\n"), ""));
    seen.assert_on_paper();
    assert!(seen.text().contains('\u{1d446}') || seen.text().contains('S'), "{}", seen.text());
}

#[test]
fn alerts_are_read_in_githubs_and_obsidians_spelling() {
    let seen = seen(&job(">[!NOTE]\n>close\n\n> [!tip]+\n> lower case\n\n> [!WARNING]\n> usual\n", ""));
    let text = seen.text();
    assert!(text.contains("Note close") && text.contains("Tip lower case") && text.contains("Warning usual"), "{text}");
    assert_eq!((seen.color("Note"), seen.color("Tip")), ([9, 105, 218], [26, 127, 55]));
}

#[test]
fn a_heading_and_an_alerts_title_are_not_alone_at_a_pages_foot() {
    for lines in 30..44 {
        let before: String = (0..lines).map(|i| format!("Line {i}\n\n")).collect();
        let after = format!("{before}## Heading\n\n> [!NOTE]\n> r0 {}\n", "word ".repeat(200));
        let seen = seen(&job(&after, ""));
        let page = |word: &str| seen.word(word).area.page;
        assert_eq!((page("Heading"), page("Note")), (page("r0"), page("r0")), "{lines} lines");
    }
}

#[test]
fn pandocs_inline_notes_and_front_matter_are_read() {
    let markdown =
        "---\ngeometry: margin=2cm\npapersize: a5\n---\n\nText^[an inline note] here.\n\n\\pagebreak\n\nSecond.\n";
    let seen = seen(&job(markdown, ""));
    assert!((seen.pages[0].right - 419.5).abs() < 1.0 && seen.pages.len() == 2);
    assert!((seen.word("Text").area.left - 56.7).abs() < 0.5);
    assert!(seen.text().contains("an inline note") && !seen.text().contains("^["));
}

#[test]
fn numbers_of_lists_have_the_markers_style_and_items_their_own() {
    let css = "ol li::marker { color: #c00; font-weight: bold } ol { color: #00c }";
    let seen = seen(&job("1. One\n2. Two\n\n- Bullet\n", css));
    assert_eq!((seen.color("1."), seen.color("Two"), seen.color("Bullet")), ([204, 0, 0], [0, 0, 204], [0, 0, 0]));
    let bold = seen.fonts.iter().any(|(font, text)| font.contains("Bold") && text.contains("2."));
    assert!(bold && !seen.fonts.iter().any(|(font, text)| font.contains("Bold") && text.contains("Two")));
}

#[test]
fn older_fonts_have_their_colour_size_and_face() {
    let seen = seen(&job(
        "A <font color=\"#c00\" size=\"+2\" face=\"Courier New, monospace\">Loud</font> <font face=\"monospace\" size=1>Quie</font>\n",
        "",
    ));
    assert_eq!(seen.color("Loud"), [204, 0, 0]);
    assert!(seen.word("Loud").area.width() > 1.8 * seen.word("Quie").area.width());
    assert!(seen.fonts.iter().any(|(font, text)| font.contains("Mono") && text.contains("Loud")), "{:?}", seen.fonts);
}

#[test]
fn scripts_and_notes_of_other_tools_are_read() {
    let seen = seen(&job("H~2~O and x^2^ z\n\n!!! warning \"Hot\"\n    Do not *touch*.\n\nAfter\n", ""));
    assert!(seen.text().starts_with("H2O and x2 z"), "{}", seen.text());
    assert_eq!(seen.color("Hot"), [154, 103, 0]);
    assert!(seen.text().contains("Do not touch. After") && seen.warnings().is_empty(), "{}", seen.text());
}

#[test]
fn a_link_to_any_id_makes_a_document() {
    let html = "<dl><dt id=a1>Term</dt><dd id=a2>Description</dd></dl>\n\n<figure><p>x</p><figcaption id=a3>Caption</figcaption></figure>\n\n\
                <table><caption id=a4>Table</caption><thead id=a5><tr id=a6><th id=a7>H</th></tr></thead><tbody id=a8><tr id=a9><td \
                id=b1>c</td></tr></tbody></table>\n\n<svg width=9 height=9><rect id=b2 width=9 height=9 /></svg>\n\n\
                <h2 class=f id=b3>Flex <span>date</span></h2>\n\n<p class=f id=b4>p</p>\n\n<ul class=f id=b5><li id=b6>i</li></ul>\n";
    let links: String = ["a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "b1", "b2", "b3", "b4", "b5", "b6"]
        .iter()
        .map(|id| format!("[to {id}](#{id}) "))
        .collect();
    let seen = seen(&job(&format!("{links}\n\n{html}"), ".f { display: flex }"));
    for word in ["Term", "Description", "Caption", "Table", "Flex", "date", "b6"] {
        assert!(seen.text().contains(word), "{word}: {}", seen.text());
    }
    let without = seen.output.warnings.iter().filter(|warning| warning.message.contains("no place of its own"));
    assert!(without.count() <= 3, "{:?}", seen.output.warnings);
}

#[test]
fn what_is_hidden_is_not_shown() {
    let css = ".h { display: none }";
    let markdown = "<ul><li>one<li class=h>secret<li hidden>secret<li>two</ul>\n\n\
                    <table><caption class=h>secret</caption><tr><th>A</th><th class=h>secret</th></tr><tr class=h><td>secret</td></tr>\
                    <tr><td>shown</td><td class=h>secret</td></tr></table>\n\n\
                    <dl><dt>t</dt><dd class=h>secret</dd><dt class=h>secret</dt></dl>\n\n\
                    <figure><p>x</p><figcaption class=h>secret</figcaption></figure>\n";
    let text = seen(&job(markdown, css)).text();
    assert!(!text.contains("secret") && text.contains("shown") && text.contains("two"), "{text}");
}

#[test]
fn footnotes_are_kept_in_links_and_blocks() {
    let notes = "\n\n[^1]: First note.\n\n[^2]: Second note.\n";
    for css in ["", "* { display: block }", "sup { display: inline-grid }", ".footnote-ref { display: flex }"] {
        let text = seen(&job(&format!("A[^1] and [link[^2]](https://a.example).{notes}"), css)).text();
        assert!(text.contains("First note") && text.contains("Second note"), "{css}: {text}");
    }
}

#[test]
fn headings_in_boxes_of_their_own_are_in_the_contents() {
    for css in ["h2 { display: flex }", "h2 { display: inline-block }", "h2 { float: left }"] {
        let seen = seen(&job("[TOC]\n\n# Top\n\n## Second <span>2026</span>\n\ntext\n", css));
        assert_eq!(seen.text().matches("Second").count(), 2, "{css}: {}", seen.text());
        let outline = super::seen::run(&seen.output.bytes, "mutool", &["show"], Some("outline"));
        assert!(outline.contains("Second"), "{css}: {outline}");
    }
}

#[test]
fn a_sign_of_any_font_is_shown() {
    let text = seen(&job("\u{2610} Milk \u{2611} Bread \u{2612} Eggs\n", "")).text();
    assert!(text.contains("\u{2610} Milk") && text.contains("\u{2612} Eggs"), "{text}");
}
