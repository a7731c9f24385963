//! For any sheet and document: no panic, and bounded work.

use proptest::prelude::*;
use scraper::Html;

use super::{lines, styled};
use crate::Warnings;
use crate::css::{Sheet, cascade, fonts, page};

fn all_the_way(html: &str, css: &str) -> Vec<String> {
    let mut warnings = Warnings::default();
    let sheets = [Sheet::parse(css, "css", &mut warnings)];
    let html = Html::parse_document(html);
    let _ = cascade(&html, &sheets, 10.0, &mut warnings);
    let _ = page(&sheets, 10.0, &mut warnings);
    let _ = fonts(&sheets);
    lines(warnings)
}

#[test]
fn a_sheet_of_a_megabyte_is_cut_and_reported() {
    let css = "p { color: red }\n".repeat(70_000);
    let warnings = all_the_way("<p>", &css);
    assert!(warnings[0].contains("up to 512 KiB"), "{warnings:?}");
    assert!(warnings[1].contains("up to 5000 rules"), "{warnings:?}");
}

#[test]
fn deep_nesting_of_every_kind_ends() {
    for (open, close) in [("(", ")"), ("[", "]"), ("{", "}"), ("@media print {", "}"), ("calc(", ")"), (":not(", ")")] {
        let deep = format!("{}{}", open.repeat(20_000), close.repeat(20_000));
        let _ = all_the_way("<p>", &deep);
        let _ = all_the_way("<p>", &format!("p {{ width: {deep}; --x: {deep}; color: var(--x) }}"));
        let _ = all_the_way("<p>", &format!("p{deep} {{ color: red }}"));
    }
    let selector = "p ".repeat(50_000);
    let warnings = all_the_way("<p>", &format!("{selector} {{ color: red }}"));
    assert!(warnings[0].contains("it is longer than"), "{warnings:?}");
}

#[test]
fn selectors_that_search_without_end_are_stopped_and_reported() {
    let html = "<div>".repeat(200) + &"<p>x</p>".repeat(20_000);
    let rule = format!("{} {{ color: red }}\n", "p ~ p ~ p ~ p ~ q ~ p ~ p:nth-last-child(7n+3)");
    let warnings = all_the_way(&html, &rule.repeat(100));
    assert!(warnings.iter().any(|warning| warning.contains("too much work")), "{warnings:?}");
}

#[test]
fn ever_new_styles_are_stopped_and_reported() {
    let mut html = String::new();
    for n in 0..30_000 {
        html.push_str(&format!("<p style='width: {n}pt'>x</p>"));
    }
    let done = styled(&html, "p { color: red }");
    assert!(done.styles.distinct() <= 20_001);
    assert!(done.warnings.iter().any(|warning| warning.contains("up to 20000 different")), "{:?}", done.warnings);
}

#[test]
fn a_document_that_is_one_deep_hole_has_styles() {
    let html = "<div>".repeat(3_000);
    let done = styled(&html, "div { font-size: 1.1em; color: inherit; --x: 1 } div div { width: var(--x) }");
    assert!(done.styles.distinct() > 2_000);
}

/// Fragments of CSS, separated by spaces.
const BITS: &str = r##"p h1 .a #b * :root ::before :not( :nth-child(2n+1) :hover [a=b] > ~ + , { } ( ) [ ] ; : !important
    @page @media print @font-face @top-left :first color margin font border --x var(--x) var(--y, calc( 1pt 2em 50%
    1e999px -0 red #fff rgb( hsl( url( 'text' " ' \ /* */ <!-- inherit unset content counter(page) size A4 src é 😀 / NaN
    infinity +1 - list-style"##;

fn css_like() -> impl Strategy<Value = String> {
    let bits: Vec<&str> = BITS.split_whitespace().chain(["\n", "\0"]).collect();
    prop::collection::vec(prop::sample::select(bits), 0..80).prop_map(|bits| bits.join(" "))
}

const DOCUMENT: &str =
    "<p class=a id=b a=b style='--x: var(--y); --y: var(--x); color: var(--x)'>x<h1>y</h1><p class=a>z";

proptest! {
    #[test]
    fn any_text_is_a_sheet(css in any::<String>()) {
        let _ = all_the_way(DOCUMENT, &css);
        let _ = all_the_way(DOCUMENT, &format!("p {{ {css} }}"));
    }

    #[test]
    fn any_text_like_css_is_a_sheet(css in css_like()) {
        let _ = all_the_way(DOCUMENT, &css);
        let _ = all_the_way(DOCUMENT, &format!("p {{ {css} }} p {{ {css}"));
    }

    #[test]
    fn any_declaration_gives_finite_lengths(
        name in prop::sample::select(vec!["width", "margin", "font-size", "line-height", "border-width", "opacity", "columns"]),
        number in any::<f32>(),
        unit in prop::sample::select(vec!["", "pt", "em", "rem", "%", "in"]),
    ) {
        let css = format!("p {{ border-style: solid; {name}: {number}{unit}; {name}: calc({number}{unit} * {number}) }}");
        let done = styled("<p>", &css);
        let text = format!("{:?}", done.style("p"));
        prop_assert!(!text.contains("NaN") && !text.contains("inf"), "{}", text);
    }
}
