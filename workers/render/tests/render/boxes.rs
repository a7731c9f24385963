//! CSS as people write it: line boxes, grounds, borders, margins and widths where browsers put them.

use super::seen::{Area, Seen, file, job, png, seen};

pub const LEFT: f64 = 62.36;
pub const WIDTH: f64 = 595.28 - 2.0 * LEFT;

pub fn close(one: f64, other: f64, by: f64) -> bool {
    (one - other).abs() <= by
}

pub fn at(seen: &Seen, word: &str) -> Area {
    seen.word(word).area
}

/// Each ground of this colour holds the word.
fn holds(seen: &Seen, color: [u8; 3], word: &str) -> bool {
    seen.grounds(color).iter().any(|ground| ground.holds(&at(seen, word)))
}

#[test]
fn without_margins_and_padding_nothing_overlaps() {
    let markdown = "# Heading gypq\n\nFirst gypq Älj.\n\n> Quote gypq\n\n```\ncode gypq\nmore gypq\n```\n\n- one gypq\n- two gypq\n\n1. three\n\n| a gypq | b |\n|---|---|\n| c | d |\n\n<div class=box>Box gypq</div>\n\nLast `mono gypq` word.\n";
    let seen = seen(&job(markdown, "* { margin: 0; padding: 0; box-sizing: border-box } .box { background: #eee }"));
    for (i, one) in seen.words.iter().enumerate() {
        for other in &seen.words[i + 1..] {
            // Ascent and descent of pdftotext are the font's, a little more than the letters'.
            let apart = one.area.right < other.area.left + 0.5
                || other.area.right < one.area.left + 0.5
                || one.area.bottom < other.area.top + 2.5
                || other.area.bottom < one.area.top + 2.5;
            assert!(apart, "{one:?} overlaps {other:?}");
        }
    }
    assert!(holds(&seen, [238, 238, 238], "Box"), "{:?}", seen.shapes);
}

#[test]
fn lines_are_as_high_as_line_height_says() {
    let text = "word ".repeat(120);
    for (css, height) in [
        ("p { line-height: 2 }", 20.0),
        ("p { line-height: 15pt; margin: 0 }", 15.0),
        ("body { line-height: 1.1 } p { font-size: 20pt }", 22.0),
    ] {
        let seen = seen(&job(&text, css));
        let mut tops: Vec<f64> = seen.words.iter().map(|word| word.area.top).collect();
        tops.dedup_by(|a, b| close(*a, *b, 0.1));
        assert!(tops.len() > 2 && tops.windows(2).all(|pair| close(pair[1] - pair[0], height, 0.1)), "{css}: {tops:?}");
    }
}

#[test]
fn margins_collapse_and_padding_keeps_them_in() {
    let css = "p { margin: 10pt 0 30pt; line-height: 20pt } .a { margin-bottom: 50pt } .b { padding: 5pt 0; background: #abc }";
    let markdown = "One\n\nTwo\n\n<div class=a>\n\nThree\n\n</div>\n\nFour\n\n<div class=b>\n\nFive\n\n</div>\n\nSix\n";
    let seen = seen(&job(markdown, css));
    let gap = |one: &str, other: &str| at(&seen, other).top - at(&seen, one).top - 20.0;
    assert!(close(gap("One", "Two"), 30.0, 0.2), "the larger margin: {}", gap("One", "Two"));
    assert!(close(gap("Three", "Four"), 50.0, 0.2), "of a child and its parent: {}", gap("Three", "Four"));
    assert!(close(gap("Four", "Five"), 30.0 + 5.0 + 10.0, 0.2), "{}", gap("Four", "Five"));
    assert!(close(gap("Five", "Six"), 30.0 + 5.0 + 10.0, 0.2), "{}", gap("Five", "Six"));
    let ground = seen.grounds([170, 187, 204])[0];
    assert!(close(ground.height(), 5.0 + 10.0 + 20.0 + 30.0 + 5.0, 0.3), "{ground:?}");
}

#[test]
fn grounds_and_borders_hold_ascent_and_descent() {
    let css = "h1 { background: #f00; padding: 4pt 8pt } .box { border: 2pt solid #00f } code { background: #ffd; padding: 2px 6px; border: 1px solid #cc0; color: #b00 } p { background: #fee }";
    let seen = seen(&job("# Title gypq\n\nText `inline gypq` here.\n\n<div class=box>Boxed gypq</div>\n", css));
    assert!(holds(&seen, [255, 0, 0], "Title"));
    assert!(holds(&seen, [255, 255, 221], "inline") && holds(&seen, [255, 238, 238], "here."));
    let borders = seen.drawn([0, 0, 255]);
    let bottom = borders.iter().map(|area| area.bottom).fold(0.0, f64::max);
    assert!(bottom > at(&seen, "Boxed").bottom - 0.5, "{borders:?}");
    assert_eq!(seen.color("inline"), [187, 0, 0]);
    let title = at(&seen, "Title");
    assert!(close(title.left, LEFT + 8.0, 0.5), "{title:?}");
}

#[test]
fn links_and_generated_text_follow_css() {
    let css =
        "a { color: #e76f51; text-decoration: none } .note::before { content: 'Note: ' } .note::after { content: '.' }";
    let seen = seen(&job("A [link](https://example.org).\n\nText {.note}\n", css));
    assert_eq!(seen.color("link"), [231, 111, 81]);
    assert!(seen.text().contains("Note: Text."), "{}", seen.text());
}

#[test]
fn code_blocks_have_the_ground_and_colour_that_css_says_and_no_other() {
    let css = "pre { background: #282c34; color: #abb2bf; padding: 1em; border-radius: 6px }";
    let seen = seen(&job("```js\nconst a = 'text'; // c\n```\n", css));
    let ground = seen.grounds([40, 44, 52]);
    assert!(ground.len() == 1 && ground[0].holds(&at(&seen, "const")), "{:?}", seen.shapes);
    assert!(seen.grounds([246, 246, 246]).is_empty(), "the usual ground is gone");
    assert_eq!(seen.color("const"), [171, 178, 191]);
    assert!(close(ground[0].width(), WIDTH, 0.5));
}

#[test]
fn a_quote_has_one_bar() {
    let css = "blockquote { border-left: 4px solid #2a6f97; background: #f2f7fa; padding: .5em 1em; margin: 1em 0 }";
    let seen = seen(&job("> A quote\n", css));
    assert_eq!(seen.drawn([42, 111, 151]).len(), 1);
    assert!(seen.drawn([200, 200, 200]).is_empty(), "{:?}", seen.shapes);
    assert!(holds(&seen, [242, 247, 250], "quote"));
    assert!(close(at(&seen, "A").left, LEFT + 3.0 + 10.0, 0.5), "border and padding take space");
}

#[test]
fn rules_across_follow_css() {
    let dashed = seen(&job("A\n\n---\n\nB\n", "hr { border: none; border-top: 2px dashed #e00 }"));
    assert!(!dashed.drawn([238, 0, 0]).is_empty(), "{:?}", dashed.shapes);
    let filled =
        seen(&job("A\n\n---\n\nB\n", "hr { border: 0; height: 4px; background: #00f; width: 50%; margin: 20px auto }"));
    let ground = filled.grounds([0, 0, 255])[0];
    assert!(close(ground.height(), 3.0, 0.1) && close(ground.width(), WIDTH / 2.0, 0.5), "{ground:?}");
    assert!(close(ground.left, LEFT + WIDTH / 4.0, 0.5));
    let plain = seen(&job("A\n\n---\n\nB\n", ""));
    assert!(!plain.drawn([180, 180, 180]).is_empty(), "{:?}", plain.shapes);
}

#[test]
fn lists_follow_css() {
    let css = "ul { list-style-type: '> '; margin-left: 50px; padding: 0 } li { margin: 20px 0; color: #008000 } ul li::marker { color: #f00 }";
    let seen = seen(&job("- one\n- two\n\nEnd\n", css));
    assert_eq!((seen.color("one"), seen.color(">")), ([0, 128, 0], [255, 0, 0]));
    let (one, two) = (at(&seen, "one"), at(&seen, "two"));
    assert!(close(two.top - one.top, 15.0 + 13.8, 0.5), "{}", two.top - one.top);
    assert!(close(one.left, LEFT + 37.5, 4.0), "{one:?}");
}

#[test]
fn pictures_have_borders_and_stand_in_the_middle() {
    let css = "img { width: 50%; border: 2px solid #f00; border-radius: 10px; display: block; margin-left: auto; margin-right: auto }";
    let mut job = job("![c](c.png)\n", css);
    job.files = vec![file("c.png", png(200, 100))];
    let seen = seen(&job);
    let picture = seen.pictures[0];
    assert!(close(picture.width(), WIDTH / 2.0, 4.0), "{picture:?}");
    assert!(close(picture.left + picture.right, 595.28, 1.0), "{picture:?}");
    assert!(!seen.drawn([255, 0, 0]).is_empty());
}

#[test]
fn tables_follow_css() {
    let markdown = "| Item | Price |\n|---|---|\n| one | 1 |\n| two | 2 |\n| three | 3 |\n";
    let css = "table { width: 100%; border-collapse: collapse } th { background-color: #2a6f97; color: #fff; text-align: left; padding: 6px 10px } td { border-bottom: 1px solid #ddd; padding: 6px 10px; width: 30% } tr:nth-child(even) { background-color: #f2f7fa } td:last-child, th:last-child { text-align: right }";
    let zebra = seen(&job(markdown, css));
    assert!(holds(&zebra, [42, 111, 151], "Item") && holds(&zebra, [242, 247, 250], "two"));
    assert!(!holds(&zebra, [242, 247, 250], "one"));
    assert_eq!(zebra.color("Item"), [255, 255, 255]);
    assert!(close(at(&zebra, "Price").right, LEFT + WIDTH - 7.5, 0.5));
    assert!(zebra.drawn([200, 200, 200]).is_empty(), "no line but those of CSS: {:?}", zebra.shapes);
    let css = "table { width: 50%; margin: 0 auto } td { text-align: center; vertical-align: middle; height: 40px }";
    let tall = seen(&job(markdown, css));
    assert!(close(at(&tall, "two").top - at(&tall, "one").top, 34.0, 1.0));
    assert!(at(&tall, "Item").left > LEFT + WIDTH / 4.0 && at(&tall, "Price").right < LEFT + WIDTH * 0.75);
    let css = "table { border: 2px solid #000 } th, td { border: none } thead { background: #eee }";
    let framed = seen(&job(markdown, css));
    assert!(holds(&framed, [238, 238, 238], "Item") && framed.drawn([200, 200, 200]).is_empty());
    let frame = framed.drawn([0, 0, 0]);
    assert!(frame.iter().any(|line| line.height() > 40.0) && frame.iter().any(|line| line.width() > 40.0), "{frame:?}");
}

#[test]
fn cells_with_separate_borders_have_space_between_them() {
    let markdown = "| Item | Price |\n|---|---|\n| one | 1 |\n| two | 2 |\n";
    let css = |table: &str| format!("table {{ width: 100%; background: #fed; {table} }} td, th {{ background: #eef }}");
    let apart = seen(&job(markdown, &css("border-spacing: 12px 24px; border: 2px solid #123")));
    let together = seen(&job(markdown, &css("border-spacing: 12px; border-collapse: collapse")));
    let left = |seen: &Seen, word: &str| at(seen, word).left;
    let top = |seen: &Seen, word: &str| at(seen, word).top;
    assert!(close(left(&apart, "Item") - left(&together, "Item"), 9.0 + 1.5, 0.1), "space and border");
    let rows = |seen: &Seen| top(seen, "two") - top(seen, "one");
    assert!(close(rows(&apart) - rows(&together), 18.0, 0.1));
    let cells = apart.grounds([238, 238, 255]);
    assert_eq!(cells.len(), 6, "{cells:?}");
    assert!(close(cells[3].left - cells[0].right, 9.0, 0.1), "{cells:?}");
    let table = apart.grounds([255, 238, 221]);
    assert!(
        table.iter().any(|ground| close(ground.width(), WIDTH - 1.5, 0.1)),
        "to the middle of the border: {table:?}"
    );
    assert!(apart.words.iter().all(|word| word.area.right < LEFT + WIDTH - 9.0));
    let browser = seen(&job(markdown, &css("border-collapse: separate")));
    assert!(close(left(&browser, "Item") - left(&together, "Item"), 1.5, 0.1));
    let narrow = seen(&job("| a | b | c |\n|---|---|---|\n| one | two | three |\n", "table { border-spacing: 9cm }"));
    assert_eq!(narrow.words.len(), 6, "half of the width is left to the cells");
}

#[test]
fn the_body_is_a_box_on_the_page() {
    let seen = seen(&job(
        "Words and more words of a text that is longer than its column is wide\n",
        "body { max-width: 300px; margin: 0 auto } @page { background: #fdf6e3 }",
    ));
    assert!(close(at(&seen, "Words").left, 595.28 / 2.0 - 112.5, 1.0));
    assert!(seen.words.iter().all(|word| word.area.right < 595.28 / 2.0 + 113.5));
    assert!(seen.grounds([253, 246, 227]).iter().any(|ground| ground.width() > 595.0 && ground.height() > 841.0));
}

#[test]
fn widths_and_automatic_margins_place_boxes() {
    let css = ".box { max-width: 50%; background: #eee; padding: 4mm } .half { width: 60mm; margin-left: auto; border: 1px solid #f00; padding: 2mm }";
    let seen = seen(&job(
        "<div class=box>In a box with words enough to fill more than one line of it</div>\n\n<div class=half>Right</div>\n",
        css,
    ));
    let ground = seen.grounds([238, 238, 238])[0];
    // Padding comes on top, as in browsers.
    assert!(close(ground.width(), WIDTH / 2.0 + 22.68, 1.0) && close(ground.left, LEFT, 0.5), "{ground:?}");
    let right = seen.drawn([255, 0, 0]).iter().map(|area| area.right).fold(0.0, f64::max);
    assert!(close(right, LEFT + WIDTH, 1.0), "{right}");
    assert!(at(&seen, "Right").left > LEFT + WIDTH - 183.0);
}

#[test]
fn columns_are_balanced() {
    let words: String = (0..200).map(|i| format!("w{i} ")).collect();
    let seen = seen(&job(
        &format!("<div class=two>\n\n{words}\n\n</div>\n\nAfter\n"),
        ".two { columns: 2; column-gap: 20pt }",
    ));
    let middle = LEFT + WIDTH / 2.0;
    let bottom = |left: bool| {
        let side = seen.words.iter().filter(|word| word.text.starts_with('w') && (word.area.left < middle) == left);
        side.map(|word| word.area.bottom).fold(0.0, f64::max)
    };
    assert!(bottom(false) > 0.0 && close(bottom(true), bottom(false), 16.0), "{} {}", bottom(true), bottom(false));
    assert!(at(&seen, "After").top > bottom(true));
}

#[test]
fn blocks_among_words_stand_side_by_side() {
    let css = "div { display: inline-block; width: 45% } ol { display: inline-block }";
    let seen = seen(&job("<div>Left<br>below</div> <div>Right</div>\n\n1. first\n2. second\n", css));
    assert!(close(at(&seen, "Right").left, LEFT + WIDTH * 0.45, 6.0), "{:?}", at(&seen, "Right"));
    assert!(at(&seen, "below").top > at(&seen, "Left").top + 5.0);
    assert!(
        at(&seen, "second").top > at(&seen, "first").top + 5.0 && seen.warnings().is_empty(),
        "{}",
        seen.warnings()
    );
}

#[test]
fn words_that_float_to_the_right_stand_at_the_end_of_their_line() {
    let css = ".when { float: right; color: #888 }";
    let markdown = "### Engineer <span class=when>Since-2016</span>\n\n<p><span class=when>Price</span>Honey</p>\n";
    let seen = seen(&job(markdown, css));
    for (left, right) in [("Engineer", "Since"), ("Honey", "Price")] {
        assert!(close(at(&seen, left).left, LEFT, 0.5) && close(at(&seen, right).right, LEFT + WIDTH, 1.0), "{left}");
        assert!(close(at(&seen, left).bottom, at(&seen, right).bottom, 2.0), "{left}");
    }
}

#[test]
fn text_of_lists_begins_where_their_padding_ends() {
    let seen = seen(&job("- Bullet\n\n---\n\n1. Number\n", "ul, ol { padding-left: 3em; margin: 0 }"));
    for word in ["Bullet", "Number"] {
        assert!(close(at(&seen, word).left, LEFT + 30.0, 1.5), "{word}: {:?}", at(&seen, word));
    }
}

#[test]
fn a_long_box_in_a_line_breaks_over_pages() {
    let words: String = (0..1500).map(|n| format!("w{n} ")).collect();
    let markdown = format!("Before <span class=c>{words}</span> after\n");
    let seen = seen(&job(&markdown, ".c { display: inline-block; width: 45% }"));
    let shown = seen.words.iter().filter(|word| word.text.starts_with('w')).count();
    assert!(
        shown == 1500 && seen.words.iter().all(|word| word.area.bottom < seen.pages[word.area.page].bottom),
        "{shown}"
    );
}

#[test]
fn a_cover_of_the_height_of_a_page_centres_its_text() {
    for css in [
        ".c { min-height: 100vh; display: flex; align-items: center; break-after: page }",
        ".c { height: 100vh; display: flex; flex-direction: column; justify-content: center; break-after: page }",
    ] {
        let seen = seen(&job("<div class=c><p>Title</p></div>\n\nnext\n", css));
        let middle = (at(&seen, "Title").top + at(&seen, "Title").bottom) / 2.0;
        assert!(close(middle, seen.pages[0].bottom / 2.0, 12.0), "{css}: {middle}");
        assert_eq!((at(&seen, "next").page, seen.warnings()), (1, String::new()), "{css}");
    }
}
