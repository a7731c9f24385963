//! What the interpreter needs of fonts and character maps that a file names without holding them.

use std::sync::Arc;

use hayro_interpret::{InterpreterSettings, hayro_cmap::CMapName};

use super::type_3;

/// A font program (CFF) of one empty glyph: the names and widths of the standard fonts are known without their
/// outlines, and nothing is painted.
const EMPTY: [u8; 34] = [
    1, 0, 4, 1, // header
    0, 1, 1, 1, 2, b'E', // names
    0, 1, 1, 1, 10, 28, 0, 28, 17, 139, 28, 0, 34, 18, // where the glyphs and the private dictionary are
    0, 0, 0, 0, // no strings, no subroutines
    0, 1, 1, 1, 2, 14, // one glyph, which ends at once
];
/// Codes that are UTF-16 already, kept as the numbers of glyphs.
const UNICODE: &[u8] = b"1 begincodespacerange <0000> <ffff> endcodespacerange\n\
    1 begincidrange <0000> <ffff> 0 endcidrange";
const UNICODE_VERTICAL: &[u8] = b"/WMode 1 def 1 begincodespacerange <0000> <ffff> endcodespacerange\n\
    1 begincidrange <0000> <ffff> 0 endcidrange";
/// From those numbers back to letters.
const LETTERS: &[u8] = b"1 begincodespacerange <0000> <ffff> endcodespacerange\n\
    1 beginbfrange <0000> <ffff> <0000> endbfrange";

pub(super) fn settings() -> InterpreterSettings {
    let empty: Arc<[u8; 34]> = Arc::new(EMPTY);
    InterpreterSettings {
        font_resolver: Arc::new(move |_| Some((empty.clone(), 0))),
        cmap_resolver: Arc::new(character_map),
        render_annotations: false,
        ..InterpreterSettings::default()
    }
}

/// Chinese, Japanese and Korean text in Unicode. The older national encodings are not read.
fn character_map(name: CMapName<'_>) -> Option<&'static [u8]> {
    let is = |names: &[&[u8]]| names.iter().any(|known| CMapName::from_bytes(known) == name);
    if is(&[type_3::LETTERS]) {
        return Some(type_3::MAP);
    }
    if is(&[b"Adobe-GB1-UCS2", b"Adobe-CNS1-UCS2", b"Adobe-Japan1-UCS2", b"Adobe-Korea1-UCS2"]) {
        return Some(LETTERS);
    }
    if is(&[b"UniGB-UCS2-V", b"UniGB-UTF16-V", b"UniCNS-UCS2-V", b"UniCNS-UTF16-V"])
        || is(&[b"UniJIS-UCS2-V", b"UniJIS-UTF16-V", b"UniKS-UCS2-V", b"UniKS-UTF16-V"])
    {
        return Some(UNICODE_VERTICAL);
    }
    let flat = is(&[b"UniGB-UCS2-H", b"UniGB-UTF16-H", b"UniCNS-UCS2-H", b"UniCNS-UTF16-H"])
        || is(&[b"UniJIS-UCS2-H", b"UniJIS-UTF16-H", b"UniKS-UCS2-H", b"UniKS-UTF16-H"]);
    flat.then_some(UNICODE)
}
