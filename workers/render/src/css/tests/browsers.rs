//! Sheets that were written for browsers.

use super::{paged, styled};
use crate::css::{Break, Display, Length, LineStyle, Margin, Rgba};

const DOCUMENT: &str = "<body class='markdown-body'><h1 id=a>A</h1><p>text <code>x</code> <a href='#a'>a</a></p>\
    <div class='page-break'></div><pre><code class='language-rust'>fn</code></pre><blockquote><p>q</p></blockquote>\
    <ul><li>a</li></ul><ol><li>b</li></ol><h5>5</h5><h6>6</h6><img src=a.png>\
    <table><thead><tr><th>h</th></tr></thead><tbody><tr><td>1</td></tr><tr><td>2</td></tr></tbody></table><hr>";

#[test]
fn the_examples_of_md_to_pdfs_manual_work() {
    let css = ".page-break { page-break-after: always; }\n.markdown-body { font-size: 11px; }\n\
               .markdown-body pre > code { white-space: pre-wrap; }\nbody { color: tomato; }";
    let done = styled(DOCUMENT, css);
    assert!(done.warnings.is_empty(), "{:?}", done.warnings);
    assert_eq!(done.style(".page-break").break_after, Some(Break::Page));
    assert_eq!(done.style("body").font_size, Some(8.25));
    assert_eq!(done.style("body").color, Some(Rgba(255, 99, 71, 255)));
    assert_eq!(done.style("pre > code").keep_spaces, Some(true));
}

/// Like the built-in sheet of md-to-pdf.
const PLAIN: &str = "
* { box-sizing: border-box }
html { font-size: 100% }
body { font-family: system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; line-height: 1.6; font-size: 0.7em; margin: 0 }
body > :first-child { padding-top: 0; margin-top: 0 }
h1, h2, h3 { margin: 0; padding: 0.5em 0 0.25em }
h6 { font-size: 0.875em; text-transform: uppercase }
p { margin: 0.25em 0 1em }
blockquote { margin: 0.5em 0 1em; padding-left: 0.5em; border-left: 4px solid gainsboro; font-style: italic }
ul, ol { margin: 0 0 0 1em; padding: 0 1.5em 0.5em }
pre { white-space: pre-wrap }
p code, pre code { background-color: #f8f8f8; border: 1px solid #f8f8f8; border-radius: 0.25em; font-family: monospace }
pre code { display: block; padding: 0.5em }
img { max-width: 100%; margin: 1em 0 }
table { border-spacing: 0; border-collapse: collapse; display: block; width: 100%; overflow: auto }
table th, table td { padding: 0.5em 1em; border: 1px solid gainsboro }
table th { font-weight: 600 }
table tr { background-color: white; border-top: 1px solid gainsboro }
table tr:nth-child(2n) { background-color: whitesmoke }
";

#[test]
fn a_plain_sheet_for_browsers_has_no_warnings() {
    let done = styled(DOCUMENT, PLAIN);
    assert!(done.warnings.is_empty(), "{:?}", done.warnings);
    assert_eq!(done.style("h1").margin.top, Some(Margin::Length(Length::Pt(0.0))));
    assert_eq!(done.style("h1").padding.top, Some(Length::Pt(0.0)));
    assert_eq!(done.style("pre code").display, Some(Display::Block));
    assert_eq!(done.style("blockquote").border.left.map(|b| (b.width, b.line)), Some((3.0, LineStyle::Solid)));
    assert_eq!(done.style("tbody tr:nth-child(2)").background, Some(Rgba(245, 245, 245, 255)));
    assert_eq!(done.style("th").font_weight, Some(600));
}

#[test]
fn githubs_rules_without_their_class_are_one_warning() {
    let css = ".markdown-body { color: #24292e }\n.markdown-body h1 { color: red }\n.other { color: red }\n";
    let done = styled("<h1>Head</h1><p>Text</p>", css);
    let expected = [
        "css:1: `.markdown-body` is no class of this document, so 2 rules have no effect: set `body_class: markdown-body` \
         in the front matter",
        "css:3: `.other` matches no element of this document",
    ];
    assert_eq!(done.warnings, expected);
}

#[test]
fn a_sheet_in_githubs_manner_has_only_sensible_warnings() {
    let css = "
.markdown-body { -ms-text-size-adjust: 100%; -webkit-text-size-adjust: 100%; line-height: 1.5; color: #24292e;
  font-family: -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; word-wrap: break-word }
.markdown-body::before, .markdown-body::after { display: table; content: ''; clear: both }
.markdown-body a { background-color: transparent; -webkit-text-decoration-skip: objects }
.markdown-body a:active, .markdown-body a:hover { outline-width: 0 }
.markdown-body img { border-style: none; box-sizing: content-box }
.markdown-body h1 .octicon { visibility: hidden }
.markdown-body hr { overflow: hidden; background: transparent; border: 0; border-bottom: 1px solid #dfe2e5 }
.markdown-body table tr:nth-child(2n) { background-color: #f6f8fa }
.markdown-body .absent { color: #cb2431 }
";
    let done = styled(DOCUMENT, css);
    let expected = [
        "css:6: `.markdown-body a:active` matches nothing (so do 1 more of this rule): no element of a printed page is in \
         this state",
        "css:8: `visibility: hidden` has no effect: use `display: none`",
        "css:9: `overflow: hidden` has no effect: content is never cut off",
        "css:11: `.markdown-body .absent` matches no element of this document",
    ];
    assert_eq!(done.warnings, expected);
    assert_eq!(done.style("hr").border.bottom.map(|border| border.width), Some(0.75));
    assert_eq!(done.style("hr").border.top.map(|border| border.line), Some(LineStyle::None));
}

#[test]
fn a_sheet_for_print_sets_page_and_numbers() {
    let css = "@page { size: A4; margin: 30mm 20mm; @bottom-center { content: counter(page) ' / ' counter(pages) } }";
    let (page, warnings) = paged(css);
    assert!(warnings.is_empty(), "{warnings:?}");
    assert!(page.margin.top.is_some_and(|margin| (margin - 85.04).abs() < 0.01));
    assert_eq!(page.boxes[0].content.len(), 3);
}
