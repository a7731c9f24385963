//! Holds the fonts: compiled-in ones, loaded once in a process, and a document's own, which override them.
//!
//! Serif, math and code come with Typst (Libertinus Serif, New Computer Modern, DejaVu Sans Mono); Inter (sans),
//! Liberation Sans (Arial's metrics), Noto (Hebrew, Arabic) and Twemoji (colour emoji) lie in `fonts/`. System fonts are not used, so that a
//! document looks the same everywhere.

mod coverage;
mod names;
mod ruler;
mod upload;

use std::path::Path;
use std::sync::{Arc, OnceLock};

use typst::foundations::Bytes;
use typst::text::{self, Font, FontBook, FontStyle, FontWeight};
use typst::utils::LazyHash;

pub use names::{EMOJI, FALLBACK, MONO, SANS, SCRIPTS, SERIF};
pub use ruler::{Face as RulerFace, Ruler, is_wide};
pub use upload::{FontError, MAX_FONT_BYTES, font};

use coverage::Coverage;

/// The compiled-in files besides Typst's.
const FILES: [&[u8]; 14] = [
    include_bytes!("../fonts/Inter-Regular.otf"),
    include_bytes!("../fonts/Inter-Italic.otf"),
    include_bytes!("../fonts/Inter-SemiBold.otf"),
    include_bytes!("../fonts/Inter-Bold.otf"),
    include_bytes!("../fonts/Inter-BoldItalic.otf"),
    include_bytes!("../fonts/LiberationSans-Regular.ttf"),
    include_bytes!("../fonts/LiberationSans-Italic.ttf"),
    include_bytes!("../fonts/LiberationSans-Bold.ttf"),
    include_bytes!("../fonts/LiberationSans-BoldItalic.ttf"),
    include_bytes!("../fonts/NotoSansHebrew-Regular.ttf"),
    include_bytes!("../fonts/NotoSansHebrew-Bold.ttf"),
    include_bytes!("../fonts/NotoNaskhArabic-Regular.ttf"),
    include_bytes!("../fonts/NotoNaskhArabic-Bold.ttf"),
    include_bytes!("../fonts/TwemojiMozilla.ttf"),
];

/// A face, with its descriptors in `@font-face`.
#[derive(Debug, Clone)]
pub struct Face {
    pub font: Font,
    /// `None`: the font's own.
    pub family: Option<String>,
    /// 100 to 900. `None`: the font's own.
    pub weight: Option<u16>,
    /// `None`: the font's own.
    pub italic: Option<bool>,
}

impl From<Font> for Face {
    fn from(font: Font) -> Self {
        Self { font, family: None, weight: None, italic: None }
    }
}

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Fonts(Arc<Set>);

#[derive(Debug)]
struct Set {
    fonts: Vec<Font>,
    book: LazyHash<FontBook>,
    coverage: OnceLock<Coverage>,
}

impl Fonts {
    /// The compiled-in fonts. The first call loads them, later ones share them.
    #[must_use]
    pub fn embedded() -> Self {
        static EMBEDDED: OnceLock<Fonts> = OnceLock::new();
        EMBEDDED
            .get_or_init(|| {
                let ours = FILES.iter().flat_map(|file| Font::iter(Bytes::new(*file)));
                let theirs = typst_assets::fonts().flat_map(|data| Font::iter(Bytes::new(data)));
                Self::of(theirs.chain(ours).map(Face::from).collect(), None)
            })
            .clone()
    }

    /// Adds a document's own faces, which win over a family of the same name.
    ///
    /// The compiled-in ones are shared, not loaded again.
    #[must_use]
    pub fn with(&self, faces: Vec<Face>) -> Self {
        if faces.is_empty() {
            return self.clone();
        }
        Self::of(faces, Some(self))
    }

    /// Adds the fonts of a folder, without subfolders; returns a message for each file that is no font.
    ///
    /// # Errors
    /// When the folder can't be read.
    pub fn with_folder(&self, folder: &Path) -> std::io::Result<(Self, Vec<String>)> {
        let (faces, lines) = upload::folder(folder)?;
        Ok((self.with(faces), lines))
    }

    /// The first face of a family and style wins, so a document's own come first.
    fn of(faces: Vec<Face>, under: Option<&Self>) -> Self {
        let mut book = FontBook::new();
        let mut fonts = Vec::new();
        for face in faces {
            let mut info = face.font.info().clone();
            info.coverage = covered(&face.font);
            if let Some(family) = face.family {
                info.family = family;
            }
            if let Some(weight) = face.weight {
                info.variant.weight = FontWeight::from_number(weight);
            }
            if let Some(italic) = face.italic {
                info.variant.style = if italic { FontStyle::Italic } else { FontStyle::Normal };
            }
            book.push(info);
            fonts.push(face.font);
        }
        if let Some(Self(under)) = under {
            for (index, font) in under.fonts.iter().enumerate() {
                if let Some(info) = under.book.info(index) {
                    book.push(info.clone());
                    fonts.push(font.clone());
                }
            }
        }
        Self(Arc::new(Set { fonts, book: LazyHash::new(book), coverage: OnceLock::new() }))
    }

    #[must_use]
    pub fn book(&self) -> &LazyHash<FontBook> {
        &self.0.book
    }

    #[must_use]
    pub fn font(&self, index: usize) -> Option<Font> {
        self.0.fonts.get(index).cloned()
    }

    /// The family for a name in CSS (`Helvetica`, `sans-serif`).
    #[must_use]
    pub fn family(&self, name: &str) -> Option<&str> {
        let name = name.trim().trim_matches(['"', '\'']).to_lowercase();
        let own = self.0.book.select_family(&name).next().and_then(|index| self.0.book.info(index));
        match own {
            Some(info) => Some(&info.family),
            None => names::family(&name),
        }
    }

    /// The characters that no font has, each once, at most [`MAX_MISSING`], in their order.
    #[must_use]
    pub fn missing_glyphs(&self, text: &str) -> Vec<char> {
        self.0.coverage.get_or_init(|| Coverage::of(&self.0.book, self.0.fonts.len())).missing(text)
    }
}

/// The characters that a font has a glyph for. Typst also counts those that it maps to no glyph, and then tries no other
/// font.
fn covered(font: &Font) -> text::Coverage {
    let coverage = &font.info().coverage;
    let Ok(face) = ttf_parser::Face::parse(font.data(), font.index()) else { return coverage.clone() };
    let has_glyph = |c: char| face.glyph_index(c).is_some_and(|glyph| glyph.0 > 0);
    text::Coverage::from_vec(coverage.iter().filter(|c| char::from_u32(*c).is_some_and(has_glyph)).collect())
}

pub use coverage::MAX_MISSING;

#[cfg(test)]
mod tests;
