//! Collects what a page draws: glyphs as words, and whether there are pictures.

use std::collections::HashMap;

use hayro_interpret::{
    BlendMode, CacheKey, ClipPath, Device, GlyphDrawMode, Image, Paint, PathDrawMode, SoftMask, font::Glyph,
    hayro_cmap::BfString,
};
use kurbo::{Affine, BezPath, Point};

use super::{
    edge::usual_size,
    rules::Rules,
    type_3,
    words::{SPACE, VALUE, Word, combining, plain},
};

/// A glyph continues a word unless its baseline differs by more than this fraction of the font size.
const LEVEL: f64 = 0.12;
/// A glyph that begins further back than this fraction of an em begins a word.
const BACK: f64 = 0.4;
/// A glyph of the same letter within this fraction of an em is the same one, drawn twice.
const TWICE: f64 = 0.06;
/// A page with so many drawings may hold text as outlines.
const DRAWINGS: usize = 100;
/// A picture of this part of a page may hold text.
const PICTURE: f64 = 0.05;

/// Where a glyph is drawn, along its direction of writing.
#[derive(Debug, Clone, Copy)]
struct Place {
    x: f64,
    y: f64,
    em: f64,
    size: f64,
    angle: i16,
    advance: f64,
}

#[derive(Debug, Default)]
pub(super) struct Pen {
    words: Vec<Word>,
    /// Limit of the words of a page.
    most: usize,
    current: Option<Current>,
    /// An accent whose letter may follow.
    accent: Option<(char, Place)>,
    last: Option<(String, Place)>,
    /// That of the glyph that is drawn, as in [`Word`].
    font: u32,
    /// In points.
    page: (f64, f64),
    seen: Seen,
    /// Widths of glyphs of Type 3 fonts, in em.
    widths: HashMap<u128, f64>,
}

/// What is drawn beside words.
#[derive(Debug, Default)]
pub(super) struct Seen {
    drawings: usize,
    pub(super) rules: Rules,
    picture: bool,
    /// Glyphs whose letters are not known.
    pub(super) glyphs: bool,
}

impl Seen {
    /// Whether there may be text that was not read.
    pub(super) fn may_hold_text(&self) -> bool {
        self.picture || self.glyphs || self.drawings >= DRAWINGS
    }
}

#[derive(Debug)]
struct Current {
    word: Word,
    em: f64,
    last: Option<Place>,
    /// Width of each of its glyphs, if they are equal, and their number.
    glyphs: (f64, usize),
}

impl Pen {
    /// For documents, then for a page of this size in points, which adds `most` words or fewer.
    pub(super) fn turn(&mut self, page: (f64, f64), most: usize) {
        (self.page, self.most) = (page, most);
    }

    /// The words of a page, and what else it shows.
    pub(super) fn finish(&mut self) -> (Vec<Word>, Seen) {
        self.put_accent();
        self.end_word(false);
        self.last = None;
        (std::mem::take(&mut self.words), std::mem::take(&mut self.seen))
    }

    pub(super) fn is_full(&self) -> bool {
        self.words.len() >= self.most
    }

    /// The size of most text of the page.
    pub(super) fn usual_size(&mut self) -> Option<f64> {
        self.end_word(false);
        Some(usual_size(std::slice::from_ref(&self.words))).filter(|size| *size > 0.0)
    }

    /// A word that no glyph draws: the value of a form field. `corner` is the left end of its baseline.
    pub(super) fn write(&mut self, text: &str, corner: Point, size: f64, width: f64) {
        self.end_word(false);
        let (text, left) = (plain(text), corner.x);
        let right = left + width;
        self.add(Word { text, left, right, y: corner.y, size, angle: 0, space: true, fixed: false, font: VALUE });
    }

    fn add(&mut self, word: Word) {
        if !word.text.trim().is_empty() && !self.is_full() {
            self.words.push(word);
        }
    }

    fn end_word(&mut self, space: bool) {
        if let Some(Current { mut word, glyphs, .. }) = self.current.take() {
            word.text = plain(&word.text);
            word.space = space;
            word.fixed = glyphs.1 > 3 && glyphs.0 > 0.0;
            self.add(word);
        } else if space && let Some(word) = self.words.last_mut() {
            word.space = true;
        }
    }

    fn glyph(&mut self, text: &str, place: Place) {
        if self.is_full() || self.is_repeated(text, place) {
            return;
        }
        self.last = Some((text.to_owned(), place));
        if text.chars().all(char::is_whitespace) {
            self.put_accent();
            return self.end_word(true);
        }
        let mut letters = text.chars();
        if let (Some(accent), None) = (letters.next(), letters.next())
            && combining(accent).is_some()
        {
            self.put_accent();
            self.accent = Some((accent, place));
            return;
        }
        match self.accent.take() {
            Some((accent, above)) if is_above(above, place) => {
                let mark = combining(accent).into_iter();
                let text: String = text.chars().take(1).chain(mark).chain(text.chars().skip(1)).collect();
                self.append(&text, place);
            }
            accent => {
                self.accent = accent;
                self.put_accent();
                self.append(text, place);
            }
        }
    }

    /// Places an accent that no letter follows: on the letter before, or as it is.
    fn put_accent(&mut self) {
        let Some((accent, place)) = self.accent.take() else { return };
        match (&mut self.current, combining(accent)) {
            (Some(current), Some(mark)) if current.last.is_some_and(|letter| is_above(place, letter)) => {
                current.word.text.push(mark);
                current.last = None;
            }
            _ => self.append(&accent.to_string(), place),
        }
    }

    fn is_repeated(&self, text: &str, place: Place) -> bool {
        self.last.as_ref().is_some_and(|(letters, last)| {
            letters == text
                && last.angle == place.angle
                && (last.x - place.x).abs() < TWICE * place.em
                && (last.y - place.y).abs() < TWICE * place.em
        })
    }

    fn append(&mut self, text: &str, place: Place) {
        let Place { x, y, em, size, angle, advance } = place;
        if let Some(current) = &mut self.current {
            let gap = (x - current.word.right) / em.max(current.em);
            let level = (y - current.word.y).abs() < LEVEL * size;
            if current.word.angle == angle && level && (-BACK..SPACE).contains(&gap) {
                current.word.text.push_str(text);
                current.word.right = current.word.right.max(x + advance);
                current.last = Some(place);
                let same = (current.glyphs.0 - advance).abs() < 0.001 * em;
                current.glyphs = (if same { advance } else { -1.0 }, current.glyphs.1 + 1);
                return;
            }
            self.end_word(false);
        }
        let (left, right) = (x, x + advance);
        let (text, font) = (text.to_owned(), self.font);
        let word = Word { text, left, right, y, size, angle, space: false, fixed: false, font };
        self.current = Some(Current { word, em, last: Some(place), glyphs: (advance, 1) });
    }

    /// Whether a point is on the page, with a margin of one letter.
    fn is_seen(&self, (x, y): (f64, f64), size: f64) -> bool {
        (-size..=self.page.0 + size).contains(&x) && (-size..=self.page.1 + size).contains(&y)
    }
}

/// Whether the middle of an accent is above a letter.
fn is_above(accent: Place, letter: Place) -> bool {
    let middle = accent.x + accent.advance / 2.0;
    accent.angle == letter.angle
        && (letter.x..letter.x + letter.advance).contains(&middle)
        && (accent.y - letter.y).abs() < letter.size
}

/// Where the origin of a glyph comes to lie. Its advance is in em.
fn place(matrix: Affine, advance: f64) -> Option<(Place, (f64, f64))> {
    // The interpreter scales a glyph by a thousandth.
    let [a, b, c, d, x, y] = matrix.as_coeffs();
    let em = a.hypot(b) * 1000.0;
    let size = (a * d - b * c).abs() / a.hypot(b) * 1000.0;
    let known = [em, size, x, y, advance].iter().all(|number| number.is_finite());
    if !known || em < 0.01 || size < 0.01 {
        return None;
    }
    let angle = b.atan2(a).to_degrees().round() as i16;
    // A right angle is exact; so are the coordinates of upright text.
    let (sin, cos) = f64::from(angle).to_radians().sin_cos();
    let turned = (x * cos + y * sin, y * cos - x * sin);
    let (left, top) = if angle == 0 { (x, y) } else { turned };
    Some((Place { x: left, y: top, em, size, angle, advance: advance * em }, (x, y)))
}

impl<'a> Device<'a> for Pen {
    fn draw_glyph(
        &mut self,
        glyph: &Glyph<'a>,
        transform: Affine,
        glyph_transform: Affine,
        paint: &Paint<'a>,
        _: &GlyphDrawMode,
    ) {
        let advance = match glyph {
            Glyph::Outline(outline) => f64::from(outline.advance_width().unwrap_or(0.0)) / 1000.0,
            Glyph::Type3(drawn) => *self.widths.entry(drawn.cache_key()).or_insert_with(|| type_3::width(drawn, paint)),
        };
        let Some((place, corner)) = place(transform * glyph_transform, advance) else { return };
        if !self.is_seen(corner, place.size) {
            return;
        }
        self.font = match glyph {
            Glyph::Outline(outline) => outline.font_cache_key() as u32,
            Glyph::Type3(_) => 0,
        };
        match glyph.as_unicode() {
            Some(BfString::Char(letter)) => self.glyph(letter.encode_utf8(&mut [0; 4]), place),
            Some(BfString::String(letters)) => self.glyph(&letters, place),
            None => self.seen.glyphs = true,
        }
    }

    fn draw_image(&mut self, image: Image<'a, '_>, transform: Affine) {
        let area = transform.determinant().abs() * f64::from(image.width()) * f64::from(image.height());
        self.seen.picture |= area > PICTURE * self.page.0 * self.page.1;
    }

    fn draw_path(&mut self, path: &BezPath, transform: Affine, _: &Paint<'a>, mode: &PathDrawMode) {
        self.seen.drawings += 1;
        self.seen.rules.draw(path, transform, matches!(mode, PathDrawMode::Fill(_)));
    }

    fn set_soft_mask(&mut self, _: Option<SoftMask<'a>>) {}
    fn set_blend_mode(&mut self, _: BlendMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn pop_clip_path(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}
