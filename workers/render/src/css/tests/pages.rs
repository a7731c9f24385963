//! `@page`.

use super::paged;
use crate::css::{ListStyle, MarginItem, Pages, Rgba};

fn near(size: Option<(f64, f64)>, (width, height): (f64, f64)) -> bool {
    size.is_some_and(|(w, h)| (w - width).abs() < 0.01 && (h - height).abs() < 0.01)
}

#[test]
fn paper_has_names_orientations_and_lengths() {
    let cases = [
        ("A4", (595.276, 841.89)),
        ("a5 landscape", (595.276, 419.528)),
        ("landscape", (841.89, 595.276)),
        ("landscape letter", (792.0, 612.0)),
        ("10cm 20cm", (283.465, 566.929)),
        ("5in", (360.0, 360.0)),
        ("calc(2in + 1in) 4in", (216.0, 288.0)),
    ];
    for (css, size) in cases {
        let (page, warnings) = paged(&format!("@page {{ size: {css} }}"));
        assert!(near(page.size, size), "{css}: {:?} {warnings:?}", page.size);
        assert!(warnings.is_empty(), "{warnings:?}");
    }
    for css in ["A99", "10cm landscape", "50%", "3em", "1mm 1mm", "-3cm", "999m", "A4 A5", "", "10cm 10cm 10cm"] {
        let (page, warnings) = paged(&format!("@page {{ size: {css} }}"));
        assert_eq!((page.size, warnings.len()), (None, 1), "{css}: {warnings:?}");
    }
}

#[test]
fn margins_and_background_of_the_page() {
    let (page, warnings) = paged("@page { margin: 1in 2in; margin-left: 36pt; background: #eee }");
    assert_eq!(page.margin.top, Some(72.0));
    assert_eq!(page.margin.right, Some(144.0));
    assert_eq!(page.margin.left, Some(36.0));
    assert_eq!(page.background, Some(Rgba(238, 238, 238, 255)));
    assert!(warnings.is_empty(), "{warnings:?}");
}

#[test]
fn margin_boxes_have_content_and_style() {
    let css = "@page { @bottom-right { content: 'Page ' counter(page) ' of ' counter(pages, lower-roman); \
               font-size: 80%; color: red; border-top: 1em solid } @top-center { content: string(title) } }";
    let (page, warnings) = paged(css);
    assert!(warnings.is_empty(), "{warnings:?}");
    let number = &page.boxes[0];
    assert_eq!((number.selector.pages, number.place), (Pages::All, "bottom-right"));
    let text = |text: &str| MarginItem::Text(text.to_owned());
    let items =
        [text("Page "), MarginItem::Page(ListStyle::Decimal), text(" of "), MarginItem::Pages(ListStyle::LowerRoman)];
    assert_eq!(number.content, items);
    assert_eq!(number.style.font_size, Some(8.0));
    assert_eq!(number.style.border.top.map(|border| border.width), Some(8.0));
    assert_eq!(page.boxes[1].content, [MarginItem::Title]);
}

#[test]
fn first_left_and_right_pages_have_boxes_of_their_own() {
    let css = "@page :first { @top-left { content: none } margin: 0 }\n@page :left { @top-left { content: 'l' } }\n\
               @page :blank { margin: 0 }\n@page { @top-left { content: 'a' } }\n@page { @top-left { content: 'b' } }";
    let (page, warnings) = paged(css);
    let found: Vec<_> = page.boxes.iter().map(|found| (found.selector.pages, found.content.len())).collect();
    assert_eq!(found, [(Pages::First, 0), (Pages::Left, 1), (Pages::All, 1)]);
    assert_eq!(page.boxes[2].content, [MarginItem::Text("b".to_owned())]);
    assert_eq!(
        warnings,
        ["css:3: `@page :blank` was left out: there are names of pages, `:first`, `:left` and `:right`, one of these \
             at a time",]
    );
    assert_eq!(page.variant(Pages::First).map(|first| first.margin.top), Some(Some(0.0)));
}

#[test]
fn what_a_page_cannot_have_is_reported() {
    let css = "@page {\n color: red;\n @left-up { content: 'x' }\n @top-left {\n content: url(a.png) }\n\
               @top-right { content: counter(chapter) }\n marks: crop }\n@top-left { content: 'x' }";
    let (page, warnings) = paged(css);
    assert!(page.boxes.iter().all(|found| found.content.is_empty()));
    let starts = [
        "css:8: `@top-left",
        "css:2: `color` has",
        "css:7: `marks`",
        "css:3: `@left-up`",
        "css:5: `content: url",
        "css:6: `content: counter(chapter)`",
    ];
    for start in starts {
        assert!(warnings.iter().any(|warning| warning.starts_with(start)), "{start}: {warnings:?}");
    }
}

#[test]
fn variables_of_the_root_can_be_used_in_pages() {
    let (page, warnings) = paged(":root { --edge: 2in } @page { margin: var(--edge); size: var(--none) }");
    assert_eq!(page.margin.bottom, Some(144.0));
    assert_eq!(warnings.len(), 1, "{warnings:?}");
}

#[test]
fn a_page_inherits_nothing_and_says_so() {
    let (page, warnings) = paged("@page { background: inherit; @top-left { color: inherit } }");
    assert_eq!(page.background, None);
    assert_eq!(warnings.len(), 2, "{warnings:?}");
}

#[test]
fn pages_have_names() {
    let css = "@page wide, Tall:first { @right-middle { content: 'x' } }\n@page wide { size: landscape; margin: 1in }\n\
               @page wide:left { margin: 0 } @page :left { size: A5 } @page 1a { size: A5 }";
    let (page, warnings) = paged(css);
    let names: Vec<_> = page.boxes.iter().map(|found| (found.selector.name.as_deref(), found.selector.pages)).collect();
    assert_eq!(names, [(Some("wide"), Pages::All), (Some("tall"), Pages::First)]);
    let wide = page.variants.iter().find(|variant| variant.selector.name.as_deref() == Some("wide")).expect("wide");
    assert_eq!((wide.is_landscape, wide.margin.left), (Some(true), Some(72.0)));
    assert_eq!(warnings.len(), 3, "{warnings:?}");
    assert!(warnings.iter().any(|warning| warning.contains("write it into `@page wide`")), "{warnings:?}");
}
