//! Every property: the values it takes, and the warnings for others.

use super::declared;
use crate::css::{
    Align, Border, Break, Display, Float, Items, Justify, Length, LineStyle, ListStyle, Margin, Rgba, Sides, Style,
    Track, Transform, VerticalAlign,
};

type Case = (&'static str, fn(&mut Style));

/// Each declaration gives the function's style, without a warning.
fn check(cases: &[Case]) {
    for (css, expected) in cases {
        let mut style = Style::default();
        expected(&mut style);
        let (found, warnings) = declared(css);
        assert_eq!(found, style, "{css}");
        assert!(warnings.is_empty(), "{css}: {warnings:?}");
    }
}

/// Each declaration has no effect, and the warning contains the text.
fn refuse(cases: &[(&str, &str)]) {
    for (css, text) in cases {
        let (found, warnings) = declared(css);
        assert_eq!(found, Style::default(), "{css}");
        assert!(warnings.len() == 1 && warnings[0].contains(text), "{css}: {warnings:?}");
    }
}

fn families(names: &[&str]) -> Option<Vec<String>> {
    Some(names.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn fonts() {
    check(&[
        ("font-family: 'My Sans', Open  Sans, SERIF", |s| s.font_family = families(&["My Sans", "Open Sans", "serif"])),
        ("font-weight: bold", |s| s.font_weight = Some(700)),
        ("font-weight: 350", |s| s.font_weight = Some(350)),
        ("font-style: oblique", |s| s.italic = Some(true)),
        ("font-variant: small-caps", |s| s.small_caps = Some(true)),
        ("font-variant-caps: normal", |s| s.small_caps = Some(false)),
        ("line-height: 1.5", |s| s.line_height = Some(1.5)),
        ("line-height: 150%", |s| s.line_height = Some(1.5)),
        ("line-height: 20pt", |s| s.line_height = Some(2.0)),
        ("line-height: 2em; line-height: normal", |_| {}),
        ("font: italic small-caps bold 12pt/1.5 Georgia, serif", |s| {
            s.font_family = families(&["Georgia", "serif"]);
            s.font_size = Some(12.0);
            s.font_weight = Some(700);
            s.italic = Some(true);
            s.small_caps = Some(true);
            s.line_height = Some(1.5);
        }),
        ("font-weight: bold; font: 8pt x", |s| {
            s.font_family = families(&["x"]);
            s.font_size = Some(8.0);
            s.font_weight = Some(400);
            s.italic = Some(false);
            s.small_caps = Some(false);
        }),
    ]);
    refuse(&[
        ("font-family: a,,b", "a family is missing between commas"),
        ("font-family: 3", "takes names of families"),
        ("font-size: huge", "takes a length, a percentage"),
        ("font-size: -3pt", "smaller than nothing"),
        ("font-weight: 0", "takes normal, bold"),
        ("font-style: slanted", "takes normal, italic"),
        ("font: bold", "is not understood"),
        ("font: 12pt", "a family is missing"),
        ("font: caption", "no system fonts"),
        ("line-height: -1", "less than nothing"),
        ("font-feature-settings: 'smcp'", "can't be set"),
    ]);
}

#[test]
fn colours() {
    let cases = [
        ("navy", Rgba(0, 0, 128, 255)),
        ("RebeccaPurple", Rgba(102, 51, 153, 255)),
        ("transparent", Rgba(0, 0, 0, 0)),
        ("#369", Rgba(0x33, 0x66, 0x99, 255)),
        ("#336699", Rgba(0x33, 0x66, 0x99, 255)),
        ("#33669980", Rgba(0x33, 0x66, 0x99, 0x80)),
        ("rgb(51, 102, 153)", Rgba(0x33, 0x66, 0x99, 255)),
        ("rgba(51, 102, 153, .5)", Rgba(0x33, 0x66, 0x99, 128)),
        ("rgb(20% 40% 60% / 50%)", Rgba(0x33, 0x66, 0x99, 128)),
        ("hsl(210, 50%, 40%)", Rgba(0x33, 0x66, 0x99, 255)),
        ("hsla(210deg 50% 40% / 1)", Rgba(0x33, 0x66, 0x99, 255)),
        ("hsl(-150 50% 40%)", Rgba(0x33, 0x66, 0x99, 255)),
        ("hwb(210 20% 40%)", Rgba(0x33, 0x66, 0x99, 255)),
        ("oklch(0.628 0.2577 29.23)", Rgba(255, 0, 0, 255)),
        ("oklab(1 0 0)", Rgba(255, 255, 255, 255)),
        ("color(srgb 1 0 0 / 0.5)", Rgba(255, 0, 0, 128)),
    ];
    for (css, color) in cases {
        let (found, warnings) = declared(&format!("color: {css}"));
        assert_eq!(found.color, Some(color), "{css}: {warnings:?}");
    }
    refuse(&[
        ("color: blu", "`color: blu` is not understood; `color` takes a colour"),
        ("color: #12345", "it takes 3, 4, 6 or 8 digits"),
        ("color: rgb(1,2)", "`rgb(1,2)` is not a colour"),
        ("color: lab(50% 40 30)", "the colour space"),
        ("color: red blue", "is not understood"),
        ("background: url(a.png) no-repeat", "images are not supported"),
        ("background-image: url(a.png)", "`background-color`"),
    ]);
    check(&[
        ("background: #fff", |s| s.background = Some(Rgba(255, 255, 255, 255))),
        ("background-color: none; background: none", |s| s.background = Some(Rgba(0, 0, 0, 0))),
        ("color: red; background: currentColor", |s| {
            s.color = Some(Rgba(255, 0, 0, 255));
            s.background = s.color;
        }),
    ]);
}

#[test]
fn text() {
    check(&[
        ("text-align: end", |s| s.text_align = Some(Align::Right)),
        ("text-align: justify", |s| s.text_align = Some(Align::Justify)),
        ("vertical-align: middle", |s| s.vertical_align = Some(VerticalAlign::Middle)),
        ("letter-spacing: .1em", |s| s.letter_spacing = Some(Length::Em(0.1))),
        ("word-spacing: normal", |s| s.word_spacing = Some(Length::Pt(0.0))),
        ("text-indent: 10%", |s| s.text_indent = Some(Length::Percent(10.0))),
        ("text-transform: uppercase", |s| s.text_transform = Some(Transform::Uppercase)),
        ("text-decoration: underline line-through", |s| (s.underline, s.strike) = (Some(true), Some(true))),
        ("text-decoration: underline red", |s| {
            (s.underline, s.strike, s.line_color) = (Some(true), Some(false), Some(Rgba(255, 0, 0, 255)));
        }),
        ("text-decoration-line: none", |s| (s.underline, s.strike) = (Some(false), Some(false))),
        ("-webkit-hyphens: auto", |s| s.hyphens = Some(true)),
        ("white-space: pre-wrap", |s| (s.keep_spaces, s.wraps) = (Some(true), Some(true))),
        ("white-space: nowrap", |s| (s.keep_spaces, s.wraps) = (Some(false), Some(false))),
        ("overflow-wrap: anywhere; word-wrap: break-word; word-break: break-all", |_| {}),
    ]);
    refuse(&[
        ("text-align: middle", "takes left, center"),
        ("vertical-align: 3pt", "use super or sub"),
        ("letter-spacing: 3%", "use em"),
        ("text-shadow: 1px 1px red", "use a border"),
        ("text-transform: full-width", "takes none, uppercase"),
    ]);
}

#[test]
fn lengths() {
    let cases = [
        ("12px", Length::Pt(9.0)),
        ("1in", Length::Pt(72.0)),
        ("2.54cm", Length::Pt(72.0)),
        ("25.4mm", Length::Pt(72.0)),
        ("1pc", Length::Pt(12.0)),
        ("101.6Q", Length::Pt(72.0)),
        ("2EM", Length::Em(2.0)),
        ("1ex", Length::Em(0.5)),
        ("2rem", Length::Pt(20.0)),
        ("33.3%", Length::Percent(33.3)),
        ("0", Length::Pt(0.0)),
        ("calc(1em + 2pt)", Length::Pt(12.0)),
        ("calc((1in - 2 * 6pt) / 2)", Length::Pt(30.0)),
        ("calc(100% / 3 * 2)", Length::Percent(200.0 / 3.0)),
        ("calc(100% - 2em)", Length::Sum(100.0, -20.0)),
    ];
    for (css, length) in cases {
        let (found, warnings) = declared(&format!("width: {css}"));
        let same = match (found.width, length) {
            (Some(Length::Pt(a)), Length::Pt(b))
            | (Some(Length::Em(a)), Length::Em(b))
            | (Some(Length::Percent(a)), Length::Percent(b)) => (a - b).abs() < 1e-3,
            (Some(Length::Sum(a, c)), Length::Sum(b, d)) => (a - b).abs() < 1e-3 && (c - d).abs() < 1e-3,
            _ => false,
        };
        assert!(same, "{css}: {:?} {warnings:?}", found.width);
    }
    refuse(&[
        ("width: 3", "is not understood"),
        ("width: 3furlongs", "there is no unit `furlongs`"),
        ("width: calc(1pt / 0)", "divides by zero"),
        ("width: calc(1pt * 1pt)", "can't be multiplied"),
        ("width: calc(1 + 1pt)", "can't be added to a length"),
        ("width: env(a)", "not supported"),
        ("width: -1pt", "less than nothing"),
        ("width: fit-content", "use a length"),
        ("min-width: 3cm", "use width"),
    ]);
}

#[test]
fn boxes() {
    let pt = |value| Some(Margin::Length(Length::Pt(value)));
    let (style, _) = declared("margin: 1pt 2pt 3pt");
    assert_eq!(style.margin, Sides { top: pt(1.0), right: pt(2.0), bottom: pt(3.0), left: pt(2.0) });
    let (style, _) = declared("padding: 1pt 2pt 3pt 4pt; padding-left: 5pt");
    let pt = |value| Some(Length::Pt(value));
    assert_eq!(style.padding, Sides { top: pt(1.0), right: pt(2.0), bottom: pt(3.0), left: pt(5.0) });
    check(&[
        ("margin: 0 auto", |s| {
            let (zero, auto) = (Some(Margin::Length(Length::Pt(0.0))), Some(Margin::Auto));
            s.margin = Sides { top: zero, right: auto, bottom: zero, left: auto };
        }),
        ("margin-inline-start: -1em", |s| s.margin.left = Some(Margin::Length(Length::Em(-1.0)))),
        ("border-radius: 1pt 2pt", |s| {
            let pt = |value| Some(Length::Pt(value));
            s.border_radius = [pt(1.0), pt(2.0), pt(1.0), pt(2.0)];
        }),
        ("border-top-right-radius: 50%", |s| s.border_radius[1] = Some(Length::Percent(50.0))),
        ("max-width: 100%; height: 3cm; height: auto; box-sizing: border-box", |s| {
            (s.max_width, s.border_box) = (Some(Length::Percent(100.0)), Some(true));
        }),
    ]);
    refuse(&[
        ("margin: 1pt 2pt 3pt 4pt 5pt", "is not understood"),
        ("padding: -1pt", "less than nothing"),
        ("border-radius: 1pt / 2pt", "without `/`"),
        ("box-sizing: padding-box", "takes content-box"),
        ("position: absolute", "margin box"),
        ("align-self: center", "rows of boxes"),
        ("grid-template-areas: \"a b\"", "of grids only"),
        ("box-shadow: 0 0 3px red", "use a border"),
    ]);
}

#[test]
fn borders() {
    let red = Some(Rgba(255, 0, 0, 255));
    let border = |width, line, color| Some(Border { width, line, color });
    let all = |edge| Sides { top: edge, right: edge, bottom: edge, left: edge };
    let cases = [
        ("border: 1pt solid red", all(border(1.0, LineStyle::Solid, red))),
        ("border: red dashed", all(border(2.25, LineStyle::Dashed, red))),
        ("border: 0", all(border(0.0, LineStyle::None, None))),
        ("border: none", all(border(0.0, LineStyle::None, None))),
        ("border: thin dotted; border-color: red", all(border(0.75, LineStyle::Dotted, red))),
        ("border: 1pt solid red; border: 2pt solid", all(border(2.0, LineStyle::Solid, None))),
        ("border-width: 0", all(border(0.0, LineStyle::None, None))),
        ("border-style: solid; border-width: 1pt; border-color: red", all(border(1.0, LineStyle::Solid, red))),
        ("border-left: 4px solid red", Sides { left: border(3.0, LineStyle::Solid, red), ..Sides::default() }),
        (
            "border-bottom-style: solid; border-bottom-width: .5em; border-bottom-color: red",
            Sides { bottom: border(5.0, LineStyle::Solid, red), ..Sides::default() },
        ),
    ];
    for (css, expected) in cases {
        let (found, warnings) = declared(css);
        assert_eq!(found.border, expected, "{css}");
        assert!(warnings.is_empty(), "{css}: {warnings:?}");
    }
    refuse(&[
        ("border: 1px red", "a style is missing"),
        ("border: 1px solid red blue", "is not understood"),
        ("border-width: 3%", "can't be a percentage"),
        ("outline: 1px solid red", "use a border"),
    ]);
    check(&[
        ("border-collapse: collapse; outline: none", |s| s.collapse = Some(true)),
        ("border-spacing: 0", |s| s.border_spacing = Some((Length::Pt(0.0), Length::Pt(0.0)))),
        ("border-collapse: separate; border-spacing: 4pt 1em", |s| {
            (s.collapse, s.border_spacing) = (Some(false), Some((Length::Pt(4.0), Length::Em(1.0))));
        }),
    ]);
}

#[test]
fn flow() {
    check(&[
        ("list-style: square outside", |s| s.list_style = Some(ListStyle::Square)),
        ("list-style: none", |s| s.list_style = Some(ListStyle::None)),
        ("counter-reset: a b 3; counter-increment: a -1; counter-set: none", |s| {
            let named = |name: &str, number| (name.to_owned(), number);
            s.counters.reset = Some(vec![named("a", 0), named("b", 3)]);
            (s.counters.increment, s.counters.set) = (Some(vec![named("a", -1)]), Some(Vec::new()));
        }),
        ("list-style-type: lower-latin", |s| s.list_style = Some(ListStyle::LowerAlpha)),
        ("list-style-type: '– '", |s| s.list_style = Some(ListStyle::Text("– ".to_owned()))),
        ("page-break-after: always", |s| s.break_after = Some(Break::Page)),
        ("break-before: recto", |s| s.break_before = Some(Break::Right)),
        ("break-after: avoid-page", |s| s.break_after = Some(Break::Avoid)),
        ("page-break-inside: avoid", |s| s.break_inside = Some(Break::Avoid)),
        ("columns: 2 auto; column-gap: 1cm", |s| {
            s.columns = Some(2);
            s.column_gap = Some(Length::Pt(72.0 / 2.54));
        }),
        ("orphans: 1; widows: 2", |s| (s.orphans, s.widows) = (Some(false), Some(true))),
        ("clear: both", |s| s.row.is_clear = Some(true)),
        ("page: Wide", |s| s.page = Some("wide".to_owned())),
        ("-moz-column-count: 3", |s| s.columns = Some(3)),
        ("display: none", |s| s.display = Some(Display::None)),
        ("opacity: 50%", |s| s.opacity = Some(0.5)),
        ("opacity: 7", |s| s.opacity = Some(1.0)),
        ("display: list-item", |s| s.display = Some(Display::ListItem)),
    ]);
    refuse(&[
        ("list-style: url(a.png)", "a text in quotes"),
        ("list-style: inside", "outside"),
        ("list-style-type: klingon", "no marker `klingon`"),
        ("orphans: 1.5", "takes 1, or a greater number"),
        ("columns: 99", "up to 20"),
        ("columns: 12em", "use their number"),
        ("column-rule: 1px solid", "not supported"),
        ("break-inside: column", "takes auto or avoid"),
        ("display: table-cell", "only tables of the text"),
        ("content: 'x'", "works in `::before`"),
    ]);
}

#[test]
fn names() {
    refuse(&[
        ("colour: red", "did you mean `color`?"),
        ("bakground: red", "did you mean `background`?"),
        ("font-wieght: bold", "did you mean `font-weight`?"),
        ("text-aling: left", "did you mean `text-align`?"),
        ("frobnicate: 3", "there is no property `frobnicate` here"),
        ("size: A4", "it belongs into `@page`"),
    ]);
    check(&[
        ("cursor: pointer; transition: all 1s; -webkit-print-color-adjust: exact; print-color-adjust: exact", |_| {}),
        ("-ms-text-size-adjust: 100%; -webkit-font-smoothing: antialiased; overflow: auto", |_| {}),
        ("float: none; position: relative; min-width: 0; --mine: {anything; at [all]}", |_| {}),
    ]);
}

#[test]
fn lesser_and_greater_lengths_are_computed_where_they_can_be_compared() {
    check(&[
        ("width: min(300px, 400px)", |s| s.width = Some(Length::Pt(225.0))),
        ("width: min(100%, 400px)", |s| s.width = Some(Length::Pt(300.0))),
        ("max-width: max(50%, 30%, 40%)", |s| s.max_width = Some(Length::Percent(50.0))),
        ("font-size: 20pt; text-indent: max(10pt, 1em)", |s| {
            (s.font_size, s.text_indent) = (Some(20.0), Some(Length::Pt(20.0)));
        }),
        ("font-size: clamp(8pt, 2em, 18pt)", |s| s.font_size = Some(18.0)),
        ("font-size: max(14px, 150%)", |s| s.font_size = Some(15.0)),
        ("font-size: calc(min(2em, 12pt) + 1pt)", |s| s.font_size = Some(13.0)),
        ("text-indent: calc(3pt - min(1em, 2pt) * 2)", |s| s.text_indent = Some(Length::Pt(-1.0))),
        ("width: clamp(100pt, 50%, 200pt)", |s| s.width = Some(Length::Percent(50.0))),
        ("line-height: max(1.2, 1.5)", |s| s.line_height = Some(1.5)),
    ]);
    refuse(&[
        ("font-variant: all-small-caps", "`text-transform: lowercase` is the same"),
        ("width: min(5vx, 20px)", "no unit `vx`"),
        ("width: clamp(1px, 2px)", "takes three"),
        ("width: min()", "is not understood"),
        ("width: min(1px 2px)", "is not understood"),
        ("width: calc(1px, 2px)", "is not understood"),
        ("width: min(1px, 2)", "a number"),
        ("text-indent: min(1em, 2pt, 3rem)", "use fewer"),
    ]);
}

#[test]
fn the_first_colour_of_a_gradient_that_can_be_seen_is_the_ground() {
    for css in ["linear-gradient(to right, transparent, #f00, transparent)", "linear-gradient(rgba(0,0,0,0), red 50%)"]
    {
        let (style, _) = declared(&format!("background: {css}"));
        assert_eq!(style.background, Some(Rgba(255, 0, 0, 255)), "{css}");
    }
}

#[test]
fn the_documents_rules_count_more_than_those_of_all_documents() {
    let mut warnings = crate::Warnings::default();
    let all = crate::css::Sheet::parse("div p.a { color: red; margin-top: 1pt }", "base", &mut warnings).quiet();
    let own = crate::css::Sheet::parse("p { color: blue }", "css", &mut warnings);
    let html = scraper::Html::parse_document("<div><p class=a>x");
    let styles = crate::css::cascade(&html, &[all, own], 10.0, &mut warnings);
    let paragraph = html.select(&scraper::Selector::parse("p").unwrap()).next().unwrap();
    let style = styles.of(paragraph.id()).unwrap();
    assert_eq!(style.color, Some(Rgba(0, 0, 255, 255)));
    assert_eq!(style.margin.top, Some(Margin::Length(Length::Pt(1.0))));
}

#[test]
fn rows_of_boxes() {
    check(&[
        ("display: flex; justify-content: space-between; align-items: center", |s| {
            s.display = Some(Display::Flex);
            (s.row.justify, s.row.items) = (Some(Justify::Between), Some(Items::Center));
        }),
        ("flex: 1", |s| s.row.grow = Some(1.0)),
        ("flex: 0 0 30%", |s| {
            s.row.grow = Some(0.0);
            s.row.basis = Some(Length::Percent(30.0));
        }),
        ("flex-flow: column wrap", |s| (s.row.is_column, s.row.wrap) = (Some(true), Some(true))),
        ("gap: 1pt 2pt", |s| (s.row.gap, s.column_gap) = (Some(Length::Pt(1.0)), Some(Length::Pt(2.0)))),
        ("grid-template-columns: 1fr minmax(0, 2fr) 30pt auto", |s| {
            let tracks = vec![Track::Share(1.0), Track::Share(2.0), Track::Length(Length::Pt(30.0)), Track::Auto];
            s.row.tracks = Some(tracks);
        }),
        ("grid-template-columns: repeat(2, 1fr)", |s| s.row.tracks = Some(vec![Track::Share(1.0); 2])),
        ("grid-template-columns: repeat(auto-fit, minmax(40pt, 1fr))", |s| {
            s.row.tracks = Some(vec![Track::Fill(Length::Pt(40.0))]);
        }),
        ("display: inline-flex", |s| (s.display, s.row.is_inline) = (Some(Display::Flex), Some(true))),
        ("grid-template-columns: fit-content(30pt) min-content max-content", |s| {
            s.row.tracks = Some(vec![Track::UpTo(Length::Pt(30.0)), Track::Least, Track::Content]);
        }),
        ("grid-column: 1 / 3", |s| (s.row.column, s.row.span) = (Some(1), Some(2))),
        ("grid-column: 2", |s| (s.row.column, s.row.span) = (Some(2), Some(1))),
        ("grid-column: 1 / -1", |s| (s.row.column, s.row.span) = (Some(1), Some(u16::MAX))),
        ("grid-column: -3 / -1", |s| (s.row.column, s.row.span) = (Some(-3), Some(2))),
        ("grid-column: span 2 / span 2", |s| s.row.span = Some(2)),
        ("grid-column: 2 / span 2", |s| (s.row.column, s.row.span) = (Some(2), Some(2))),
        ("grid-column: span 3", |s| s.row.span = Some(3)),
        ("float: right", |s| s.row.float = Some(Float::Right)),
    ]);
    refuse(&[
        ("grid-template-columns: repeat(x, 1fr)", "is not understood"),
        ("flex-direction: row-reverse", "the order"),
        ("grid-column: 2 / -2", "count both lines from the start"),
        ("grid-column: 0", "is not understood"),
    ]);
}

#[test]
fn lengths_of_windows_are_of_the_page() {
    for (declarations, points) in [
        ("height: 100vh", 841.89),
        ("height: 10vw", 59.528),
        ("height: 50dvh", 420.945),
        ("height: 10vmin", 59.528),
        ("height: 10vmax", 84.189),
        ("height: calc(100vh - 41.89pt)", 800.0),
        ("height: max(10vw, 20pt)", 59.528),
    ] {
        let (style, warnings) = declared(declarations);
        let Some(Length::Pt(found)) = style.height else { panic!("{declarations}: {:?}", style.height) };
        assert!((found - points).abs() < 0.01 && warnings.is_empty(), "{declarations}: {found} {warnings:?}");
    }
    assert_eq!(declared("font-size: 2vw").0.font_size, Some(595.28 * 0.02));
    for css in ["@page { margin: 5vw }", "@page { size: 50vw 50vh }"] {
        assert_eq!(super::paged(css).1.len(), 1, "{css}");
    }
}
