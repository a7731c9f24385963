//! Custom properties.

use super::styled;
use crate::css::{Length, Margin, Rgba};

const BLUE: Option<Rgba> = Some(Rgba(0, 0, 255, 255));

#[test]
fn a_variable_is_inherited_and_can_be_redefined() {
    let css = ":root { --ink: red; --gap: 2 } div { --ink: blue } p { color: var(--ink) } \
               p { margin: calc(var(--gap) * 3pt) var( --none , 1pt ) }";
    let done = styled("<div><p>", css);
    assert_eq!(done.style("p").color, BLUE);
    assert_eq!(done.style("p").margin.top, Some(Margin::Length(Length::Pt(6.0))));
    assert_eq!(done.style("p").margin.left, Some(Margin::Length(Length::Pt(1.0))));
    assert!(done.warnings.is_empty(), "{:?}", done.warnings);
}

#[test]
fn variables_use_each_other_and_fall_back() {
    let css = "p { --a: var(--b, red); --b: var(--c); --c: rgb(0 0 var(--d)); --d: 255; color: var(--a) } \
               b { color: var(--none, var(--nor-this, blue)) } i { color: RGB(0, 0, VAR(--d)) }";
    let done = styled("<p><b>b</b><i>i</i>", css);
    assert_eq!(done.style("p").color, BLUE);
    assert_eq!(done.style("b").color, BLUE);
    assert_eq!(done.style("i").color, BLUE);
}

#[test]
fn a_variable_without_value_and_a_cycle_are_reported() {
    let css =
        ":root {\n --a: var(--b);\n --b: var(--a) }\np {\n color: var(--a);\n width: var(--none);\n height: var(x) }";
    let done = styled("<p>", css);
    assert_eq!(done.style("p").color, None);
    for expected in [
        "css:2: `--a: var(--b)` has no effect: `--a` uses itself",
        "css:5: `color: var(--a)` has no effect: `--a` has no value and no fallback is given",
        "css:6: `width: var(--none)` has no effect: `--none` has no value and no fallback is given",
        "css:7: `height: var(x)` has no effect: `var()` takes a name with two dashes, as in `var(--name)`",
    ] {
        assert!(done.warnings.iter().any(|warning| warning == expected), "{expected}: {:?}", done.warnings);
    }
}

#[test]
fn a_value_that_is_wrong_once_its_variables_are_known_is_reported() {
    let done = styled("<p>", ":root { --x: 3furlongs }\np { width: var(--x) }");
    assert_eq!(done.warnings.len(), 1);
    assert!(done.warnings[0].starts_with("css:2: `width: /**/3furlongs/**/` has no effect"), "{:?}", done.warnings);
}

#[test]
fn variables_that_double_each_other_are_cut_off() {
    let mut css = "p { --x0: laughlaughlaughlaugh; ".to_owned();
    for n in 1..60 {
        css.push_str(&format!("--x{n}: var(--x{0}) var(--x{0}) var(--x{0}); ", n - 1));
    }
    css.push_str("color: var(--x59) }");
    let done = styled("<p>", &css);
    assert_eq!(done.style("p").color, None);
    assert!(done.warnings.iter().any(|warning| warning.ends_with("it is too long")), "{:?}", done.warnings);
}

#[test]
fn a_chain_of_variables_ends() {
    let mut css = "p { --x0: blue; ".to_owned();
    for n in 1..5000 {
        css.push_str(&format!("--x{n}: var(--x{}); ", n - 1));
    }
    css.push_str("color: var(--x4999) }");
    let done = styled("<p>", &css);
    // At most 64 levels, in any order; deeper ones give a warning.
    assert!(done.style("p").color == BLUE || !done.warnings.is_empty());
}
