//! Checks uploaded fonts before anything else reads them.

use std::path::Path;

use typst::foundations::Bytes;
use typst::text::Font;

use super::Face;

/// In bytes.
pub const MAX_FONT_BYTES: usize = 32 << 20;

/// The most faces in one collection.
const MAX_FACES: u32 = 64;

/// The most files in a folder.
const MAX_FILES: usize = 1_000;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FontError {
    #[error("this is a {0} font, made for browsers; attach the TrueType (.ttf) or OpenType (.otf) file")]
    Web(&'static str),
    #[error("this is not a font; TrueType (.ttf), OpenType (.otf) and collections of them (.ttc) are")]
    NotAFont,
    #[error("this font is broken: {0}")]
    Broken(&'static str),
    /// Over [`MAX_FONT_BYTES`].
    #[error("this font has {0} bytes, more than the {MAX_FONT_BYTES} that are taken")]
    TooLarge(usize),
}

/// The faces of a font file.
///
/// # Errors
/// [`FontError`] says what it is instead, or what is wrong with it.
pub fn font(data: Vec<u8>) -> Result<Vec<Font>, FontError> {
    if data.len() > MAX_FONT_BYTES {
        return Err(FontError::TooLarge(data.len()));
    }
    match data.get(..4) {
        Some(b"wOF2") => return Err(FontError::Web("WOFF2")),
        Some(b"wOFF") => return Err(FontError::Web("WOFF")),
        Some([0, 1, 0, 0] | b"OTTO" | b"true") => {}
        Some(b"ttcf") => {
            let faces = data.get(8..12).and_then(|n| n.try_into().ok()).map_or(0, u32::from_be_bytes);
            if faces == 0 || faces > MAX_FACES {
                return Err(FontError::Broken("the collection has no faces, or more than 64"));
            }
        }
        _ => return Err(FontError::NotAFont),
    }
    check_characters(&data)?;
    let fonts: Vec<Font> = Font::iter(Bytes::new(data)).collect();
    if fonts.is_empty() {
        return Err(FontError::Broken("a table that it needs is missing or cut off"));
    }
    Ok(fonts)
}

/// A few bytes of a character table may claim four thousand million characters, which would be read one by one.
fn check_characters(data: &[u8]) -> Result<(), FontError> {
    for index in 0..ttf_parser::fonts_in_collection(data).unwrap_or(1) {
        let Ok(face) = ttf_parser::RawFace::parse(data, index) else { continue };
        let table = face.table(ttf_parser::Tag::from_bytes(b"cmap")).unwrap_or_default();
        if claimed(table) > 8 * 0x11_0000 {
            return Err(FontError::Broken("it claims more characters than there are"));
        }
    }
    Ok(())
}

/// How many characters the subtables of `cmap` claim (formats 4, 12 and 13; the others can't claim too many).
fn claimed(cmap: &[u8]) -> u64 {
    let short = |at: usize| cmap.get(at..at + 2).map_or(0, |b| u64::from(b[0]) << 8 | u64::from(b[1]));
    let long = |at: usize| short(at) << 16 | short(at + 2);
    let mut sum = 0;
    for record in 0..short(2) as usize {
        let at = long(4 + record * 8 + 4) as usize;
        match short(at) {
            4 => {
                let segments = (short(at + 6) / 2) as usize;
                for segment in 0..segments {
                    let (end, start) = (short(at + 14 + segment * 2), short(at + 16 + (segments + segment) * 2));
                    sum += end.saturating_sub(start) + 1;
                }
            }
            12 | 13 => {
                let groups = (long(at + 12) as usize).min(cmap.len() / 12);
                for group in 0..groups {
                    let group = at + 16 + group * 12;
                    sum += long(group + 4).saturating_sub(long(group)) + 1;
                }
            }
            _ => {}
        }
    }
    sum
}

/// The faces of a folder's fonts, and a message for each file that is none.
pub(super) fn folder(folder: &Path) -> std::io::Result<(Vec<Face>, Vec<String>)> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder)?.take(MAX_FILES) {
        paths.push(entry?.path());
    }
    // The order of a folder differs between systems.
    paths.sort();
    let (mut faces, mut lines) = (Vec::new(), Vec::new());
    for path in paths {
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_lowercase();
        if !matches!(extension.as_str(), "ttf" | "otf" | "ttc" | "otc" | "woff" | "woff2") {
            continue;
        }
        match std::fs::read(&path)
            .map_err(|error| error.to_string())
            .and_then(|data| font(data).map_err(|error| error.to_string()))
        {
            Ok(fonts) => faces.extend(fonts.into_iter().map(Face::from)),
            Err(error) => lines.push(format!("{}: {error}", path.display())),
        }
    }
    Ok((faces, lines))
}
