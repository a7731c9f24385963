//! Reads the text of a PDF with poppler's `pdftotext`.

use std::{
    io::Write,
    process::{Command, Stdio},
};

/// In drawing order. Without `-raw`, `pdftotext` guesses at columns, and takes a dash at a line's end for a hyphen.
pub fn text(pdf: &[u8]) -> String {
    let mut child = Command::new("pdftotext")
        .args(["-raw", "-enc", "UTF-8", "-nopgbrk", "-", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("pdftotext of poppler-utils: `make setup` installs it");
    // It reads all before it writes, so this can't deadlock.
    child.stdin.take().expect("a pipe").write_all(pdf).expect("pdftotext reads");
    let output = child.wait_with_output().expect("pdftotext ends");
    assert!(output.status.success(), "pdftotext refuses the PDF: {}", output.status);
    String::from_utf8(output.stdout).expect("UTF-8")
}
