//! Which rules a sheet may contain, and the warnings for others.

use super::{lines, styled};
use crate::Warnings;
use crate::css::{FontFace, Rgba, Sheet, fonts};

fn warned(css: &str) -> Vec<String> {
    let mut warnings = Warnings::default();
    let _ = Sheet::parse(css, "css", &mut warnings);
    lines(warnings)
}

#[test]
fn a_warning_names_its_line() {
    let css = "p { color: red }\n\nh1 {\n  color: red;\n  colr: blue;\n}\n@import 'a.css';\n";
    assert_eq!(
        warned(css),
        [
            "css:5: there is no property `colr`; did you mean `color`?",
            "css:7: `@import 'a.css'` was left out: style sheets are not fetched; send the other sheet along",
        ]
    );
}

#[test]
fn a_broken_declaration_takes_only_itself_away() {
    let done = styled("<p>", "p { color red; margin: ; font-weight: bold; width 3 } p { color: blue }");
    assert_eq!(done.style("p").font_weight, Some(700));
    assert_eq!(done.style("p").color, Some(Rgba(0, 0, 255, 255)));
    assert_eq!(done.warnings.len(), 3, "{:?}", done.warnings);
}

#[test]
fn a_broken_rule_takes_only_itself_away() {
    let done = styled("<p>", "$$ { color: red } p { color: blue } } p { font-weight: bold } p { hyphens: auto");
    assert_eq!(done.style("p").color, Some(Rgba(0, 0, 255, 255)));
    assert_eq!(done.style("p").hyphens, Some(true));
    assert!(done.warnings[0].contains("matches nothing: it is not a selector"), "{:?}", done.warnings);
}

#[test]
fn selectors_that_cannot_match_on_paper_say_so_and_leave_the_others() {
    let done = styled("<a href='x'>", "a:hover, a::cue, a:foo, a:has(b), a { color: blue }");
    assert_eq!(done.style("a").color, Some(Rgba(0, 0, 255, 255)));
    assert_eq!(
        done.warnings,
        [
            "css:1: `a:hover` matches nothing: no element of a printed page is in this state",
            "css:1: `a::cue` matches nothing: a printed page has no `::cue`",
            "css:1: `a:foo` matches nothing: there is no pseudo-class `:foo`",
            "css:1: `a:has(b)` matches nothing: `:has()` is not supported; `:not()`, `:is()`, `:where()` and the `:nth-` ones are",
        ]
    );
}

#[test]
fn rules_inside_rules_count_after_it() {
    let html = "<div class=a><p class=b>x<b>y</b></p><p>z</p></div><section><i>w</i></section>";
    let css = "div, section {\n  & p { color: red; &.b { color: blue } }\n  > i { color: lime }\n  b, u { color: aqua }\n  color: gray\n}\n.a { .b & { color: red } }";
    let done = styled(html, css);
    let color = |selector: &str| done.style(selector).color.map(|Rgba(red, green, blue, _)| (red, green, blue));
    assert_eq!(color("p.b"), Some((0, 0, 255)));
    assert_eq!(color("p:last-child"), Some((255, 0, 0)));
    assert_eq!((color("i"), color("b")), (Some((0, 255, 0)), Some((0, 255, 255))));
    assert_eq!((color("div"), color("section")), (Some((128, 128, 128)), Some((128, 128, 128))));
    assert_eq!(done.warnings, ["css:7: `.b :is(.a)` matches no element of this document"]);
    let done = styled("<p>", "p {\n a:hover { color: red }\n &-x { color: red }\n color: blue }");
    assert_eq!(done.style("p").color, Some(Rgba(0, 0, 255, 255)));
    assert_eq!(done.warnings.len(), 2, "{:?}", done.warnings);
    let deep = format!("p {{ {} color: red {} }}", "&, & b { ".repeat(20), "}".repeat(20));
    assert!(styled("<p>", &deep).warnings.iter().any(|warning| warning.contains("too long")));
}

#[test]
fn rules_in_attributes_and_pages_are_reported() {
    let done = styled("<p style='color: blue; b { color: red }'>", "");
    assert_eq!((done.style("p").color, done.warnings.len()), (Some(Rgba(0, 0, 255, 255)), 1), "{:?}", done.warnings);
    let (_, warnings) = super::paged("@page { margin: 2cm; p { color: red } }");
    assert_eq!(warnings, ["css:1: a rule inside of this is not supported; write it as a rule of its own"]);
}

#[test]
fn media_for_print_count_and_others_are_reported() {
    let css = "@media print { p { color: blue } }\n@media screen { p { color: red } }\n\
               @media all { p { hyphens: auto } }\n@media (hover) { p { color: red } }";
    let done = styled("<p>", css);
    assert_eq!(done.style("p").color, Some(Rgba(0, 0, 255, 255)));
    assert_eq!(done.style("p").hyphens, Some(true));
    assert_eq!(
        done.warnings,
        [
            "css:2: `@media screen` is not for print; what it holds was left out",
            "css:4: `@media (hover)` was left out: of conditions `(color)`, `(orientation: portrait)`, widths and \
             heights are understood, besides `print`, `all` and `screen`",
        ]
    );
}

#[test]
fn conditions_of_media_are_those_of_a_page() {
    for (condition, is_so) in [
        ("print and (min-width: 100mm)", true),
        ("(max-width: 768px)", true),
        ("(min-width: 768px)", false),
        ("print and (min-width: 10cm) and (max-width: 18cm)", true),
        ("(width >= 400px)", true),
        ("(width < 400px)", false),
        ("(orientation: landscape), (height > 10cm)", true),
        ("(prefers-color-scheme: dark)", false),
        ("screen and (min-width: 10px)", false),
    ] {
        let done = styled("<p>", &format!("@media {condition} {{ p {{ color: blue }} }}"));
        assert_eq!(done.style("p").color.is_some(), is_so, "{condition}");
        assert_eq!(done.warnings.is_empty(), is_so, "{condition}: {:?}", done.warnings);
    }
}

#[test]
fn supports_and_layers_are_read() {
    for (rule, is_so) in [
        ("@supports (display: grid)", true),
        ("@supports (display: grid) and (not (color: klingon))", true),
        ("@supports (position: klingon) or (color: red)", true),
        ("@supports not (display: grid)", false),
        ("@supports (color: klingon)", false),
        ("@supports selector(p > a)", true),
        ("@layer base", true),
        ("@layer", true),
    ] {
        let done = styled("<p>", &format!("@layer base, other;\n{rule} {{ p {{ color: blue }} }}"));
        assert_eq!(done.style("p").color.is_some(), is_so, "{rule}: {:?}", done.warnings);
        assert_eq!(done.warnings.is_empty(), is_so, "{rule}: {:?}", done.warnings);
    }
}

#[test]
fn fonts_are_attached_files() {
    let css = "@font-face { font-family: 'My Sans'; src: local('x'), url('./my.ttf') format('truetype'); }\n\
               @font-face { font-family: Other; src: url(https://example.org/a.woff2) }\n\
               @font-face { src: url(a.ttf) }";
    let mut warnings = Warnings::default();
    let sheet = Sheet::parse(css, "css", &mut warnings);
    let my = FontFace { family: "My Sans".to_owned(), file: "my.ttf".to_owned(), line: 1 };
    assert_eq!(fonts(&[sheet]), [my]);
    let warnings = lines(warnings);
    assert!(warnings[0].starts_with("css:2: `https://example.org/a.woff2`: fonts are not fetched"), "{warnings:?}");
    assert!(warnings[1].starts_with("css:2: `@font-face` of `Other` has no `src"), "{warnings:?}");
    assert_eq!(warnings[2], "css:3: `@font-face` has no `font-family`");
}

#[test]
fn other_at_rules_are_reported() {
    let css = "@keyframes a { from { color: red } }\n@container (width > 1cm) { p { color: red } }\n@charset 'utf-8';";
    assert_eq!(
        warned(css),
        [
            "css:1: `@keyframes a` was left out: nothing moves on paper",
            "css:2: `@container (width > 1cm)` was left out: write its rules without it",
        ]
    );
}

#[test]
fn a_rule_that_matches_no_element_is_reported_unless_the_sheet_is_somebody_elses() {
    let done = styled("<p>", "p, h1 { color: red }\nh2,\nh3 { color: red }");
    assert_eq!(done.warnings, ["css:2: `h2, h3` matches no element of this document"]);
    let mut warnings = Warnings::default();
    let sheet = Sheet::parse("h2 { color: red }", "template", &mut warnings).quiet();
    let _ = crate::css::cascade(&done.html, &[sheet], 10.0, &mut warnings);
    assert!(lines(warnings).is_empty());
}

#[test]
fn where_many_rules_match_nothing_most_are_reported_by_their_lines_alone() {
    let css = "h2 { color: red }\n".repeat(25);
    let done = styled("<p>", &css);
    assert_eq!(done.warnings.len(), 21);
    let last = "css:21: 5 more rules match no element of this document, in lines 21, 22, 23, 24, 25";
    assert_eq!(done.warnings.last().map(String::as_str), Some(last));
}

#[test]
fn comments_byte_order_marks_and_old_html_comments_are_passed_over() {
    let done = styled("<p>", "\u{feff}/* a { */ <!-- p { color/**/: /* x */ blue /* ; */; } -->");
    assert_eq!(done.style("p").color, Some(Rgba(0, 0, 255, 255)));
    assert!(done.warnings.is_empty(), "{:?}", done.warnings);
}
