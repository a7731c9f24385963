//! Borders, grounds and alignment of tables.

use super::{
    boxes::{LEFT, at, close},
    seen::{job, seen},
};

#[test]
fn vertical_align_leaves_the_columns_their_alignment() {
    let markdown = "| a | right | centre |\n|---|--:|:-:|\n| a<br>b | 1 | 2 |\n";
    let seen = seen(&job(markdown, "td { vertical-align: middle }"));
    let (right, centre) = (at(&seen, "right"), at(&seen, "centre"));
    assert!(close(at(&seen, "1").right, right.right, 1.0), "{:?}", seen.words);
    let middle = (at(&seen, "2").left + at(&seen, "2").right) / 2.0;
    assert!(close(middle, (centre.left + centre.right) / 2.0, 1.0), "{:?}", seen.words);
    assert!(at(&seen, "1").top > at(&seen, "b").top - 10.0, "in the middle of its row");
}

#[test]
fn of_borders_that_meet_the_wider_is_drawn() {
    let html = "<table><tr class=x><td>a<td>b<tr><td>c<td>d</table>";
    for css in [
        "table { border-collapse: collapse } td { border: 1px solid #999 } .x { border-bottom: 4px solid #f00 }",
        "td { border: 1px solid #999 } .x td { border-bottom: 4px solid #f00 }",
        "td { border: 1px solid #999 } .x + tr td { border-top: 4px solid #f00 }",
    ] {
        let seen = seen(&job(html, css));
        let lines = seen.drawn([255, 0, 0]);
        let width = lines.iter().map(|line| line.right).fold(0.0, f64::max)
            - lines.iter().map(|line| line.left).fold(f64::MAX, f64::min);
        assert!(!lines.is_empty() && width > at(&seen, "b").right - at(&seen, "a").left, "{css}: {lines:?}");
        assert!(lines.iter().all(|line| line.top > at(&seen, "a").bottom - 2.0), "{css}: {lines:?}");
    }
}

#[test]
fn separate_borders_without_space_keep_the_tables_own() {
    let css = "table { border: 3px solid #f00; border-collapse: separate; border-spacing: 0; border-radius: 8px } \
               td { border-bottom: 1px solid #999 }";
    let seen = seen(&job("<table><tr><td>a<td>b</table>", css));
    let lines = seen.drawn([255, 0, 0]);
    assert!(lines.iter().any(|line| line.holds(&at(&seen, "a")) && line.holds(&at(&seen, "b"))), "{lines:?}");
}

#[test]
fn columns_have_a_ground_and_parts_an_alignment() {
    let html = "<table><col><col style='background: #06c'><tbody valign=middle><tr><td>a<br>a<br>a<td>b</table>";
    let seen = seen(&job(html, ""));
    let grounds = seen.grounds([0, 102, 204]);
    assert!(grounds.len() == 1 && grounds[0].holds(&at(&seen, "b")), "{grounds:?}");
    let middle = (grounds[0].top + grounds[0].bottom) / 2.0;
    assert!(close((at(&seen, "b").top + at(&seen, "b").bottom) / 2.0, middle, 2.0), "{:?}", seen.words);
}

#[test]
fn boxes_in_cells_keep_the_widths_that_css_specifies() {
    let css = "i { background: #0000ff; width: 8pt; height: 8pt } .line { display: inline-block } \
               .row { display: flex; gap: 6pt } .bar { width: 8pt; height: 8pt; background: #0000ff }";
    for cell in [
        "<div class=row><i></i>Running</div>",
        "<i class=line></i> Running",
        "<i class=line></i></td><td>Running",
        "<div class=bar></div></td><td>Running",
    ] {
        for rest in ["", "<td>next"] {
            let seen = seen(&job(&format!("<table><tr><td>{cell}</td>{rest}</table>\n"), css));
            let dots = seen.drawn([0, 0, 255]);
            assert!(dots.len() == 1 && close(dots[0].width(), 8.0, 0.5), "{cell}{rest}: {dots:?}");
            assert!(at(&seen, "Running").right < LEFT + 110.0, "{cell}{rest}: {:?}", at(&seen, "Running"));
            assert!(rest.is_empty() || at(&seen, "next").left < LEFT + 110.0, "{cell}: {:?}", at(&seen, "next"));
        }
    }
    let seen = seen(&job("<table><tr><td class=row><i></i>Running</td><td>next</table>\n", css));
    assert!(close(seen.drawn([0, 0, 255])[0].width(), 8.0, 0.5) && at(&seen, "next").left < LEFT + 110.0);
}
