//! Boxes in rows: `display: flex` and `grid`, and floats beside each other.

use super::{
    boxes::{LEFT, WIDTH, at, close},
    seen::{Area, job, seen},
};

#[test]
fn flexible_boxes_stand_in_a_row() {
    let css = ".row { display: flex; justify-content: space-between; align-items: center; gap: 12pt } .side { width: 30% } .main { flex: 1 }";
    let apart = seen(&job("<div class=row><div>Seller<br>Street</div><div>Invoice</div></div>\n", css));
    assert!(close(at(&apart, "Invoice").right, LEFT + WIDTH, 1.0) && close(at(&apart, "Seller").left, LEFT, 0.5));
    assert!(close(at(&apart, "Invoice").top, (at(&apart, "Seller").top + at(&apart, "Street").top) / 2.0, 1.0));
    let text = "words ".repeat(60);
    let markdown =
        format!("<div class=row><div class=side>Side {text}</div><div class=main>Main {text}</div></div>\n\nAfter\n");
    let sides = seen(&job(&markdown, css));
    assert!(close(at(&sides, "Main").left, LEFT + WIDTH * 0.3 + 12.0, 1.0), "{:?}", at(&sides, "Main"));
    let bottom =
        sides.words.iter().filter(|word| word.text == "words").map(|word| word.area.bottom).fold(0.0, f64::max);
    assert!(at(&sides, "After").top > bottom - 1.0);
}

#[test]
fn grids_have_the_columns_that_css_says() {
    let css = ".grid { display: grid; grid-template-columns: 1fr 2fr; gap: 10pt 20pt } .wide { grid-column: span 2 }";
    let markdown = "<div class=grid><div>One</div><div>Two</div><div class=wide>Wide</div><div>Three</div></div>\n";
    let seen = seen(&job(markdown, css));
    let second = LEFT + (WIDTH - 20.0) / 3.0 + 20.0;
    assert!(close(at(&seen, "Two").left, second, 0.5) && close(at(&seen, "Wide").left, LEFT, 0.5));
    let gap = at(&seen, "Wide").top - at(&seen, "One").top;
    assert!(close(gap, 13.8 + 10.0, 0.5), "{gap}");
    assert!(at(&seen, "Three").top > at(&seen, "Wide").top + 5.0);
}

#[test]
fn floats_that_follow_each_other_stand_in_a_row() {
    let css = ".l { float: left; width: 40% } .r { float: right; width: 40%; text-align: right }";
    let seen =
        seen(&job("<div class=l>Left</div><div class=r>Right</div>\n\n<p style=\"clear: both\">Below</p>\n", css));
    assert!(close(at(&seen, "Left").top, at(&seen, "Right").top, 0.5));
    assert!(close(at(&seen, "Right").right, LEFT + WIDTH, 1.0) && close(at(&seen, "Left").left, LEFT, 0.5));
    assert!(at(&seen, "Below").top > at(&seen, "Left").top + 5.0);
}

#[test]
fn grounds_of_a_row_are_as_high_as_the_row() {
    let markdown = "<div class=row><div class=side>Short</div><div>Long<br>text<br>of<br>five<br>lines</div></div>\n";
    let height = |css: &str| {
        let seen = seen(&job(markdown, css));
        seen.grounds([238, 238, 238]).iter().map(Area::height).fold(0.0, f64::max)
    };
    assert!(close(height(".row { display: flex } .side { background: #eee; width: 30% }"), 69.0, 0.5));
    let start = ".row { display: flex; align-items: flex-start } .side { background: #eee; width: 30% }";
    assert!(close(height(start), 13.8, 0.5));
}

#[test]
fn boxes_with_borders_are_as_high_as_their_row() {
    let css = ".row { display: flex; gap: 10pt } .box { border: 1px solid #0f0; border-radius: 6px; background: #eef; padding: 8pt; flex: 1 }";
    let markdown = "<div class=row><div class=box>Short</div><div class=box>Long<br>text<br>of<br>five<br>lines</div></div>\n\nAfter\n";
    let seen = seen(&job(markdown, css));
    let grounds = seen.grounds([238, 238, 255]);
    assert!(grounds.len() == 2 && close(grounds[0].height(), grounds[1].height(), 0.5), "{grounds:?}");
    assert!(close(grounds[0].height(), 5.0 * 13.8 + 16.0, 2.0) && at(&seen, "After").top > grounds[0].bottom - 1.0);
}

#[test]
fn boxes_in_a_row_are_as_wide_as_their_text() {
    let css = "ul { list-style: none; padding: 0; display: flex; gap: 8pt } li { background: #eee; padding: 2pt 10pt }";
    let seen = seen(&job("<ul><li>Hydraulics</li><li>Python</li></ul>\n", css));
    let grounds = seen.grounds([238, 238, 238]);
    assert!(grounds.len() == 2 && grounds.iter().all(|ground| ground.width() < 90.0), "{grounds:?}");
    assert!(at(&seen, "Python").left < LEFT + 110.0, "{:?}", at(&seen, "Python"));
}

#[test]
fn text_stands_beside_a_float_up_to_its_height() {
    let picture = "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='160' height='120'><rect width='160' height='120' fill='teal'/></svg>";
    let text = |name: &str| format!("{name} {}", "word ".repeat(40));
    let css = ".r { float: right; margin: 0 0 8px 12px } .l { float: left; width: 40%; margin-right: 12pt } .end { clear: both }";
    let markdown = format!(
        "<img class=r src=\"{picture}\"> {}\n\n{}\n\n{}\n\n{}\n\n<div class=l>{}</div>\n\n{}\n\n<p class=end>Clear</p>\n",
        text("First"),
        text("Second"),
        text("Third"),
        text("Fourth"),
        text("Left"),
        text("Beside")
    );
    let seen = seen(&job(&markdown, css));
    let picture = seen.drawn([0, 128, 128])[0];
    assert!(close(picture.right, LEFT + WIDTH, 1.0) && close(picture.width(), 120.0, 0.5), "{picture:?}");
    assert!(close(at(&seen, "First").left, LEFT, 0.5) && at(&seen, "First").top < picture.top + 10.0);
    let beside = |word: &super::seen::Word| word.area.top < picture.bottom && word.area.bottom > picture.top;
    assert!(seen.words.iter().filter(|word| beside(word)).all(|word| word.area.right < picture.left - 8.0));
    let widest = seen.words.iter().filter(|word| word.area.top > at(&seen, "Fourth").top).map(|word| word.area.right);
    assert!(widest.fold(0.0, f64::max) > picture.left + 40.0, "text below is as wide as the page");
    assert!(close(at(&seen, "Beside").left, LEFT + 0.4 * WIDTH + 12.0, 1.0), "{:?}", at(&seen, "Beside"));
    assert!(close(at(&seen, "Clear").left, LEFT, 0.5));
    assert!(seen.overlapping().is_none() && seen.warnings().is_empty(), "{}", seen.warnings());
}

#[test]
fn a_table_that_floats_is_as_wide_as_its_columns() {
    let markdown =
        "| Settlement | Arrangement | Merchandise |\n|---|---|---|\n| one | two | three |\n\nText beside the table\n";
    let seen = seen(&job(markdown, "table { float: right }"));
    let heights = ["Settlement", "Merchandise", "Text"].map(|word| at(&seen, word).height());
    assert!(close(heights[0], heights[2], 0.1) && close(heights[1], heights[2], 0.1), "{heights:?}");
    assert!(at(&seen, "Merchandise").right < LEFT + WIDTH && at(&seen, "Text").left < LEFT + 1.0);
}

#[test]
fn a_row_that_has_no_room_for_its_words_wraps_and_says_so() {
    let words = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi \
                 chi psi omega kubernetes postgresql typescript javascript elasticsearch terraform";
    let tags: String = words.split_whitespace().map(|word| format!("<span>{word}</span>")).collect();
    let css =
        ".tags { display: flex; gap: 6px } .tags span { background: #eee; padding: 2px 8px; border: 1px solid #ccc }";
    let seen = seen(&job(&format!("<div class=tags>\n{tags}\n</div>\n\nafter\n"), css));
    for word in words.split_whitespace() {
        assert_eq!(at(&seen, word).page, 0);
    }
    assert!(seen.overlapping().is_none(), "{:?}", seen.overlapping());
    assert!(seen.words.iter().all(|word| word.area.right < LEFT + WIDTH + 1.0));
    assert!(seen.warnings().contains("do not fit beside each other, so the row wraps"), "{}", seen.warnings());
}

#[test]
fn boxes_that_grow_keep_their_words_whole() {
    let markdown = "<div class=row><div>one two three</div><div>Donaudampfschifffahrtsgesellschaft</div><div>Rindfleischetikettierung</div></div>\n";
    let seen = seen(&job(markdown, ".row { display: flex; gap: 10pt } .row div { flex: 1 }"));
    assert!(seen.words.iter().any(|word| word.text == "Donaudampfschifffahrtsgesellschaft"), "{}", seen.text());
    assert!(seen.overlapping().is_none() && seen.warnings().is_empty(), "{}", seen.warnings());
}

#[test]
fn a_row_of_floats_takes_as_many_as_fit() {
    let boxes =
        ["one", "two", "three", "four", "five", "six"].map(|word| format!("<div class=c>{word}</div>")).concat();
    let css = ".c { float: left; width: 33.33%; border: 1px solid; box-sizing: border-box; height: 60px }";
    let three = seen(&job(&format!("{boxes}\n<div style=\"clear:both\"></div>\n\nAfter\n"), css));
    assert!(close(at(&three, "one").top, at(&three, "three").top, 0.1));
    assert!(close(at(&three, "four").left, at(&three, "one").left, 0.1));
    assert!(
        close(at(&three, "four").top - at(&three, "one").top, 45.0, 1.0)
            && at(&three, "After").top > at(&three, "six").top
    );
    let many: String = (0..400).map(|i| format!("<div style=\"float:left;width:30%\">f{i}x</div>\n\n")).collect();
    let many = seen(&job(&many, ""));
    assert!(many.overlapping().is_none(), "{:?}", many.overlapping());
    assert!(many.word("f399x").area.page > 0);
}

#[test]
fn pictures_of_a_paragraph_float_in_rows() {
    let mut job = job(
        "![a](c.png) ![b](c.png) ![c](c.png) ![d](c.png) ![e](c.png)\n\nAfter\n",
        "img { float: left; width: 45%; margin: 5px }",
    );
    job.files = vec![super::seen::file("c.png", super::seen::png(200, 100))];
    let seen = seen(&job);
    let pictures = &seen.pictures;
    assert_eq!(pictures.len(), 5);
    assert!(pictures.iter().all(|picture| close(picture.width(), 0.45 * WIDTH, 0.5)), "{pictures:?}");
    assert!(close(pictures[0].top, pictures[1].top, 0.1) && pictures[2].top > pictures[0].bottom - 0.5, "{pictures:?}");
}

#[test]
fn a_box_in_a_line_that_is_taller_than_a_page_breaks() {
    let text: String =
        (0..60).map(|i| format!("para{i}x text of this paragraph that has some words in it\n\n")).collect();
    let seen =
        seen(&job(&format!("<div class=a>\n\n{text}</div>\n"), ".a { display: inline-block; border: 1px solid }"));
    for i in 0..60 {
        assert!(seen.pages[0].right > at(&seen, &format!("para{i}x")).right);
    }
    seen.assert_on_paper();
    assert!(seen.pages.len() > 1 && seen.overlapping().is_none());
}

#[test]
fn items_of_a_list_stand_in_a_line() {
    for item in ["display: inline", "display: inline-block; margin-right: 10px", "float: left; margin-right: 20px"] {
        let css = format!("ul {{ list-style: none; padding: 0 }} li {{ {item} }}");
        let seen = seen(&job("<ul><li>Home</li><li>About</li><li>Contact</li></ul>\n\nAfter\n", &css));
        let (one, two) = (at(&seen, "Home"), at(&seen, "About"));
        assert!(
            close(one.top, two.top, 0.5) && two.left > one.right && two.left < one.right + 30.0,
            "{item}: {one:?} {two:?}"
        );
        assert!(at(&seen, "After").top > one.top + 5.0, "{item}");
    }
}

#[test]
fn widths_may_be_a_percentage_less_a_length() {
    let css = ".wrap { display: flex; flex-wrap: wrap; gap: 1rem } .card { width: calc(33.333% - 1rem); border: 1px solid #ddd; box-sizing: border-box }";
    let cards = ["One", "Two", "Three", "Four"].map(|word| format!("<div class=card>{word}</div>")).concat();
    let seen = seen(&job(&format!("<div class=wrap>{cards}</div>\n"), css));
    let step = at(&seen, "Two").left - at(&seen, "One").left;
    assert!(close(step, 0.33333 * WIDTH, 1.0), "{step}");
    assert!(at(&seen, "Four").top > at(&seen, "Three").top + 5.0 && seen.warnings().is_empty(), "{}", seen.warnings());
}

#[test]
fn a_bar_fills_a_part_of_the_box_around_it() {
    let css = ".bar { height: 8px; background: #ddd } .bar span { display: block; height: 100%; background: #39f }";
    let seen = seen(&job("<div class=bar><span style=\"width:80%\"></span></div>\n\nAfter\n", css));
    let bar = seen.grounds([51, 153, 255]);
    assert!(bar.len() == 1 && close(bar[0].height(), 6.0, 0.2) && close(bar[0].width(), 0.8 * WIDTH, 0.5), "{bar:?}");
}

#[test]
fn a_column_of_a_grid_is_as_wide_as_its_content() {
    let css = ".g { display: grid; grid-template-columns: auto 1fr; gap: 4pt 10pt }";
    let seen =
        seen(&job("<div class=g><div>Name</div><div>Ann Example</div><div>Telephone</div><div>555</div></div>\n", css));
    let (first, second) = (at(&seen, "Ann"), at(&seen, "555"));
    assert!(close(first.left, second.left, 0.5) && first.left < at(&seen, "Telephone").right + 14.0, "{first:?}");
    assert!(first.left > at(&seen, "Telephone").right + 8.0, "{first:?}");
}

#[test]
fn pictures_of_a_row_are_as_wide_as_their_share_of_it() {
    let picture = "<img src=\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='400' height='200'><rect width='400' height='200' fill='teal'/></svg>\">";
    let css = ".g { display: flex; gap: 6px } .g img { flex: 1; width: 33% }";
    let seen = seen(&job(&format!("<div class=g>{}</div>\n", picture.repeat(3)), css));
    let drawn = seen.drawn([0, 128, 128]);
    let share = (WIDTH - 9.0) / 3.0;
    assert!(drawn.len() == 3 && drawn.iter().all(|area| close(area.width(), share, 4.0)), "{drawn:?}");
}

#[test]
fn flexible_boxes_are_centred_in_their_height() {
    let css = ".a { display: flex; align-items: center; height: 100pt; background: #0f0 } \
               .b { display: flex; flex-direction: column; justify-content: flex-end; min-height: 100pt; background: #00f }";
    let seen = seen(&job("<div class=a><p>Middle</p></div>\n\n<div class=b><p>Bottom</p></div>\n", css));
    let (green, blue) = (seen.grounds([0, 255, 0])[0], seen.grounds([0, 0, 255])[0]);
    let (middle, bottom) = (at(&seen, "Middle"), at(&seen, "Bottom"));
    assert!(close((middle.top + middle.bottom) / 2.0, (green.top + green.bottom) / 2.0, 3.0), "{middle:?} {green:?}");
    assert!(close(bottom.bottom, blue.bottom, 16.0) && bottom.bottom <= blue.bottom, "{bottom:?} {blue:?}");
}
