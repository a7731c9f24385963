//! Older attributes of HTML, which CSS overrides.

use super::{
    boxes::{LEFT, WIDTH, at, close},
    seen::{file, job, png, seen},
};

#[test]
fn attributes_of_tables_are_read() {
    let table = "<table border=1 cellpadding=8 cellspacing=6 bgcolor=\"#eeffee\" height=200 align=center><tr height=60><td>one</td><td>two</td></tr></table>\n";
    let plain = seen(&job("<table><tr><td>one</td><td>two</td></tr></table>\n", ""));
    let seen = seen(&job(table, ""));
    assert!(!seen.grounds([238, 255, 238]).is_empty() && !seen.drawn([0, 0, 0]).is_empty(), "{:?}", seen.shapes);
    assert!(at(&seen, "one").left > at(&plain, "one").left + 50.0, "in the middle");
    assert!(at(&seen, "two").left - at(&seen, "one").right > 2.0 * 6.0 + 4.0);
}

#[test]
fn rules_of_css_override_attributes() {
    let seen = seen(&job("<table border=1><tr><td>one</td></tr></table>\n", "table, td { border: 2px solid #f00 }"));
    assert!(seen.drawn([0, 0, 0]).is_empty() && !seen.drawn([255, 0, 0]).is_empty(), "{:?}", seen.shapes);
}

#[test]
fn attributes_of_pictures_and_rules_are_read() {
    let mut job = job(
        "<img src=c.png align=right border=2 hspace=10> words beside it\n\n<hr width=\"50%\" color=red>\n\n<p hidden>gone</p>\n\n<p>A <bdo dir=rtl>abc</bdo></p>\n",
        "",
    );
    job.files = vec![file("c.png", png(200, 100))];
    let seen = seen(&job);
    assert!(close(seen.pictures[0].right, LEFT + WIDTH - 7.5 - 1.5, 2.0), "{:?}", seen.pictures);
    assert!(close(at(&seen, "words").left, LEFT, 1.0) && at(&seen, "words").top < seen.pictures[0].bottom);
    let rule = seen.drawn([255, 0, 0]);
    assert!(
        rule.iter().any(|line| close(line.width(), WIDTH / 2.0, 1.0) && close(line.left, LEFT + WIDTH / 4.0, 1.0)),
        "{rule:?}"
    );
    assert!(!seen.text().contains("gone") && seen.text().contains("cba"), "{}", seen.text());
}

#[test]
fn the_number_that_a_width_begins_with_counts() {
    for width in ["100px;", "100", " 100 ", "100px", "100abc"] {
        let mut job = job(&format!("<img src=c.png width='{width}'>\n"), "");
        job.files = vec![file("c.png", png(200, 100))];
        let seen = seen(&job);
        assert!(close(seen.pictures[0].width(), 75.0, 0.1), "{width}: {:?}", seen.pictures);
    }
}

#[test]
fn tables_have_the_width_and_place_of_their_attributes() {
    let table = |attributes: &str| {
        seen(&job(&format!("<table {attributes}><tr><td>one</td><td align=right>two</td></tr></table>\n"), ""))
    };
    for (attributes, width) in [("width='50%'", WIDTH / 2.0), ("width=300", 225.0), ("width=300 align=center", 225.0)] {
        let seen = table(attributes);
        let found = at(&seen, "two").right - at(&seen, "one").left + 14.0;
        assert!(close(found, width, 3.0), "{attributes}: {found}");
    }
    let right = table("width=300 align=right");
    assert!(close(at(&right, "two").right, LEFT + WIDTH - 7.0, 3.0), "{:?}", right.words);
    let middle = table("width=300 align=center");
    assert!(close(at(&middle, "one").left, LEFT + (WIDTH - 225.0) / 2.0 + 7.0, 3.0), "{:?}", middle.words);
    let narrow = table("align=right");
    assert!(close(at(&narrow, "two").right, LEFT + WIDTH - 7.0, 3.0), "{:?}", narrow.words);
}
