//! Faulty and hostile input: each gives a document with warnings, or an error that says what to do.

use std::{panic, thread};

use ruche_render::{Output, Renderer, Resources};
use ruche_schemas::{
    Base64, Failure, Job,
    failure::codes,
    kinds::render::{File, Render},
};

/// The stack of the worker's child processes; recursion needs it.
const STACK: usize = 128 << 20;

fn render(job: Render) -> Result<Output, Failure> {
    let work = move || Renderer::new().render(&job, &Resources::default());
    let thread = thread::Builder::new().stack_size(STACK).spawn(work).expect("a thread");
    thread.join().unwrap_or_else(|panic| panic::resume_unwind(panic))
}

fn text(markdown: impl Into<String>) -> Render {
    Render { markdown: markdown.into(), ..Render::default() }
}

/// The warnings, a line each.
fn set(job: Render) -> String {
    let output = render(job).unwrap_or_else(|failure| panic!("{failure}"));
    assert!(output.bytes.starts_with(b"%PDF-"));
    output.warnings.iter().map(|warning| format!("{warning}\n")).collect()
}

#[test]
fn nothing_at_all_is_an_empty_page() {
    for markdown in ["", "\n", "\u{feff}", "---\n---\n", "   "] {
        assert_eq!(set(text(markdown)), "", "{markdown:?}");
    }
}

#[test]
fn nesting_without_an_end_is_cut_with_a_warning() {
    for (name, markdown) in [
        ("quotes", ">".repeat(1000) + " a"),
        ("lists", (0..1000).map(|i| format!("{}- a\n", "  ".repeat(i))).collect()),
        ("emphasis", "*a **b ".repeat(500) + &"** *".repeat(500)),
        ("brackets", "[".repeat(50_000)),
        ("divisions", "<div>".repeat(1000) + "a"),
        ("many divisions", "<div>".repeat(10_000) + "a"),
        ("spans", "<span>".repeat(1000) + "a"),
        ("bold", "<b>".repeat(1000) + "a"),
        ("tables", "<table><tr><td>".repeat(200) + "a"),
        ("formulas", format!("${}a{}$", "{".repeat(1000), "}".repeat(1000))),
        ("fractions", format!("${}1{}$", "\\frac{1}{".repeat(300), "}".repeat(300))),
        ("footnotes", (0..200).map(|i| format!("[^{i}]: a [^{}]\n\n", i + 1)).collect::<String>() + "x [^0]"),
    ] {
        let warnings = set(text(markdown));
        assert!(name == "brackets" || name == "emphasis" || name == "footnotes" || !warnings.is_empty(), "{name}");
    }
}

#[test]
fn fences_and_tags_that_stay_open_end_with_the_document() {
    for markdown in [
        "```rust\nlet a",
        "~~~",
        "$$\na",
        "<div",
        "<div><p>",
        "<!--",
        "<![CDATA[",
        "::: note\na",
        "---\na: b\n",
        "[a](",
        "`a",
    ] {
        set(text(markdown));
    }
}

#[test]
fn a_table_of_a_hundred_thousand_rows_is_refused_by_its_line() {
    let rows = "| a | b |\n".repeat(100_000);
    let failure = render(text(format!("# T\n\n| a | b |\n|---|---|\n{rows}"))).expect_err("too much");
    assert_eq!(failure.code, codes::TOO_COMPLEX);
    assert!(failure.message.contains("line ") && failure.message.contains("400000"), "{failure}");
    let rows = "| a | b | c | d |\n".repeat(16_000);
    let failure = render(text(format!("# T\n\n| a | b | c | d |\n|---|---|---|---|\n{rows}"))).expect_err("too much");
    assert!(failure.message.contains("line 3") && failure.message.contains("60000"), "{failure}");
}

#[test]
fn what_is_too_large_is_refused_by_its_field() {
    let invalid = text("a".repeat(10 << 20)).check().expect_err("too much").to_string();
    assert!(invalid.contains("markdown") && invalid.contains("4194304"), "{invalid}");
    let css = Render { css: "p{}".repeat(1 << 20), ..text("a") };
    assert!(css.check().expect_err("too much").to_string().contains("css"));
}

#[test]
fn text_that_looks_like_typst_is_text() {
    let markdown =
        "#import \"/etc/passwd\": x\n\n#read(\"/etc/passwd\") $ #sys $ @ref <label> #panic()\n\n*a* _b_ = c\n";
    let output = render(text(markdown)).expect("a document");
    assert_eq!(output.warnings.len(), output.warnings.iter().filter(|w| w.message.contains("formula")).count());
    set(text("---\ntitle: '#panic(1)'\nauthor: '#read(\"/etc/passwd\")'\n---\n# #panic(2) {#a}\n\n[#panic(3)](#a)\n"));
}

#[test]
fn scripts_frames_and_odd_links_are_left_out_with_a_warning() {
    let warnings = set(text(
        "<script>alert(1)</script>\n\n<iframe src=x></iframe>\n\n[a](javascript:alert(1)) [b](file:///etc/passwd)\n\n<input type=text>\n",
    ));
    for part in ["<script>", "<iframe>", "javascript:alert(1)", "file:///etc/passwd", "<input>"] {
        assert!(warnings.contains(part), "{part} in {warnings}");
    }
}

#[test]
fn missing_pictures_and_files_that_are_none_are_boxes_with_a_warning() {
    let file = |name: &str, content: &[u8]| File { name: name.to_owned(), content: Base64(content.to_vec()) };
    let markdown =
        "![a](no.png)\n\n![b](bad.png)\n\nText ![c](data:image/png;base64,AAAA) ![d](http://127.0.0.1/x.png)\n";
    let job = Render { files: vec![file("bad.png", b"hello"), file("bad.ttf", b"hello")], ..text(markdown) };
    let warnings = set(job);
    for part in [
        "markdown:1: the picture \"no.png\"",
        "markdown:3: the picture \"bad.png\"",
        "data:image",
        "127.0.0.1",
        "bad.ttf",
    ] {
        assert!(warnings.contains(part), "{part} in {warnings}");
    }
}

#[test]
fn css_that_is_broken_or_huge_takes_nothing_away() {
    for css in [
        "p {",
        "}}}}",
        "@page {",
        "@",
        "p { color: }",
        "a { b: c",
        "\u{0}",
        "p { width: calc(((((1px",
        "@import url(x);",
        "/*",
    ] {
        set(Render { css: css.to_owned(), ..text("# A\n\np\n") });
    }
    let huge = Render { css: ".a{color:red}".repeat(39_000), ..text("# A\n") };
    assert!(huge.check().is_ok());
    set(huge);
    let deep = Render { css: format!("p{}{{color:red}}", ":not(p".repeat(5000)), ..text("p") };
    set(deep);
    let vars: String = (0..2000).map(|i| format!("--v{i}: var(--v{}) var(--v{});", i + 1, i + 1)).collect();
    set(Render { css: format!(":root {{ {vars} }} p {{ color: var(--v0) }}"), ..text("p") });
}

#[test]
fn numbers_beyond_all_bounds_are_typeset() {
    let css =
        "p { font-size: 1e30px; margin: -1e30px; line-height: 1e9; letter-spacing: 1e9em; width: 1e20%; columns: 255 }
        @page { size: 1e9mm 1e9mm; margin: 1e12mm } table { border: 1e20px solid red } li { padding: 1e300em }";
    for css in css.split('}').map(|rule| format!("{rule}}}")) {
        let _ = render(Render { css, ..text("p\n\n- l\n\n|a|\n|-|\n|b|\n") });
    }
    set(text(
        "<ol start=99999999999999999999><li>a</ol>\n\n<td colspan=999999 rowspan=999999>a</td>\n\n<table><tr><td colspan=99999 rowspan=65535>a</table>",
    ));
}

#[test]
fn front_matter_is_read_and_never_run() {
    let warnings = set(text("---js\n{ css: require('fs').readFileSync('/etc/passwd') }\n---\n# A\n"));
    assert!(warnings.contains("\"js\""), "{warnings}");
    let laughs = (1..30).fold("a0: &a0 [x, x]\n".to_owned(), |text, i| {
        let before = i - 1;
        format!("{text}a{i}: &a{i} [*a{before}, *a{before}, *a{before}, *a{before}]\n")
    });
    assert!(!set(text(format!("---\n{laughs}---\n# A\n"))).is_empty());
    for front in ["a: [", "a: b: c", "- x", "\t", "a: !!python/object x", "? ?"] {
        set(text(format!("---\n{front}\n---\n# A\n")));
    }
}

#[test]
fn a_document_whose_tags_typst_loses_is_written_without_them() {
    let warnings = set(text("http://example.org\u{ad}\n"));
    assert!(warnings.contains("without tags"), "{warnings}");
}

#[test]
fn an_anchor_in_a_heading_or_a_head_of_a_table_is_one_place() {
    for template in ["plain", "report"] {
        let markdown =
            "# <a id=b></a>A\n\n[to it](#b)\n\n<table><thead><tr><th id=c>x<tbody><tr><td>y</table>\n\n[c](#c)\n";
        let mut job = text(format!("---\ntoc: 2\n---\n{markdown}"));
        job.template.name = template.to_owned();
        let warnings = set(job);
        assert!(warnings.contains("#c") && !warnings.contains("#b"), "{warnings}");
    }
}
