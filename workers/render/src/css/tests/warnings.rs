//! Warnings of what has no effect, or has one in part.

use super::{declared, styled};
use crate::css::{Border, LineStyle, Rgba};

#[test]
fn what_is_so_anyway_needs_no_warning() {
    let parts = "thead { display: table-header-group } tfoot { display: table-footer-group } tr { display: table-row }
        table tbody, .a { display: table-row-group } td, th { display: table-cell } caption { display: table-caption }
        table { display: table } li { display: list-item }
        td { border-image: none; z-index: auto; caption-side: top; quotes: auto; clip: auto; mix-blend-mode: normal;
        backdrop-filter: none; order: 0; align-self: auto; place-content: normal; aspect-ratio: auto; top: auto }
        *, *::before, *::after { box-sizing: border-box } *::after { box-sizing: inherit }";
    let html = "<table><caption>c<thead><tr><th>h<tfoot><tr><td>f<tbody class=a><tr><td>x</table><ul><li>y";
    let done = styled(html, parts);
    assert!(done.warnings.is_empty(), "{:?}", done.warnings);
    let shown = styled(html, "td { display: none } td { display: table-cell }");
    assert_eq!(shown.style("td").display, None);
}

#[test]
fn declarations_without_effect_for_one_reason_share_a_warning() {
    let css =
        "p { position: absolute;\n top: 0 }\n p { position: absolute; left: 3pt;\n right: 0 }\n p { clip: rect(0) }";
    let warnings = styled("<p>x", css).warnings;
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    let expected =
        "css:1: `position: absolute`, `top: 0`, `left: 3pt` and 1 more (lines 1, 2, 3, 4) have no effect: boxes ";
    assert!(warnings[0].starts_with(expected), "{warnings:?}");
}

#[test]
fn what_has_an_effect_in_part_has_it_and_is_reported() {
    let red = Some(Rgba(255, 0, 0, 255));
    for (css, message) in [
        ("background: linear-gradient(90deg, #f00, #00f)", "the first visible one of the gradient"),
        ("background: red url(a.png) no-repeat", "no image"),
        ("background-image: radial-gradient(red 10%, blue)", "the first visible one of the gradient"),
    ] {
        let (style, warnings) = declared(css);
        assert_eq!(style.background, red, "{css}");
        assert!(warnings.len() == 1 && warnings[0].contains(message), "{css}: {warnings:?}");
    }
    let (style, warnings) = declared("border-left: 6px double red");
    assert_eq!(style.border.left, Some(Border { width: 4.5, line: LineStyle::Solid, color: red }));
    assert!(warnings[0].contains("solid"), "{warnings:?}");
    let (style, warnings) = declared("text-decoration: wavy underline");
    assert!(style.underline == Some(true) && warnings[0].contains("solid"), "{warnings:?}");
}
