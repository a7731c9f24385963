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
