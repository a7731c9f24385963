//! Headings in tables of contents and bookmarks: all of them, by their words.

use super::seen::{Seen, file, job, png, run, seen};

/// The titles of the bookmarks.
fn bookmarks(seen: &Seen) -> Vec<String> {
    let outline = run(&seen.output.bytes, "mutool", &["show"], Some("outline"));
    outline.lines().filter_map(|line| Some(line.split('"').nth(1)?.to_owned())).collect()
}

/// The words of the table of contents, without its dots and pages; the document has a page break after it.
fn contents(seen: &Seen) -> String {
    let words = seen.words.iter().filter(|word| word.area.page == 0);
    let is_sign = |c: char| c.is_whitespace() || "\u{2060}.".contains(c);
    let words = words.map(|word| word.text.trim_matches(is_sign)).filter(|word| !word.is_empty());
    words.filter(|word| *word != "Contents").collect::<Vec<_>>().join(" ")
}

#[test]
fn headings_in_boxes_are_listed() {
    for style in [
        "padding: 20px",
        "background: #eee",
        "border: 1px solid",
        "margin: 0 20px",
        "width: 80%",
        "columns: 2",
        "break-inside: avoid",
        "display: flex",
        "float: left",
        "opacity: 0.5",
        "min-height: 50px",
        "display: inline-block",
    ] {
        let html =
            format!("[TOC]\n\n\\newpage\n\n<div style='{style}'>\n\n# One\n\ntext\n\n## Two\n\n</div>\n\n# Three\n");
        let seen = seen(&job(&html, ""));
        assert_eq!(bookmarks(&seen), ["One", "Two", "Three"], "{style}");
        assert_eq!(contents(&seen), "One 2 Two 2 Three 2", "{style}");
    }
}

#[test]
fn headings_in_quotes_lists_cells_and_boxes_of_rows_are_listed() {
    let markdown = "[TOC]\n\n\\newpage\n\n# Start\n\n> ## Quoted\n\n- ## Item\n\n<table><tr><td><h2>Cell</h2></td></tr></table>\n\n<div class=r><div>\n\n## Left\n\n</div><div>\n\n## Right\n\n</div></div>\n\n## End\n\n## No {.unlisted}\n";
    let mut job = job(markdown, ".r { display: grid; grid-template-columns: 1fr 1fr }");
    job.options.numbering = Some(true);
    let seen = seen(&job);
    let listed = ["Start", "Quoted", "Item", "Cell", "Left", "Right", "End"];
    let numbers = ["1", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6"];
    let all: Vec<String> = numbers.iter().zip(listed).map(|(number, title)| format!("{number} {title}")).collect();
    assert_eq!(bookmarks(&seen), all);
    assert_eq!(contents(&seen), all.iter().map(|title| format!("{title} 2")).collect::<Vec<_>>().join(" "));
}

#[test]
fn tables_of_contents_leave_notes_out() {
    let markdown =
        "[TOC]\n\n\\newpage\n\n# Part[^1] one\n\n## **Bold**[^2]\n\ntext[^1]\n\n[^1]: First.\n[^2]: Second.\n";
    let seen = seen(&job(markdown, ""));
    assert_eq!(bookmarks(&seen), ["Part one", "Bold"]);
    assert_eq!(contents(&seen), "Part one 2 Bold 2");
    for note in ["First", "Second"] {
        assert_eq!(seen.words.iter().filter(|word| word.text.contains(note)).count(), 1, "{}", seen.text());
    }
    assert_eq!(seen.output.title.as_deref(), Some("Part one"));
}

#[test]
fn the_parts_of_a_heading_stand_apart_in_tables_of_contents() {
    let markdown = "[TOC]\n\n\\newpage\n\n<h1 class=r><span>Grid heading</span><span>right part</span></h1>\n\n# Hello<br>World\n\n<h1>A<div>block</div></h1>\n\n# Last\n";
    for css in [".r { display: flex }", ".r { display: grid; grid-template-columns: 1fr 1fr }"] {
        let mut job = job(markdown, css);
        job.options.numbering = Some(true);
        let seen = seen(&job);
        assert_eq!(bookmarks(&seen), ["1 Grid heading right part", "2 Hello World", "3 A block", "4 Last"], "{css}");
        assert_eq!(contents(&seen), "1 Grid heading right part 2 2 Hello World 2 3 A block 2 4 Last 2", "{css}");
        assert_eq!(seen.words.iter().filter(|word| word.text == "Grid").count(), 2, "{}", seen.text());
    }
}

#[test]
fn pictures_in_headings_are_their_alternative_text() {
    let markdown = "[TOC]\n\n\\newpage\n\n# ![Logo](a.png)\n\n# ![](a.png)\n\n#\n\n## ![Sign](a.png) Words\n\ntext\n";
    let mut job = job(markdown, "");
    job.files.push(file("a.png", png(30, 30)));
    let seen = seen(&job);
    assert_eq!(bookmarks(&seen), ["Logo", "Sign Words"]);
    assert_eq!(contents(&seen), "Logo 2 Sign Words 2");
    assert!(seen.pictures.len() == 3 && seen.pictures.iter().all(|picture| picture.page == 1), "{:?}", seen.pictures);
}

#[test]
fn a_document_has_one_table_of_contents() {
    for text in ["[TOC]", "[[toc]]"] {
        let markdown = format!("---\ntoc: 2\n---\nBegin\n\n{text}\n\n# A\n\n## B\n\n### C\n");
        let seen = seen(&job(&markdown, ""));
        assert!(!seen.text().contains("Contents"), "{}", seen.text());
        let count = |text: &str| seen.words.iter().filter(|word| word.text == text).count();
        assert_eq!((count("A"), count("B"), count("C")), (2, 2, 1), "{}", seen.text());
    }
}

#[test]
fn headings_in_many_boxes_are_listed() {
    let (open, close) = ("<div style='padding: 2px'>".repeat(20), "</div>".repeat(20));
    let seen = seen(&job(&format!("{open}<h1>Deep</h1><p>text</p><h2>Deeper</h2>{close}"), ""));
    assert_eq!(bookmarks(&seen), ["Deep", "Deeper"]);
}

#[test]
fn a_heading_with_a_number_shows_its_notes_and_lines() {
    let markdown =
        "# Part[^1] one\n\n# Hello<br>World\n\n<h1 class=r><span>Left</span><span>Right</span></h1>\n\n[^1]: Note.\n";
    let mut job = job(markdown, ".r { display: flex; justify-content: space-between }");
    job.options.numbering = Some(true);
    let seen = seen(&job);
    assert!(seen.text().contains("Note."), "{}", seen.text());
    let top = |word: &str| seen.word(word).area.top;
    assert!(top("World") > top("Hello") + 8.0, "{:?}", seen.words);
    assert!(seen.word("Right").area.right > 500.0, "{:?}", seen.words);
}
