//! Boxes of words in a line, blocks in a line, and boxes that CSS generates.

use super::{
    boxes::{LEFT, WIDTH, at, close},
    seen::{Area, Seen, job, seen},
};

const BLUE: [u8; 3] = [0, 102, 204];

/// The only ground of this colour.
fn ground(seen: &Seen, color: [u8; 3]) -> Area {
    let grounds = seen.grounds(color);
    assert_eq!(grounds.len(), 1, "{grounds:?}");
    grounds[0]
}

#[test]
fn grounds_and_borders_of_words_cover_their_padding() {
    for tag in ["span", "a", "b", "mark", "code"] {
        let html = format!("<p>One <{tag} class=b>badge</{tag}> two</p>");
        for more in ["", "border-radius: 8px", "border: 2px solid #f00"] {
            let css = format!(".b {{ padding: 4px 20px; background: #06c; color: #fff; {more} }}");
            let seen = seen(&job(&html, &css));
            let (ground, word) = (ground(&seen, BLUE), at(&seen, "badge"));
            let border = if more.starts_with("border:") { 0.75 } else { 0.0 };
            assert!(close(word.left - ground.left, 15.0 + border, 0.5), "{tag} {more}: {ground:?} {word:?}");
            assert!(close(ground.right - word.right, 15.0 + border, 0.5), "{tag} {more}: {ground:?} {word:?}");
            assert!(ground.left > at(&seen, "One").right && ground.right < at(&seen, "two").left, "{tag} {more}");
            assert!(close(word.bottom, at(&seen, "two").bottom, 1.5), "{tag} {more}: on the line");
        }
    }
}

#[test]
fn the_usual_ground_of_marked_words_covers_their_padding() {
    let seen = seen(&job("<p>One <mark>marked</mark> two</p>", "mark { padding: 0 12px }"));
    let (ground, word) = (ground(&seen, [255, 253, 17]), at(&seen, "marked"));
    assert!(close(word.left - ground.left, 9.0, 0.5) && close(ground.right - word.right, 9.0, 0.5), "{ground:?}");
}

#[test]
fn a_line_to_sign_on_is_drawn() {
    let css = "span { border-bottom: 1px solid #f00; padding: 0 60px }";
    let seen = seen(&job("<p>Sign: <span></span> end</p>\n\n<p>Text <span>signed</span> after</p>", css));
    let lines = seen.drawn([255, 0, 0]);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(close(lines[0].width(), 90.0, 2.0) && lines[0].left > at(&seen, "Sign:").right, "{lines:?}");
    assert!(close(lines[1].width(), 90.0 + at(&seen, "signed").width(), 2.0), "{lines:?}");
    assert!(at(&seen, "end").left > lines[0].right);
}

#[test]
fn a_long_box_of_words_breaks_over_lines() {
    let words: String = (0..60).map(|n| format!("w{n} ")).collect();
    let html = format!("<p>Before <span class=b>{words}<b>end</b></span> after</p>");
    let seen = seen(&job(&html, ".b { padding: 2px 12px; background: #06c; border-radius: 4px }"));
    let (first, last) = (at(&seen, "w0"), at(&seen, "end"));
    assert!(last.top > first.top + 10.0, "{first:?} {last:?}");
    let grounds = seen.grounds(BLUE);
    let left = grounds.iter().filter(|ground| ground.top < first.bottom).map(|ground| ground.left);
    assert!(close(left.fold(f64::MAX, f64::min), first.left - 9.0, 0.5), "{grounds:?}");
    let right = grounds.iter().filter(|ground| ground.bottom > last.top + 2.0 && ground.top > first.bottom);
    let right = right.filter(|ground| ground.holds(&last) || ground.left >= last.right - 1.0);
    assert!(close(right.map(|ground| ground.right).fold(0.0, f64::max), last.right + 9.0, 0.5), "{grounds:?}");
    assert!(seen.words.iter().all(|word| word.area.right < LEFT + WIDTH + 0.5));
}

#[test]
fn a_box_within_a_word_stays_in_its_line() {
    let text = "word ".repeat(17);
    for count in 1..12 {
        let html = format!("<p>{text}{} un<mark>happy</mark>ly so</p>", "x".repeat(count));
        let seen = seen(&job(&html, "mark { padding: 0 4px; background: #fe6 }"));
        let (one, two, three) = (at(&seen, "un"), at(&seen, "happy"), at(&seen, "ly"));
        assert!(close(one.top, two.top, 1.0) && close(two.top, three.top, 1.0), "{one:?} {two:?} {three:?}");
    }
}

#[test]
fn blocks_in_a_line_are_as_wide_as_their_content() {
    let css = ".b { display: inline-block; background: #06c; padding: 4px 10px }";
    for html in [
        "<div class=b>one</div> <div class=b>two</div>\n<div class=b>three</div>",
        "<p class=b>one</p><p class=b>two</p><p class=b>three</p>",
        "<h3 class=b>one</h3><h3 class=b>two</h3><h3 class=b>three</h3>",
    ] {
        let seen = seen(&job(html, css));
        let grounds = seen.grounds(BLUE);
        assert_eq!(grounds.len(), 3, "{grounds:?}");
        for (ground, word) in grounds.iter().zip(["one", "two", "three"]) {
            let word = at(&seen, word);
            assert!(ground.holds(&word) && ground.width() < word.width() + 18.0, "{html}: {ground:?} {word:?}");
            assert!(close(ground.top, grounds[0].top, 0.1), "{html}: {grounds:?}");
        }
    }
    let stamp = seen(&job("<div class=b><p>PAID</p><p>on Monday</p></div>", css));
    assert!(ground(&stamp, BLUE).width() < 90.0 && ground(&stamp, BLUE).holds(&at(&stamp, "Monday")));
    let line = seen(&job("<div>Text <div class=b style='font-size: 15pt; border: 2px solid'>beside</div></div>", css));
    let (one, other) = (at(&line, "Text"), at(&line, "beside"));
    // Of the same font, descents are as the sizes.
    let baseline = |area: Area| area.bottom - area.height() * 0.2;
    assert!(close(baseline(one), baseline(other), 1.0), "{one:?} {other:?}");
    let flexible = seen(&job("<div style='display: inline-flex; background: #06c'>short</div>", ""));
    assert!(ground(&flexible, BLUE).width() < 40.0);
    for tag in ["span", "div"] {
        let css = ".r { display: inline-flex; gap: 20pt; background: #06c; padding: 3pt }";
        let html = format!("<div>Text <span class=r><{tag}>one</{tag}><{tag}>two</{tag}></span> after</div>");
        let seen = seen(&job(&html, css));
        let row = ground(&seen, BLUE);
        assert!(close(at(&seen, "two").left - at(&seen, "one").right, 20.0, 1.0), "{:?}", seen.words);
        assert!(row.left > at(&seen, "Text").right && row.right < at(&seen, "after").left, "{row:?} {:?}", seen.words);
    }
}

#[test]
fn generated_boxes_with_a_width_stand_in_the_line() {
    let css = "li { list-style: none } li::before { content: '[1]'; display: inline-block; width: 2em; text-align: right } \
               td::before { content: 'key'; display: inline-block; width: 60px }";
    let seen = seen(&job("<ul><li>item</ul><table><tr><td>value</td></tr></table>", css));
    let item = at(&seen, "[1]item");
    assert!(item.bottom - item.top < 15.0 && item.left > LEFT, "in one line, at the right of its box: {item:?}");
    let (key, value) = (at(&seen, "key"), at(&seen, "value"));
    assert!(close(key.top, value.top, 0.1) && close(value.left - key.left, 45.0, 0.5), "{key:?} {value:?}");
}

#[test]
fn hanging_markers_and_their_padding_take_space() {
    let css = ".a, .b { list-style: none } .a li { text-indent: -2em } \
               .a li::before { content: 'x'; display: inline-block; width: 2em } .b li::before { content: 'F'; padding-right: 20pt }";
    let seen = seen(&job("<ul class=a><li>hung</ul><ul class=b><li>item</ul><ul class=b><li>plain</ul>", css));
    assert!(close(at(&seen, "hung").left - at(&seen, "x").left, 20.0, 0.5), "{:?}", seen.words);
    assert!(close(at(&seen, "hung").left, at(&seen, "F").left, 0.5), "{:?}", seen.words);
    assert!(close(at(&seen, "item").left - at(&seen, "F").right, 20.0, 1.0), "{:?}", seen.words);
}

#[test]
fn generated_boxes_without_a_text_are_drawn() {
    let css = "h2::after { content: ''; display: block; height: 4px; width: 60px; background: #06c; margin-top: 8px } \
               p::before { content: ''; display: inline-block; width: 10px; height: 10px; background: #f00 }";
    let seen = seen(&job("[TOC]\n\n## Title\n\nlegend\n", css));
    let line = ground(&seen, BLUE);
    assert!(
        close(line.width(), 45.0, 0.1) && close(line.height(), 3.0, 0.1) && close(line.left, LEFT, 0.1),
        "{line:?}"
    );
    let titles: Vec<Area> = seen.words.iter().filter(|word| word.text == "Title").map(|word| word.area).collect();
    assert!(line.top > titles[1].bottom && line.bottom < at(&seen, "legend").top, "{line:?}");
    let square = ground(&seen, [255, 0, 0]);
    assert!(close(square.width(), 7.5, 0.1) && close(square.height(), 7.5, 0.1), "{square:?}");
    assert!(square.right < at(&seen, "legend").left + 0.1 && seen.warnings().is_empty(), "{}", seen.warnings());
    let told = super::seen::seen(&job("text", "p::after { content: ''; height: 3px; background: #06c }"));
    assert!(told.warnings().contains("`p::after` has no text") && told.warnings().contains("display: block"));
}

#[test]
fn generated_blocks_are_as_wide_as_their_line() {
    let css = "h1::before { content: 'Chapter'; display: block; background: #06c; text-align: right }";
    let seen = seen(&job("# Intro\n", css));
    assert!(close(ground(&seen, BLUE).width(), WIDTH, 0.5), "{:?}", seen.shapes);
    assert!(close(at(&seen, "Chapter").right, LEFT + WIDTH, 1.0));
}

#[test]
fn generated_text_stands_before_what_floats_to_the_right() {
    let html = "<p>text <span style='float: right'>Right</span></p>\n\n# head <span style='float: right'>Top</span>\n";
    let seen = seen(&job(html, "p::after, h1::after { content: 'end' }"));
    let ends: Vec<f64> = seen.words.iter().filter(|word| word.text == "end").map(|word| word.area.right).collect();
    assert!(ends.len() == 2 && ends.iter().all(|right| *right < LEFT + 150.0), "{:?}", seen.words);
    assert!(close(at(&seen, "Right").right, LEFT + WIDTH, 1.0) && close(at(&seen, "Top").right, LEFT + WIDTH, 1.0));
}

#[test]
fn pictures_in_a_line_stand_where_vertical_align_says() {
    let picture = "<img style='vertical-align: KIND' src='data:image/svg+xml,<svg xmlns=\"http://www.w3.org/2000/svg\" \
                   width=\"40\" height=\"40\"><rect width=\"40\" height=\"40\" fill=\"%23f00\"/></svg>'>";
    let middle = |kind: &str| {
        let seen = seen(&job(&format!("<p>word {} end</p>", picture.replace("KIND", kind)), ""));
        let (ground, word) = (ground(&seen, [255, 0, 0]), at(&seen, "word"));
        (ground.top + ground.bottom) / 2.0 - (word.top + word.bottom) / 2.0
    };
    assert!(middle("middle").abs() < 2.0 && middle("baseline") < -8.0 && middle("top") > 8.0);
}
