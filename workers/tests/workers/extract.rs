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
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
    ];
    let (mut file, mut places) = ("%PDF-1.4\n".to_owned(), Vec::new());
    for (number, object) in objects.iter().enumerate() {
        places.push(file.len());
        file.push_str(&format!("{} 0 obj\n{object}\nendobj\n", number + 1));
    }
    let table = file.len();
    file.push_str(&format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1));
    places.iter().for_each(|place| file.push_str(&format!("{place:010} 00000 n \n")));
    file.push_str(&format!("trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n", objects.len() + 1));
    file.into_bytes()
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
async fn what_is_broken_encrypted_or_has_no_text_is_told_apart() {
    let whole = rendered("# Bees\n\nThey fly.");
    for length in [5, 100, whole.len() / 2, whole.len() - 40] {
        // A truncated file gives text or an error message.
        let _ = pdf(&whole[..length]).await.map_err(|error| error.to_string());
    }
    assert!(unreadable(pdf(b"%PDF-1.7 and nothing else").await).contains("broken"));
    assert!(unreadable(pdf(&drawn("0 0 100 100 re f")).await).contains("none of its 1 pages has text"));
    let locked = String::from_utf8(drawn("BT /F 10 Tf (x) Tj ET")).unwrap();
    let lock = "/Root 1 0 R /Encrypt << /Filter /Standard /V 1 /R 2 /O (0123456789abcdef0123456789abcdef) \
                /U (0123456789abcdef0123456789abcdef) /P -4 >> /ID [(0123456789abcdef) (0123456789abcdef)]";
    let locked = locked.replace("/Root 1 0 R", lock);
    assert!(unreadable(pdf(locked.as_bytes()).await).contains("encrypted"));
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
async fn html_of_ten_megabytes_and_of_any_depth_is_read() {
    let page = format!("<title>T</title>{}", "<p>The bees fly.</p>".repeat(400_000));
    let found = extractor().extract(Format::Html, page.as_bytes()).await.unwrap();
    assert_eq!((found.title.as_deref(), found.markdown.len()), (Some("T"), 400_000 * "The bees fly.\n\n".len()));
    let deep = "<div>".repeat(20_000) + "deep";
    let found = extractor().extract(Format::Html, deep.as_bytes()).await.unwrap();
    assert_eq!(found.markdown.trim(), "deep");
}
