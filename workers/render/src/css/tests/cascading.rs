//! Which declaration wins, and what an element inherits.

use super::{declared, styled};
use crate::css::{Align, Border, Length, LineStyle, Rgba};

const RED: Option<Rgba> = Some(Rgba(255, 0, 0, 255));
const BLUE: Option<Rgba> = Some(Rgba(0, 0, 255, 255));

#[test]
fn the_more_specific_selector_wins_then_the_later_one() {
    let cases = [
        ("p { color: red } p { color: blue }", BLUE),
        (".a { color: blue } p { color: red }", BLUE),
        ("#i { color: blue } .a.b { color: red } p.a.b { color: red }", BLUE),
        ("p, #i { color: blue } .a { color: red }", BLUE),
        ("div > p { color: blue } p { color: red }", BLUE),
        (":where(#i) { color: red } p { color: blue }", BLUE),
        ("p { color: blue !important } #i { color: red }", BLUE),
        ("p { color: blue ! important } #i { color: red !important }", RED),
        ("p:not(.a) { color: red } p:is(.a, .z) { color: blue }", BLUE),
        ("div p:nth-child(2n) { color: blue }", BLUE),
        ("p:first-child { color: red } p:last-of-type { color: blue }", BLUE),
        ("[title~='x'] { color: blue }", BLUE),
        ("H1 + P { color: blue }", BLUE),
        ("h1 ~ p { color: blue } q ~ p { color: red }", BLUE),
    ];
    for (css, color) in cases {
        let done = styled("<div><h1>h</h1><p id=i class='a b' title='y x'>text</p></div>", css);
        assert_eq!(done.style("p").color, color, "{css}");
    }
}

#[test]
fn the_style_of_an_element_wins_over_rules_but_not_over_important_ones() {
    let done = styled("<p style='color: blue; hyphens: auto'>", "#x, p { color: red } p { hyphens: none !important }");
    assert_eq!(done.style("p").color, BLUE);
    assert_eq!(done.style("p").hyphens, Some(false));
}

#[test]
fn warnings_of_an_elements_style_name_the_line_of_the_markdown() {
    let done = styled("<p data-sourcepos='7:1-7:9' style='colour: blue; content: \"x\"'>", "");
    assert_eq!(
        done.warnings,
        [
            "markdown:7: `content: \"x\"` has no effect on an element",
            "markdown:7: there is no property `colour`; did you mean `color`?",
        ]
    );
}

#[test]
fn font_sizes_are_absolute_whatever_they_are_relative_to() {
    let cases = [
        ("p { font-size: 12pt }", 12.0),
        ("p { font-size: 16px }", 12.0),
        ("div { font-size: 20pt } p { font-size: 1.5em }", 30.0),
        ("div { font-size: 20pt } p { font-size: 50% }", 10.0),
        ("html { font-size: 8pt } div { font-size: 20pt } p { font-size: 2rem }", 16.0),
        ("html { font-size: 2em } p { font-size: 1rem }", 20.0),
        ("div { font-size: 20pt } p { font-size: larger }", 24.0),
        ("div { font-size: 20pt } p { font-size: xx-large }", 20.0),
        ("div { font-size: 20pt } p { font-size: inherit }", 20.0),
        ("div { font-size: 20pt } p { font-size: initial }", 10.0),
        ("div { font-size: 20pt } p { font-size: calc(1em - 2pt * 3) }", 14.0),
        ("p { font-size: 0 }", 0.1),
        ("p { font-size: 99999pt }", 1000.0),
    ];
    for (css, points) in cases {
        let size = styled("<div><p>", css).style("p").font_size.unwrap();
        assert!((size - points).abs() < 1e-9, "{css}: {size}");
    }
}

#[test]
fn headings_have_their_size_though_css_does_not_say_it() {
    let done = styled("<h1>a <b>b</b></h1>", "body { font-size: 8pt } b { font-size: 0.5em; border-left: 1em solid }");
    assert_eq!(done.style("h1").font_size, None);
    assert_eq!(done.style("b").font_size, Some(8.0));
    assert_eq!(done.style("b").border.left, Some(Border { width: 8.0, line: LineStyle::Solid, color: None }));
}

#[test]
fn bolder_is_bolder_than_what_is_around() {
    let done = styled(
        "<h1>a <b>b</b></h1><p><b>c</b>",
        "p { font-weight: 300 } b { font-weight: bolder } h1 b { font-weight: lighter }",
    );
    assert_eq!(done.style("p b").font_weight, Some(400));
    assert_eq!(done.style("h1 b").font_weight, Some(400));
}

#[test]
fn inherit_takes_the_parents_value_and_initial_csss_own() {
    let css = "body { color: blue; text-align: center } div { padding: 3pt; border: 1pt solid red; background: red } \
               p { color: inherit; padding: inherit; border: inherit; background: inherit; text-align: initial } \
               b { color: unset; padding: unset; margin: revert }";
    let done = styled("<body><div><p>a<b>b</b>", css);
    let p = done.style("p");
    assert_eq!(p.color, BLUE);
    assert_eq!(p.text_align, Some(Align::Left));
    assert_eq!(p.padding.left, Some(Length::Pt(3.0)));
    assert_eq!(p.border.top, Some(Border { width: 1.0, line: LineStyle::Solid, color: RED }));
    assert_eq!(p.background, RED);
    assert_eq!(done.style("b").padding.left, Some(Length::Pt(0.0)));
    assert_eq!(done.style("b").color, BLUE);
    assert!(done.warnings.is_empty(), "{:?}", done.warnings);
}

#[test]
fn elements_that_are_styled_alike_share_a_style() {
    let rows = "<tr><td>a<td>b".repeat(500);
    let css = "td { padding: 1em } tr:nth-child(2n) td { background: #eee }";
    let done = styled(&format!("<table>{rows}</table>"), css);
    assert!(done.styles.distinct() < 20, "{}", done.styles.distinct());
    assert_eq!(done.style("tr:nth-child(4) td + td").background, Some(Rgba(238, 238, 238, 255)));
    assert_eq!(done.style("tr:nth-child(5) td + td").background, None);
    assert_eq!(done.styles.of(done.element("tr").id()), None);
}

#[test]
fn before_and_after_have_a_text_and_a_style() {
    let css = "a::after { content: ' (' attr(href) ')'; color: red; font-size: 80% } a:before { content: '' } \
               p::before { color: red }";
    let done = styled("<p><a href='x.html'>x</a>", css);
    let a = done.element("a");
    let (text, style) = done.styles.after(a.id(), a.value()).unwrap();
    assert_eq!(text, " (x.html)");
    assert_eq!((style.color, style.font_size), (RED, Some(8.0)));
    assert_eq!(done.styles.before(a.id(), a.value()), None);
    assert_eq!(
        done.warnings,
        ["css:1: `p::before` is not there without `content`: specify a text, or `content: \"\"` for a box"]
    );
}

#[test]
fn a_border_without_a_line_is_reported() {
    let (style, warnings) = declared("border-color: red");
    assert_eq!(style.border.top, None);
    assert_eq!(warnings, ["css:1: `border-color` draws no line without `border-style`"]);
}
