//! A document's bytes as they came.

use ruche_schemas::{
    Base64,
    kinds::embed::{Document, Format},
};

/// Zero is in UTF-16, Escape in ISO-2022-JP: both look like UTF-8.
const OTHER: [u8; 2] = [0, 0x1b];

/// Sets a document's text, where it surely is UTF-8, else its file, which the worker decodes.
pub(super) fn put(document: &mut Document, bytes: Vec<u8>) {
    let declared = document.charset.as_deref();
    let is_utf8 = match declared {
        Some(charset) => charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8"),
        // A page may declare another encoding itself.
        None => document.format != Format::Html || bytes.is_ascii(),
    };
    if !document.format.is_text() || !is_utf8 || bytes.iter().any(|byte| OTHER.contains(byte)) {
        document.data = Some(Base64(bytes));
        return;
    }
    match String::from_utf8(bytes) {
        Ok(text) => (document.text, document.charset) = (Some(text), None),
        Err(error) => document.data = Some(Base64(error.into_bytes())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_text(format: Format, charset: Option<&str>, bytes: &[u8]) -> bool {
        let mut document = Document { format, charset: charset.map(str::to_owned), ..Document::default() };
        put(&mut document, bytes.to_vec());
        assert!(document.text.is_some() != document.data.is_some());
        document.text.is_some()
    }

    #[test]
    fn only_what_is_surely_utf_8_is_text() {
        for (format, charset, bytes) in [
            (Format::Markdown, None, "é".as_bytes()),
            (Format::Html, Some("UTF-8"), "é".as_bytes()),
            (Format::Html, None, b"<p>plain"),
            (Format::Csv, None, b"a,b"),
        ] {
            assert!(is_text(format, charset, bytes), "{format:?} {charset:?}");
        }
        for (format, charset, bytes) in [
            (Format::Text, None, &b"caf\xe9"[..]),
            (Format::Text, Some("utf-8"), b"caf\xe9"),
            (Format::Text, Some("iso-8859-1"), "é".as_bytes()),
            (Format::Text, None, b"a\0b\0"),
            (Format::Text, None, b"\x1b$B%F"),
            (Format::Html, None, "é".as_bytes()),
            (Format::Pdf, None, b"%PDF-1.7"),
            (Format::Docx, None, b"PK"),
        ] {
            assert!(!is_text(format, charset, bytes), "{format:?} {charset:?}");
        }
    }
}
