//! For any text and style sheet: no panic, and no Typst error.
//!
//! `PROPTEST_CASES=100000 cargo test --release -p ruche-render --test render fuzz` tries more.

use proptest::{prelude::*, test_runner::RngSeed};
use ruche_render::{Renderer, Resources};
use ruche_schemas::{failure::codes, kinds::render::Render};

/// Fragments of documents, valid and broken.
const PIECES: &[&str] = &[
    "# A",
    "## B {#b .c}",
    "text",
    "*",
    "**",
    "_",
    "`",
    "```",
    "```rust {.x}",
    "~~~mermaid\ngraph LR; a-->b\n~~~",
    "\n",
    "\n\n",
    "  ",
    "    ",
    "\t",
    "- ",
    "1. ",
    "999999999. ",
    "- [ ] ",
    "- [x] t",
    "> ",
    "> [!NOTE]\n> ",
    "| a | b |\n|---|:-:|\n| c | d |",
    "|",
    "---",
    "***",
    "[a](#b)",
    "[](#b)",
    "[a](http://x.y)",
    "[",
    "]",
    "(",
    ")",
    "![i](x.png)",
    "![i](data:image/svg+xml,<svg/>)",
    "[^1]",
    "[^1]: note",
    "$x^2$",
    "$$\\frac{1}{2}$$",
    "$\\",
    "$`a`$",
    "\\begin{matrix} a & b \\\\ c \\end{matrix}",
    "<div class=\"n\">",
    "</div>",
    "<p>",
    "<b>",
    "</b>",
    "<table>",
    "<tr>",
    "<td colspan=3>",
    "<td rowspan=2>",
    "</table>",
    "<ul>",
    "<li>",
    "<dl><dt>a<dd>b",
    "<br>",
    "<hr>",
    "<img src=x>",
    "<figure><figcaption>x",
    "<svg width=1 height=1></svg>",
    "<style>p{break-before:page}</style>",
    "<script>",
    "</script>",
    "<!--",
    "-->",
    "term\n: meaning",
    ":tada:",
    "\u{1F600}",
    "\u{202e}",
    "\u{0}",
    "\u{ad}",
    "é漢",
    "::: n",
    ":::",
    "[TOC]",
    "\\newpage",
    "\\",
    "&amp;",
    "&#0;",
    "{.c}",
    "{#b}",
    "~~s~~",
    "==m==",
    "http://example.org",
    "a@b.c",
    "<details><summary>s</summary>",
    "<pre>",
    "<code>",
    "<sub>",
    "<h1>",
    "<a href=#b>",
    "<a id=b>",
    "<ol start=0 reversed type=i>",
    "<col><caption>",
    "<thead>",
    "<tfoot>",
    "<blockquote>",
    "<input type=checkbox checked>",
];

const SELECTORS: &[&str] = &[
    "p",
    "h1",
    "h2",
    "li",
    "ul",
    "ol",
    "table",
    "td",
    "th",
    "tr",
    "tr:nth-child(2n)",
    "blockquote",
    ".c",
    ".n",
    "#b",
    "div p",
    "a::after",
    "p::before",
    "code",
    "pre",
    "img",
    "body",
    "*",
    "figure",
    ":root",
    "em",
    "strong",
    "hr",
    "dl",
    "dd",
    "section",
    ":not(p)",
];

const DECLARATIONS: &[&str] = &[
    "color: red",
    "background: #eee",
    "margin: 1em",
    "margin: -5px auto",
    "padding: 10%",
    "border: 1px solid",
    "border-left: 3px dotted blue",
    "border-radius: 5px",
    "width: 50%",
    "width: 0",
    "max-width: 10em",
    "height: 2px",
    "display: block",
    "display: inline-block",
    "display: inline",
    "display: none",
    "break-before: page",
    "break-after: always",
    "break-after: right",
    "page-break-inside: avoid",
    "break-after: avoid",
    "columns: 2",
    "column-gap: 1em",
    "font-size: 0",
    "font-size: 300%",
    "font: bold 12pt/1.5 Arial",
    "line-height: 0",
    "letter-spacing: -1em",
    "text-align: justify",
    "text-indent: 2em",
    "text-transform: uppercase",
    "list-style: none",
    "list-style-type: lower-roman",
    "white-space: pre",
    "vertical-align: super",
    "content: \"x\" attr(href)",
    "hyphens: auto",
    "opacity: 0.5",
    "text-decoration: underline",
    "float: left",
    "--v: 1px",
    "margin: var(--v)",
    "font-family: nope, serif",
    "font-variant: small-caps",
    "border-collapse: collapse",
    "word-spacing: 1em",
    "font-weight: 950",
];

const RULES: &[&str] = &[
    "@page { size: A5 landscape; margin: 10mm }",
    "@page { @bottom-center { content: counter(page) \"/\" counter(pages) } }",
    "@page :first { margin-top: 5cm; @top-left { content: string(title) } }",
    "@page { size: 10mm 10mm; margin: 20mm }",
    "@font-face { font-family: x; src: url(x.ttf) }",
    "@media print {",
    "}",
    "@import 'x';",
    "<!--",
];

fn markdown() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => prop::sample::select(PIECES).prop_map(str::to_owned),
        2 => Just("\n".to_owned()),
        1 => "\\PC{0,12}",
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn css() -> impl Strategy<Value = String> {
    let rule = prop_oneof![
        6 => (prop::sample::select(SELECTORS), prop::collection::vec(prop::sample::select(DECLARATIONS), 1..4))
            .prop_map(|(selector, declarations)| format!("{selector} {{ {} }}\n", declarations.join("; "))),
        1 => prop::sample::select(RULES).prop_map(str::to_owned),
        1 => "\\PC{0,20}",
    ];
    prop::collection::vec(rule, 0..8).prop_map(|rules| rules.concat())
}

/// The same few cases each time, so that a build that passed passes again; with `PROPTEST_CASES`, new ones.
fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let rng_seed = cases.map_or(RngSeed::Fixed(2026), |_: u32| RngSeed::Random);
    let cases = cases.unwrap_or(1500);
    ProptestConfig { cases, rng_seed, max_shrink_iters: 2000, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_text_with_any_style_sheet_is_a_document(
        markdown in markdown(),
        css in css(),
        template in prop::sample::select(&["plain", "plain", "report", "letter", "invoice", "conversation"][..]),
    ) {
        let mut job = Render { markdown, css, ..Render::default() };
        job.template.name = template.to_owned();
        match Renderer::new().render(&job, &Resources::default()) {
            Ok(output) => prop_assert!(output.bytes.starts_with(b"%PDF-")),
            Err(failure) => prop_assert_eq!(failure.code, codes::TOO_COMPLEX, "{}", failure.message),
        }
    }
}
