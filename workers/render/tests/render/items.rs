//! The items of flexible boxes and grids: they are blocks, whatever their elements are.

use super::{
    boxes::{LEFT, WIDTH, at, close},
    seen::{Seen, file, job, png, seen},
};

fn shown(html: &str, css: &str) -> Seen {
    let seen = seen(&job(html, css));
    assert!(seen.overlapping().is_none() && seen.warnings().is_empty(), "{} {:?}", seen.warnings(), seen.overlapping());
    seen
}

#[test]
fn words_that_are_items_are_blocks() {
    let css = ".nav { display: flex } .nav a { padding: 10pt 20pt; background: #ffdddd } \
               .k { display: grid; grid-template-columns: 1fr auto 1fr } .down { display: flex; flex-direction: column }";
    let html = "<p>Above</p><div class=nav><a href=\"https://x.example\">Home</a><a>About</a></div><p>Below</p>\
                <div class=k><span>left</span><b>title</b><span style=\"text-align:right\">right</span></div>\
                <div class=down><a>One</a><a>Two</a></div>\
                <div class=nav><span style=\"width:100pt\">wide</span><em>next</em></div>\n";
    let seen = shown(html, css);
    let grounds = seen.grounds([255, 221, 221]);
    assert!(grounds.len() == 2 && grounds.iter().all(|ground| close(ground.height(), 33.8, 0.5)), "{grounds:?}");
    assert!(grounds[0].top > at(&seen, "Above").bottom - 0.5 && grounds[0].bottom < at(&seen, "Below").top + 0.5);
    assert!(close(at(&seen, "Home").left, LEFT + 20.0, 0.5) && close(at(&seen, "right").right, LEFT + WIDTH, 0.5));
    let title = at(&seen, "title");
    assert!(close((title.left + title.right) / 2.0, LEFT + WIDTH / 2.0, 1.0), "{title:?}");
    assert!(
        close(at(&seen, "One").left, at(&seen, "Two").left, 0.1) && at(&seen, "Two").top > at(&seen, "One").top + 5.0
    );
    assert!(close(at(&seen, "next").left, LEFT + 100.0, 0.5), "{:?}", at(&seen, "next"));
    assert!(String::from_utf8_lossy(&seen.output.bytes).contains("x.example"), "the link is there");
}

#[test]
fn an_empty_item_with_a_border_is_a_leader() {
    let css = ".t { display: flex; align-items: center } i { flex: 1; border-bottom: 1px dotted #f00 }";
    let seen = shown("<div class=t><span>Chapter</span><i></i><span>12</span></div>\n", css);
    let lines: Vec<_> = seen.drawn([255, 0, 0]);
    assert!(lines.iter().any(|line| line.width() > 300.0), "{lines:?}");
    assert!(close(at(&seen, "12").right, LEFT + WIDTH, 0.5));
}

#[test]
fn items_of_lists_cells_terms_and_captions_are_rows() {
    let css = "li, td, dt, dd, figcaption { display: flex; justify-content: space-between } td { width: 200pt }";
    let two = "<span>Rent</span><span>Euro</span>";
    for html in [
        format!("<ul><li>{two}</li></ul>"),
        format!("<ol><li>{two}</li></ol>"),
        format!("<table><tr><td>{two}</td></tr></table>"),
        format!("<dl><dt>{two}</dt><dd>text</dd></dl>"),
        format!("<dl><dt>term</dt><dd>{two}</dd></dl>"),
        format!("<figure><p>body</p><figcaption>{two}</figcaption></figure>"),
    ] {
        let seen = seen(&job(&format!("{html}\n"), css));
        let (rent, euro) = (at(&seen, "Rent"), at(&seen, "Euro"));
        assert!(close(rent.top, euro.top, 0.1) && euro.left > rent.right + 100.0, "{html}: {rent:?} {euro:?}");
    }
}

#[test]
fn lists_in_rows_keep_numbers_and_bullets() {
    let css = "ol { display: grid; grid-template-columns: 1fr 1fr } ul { display: flex; gap: 20pt } \
               .c { display: flex; flex-direction: column }";
    let html = "<ol start=5><li>five</li><li>six</li><li value=9>nine</li></ol><ul><li>alpha</li><li>beta</li></ul>\
                <ol class=c type=a><li>first</li><li>second</li></ol>\n";
    let seen = shown(html, css);
    for (marker, word) in [("5.", "five"), ("6.", "six"), ("9.", "nine"), ("a.", "first"), ("b.", "second")] {
        let (marker, word) = (at(&seen, marker), at(&seen, word));
        assert!(close(marker.top, word.top, 0.1) && marker.right < word.left + 0.1, "{marker:?} {word:?}");
    }
    assert_eq!(seen.words.iter().filter(|word| word.text == "\u{2022}").count(), 2);
    assert!(close(at(&seen, "six").top, at(&seen, "five").top, 0.1));
}

#[test]
fn automatic_margins_take_the_space() {
    let css = ".f { display: flex; height: 60pt } .down { display: flex; flex-direction: column; height: 100pt }";
    let html = "<div class=f><span>Left</span><span style=\"margin-left:auto\">Right</span></div>\
                <div class=f><div style=\"margin:auto\">Middle</div></div>\
                <div class=f><div style=\"margin:0 auto\">Centre</div></div>\
                <div class=down style=\"background:#dfd\"><div>Top</div><div style=\"margin-top:auto\">Bottom</div></div>\n";
    let seen = shown(html, css);
    assert!(close(at(&seen, "Right").right, LEFT + WIDTH, 0.5), "{:?}", at(&seen, "Right"));
    for word in ["Middle", "Centre"] {
        let area = at(&seen, word);
        assert!(close((area.left + area.right) / 2.0, LEFT + WIDTH / 2.0, 1.0), "{area:?}");
    }
    let ground = seen.grounds([221, 255, 221])[0];
    assert!(close(at(&seen, "Bottom").bottom, ground.bottom, 3.0) && close(ground.height(), 100.0, 0.5), "{ground:?}");
}

#[test]
fn widths_inside_items_are_those_of_css() {
    let css = ".r { display: flex; justify-content: space-between } .i { display: flex }";
    let html = "<div class=r><div class=i><div style=\"width:40pt\">w40</div><div>text</div></div><div>end</div></div>\
                <div class=i><div style=\"max-width:80pt;background:#fdd\">some words that need more</div><div>next</div></div>\
                <div class=i><div><div style=\"width:60pt;height:60pt;background:#0f0\"></div></div><div>after</div></div>\
                <div class=i><div style=\"white-space:nowrap;background:#ddf\">not to be wrapped</div><div>LONG</div></div>\n"
        .replace("LONG", &"words ".repeat(60));
    let seen = shown(&html, css);
    assert!(close(at(&seen, "text").left, LEFT + 40.0, 0.5) && close(at(&seen, "end").right, LEFT + WIDTH, 0.5));
    assert!(
        close(seen.grounds([255, 221, 221])[0].width(), 80.0, 0.5) && close(at(&seen, "next").left, LEFT + 80.0, 0.5)
    );
    let green = seen.grounds([0, 255, 0]);
    assert!(green.len() == 1 && close(green[0].width(), 60.0, 0.5) && close(green[0].height(), 60.0, 0.5), "{green:?}");
    assert!(close(at(&seen, "after").left, LEFT + 60.0, 1.5), "{:?}", at(&seen, "after"));
    assert!(close(at(&seen, "wrapped").top, at(&seen, "not").top, 0.1));
}

#[test]
fn boxes_without_a_ground_are_as_wide_as_the_page() {
    let css =
        "section { height: 300pt; display: flex; flex-direction: column; justify-content: center; text-align: center }";
    let seen =
        shown("<section><p>Title</p></section>\n\n<div style=\"min-height:50pt;text-align:right\">Side</div>\n", css);
    let title = at(&seen, "Title");
    assert!(close((title.left + title.right) / 2.0, LEFT + WIDTH / 2.0, 1.0), "{title:?}");
    assert!(close(at(&seen, "Side").right, LEFT + WIDTH, 0.5) && title.top > 180.0, "{title:?}");
}

#[test]
fn heights_are_distributed() {
    let css = ".c { display: flex; flex-direction: column; height: 200pt } .g { display: grid; grid-template-columns: 1fr 2fr; min-height: 150pt }";
    let html = "<div class=c style=\"justify-content:space-between\"><div>one</div><div>two</div><div>three</div></div>\
                <div class=c><div>head</div><div style=\"flex:1;background:#ddf\">body</div><div>foot</div></div>\
                <div class=g><div style=\"background:#fdd\">side</div><div>main</div></div>\
                <div style=\"height:100pt\"><div style=\"height:50%;background:#dfd\">half</div></div>\n";
    let seen = shown(html, css);
    let (one, two, three) = (at(&seen, "one"), at(&seen, "two"), at(&seen, "three"));
    assert!(close(two.top - one.top, three.top - two.top, 0.2) && close(three.top - one.top, 200.0 - 13.8, 1.0));
    assert!(close(at(&seen, "foot").top - at(&seen, "head").top, 200.0 - 13.8, 1.0), "{:?}", at(&seen, "foot"));
    assert!(close(seen.grounds([221, 221, 255])[0].height(), 200.0 - 2.0 * 13.8, 1.0));
    assert!(close(seen.grounds([255, 221, 221])[0].height(), 150.0, 0.5));
    assert!(close(seen.grounds([221, 255, 221])[0].height(), 50.0, 0.5));
}

#[test]
fn a_column_that_is_higher_than_its_box_breaks_over_pages() {
    let text: String = (0..90).map(|i| format!("<p>line{i}x</p>")).collect();
    let css = ".c { display: flex; flex-direction: column; min-height: 300pt } .c div { flex: 1 }";
    let seen = seen(&job(&format!("<div class=c><div>{text}</div><footer>foot</footer></div>\n"), css));
    seen.assert_on_paper();
    for i in 0..90 {
        at(&seen, &format!("line{i}x"));
    }
    assert!(seen.pages.len() > 1 && seen.overlapping().is_none());
}

#[test]
fn columns_of_a_grid_stand_where_css_says() {
    let css = ".a { display: grid; grid-template-columns: 100pt 100pt } .c { justify-content: center } .e { justify-content: end } \
               .b { display: grid; grid-template-columns: auto auto; justify-content: space-between } \
               .p { display: grid; grid-template-columns: 1fr 1fr 1fr }";
    let html = "<div class=\"a c\"><div>ca</div><div>cb</div></div><div class=\"a e\"><div>ea</div><div>eb</div></div>\
                <div class=b><div>ba</div><div>bb</div></div>\
                <div class=p><div style=\"grid-column:2\">second</div><div style=\"grid-column:1\">first</div>\
                <div style=\"grid-column:1 / -1;background:#ddf\">whole</div>\
                <div style=\"grid-column:span 2 / span 2;background:#fdd\">two</div><div>last</div></div>\n";
    let seen = shown(html, css);
    let rest = WIDTH - 200.0;
    assert!(close(at(&seen, "ca").left, LEFT + rest / 2.0, 0.5) && close(at(&seen, "ea").left, LEFT + rest, 0.5));
    assert!(close(at(&seen, "ba").left, LEFT, 0.5) && at(&seen, "bb").right > LEFT + WIDTH - 3.0);
    assert!(close(at(&seen, "second").left, LEFT + WIDTH / 3.0, 0.5) && close(at(&seen, "first").left, LEFT, 0.5));
    assert!(at(&seen, "first").top > at(&seen, "second").top + 5.0);
    assert!(close(seen.grounds([221, 221, 255])[0].width(), WIDTH, 0.5));
    assert!(close(seen.grounds([255, 221, 221])[0].width(), WIDTH * 2.0 / 3.0, 0.5));
    assert!(close(at(&seen, "last").left, LEFT + WIDTH * 2.0 / 3.0, 0.5));
}

#[test]
fn pictures_fill_their_column_of_a_grid() {
    let css = ".g { display: grid; grid-template-columns: 1fr 1fr; gap: 10pt } img { width: 100%; height: 80pt; object-fit: cover }";
    let mut job = job("<div class=g><img src=c.png><img src=c.png></div>\n", css);
    job.files = vec![file("c.png", png(200, 100))];
    let seen = seen(&job);
    let wide = (WIDTH - 10.0) / 2.0;
    assert!(seen.pictures.len() == 2, "{:?}", seen.pictures);
    assert!(close(seen.pictures[1].left, LEFT + wide + 10.0, 0.5), "{:?}", seen.pictures);
    assert!(
        seen.pictures.iter().all(|picture| picture.width() > wide - 0.5 && picture.height() > 79.0),
        "{:?}",
        seen.pictures
    );
}

#[test]
fn a_row_in_a_line_stays_in_it() {
    let css = ".badge { display: inline-flex; gap: 6pt; background: #ffdddd; padding: 0 4pt }";
    let seen = shown("<p>Text before <span class=badge><b>two</b><i>words</i></span> and after</p>\n", css);
    let (before, two, words, after) = (at(&seen, "before"), at(&seen, "two"), at(&seen, "words"), at(&seen, "after"));
    assert!(close(before.top, after.top, 0.5) && close(two.top, before.top, 1.0), "{before:?} {two:?} {after:?}");
    assert!(words.left > two.right + 5.0 && after.left > words.right && after.left < words.right + 40.0);
}

#[test]
fn generated_texts_are_items() {
    let css = "li { display: flex; padding: 2pt 8pt } li::before { content: \">>\"; margin-right: 4pt } ul { list-style: none; display: flex; gap: 4pt }";
    let seen = shown("<ul><li>Alpha beta</li><li>Gamma delta</li></ul>\n", css);
    assert!(close(at(&seen, "Alpha").top, at(&seen, "delta").top, 0.5), "{:?}", at(&seen, "delta"));
    assert!(close(at(&seen, "beta").top, at(&seen, "Alpha").top, 0.1));
}

#[test]
fn a_line_across_stands_between_its_neighbours() {
    let css = ".f { display: flex; align-items: center } hr { flex: 1; border: 0; border-top: 1px solid #f00; margin: 0 8pt }";
    let seen = shown("<div class=f><span>left</span><hr><span>right</span></div>\n\n<p>Next</p>\n", css);
    let (left, right, next) = (at(&seen, "left"), at(&seen, "right"), at(&seen, "Next"));
    assert!(close(left.top, right.top, 0.1) && close(right.right, LEFT + WIDTH, 0.5));
    assert!(next.top - left.top < 25.0, "{left:?} {next:?}");
    assert!(seen.drawn([255, 0, 0]).iter().any(|line| line.top > left.top && line.bottom < left.bottom));
}

#[test]
fn margins_of_a_column_stay_inside() {
    let css = ".c { display: flex; flex-direction: column; background: #ddf; gap: 5pt } .c div { margin: 10pt 0 }";
    let seen = shown("<div class=c><div>one</div><div>two</div></div>\n", css);
    let ground = seen.grounds([221, 221, 255])[0];
    assert!(close(ground.height(), 2.0 * 13.8 + 40.0 + 5.0, 0.5), "{ground:?}");
    assert!(close(at(&seen, "two").top - at(&seen, "one").top, 13.8 + 25.0, 0.5));
}

fn middle(seen: &Seen, word: &str) -> f64 {
    (at(seen, word).left + at(seen, word).right) / 2.0
}

#[test]
fn items_inherit_the_alignment_of_text() {
    let css = ".c { text-align: center } .r { text-align: right } .row { display: flex } .grow div { flex: 1 } \
               .sign { width: 150pt } .grid { display: grid; grid-template-columns: 1fr 1fr }";
    let html = "<div class='row c'><div><b style='display:block'>120</b>customers</div></div>\
                <div class=c><section><div class=row><div class=sign>Date</div></div></section></div>\
                <div class='row c grow'><div>one</div><div style='background:#eee'>two</div></div>\
                <div class='grid r'><div>three</div><div style='border:1px solid'>four<br>longer</div></div>\n";
    let seen = shown(html, css);
    assert!(close(middle(&seen, "120"), middle(&seen, "customers"), 1.0), "{:?}", seen.words);
    assert!(close(middle(&seen, "Date"), LEFT + 75.0, 1.0), "{:?}", at(&seen, "Date"));
    assert!(close(middle(&seen, "one"), LEFT + WIDTH / 4.0, 1.0), "{:?}", at(&seen, "one"));
    assert!(close(middle(&seen, "two"), LEFT + WIDTH * 0.75, 1.0), "{:?}", at(&seen, "two"));
    assert!(close(at(&seen, "three").right, LEFT + WIDTH / 2.0, 1.0), "{:?}", at(&seen, "three"));
    assert!(close(at(&seen, "four").right, at(&seen, "longer").right, 1.0), "{:?}", at(&seen, "four"));
}

#[test]
fn a_box_with_margins_aligns_its_text_in_its_width() {
    let css = "p, h2 { text-align: right } .half { margin-left: 50% } h2 { margin-left: 30px } \
               .both { margin: 0 100pt 0 50pt; text-align: center } .kept { break-inside: avoid }";
    let html = "<p class=half>Epigraph<h2>Head</h2><p class=both>Both<p class=kept>Kept\
                <div class=half><p>Inner</div>\n";
    let seen = shown(html, css);
    for word in ["Epigraph", "Head", "Kept", "Inner"] {
        assert!(close(at(&seen, word).right, LEFT + WIDTH, 1.0), "{word}: {:?}", at(&seen, word));
    }
    assert!(close(middle(&seen, "Both"), LEFT + WIDTH / 2.0 - 25.0, 1.0), "{:?}", at(&seen, "Both"));
}

#[test]
fn margins_of_items_take_nothing_of_their_width() {
    let css = ".row { display: flex } i { background: #0000ff; width: 12pt; margin-right: 20pt } \
               img { width: 60pt; height: 60pt; margin-right: 16pt } .high { height: 12pt }";
    let html = "<div class=row><img src=a.png><div>Ann</div></div><div class=row><i class=high></i>Founded</div>\
                <div class=row><i>x</i>Moved</div>\n";
    let mut job = job(html, css);
    job.files = vec![file("a.png", png(40, 80))];
    let seen = seen(&job);
    assert!(close(seen.pictures[0].width(), 60.0, 0.5), "{:?}", seen.pictures);
    assert!(close(at(&seen, "Ann").left, LEFT + 76.0, 2.0), "{:?}", at(&seen, "Ann"));
    let grounds = seen.drawn([0, 0, 255]);
    assert!(grounds.len() == 2 && grounds.iter().all(|ground| close(ground.width(), 12.0, 0.5)), "{grounds:?}");
    assert!(close(at(&seen, "Founded").left, LEFT + 32.0, 1.0), "{:?}", at(&seen, "Founded"));
}

#[test]
fn an_item_of_a_grid_keeps_its_width() {
    let css = ".grid { display: grid; grid-template-columns: 80pt 60pt 1fr } i { background: #0000ff; width: 12pt } \
               .high { height: 12pt }";
    let html = "<div class=grid><div>2019</div><i class=high></i><div>Founded</div>\
                <div>2020</div><i>x</i><div>Grew</div></div>\n";
    let seen = shown(html, css);
    let grounds = seen.drawn([0, 0, 255]);
    assert!(grounds.len() == 2 && grounds.iter().all(|ground| close(ground.width(), 12.0, 0.5)), "{grounds:?}");
    assert!(close(grounds[0].left, LEFT + 80.0, 0.5) && close(at(&seen, "Grew").left, LEFT + 140.0, 0.5));
}
