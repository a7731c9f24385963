//! `@page`: the first, left, right and named pages, and the boxes around them.

use super::seen::{Area, Seen, job, seen};

const MM: f64 = 72.0 / 25.4;

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() < 1.0
}

fn at(seen: &Seen, word: &str) -> Area {
    seen.word(word).area
}

#[test]
fn a_named_page_is_a_section_of_its_own() {
    let css = "@page { size: A5; margin: 20mm } @page wide { size: landscape; margin: 10mm } .wide { page: wide }";
    let markdown = "Before.\n\n<div class=wide>\n\nFirst\n\n| a | b |\n|---|---|\n| Cell | d |\n\n</div>\n\n<div class=wide>Second</div>\n\nAfter.\n";
    let seen = seen(&job(markdown, css));
    let sizes: Vec<_> = seen.pages.iter().map(|page| (page.right.round(), page.bottom.round())).collect();
    assert_eq!(sizes, [(420.0, 595.0), (595.0, 420.0), (420.0, 595.0)], "{:?}", seen.words);
    let page = |word: &str| at(&seen, word).page;
    assert_eq!((page("Before."), page("First"), page("Cell"), page("Second"), page("After.")), (0, 1, 1, 1, 2));
    assert!(close(at(&seen, "First").left, 10.0 * MM) && close(at(&seen, "After.").left, 20.0 * MM));
    assert!(seen.warnings().is_empty(), "{}", seen.warnings());
}

#[test]
fn a_wide_table_has_room_on_a_landscape_page_without_css() {
    let row = |cell: &str| format!("|{}\n", format!(" {cell} |").repeat(10));
    let table = format!("{}|{}\n{}", row("Merchandise"), "---|".repeat(10), row("outstanding"));
    let upright = seen(&job(&table, ""));
    assert!(upright.warnings().contains("put it on a landscape page"), "{}", upright.warnings());
    let turned = seen(&job(&format!("::: landscape\n\n{table}\n:::\n"), ""));
    assert!(turned.warnings().is_empty(), "{}", turned.warnings());
    assert_eq!((turned.pages.len(), turned.pages[0].right.round()), (1, 842.0));
}

#[test]
fn what_a_named_page_can_not_be_in_is_reported() {
    let css = "@page wide { size: landscape } .wide { page: wide } .none { page: none-such } .box { padding: 1em }";
    let markdown = "<div class=box><div class=wide>Boxed</div></div>\n\n<div class=none>Free</div>\n";
    let seen = seen(&job(markdown, css));
    assert_eq!(seen.pages.len(), 1);
    for part in ["markdown:1: `page: wide` has no effect within a box", "markdown:3: `page: none-such` has no effect"] {
        assert!(seen.warnings().contains(part), "{part} in {}", seen.warnings());
    }
}

#[test]
fn left_and_right_pages_have_mirrored_margins() {
    let css =
        "@page :left { margin-left: 20mm; margin-right: 50mm } @page :right { margin-left: 50mm; margin-right: 20mm }";
    let seen = seen(&job("One\n\n\\newpage\n\nTwo\n\n\\newpage\n\nThree\n", css));
    assert!(close(at(&seen, "One").left, 50.0 * MM) && close(at(&seen, "Three").left, 50.0 * MM));
    assert!(close(at(&seen, "Two").left, 20.0 * MM), "{:?}", at(&seen, "Two"));
    assert!(seen.warnings().is_empty(), "{}", seen.warnings());
}

#[test]
fn the_first_page_has_margins_of_its_own_above_and_below() {
    let text = "word ".repeat(2000);
    let css = "@page { margin: 20mm } @page :first { margin-top: 80mm; margin-bottom: 60mm }";
    let seen = seen(&job(&text, css));
    let edge = |page: usize| {
        let words = seen.words.iter().filter(|word| word.area.page == page);
        words.fold((f64::MAX, 0.0_f64), |(top, bottom), word| (top.min(word.area.top), bottom.max(word.area.bottom)))
    };
    let height = seen.pages[0].bottom;
    assert!(edge(0).0 > 80.0 * MM - 1.0 && edge(0).0 < 80.0 * MM + 12.0, "{:?}", edge(0));
    assert!(edge(0).1 < height - 60.0 * MM + 3.0 && edge(0).1 > height - 60.0 * MM - 30.0, "{:?}", edge(0));
    assert!(edge(1).0 < 20.0 * MM + 12.0 && edge(1).1 > height - 20.0 * MM - 30.0, "{:?}", edge(1));
    let higher = super::seen::seen(&job(&text, "@page { margin: 40mm } @page :first { margin-top: 10mm }"));
    let top = higher.words.iter().map(|word| word.area.top).fold(f64::MAX, f64::min);
    assert!(close(top, 10.0 * MM) || top < 10.0 * MM + 12.0 && top > 10.0 * MM - 1.0, "{top}");
}

#[test]
fn a_cover_has_sides_of_its_own_if_it_ends_with_a_page_break() {
    let css = "@page { margin: 30mm } @page :first { margin: 0; background: #123456 } .cover { break-after: page }";
    let cover = seen(&job("<div class=cover>Cover</div>\n\nText\n", css));
    assert!(at(&cover, "Cover").left < 1.0 && at(&cover, "Cover").top < 10.0, "{:?}", at(&cover, "Cover"));
    assert!(close(at(&cover, "Text").left, 30.0 * MM) && at(&cover, "Text").page == 1);
    let ground = cover.grounds([18, 52, 86]);
    assert!(ground.len() == 1 && ground[0].page == 0 && ground[0].width() > 595.0, "{ground:?}");
    assert!(cover.warnings().is_empty(), "{}", cover.warnings());
    let running = seen(&job("Text\n", css));
    assert!(running.warnings().contains("css:1: `@page :first` has only its margin above"), "{}", running.warnings());
}

#[test]
fn boxes_stand_in_all_margins() {
    let css = "@page { margin: 40mm; @top-left-corner { content: 'Corner1' } @bottom-right-corner { content: 'Corner2' } \
               @left-top { content: 'Ltop' } @left-middle { content: 'Lmid' } @right-bottom { content: 'Rbot'; color: #f00 } \
               @top-right { content: counter(page) '/' counter(pages) } }\n\
               @page :left { @left-middle { content: none } } @page odd { @left-top { content: 'Odd' } } .odd { page: odd }";
    let seen = seen(&job("One\n\n\\newpage\n\nTwo\n\n<div class=odd>Three</div>\n", css));
    let page = seen.pages[0];
    let (corner, other) = (at(&seen, "Corner1"), at(&seen, "Corner2"));
    assert!(corner.right < 40.0 * MM && corner.bottom < 40.0 * MM, "{corner:?}");
    assert!(other.left > page.right - 40.0 * MM && other.top > page.bottom - 40.0 * MM, "{other:?}");
    let middle = at(&seen, "Lmid");
    assert!(close((middle.left + middle.right) / 2.0, 20.0 * MM), "{middle:?}");
    assert!(((middle.top + middle.bottom) / 2.0 - page.bottom / 2.0).abs() < 4.0, "{middle:?}");
    assert!(at(&seen, "Ltop").top < 40.0 * MM + 15.0 && at(&seen, "Rbot").bottom > page.bottom - 40.0 * MM - 15.0);
    assert_eq!(seen.color("Rbot"), [255, 0, 0]);
    let pages = |word: &str| -> Vec<usize> {
        seen.words.iter().filter(|shown| shown.text == word).map(|word| word.area.page).collect()
    };
    assert_eq!((pages("Lmid"), pages("Ltop"), pages("Odd")), (vec![0, 2], vec![0, 1], vec![2]));
    assert!(pages("2/3") == [1], "{}", seen.text());
}

#[test]
fn lone_lines_are_avoided_unless_css_allows_them() {
    let lines = |css: &str| -> Vec<usize> {
        let text = "word ".repeat(60);
        let page = |margin: usize| {
            let css = format!("@page {{ margin-bottom: {margin}pt }} {css}");
            let seen = seen(&job(&format!("{}\n\n{text}\n", "Line\n\n".repeat(36)), &css));
            let first = seen.words.iter().filter(|word| word.area.page == 0 && word.text == "word");
            let mut tops: Vec<i64> = first.map(|word| word.area.top.round() as i64).collect();
            tops.dedup();
            tops.len()
        };
        (60..110).step_by(7).map(page).collect()
    };
    assert!(!lines("").contains(&1), "a first line is alone");
    assert!(lines("p { orphans: 1 }").contains(&1), "no first line is alone");
}

#[test]
fn no_row_of_a_table_is_alone_on_the_last_page() {
    let rows = |count: usize, foot: &str| -> Vec<usize> {
        let rows: String = (0..count).map(|n| format!("<tr><td>Row{n}</td><td>x</td></tr>")).collect();
        let table = format!("<table><thead><tr><th>A</th><th>B</th></tr></thead><tbody>{rows}</tbody>{foot}</table>\n");
        let seen = seen(&job(&table, ""));
        let pages = seen.words.iter().filter(|word| word.text.starts_with("Row")).map(|word| word.area.page);
        let mut counts = vec![0; seen.pages.len()];
        pages.for_each(|page| counts[page] += 1);
        counts
    };
    for foot in ["", "<tfoot><tr><td>Sum</td><td>3</td></tr></tfoot>"] {
        let counts: Vec<Vec<usize>> = (24..64).map(|count| rows(count, foot)).collect();
        assert!(counts.iter().any(|pages| pages.len() == 2), "none is broken: {counts:?}");
        let least = if foot.is_empty() { 2 } else { 1 };
        assert!(counts.iter().all(|pages| pages.last() >= Some(&least)), "{counts:?}");
    }
}

#[test]
fn cells_whose_lines_do_not_wrap_make_their_column_wide_enough() {
    let text = "Some words about the item ".repeat(12);
    let markdown =
        format!("<table><tr><td>{text}</td><td class=n>26 Nov 2026</td><td class=n>$1,000.00 USD</td></tr></table>\n");
    let seen = seen(&job(&markdown, ".n { white-space: nowrap }"));
    let top = |word: &str| seen.words.iter().find(|shown| shown.text == word).expect(word).area.top;
    assert!((top("26") - top("2026")).abs() < 1.0 && (top("$1,000.00") - top("USD")).abs() < 1.0, "{}", seen.text());
    assert!(seen.output.warnings.is_empty(), "{:?}", seen.output.warnings);
}

#[test]
fn a_cover_fills_its_page() {
    let css = "@page { size: A4; margin: 20mm } @page :first { margin: 0 } \
               .cover { height: 297mm; background: #0f0; page-break-after: always }";
    let seen = seen(&job("<div class=cover>Cover</div>\n\nText\n", css));
    let grounds = seen.grounds([0, 255, 0]);
    assert!(grounds.len() == 1 && grounds[0].height() > seen.pages[0].height() - 1.0, "{grounds:?}");
    assert_eq!(seen.pages.len(), 2);
}
