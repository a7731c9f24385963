//! Measures texts before the layout, to choose columns and places to break.

use std::{cell::RefCell, collections::HashMap};

use typst::{
    layout::Abs,
    text::{FontInstance, FontStretch, FontStyle, FontVariant, FontVariations, FontWeight},
    utils::PicoStr,
};

use super::Fonts;

/// A glyph of another font than the first, in font sizes: a guess.
const OTHER: f64 = 0.6;
/// An ideograph, in font sizes.
const WIDE: f64 = 1.0;

/// The face of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Face {
    pub family: PicoStr,
    pub bold: bool,
}

/// Measures without shaping: kerning and ligatures, which change a line by a per cent or so, are not counted.
#[derive(Debug)]
pub struct Ruler<'a> {
    fonts: &'a Fonts,
    faces: RefCell<HashMap<Face, Option<FontInstance>>>,
}

impl<'a> Ruler<'a> {
    #[must_use]
    pub fn new(fonts: &'a Fonts) -> Self {
        Self { fonts, faces: RefCell::default() }
    }

    /// In points, for a font size in points.
    #[must_use]
    pub fn width(&self, face: Face, size: f64, text: &str) -> f64 {
        let mut faces = self.faces.borrow_mut();
        let font = faces.entry(face).or_insert_with(|| self.find(face)).as_ref();
        text.chars().map(|c| advance(font, c)).sum::<f64>() * size
    }

    fn find(&self, face: Face) -> Option<FontInstance> {
        let weight = FontWeight::from_number(if face.bold { 700 } else { 400 });
        let variant = FontVariant::new(FontStyle::Normal, weight, FontStretch::NORMAL);
        let family = face.family.resolve().as_str().to_lowercase();
        let index = self.fonts.book().select(&family, variant)?;
        Some(self.fonts.font(index)?.instantiate(variant, Abs::pt(10.0), &FontVariations::default()))
    }
}

/// In font sizes.
fn advance(font: Option<&FontInstance>, c: char) -> f64 {
    let glyph = font.and_then(|font| Some((font, font.ttf().glyph_index(c)?)));
    let own = glyph
        .and_then(|(font, glyph)| Some(f64::from(font.ttf().glyph_hor_advance(glyph)?) / font.units_per_em().max(1.0)));
    own.unwrap_or_else(|| if is_wide(c) { WIDE } else { OTHER })
}

/// Chinese, Japanese and Korean characters and emoji: lines break between them.
#[must_use]
pub fn is_wide(c: char) -> bool {
    matches!(u32::from(c), 0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f
        | 0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1faff | 0x2_0000..=0x3_fffd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_as_wide_as_the_font_says() {
        let fonts = Fonts::embedded();
        let ruler = Ruler::new(&fonts);
        let face = |family: &str, bold| Face { family: PicoStr::intern(family), bold };
        let mono = ruler.width(face("DejaVu Sans Mono", false), 10.0, "0123456789");
        assert!((mono - 60.2).abs() < 0.1, "{mono}");
        let (plain, bold) = (face("Inter", false), face("Inter", true));
        assert!(ruler.width(plain, 10.0, "wide") > ruler.width(plain, 10.0, "will"));
        assert!(ruler.width(bold, 10.0, "Procurement") > ruler.width(plain, 10.0, "Procurement"));
        assert!((ruler.width(plain, 10.0, "\u{6f22}\u{5b57}") - 20.0).abs() < 0.1, "ideographs, which no font has");
    }
}
