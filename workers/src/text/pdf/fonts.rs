//! Decodes the strings of a font and measures their width.

use std::collections::HashMap;

use lopdf::{Dictionary, Document, Encoding, Object};

/// Limit of a font's ToUnicode table, in bytes.
const TABLE_BYTES: usize = 8 << 20;
/// Default width of a glyph, in thousandths of the font size.
const USUAL: f64 = 500.0;
/// Limit of the widths that are read per font.
const MOST: usize = 70_000;

pub(super) struct Fonts<'a> {
    document: &'a Document,
    resources: Vec<&'a Dictionary>,
    known: HashMap<Vec<u8>, Option<Font<'a>>>,
}

pub(super) struct Font<'a> {
    encoding: Encoding<'a>,
    widths: HashMap<u32, f64>,
    usual: f64,
    bytes: usize,
}

impl<'a> Fonts<'a> {
    pub(super) fn new(document: &'a Document, resources: &[&'a Dictionary]) -> Self {
        Self { document, resources: resources.to_vec(), known: HashMap::new() }
    }

    pub(super) fn get(&mut self, name: &[u8]) -> Option<&Font<'a>> {
        if !self.known.contains_key(name) {
            let found = self.find(name);
            self.known.insert(name.to_vec(), found);
        }
        self.known.get(name)?.as_ref()
    }

    fn find(&self, name: &[u8]) -> Option<Font<'a>> {
        let dict = self.resources.iter().find_map(|resources| {
            let all = resources.get_deref(b"Font", self.document).ok()?.as_dict().ok()?;
            all.get_deref(name, self.document).ok()?.as_dict().ok()
        })?;
        let encoding = dict.get_font_encoding_with_limit(self.document, TABLE_BYTES).ok()?;
        let composite = dict.get(b"Subtype").and_then(Object::as_name).is_ok_and(|subtype| subtype == b"Type0");
        let mut font = Font { encoding, widths: HashMap::new(), usual: USUAL, bytes: if composite { 2 } else { 1 } };
        match composite {
            true => self.composite_widths(dict, &mut font),
            false => self.simple_widths(dict, &mut font),
        }
        Some(font)
    }

    fn number(&self, object: &Object) -> Option<f64> {
        let (_, object) = self.document.dereference(object).ok()?;
        object.as_float().ok().map(f64::from).filter(|number| number.is_finite())
    }

    fn simple_widths(&self, dict: &Dictionary, font: &mut Font<'_>) {
        let first = dict.get_deref(b"FirstChar", self.document).and_then(Object::as_i64).unwrap_or(0);
        let Ok(widths) = dict.get_deref(b"Widths", self.document).and_then(Object::as_array) else { return };
        // Type 3 fonts have their own scale; most others use thousandths.
        let scale = dict.get_deref(b"FontMatrix", self.document).and_then(Object::as_array).ok();
        let scale = scale.and_then(|matrix| self.number(matrix.first()?)).map_or(1.0, |scale| scale * 1000.0);
        for (code, width) in (first..).zip(widths).take(256) {
            if let (Ok(code), Some(width)) = (u32::try_from(code), self.number(width)) {
                font.widths.insert(code, width * scale);
            }
        }
    }

    /// `W` of ISO 32000-1, 9.7.4.3: `c [w w w]` or `first last w`.
    fn composite_widths(&self, dict: &Dictionary, font: &mut Font<'_>) {
        let descendant = dict.get_deref(b"DescendantFonts", self.document).and_then(Object::as_array).ok();
        let descendant = descendant.and_then(|all| self.document.dereference(all.first()?).ok()?.1.as_dict().ok());
        let Some(descendant) = descendant else { return };
        font.usual = descendant.get(b"DW").ok().and_then(|usual| self.number(usual)).unwrap_or(1000.0);
        let Ok(all) = descendant.get_deref(b"W", self.document).and_then(Object::as_array) else { return };
        let mut rest = all.iter();
        while let Some(first) = rest.next().and_then(|first| self.number(first))
            && font.widths.len() < MOST
        {
            let Some(next) = rest.next().and_then(|next| self.document.dereference(next).ok()) else { return };
            // A code has 16 bits.
            let first = first.clamp(0.0, 65_535.0) as u32;
            if let Ok(widths) = next.1.as_array() {
                let widths = widths.iter().map(|width| self.number(width).unwrap_or(font.usual));
                font.widths.extend((first..=65_535).zip(widths));
            } else if let (Some(last), Some(width)) = (self.number(next.1), rest.next().and_then(|w| self.number(w))) {
                let last = last.clamp(0.0, 65_535.0) as u32;
                font.widths.extend((first..=last).map(|code| (code, width)));
            }
        }
    }
}

impl Font<'_> {
    /// Decodes a string; empty if the font has no mapping.
    pub(super) fn text(&self, string: &[u8]) -> String {
        Document::decode_text(&self.encoding, string).unwrap_or_default().replace('\0', "")
    }

    /// A string's width in thousandths of the font size, its number of glyphs, and how many of them are spaces.
    pub(super) fn width(&self, string: &[u8]) -> (f64, usize, usize) {
        let (mut width, mut glyphs, mut spaces) = (0.0, 0, 0);
        for code in string.chunks(self.bytes) {
            let number = code.iter().fold(0, |number, byte| (number << 8) | u32::from(*byte));
            width += self.widths.get(&number).copied().unwrap_or(self.usual);
            glyphs += 1;
            spaces += usize::from(code == b" ");
        }
        (width, glyphs, spaces)
    }
}
