//! No word of a page is lost on its way into chunks, running headers and page numbers apart.

#![cfg(feature = "render")]
#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::collections::BTreeMap;

use hayro_interpret::hayro_syntax::Pdf;
use ruche_render::{Renderer, Resources};
use ruche_schemas::kinds::render::{Render, Template};

use super::{
    extract::{extract, read},
    running,
};
use crate::text::chunks::{Chunk, Count, Size, chunks};

struct Words;

impl Count for Words {
    fn count(&self, text: &str) -> usize {
        text.split_whitespace().map(|word| word.len().div_ceil(12)).sum()
    }
}

/// How often each letter and digit is there: words are joined and marks are escaped on the way.
fn letters<'a>(texts: impl Iterator<Item = &'a str>) -> BTreeMap<char, usize> {
    let mut found = BTreeMap::new();
    texts.flat_map(str::chars).filter(|c| c.is_alphanumeric()).for_each(|c| *found.entry(c).or_default() += 1);
    found
}

/// The letters and the words that no chunk has.
fn lost(bytes: &[u8]) -> (String, Vec<String>) {
    let pdf = Pdf::new(bytes.to_vec()).unwrap();
    let (mut pages, _) = read(&pdf).unwrap();
    running::remove(&mut pages);
    let words: Vec<String> = pages.into_iter().flatten().map(|word| word.text).collect();
    let found = chunks(&extract(bytes).unwrap().markdown, Size { tokens: 256, overlap: 0 }, &Words);
    let text = found.iter().map(Chunk::embedded).collect::<Vec<_>>().join("\n");
    let known = letters([text.as_str()].into_iter());
    let drawn = letters(words.iter().map(String::as_str));
    let less =
        |(letter, count): (&char, &usize)| known.get(letter).is_none_or(|known| known < count).then_some(*letter);
    let flat: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
    let plain = |word: &String| word.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let is_lost = |word: &&String| !flat.contains(&plain(word));
    (drawn.iter().filter_map(less).collect(), words.iter().filter(is_lost).cloned().collect())
}

fn rendered(markdown: &str) -> Vec<u8> {
    let job = Render { markdown: markdown.to_owned(), ..Render::default() };
    Renderer::new().render(&job, &Resources::default()).unwrap().bytes
}

fn from_template(name: &str, markdown: &str, data: &str) -> String {
    let template = Template { name: name.to_owned(), ..Template::default() };
    let data = serde_json::from_str(data).unwrap();
    let job = Render { markdown: markdown.to_owned(), template, data, ..Render::default() };
    let bytes = Renderer::new().render(&job, &Resources::default()).unwrap().bytes;
    assert_eq!(lost(&bytes), (String::new(), Vec::new()), "{name}");
    extract(&bytes).unwrap().markdown
}

const LONG: &str = "Delivery and installation on site by two persons, ground floor, on weekdays between eight and sixteen \
                    o'clock, with disposal of the packaging";

#[test]
fn items_of_our_invoice_are_whole_rows() {
    let item = |n: usize| {
        let about = if n.is_multiple_of(2) { "Felt pads" } else { LONG };
        format!(r#"{{"description": "AX-{n:03} {about}", "quantity": {n}, "price": {n}.25}}"#)
    };
    let items: Vec<String> = (101..140).map(item).collect();
    let data = format!(r#"{{"currency": "EUR", "tax": 19, "items": [{}]}}"#, items.join(","));
    let read = from_template("invoice", "Please pay soon.", &data);
    for n in 101_usize..140 {
        let about = if n.is_multiple_of(2) { "Felt pads" } else { LONG };
        assert!(read.contains(&format!("| AX-{n:03} {about} | {n} | €{n}.25 |")), "{n}: {read}");
    }
    assert_eq!(read.matches("\n| --- |").count(), 1, "{read}");
    assert!(!read.contains("Page 1"), "{read}");
}

#[test]
fn a_report_has_its_title_once_and_whole_rows() {
    let table =
        format!("| Sort | Terms | Price |\n|---|---|--:|\n| Elstar | {LONG} | 2.10 |\n| Topaz | None | 0.45 |\n");
    let text = format!("---\ntitle: On Bees\n---\n\n# On Bees\n\n## Prices\n\nAll.\n\n{table}\n## Staff\n\nFive.\n");
    let read = from_template("report", &text, "{}");
    assert!(read.contains(&format!("| Elstar | {LONG} | 2.10 |\n| Topaz | None | 0.45 |")), "{read}");
    let found = chunks(&read, Size { tokens: 256, overlap: 0 }, &Words);
    let last = found.last().unwrap();
    assert_eq!(last.path.iter().filter(|title| title.eq_ignore_ascii_case("on bees")).count(), 1, "{last:?}");
    let is_header = |line: &str| line.contains("On Bees") && !line.contains(" . ");
    assert!(!found.iter().any(|chunk| chunk.text.lines().any(is_header)), "{found:?}");
}

#[test]
fn no_word_is_lost() {
    let text = "The harvest report covers the orchard and the press room, and it lists what each delivered. ".repeat(6);
    let quotation =
        "<div style=\"float: left; width: 30%; font-size: 1.3em\">A pulled quotation that stands on the left.</div>";
    let table: String = (0..40).map(|n| format!("| VX-{n} | A long description of part {n} | {n}.50 |\n")).collect();
    let list: String = (0..30).map(|n| format!("{n}. Step {n}\n")).collect();
    let pages = |n: usize| format!("## Chapter {n}\n\n{text}\n\n<div style=\"page-break-after: always\"></div>\n\n");
    for markdown in [
        format!("# Floats\n\n{quotation}\n\n{text}\n\n## Next\n\n{text}\n\n### Last\n"),
        format!("# Parts\n\n| Part | About | Price |\n| --- | --- | --- |\n{table}\n{list}"),
        format!("<div style=\"columns: 2\">\n\n{text}\n\n{quotation}\n\n{text}{text}\n\n</div>\n\n{text}"),
        (1..9).map(pages).collect(),
        "# A\n\n## B\n\n## C\n\n# D\n\n```\nlet x = 1;\n```\n\n> # E\n\n# F\n\n# G".to_owned(),
    ] {
        assert_eq!(lost(&rendered(&markdown)), (String::new(), Vec::new()), "{markdown}");
    }
}

#[test]
fn values_of_a_form_are_no_headings() {
    let field = |name: &str, value: &str, y: usize| {
        format!("<</Type/Annot/Subtype/Widget/FT/Tx/T({name})/V({value})/Rect[150 {y} 450 {}]>>", y + 20)
    };
    let long = "A long remark that says more than all the names of the fields";
    let fields = [field("a", "Quist", 695), field("b", "Rueil", 665), field("c", long, 635)].join(" ");
    let text = "BT /F 12 Tf 60 700 Td (Surname) Tj 0 -30 Td (Town) Tj 0 -30 Td (Remarks) Tj ET";
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        format!(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Annots[{fields}]\
             /Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>"
        ),
        format!("<</Length {}>>stream\n{text}\nendstream", text.len()),
    ];
    let all = objects.iter().enumerate().map(|(at, object)| format!("{} 0 obj\n{object}\nendobj\n", at + 1));
    let file = format!("%PDF-1.7\n{}trailer\n<</Root 1 0 R>>\n%%EOF\n", all.collect::<String>());
    let read = extract(file.as_bytes()).unwrap();
    assert!(read.markdown.contains("Surname Quist") && read.markdown.contains("Town Rueil"), "{}", read.markdown);
    assert!(!read.markdown.contains('#'), "{}", read.markdown);
}

#[test]
fn an_invoice_has_its_blocks_and_totals() {
    let item = r#"{"description": "Chain saw Ridge 450 with a spare chain and a helmet for the woods", "quantity": 2, "price": 3.5}"#;
    let data = format!(
        r#"{{"from": ["Tools Ltd", "9 Quarry Road"], "to": ["Halloway Farm", "2 Oat Lane"], "number": "TT-71",
        "date": "2026-05-12", "due": "11 June", "currency": "EUR", "tax": 19, "items": [{item}, {item}, {item}]}}"#
    );
    let read = from_template("invoice", "Please pay soon.", &data);
    assert!(read.contains("a helmet for the woods | 2 | €3.50 | €7.00 |"), "{read}");
    assert!(read.contains("Halloway Farm\n2 Oat Lane\n"), "{read}");
    assert!(read.contains("No. TT-71\nDate"), "{read}");
}
