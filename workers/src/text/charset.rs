//! Decodes a text's bytes: by the byte order mark, else the encoding that the sender declares, else the one that an
//! HTML page declares, else by detection (chardetng, which Firefox uses). A declared encoding in which the bytes are
//! malformed does not count.
//!
//! windows-1252, which `iso-8859-1` means on the web, can't be malformed, and many servers and editors declare it without
//! knowing. So it does not count either where the bytes are UTF-8: "the probability that a string of characters in any
//! other encoding appears as valid UTF-8 is low" (RFC 3629, 1). Browsers obey the declaration, because they show a page
//! before they have read all of it; we have all of it.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};
use ruche_schemas::kinds::embed::content::{ByteOrder, check_characters, utf16};

/// The bytes of a page in which its declaration is looked for: browsers read 1024.
const PRESCAN: usize = 4096;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decoded {
    pub text: String,
    pub warnings: Vec<String>,
}

/// # Errors
/// For a binary file and an empty text; it comes after the document's name in a message.
pub fn decode(bytes: &[u8], declared: Option<&str>, is_html: bool) -> Result<Decoded, String> {
    let mut warnings = Vec::new();
    let text = by_mark(bytes)
        .or_else(|| by_label(bytes, declared?, &mut warnings))
        .or_else(|| by_page(bytes, is_html, &mut warnings))
        .unwrap_or_else(|| by_detection(bytes, &mut warnings));
    let text = match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    };
    check_characters(&text)?;
    Ok(Decoded { text, warnings })
}

fn by_mark(bytes: &[u8]) -> Option<String> {
    let (encoding, length) = Encoding::for_bom(bytes)?;
    Some(encoding.decode_without_bom_handling(&bytes[length..]).0.into_owned())
}

fn by_label(bytes: &[u8], label: &str, warnings: &mut Vec<String>) -> Option<String> {
    let found = Encoding::for_label_no_replacement(label.trim().as_bytes());
    let Some(encoding) = found else {
        warnings.push(format!("the character encoding {label:?} is not known: it was detected instead"));
        return None;
    };
    by_encoding(bytes, encoding, label, warnings)
}

fn by_encoding(bytes: &[u8], encoding: &'static Encoding, label: &str, warnings: &mut Vec<String>) -> Option<String> {
    if encoding == WINDOWS_1252
        && let Some(text) = not_ascii(bytes)
    {
        warnings.push(format!("the text is in UTF-8, not in the declared character encoding {label:?}"));
        return Some(text.to_owned());
    }
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes);
    if text.is_none() {
        let name = encoding.name();
        warnings.push(format!("the text is not in the declared character encoding {name}: it was detected instead"));
    }
    text.map(std::borrow::Cow::into_owned)
}

/// The text if it is UTF-8 and no other encoding could be meant.
fn not_ascii(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| !text.is_ascii())
}

fn by_page(bytes: &[u8], is_html: bool, warnings: &mut Vec<String>) -> Option<String> {
    let label = is_html.then(|| declaration(&bytes[..bytes.len().min(PRESCAN)])).flatten()?;
    let encoding = Encoding::for_label_no_replacement(label.as_bytes())?;
    // As the HTML standard has it: a page whose declaration can be read is not in UTF-16.
    let encoding = match encoding {
        _ if encoding == UTF_16LE || encoding == UTF_16BE => UTF_8,
        _ if encoding == X_USER_DEFINED => WINDOWS_1252,
        other => other,
    };
    by_encoding(bytes, encoding, &label, warnings)
}

fn by_detection(bytes: &[u8], warnings: &mut Vec<String>) -> String {
    let encoding = match utf16(bytes) {
        Some(ByteOrder::Little) => UTF_16LE,
        Some(ByteOrder::Big) => UTF_16BE,
        None => {
            let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
            detector.feed(bytes, true);
            detector.guess(None, Utf8Detection::Allow)
        }
    };
    let (text, malformed) = encoding.decode_without_bom_handling(bytes);
    if malformed {
        let name = encoding.name();
        warnings.push(format!("the text is broken: some of its characters are not in {name}, as which it is read"));
    }
    text.into_owned()
}

/// The encoding that a page declares: `<meta charset>`, `<meta http-equiv content>` or `<?xml encoding?>`.
fn declaration(page: &[u8]) -> Option<String> {
    let page: String = page.iter().map(|byte| char::from(byte.to_ascii_lowercase())).collect();
    let mut rest = page.as_str();
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end..]);
            continue;
        }
        let name = if rest.starts_with("?xml") { "encoding" } else { "charset" };
        if name == "encoding" || rest.strip_prefix("meta").is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
        {
            let tag = &rest[..rest.find('>').unwrap_or(rest.len())];
            if let Some(label) = value(tag, name) {
                return Some(label);
            }
        }
    }
    None
}

/// What follows `name =` in a tag, within quotes or not.
fn value(tag: &str, name: &str) -> Option<String> {
    let mut rest = tag;
    while let Some(at) = rest.find(name) {
        rest = rest[at + name.len()..].trim_start();
        if let Some(value) = rest.strip_prefix('=') {
            let value = value.trim_start().trim_start_matches(['"', '\'']);
            let end = value.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';' | '?' | '/'));
            return Some(value[..end.unwrap_or(value.len())].to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8], declared: Option<&str>, is_html: bool) -> String {
        decode(bytes, declared, is_html).map_or_else(|error| error, |decoded| decoded.text)
    }

    fn page(head: &str, body: &[u8]) -> Vec<u8> {
        [head.as_bytes(), b"<body>", body].concat()
    }

    #[test]
    fn a_mark_counts_more_than_a_declaration_and_that_more_than_the_page() {
        let meta = "<meta charset='windows-1251'>";
        let body = b"\xef\xf7\xb8\xeb\xfb";
        assert!(text(&page(meta, body), None, true).ends_with("пчёлы"));
        assert!(text(&page(meta, body), Some("windows-1252"), true).ends_with("ï÷¸ëû"));
        assert!(text(&page(meta, "\u{feff}é".as_bytes()), Some("utf-8"), true).ends_with('é'));
        let marked = [b"\xef\xbb\xbf", page(meta, "é".as_bytes()).as_slice()].concat();
        assert!(text(&marked, Some("windows-1252"), true).ends_with('é'));
        assert_eq!(text(&marked, None, true).chars().next(), Some('<'), "the mark is no text");
        assert!(text(&page(meta, "é".as_bytes()), None, false).ends_with('é'), "a text declares nothing");
    }

    #[test]
    fn pages_declare_in_several_ways() {
        for (head, expected) in [
            ("<meta charset=koi8-r>", "д"),
            ("<META CHARSET = \"KOI8-R\" />", "д"),
            ("<meta http-equiv='Content-Type' content='text/html; charset=koi8-r'>", "д"),
            ("<?xml version=\"1.0\" encoding=\"koi8-r\"?>", "д"),
            ("<!-- <meta charset=koi8-r> --><meta charset=iso-8859-1>", "Ä"),
            ("<metadata charset=koi8-r><meta name=charset><meta charset=utf-16><meta charset=koi8-r>", "Ä"),
            ("<meta charset=no-such><p charset=koi8-r>", "Ä"),
        ] {
            let bytes = page(head, b"\xc4");
            assert!(text(&bytes, None, true).ends_with(expected), "{head}: {}", text(&bytes, None, true));
        }
    }

    #[test]
    fn without_a_declaration_it_is_detected() {
        let wide = |order: fn(u16) -> [u8; 2]| "Über die Königin".encode_utf16().flat_map(order).collect::<Vec<u8>>();
        let western = b"Le mus\xe9e rouvre apr\xe8s la r\xe9novation de la fa\xe7ade.";
        for (bytes, expected) in [
            (&wide(u16::to_le_bytes)[..], "Über die Königin"),
            (&wide(u16::to_be_bytes), "Über die Königin"),
            ("Über die Königin".as_bytes(), "Über die Königin"),
            (western, "Le musée rouvre après la rénovation de la façade."),
            (
                b"\xcf\xf7\xb8\xeb\xfb \xeb\xe5\xf2\xe0\xfe\xf2 \xed\xe0\xe4 \xeb\xf3\xe3\xee\xec",
                "Пчёлы летают над лугом",
            ),
            (
                b"\x83\x7e\x83\x63\x83\x6f\x83\x60\x82\xcd\x89\xd4\x82\xc9\x97\x88\x82\xe9\x81\x42",
                "ミツバチは花に来る。",
            ),
            (b"\x1b$B%_%D%P%A\x1b(B", "ミツバチ"),
        ] {
            assert_eq!(text(bytes, None, false), expected);
        }
        assert!(text(b"\x7fELF\xff\x01", None, false).contains("a program"));
    }

    #[test]
    fn a_wrong_declaration_is_a_warning() {
        let decoded = decode(b"Caf\xe9 cr\xe8me, s'il vous pla\xeet", Some("utf-8"), false).expect("a text");
        assert_eq!(decoded.text, "Café crème, s'il vous plaît");
        assert!(decoded.warnings[0].contains("not in the declared character encoding UTF-8"), "{decoded:?}");
        let decoded = decode("é".as_bytes(), Some("klingon"), false).expect("a text");
        assert_eq!((decoded.text.as_str(), decoded.warnings.len()), ("é", 1));
        assert!(decode("é".as_bytes(), Some(" UTF8 "), false).expect("a text").warnings.is_empty());
    }

    #[test]
    fn utf_8_that_is_declared_as_latin_1_is_utf_8() {
        for label in ["iso-8859-1", "ISO-8859-1", "latin1", "windows-1252", "us-ascii"] {
            for (declared, head) in [(Some(label), ""), (None, &*format!("<meta charset={label}>"))] {
                let decoded = decode(&page(head, "Größe – 5 €".as_bytes()), declared, true).expect("a text");
                assert!(decoded.text.ends_with("Größe – 5 €"), "{decoded:?}");
                assert!(decoded.warnings[0].contains("is in UTF-8, not in the declared"), "{decoded:?}");
            }
            let decoded = decode(b"Gr\xf6\xdfe", Some(label), false).expect("a text");
            assert_eq!((decoded.text.as_str(), decoded.warnings.len()), ("Größe", 0));
            assert!(decode(b"plain", Some(label), false).expect("a text").warnings.is_empty());
        }
        assert_eq!(text("Größe".as_bytes(), Some("koi8-r"), false), "Grц╤ц÷e", "another encoding is obeyed");
        let marked = [b"\xff\xfe".as_slice(), &"é".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()];
        assert_eq!(text(&marked.concat(), Some("iso-8859-1"), false), "é", "a mark counts most");
    }

    #[test]
    fn the_handed_files_are_read() {
        let latin = include_bytes!("../../tests/workers/cases/latin1.html");
        assert!(
            text(latin, None, true)
                .contains("Le musée rouvre le 3 août après la rénovation de la façade. Prix : 12 €.")
        );
        let wide = include_bytes!("../../tests/workers/cases/utf16.txt");
        assert_eq!(text(wide, None, false), "Die Prüfstelle für Kräne öffnet um acht.");
    }
}
