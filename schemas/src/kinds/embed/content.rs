//! Checks a document's text, and the bytes of its file.

use super::format::Format;
use crate::Invalid;

/// For a document's text in UTF-8, or its file.
pub const MAX_DOCUMENT_BYTES: usize = 10 << 20;
/// PDF readers accept other bytes before the header, within the first kilobyte (ISO 32000-1, annex H).
const PDF_HEADER: usize = 1024;
/// The bytes in which UTF-16 is looked for.
const PROBE: usize = 4096;

/// The order of the two bytes of a UTF-16 unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteOrder {
    Little,
    Big,
}

/// The beginnings of files that are no text, what each is, and what to do.
const BINARIES: [(&[u8], &str, &str); 9] = [
    (b"%PDF-", "a PDF", ": send it as `data` with the format pdf"),
    (b"PK\x03\x04", "an archive or an office file", ": send a DOCX with the format docx"),
    (b"\xd0\xcf\x11\xe0", "an older office file", ": save it as .docx or .pdf"),
    (b"{\\rtf", "RTF", ": save it as .docx or .pdf"),
    (b"\x7fELF", "a program", ""),
    (b"\x89PNG", "a picture", ""),
    (b"GIF8", "a picture", ""),
    (b"\xff\xd8\xff", "a picture", ""),
    (b"\x1f\x8b", "compressed", ": unpack it first"),
];

/// A document has either a text or a file. The error names which is wrong.
pub(super) fn check(text: Option<&str>, data: Option<&[u8]>, format: Format) -> Result<(), Invalid> {
    match (text, data, format) {
        (Some(_), None, format) if !format.is_text() => {
            let name = format.as_str().to_uppercase();
            Err(Invalid::new("data", format!("is missing: a {name} is sent as `data`, in base64, not as `text`")))
        }
        (Some(text), None, _) => check_text(text).map_err(|message| Invalid::new("text", message)),
        (None, Some(data), format) => check_data(data, format).map_err(|message| Invalid::new("data", message)),
        (None, None, _) => Err(Invalid::new("text", "is missing: send `text`, or `data` in base64")),
        (Some(_), Some(_), _) => Err(Invalid::new("data", "and `text` are both there: send one of them")),
    }
}

fn check_text(text: &str) -> Result<(), String> {
    check_length(text.len())?;
    check_characters(text)
}

/// As text that was decoded: of any length.
///
/// # Errors
/// For what is empty or a binary file; it comes after the text's name in a message.
pub fn check_characters(text: &str) -> Result<(), String> {
    refuse_binary(text.as_bytes())?;
    if text.contains('\0') {
        return Err("has a NUL character: this is no text but a binary file".to_owned());
    }
    refuse_controls(text.chars().filter(|c| c.is_control() && !c.is_whitespace()).count(), text.len())?;
    match text.trim_start_matches('\u{feff}').trim().is_empty() {
        true => Err("is empty: there is nothing to search in".to_owned()),
        false => Ok(()),
    }
}

fn check_data(data: &[u8], format: Format) -> Result<(), String> {
    check_length(data.len())?;
    match format {
        Format::Pdf => {
            let mut windows = data[..data.len().min(PDF_HEADER)].windows(5);
            windows
                .any(|window| window == b"%PDF-")
                .then_some(())
                .ok_or_else(|| "is no PDF: it does not begin with %PDF-".to_owned())
        }
        Format::Docx if data.starts_with(b"\xd0\xcf\x11\xe0") => {
            Err("is encrypted, or a file of Word 97 (.doc): save it as .docx without a password".to_owned())
        }
        Format::Docx if !data.starts_with(b"PK") => Err("is no DOCX: it does not begin with PK".to_owned()),
        Format::Docx => Ok(()),
        Format::Markdown | Format::Html | Format::Text | Format::Csv | Format::Tsv => check_encoded(data),
    }
}

/// Text in an encoding that is not known here.
fn check_encoded(data: &[u8]) -> Result<(), String> {
    if let Some(order) = utf16(data) {
        let units = data.as_chunks::<2>().0.iter().map(|pair| match order {
            ByteOrder::Little => u16::from_le_bytes(*pair),
            ByteOrder::Big => u16::from_be_bytes(*pair),
        });
        let text: String = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        return check_characters(&text);
    }
    if let Ok(text) = std::str::from_utf8(data) {
        return check_text(text);
    }
    refuse_binary(data)?;
    if data.contains(&0) {
        return Err("has NUL bytes: this is no text but a binary file".to_owned());
    }
    // Escape begins the shifts of ISO-2022-JP.
    let strange = |byte: &&u8| byte.is_ascii_control() && !byte.is_ascii_whitespace() && **byte != 0x1b;
    refuse_controls(data.iter().filter(strange).count(), data.len())
}

/// Whether a text is UTF-16: by its byte order mark, or because every other byte of most characters is zero.
#[must_use]
pub fn utf16(data: &[u8]) -> Option<ByteOrder> {
    match data {
        // That of UTF-32 begins like that of UTF-16.
        [0xff, 0xfe, 0, 0, ..] => return None,
        [0xff, 0xfe, ..] => return Some(ByteOrder::Little),
        [0xfe, 0xff, ..] => return Some(ByteOrder::Big),
        _ => {}
    }
    let probe = &data[..data.len().min(PROBE)];
    let (pairs, _) = probe.as_chunks::<2>();
    let zeros = |at: usize| pairs.iter().filter(|pair| pair[at] == 0).count();
    match (zeros(0), zeros(1)) {
        (0, count) if is_wide(probe, count, pairs.len()) => Some(ByteOrder::Little),
        (count, 0) if is_wide(probe, count, pairs.len()) => Some(ByteOrder::Big),
        _ => None,
    }
}

/// Whether so many zero bytes in so many pairs mean that a character has two bytes. Latin letters, digits and spaces have
/// the zero; a text in another script has spaces and line ends, and mostly bytes that no other text has.
fn is_wide(probe: &[u8], zeros: usize, pairs: usize) -> bool {
    let rest: Vec<u8> = probe.iter().copied().filter(|byte| *byte != 0).collect();
    let has_controls = rest.iter().any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace());
    // The probe may end within a character.
    let is_utf8 = std::str::from_utf8(&rest).map_or_else(|error| error.error_len().is_none(), |_| true);
    match is_utf8 && !has_controls {
        true => pairs >= 2 && zeros * 4 > pairs * 3,
        false => pairs >= 2 && zeros * 10 > pairs && (zeros >= 2 || has_controls),
    }
}

fn refuse_binary(data: &[u8]) -> Result<(), String> {
    match BINARIES.iter().find(|(begin, _, _)| data.starts_with(begin)) {
        Some((_, what, advice)) => Err(format!("is {what}, no text{advice}")),
        None => Ok(()),
    }
}

fn refuse_controls(strange: usize, length: usize) -> Result<(), String> {
    // Text may have a few control characters; this many mean a binary file.
    match strange > 16 && strange > length / 100 {
        true => Err(format!("has {strange} control characters: this is no text but a binary file")),
        false => Ok(()),
    }
}

fn check_length(bytes: usize) -> Result<(), String> {
    match bytes > MAX_DOCUMENT_BYTES {
        true => Err(format!("has {bytes} bytes: at most {MAX_DOCUMENT_BYTES} are allowed; divide the document")),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(bytes: &[u8], format: Format) -> String {
        check_data(bytes, format).err().unwrap_or_else(|| "accepted".to_owned())
    }

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn text_of_any_encoding_is_accepted_and_binary_files_are_not() {
        for format in [Format::Markdown, Format::Html, Format::Text, Format::Csv, Format::Tsv] {
            for good in [&b"Caf\xe9"[..], "Café".as_bytes(), &wide("Café"), b"\x1b$B%F\x1b(B \xe9"] {
                assert_eq!(data(good, format), "accepted", "{good:?}");
            }
            for (bad, words) in [
                (&b"\x7fELF\x02\xff"[..], "is a program"),
                (b"\x89PNG\r\n\x1a\n\xff", "is a picture"),
                (b"PK\x03\x04\x14", "is an archive"),
                (b"caf\xe9\0\0\0\0x\0", "has NUL bytes"),
                (b"\xff\xfe\0\0a\0\0\0", "has NUL bytes"),
                (&wide(" \n"), "is empty"),
                (&[b"\xe9".as_slice(), &[1, 2, 3].repeat(20)].concat(), "has 60 control characters"),
            ] {
                assert!(data(bad, format).starts_with(words), "{}", data(bad, format));
            }
        }
    }

    #[test]
    fn utf_16_is_told_from_other_text() {
        assert_eq!(utf16(b"\xff\xfea\0"), Some(ByteOrder::Little));
        assert_eq!(utf16(b"\xfe\xff\0a"), Some(ByteOrder::Big));
        assert_eq!(utf16(&wide("Over the hive")), Some(ByteOrder::Little));
        assert_eq!(utf16(&wide("Пчёлы летают над лугом")), Some(ByteOrder::Little));
        assert_eq!(utf16(b"\0O\0v\0e\0r"), Some(ByteOrder::Big));
        for short in ["Hi", "Grüße", "Я я", "中文 a b", "Γεια σου", "été", "1;2"] {
            let big: Vec<u8> = short.encode_utf16().flat_map(u16::to_be_bytes).collect();
            assert_eq!((utf16(&wide(short)), utf16(&big)), (Some(ByteOrder::Little), Some(ByteOrder::Big)), "{short}");
        }
        for other in [&b""[..], b"a", b"plain text", b"a\0b\0\0\0\0\x01", b"\xff\xfe\0\0a\0\0\0"] {
            assert_eq!(utf16(other), None, "{other:?}");
        }
    }

    #[test]
    fn a_text_with_a_few_nul_characters_is_no_utf_16() {
        for text in ["ab\0d", "a\0bc", "Hello w\0rld", "The hive\0", "Gr\0üße", "a\0b c\0d", "Name;Preis\0;Menge\0\n1"]
        {
            assert_eq!(utf16(text.as_bytes()), None, "{text:?}");
            assert!(data(text.as_bytes(), Format::Text).starts_with("has a NUL character"), "{text:?}");
        }
        assert_eq!(utf16(b"caf\xe9\0 noir"), None);
    }

    #[test]
    fn a_docx_is_an_archive() {
        assert_eq!(data(b"PK\x03\x04", Format::Docx), "accepted");
        assert!(data(b"\xd0\xcf\x11\xe0\xa1", Format::Docx).starts_with("is encrypted, or"));
        assert!(data(b"Dear all", Format::Docx).starts_with("is no DOCX"));
    }
}
