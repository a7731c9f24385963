//! Converts files to Markdown in a child process: real ones, broken ones, and those that never end.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::time::Duration;

use ruche_render::{Renderer, Resources};
use ruche_schemas::kinds::{
    embed::Format,
    render::{Options as RenderOptions, Render},
};
use ruche_workers::{
    kinds::embed::{Extractor, ExtractorOptions},
    text::{ExtractError, Extracted},
};

fn extractor() -> Extractor {
    Extractor::new(ExtractorOptions {
        program: env!("CARGO_BIN_EXE_ruche-worker").into(),
        children: 2,
        memory: 1 << 30,
        // This program is not optimised.
        deadline: Duration::from_secs(120),
    })
}

async fn pdf(bytes: &[u8]) -> Result<Extracted, ExtractError> {
    extractor().extract(Format::Pdf, bytes).await
}

fn unreadable(result: Result<Extracted, ExtractError>) -> String {
    match result {
        Err(ExtractError::Unreadable(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

/// A PDF of our own renderer.
fn rendered(markdown: &str) -> Vec<u8> {
    let options = RenderOptions { title: Some("On bees".to_owned()), ..RenderOptions::default() };
    let job = Render { markdown: markdown.to_owned(), options, ..Render::default() };
    Renderer::new().render(&job, &Resources::default()).unwrap().bytes
}

/// A PDF of one page that draws this, with Helvetica as `F`.
fn drawn(content: &str) -> Vec<u8> {
    pages(&[content], "", &[])
}

/// A PDF of pages that draw these, with Helvetica as `F`, and with further entries of pages and objects from number 10 on.
fn pages(contents: &[&str], entries: &str, further: &[&str]) -> Vec<u8> {
    let first = 10 + further.len();
    let kids: String = (0..contents.len()).map(|index| format!("{} 0 R ", first + 2 * index)).collect();
    let mut objects = vec![
        (1, "<< /Type /Catalog /Pages 2 0 R >>".to_owned()),
        (2, format!("<< /Type /Pages /Kids [{kids}] /Count {} >>", contents.len())),
        (5, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned()),
    ];
    objects.extend((10..).zip(further.iter().map(|object| (*object).to_owned())));
    for (number, content) in (first..).step_by(2).zip(contents) {
        let page = format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents {} 0 R {entries} /Resources << /Font << /F 5 0 R \
             /T 10 0 R >> >> >>",
            number + 1
        );
        objects.push((number, page));
        objects.push((number + 1, format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len())));
    }
    let (mut file, mut table) = ("%PDF-1.4\n".to_owned(), "xref\n0 1\n0000000000 65535 f \n".to_owned());
    for (number, object) in &objects {
        table.push_str(&format!("{number} 1\n{:010} 00000 n \n", file.len()));
        file.push_str(&format!("{number} 0 obj\n{object}\nendobj\n"));
    }
    let (start, size) = (file.len(), first + 2 * contents.len());
    file.push_str(&format!("{table}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"));
    file.into_bytes()
}

/// Draws texts at their places.
fn at(texts: &[(&str, u32, u32)]) -> String {
    let show = |(text, x, y): &(&str, u32, u32)| format!("1 0 0 1 {x} {y} Tm ({text}) Tj ");
    format!("BT /F 10 Tf {}ET", texts.iter().map(show).collect::<String>())
}

#[tokio::test]
async fn a_pdf_is_read_with_its_headings_paragraphs_and_title() {
    let text = "The bees of the east meadow are counted again on every Friday by those who keep them there. ".repeat(4);
    let markdown = format!("# Of bees\n\n{text}\n\n## Hives\n\nThey are of wood, naïvely said.\n\n- one\n- two\n");
    let found = pdf(&rendered(&markdown)).await.unwrap();
    assert_eq!(found.title.as_deref(), Some("On bees"));
    let read = found.markdown;
    assert!(read.contains("# Of bees\n") && read.contains("## Hives\n"), "{read}");
    let flat = read.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains(text.trim()) && flat.contains("They are of wood, naïvely said."), "{read}");
}

#[tokio::test]
async fn gaps_are_spaces_and_steps_down_are_lines() {
    let content = "BT /F 10 Tf 50 700 Td [(He) -20 (llo) -400 (there)] TJ 0 -12 Td (next line) Tj 0 -40 Td (A para) Tj \
                   (graph) Tj ET BT /F 10 Tf 1 0 0 1 50 600 Tm (one) Tj 1 0 0 1 90 600 Tm (two) Tj ET";
    assert_eq!(pdf(&drawn(content)).await.unwrap().markdown, "Hello there\nnext line\n\nA paragraph\n\none two\n");
}

#[tokio::test]
async fn columns_are_read_one_after_the_other_and_tables_become_rows() {
    let mut texts =
        vec![("The gazette of the hive and of its shop, for all who keep bees in the east meadow", 50, 700)];
    for (index, y) in (600..=660).rev().step_by(12).enumerate() {
        texts.push((["In summer the keepers wear a veil,", "since guards are alert near noon"][index % 2], 50, y));
        texts.push((["Invoices are due in thirty days", "after which a fee will be added"][index % 2], 320, y));
    }
    let read = pdf(&drawn(&at(&texts))).await.unwrap().markdown;
    let place = |words: &str| read.rfind(words).unwrap();
    assert!(read.starts_with("The gazette") && place("alert near noon") < read.find("Invoices").unwrap(), "{read}");
    let table = [("Ware", "Price", "Stock"), ("Wax", "4.20", "12"), ("Honey", "6.10", "7"), ("Mead", "9.00", "30")];
    let cells = (0..)
        .zip(table)
        .flat_map(|(row, (a, b, c))| [(a, 50), (b, 200), (c, 300)].map(|(t, x)| (t, x, 700 - 14 * row)));
    let read = pdf(&drawn(&at(&cells.collect::<Vec<_>>()))).await.unwrap().markdown;
    assert!(read.starts_with("| Ware | Price | Stock |\n| --- | --- | --- |\n| Wax | 4.20 | 12 |\n"), "{read}");
}

#[tokio::test]
async fn soft_hyphens_go_and_running_headers_stay_once() {
    let read = pdf(&drawn(&at(&[("their uni\\255", 50, 700), ("versity and of\\255fice", 50, 688)]))).await.unwrap();
    assert_eq!(read.markdown, "their university and office\n");
    let texts = ["Boxes are not stacked above", "the fifth shelf.", "Ink stays outside."];
    let contents = (1..).zip(texts).map(|(number, text)| {
        at(&[("Archive handbook, revision 7", 50, 780), (text, 50, 700), (&format!("Page {number} of 3"), 50, 20)])
    });
    let contents: Vec<String> = contents.collect();
    let read = pdf(&pages(&contents.iter().map(String::as_str).collect::<Vec<_>>(), "", &[])).await.unwrap().markdown;
    let expected =
        "Archive handbook, revision 7\n\nBoxes are not stacked above\nthe fifth shelf.\n\nInk stays outside.\n";
    assert_eq!(read, expected);
}

#[tokio::test]
async fn values_of_form_fields_stand_beside_their_labels() {
    let fields = [
        "<< /Subtype /Widget /FT /Tx /V (Kowalczyk) /Rect [150 690 300 710] >>",
        "<< /Subtype /Widget /FT /Btn /V /Yes /AS /Yes /Rect [150 650 170 670] >>",
        "<< /Subtype /Widget /FT /Btn /AS /Off /Rect [150 610 170 630] >>",
        "<< /Subtype /Widget /FT /Ch /V (b) /Opt [[(a) (Ants)] [(b) (Bees)]] /Rect [150 570 300 590] >>",
        "<< /Subtype /Widget /FT /Tx /Ff 8192 /V (secret) /Rect [150 530 300 550] >>",
        "<< /Subtype /Widget /FT /Tx /F 2 /V (hidden) /Rect [150 490 300 510] >>",
    ];
    let labels = at(&[("Surname:", 50, 696), ("News", 50, 656), ("Post", 50, 616), ("Likes", 50, 576)]);
    let annotations = "/Annots [10 0 R 11 0 R 12 0 R 13 0 R 14 0 R 15 0 R]";
    let read = pdf(&pages(&[&labels], annotations, &fields)).await.unwrap().markdown;
    let lines: Vec<&str> = read.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(lines, ["Surname: Kowalczyk", "News [x]", "Post [ ]", "Likes Bees"]);
}

#[tokio::test]
async fn rotated_pages_and_text_are_read_upright() {
    let turned = "BT /F 10 Tf 0 1 -1 0 100 50 Tm (first line) Tj 0 1 -1 0 112 50 Tm (second line) Tj ET";
    assert_eq!(pdf(&pages(&[turned], "/Rotate 90", &[])).await.unwrap().markdown, "first line\nsecond line\n");
    assert_eq!(pdf(&drawn(turned)).await.unwrap().markdown, "first line\nsecond line\n");
}

#[tokio::test]
async fn scanned_pages_are_told_and_empty_ones_are_not() {
    let scanned = "q 600 0 0 800 0 0 cm BI /W 1 /H 1 /CS /G /BPC 8 ID x EI Q";
    let text = at(&[("They fly.", 50, 700)]);
    let found = pdf(&pages(&[&text, "", scanned, &text, scanned], "", &[])).await.unwrap();
    assert_eq!(found.markdown, "They fly.\n\nThey fly.\n");
    assert_eq!(found.warnings.len(), 1);
    assert!(found.warnings[0].starts_with("no text on pages 3, 5: they may be scanned"), "{:?}", found.warnings);
}

#[tokio::test]
async fn type_3_fonts_without_a_map_are_read_by_their_codes() {
    let stroke = "<< /Length 37 >>\nstream\n50 0 0 0 40 60 d1 0 0 40 60 re f     \nendstream";
    let names =
        "/Differences [12 /a12 46 /a46 97 /a97 /a98 /a99 /a100 /a101 /a102 /a103 /a104 /a105 114 /a114 /a115 /a116]";
    let glyphs =
        ["a12", "a46", "a97", "a98", "a99", "a100", "a101", "a102", "a103", "a104", "a105", "a114", "a115", "a116"];
    let glyphs: String = glyphs.iter().map(|name| format!("/{name} 11 0 R ")).collect();
    let widths = "50 ".repeat(105);
    let font = format!(
        "<< /Type /Font /Subtype /Type3 /FontBBox [0 0 50 60] /FontMatrix [0.01 0 0 0.01 0 0] /FirstChar 12 /LastChar 116 \
         /Widths [{widths}] /CharProcs << {glyphs} >> /Encoding << {names} >> >>"
    );
    let text = "BT /T 10 Tf 50 700 Td [(a) -400 (\\014rst) -400 (bee.)] TJ ET";
    assert_eq!(pdf(&pages(&[text], "", &[&font, stroke])).await.unwrap().markdown, "a first bee.\n");
}

#[tokio::test]
async fn what_is_broken_encrypted_or_has_no_text_is_told_apart() {
    let whole = rendered("# Bees\n\nThey fly.");
    for length in [5, 100, whole.len() / 2, whole.len() - 40] {
        // A truncated file gives text or an error message.
        let _ = pdf(&whole[..length]).await.map_err(|error| error.to_string());
    }
    assert!(unreadable(pdf(b"%PDF-1.7 and nothing else").await).contains("broken or cut off"));
    assert!(unreadable(pdf(b"%PDF-1.7 and nothing else %%EOF").await).contains("broken"));
    let two = pages(&[&at(&[("They fly.", 50, 700)]), &at(&[("They work.", 50, 700)])], "", &[]);
    let until = |text: &[u8]| two.windows(text.len()).position(|window| window == text).unwrap();
    let begin = unreadable(pdf(&two[..until(b"They fly")]).await);
    assert!(begin.contains("broken or cut off"), "{begin}");
    let first = pdf(&two[..until(b"They work")]).await.unwrap();
    assert_eq!(first.markdown, "They fly.\n");
    assert!(first.warnings[0].contains("the end of the PDF is missing"), "{:?}", first.warnings);
    assert!(unreadable(pdf(&drawn("0 0 100 100 re f")).await).contains("its page has no text"));
    let locked = String::from_utf8(drawn("BT /F 10 Tf (x) Tj ET")).unwrap();
    let lock = "/Root 1 0 R /Encrypt << /Filter /Standard /V 1 /R 2 /O (0123456789abcdef0123456789abcdef) \
                /U (0123456789abcdef0123456789abcdef) /P -4 >> /ID [(0123456789abcdef) (0123456789abcdef)]";
    let locked = locked.replace("/Root 1 0 R", lock);
    assert!(unreadable(pdf(locked.as_bytes()).await).contains("encrypted"));
}

#[tokio::test]
async fn a_pdf_that_only_forbids_changes_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let (plain, locked) = (folder.path().join("plain.pdf"), folder.path().join("locked.pdf"));
    std::fs::write(&plain, rendered("The bees fly.")).unwrap();
    for (user, is_read) in [("", true), ("secret", false)] {
        for bits in ["128", "256"] {
            let mut qpdf = std::process::Command::new("qpdf");
            qpdf.args(["--allow-weak-crypto", "--encrypt", user, "owner", bits, "--", "plain.pdf", "locked.pdf"]);
            let done = qpdf.current_dir(folder.path()).output().unwrap();
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            let read = pdf(&std::fs::read(&locked).unwrap()).await;
            match is_read {
                true => assert_eq!(read.unwrap().markdown.trim(), "The bees fly.", "{bits} bits"),
                false => assert!(unreadable(read).contains("without a password"), "{bits} bits"),
            }
        }
    }
}

#[tokio::test]
async fn changed_bytes_cost_one_document() {
    let whole = rendered("# Bees\n\nThey fly, and *work*.\n\n| a | b |\n| - | - |\n| 1 | 2 |\n");
    let mut state = 7_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    for _ in 0..40 {
        let mut bytes = whole.clone();
        for _ in 0..20 {
            let at = next() % bytes.len();
            bytes[at] = u8::try_from(next() % 256).unwrap();
        }
        let _ = pdf(&bytes).await.map_err(|error| error.to_string());
    }
}

#[tokio::test]
async fn what_takes_too_much_is_ended() {
    let short = Extractor::new(ExtractorOptions {
        program: env!("CARGO_BIN_EXE_ruche-worker").into(),
        children: 2,
        memory: 1 << 30,
        deadline: Duration::ZERO,
    });
    let late = short.extract(Format::Pdf, &rendered("# Bees")).await;
    assert!(matches!(late, Err(ExtractError::TooComplex(_))), "{late:?}");
    let small = Extractor::new(ExtractorOptions {
        program: env!("CARGO_BIN_EXE_ruche-worker").into(),
        children: 2,
        memory: 300 << 20,
        deadline: Duration::from_secs(60),
    });
    let wide = "<p>x".repeat(2_500_000);
    let result = small.extract(Format::Html, wide.as_bytes()).await;
    assert!(
        matches!(result, Err(ExtractError::TooComplex(_) | ExtractError::Unreadable(_))),
        "it has no room for that"
    );
    let none = Extractor::new(ExtractorOptions {
        program: "/no/such/program".into(),
        children: 1,
        memory: 1,
        deadline: Duration::ZERO,
    });
    assert!(matches!(none.extract(Format::Html, b"x").await, Err(ExtractError::Unavailable(_))));
}

#[tokio::test]
async fn html_of_ten_megabytes_is_read_and_nested_without_end_refused() {
    let page = format!("<title>T</title>{}", "<p>The bees fly.</p>".repeat(400_000));
    let found = extractor().extract(Format::Html, page.as_bytes()).await.unwrap();
    assert_eq!((found.title.as_deref(), found.markdown.len()), (Some("T"), 400_000 * "The bees fly.\n\n".len()));
    let deep = "<div>".repeat(2_000) + "deep";
    let found = extractor().extract(Format::Html, deep.as_bytes()).await.unwrap();
    assert_eq!(found.markdown.trim(), "deep");
    let endless = "<div>".repeat(200_000) + "deep";
    let refused = extractor().extract(Format::Html, endless.as_bytes()).await.unwrap_err();
    assert!(refused.to_string().contains("nested more than 3000 levels deep"), "{refused}");
}
