//! Reads texts of any encoding, rows and DOCX in a child process, and cuts them into chunks.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::{
    io::{Cursor, Write as _},
    time::Duration,
};

use ruche_schemas::kinds::embed::Format;
use ruche_workers::{
    kinds::embed::{Extractor, ExtractorOptions, ExtractorSource as Source},
    text::{ExtractError, Extracted},
};
use zip::{ZipWriter, write::SimpleFileOptions};

const LATIN: &[u8] = include_bytes!("cases/latin1.html");
const WIDE: &[u8] = include_bytes!("cases/utf16.txt");

async fn read(source: impl Into<Source>, bytes: &[u8]) -> Result<Extracted, ExtractError> {
    let extractor = Extractor::new(ExtractorOptions {
        program: env!("CARGO_BIN_EXE_ruche-worker").into(),
        children: 2,
        memory: 1 << 30,
        deadline: Duration::from_secs(30),
    });
    extractor.extract(source, bytes).await
}

fn unreadable(result: Result<Extracted, ExtractError>) -> String {
    match result {
        Err(ExtractError::Unreadable(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

fn docx(document: &str) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("word/document.xml", SimpleFileOptions::default()).unwrap();
    archive.write_all(document.as_bytes()).unwrap();
    archive.finish().unwrap().into_inner()
}

#[tokio::test]
async fn a_text_of_any_encoding_is_decoded() {
    let page = read(Format::Html, LATIN).await.unwrap();
    assert_eq!(page.title.as_deref(), Some("Été"));
    assert!(page.markdown.contains("Le musée rouvre le 3 août"), "{page:?}");
    let text = read(Format::Text, WIDE).await.unwrap();
    assert_eq!(text.markdown, "Die Prüfstelle für Kräne öffnet um acht.");
    let declared = Source { format: Format::Markdown, charset: Some("windows-1251".to_owned()) };
    let front = b"---\ntitle: \xcf\xf7\xb8\xeb\xfb\n---\n# \xcb\xf3\xe3\n";
    let read_front = read(declared, front).await.unwrap();
    assert_eq!((read_front.title.as_deref(), read_front.markdown.as_str()), (Some("Пчёлы"), "# Луг\n"));
    let wrong = Source { format: Format::Text, charset: Some("utf-8".to_owned()) };
    let warned = read(wrong, b"Caf\xe9 cr\xe8me, s'il vous pla\xeet").await.unwrap();
    assert_eq!((warned.markdown.as_str(), warned.warnings.len()), ("Café crème, s'il vous plaît", 1));
    assert!(unreadable(read(Format::Text, b"\x7fELF\x02").await).contains("a program"));
}

#[tokio::test]
async fn rows_and_docx_are_read_in_a_child() {
    let rows = read(Format::Csv, b"Part;Name\nPN-1;Schl\xfcssel f\xfcr die T\xfcr\n").await.unwrap();
    assert_eq!(rows.markdown, "Part: PN-1; Name: Schlüssel für die Tür\n");
    let rows = read(Format::Tsv, b"Part\tNote\nPN-1\ta,b;c\n").await.unwrap();
    assert_eq!(rows.markdown, "Part: PN-1; Note: \"a,b;c\"\n");
    let document = "<document><body><p><r><t>They fly.</t></r></p></body></document>";
    assert_eq!(read(Format::Docx, &docx(document)).await.unwrap().markdown, "They fly.\n");
    assert!(unreadable(read(Format::Docx, b"PK nothing").await).contains("it is broken"));
    let bomb = docx(&" ".repeat(101 << 20));
    assert!(bomb.len() < 1 << 20 && unreadable(read(Format::Docx, &bomb).await).contains("unpacks to more than"));
}
